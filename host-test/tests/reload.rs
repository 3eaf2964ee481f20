//! SIGHUP: the configuration is read again while files are followed, and one with a mistake changes nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{SEED, bewit, component, folder, wait_for};

/// A run that follows a log under a configuration.
struct Run {
    child: Child,
    log: PathBuf,
    out: Seen,
    said: Seen,
}

/// Lines, as they come.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn read(&self, from: impl std::io::Read + Send + 'static) {
        let seen = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(from).lines() {
                seen.0.lock().unwrap().push(line.unwrap());
            }
        });
    }

    fn count(&self, part: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl Run {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let log = folder.join("falco.log");
        File::create(&log).unwrap();
        let mut child = bewit()
            .args(["annotate", "--follow", "--stats", "--detail", "brief"])
            .args(["--config".as_ref(), folder.join("bewit.yaml").as_os_str()])
            .args(more)
            .arg(&log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, said) = (Seen::default(), Seen::default());
        out.read(child.stdout.take().unwrap());
        said.read(child.stderr.take().unwrap());
        Self { child, log, out, said }
    }

    /// Adds an alert to the log and waits until it has come out.
    fn alert(&self, expected: &str) {
        let before = self.out.count("bewit.alert/1");
        let mut log = File::options().append(true).open(&self.log).unwrap();
        writeln!(log, "{SEED}").unwrap();
        wait_for("an alert", || self.out.count("bewit.alert/1") > before);
        let last = self.out.0.lock().unwrap().last().unwrap().clone();
        assert!(last.contains(expected), "{expected}: {last}");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Asks it to read the configuration again, and waits until it has said this.
    fn reload(&self, expected: &str) {
        let before = self.said.count(expected);
        self.signal("-HUP");
        wait_for(expected, || self.said.count(expected) > before);
    }

    fn end(mut self, expected: &str) {
        self.signal("-TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{}", self.said.all());
        wait_for(expected, || self.said.count(expected) == 1);
    }
}

const TAKEN: &str = "the configuration was read again and is in force";
const STAYS: &str = "the configuration from before stays in force";

#[test]
fn a_new_configuration_holds_from_the_next_batch_on() {
    if !component() {
        return;
    }
    let folder = folder("reload");
    let config = folder.join("bewit.yaml");
    fs::write(&config, "organisation: {cluster: north}\n").unwrap();
    for jobs in ["1", "3"] {
        fs::write(&config, "organisation: {cluster: north}\n").unwrap();
        let run = Run::start(&folder, &["--jobs", jobs]);
        run.alert(r#""cluster":"north""#);
        fs::write(&config, "organisation: {cluster: south}\nlimits: {batch_lines: 1}\n").unwrap();
        run.alert(r#""cluster":"north""#);
        run.reload(TAKEN);
        for _ in 0..4 {
            run.alert(r#""cluster":"south""#);
        }
        run.end("reloads   1 taken, 0 refused");
    }
}

#[test]
fn a_broken_configuration_is_said_with_its_place_and_the_old_one_stays() {
    if !component() {
        return;
    }
    let folder = folder("reload-broken");
    let (config, overlay) = (folder.join("bewit.yaml"), folder.join("ours.yaml"));
    let good = "organisation: {cluster: north}\noverlays: [ours.yaml]\n";
    fs::write(&config, good).unwrap();
    fs::write(&overlay, "organisation: {owner: team one}\n").unwrap();
    let run = Run::start(&folder, &[]);
    run.alert(r#""owner":"team one""#);

    fs::write(&config, "organisation:\n  clutser: south\n").unwrap();
    run.reload("bewit.yaml:2:3: organisation: unknown key `clutser`");
    wait_for(STAYS, || run.said.count(STAYS) == 1);
    run.alert(r#""cluster":"north""#);

    fs::write(&config, good).unwrap();
    fs::write(&overlay, "organisation: {owner: team two}\nsurprise: 1\n").unwrap();
    run.reload("ours.yaml:2:1: ");
    wait_for(STAYS, || run.said.count(STAYS) == 2);
    run.alert(r#""owner":"team one""#);

    fs::remove_file(&config).unwrap();
    run.reload("cannot read the configuration");
    run.alert(r#""owner":"team one""#);

    fs::write(&config, good).unwrap();
    fs::write(&overlay, "organisation: {owner: team two}\n").unwrap();
    run.reload(TAKEN);
    run.alert(r#""owner":"team two""#);
    run.end("reloads   1 taken, 3 refused");
}

#[test]
fn options_go_first_after_a_reload_too() {
    if !component() {
        return;
    }
    let folder = folder("reload-options");
    let config = folder.join("bewit.yaml");
    fs::write(&config, "min_priority: critical\n").unwrap();
    let run = Run::start(&folder, &["--min-priority", "debug"]);
    run.alert("bewit.alert/1");
    fs::write(&config, "min_priority: emergency\ndetail: full\n").unwrap();
    run.reload(TAKEN);
    run.alert("bewit.alert/1");
    let last = run.out.0.lock().unwrap().last().unwrap().clone();
    assert!(!last.contains(r#""entities""#), "{last}");
    run.end("reloads   1 taken, 0 refused");
}
