//! From batches to records: instances of the component on threads of their own, and the order kept.
//!
//! Batches go round the workers in turn, and their results are taken in the same turn. That keeps the order
//! without numbers, and bounds what is held: a slow batch stops the others after two more.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Result, anyhow};

use crate::console::Console;
use crate::fault::Fault;
use crate::guard::{Annotated, Guarded};
use crate::input::{Batch, Bounds, Closed, Take};
use crate::stats::Counts;

/// Batches that wait for a worker, and results that wait to be written.
const QUEUE: usize = 2;

/// The result of a batch.
pub(crate) struct Done {
    pub(crate) bytes: Vec<u8>,
    /// The bytes go on with the line of those before.
    pub(crate) goes_on: bool,
    pub(crate) counts: Counts,
    faults: Vec<Fault>,
    /// Here begins a line that is not looked at.
    too_long: bool,
}

/// What a worker does with the records of the component before they are written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    All,
    /// Only what bewit annotated, or tried to: `line_bytes` is the limit behind which it did not.
    Alerts {
        line_bytes: usize,
    },
}

/// Reads, annotates and writes until the input ends. Returns whether all input could be read.
///
/// When `write` fails this returns at once, whatever the other threads wait for: the process is about to end.
pub(crate) fn run(
    read: impl FnOnce(&mut Take<'_>) -> Result<bool, Closed> + Send + 'static,
    workers: Vec<Guarded>,
    bounds: Bounds,
    keep: Keep,
    console: &Console,
    write: &mut dyn FnMut(Done) -> Result<()>,
) -> Result<bool> {
    let mut batches = Vec::new();
    let mut results = Vec::new();
    let mut threads = Vec::new();
    for worker in workers {
        let (batch, todo) = sync_channel(QUEUE);
        let (done, result) = sync_channel(QUEUE);
        batches.push(batch);
        results.push(result);
        threads.push(thread::spawn(move || work(worker, keep, &todo, &done)));
    }
    let reader = thread::spawn(move || {
        let mut turn = (0..batches.len()).cycle();
        read(&mut |batch| deal(&batches, &mut turn, batch))
    });
    for result in results.iter().cycle() {
        let Ok(done) = result.recv() else {
            break;
        };
        for fault in &done.faults {
            let message = fault.message();
            console.say_once(fault.code(), format_args!("{message}; it passes on with `bewit.error`"));
        }
        if done.too_long {
            let message = format_args!("a line has more than {} bytes; it passes on unread", bounds.line());
            console.say_once("line-too-long", message);
        }
        write(done)?;
    }
    drop(results);
    let lost = || anyhow!("a thread of bewit ended before its work: the output is not complete");
    for thread in threads {
        thread.join().map_err(|_| lost())?;
    }
    match reader.join().map_err(|_| lost())? {
        Ok(all) => Ok(all),
        Err(Closed) => Err(lost()),
    }
}

/// Gives a batch to the worker whose turn it is.
fn deal(workers: &[SyncSender<Batch>], turn: &mut impl Iterator<Item = usize>, batch: Batch) -> Result<(), Closed> {
    let worker = turn.next().and_then(|at| workers.get(at)).ok_or(Closed)?;
    worker.send(batch).map_err(|_| Closed)
}

fn work(mut worker: Guarded, keep: Keep, todo: &Receiver<Batch>, done: &SyncSender<Done>) {
    for batch in todo {
        let result = match batch {
            Batch::Lines(lines) => annotate(&mut worker, &lines, keep),
            Batch::Piece { bytes, first } => pass(bytes, first),
        };
        if done.send(result).is_err() {
            return;
        }
    }
}

fn annotate(worker: &mut Guarded, lines: &[u8], keep: Keep) -> Done {
    let Annotated {
        lines: mut bytes,
        stats,
        faults,
    } = worker.annotate(lines);
    let mut counts = Counts {
        lines: stats,
        read: lines.len() as u64,
        ..Counts::default()
    };
    // Records that failed in the host may be no JSON and look like any other line: such a batch goes out whole.
    if let (Keep::Alerts { line_bytes }, []) = (keep, faults.as_slice()) {
        counts.withheld = withhold(&mut bytes, line_bytes);
    }
    counts.written = bytes.len() as u64;
    Done {
        bytes,
        goes_on: false,
        counts,
        faults,
        too_long: false,
    }
}

/// A piece of a line that is too long to be looked at.
fn pass(bytes: Vec<u8>, first: bool) -> Done {
    let length = bytes.len() as u64;
    let mut counts = Counts {
        read: length,
        written: length,
        ..Counts::default()
    };
    if first {
        counts.lines.lines = 1;
        counts.lines.failed = 1;
    }
    Done {
        bytes,
        goes_on: !first,
        counts,
        faults: Vec::new(),
        too_long: first,
    }
}

/// Takes out the lines that are no alerts, and says how many.
fn withhold(lines: &mut Vec<u8>, line_bytes: usize) -> u64 {
    let mut withheld = 0;
    let mut kept = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        if line.len() > line_bytes || is_annotated(line) {
            kept.extend_from_slice(line);
        } else {
            withheld += 1;
        }
    }
    *lines = kept;
    withheld
}

/// Whether bewit has put its key on a record, now or in an earlier pass.
pub(crate) fn is_annotated(line: &[u8]) -> bool {
    // Most lines of a log are no alerts, and are known by this alone.
    memchr::memmem::find(line, bewit::SCHEMA.as_bytes()).is_some() && bewit::report::is_annotated(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_are_withheld_and_counted() {
        let alert = "{\"bewit\":{\"schema\":\"bewit.alert/1\"}}\n";
        let mut lines = format!("a\n{alert}\nb {}\n{alert}c", "x".repeat(100)).into_bytes();
        assert_eq!(withhold(&mut lines, 100), 3);
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            format!("{alert}b {}\n{alert}", "x".repeat(100))
        );
    }
}
