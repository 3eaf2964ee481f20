//! Real shells read the command lines that bewit writes: the words come out exactly as meant.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bewit::catalog::BUILT_IN;
use bewit::catalog::model::Piece;
use bewit::schema::{Alert, Command as Advised};
use common::hostile::{Hostile, amount};
use common::{alerts, corpus_lines};

/// Values in a test of CI, and seed of all of them.
const VALUES: u64 = 60_000;
const SEED: u64 = 0x0bee_f17e;
/// Alerts whose command lines go to a shell at once.
const AT_ONCE: usize = 256;

/// Shells that are there; a missing one is said so.
fn shells() -> Vec<Vec<&'static str>> {
    [vec!["bash"], vec!["dash"], vec!["busybox", "sh"]]
        .into_iter()
        .filter(|shell| {
            let found = Command::new(shell[0])
                .arg("--help")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            // dash has no --help, but it starts.
            let there = found.is_ok();
            if !there {
                println!("skipped: {} is not installed", shell[0]);
            }
            there
        })
        .collect()
}

/// Runs command lines with every tool replaced by one that prints its words, and returns the words of each line.
fn words(shell: &[&str], lines: &[String]) -> Vec<Vec<String>> {
    let mut script = String::from("show() { printf '%s\\0' \"$@\"; printf '\\1\\0'; }\n");
    for line in lines {
        // The first word is a tool's plain name; it becomes the first argument.
        writeln!(script, "show {line}").unwrap();
    }
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .arg("-s")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{shell:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut all = vec![Vec::new()];
    for word in text.split_terminator('\0') {
        match word {
            "\u{1}" => all.push(Vec::new()),
            word => all.last_mut().unwrap().push(word.to_owned()),
        }
    }
    all.pop();
    all
}

fn commands(alerts: Vec<Alert>) -> Vec<Advised> {
    let mitigations = alerts.into_iter().flat_map(|alert| alert.bewit.mitigations);
    mitigations.flat_map(|mitigation| mitigation.commands).collect()
}

/// Annotated alerts, a number of them at a time.
fn hostile(values: u64) -> impl Iterator<Item = Vec<Alert>> {
    let mut lines = Hostile::new(SEED).alerts(values);
    std::iter::from_fn(move || {
        let lines: Vec<_> = lines.by_ref().take(AT_ONCE).collect();
        (!lines.is_empty()).then(|| {
            let alerts = alerts(&lines);
            assert_eq!(alerts.len(), lines.len());
            alerts
        })
    })
}

#[test]
fn every_line_is_its_words_in_every_shell() {
    let values = amount("BEWIT_VALUES", VALUES);
    let shells = shells();
    let (mut lines, mut ready) = (0, 0);
    for alerts in std::iter::once(alerts(&corpus_lines())).chain(hostile(values)) {
        let commands = commands(alerts);
        let written: Vec<String> = commands.iter().map(|c| c.line.clone()).collect();
        lines += commands.len();
        ready += commands.iter().filter(|c| c.ready == Some(true)).count();
        for shell in &shells {
            let words = words(shell, &written);
            assert_eq!(words.len(), commands.len(), "{shell:?}");
            for (command, words) in commands.iter().zip(&words) {
                assert_eq!(&command.argv, words, "{shell:?}: {}", command.line);
            }
        }
    }
    assert!(
        ready > lines / 4,
        "{ready} of {lines} command lines are ready: hardly a value was tried"
    );
    for shell in shells {
        println!(
            "figure: {values} hostile values in {lines} command lines, {ready} of them ready, through {}",
            shell.join(" ")
        );
    }
}

/// What a command's own words begin with, by the catalog.
fn options() -> BTreeSet<String> {
    let commands = BUILT_IN.mitigations.iter().flat_map(|m| m.commands.iter());
    let words = commands.flat_map(|command| command.argv.iter());
    words
        .filter_map(|word| match word.0.first() {
            Some(Piece::Text(text)) if text.starts_with('-') => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn no_value_becomes_an_option() {
    let options = options();
    let values = amount("BEWIT_VALUES", VALUES);
    let mut words = 0_u64;
    for command in hostile(values).flat_map(commands) {
        let before = command.argv.iter().take_while(|word| *word != "--");
        for word in before.filter(|word| word.starts_with('-')) {
            words += 1;
            let own = options.contains(word.as_str())
                || options
                    .iter()
                    .any(|own| own.len() > 1 && word.starts_with(own.as_str()));
            assert!(own, "{word}: {}", command.line);
        }
    }
    println!("figure: {values} hostile values, {words} options, all of them the catalog's own");
}

/// Fixed scripts of the catalog are sound, too.
#[test]
fn shellcheck_finds_nothing_in_the_scripts() {
    let mut scripts: Vec<String> = Vec::new();
    for command in hostile(VALUES).flat_map(commands) {
        if let [shell, flag, script, ..] = command.argv.as_slice()
            && shell == "sh"
            && flag == "-c"
            && !scripts.contains(script)
        {
            scripts.push(script.clone());
        }
    }
    assert!(!scripts.is_empty());
    if Command::new("shellcheck").arg("--version").output().is_err() {
        println!("skipped: shellcheck is not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("bewit-scripts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (i, script) in scripts.iter().enumerate() {
        std::fs::write(folder.join(format!("{i}.sh")), format!("#!/bin/sh\n{script}\n")).unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    let output = Command::new("shellcheck")
        .args(["--shell=sh", "--severity=warning"])
        .args(&files)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    println!("shellcheck: {} scripts", scripts.len());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
