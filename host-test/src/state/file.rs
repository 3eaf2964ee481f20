//! The file of a state: read once, replaced as a whole, never half written.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::{Position, Positions, hash, hex};
use crate::misuse::Misuse;

const SCHEMA: &str = "bewit.state/1";
/// What the schemas of all versions begin with.
const SCHEMAS: &str = "bewit.state/";

/// What stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    /// Of the positions, as they are written: a digit that tipped over would be a place like any other.
    #[serde(with = "hex")]
    check: u64,
    positions: Positions,
}

/// Only to see whose file it is.
#[derive(Deserialize)]
struct Foreign {
    schema: Option<serde_json::Value>,
}

/// The positions, and the file they are kept in.
pub(crate) struct State {
    path: PathBuf,
    positions: Positions,
    /// Two that write the same state would each undo what the other knows.
    _lock: File,
}

impl State {
    /// Reads the state, if there is one. With `reset` it is replaced, whatever it is.
    ///
    /// # Errors
    /// When the file is damaged, of another version or of another program: to begin from the beginning would then be
    /// a guess. When another process has it.
    pub(crate) fn open(path: &Path, reset: bool) -> Result<Self> {
        let lock = lock(path)?;
        let positions = match fs::read(path) {
            _ if reset => Positions::default(),
            Ok(text) => read(&text).map_err(|mistake| {
                Misuse(format!(
                    "{}{mistake}\nNothing was read. With `--state-reset`, or when the file is deleted, every input is read \
                     from its beginning.",
                    path.display()
                ))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Positions::default(),
            Err(error) => return Err(Misuse(format!("cannot read the state {}: {error}", path.display())).into()),
        };
        Ok(Self {
            path: path.to_owned(),
            positions,
            _lock: lock,
        })
    }

    pub(crate) fn input(&self, name: &str) -> Option<&Position> {
        self.positions.inputs.get(name)
    }

    pub(crate) fn output(&self) -> Option<&Position> {
        self.positions.output.as_ref()
    }

    /// Keeps how far one input and the output have come. When this returns, it is on the disk.
    pub(crate) fn save(&mut self, input: &str, position: Position, output: Option<Position>) -> Result<()> {
        self.positions.inputs.insert(input.to_owned(), position);
        self.positions.output = output;
        self.write()
            .with_context(|| format!("cannot save the state {}", self.path.display()))
    }

    fn write(&self) -> Result<()> {
        let new = beside(&self.path, ".new");
        let text = write(&self.positions)?;
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        sync_folder(&self.path)?;
        Ok(())
    }
}

/// The name with something appended, in the same folder.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn lock(path: &Path) -> Result<File> {
    let lock = beside(path, ".lock");
    let file =
        File::create(&lock).map_err(|error| Misuse(format!("cannot keep a state at {}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Misuse(format!("another process has the state {}", path.display())).into())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", lock.display())),
    }
}

/// A renamed file survives a power cut only when its folder was written too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn write(positions: &Positions) -> Result<String> {
    let check = hash(serde_json::to_string(positions)?.as_bytes());
    let document = Document {
        schema: SCHEMA.to_owned(),
        check,
        positions: positions.clone(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// The positions of a file; else what is wrong with it, to be read after the file's name.
fn read(text: &[u8]) -> Result<Positions, String> {
    let damaged = |error: serde_json::Error| {
        let said = error.to_string();
        let message = said.split(" at line ").next().unwrap_or_default();
        format!(":{}:{}: the state is damaged: {message}", error.line(), error.column())
    };
    let foreign: Foreign = serde_json::from_slice(text).map_err(damaged)?;
    match foreign.schema.as_ref().and_then(|schema| schema.as_str()) {
        Some(SCHEMA) => {}
        Some(other) if other.starts_with(SCHEMAS) => {
            return Err(format!(": the state is of another version, {other}; this is {SCHEMA}"));
        }
        _ => return Err(format!(": this is no state of bewit: `schema` is not {SCHEMA}")),
    }
    let document: Document = serde_json::from_slice(text).map_err(damaged)?;
    let positions = serde_json::to_string(&document.positions).map_err(damaged)?;
    if hash(positions.as_bytes()) != document.check {
        return Err(": the state is damaged: `check` is not that of `positions`".to_owned());
    }
    Ok(document.positions)
}

#[cfg(test)]
mod tests {
    use super::super::Head;
    use super::*;

    fn positions() -> Positions {
        let mut positions = Positions::default();
        let position = Position {
            file: None,
            offset: 1_234_567,
            head: Head::of(b"Tue Oct 29"),
        };
        positions.inputs.insert("/var/log/falco.log".to_owned(), position);
        positions
    }

    #[test]
    fn what_was_written_is_read() {
        let text = write(&positions()).unwrap();
        assert_eq!(read(text.as_bytes()), Ok(positions()));
    }

    #[test]
    fn no_damage_goes_unnoticed() {
        let text = write(&positions()).unwrap();
        for at in 0..text.trim_end().len() {
            assert!(read(&text.as_bytes()[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // White space may become other white space, and hexadecimal digits may be large.
                assert!(
                    read(&bytes).is_err() || read(&bytes) == Ok(positions()),
                    "bit {bit} at {at}"
                );
            }
        }
    }

    #[test]
    fn damage_is_shown_where_it_is() {
        let text = write(&positions()).unwrap();
        let said = read(text.replace("1234567,", "1234567,,").as_bytes()).unwrap_err();
        assert!(said.starts_with(":8:"), "{said}");
        let said = read(text.replace("1234567", "1234568").as_bytes()).unwrap_err();
        assert!(said.contains("`check` is not that of `positions`"), "{said}");
    }

    #[test]
    fn what_others_wrote_is_no_state() {
        let said = read(br#"{"schema":"bewit.state/2","more":1}"#).unwrap_err();
        assert_eq!(
            said,
            ": the state is of another version, bewit.state/2; this is bewit.state/1"
        );
        for text in [r#"{"offset":17}"#, r#"{"schema":7}"#, r#"{"schema":"other/1"}"#] {
            let said = read(text.as_bytes()).unwrap_err();
            assert!(said.starts_with(": this is no state of bewit"), "{said}");
        }
        for text in ["", "offset=17", "[]"] {
            let said = read(text.as_bytes()).unwrap_err();
            assert!(said.starts_with(":1:"), "{said}");
        }
    }
}
