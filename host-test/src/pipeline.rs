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
use crate::input::{Batch, Bounds, Closed, Mark, Sink};
use crate::stats::Counts;

/// Batches that wait for a worker, and results that wait to be written.
const QUEUE: usize = 2;

/// The result of a batch.
pub(crate) struct Done {
    pub(crate) bytes: Vec<u8>,
    /// The bytes go on with the line of those before.
    pub(crate) goes_on: bool,
    pub(crate) counts: Counts,
    /// When the bytes are written, reading can go on here.
    pub(crate) mark: Option<Mark>,
    pub(crate) faults: Vec<Fault>,
    /// Here begins a line that is not looked at, because it has more bytes than this.
    too_long: Option<usize>,
}

impl Done {
    /// Says what could not be annotated.
    pub(crate) fn say(&self, console: &Console) {
        for fault in &self.faults {
            let message = fault.message();
            console.say_once(fault.code(), format_args!("{message}; it passes on with `bewit.error`"));
        }
        if let Some(limit) = self.too_long {
            let message = format_args!("a line has more than {limit} bytes; it passes on unread");
            console.say_once("line-too-long", message);
        }
    }
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

/// A guarded instance, and what is done with its records.
pub(crate) struct Worker {
    pub(crate) guarded: Guarded,
    pub(crate) keep: Keep,
    /// Of the batches that it is given.
    pub(crate) bounds: Bounds,
}

/// Workers under another configuration, as many as there were, and the bounds of batches that go with it.
pub(crate) struct Reloaded {
    pub(crate) workers: Vec<Worker>,
    pub(crate) bounds: Bounds,
}

/// Asked between batches: gives workers that are to take the place of those before, when they are.
pub(crate) type Reload = Box<dyn FnMut() -> Option<Reloaded> + Send>;

/// What a worker is given.
enum Job {
    Batch(Batch, Option<Mark>),
    /// From here on another one works.
    Replace(Box<Worker>),
}

/// Reads, annotates and writes until the input ends. Returns whether all input could be read.
///
/// When `write` fails this returns at once, whatever the other threads wait for: the process is about to end.
pub(crate) fn run(
    read: impl FnOnce(&mut dyn Sink) -> Result<bool, Closed> + Send + 'static,
    workers: Vec<Worker>,
    reload: Reload,
    console: &Console,
    write: &mut dyn FnMut(Done) -> Result<()>,
) -> Result<bool> {
    let mut jobs = Vec::new();
    let mut results = Vec::new();
    let mut threads = Vec::new();
    for worker in workers {
        let (job, todo) = sync_channel(QUEUE);
        let (done, result) = sync_channel(QUEUE);
        jobs.push(job);
        results.push(result);
        threads.push(thread::spawn(move || work(worker, &todo, &done)));
    }
    let reader = thread::spawn(move || {
        read(&mut Dealer {
            workers: jobs,
            turn: 0,
            reload,
        })
    });
    for result in results.iter().cycle() {
        let Ok(done) = result.recv() else {
            break;
        };
        done.say(console);
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

/// Gives each batch to the worker whose turn it is.
struct Dealer {
    workers: Vec<SyncSender<Job>>,
    turn: usize,
    reload: Reload,
}

impl Sink for Dealer {
    fn take(&mut self, batch: Batch, mark: Option<Mark>) -> Result<(), Closed> {
        let worker = self.workers.get(self.turn).ok_or(Closed)?;
        self.turn = (self.turn + 1) % self.workers.len();
        worker.send(Job::Batch(batch, mark)).map_err(|_| Closed)
    }

    fn between(&mut self) -> Result<Option<Bounds>, Closed> {
        let Some(Reloaded { workers, bounds }) = (self.reload)() else {
            return Ok(None);
        };
        for (job, worker) in self.workers.iter().zip(workers) {
            job.send(Job::Replace(Box::new(worker))).map_err(|_| Closed)?;
        }
        Ok(Some(bounds))
    }
}

fn work(mut worker: Worker, todo: &Receiver<Job>, done: &SyncSender<Done>) {
    for job in todo {
        let (batch, mark) = match job {
            Job::Replace(other) => {
                worker = *other;
                continue;
            }
            Job::Batch(batch, mark) => (batch, mark),
        };
        let result = one(&mut worker, batch);
        if done.send(Done { mark, ..result }).is_err() {
            return;
        }
    }
}

/// Works on one batch.
pub(crate) fn one(worker: &mut Worker, batch: Batch) -> Done {
    match batch {
        Batch::Lines(lines) => annotate(&mut worker.guarded, &lines, worker.keep),
        Batch::Piece { bytes, first } => pass(bytes, first, worker.bounds),
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
        mark: None,
        faults,
        too_long: None,
    }
}

/// A piece of a line that is too long to be looked at.
fn pass(bytes: Vec<u8>, first: bool, bounds: Bounds) -> Done {
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
        mark: None,
        faults: Vec::new(),
        too_long: first.then(|| bounds.line()),
    }
}

/// Takes out the lines that are no alerts, and says how many.
fn withhold(lines: &mut Vec<u8>, line_bytes: usize) -> u64 {
    let mut withheld = 0;
    let mut kept = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        if line.len() > line_bytes || bewit::is_annotated(line) {
            kept.extend_from_slice(line);
        } else {
            withheld += 1;
        }
    }
    *lines = kept;
    withheld
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
