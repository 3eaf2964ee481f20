//! Bytes, as they arrive.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    pub(super) fn of(file: File, stop: &Arc<AtomicBool>) -> io::Result<Self> {
        Ok(if file.metadata()?.is_file() {
            Self::File(file)
        } else {
            Self::live(Stoppable::new(file, stop))
        })
    }

    #[cfg(unix)]
    pub(super) fn standard_input(stop: &Arc<AtomicBool>) -> io::Result<Self> {
        use std::os::fd::AsFd as _;
        Self::of(File::from(io::stdin().as_fd().try_clone_to_owned()?), stop)
    }

    #[cfg(not(unix))]
    pub(super) fn standard_input(stop: &Arc<AtomicBool>) -> io::Result<Self> {
        Ok(Self::live(Stoppable::new(io::stdin(), stop)))
    }

    fn live(mut input: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(AHEAD);
        thread::spawn(move || {
            let mut block = vec![0; PIPE_BLOCK];
            loop {
                let read = match input.read(&mut block) {
                    Ok(0) => return,
                    Ok(length) => Ok(block.get(..length).unwrap_or_default().to_vec()),
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

/// An input that ends when it is told to, behind what it holds then: that has left whoever wrote it, and nobody else
/// would ever read it.
struct Stoppable<R> {
    input: R,
    stop: Arc<AtomicBool>,
    /// Bytes that are still read; none as long as it was not told to end.
    #[cfg(unix)]
    left: Option<u64>,
}

impl<R> Stoppable<R> {
    fn new(input: R, stop: &Arc<AtomicBool>) -> Self {
        Self {
            input,
            stop: Arc::clone(stop),
            #[cfg(unix)]
            left: None,
        }
    }
}

#[cfg(unix)]
impl Read for Stoppable<File> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        /// How often the sign is looked at.
        const LOOK: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        while self.left.is_none() {
            if self.stop.load(Ordering::Relaxed) {
                // What cannot say how much it holds has endlessly much, such as /dev/zero.
                self.left = Some(rustix::io::ioctl_fionread(&self.input).unwrap_or(0));
                break;
            }
            // Asked first, because a call that reads comes back only when something has come.
            match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&LOOK)) {
                Ok(0) => {}
                Ok(_) => return self.input.read(into),
                Err(error) => return Err(error.into()),
            }
        }
        let left = self.left.unwrap_or(0);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let read = match into.get_mut(..most) {
            Some(into) if most > 0 => self.input.read(into)?,
            _ => 0,
        };
        self.left = Some(left.saturating_sub(read as u64));
        Ok(read)
    }
}

#[cfg(not(unix))]
impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(0);
        }
        self.input.read(into)
    }
}
