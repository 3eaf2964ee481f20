//! The component works on threads of its own: what blocks must not block the executor.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use hyper::HeaderMap;
use hyper::body::Bytes;
use tokio::sync::oneshot;

use super::body::Encoding;
use super::metrics::{Matched, Metrics};
use super::refusal::Refusal;
use super::shape::Records;
use crate::console::Console;
use crate::input::{Batch, Bounds};
use crate::pipeline::{self, Worker};

/// A request's body, and where its records go.
struct Job {
    body: Bytes,
    encoding: Encoding,
    headers: HeaderMap,
    reply: oneshot::Sender<Result<Records, Refusal>>,
}

/// What the threads share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) bounds: Bounds,
    pub(super) max_body: usize,
    pub(super) metrics: Arc<Metrics>,
    pub(super) console: Console,
}

/// Threads with an instance of the component each. They end when this is dropped and nothing is left to do.
pub(super) struct Workers(Sender<Job>);

impl Workers {
    pub(super) fn start(workers: Vec<Worker>, shared: &Shared) -> Self {
        // It needs no bound of its own: requests are counted before they get here.
        let (jobs, todo) = channel();
        let todo = Arc::new(Mutex::new(todo));
        for worker in workers {
            let (todo, shared) = (Arc::clone(&todo), shared.clone());
            thread::spawn(move || work(worker, &todo, &shared));
        }
        Self(jobs)
    }

    /// Annotates a body.
    pub(super) async fn annotate(
        &self,
        body: Bytes,
        encoding: Encoding,
        headers: HeaderMap,
    ) -> Result<Records, Refusal> {
        let (reply, records) = oneshot::channel();
        let job = Job {
            body,
            encoding,
            headers,
            reply,
        };
        self.0.send(job).map_err(|_| Refusal::Lost)?;
        records.await.unwrap_or(Err(Refusal::Lost))
    }
}

fn work(mut worker: Worker, todo: &Mutex<Receiver<Job>>, shared: &Shared) {
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else {
            return;
        };
        // The client has gone, and still has its records.
        if job.reply.is_closed() {
            continue;
        }
        let records = job
            .encoding
            .decode(job.body, shared.max_body)
            .map(|body| annotate(&mut worker, &body, &job.headers, shared));
        // It may have gone by now.
        drop(job.reply.send(records));
    }
}

fn annotate(worker: &mut Worker, body: &[u8], headers: &HeaderMap, shared: &Shared) -> Records {
    Records::of(body, headers, shared.bounds, &mut |batch| {
        let before = match &batch {
            Batch::Lines(lines) => Matched::in_lines(lines),
            Batch::Piece { .. } => Matched::default(),
        };
        let done = pipeline::one(worker, batch);
        let matched = Matched::in_lines(&done.bytes).only_new(&before, done.counts.lines.alerts);
        shared.metrics.annotated(&done, &matched);
        done.say(&shared.console);
        done.bytes
    })
}
