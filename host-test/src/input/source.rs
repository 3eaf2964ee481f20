//! Bytes, as they arrive.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// Bytes read at once from a file.
const FILE_BLOCK: u64 = 256 << 10;
/// Bytes read at once from a pipe, which holds no more.
const PIPE_BLOCK: usize = 64 << 10;
/// Blocks of a pipe that are read ahead.
const AHEAD: usize = 8;

/// Something to read.
pub(super) enum Source {
    /// A regular file: all of it is there, so batches may be full.
    File(File),
    /// A pipe, a socket or a terminal, read by a thread of its own: what has arrived can be worked on while
    /// nobody knows when more will come.
    Live(Receiver<io::Result<Vec<u8>>>),
}

/// What a read gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    Data,
    /// Nothing came in the time given.
    Nothing,
    End,
}

impl Source {
    /// An open file, whatever it is.
    pub(super) fn of(file: File) -> io::Result<Self> {
        Ok(if file.metadata()?.is_file() {
            Self::File(file)
        } else {
            Self::live(file)
        })
    }

    #[cfg(unix)]
    pub(super) fn standard_input() -> io::Result<Self> {
        use std::os::fd::AsFd as _;
        Self::of(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }

    #[cfg(not(unix))]
    pub(super) fn standard_input() -> io::Result<Self> {
        Ok(Self::live(io::stdin()))
    }

    fn live(mut input: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(AHEAD);
        thread::spawn(move || {
            let mut block = vec![0; PIPE_BLOCK];
            loop {
                let read = match input.read(&mut block) {
                    Ok(0) => return,
                    Ok(length) => Ok(block[..length].to_vec()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self::Live(receiver)
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// Appends what arrives, but waits no longer than `wait` for it.
    pub(super) fn read(&mut self, into: &mut Vec<u8>, wait: Option<Duration>) -> io::Result<Arrival> {
        match self {
            Self::File(file) => match file.take(FILE_BLOCK).read_to_end(into)? {
                0 => Ok(Arrival::End),
                _ => Ok(Arrival::Data),
            },
            Self::Live(blocks) => {
                let first = match wait {
                    Some(wait) => match blocks.recv_timeout(wait) {
                        Ok(first) => first?,
                        Err(RecvTimeoutError::Timeout) => return Ok(Arrival::Nothing),
                        Err(RecvTimeoutError::Disconnected) => return Ok(Arrival::End),
                    },
                    None => match blocks.recv() {
                        Ok(first) => first?,
                        Err(_) => return Ok(Arrival::End),
                    },
                };
                into.extend_from_slice(&first);
                Ok(Arrival::Data)
            }
        }
    }
}

/// Which file it is, whatever its name.
#[cfg(unix)]
pub(super) fn identity(data: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((data.dev(), data.ino()))
}

/// Which file it is, whatever its name. Not known here: a replaced file is then only noticed when it is shorter.
#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Whether two names, or a name and an open file, are one regular file.
pub(crate) fn same_file(file: &Path, other: &Metadata) -> bool {
    let Ok(data) = std::fs::metadata(file) else {
        return false;
    };
    data.is_file() && other.is_file() && identity(&data).is_some() && identity(&data) == identity(other)
}
