//! `--state`: how far the inputs were read and written out, kept over restarts.
//!
//! The file is replaced as a whole after each batch, and only when what was read up to there has been written. So a
//! process that ends at any moment leaves a place from which nothing is missing; what was written behind it comes again.

mod file;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh64::xxh64;

use crate::identity::Identity;
use crate::misuse::Misuse;
pub(crate) use file::State;

/// Bytes at the beginning of a file that tell it from another one. Its number alone does not: many file systems give
/// that of a deleted file to the next one.
pub(crate) const HEAD: usize = 1 << 10;

/// How far everything has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Positions {
    /// By absolute path, as it was given: links in it are not followed.
    inputs: BTreeMap<String, Position>,
    /// The output, if it is a regular file that bewit opened.
    output: Option<Position>,
}

/// How far a file was read, or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// None where the system has no such numbers.
    pub(crate) file: Option<Identity>,
    /// Bytes of an input that were written out, all of them whole lines; or bytes of the output.
    pub(crate) offset: u64,
    /// How the file begins.
    pub(crate) head: Head,
}

/// The first bytes of a file: [`HEAD`], or fewer if no more have been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) bytes: u64,
    /// As text: many a JSON reader rounds large numbers.
    #[serde(with = "hex")]
    hash: u64,
}

impl Position {
    /// Whether a file is long enough for it and begins so. Where the system can tell files apart, whether it is the
    /// same one is another question.
    pub(crate) fn fits(&self, file: &mut File) -> io::Result<bool> {
        let least = self.offset.max(self.head.bytes);
        Ok(file.metadata()?.len() >= least && Head::of(&head(file, self.head.bytes)?) == self.head)
    }
}

impl Head {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            hash: hash(bytes),
        }
    }
}

/// The first bytes of a file, [`HEAD`] at most; its cursor stays where it is.
pub(crate) fn head(file: &mut File, bytes: u64) -> io::Result<Vec<u8>> {
    let at = file.stream_position()?;
    file.rewind()?;
    let mut head = Vec::new();
    let read = file.take(bytes.min(HEAD as u64)).read_to_end(&mut head);
    file.seek(SeekFrom::Start(at))?;
    read?;
    Ok(head)
}

/// What an input is called in the state.
pub(crate) fn name(input: &Path) -> Result<String, Misuse> {
    let unusable = |why: &str| Misuse(format!("`--state` cannot keep the place in {}: {why}", input.display()));
    let path = std::path::absolute(input).map_err(|error| unusable(&error.to_string()))?;
    let name = path.to_str().ok_or_else(|| unusable("its path is no UTF-8"))?;
    Ok(name.to_owned())
}

/// Tells texts apart that nobody made to be mistaken for each other.
fn hash(bytes: &[u8]) -> u64 {
    xxh64(bytes, 0)
}

mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("{number:016x}"))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        u64::from_str_radix(&text, 16).map_err(|_| D::Error::custom("expected hexadecimal digits"))
    }
}
