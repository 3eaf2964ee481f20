//! Files that grow, as `tail -F` reads them.
//!
//! A file is followed by its name. When another file takes the name, the old one is read to its end first, and
//! it stays open until there is something in the new one: a program writes to the old file until it is told to
//! open the new one. A file that became shorter was truncated, and is read from its beginning again.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cut::{Cut, Cutter};
use super::decode::Decoder;
use super::source::identity;
use super::{Bounds, Closed, SPLIT, Take};
use crate::console::Console;

/// How often files are looked at. Not by inotify: network file systems and some overlays send no events.
const POLL: Duration = Duration::from_millis(100);
/// Bytes read of one file before the others have their turn.
const BLOCK: u64 = 256 << 10;

/// Follows files until `stop` is set. A file that is not there yet is waited for.
/// Returns whether all could be followed.
pub(crate) fn follow(
    files: &[PathBuf],
    bounds: Bounds,
    console: &Console,
    stop: &AtomicBool,
    take: &mut Take<'_>,
) -> Result<bool, Closed> {
    let mut followed: Vec<Followed<'_>> = files.iter().map(|file| Followed::new(file, bounds)).collect();
    let mut all = true;
    while !stop.load(Ordering::Relaxed) {
        let mut idle = true;
        for file in &mut followed {
            match file.poll(console) {
                Ok(Came::Nothing) => file.hand_over(take)?,
                Ok(Came::Data) => {
                    idle = false;
                    file.hand_over(take)?;
                }
                Ok(Came::Beginning) => {
                    idle = false;
                    file.finish(take)?;
                }
                Err(error) => {
                    all = false;
                    file.fail(&error, console);
                    file.finish(take)?;
                }
            }
        }
        if idle {
            thread::sleep(POLL);
        }
    }
    for file in &mut followed {
        file.finish(take)?;
    }
    Ok(all)
}

/// What a look at a file found.
enum Came {
    Nothing,
    Data,
    /// What comes next is the beginning of a file: what is held of the one before is all there is.
    Beginning,
}

/// A name, and the file that has it, or had it until another one took it.
struct Followed<'p> {
    path: &'p Path,
    open: Option<Open>,
    cutter: Cutter,
    decoder: Decoder,
    /// When something came last.
    arrived: Instant,
    /// An error is reported when it is a new one.
    error: Option<io::ErrorKind>,
}

struct Open {
    file: File,
    identity: Option<(u64, u64)>,
    position: u64,
}

impl<'p> Followed<'p> {
    fn new(path: &'p Path, bounds: Bounds) -> Self {
        Self {
            path,
            open: None,
            cutter: Cutter::new(bounds),
            decoder: Decoder::default(),
            arrived: Instant::now(),
            error: None,
        }
    }

    /// Reads what has come.
    fn poll(&mut self, console: &Console) -> io::Result<Came> {
        let Some(open) = &mut self.open else {
            return self.reopen(console);
        };
        // Asked before reading: what the old file has is then complete when the new one has something.
        let named = fs::metadata(self.path).ok();
        if open.file.metadata()?.len() < open.position {
            console.say(format_args!(
                "{}: truncated, reading it from its beginning",
                self.path.display()
            ));
            open.file.rewind()?;
            open.position = 0;
            return Ok(Came::Beginning);
        }
        if self.read()? {
            return Ok(Came::Data);
        }
        let replaced = named.is_some_and(|data| {
            data.len() > 0 && self.open.as_ref().is_some_and(|open| identity(&data) != open.identity)
        });
        if replaced {
            self.reopen(console)
        } else {
            Ok(Came::Nothing)
        }
    }

    fn read(&mut self) -> io::Result<bool> {
        let Some(open) = &mut self.open else {
            return Ok(false);
        };
        let mut block = Vec::new();
        let read = (&mut open.file).take(BLOCK).read_to_end(&mut block)?;
        open.position += read as u64;
        self.decoder.decode(&block, self.cutter.buffer());
        if read > 0 {
            self.arrived = Instant::now();
        }
        Ok(read > 0)
    }

    /// Opens the file that has the name now. One that is not there is no error: it will come.
    fn reopen(&mut self, console: &Console) -> io::Result<Came> {
        let file = match File::open(self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.error.replace(error.kind()) != Some(error.kind()) {
                    console.say(format_args!("{}: not there, waiting for it", self.path.display()));
                }
                return Ok(Came::Nothing);
            }
            Err(error) => return Err(error),
        };
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "only regular files can be followed",
            ));
        }
        if self.error.take().is_some() || self.open.is_some() {
            console.say(format_args!(
                "{}: reading the new file of this name",
                self.path.display()
            ));
        }
        self.open = Some(Open {
            file,
            identity: identity(&data),
            position: 0,
        });
        Ok(Came::Beginning)
    }

    /// Hands over what has come, but not the pieces of a split line before they are old.
    fn hand_over(&mut self, take: &mut Take<'_>) -> Result<(), Closed> {
        let old = self.cutter.waits() && self.arrived.elapsed() >= SPLIT;
        self.hand_over_as(if old { Cut::Lines } else { Cut::Settled }, take)
    }

    fn finish(&mut self, take: &mut Take<'_>) -> Result<(), Closed> {
        self.decoder.end(self.cutter.buffer());
        self.hand_over_as(Cut::All, take)
    }

    fn hand_over_as(&mut self, cut: Cut, take: &mut Take<'_>) -> Result<(), Closed> {
        while let Some(batch) = self.cutter.next(cut) {
            take(batch)?;
        }
        Ok(())
    }

    fn fail(&mut self, error: &io::Error, console: &Console) {
        self.open = None;
        if self.error.replace(error.kind()) != Some(error.kind()) {
            console.say(format_args!("{}: {error}", self.path.display()));
        }
    }
}
