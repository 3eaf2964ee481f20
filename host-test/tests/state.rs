//! `--state`: after whatever ended a run, the next one goes on so that nothing is missing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use common::{SEED, annotated, bewit, component, folder, stderr, text, wait_for};

/// A log, the records that are made of it, and the state between.
struct Place {
    log: PathBuf,
    out: PathBuf,
    state: PathBuf,
}

impl Place {
    fn new(test: &str) -> Self {
        let folder = folder(test);
        Self {
            log: folder.join("falco.log"),
            out: folder.join("out.jsonl"),
            state: folder.join("bewit.state"),
        }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = bewit();
        command
            .args(["annotate", "--state", text(&self.state), "-o", text(&self.out)])
            .args(more)
            .arg(&self.log)
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Runs over what is there.
    fn run(&self) -> Output {
        self.command(&[]).output().unwrap()
    }

    /// Runs, and asserts that all went well.
    fn good(&self) -> String {
        let output = self.run();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output)
    }

    fn append(&self, lines: &str) {
        append(&self.log, lines);
    }

    fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    fn state(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(&self.state).unwrap()).unwrap()
    }
}

fn append(file: &Path, lines: &str) {
    let mut file = File::options().create(true).append(true).open(file).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn the_next_run_goes_on_where_the_last_one_ended() {
    if !component() {
        return;
    }
    let place = Place::new("next-run");
    place.append(&format!("one\n{SEED}\nunfin"));
    let said = place.good();
    assert!(
        said.contains("falco.log: 5 bytes of a last line without line break are left"),
        "{said}"
    );
    assert_eq!(place.out(), format!("one\n{}\n", annotated(SEED)));
    place.append("ished\ntwo\n");
    assert_eq!(place.good(), "");
    assert_eq!(place.out(), format!("one\n{}\nunfinished\ntwo\n", annotated(SEED)));
    assert_eq!(place.good(), "");
    assert_eq!(place.out().lines().count(), 4);
    let length = fs::metadata(&place.log).unwrap().len();
    let positions = &place.state()["positions"];
    assert_eq!(positions["inputs"][text(&place.log)]["offset"], length);
    assert_eq!(positions["output"]["offset"], fs::metadata(&place.out).unwrap().len());
}

#[test]
fn each_input_has_its_own_place() {
    if !component() {
        return;
    }
    let place = Place::new("two-inputs");
    let other = place.log.with_file_name("other.log");
    let run = |files: &[&Path]| {
        let mut command = bewit();
        command.args(["annotate", "--state", text(&place.state), "-o", text(&place.out)]);
        let output = command.args(files).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    };
    place.append("one\n");
    append(&other, "two\n");
    run(&[&place.log, &other]);
    append(&other, "three\n");
    run(&[&place.log]);
    place.append("four\n");
    run(&[&other, &place.log]);
    assert_eq!(place.out(), "one\ntwo\nthree\nfour\n");
}

#[test]
fn a_log_that_was_renamed_meanwhile_is_read_to_its_end_and_all_that_came_between() {
    if !component() {
        return;
    }
    let place = Place::new("renamed");
    let old = |number: u32| place.log.with_file_name(format!("falco.log.{number}"));
    place.append("one\n");
    place.good();
    place.append("two\n");
    fs::rename(&place.log, old(1)).unwrap();
    // The log is not there at all for a while.
    place.good();
    assert_eq!(place.out(), "one\ntwo\n");
    append(&old(1), "three\n");
    fs::rename(old(1), old(2)).unwrap();
    place.append("four\n");
    fs::rename(&place.log, old(1)).unwrap();
    place.append("five\n");
    // Neighbours that are no part of it.
    append(&place.log.with_file_name("falco.log.bak"), "neighbour\n");
    append(&place.log.with_file_name("falco-audit.log"), "neighbour\n");
    place.good();
    assert_eq!(place.out(), "one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn a_log_that_was_copied_and_truncated_meanwhile_is_read_on_in_its_copy() {
    if !component() {
        return;
    }
    let place = Place::new("copied");
    place.append("one\n");
    place.good();
    place.append("two\n");
    fs::copy(&place.log, place.log.with_file_name("falco.log.1")).unwrap();
    File::create(&place.log).unwrap();
    // It has grown beyond the place again, so its length tells nothing.
    place.append("three, longer than all that was\n");
    let said = place.good();
    assert_eq!(place.out(), "one\ntwo\nthree, longer than all that was\n", "{said}");
}

#[test]
fn a_log_that_is_gone_is_said_to_be_gone() {
    if !component() {
        return;
    }
    let place = Place::new("gone");
    place.append("one\n");
    place.good();
    fs::remove_file(&place.log).unwrap();
    // Most file systems give the new file the number of the old one.
    place.append("two, in another file\n");
    let output = place.run();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("falco.log: the file that was read up to byte 4 is gone; reading the one of this name"),
        "{said}"
    );
    assert_eq!(place.out(), "one\ntwo, in another file\n");
}

#[test]
fn a_compressed_log_is_said_to_be_left_out() {
    if !component() {
        return;
    }
    let place = Place::new("compressed");
    let old = |name: &str| place.log.with_file_name(name);
    place.append("one\n");
    place.good();
    fs::rename(&place.log, old("falco.log.2")).unwrap();
    append(&old("falco.log.1.gz"), "not really\n");
    place.append("three\n");
    let output = place.run();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("falco.log.1.gz: compressed before it was read"), "{said}");
    assert_eq!(place.out(), "one\nthree\n");
}

#[test]
fn utf_16_goes_on_between_characters() {
    if !component() {
        return;
    }
    let place = Place::new("utf-16");
    let write = |text: &str| {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut file = File::options().create(true).append(true).open(&place.log).unwrap();
        file.write_all(&bytes).unwrap();
    };
    write("\u{feff}größer 🦅\n");
    place.good();
    write("zwei\n");
    place.good();
    assert_eq!(place.out(), "größer 🦅\nzwei\n");
}

#[test]
fn what_a_killed_run_wrote_behind_its_state_is_not_there_twice() {
    if !component() {
        return;
    }
    let place = Place::new("cut");
    place.append("one\n");
    place.good();
    // As if it had been killed in the middle of writing the second line, before the state was saved.
    append(&place.out, "two\nth");
    place.append("two\nthree\n");
    place.good();
    assert_eq!(place.out(), "one\ntwo\nthree\n");
}

#[test]
fn an_output_that_was_replaced_is_appended_to() {
    if !component() {
        return;
    }
    let place = Place::new("other-output");
    place.append("one\n");
    place.good();
    fs::remove_file(&place.out).unwrap();
    let keep = File::create(place.out.with_extension("keep")).unwrap();
    append(&place.out, "somebody else's, without a line break");
    place.append("two\n");
    place.good();
    drop(keep);
    assert_eq!(place.out(), "somebody else's, without a line break\ntwo\n");
}

#[test]
fn standard_output_that_is_a_file_gets_its_line_break() {
    if !component() {
        return;
    }
    let place = Place::new("standard-output");
    place.append("one\n");
    append(&place.out, "{\"torn");
    let out = File::options().append(true).open(&place.out).unwrap();
    let status = bewit()
        .args(["annotate", "--state", text(&place.state), text(&place.log)])
        .stdout(out)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(place.out(), "{\"torn\none\n");
}

#[test]
fn a_state_that_cannot_be_trusted_is_refused_until_it_is_reset() {
    if !component() {
        return;
    }
    let place = Place::new("damaged");
    place.append("one\n");
    place.good();
    let good = fs::read_to_string(&place.state).unwrap();
    let cases = [
        ("", "bewit.state:1:0: the state is damaged: EOF"),
        (&good[..good.len() / 2], "the state is damaged: EOF while parsing"),
        (
            &good.replace("\"offset\": 4", "\"offset\": 5"),
            "`check` is not that of `positions`",
        ),
        (
            &good.replace("\"offset\": 4", "\"offset\": -4"),
            "bewit.state:11:20: the state is damaged: invalid",
        ),
        (
            "{\"schema\":\"bewit.state/2\"}",
            "of another version, bewit.state/2; this is bewit.state/1",
        ),
        ("{\"inode\":1}", "this is no state of bewit"),
    ];
    for (text, expected) in cases {
        fs::write(&place.state, text).unwrap();
        let output = place.run();
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = stderr(&output);
        assert!(said.contains(expected) && said.contains("bewit.state"), "{said}");
        assert!(said.contains("--state-reset"), "{said}");
        assert_eq!(place.out(), "one\n");
        assert_eq!(fs::read_to_string(&place.state).unwrap(), text);
    }
    let output = place.command(&["--state-reset"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(place.out(), "one\none\n");
    place.good();
    assert_eq!(place.out(), "one\none\n");
}

#[test]
fn what_has_no_place_is_refused() {
    if !component() {
        return;
    }
    let place = Place::new("refused");
    place.append("one\n");
    for (args, code, expected) in [
        (vec!["-"], 2, "`--state` keeps places in files: standard input has none"),
        (vec!["/dev/zero"], 1, "/dev/zero: only regular files can be followed"),
        (
            vec!["--host", "fluent-bit", text(&place.log)],
            2,
            "`--state` does not go with `--host fluent-bit`",
        ),
    ] {
        let mut command = bewit();
        let output = command
            .args(["annotate", "--state", text(&place.state)])
            .args(&args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
    }
    let output = bewit().args(["annotate", "--state-reset", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn two_runs_never_share_a_state() {
    if !component() {
        return;
    }
    let place = Place::new("shared");
    place.append("one\n");
    let mut first = place.command(&["--follow"]).spawn().unwrap();
    wait_for("the first line", || place.state.exists());
    let output = place.run();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("another process has the state"),
        "{}",
        stderr(&output)
    );
    signal(&first, "-TERM");
    assert_eq!(first.wait().unwrap().code(), Some(0));
    place.good();
}

#[test]
fn a_request_to_end_is_followed_in_order() {
    if !component() {
        return;
    }
    let place = Place::new("term");
    let lines: String = (0..200_000).map(|number| format!("line {number}\n")).collect();
    place.append(&lines);
    let mut runs = 0;
    for more in [&["--follow"][..], &[]].iter().cycle() {
        let before = fs::metadata(&place.out).map_or(0, |data| data.len());
        let mut child = place.command(more).spawn().unwrap();
        // In the middle: it has written something, and much is left.
        wait_for("something to be written", || {
            child.try_wait().unwrap().is_some() || fs::metadata(&place.out).is_ok_and(|data| data.len() > before)
        });
        if child.try_wait().unwrap().is_none() {
            signal(&child, "-TERM");
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
        runs += 1;
        let offset = place.state()["positions"]["inputs"][text(&place.log)]["offset"].as_u64();
        // All that the state says was read is there, and nothing else.
        assert_eq!(fs::metadata(&place.out).unwrap().len(), offset.unwrap());
        if offset == Some(lines.len() as u64) {
            break;
        }
    }
    assert!(place.out() == lines, "after {runs} runs");
    eprintln!("{runs} runs");
}

/// A file system of its own that has this much room; none without the rights.
struct Small(PathBuf);

impl Small {
    fn mount(place: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(place)
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(place.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    if !component() {
        return;
    }
    let mut place = Place::new("full");
    let Some(disk) = Small::mount(&place.out.with_file_name("disk"), "256k") else {
        eprintln!("skipped: mount (a small file system needs the right to mount one)");
        return;
    };
    place.out = disk.0.join("out.jsonl");
    let lines: String = (0..40_000)
        .map(|number| format!("line {number} of a long log\n"))
        .collect();
    place.append(&lines);
    let output = place.command(&["--stats"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("cannot write to") && said.contains("out.jsonl: No space left on device"),
        "{said}"
    );
    // What it reported as written is there, whole lines and nothing else, and the state says the same.
    let first = place.out();
    assert!(lines.starts_with(&first) && first.ends_with('\n') && first.len() < lines.len());
    assert!(
        said.contains(&format!("bytes     {0} in, {0} out", first.len())),
        "{said}"
    );
    let state = place.state();
    assert_eq!(state["positions"]["inputs"][text(&place.log)]["offset"], first.len());
    // When there is room again, it goes on.
    let away = place.state.with_file_name("away.jsonl");
    fs::copy(&place.out, &away).unwrap();
    place.out = away;
    place.good();
    assert!(place.out() == lines);
}

#[test]
fn a_device_without_room_is_said_and_the_state_stays() {
    if !component() {
        return;
    }
    let place = Place::new("dev-full");
    place.append("one\n");
    place.good();
    place.append("two\n");
    let before = place.state();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let to_standard = bewit()
        .args(["annotate", "--state", text(&place.state), text(&place.log)])
        .stdout(full())
        .output()
        .unwrap();
    let to_file = bewit()
        .args([
            "annotate",
            "-o",
            "/dev/full",
            "--state",
            text(&place.state),
            text(&place.log),
        ])
        .output()
        .unwrap();
    for (output, name) in [(to_standard, "standard output"), (to_file, "/dev/full")] {
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            stderr(&output),
            format!("bewit: cannot write to {name}: No space left on device (os error 28)\n")
        );
        assert_eq!(place.state(), before);
    }
    place.good();
    assert_eq!(place.out(), "one\ntwo\n");
}

#[test]
fn a_state_that_cannot_be_saved_ends_the_run() {
    if !component() {
        return;
    }
    let mut place = Place::new("unsaved");
    let Some(disk) = Small::mount(&place.out.with_file_name("disk"), "8k") else {
        eprintln!("skipped: mount (a small file system needs the right to mount one)");
        return;
    };
    place.state = disk.0.join("bewit.state");
    fs::write(disk.0.join("ballast"), [0; 4096]).unwrap();
    let ballast = fs::write(disk.0.join("more"), [0; 4096]);
    place.append("one\n");
    let output = place.run();
    assert_ne!(output.status.code(), Some(0), "{ballast:?}");
    let said = stderr(&output);
    assert!(said.contains("bewit.state: No space left on device"), "{said}");
    assert!(!place.state.exists());
    fs::remove_file(disk.0.join("ballast")).unwrap();
    drop(fs::remove_file(disk.0.join("more")));
    place.good();
    // At least once: the first run had written it before it could not say so.
    assert!(
        ["one\n", "one\none\n"].contains(&place.out().as_str()),
        "{}",
        place.out()
    );
}

#[test]
fn a_closed_pipe_leaves_the_state_where_the_reader_stopped() {
    if !component() {
        return;
    }
    let place = Place::new("pipe");
    let lines: String = (0..100_000).map(|number| format!("line {number}\n")).collect();
    place.append(&lines);
    let mut child = bewit()
        .args(["annotate", "--state", text(&place.state), text(&place.log)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 1000];
    io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    // What follows goes on before or at the place up to which the pipe took it.
    let output = bewit()
        .args(["annotate", "--state", text(&place.state), text(&place.log)])
        .output()
        .unwrap();
    assert!(output.status.success());
    let rest = common::stdout(&output);
    assert!(lines.ends_with(&rest));
    assert!(
        rest.len() < lines.len() && rest.len() > lines.len() / 2,
        "{}",
        rest.len()
    );
}
