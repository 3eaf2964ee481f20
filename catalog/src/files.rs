//! The catalog's files without the guidance: what compiling a user's own files needs beside a compiled catalog.

use crate::compile::Input;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// These files, as [`crate::compile::read_dir`] reads them from the folder.
pub fn vocabulary() -> Vec<Input> {
    FILES
        .iter()
        .map(|(path, text)| Input {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect()
}
