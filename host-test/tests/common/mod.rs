//! Runs the real binary.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)] // helpers of tests

#[path = "../../../tests/common/again.rs"]
pub(crate) mod again;
#[path = "../../../tests/common/cef.rs"]
pub(crate) mod cef;
#[path = "../../../tests/common/hostile.rs"]
pub(crate) mod chosen;
#[path = "../../../tests/common/corpus.rs"]
pub(crate) mod corpus;
pub(crate) mod filter;
pub(crate) mod hostile;
pub(crate) mod http;
#[path = "../../../tests/common/random.rs"]
pub(crate) mod random;
pub(crate) mod records;
pub(crate) mod vector;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use corpus::{corpus_files, corpus_lines, fuzzed};

/// The event this project began with.
pub(crate) const SEED: &str = r#"{"hostname":"k8s-master-01","output":"13:40:25.978642167: Warning Shell executed in a container (user=root container=64fac540e48f process=sh command=sh -c ip link del calico_tmp_A || true)","output_fields":{"container.id":"64fac540e48f","evt.time":1730209225978642167,"proc.cmdline":"sh -c ip link del calico_tmp_A || true","proc.name":"sh","user.name":"root"},"priority":"Warning","rule":"Detect Shell in Container","source":"syscall","tags":["container","process","shell"],"time":"2024-10-29T13:40:25.978642167Z","uuid":"06dc3669-f1aa-47da-92bf-ae8723e1b9a6"}"#;

/// Values in the hostile alerts.
const CHOSEN: u64 = 20_000;

/// Whether the binary has a component; says so if it has none.
pub(crate) fn component() -> bool {
    let there = std::env::var_os("BEWIT_COMPONENT").is_some_and(|path| !path.is_empty());
    if !there {
        eprintln!("skipped: no component (BEWIT_COMPONENT is not set)");
    }
    there
}

pub(crate) fn bewit() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bewit"))
}

/// Runs to the end with this on standard input.
pub(crate) fn run(args: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = bewit()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    // Whoever refuses its arguments reads nothing.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the library makes of the same bytes, without host and component.
pub(crate) fn annotated(lines: impl AsRef<[u8]>) -> String {
    let mut out = Vec::new();
    bewit::annotate_batch(&bewit::Annotator::default(), lines.as_ref(), &mut out);
    String::from_utf8(out).unwrap()
}

/// A folder for a test's files, empty.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits until something is so; fails if it does not become so.
pub(crate) fn wait_for(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Most memory that a process has had so far, in bytes.
pub(crate) fn peak_memory(child: &Child) -> Option<u64> {
    memory(child, "VmHWM:")
}

/// Memory that a process has now, in bytes.
pub(crate) fn resident_memory(child: &Child) -> Option<u64> {
    memory(child, "VmRSS:")
}

fn memory(child: &Child, what: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// The record that a log shipper makes of a line.
pub(crate) fn wrapped(line: impl AsRef<[u8]>) -> String {
    serde_json::json!({ "log": String::from_utf8_lossy(line.as_ref()) }).to_string()
}

/// The corpus, what fuzzing kept, and hostile alerts of all rules: what all faces are compared on.
pub(crate) fn everything() -> Vec<Vec<u8>> {
    let hostile = chosen::Hostile::new(7).alerts(CHOSEN);
    corpus_lines().into_iter().chain(fuzzed()).chain(hostile).collect()
}
