//! Files that grow, as `tail -F` reads them, and places in them to go on from.
//!
//! A file is followed by its name. When another file takes the name, the old one is read to its end first, and
//! it stays open until there is something in the new one: a program writes to the old file until it is told to
//! open the new one. Files that had the name in between come between. A file that became shorter, or begins otherwise
//! than it did, was truncated: what its copy has that was not read comes first, then the file from its beginning.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cut::{Cut, Cutter};
use super::open::Open;
use super::rotation::{Trail, trail};
use super::{Bounds, Closed, Input, Mark, SPLIT, Sink};
use crate::console::Console;
use crate::identity::Identity;
use crate::state::Position;

/// How often files are looked at. Not by inotify: network file systems and some overlays send no events.
const POLL: Duration = Duration::from_millis(100);

/// How files are followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Following {
    pub(crate) bounds: Bounds,
    /// Until `stop` is set; else until all has been read that is there.
    pub(crate) on: bool,
    /// Somebody goes on from where this ends. A last line without a line break is then left to them, in whole.
    pub(crate) resumable: bool,
}

/// Follows files until `stop` is set. One that is not there yet is waited for.
/// Returns whether all there was could be read.
pub(crate) fn follow(
    inputs: &[Input],
    following: Following,
    console: &Console,
    stop: &AtomicBool,
    sink: &mut dyn Sink,
) -> Result<bool, Closed> {
    let mut followed: Vec<Followed<'_>> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| Followed::new(index, input, following))
        .collect();
    while !stop.load(Ordering::Relaxed) {
        if let Some(bounds) = sink.between()? {
            for file in &mut followed {
                file.following.bounds = bounds;
                file.cutter.bound(bounds);
            }
        }
        let mut idle = true;
        for file in &mut followed {
            match file.poll(console) {
                Ok(Came::Nothing) => file.hand_over(sink)?,
                Ok(Came::Data) => {
                    idle = false;
                    file.hand_over(sink)?;
                }
                Ok(Came::Next(open)) => {
                    idle = false;
                    file.begin(open, sink)?;
                }
                Err(error) => file.fail(&error, console),
            }
        }
        if idle && !following.on {
            break;
        }
        if idle {
            thread::sleep(POLL);
        }
    }
    for file in &mut followed {
        file.leave(sink)?;
        if !stop.load(Ordering::Relaxed) {
            file.tell_unfinished(console);
        }
    }
    Ok(followed.iter().all(|file| file.complete))
}

/// What a look at a file found.
enum Came {
    Nothing,
    Data,
    /// The beginning of another file: what is held of the one before is all there is.
    Next(Open),
}

/// A name, and the file that has it, or had it until another one took it.
struct Followed<'i> {
    index: usize,
    path: &'i Path,
    following: Following,
    open: Option<Open>,
    /// What is read behind it, in this order.
    next: VecDeque<Open>,
    /// Where to go on from when there is no open file.
    resume: Option<Position>,
    cutter: Cutter,
    /// When something came last.
    arrived: Instant,
    /// An error is reported when it is a new one.
    error: Option<io::ErrorKind>,
    /// All there was could be read so far.
    complete: bool,
}

impl<'i> Followed<'i> {
    fn new(index: usize, input: &'i Input, following: Following) -> Self {
        Self {
            index,
            path: &input.path,
            following,
            open: None,
            next: VecDeque::new(),
            resume: input.position.clone(),
            cutter: Cutter::new(following.bounds),
            arrived: Instant::now(),
            error: None,
            complete: true,
        }
    }

    /// Reads what has come.
    fn poll(&mut self, console: &Console) -> io::Result<Came> {
        let Some(open) = &mut self.open else {
            return self.find(console);
        };
        // Asked before reading: what the old file has is then complete when the new one has something.
        let named = fs::metadata(self.path).ok();
        if open.is_truncated()? {
            return self.truncated(console);
        }
        if open.read(self.cutter.buffer())? > 0 {
            self.arrived = Instant::now();
            return Ok(Came::Data);
        }
        if let Some(next) = self.next.pop_front() {
            return Ok(Came::Next(next));
        }
        let identity = open.identity();
        match named {
            Some(data) if data.len() > 0 && Identity::of(&data) != identity => self.replaced(console),
            _ => Ok(Came::Nothing),
        }
    }

    /// Looks for what to read first.
    fn find(&mut self, console: &Console) -> io::Result<Came> {
        let mut current = self.named()?;
        let Some(position) = self.resume.clone() else {
            return match current {
                Some(file) => Ok(self.found(Open::new(file)?, console)),
                None => self.wait(console),
            };
        };
        let data = current.as_ref().map(File::metadata).transpose()?;
        let identity = data.as_ref().and_then(Identity::of);
        let same = match &mut current {
            Some(file) => identity == position.file && position.fits(file)?,
            None => false,
        };
        let Trail { old, next, compressed } = if same {
            Trail {
                old: current.take(),
                ..Trail::default()
            }
        } else {
            trail(self.path, &position, None, identity)?
        };
        self.tell_compressed(&compressed, console);
        if let Some(old) = old {
            self.then(next.into_iter().chain(current))?;
            return Ok(self.found(Open::at(old, &position)?, console));
        }
        let Some(current) = current else {
            return self.wait(console);
        };
        console.say(format_args!(
            "{}: the file that was read up to byte {} is gone; reading the one of this name from its beginning",
            self.path.display(),
            position.offset
        ));
        self.complete = false;
        Ok(self.found(Open::new(current)?, console))
    }

    fn found(&mut self, open: Open, console: &Console) -> Came {
        if self.error.take().is_some() {
            console.say(format_args!(
                "{}: reading the new file of this name",
                self.path.display()
            ));
        }
        Came::Next(open)
    }

    /// A file that is not there is no error if somebody waits for it: it will come.
    fn wait(&mut self, console: &Console) -> io::Result<Came> {
        if !self.following.on {
            fs::metadata(self.path)?;
        }
        let kind = io::ErrorKind::NotFound;
        if self.error.replace(kind) != Some(kind) {
            console.say(format_args!("{}: not there, waiting for it", self.path.display()));
        }
        Ok(Came::Nothing)
    }

    /// The file that has the name now, if there is one.
    fn named(&self) -> io::Result<Option<File>> {
        match File::open(self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is read behind the open file.
    fn then(&mut self, files: impl IntoIterator<Item = File>) -> io::Result<()> {
        self.next = files.into_iter().map(Open::new).collect::<io::Result<_>>()?;
        Ok(())
    }

    /// Another file has the name and something in it, and the old one was read to its end.
    fn replaced(&mut self, console: &Console) -> io::Result<Came> {
        let (Some(open), Some(current)) = (&self.open, self.named()?) else {
            return Ok(Came::Nothing);
        };
        let written = open.file().metadata()?.modified()?;
        let identity = Identity::of(&current.metadata()?);
        let Trail { next, compressed, .. } = trail(self.path, &open.end_position(), Some(written), identity)?;
        self.tell_compressed(&compressed, console);
        self.then(next.into_iter().chain([current]))?;
        console.say(format_args!(
            "{}: reading the new file of this name",
            self.path.display()
        ));
        Ok(self.next.pop_front().map_or(Came::Nothing, Came::Next))
    }

    /// The open file no longer has what was read of it.
    fn truncated(&mut self, console: &Console) -> io::Result<Came> {
        let Some(open) = &mut self.open else {
            return Ok(Came::Nothing);
        };
        let Trail { old, next, compressed } = trail(self.path, &open.end_position(), None, open.identity())?;
        let mut again = open.file().try_clone()?;
        again.rewind()?;
        let rest = old.map(|copy| open.go_on_in(copy)).transpose()?.is_some();
        self.tell_compressed(&compressed, console);
        // Files that came before a truncated one and were not read yet are still to be read.
        let waiting = std::mem::take(&mut self.next);
        self.then(next.into_iter().chain([again]))?;
        self.next.extend(waiting);
        let place = if rest {
            "going on in its copy, then"
        } else {
            "reading it"
        };
        console.say(format_args!(
            "{}: truncated, {place} from its beginning",
            self.path.display()
        ));
        if rest {
            return Ok(Came::Data);
        }
        Ok(self.next.pop_front().map_or(Came::Nothing, Came::Next))
    }

    fn tell_compressed(&mut self, files: &[std::path::PathBuf], console: &Console) {
        for file in files {
            self.complete = false;
            console.say(format_args!(
                "{}: compressed before it was read; what is in it is left out",
                file.display()
            ));
        }
    }

    /// Hands over what has come, but not the pieces of a split line before they are old.
    fn hand_over(&mut self, sink: &mut dyn Sink) -> Result<(), Closed> {
        let old = self.cutter.waits() && self.arrived.elapsed() >= SPLIT;
        self.hand_over_as(if old { Cut::Lines } else { Cut::Settled }, sink)
    }

    /// Leaves the open file for another one.
    fn begin(&mut self, open: Open, sink: &mut dyn Sink) -> Result<(), Closed> {
        self.finish(sink)?;
        self.open = Some(open);
        Ok(())
    }

    fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), Closed> {
        if let Some(open) = &mut self.open {
            open.end(self.cutter.buffer());
        }
        self.hand_over_as(Cut::All, sink)?;
        // A line that passed in pieces ends here, and the next file begins with one of its own.
        self.cutter = Cutter::new(self.following.bounds);
        Ok(())
    }

    /// Hands over what is held, at the end of everything.
    fn leave(&mut self, sink: &mut dyn Sink) -> Result<(), Closed> {
        if self.following.resumable {
            self.hand_over_as(Cut::Lines, sink)
        } else {
            self.finish(sink)
        }
    }

    fn tell_unfinished(&self, console: &Console) {
        let held = self.open.as_ref().map_or(0, Open::held);
        if held > 0 {
            console.say(format_args!(
                "{}: {held} bytes of a last line without line break are left to the next run",
                self.path.display()
            ));
        }
    }

    fn hand_over_as(&mut self, cut: Cut, sink: &mut dyn Sink) -> Result<(), Closed> {
        while let Some(batch) = self.cutter.next(cut) {
            let mut mark = None;
            if let Some(open) = &mut self.open {
                open.hand_over(batch.bytes());
                // In the middle of a line there is no place to go on from: the rest would be taken for a line.
                if cut == Cut::All || batch.ends_line() {
                    let (input, position) = (self.index, open.position());
                    self.resume = Some(position.clone());
                    mark = Some(Mark { input, position });
                }
            }
            sink.take(batch, mark)?;
        }
        Ok(())
    }

    /// What is held is read again, when the file can be read again.
    fn fail(&mut self, error: &io::Error, console: &Console) {
        self.complete = false;
        self.open = None;
        self.next.clear();
        self.cutter = Cutter::new(self.following.bounds);
        if self.error.replace(error.kind()) != Some(error.kind()) {
            console.say(format_args!("{}: {error}", self.path.display()));
        }
    }
}
