//! A compiled catalog as bytes, on its way from a host that compiled a user's files to the plugin.
//!
//! Not a format to keep: both sides must be of the same version, and the bytes say so.

use crate::library::Library;
#[cfg(feature = "compile")]
use crate::{library, model::Catalog};

/// Begins the bytes; a plugin of another version refuses them.
const VERSION: &str = concat!("bewit-catalog ", env!("CARGO_PKG_VERSION"));

/// Why bytes are no catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Another version wrote them, or they are something else.
    Version,
    /// They are cut off or damaged.
    Damaged,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version => write!(f, "these bytes are no catalog of version {}", env!("CARGO_PKG_VERSION")),
            Self::Damaged => f.write_str("the catalog is damaged"),
        }
    }
}

impl std::error::Error for Unreadable {}

#[cfg(feature = "compile")]
fn deflate(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(bytes, 9)
}

/// Writes a catalog, as small as it goes fast.
///
/// # Errors
/// Never for a catalog that the compiler made: it has no type that the format lacks.
#[cfg(feature = "compile")]
pub fn encode(catalog: Catalog) -> Result<Vec<u8>, postcard::Error> {
    write(&library::pack(catalog, deflate)?)
}

/// Writes a catalog as it is packed.
///
/// # Errors
/// Never for a catalog that the compiler made: it has no type that the format lacks.
pub fn write(library: &Library) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_allocvec(&(VERSION, library))
}

/// Reads a catalog. What is packed in it is looked at when it is wanted.
///
/// # Errors
/// When the bytes are of another version or damaged.
pub fn decode(bytes: &[u8]) -> Result<Library, Unreadable> {
    let (version, rest) = postcard::take_from_bytes::<&str>(bytes).map_err(|_| Unreadable::Version)?;
    if version != VERSION {
        return Err(Unreadable::Version);
    }
    postcard::from_bytes(rest).map_err(|_| Unreadable::Damaged)
}
