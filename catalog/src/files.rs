//! The catalog's own files, for hosts that compile them together with a user's.

use crate::compile::Input;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// All files, as [`crate::compile::read_dir`] reads them from the folder.
pub fn built_in() -> Vec<Input> {
    FILES
        .iter()
        .map(|(path, text)| Input {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect()
}
