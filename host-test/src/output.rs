//! Where records go.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Standard output, or a file.
pub(crate) struct Output {
    target: Box<dyn Write>,
    /// How messages call it.
    name: String,
    /// The last line has no line break: it was the last of its input.
    open_line: bool,
}

impl Output {
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        Ok(match file {
            Some(file) => {
                let name = file.display().to_string();
                let target = File::create(file).with_context(|| format!("cannot write {name}"))?;
                Self {
                    target: Box::new(target),
                    name,
                    open_line: false,
                }
            }
            None => Self {
                target: Box::new(io::stdout().lock()),
                name: "standard output".to_owned(),
                open_line: false,
            },
        })
    }

    /// Writes whole lines, or a piece of one (`goes_on`: not its first). They are on their way when this returns.
    ///
    /// An input's last line may lack its line break. It gets one when something follows, so that two records
    /// never become one.
    pub(crate) fn write(&mut self, lines: &[u8], goes_on: bool) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let written = if self.open_line && !goes_on {
            self.target.write_all(b"\n")
        } else {
            Ok(())
        };
        written
            .and_then(|()| self.target.write_all(lines))
            .and_then(|()| self.target.flush())
            .with_context(|| format!("cannot write to {}", self.name))?;
        self.open_line = !lines.ends_with(b"\n");
        Ok(())
    }
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
pub(crate) fn standard_output() -> Option<std::fs::Metadata> {
    use std::os::fd::AsFd as _;
    let output = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    output.metadata().ok()
}

/// What standard output is: not known here.
#[cfg(not(unix))]
pub(crate) fn standard_output() -> Option<std::fs::Metadata> {
    None
}
