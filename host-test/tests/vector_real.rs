//! bewit and a real Vector, where there is one on PATH: the examples as they stand, 100,000 events each way, and what
//! the documents say that Vector does.
//!
//! The program for `remap` is compared with the component in `vrl/`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::http::{Serve, Target};
use common::vector::{BRIEF, EVENTS, TO_THE_END, event, number, vector};
use common::{SEED, component, corpus_lines, folder, run, stderr, stdout, text, wait_for};
use serde_json::Value;

/// How long 100,000 events may take on a busy machine. One that is lost would never come.
const PATIENCE: Duration = Duration::from_secs(600);

/// Whether there is all that these tests need; says so if there is not.
fn ready() -> bool {
    component() && vector()
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// An example in a test's folder, with the test's files and addresses in place of its own.
fn example(name: &str, folder: &Path, more: &[(&str, &str)]) -> PathBuf {
    let mut config = fs::read_to_string(repository().join("examples/vector").join(name).join("vector.yaml")).unwrap();
    let (log, alerts) = (folder.join("falco.log"), folder.join("alerts.jsonl"));
    let own = [
        ("examples/falco.log", text(&log)),
        ("target/vector/alerts.jsonl", text(&alerts)),
        ("data_dir: target/vector", &format!("data_dir: {}", folder.display())),
    ];
    for (from, to) in own.iter().chain(more) {
        assert_eq!(config.matches(from).count(), 1, "{name}: {from}");
        config = config.replace(from, to);
    }
    let path = folder.join("vector.yaml");
    fs::write(&path, config).unwrap();
    path
}

/// An address that nobody listens on yet.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

/// `bewit serve`, and the example around it.
fn sidecar(folder: &Path) -> (Serve, PathBuf) {
    let back = free();
    let serve = Serve::start(&["--forward", &format!("http://{back}/")]);
    let config = around(&serve, &back, folder);
    (serve, config)
}

/// The example around a `bewit serve` that posts to `back`.
fn around(serve: &Serve, back: &str, folder: &Path) -> PathBuf {
    let addresses = [("http://127.0.0.1:2802/", &*serve.url()), ("127.0.0.1:2803", back)];
    example("http", folder, &addresses)
}

/// The example with this `bewit` in it, and more arguments for it.
fn command(folder: &Path, args: &[&str]) -> PathBuf {
    let args: String = args.iter().map(|arg| format!("\n      - {arg}")).collect();
    let bewit = format!("- {}\n", env!("CARGO_BIN_EXE_bewit"));
    let annotate = format!("- annotate{args}\n");
    example(
        "exec",
        folder,
        &[("- dist/bewit\n", &bewit), ("- annotate\n", &annotate)],
    )
}

/// A Vector that runs, and ends with this.
struct Vector {
    child: Child,
    log: PathBuf,
}

impl Vector {
    fn start(config: &Path) -> Self {
        let folder = config.parent().unwrap();
        let log = folder.join("vector.log");
        let child = Command::new("vector")
            .args(["--quiet", "--config"])
            .arg(config)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// What it has said: with `--quiet`, only errors.
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn end(mut self, signal: &str) {
        kill(signal, self.child.id());
        self.child.wait().unwrap();
    }
}

impl Drop for Vector {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(status.unwrap().success(), "{pid}");
}

/// Writes all events into the log of a folder.
fn log(test: &str) -> PathBuf {
    let folder = folder(test);
    let lines: String = (0..EVENTS).map(|number| event(number) + "\n").collect();
    fs::write(folder.join("falco.log"), lines).unwrap();
    folder
}

/// A file of JSON lines that somebody else writes.
struct Growing {
    path: PathBuf,
    /// So many bytes have been read.
    read: u64,
}

impl Growing {
    fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// The whole lines that are new.
    fn next(&mut self) -> Vec<Value> {
        let mut values = Vec::new();
        let Ok(mut file) = File::open(&self.path) else {
            return values;
        };
        file.seek(SeekFrom::Start(self.read)).unwrap();
        let (mut file, mut line) = (BufReader::new(file), Vec::new());
        while file.read_until(b'\n', &mut line).unwrap() > 0 && line.ends_with(b"\n") {
            self.read += line.len() as u64;
            values.push(serde_json::from_slice(&line).unwrap());
            line.clear();
        }
        values
    }

    /// All lines, as soon as there are so many.
    fn wait_for(&mut self, count: usize, vector: &Vector) -> Vec<Value> {
        let (mut values, began) = (self.next(), Instant::now());
        while values.len() < count {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{} of {count}: {}",
                values.len(),
                vector.said()
            );
            thread::sleep(Duration::from_millis(50));
            values.extend(self.next());
        }
        values
    }
}

/// The alerts that came out at the end, each of them as it should be.
struct Alerts {
    file: Growing,
    /// How often each event arrived.
    times: Vec<u32>,
    /// What bewit says of the first: of the others it says the same.
    bewit: Option<Value>,
    /// The process that an `exec` source had the last one from.
    pid: Option<u32>,
}

impl Alerts {
    fn new(folder: &Path) -> Self {
        Self {
            file: Growing::new(folder.join("alerts.jsonl")),
            times: vec![0; EVENTS],
            bewit: None,
            pid: None,
        }
    }

    /// How many events have arrived.
    fn count(&mut self) -> usize {
        for mut alert in self.file.next() {
            let uuid = alert["uuid"].as_str().unwrap().to_owned();
            self.times[number(&uuid)] += 1;
            let mut bewit = alert["bewit"].take();
            assert_eq!(bewit["schema"], "bewit.alert/1", "{uuid}");
            assert_eq!(bewit["id"].take(), *uuid);
            assert_eq!(&bewit, self.bewit.get_or_insert_with(|| bewit.clone()), "{uuid}");
            self.pid = alert["pid"].as_u64().map(|pid| pid.try_into().unwrap());
        }
        self.times.iter().filter(|times| **times > 0).count()
    }

    fn wait_for(&mut self, count: usize) {
        let began = Instant::now();
        while self.count() < count {
            assert!(began.elapsed() < PATIENCE, "{} of {count} alerts", self.count());
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// How many events arrived how often.
    fn tally(&mut self) -> BTreeMap<u32, usize> {
        self.count();
        let mut tally = BTreeMap::new();
        for times in &self.times {
            *tally.entry(*times).or_default() += 1;
        }
        tally
    }
}

#[test]
fn it_accepts_the_examples() {
    if !vector() {
        return;
    }
    let folder = folder("vector-real-validate");
    for config in [example("http", &folder, &[]), example("exec", &folder, &[])] {
        // With the environment: Vector builds everything, and looks whether it could run.
        let output = Command::new("vector").arg("validate").arg(&config).output().unwrap();
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains("Validated"), "{}", stdout(&output));
        let warned = stdout(&output) + &stderr(&output);
        assert!(!warned.to_lowercase().contains("warn"), "{warned}");
    }
}

#[test]
fn the_examples_give_what_they_say() {
    if !ready() {
        return;
    }
    let log = fs::read(repository().join("examples/falco.log")).unwrap();
    let alerts = |records: &[Value]| records.iter().filter(|record| record["bewit"].is_object()).count();
    let readme =
        |name: &str| fs::read_to_string(repository().join(format!("examples/vector/{name}/README.md"))).unwrap();
    for name in ["http", "exec"] {
        let folder = folder(&format!("vector-real-example-{name}"));
        fs::write(folder.join("falco.log"), &log).unwrap();
        let (_serve, config, count) = if name == "http" {
            let (serve, config) = sidecar(&folder);
            (Some(serve), config, 17)
        } else {
            (None, command(&folder, &[]), 13)
        };
        let vector = Vector::start(&config);
        let records = Growing::new(folder.join("alerts.jsonl")).wait_for(count, &vector);
        assert_eq!(
            (records.len(), alerts(&records), &*vector.said()),
            (count, 13, ""),
            "{name}"
        );
        let said = match name {
            "http" => "has 17 records, of which 13 have the key `bewit`",
            _ => "has 13 alerts",
        };
        assert!(readme(name).contains(said), "{name}: {said}");
    }
}

/// Every line of the corpus comes out of Vector as the mirror says.
#[test]
fn the_mirror_is_like_it() {
    if !ready() {
        return;
    }
    let mut lines = corpus_lines();
    // What a `file` source makes of other bytes is its own affair.
    lines.retain(|line| std::str::from_utf8(line).is_ok());
    // By default Vector's `file` source would drop this one.
    lines.push(SEED.replace("ip link", &"a".repeat(500_000)).into_bytes());
    for name in ["http", "exec"] {
        let folder = folder(&format!("vector-real-mirror-{name}"));
        let (log, past) = (folder.join("falco.log"), folder.join("past.jsonl"));
        fs::write(&log, [lines.join(&b'\n'), b"\n".to_vec()].concat()).unwrap();
        let (_serve, config) = if name == "http" {
            let (serve, config) = sidecar(&folder);
            let mut more = File::options().append(true).open(&config).unwrap();
            // The events as they go to bewit.
            writeln!(
                more,
                "  past:\n    type: file\n    inputs: [falco]\n    path: {}\n    encoding: {{codec: json}}",
                past.display()
            )
            .unwrap();
            (Some(serve), config)
        } else {
            (None, command(&folder, &[]))
        };
        let input = if name == "http" { &past } else { &log };
        let vector = Vector::start(&config);
        if name == "http" {
            Growing::new(past.clone()).wait_for(lines.len(), &vector);
        }
        let mirror = run(
            &[
                "annotate",
                "--host",
                "vector",
                "--vector-config",
                text(&config),
                text(input),
            ],
            "",
        );
        assert!(mirror.status.success(), "{}", stderr(&mirror));
        // Requests overtake each other, and sources add keys.
        let sorted = |events: Vec<Value>| {
            let mut texts: Vec<String> = events
                .into_iter()
                .map(|mut event| {
                    let keys = event.as_object_mut().unwrap();
                    for key in ["command", "host", "path", "pid", "source_type", "stream", "timestamp"] {
                        keys.remove(key);
                    }
                    event.to_string()
                })
                .collect();
            texts.sort();
            texts
        };
        let mirror = stdout(&mirror);
        let mirror = sorted(mirror.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
        let real = Growing::new(folder.join("alerts.jsonl")).wait_for(mirror.len(), &vector);
        let real = sorted(real);
        println!("{name}: {} equal events of {} lines", real.len(), lines.len());
        assert_eq!(real.len(), mirror.len(), "{}", vector.said());
        for (real, mirror) in real.iter().zip(&mirror) {
            assert_eq!(real, mirror, "{name}");
        }
    }
}

#[test]
fn nothing_is_lost_in_remap() {
    if !ready() {
        return;
    }
    let folder = log("vector-real-remap");
    let config = folder.join("bewit.yaml");
    fs::write(&config, BRIEF).unwrap();
    let export = run(
        &["vector", "export", "--out", text(&folder), "--config", text(&config)],
        "",
    );
    assert!(export.status.success(), "{}", stderr(&export));
    let began = Instant::now();
    let output = Command::new("vector")
        .args(TO_THE_END)
        .current_dir(&folder)
        .stdin(File::open(folder.join("falco.log")).unwrap())
        .stdout(File::create(folder.join("alerts.jsonl")).unwrap())
        .output()
        .unwrap();
    println!("{EVENTS} events in {:?}", began.elapsed());
    assert_eq!((output.status.code(), &*stderr(&output)), (Some(0), ""));
    assert_eq!(Alerts::new(&folder).tally(), BTreeMap::from([(1, EVENTS)]));
}

#[test]
fn nothing_is_lost_over_http_although_both_are_killed() {
    if !ready() {
        return;
    }
    let folder = log("vector-real-http");
    let brief = folder.join("brief.yaml");
    fs::write(&brief, BRIEF).unwrap();
    let back = free();
    let args = ["--config", text(&brief), "--forward", &format!("http://{back}/")];
    let mut serve = Serve::start(&args);
    let config = around(&serve, &back, &folder);
    let mut alerts = Alerts::new(&folder);
    let began = Instant::now();
    let vector = Vector::start(&config);

    alerts.wait_for(EVENTS / 4);
    serve.signal("-KILL");
    serve.wait();
    assert!(alerts.count() < EVENTS, "bewit was killed too late");
    // Long enough for Vector to try in vain.
    thread::sleep(Duration::from_secs(2));
    let _serve = Serve::start_on(&serve.address.to_string(), &args);

    alerts.wait_for(EVENTS / 2);
    vector.end("-KILL");
    assert!(alerts.count() < EVENTS, "Vector was killed too late");
    let _vector = Vector::start(&config);
    alerts.wait_for(EVENTS);
    println!(
        "{EVENTS} events in {:?}, how often: {:?}",
        began.elapsed(),
        alerts.tally()
    );
}

#[test]
fn nothing_is_lost_over_exec_although_bewit_is_killed() {
    if !ready() {
        return;
    }
    let folder = log("vector-real-exec");
    let brief = folder.join("brief.yaml");
    fs::write(&brief, BRIEF).unwrap();
    let config = command(&folder, &["--config", text(&brief)]);
    let mut alerts = Alerts::new(&folder);
    let began = Instant::now();
    let vector = Vector::start(&config);
    alerts.wait_for(EVENTS / 4);
    kill("-KILL", alerts.pid.unwrap());
    assert!(alerts.count() < EVENTS, "bewit was killed too late");
    alerts.wait_for(EVENTS);
    println!(
        "{EVENTS} events in {:?}, how often: {:?}",
        began.elapsed(),
        alerts.tally()
    );
    // bewit follows the log, until Vector ends.
    vector.end("-TERM");
    let process = PathBuf::from(format!("/proc/{}", alerts.pid.unwrap()));
    wait_for("the end of bewit", || !process.exists());
}

/// What the table of status codes in `docs/vector-host.md` says.
#[test]
fn it_tries_again_after_the_answers_that_mean_so() {
    if !vector() {
        return;
    }
    let events: String = (0..8).map(|number| format!("{number}\n")).collect();
    // An empty answer is a connection that is closed without one.
    let again = [
        "408 Request Timeout",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "",
    ];
    let dropped = [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "413 Content Too Large",
        "415 Unsupported Media Type",
    ];
    for (answers, arrive) in [(&again[..], 0..8), (&dropped[..], 7..8)] {
        let target = Target::start(answers);
        let config = format!(
            "sources:\n  in: {{type: stdin}}\nsinks:\n  out:\n    type: http\n    inputs: [in]\n    uri: {}\n    \
             encoding: {{codec: text}}\n    batch: {{max_events: 1}}\n    \
             request: {{concurrency: 1, retry_max_duration_secs: 1}}\n",
            target.url()
        );
        let folder = folder("vector-real-answers");
        let (input, file) = (folder.join("in"), folder.join("vector.yaml"));
        fs::write(&input, &events).unwrap();
        fs::write(&file, config).unwrap();
        let output = Command::new("vector")
            .args(["-qq", "--config"])
            .arg(&file)
            .stdin(File::open(&input).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let bodies: Vec<String> = target.bodies().iter().map(|body| body.trim_end().to_owned()).collect();
        assert_eq!(
            bodies,
            arrive.map(|number| number.to_string()).collect::<Vec<_>>(),
            "{answers:?}"
        );
    }
}
