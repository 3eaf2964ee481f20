//! `kill -9` at random moments, over a log that grows and is rotated: nothing is lost.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bewit::{Annotator, Config, Detail};
use common::random::Random;
use common::{SEED, bewit, component, folder, stderr, text, wait_for};

const LINES: usize = 200_000;
/// Lines between two alerts.
const APART: usize = 100;
/// Lines of a batch, by default.
const BATCH: usize = 256;
const LEAST_KILLS: usize = 20;

fn line(number: usize) -> String {
    if number.is_multiple_of(APART) {
        return SEED.replace("64fac540e48f", &format!("{number:012x}"));
    }
    format!("line {number}")
}

/// What each line becomes.
fn expected() -> Vec<Vec<u8>> {
    let config = Config {
        detail: Detail::Brief,
        ..Config::default()
    };
    let annotator = Annotator::new(config);
    (0..LINES)
        .map(|number| {
            let mut out = Vec::new();
            annotator.annotate(line(number).as_bytes(), &mut out);
            out
        })
        .collect()
}

/// Writes all lines, and rotates the log every few thousand: now it is renamed, now copied and truncated.
fn write(log: &Path, mut random: Random) {
    let mut file = File::options().create(true).append(true).open(log).unwrap();
    let (mut number, mut rotations, mut until) = (0, 0, 3000);
    while number < LINES {
        let end = LINES.min(number + 1 + random.below(600));
        let chunk: String = (number..end).map(|number| line(number) + "\n").collect();
        // A write may end in the middle of a line.
        let (head, tail) = chunk.split_at(random.below(chunk.len()));
        file.write_all(head.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(25));
        file.write_all(tail.as_bytes()).unwrap();
        number = end;
        if number < until {
            continue;
        }
        until = number + 2000 + random.below(8000);
        rotations += 1;
        let old = log.with_file_name(format!("falco.log-{rotations:08}"));
        if random.below(2) == 0 {
            fs::copy(log, &old).unwrap();
            file.set_len(0).unwrap();
        } else {
            fs::rename(log, &old).unwrap();
            // Programs go on writing to the old file until they are told.
            let late = LINES.min(number + 10);
            for number in number..late {
                writeln!(file, "{}", line(number)).unwrap();
            }
            number = late;
            file = File::options().create(true).append(true).open(log).unwrap();
        }
    }
}

/// How often it was killed before everything was there.
fn kill_again_and_again(log: &Path, start: impl Fn() -> Child, out: &Path, random: &mut Random) -> usize {
    let written = Arc::new(AtomicBool::new(false));
    let writer = {
        let (log, written, random) = (log.to_owned(), Arc::clone(&written), random.split());
        thread::spawn(move || {
            write(&log, random);
            written.store(true, Ordering::Relaxed);
        })
    };
    let size = || fs::metadata(out).map_or(0, |data| data.len());
    let mut kills = 0;
    while !written.load(Ordering::Relaxed) || kills < LEAST_KILLS {
        let mut child = start();
        let (before, more) = (size(), random.below(400 << 10) as u64);
        wait_for("output", || {
            size() >= before + more || written.load(Ordering::Relaxed) || child.try_wait().unwrap().is_some()
        });
        // Some die while they start, some while they write, some while they wait for more.
        thread::sleep(Duration::from_micros(random.below(20_000) as u64));
        let early = child.try_wait().unwrap();
        child.kill().unwrap();
        let said = stderr(&child.wait_with_output().unwrap());
        assert!(early.is_none(), "it ended by itself: {said}");
        kills += 1;
    }
    writer.join().unwrap();
    kills
}

/// Counts what came out, and holds it to what went in: nothing is missing. Returns how many came more than once, and
/// how many are no whole record.
fn compare(out: &Path) -> (usize, usize) {
    let out = fs::read(out).unwrap();
    let mut seen: HashMap<&[u8], usize> = HashMap::new();
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        *seen.entry(line).or_default() += 1;
    }
    let mut again = 0;
    let mut missing = Vec::new();
    for (number, line) in expected().iter().enumerate() {
        match seen.remove(line.as_slice()) {
            Some(times) => again += times - 1,
            None => missing.push(number),
        }
    }
    let some: Vec<_> = missing.iter().take(10).collect();
    assert!(missing.is_empty(), "{} lines are missing: {some:?}", missing.len());
    (again, seen.values().sum())
}

fn annotate(state: &Path, log: &Path, more: &[&str]) -> Command {
    let mut command = bewit();
    command
        .args(["annotate", "--detail", "brief", "--state", text(state)])
        .args(more)
        .arg(log)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[test]
fn with_an_output_file_every_line_is_there_once() {
    if !component() {
        return;
    }
    let folder = folder("kill-file");
    let (log, out, state) = (
        folder.join("falco.log"),
        folder.join("out.jsonl"),
        folder.join("bewit.state"),
    );
    let mut random = Random::new(9);
    let start = || annotate(&state, &log, &["--follow", "-o", text(&out)]).spawn().unwrap();
    let kills = kill_again_and_again(&log, start, &out, &mut random);
    let last = annotate(&state, &log, &["-o", text(&out)]).output().unwrap();
    assert!(last.status.success(), "{}", stderr(&last));
    let (again, torn) = compare(&out);
    assert_eq!((again, torn), (0, 0), "after {kills} kills");
    println!("figure: {LINES} lines, {kills} kills, into a file: 0 lost, {again} lines twice, {torn} torn");
}

#[test]
fn with_standard_output_a_batch_may_come_twice() {
    if !component() {
        return;
    }
    let folder = folder("kill-standard");
    let (log, out, state) = (
        folder.join("falco.log"),
        folder.join("out.jsonl"),
        folder.join("bewit.state"),
    );
    let append = || File::options().create(true).append(true).open(&out).unwrap();
    let mut random = Random::new(4);
    let start = || annotate(&state, &log, &["--follow"]).stdout(append()).spawn().unwrap();
    let kills = kill_again_and_again(&log, start, &out, &mut random);
    let last = annotate(&state, &log, &[]).stdout(append()).output().unwrap();
    assert!(last.status.success(), "{}", stderr(&last));
    let (again, torn) = compare(&out);
    assert!(
        again <= kills * BATCH && torn <= kills,
        "{again} again and {torn} torn after {kills} kills"
    );
    println!("figure: {LINES} lines, {kills} kills, into standard output: 0 lost, {again} lines twice, {torn} torn");
}
