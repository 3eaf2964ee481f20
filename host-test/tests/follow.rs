//! `bewit annotate --follow`, while files are written, truncated and replaced.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{SEED, annotated, bewit, component, folder, wait_for};

struct Follower {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: thread::JoinHandle<()>,
}

impl Follower {
    fn start(files: &[&Path]) -> Self {
        let mut child = bewit()
            .args(["annotate", "--follow", "--stats"])
            .args(files)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let output = BufReader::new(child.stdout.take().unwrap());
        let seen = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in output.lines() {
                seen.lock().unwrap().push(line.unwrap());
            }
        });
        Self { child, lines, reader }
    }

    fn wait(&self, line: &str) {
        wait_for(line, || self.lines.lock().unwrap().iter().any(|seen| seen == line));
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Ends it as an init process would.
    fn stop(mut self) -> (Vec<String>, String) {
        self.signal("-TERM");
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        // The last line may have come with the end.
        self.reader.join().unwrap();
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        (lines, said)
    }
}

fn append(file: &Path, text: &str) {
    File::options()
        .create(true)
        .append(true)
        .open(file)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

#[test]
fn a_truncated_file_is_read_from_its_beginning() {
    if !component() {
        return;
    }
    let file = folder("copytruncate").join("falco.log");
    append(&file, &format!("one\n{SEED}\nhal"));
    let follower = Follower::start(&[&file]);
    follower.wait(&annotated(SEED));
    append(&file, "f\ntwo\n");
    follower.wait("two");
    File::options().write(true).open(&file).unwrap().set_len(0).unwrap();
    append(&file, "three\n");
    follower.wait("three");
    let (lines, said) = follower.stop();
    assert_eq!(lines, ["one", &annotated(SEED), "half", "two", "three"]);
    assert!(
        said.contains("falco.log: truncated") && said.contains("lines     5\n"),
        "{said}"
    );
}

#[test]
fn a_renamed_file_is_read_to_its_end_before_the_new_one() {
    if !component() {
        return;
    }
    let folder = folder("rename");
    let (file, old) = (folder.join("falco.log"), folder.join("falco.log.1"));
    append(&file, "one\n");
    let follower = Follower::start(&[&file]);
    follower.wait("one");
    fs::rename(&file, &old).unwrap();
    append(&old, "two\n");
    follower.wait("two");
    // There is a new file, but the program still writes to the old one.
    append(&file, "");
    append(&old, "three\n");
    follower.wait("three");
    append(&old, "four\n");
    append(&file, "five\n");
    follower.wait("five");
    append(&file, "six, without a line break");
    thread::sleep(std::time::Duration::from_millis(300));
    let (lines, _) = follower.stop();
    assert_eq!(
        lines,
        ["one", "two", "three", "four", "five", "six, without a line break"]
    );
}

#[test]
fn what_was_written_before_a_truncation_is_read_from_the_copy() {
    if !component() {
        return;
    }
    let folder = folder("copy");
    let file = folder.join("falco.log");
    append(&file, "one\n");
    let follower = Follower::start(&[&file]);
    follower.wait("one");
    // Stopped, it sees nothing of what comes: the log is copied and truncated twice, and grows beyond where it was.
    follower.signal("-STOP");
    append(&file, "two\nthr");
    fs::copy(&file, folder.join("falco.log-20241028")).unwrap();
    append(&folder.join("falco.log-20241028"), "ee\n");
    File::create(&file).unwrap();
    append(&file, "four\n");
    thread::sleep(std::time::Duration::from_millis(20));
    fs::copy(&file, folder.join("falco.log-20241029")).unwrap();
    File::create(&file).unwrap();
    append(&file, "five, which is longer than all before\n");
    follower.signal("-CONT");
    follower.wait("five, which is longer than all before");
    let (lines, said) = follower.stop();
    assert_eq!(
        lines,
        ["one", "two", "three", "four", "five, which is longer than all before"]
    );
    assert!(said.contains("truncated, going on in its copy"), "{said}");
}

#[test]
fn files_that_had_the_name_meanwhile_come_between() {
    if !component() {
        return;
    }
    let folder = folder("between");
    let file = folder.join("falco.log");
    let old = |number: u32| folder.join(format!("falco.log.{number}"));
    append(&file, "one\n");
    let follower = Follower::start(&[&file]);
    follower.wait("one");
    follower.signal("-STOP");
    append(&file, "two\n");
    fs::rename(&file, old(1)).unwrap();
    for line in ["three\n", "four\n", "five\n"] {
        thread::sleep(std::time::Duration::from_millis(20));
        for number in (1..5).rev().filter(|number| old(*number).exists()) {
            fs::rename(old(number), old(number + 1)).unwrap();
        }
        append(&file, line);
        fs::rename(&file, old(1)).unwrap();
    }
    append(&file, "six\n");
    follower.signal("-CONT");
    follower.wait("six");
    let (lines, _) = follower.stop();
    assert_eq!(lines, ["one", "two", "three", "four", "five", "six"]);
}

#[test]
fn a_file_that_is_not_there_is_waited_for_beside_others() {
    if !component() {
        return;
    }
    let folder = folder("wait");
    let (one, two) = (folder.join("one.log"), folder.join("two.log"));
    append(&one, "one\n");
    let follower = Follower::start(&[&two, &one]);
    follower.wait("one");
    append(&two, "two\n");
    follower.wait("two");
    append(&one, "three\n");
    follower.wait("three");
    let (_, said) = follower.stop();
    assert!(said.contains("two.log: not there, waiting for it"), "{said}");
}
