//! Which file it is, whatever its name.

use std::fs::Metadata;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A file's number on its device. It stays when the file is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(data: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        Some(Self {
            device: data.dev(),
            inode: data.ino(),
        })
    }

    /// Not known here: a replaced file is then only noticed when it is shorter, or begins otherwise.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// Whether two names, or a name and an open file, are one regular file.
pub(crate) fn same_file(file: &Path, other: &Metadata) -> bool {
    let Ok(data) = std::fs::metadata(file) else {
        return false;
    };
    let identity = Identity::of(&data);
    data.is_file() && other.is_file() && identity.is_some() && identity == Identity::of(other)
}
