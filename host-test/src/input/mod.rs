//! What is annotated: files, pipes and standard input, in batches of whole lines.

mod cut;
mod decode;
mod follow;
mod open;
mod rotation;
mod source;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) use cut::{Batch, Bounds};
pub(crate) use follow::{Following, follow};

use crate::console::Console;
use crate::state::Position;
use cut::{Cut, Cutter};
use decode::Decoder;
use source::{Arrival, Source};

/// How long the first pieces of a split line wait for the last one. Runtimes write them in one go.
const SPLIT: Duration = Duration::from_millis(500);

/// Bytes that are cut at a time.
const PIECE: usize = 256 << 10;

/// Nobody takes batches any more.
#[derive(Debug)]
pub(crate) struct Closed;

/// Where batches go.
pub(crate) trait Sink {
    /// Takes a batch, and the place behind it where reading can go on; none where there is no such place.
    fn take(&mut self, batch: Batch, mark: Option<Mark>) -> Result<(), Closed>;

    /// Called when there may be a batch or not, often. Gives bounds if they are others from now on.
    fn between(&mut self) -> Result<Option<Bounds>, Closed> {
        Ok(None)
    }
}

impl<F: FnMut(Batch, Option<Mark>) -> Result<(), Closed>> Sink for F {
    fn take(&mut self, batch: Batch, mark: Option<Mark>) -> Result<(), Closed> {
        self(batch, mark)
    }
}

/// Something to read, and the place to go on from, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) position: Option<Position>,
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self { path, position: None }
    }
}

/// The place behind a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Which of the inputs.
    pub(crate) input: usize,
    pub(crate) position: Position,
}

/// How messages call an input.
pub(crate) fn name(file: &Path) -> String {
    if is_standard_input(file) {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    }
}

pub(crate) fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Bytes of all files together, if all are regular ones.
pub(crate) fn size(files: &[PathBuf]) -> Option<u64> {
    files
        .iter()
        .map(|file| {
            fs::metadata(file)
                .ok()
                .filter(fs::Metadata::is_file)
                .map(|data| data.len())
        })
        .sum()
}

/// Reads one file after the other to its end, or until `stop` is set. What cannot be read is reported, and the rest
/// still read. Returns whether all could be.
pub(crate) fn read(
    inputs: &[Input],
    bounds: Bounds,
    console: &Console,
    stop: &Arc<AtomicBool>,
    sink: &mut dyn Sink,
) -> Result<bool, Closed> {
    let mut all = true;
    for Input { path, .. } in inputs {
        let read = match open(path, stop) {
            Ok(source) => stream(source, bounds, console, stop, sink)?,
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            console.say(format_args!("{}: {error}", name(path)));
            all = false;
        }
    }
    Ok(all)
}

/// Cuts what is there as a whole into batches.
pub(crate) fn cut(bytes: &[u8], bounds: Bounds, take: &mut dyn FnMut(Batch)) {
    let mut cutter = Cutter::new(bounds);
    // In pieces: a batch that is taken moves what is behind it.
    for piece in bytes.chunks(PIECE) {
        cutter.buffer().extend_from_slice(piece);
        while let Some(batch) = cutter.next(Cut::Full) {
            take(batch);
        }
    }
    while let Some(batch) = cutter.next(Cut::All) {
        take(batch);
    }
}

fn open(file: &Path, stop: &Arc<AtomicBool>) -> io::Result<Source> {
    if is_standard_input(file) {
        Source::standard_input(stop)
    } else {
        Source::of(File::open(file)?, stop)
    }
}

fn stream(
    mut source: Source,
    bounds: Bounds,
    console: &Console,
    stop: &AtomicBool,
    sink: &mut dyn Sink,
) -> Result<io::Result<()>, Closed> {
    let mut decoder = Decoder::default();
    let mut cutter = Cutter::new(bounds);
    let mut block = Vec::new();
    let live = source.is_live();
    loop {
        block.clear();
        let wait = cutter.waits().then_some(SPLIT);
        let (cut, result) = if !live && stop.load(Ordering::Relaxed) {
            // What is held of a line is in the file and not lost.
            (Cut::Lines, Some(Err(io::Error::other("stopped before its end"))))
        } else {
            match source.read(&mut block, wait) {
                Ok(Arrival::Data) => {
                    console.read(block.len());
                    decoder.decode(&block, cutter.buffer());
                    (if live { Cut::Settled } else { Cut::Full }, None)
                }
                Ok(Arrival::Nothing) => (Cut::Lines, None),
                Ok(Arrival::End) => {
                    decoder.end(cutter.buffer());
                    (Cut::All, Some(Ok(())))
                }
                // What came before the error is still a record.
                Err(error) => {
                    decoder.end(cutter.buffer());
                    (Cut::All, Some(Err(error)))
                }
            }
        };
        while let Some(batch) = cutter.next(cut) {
            sink.take(batch, None)?;
        }
        if let Some(result) = result {
            return Ok(result);
        }
    }
}
