//! Where records go.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::identity::Identity;
use crate::state::{HEAD, Head, Position, head};

/// Standard output, or a file.
pub(crate) struct Output {
    target: Box<dyn Write>,
    /// How messages call it.
    name: String,
    /// The last line has no line break: it was the last of its input.
    open_line: bool,
    regular: Option<Regular>,
}

/// A regular file that nobody else writes to.
struct Regular {
    file: File,
    identity: Option<Identity>,
    /// How it begins.
    head: Vec<u8>,
    /// Bytes in it, all of them whole batches.
    length: u64,
}

impl Output {
    /// A file is emptied.
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        match file {
            Some(path) => {
                let name = path.display().to_string();
                File::create(path)
                    .and_then(|file| Self::file(file, &name, 0))
                    .with_context(|| format!("cannot write {name}"))
            }
            None => Ok(Self::standard()),
        }
    }

    /// Goes on behind what is there. What a file has behind the place that was kept was written by a process that
    /// ended before it could say so: it will be written again, so it is cut off.
    pub(crate) fn resume(file: Option<&Path>, written: Option<&Position>) -> Result<Self> {
        let Some(path) = file else {
            let mut output = Self::standard();
            output.open_line = standard_output().is_some_and(|data| data.is_file()) && !standard_output_ends_line();
            return Ok(output);
        };
        let name = path.display().to_string();
        Self::resume_file(path, &name, written).with_context(|| format!("cannot write {name}"))
    }

    fn resume_file(path: &Path, name: &str, written: Option<&Position>) -> io::Result<Self> {
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        // What is no regular file may be a pipe, which is not to be opened for reading.
        if std::fs::metadata(path).is_ok_and(|data| !data.is_file()) {
            return Self::file(options.open(path)?, name, 0);
        }
        let mut file = options.read(true).open(path)?;
        let data = file.metadata()?;
        let mut length = data.len();
        if let Some(written) = written
            && written.file == Identity::of(&data)
            && written.fits(&mut file)?
        {
            length = written.offset;
            file.set_len(length)?;
        }
        let open_line = !ends_line(&mut file, length)?;
        file.seek(SeekFrom::Start(length))?;
        let begin = head(&mut file, length)?;
        let mut output = Self::file(file, name, length)?;
        output.open_line = open_line;
        if let Some(regular) = &mut output.regular {
            regular.head = begin;
        }
        Ok(output)
    }

    fn standard() -> Self {
        Self {
            target: Box::new(io::stdout().lock()),
            name: "standard output".to_owned(),
            open_line: false,
            regular: None,
        }
    }

    fn file(file: File, name: &str, length: u64) -> io::Result<Self> {
        let data = file.metadata()?;
        let regular = if data.is_file() {
            Some(Regular {
                file: file.try_clone()?,
                identity: Identity::of(&data),
                head: Vec::new(),
                length,
            })
        } else {
            None
        };
        Ok(Self {
            target: Box::new(file),
            name: name.to_owned(),
            open_line: false,
            regular,
        })
    }

    /// Writes whole lines, or a piece of one (`goes_on`: not its first). They are on their way when this returns.
    ///
    /// An input's last line may lack its line break. It gets one when something follows, so that two records
    /// never become one.
    ///
    /// # Errors
    /// When the output takes no more. A file then ends where it did before, and not in the middle of a record.
    pub(crate) fn write(&mut self, lines: &[u8], goes_on: bool) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let line_break: &[u8] = if self.open_line && !goes_on { b"\n" } else { b"" };
        let written = self
            .target
            .write_all(line_break)
            .and_then(|()| self.target.write_all(lines))
            .and_then(|()| self.target.flush());
        if let Err(error) = written {
            if let Some(regular) = &self.regular {
                // If this fails too, there is nothing left to try, and the first error is the one to tell.
                drop(regular.file.set_len(regular.length));
            }
            return Err(error).with_context(|| format!("cannot write to {}", self.name));
        }
        if let Some(regular) = &mut self.regular {
            let missing = HEAD.saturating_sub(regular.head.len());
            regular.head.extend(line_break.iter().chain(lines).take(missing));
            regular.length += (line_break.len() + lines.len()) as u64;
        }
        self.open_line = !lines.ends_with(b"\n");
        Ok(())
    }

    /// Waits until what was written is on the disk, where there is one.
    pub(crate) fn sync(&self) -> Result<()> {
        match &self.regular {
            Some(regular) => regular
                .file
                .sync_data()
                .with_context(|| format!("cannot write to {}", self.name)),
            None => Ok(()),
        }
    }

    /// How far a file was written.
    pub(crate) fn position(&self) -> Option<Position> {
        let regular = self.regular.as_ref()?;
        Some(Position {
            file: regular.identity,
            offset: regular.length,
            head: Head::of(&regular.head),
        })
    }
}

/// Whether the first `length` bytes of a file are whole lines.
fn ends_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    file.seek(SeekFrom::Start(last))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

/// Whether standard output, a file, ends with a whole line: a process that was killed may have left half a one. Where
/// nobody can tell, an empty line does less harm than two records in one.
fn standard_output_ends_line() -> bool {
    let look = || {
        let mut file = File::open("/dev/fd/1")?;
        let length = file.metadata()?.len();
        ends_line(&mut file, length)
    };
    let empty = standard_output().is_some_and(|data| data.len() == 0);
    empty || look().unwrap_or(false)
}

/// Writes a text to standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    Output::new(None)?.write(text.as_bytes(), false)
}

/// Whether an error says that the reader of the output has gone: a filter then stops and says nothing.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// What standard output is, if it is a regular file or anything else that has metadata.
#[cfg(unix)]
pub(crate) fn standard_output() -> Option<Metadata> {
    use std::os::fd::AsFd as _;
    let output = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    output.metadata().ok()
}

/// What standard output is: not known here.
#[cfg(not(unix))]
pub(crate) fn standard_output() -> Option<Metadata> {
    None
}
