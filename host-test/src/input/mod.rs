//! What is annotated: files, pipes and standard input, in batches of whole lines.

mod cut;
mod decode;
mod follow;
mod source;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use cut::{Batch, Bounds};
pub(crate) use follow::follow;
pub(crate) use source::same_file;

use crate::console::Console;
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
pub(crate) type Take<'t> = dyn FnMut(Batch) -> Result<(), Closed> + 't;

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

/// Reads one file after the other to its end. What cannot be read is reported, and the rest still read.
/// Returns whether all could be.
pub(crate) fn read(files: &[PathBuf], bounds: Bounds, console: &Console, take: &mut Take<'_>) -> Result<bool, Closed> {
    let mut all = true;
    for file in files {
        let read = match open(file) {
            Ok(source) => stream(source, bounds, console, take)?,
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            console.say(format_args!("{}: {error}", name(file)));
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

fn open(file: &Path) -> io::Result<Source> {
    if is_standard_input(file) {
        Source::standard_input()
    } else {
        Source::of(File::open(file)?)
    }
}

fn stream(
    mut source: Source,
    bounds: Bounds,
    console: &Console,
    take: &mut Take<'_>,
) -> Result<io::Result<()>, Closed> {
    let mut decoder = Decoder::default();
    let mut cutter = Cutter::new(bounds);
    let mut block = Vec::new();
    let live = source.is_live();
    loop {
        block.clear();
        let wait = cutter.waits().then_some(SPLIT);
        let (cut, result) = match source.read(&mut block, wait) {
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
        };
        while let Some(batch) = cutter.next(cut) {
            take(batch)?;
        }
        if let Some(result) = result {
            return Ok(result);
        }
    }
}
