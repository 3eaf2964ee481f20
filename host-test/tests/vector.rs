//! The ways between Vector and bewit, with 100,000 events: none is lost, also when bewit is killed in the middle.
//!
//! A sender stands in for Vector that does what its `http` sink does: it posts JSON arrays on several connections at
//! once, and posts an array again until the answer is 2xx. `vector_real.rs` has the real one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::http::{Serve, Target, request};
use common::vector::{BRIEF, EVENTS, UUID, event, number};
use common::{SEED, annotated, bewit, component, folder, text};
use serde_json::value::RawValue;

/// Events of a request.
const BATCH: usize = 500;
/// Requests under way at once.
const SENDERS: usize = 4;

/// What an event becomes.
struct Expected {
    /// An annotated alert, in the parts between its identifiers.
    parts: Vec<String>,
}

impl Expected {
    fn new() -> Self {
        let brief = bewit::Config {
            detail: bewit::Detail::Brief,
            ..bewit::Config::default()
        };
        let annotator = bewit::Annotator::new(brief);
        let mut alert = Vec::new();
        bewit::annotate_batch(&annotator, SEED.as_bytes(), &mut alert);
        let alert = String::from_utf8(alert).unwrap();
        Self {
            parts: alert.split(UUID).map(str::to_owned).collect(),
        }
    }

    /// Which event a record was, if it is exactly what that one becomes.
    fn event(&self, record: &str) -> usize {
        let at = self.parts[0].len();
        let id = &record[at..at + UUID.len()];
        assert_eq!(record, self.parts.join(id));
        number(id)
    }
}

/// How often each event arrived, annotated as it should be.
struct Arrived {
    expected: Expected,
    times: Mutex<Vec<u32>>,
}

impl Arrived {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            expected: Expected::new(),
            times: Mutex::new(vec![0; EVENTS]),
        })
    }

    /// Takes a JSON array of records.
    fn take(&self, array: &[u8]) {
        let records: Vec<&RawValue> = serde_json::from_slice(array).unwrap();
        let events: Vec<usize> = records.iter().map(|record| self.expected.event(record.get())).collect();
        let mut times = self.times.lock().unwrap();
        for event in events {
            times[event] += 1;
        }
    }

    /// How many events arrived how often.
    fn tally(&self) -> BTreeMap<u32, usize> {
        let mut tally = BTreeMap::new();
        for times in &*self.times.lock().unwrap() {
            *tally.entry(*times).or_default() += 1;
        }
        tally
    }
}

/// Posts all events, each until it was accepted, and gives the answers to `take`. Returns how many posts it took.
fn send(
    address: SocketAddr,
    accepted: &Arc<AtomicUsize>,
    take: impl Fn(&[u8]) + Send + Sync + 'static,
) -> thread::JoinHandle<usize> {
    let (accepted, take) = (Arc::clone(accepted), Arc::new(take));
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (accepted, take) = (Arc::clone(&accepted), Arc::clone(&take));
            thread::spawn(move || {
                let mut posts = 0;
                for batch in (sender..EVENTS / BATCH).step_by(SENDERS) {
                    let events: Vec<String> = (batch * BATCH..(batch + 1) * BATCH).map(event).collect();
                    let body = format!("[{}]", events.join(","));
                    loop {
                        posts += 1;
                        let headers = [("Content-Type", "application/json")];
                        match request(address, "POST", "/", &headers, body.as_bytes()) {
                            Ok(answer) if (200..300).contains(&answer.status) => {
                                take(&answer.body);
                                break;
                            }
                            Ok(answer) if matches!(answer.status, 408 | 429 | 500..=599) => {}
                            Ok(answer) => panic!("Vector drops a batch after this: {answer:?}"),
                            // No connection, or none any more.
                            Err(_) => {}
                        }
                        thread::sleep(Duration::from_millis(20));
                    }
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
                posts
            })
        })
        .collect();
    thread::spawn(move || senders.into_iter().map(|sender| sender.join().unwrap()).sum())
}

/// Kills it without warning after a third of the batches, and starts it again; then the same with a warning.
fn disturb(mut serve: Serve, args: &[&str], accepted: &AtomicUsize) -> Serve {
    let address = serve.address.to_string();
    for (signal, third) in [("-KILL", 1), ("-TERM", 2)] {
        let so_many = EVENTS / BATCH * third / 3;
        while accepted.load(Ordering::Relaxed) < so_many {
            thread::sleep(Duration::from_millis(1));
        }
        serve.signal(signal);
        let (code, said) = serve.wait();
        assert_eq!(code, (signal == "-TERM").then_some(0), "{said}");
        thread::sleep(Duration::from_millis(100));
        serve = Serve::start_on(&address, args);
    }
    serve
}

#[test]
fn every_event_is_in_an_answer_once_although_the_server_is_killed() {
    if !component() {
        return;
    }
    let config = folder("vector-answers").join("bewit.yaml");
    fs::write(&config, BRIEF).unwrap();
    let args = ["--config", text(&config), "--jobs", "2"];
    let serve = Serve::start(&args);
    let (accepted, arrived) = (Arc::default(), Arrived::new());
    let answers = Arc::clone(&arrived);
    let sender = send(serve.address, &accepted, move |answer| answers.take(answer));
    let _serve = disturb(serve, &args, &accepted);
    let posts = sender.join().unwrap();
    assert_eq!(arrived.tally(), BTreeMap::from([(1, EVENTS)]));
    assert!(posts > EVENTS / BATCH, "nothing had to be sent again: {posts}");
}

#[test]
fn every_event_is_forwarded_although_the_server_is_killed() {
    if !component() {
        return;
    }
    let config = folder("vector-forward").join("bewit.yaml");
    fs::write(&config, BRIEF).unwrap();
    let (accepted, arrived) = (Arc::default(), Arrived::new());
    let received = Arc::clone(&arrived);
    // Targets have bad moments, too.
    let target = Target::with(
        &[
            "503 Service Unavailable",
            "500 Internal Server Error",
            "",
            "429 Too Many Requests",
        ],
        move |request| received.take(&request.body),
    );
    let url = format!("http://{target}/");
    let args = ["--config", text(&config), "--jobs", "2", "--forward", &url];
    let serve = Serve::start(&args);
    let sender = send(serve.address, &accepted, |answer| assert_eq!(answer, b""));
    let _serve = disturb(serve, &args, &accepted);
    let posts = sender.join().unwrap();
    let tally = arrived.tally();
    // What was accepted just before the kill is sent again: at least once, in whole batches, of the posts under way.
    let again: usize = tally
        .iter()
        .filter(|(times, _)| **times > 1)
        .map(|(_, events)| events)
        .sum();
    assert!(!tally.contains_key(&0), "{tally:?}");
    assert!(again.is_multiple_of(BATCH) && again <= SENDERS * BATCH, "{tally:?}");
    assert!(posts > EVENTS / BATCH, "nothing had to be sent again: {posts}");
}

#[test]
fn as_a_streaming_command_it_holds_nothing_back_and_ends_with_its_reader() {
    if !component() {
        return;
    }
    let file = folder("vector-exec").join("falco.log");
    fs::write(&file, format!("{SEED}\n")).unwrap();
    // As Vector's `exec` source starts it: no input, and a pipe for each output.
    let mut child = bewit()
        .args(["annotate", "--follow", "--only-alerts"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), annotated(SEED));
    // The one that is written next comes before there is another.
    let mut log = File::options().append(true).open(&file).unwrap();
    for number in 1..4 {
        writeln!(log, "other\n{}", event(number)).unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), annotated(event(number)));
    }
    // Vector has gone.
    drop(lines);
    writeln!(log, "{SEED}").unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*said), (Some(0), ""));
}

fn config(example: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/vector"))
        .join(example)
        .join("vector.yaml")
}

/// Runs the mirror on an example, or on what is made of it.
fn mirror(config: &Path, more: &[&str], input: &str) -> std::process::Output {
    let args = ["annotate", "--host", "vector", "--vector-config", text(config)];
    common::run(&[&args[..], more].concat(), input)
}

#[test]
fn the_mirror_runs_the_examples() {
    if !component() {
        return;
    }
    let input = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/falco.log")).unwrap();
    for (example, records) in [("http", 17), ("exec", 13)] {
        let output = mirror(&config(example), &["--stats"], &input);
        let said = common::stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("lines     17\nalerts    13\npassed    4\n"), "{said}");
        let out = common::stdout(&output);
        let events: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len(), records, "{out}");
        let alerts = events
            .iter()
            .filter(|event| event["bewit"]["schema"] == "bewit.alert/1")
            .count();
        assert_eq!(alerts, 13);
    }
}

#[test]
fn the_mirror_shows_what_vector_would_lose() {
    if !component() {
        return;
    }
    let folder = folder("vector-mirror");
    let (http, exec) = (folder.join("http.yaml"), folder.join("exec.yaml"));
    let example = |name| fs::read_to_string(config(name)).unwrap();

    // Text goes out; what is no alert comes back as text, and is no JSON.
    fs::write(
        &http,
        example("http").replacen("codec: json\n    batch", "codec: text\n    batch", 1),
    )
    .unwrap();
    let output = mirror(&http, &[], "some other line\n");
    assert_eq!((output.status.code(), &*common::stdout(&output)), (Some(1), ""));
    assert!(common::stderr(&output).contains("sources.annotated.decoding.codec: a record cannot be read"));

    fs::write(&exec, example("exec").replace("      - --only-alerts\n", "")).unwrap();
    let output = mirror(&exec, &[], &format!("{SEED}\nother\n"));
    assert_eq!(
        (output.status.code(), common::stdout(&output).lines().count()),
        (Some(1), 1)
    );
    let said = common::stderr(&output);
    assert!(
        said.contains("sources.falco.command: without --only-alerts Vector drops the lines"),
        "{said}"
    );
    assert!(
        said.contains("sources.falco.decoding.codec: a line cannot be read"),
        "{said}"
    );

    fs::write(&exec, example("exec").replace("- --follow", "- --folow")).unwrap();
    let output = mirror(&exec, &[], "");
    assert_eq!(output.status.code(), Some(2));
    let said = common::stderr(&output);
    assert!(
        said.contains("exec.yaml: sources.falco.command: ") && said.contains("'--follow'"),
        "{said}"
    );
}
