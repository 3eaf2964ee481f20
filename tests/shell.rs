//! Real shells read the command lines that bewit writes: the words come out exactly as meant.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bewit::catalog::BUILT_IN;
use bewit::schema::{Alert, Command as Advised};
use bewit::{Annotator, Outcome};
use common::{alerts, corpus_lines};

/// Values that break out of quotes, expand, or become options, wherever a careless tool would let them.
const HOSTILE: [&str; 24] = [
    "$(touch /tmp/pwned)",
    "`id`",
    "'; id; '",
    "\"; id; \"",
    "a'b\"c`d$e\\f",
    "--help",
    "-rf",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "~root",
    "~",
    "!!",
    "#comment",
    "a b\tc",
    "a;b&c|d>e<f",
    "%s%n",
    "\\",
    "''",
    "=ls",
    "x=1",
    "é ☃ ＄（ｉｄ）",
    "${IFS}",
];

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

/// Alerts about every stable rule and behaviour that the corpus does not reach, with a hostile value in every field.
fn hostile_alerts() -> Vec<Alert> {
    let annotator = Annotator::default();
    let rules: Vec<String> = BUILT_IN.rules.iter().map(|rule| rule.name.to_string()).collect();
    let mut alerts = Vec::new();
    for (i, rule) in rules.iter().enumerate() {
        for offset in 0..3 {
            let hostile = HOSTILE[(i * 3 + offset) % HOSTILE.len()];
            let path = format!("/tmp/{hostile}");
            let mut fields = serde_json::Map::new();
            for name in [
                "proc.name",
                "proc.cmdline",
                "proc.pname",
                "user.name",
                "evt.arg.flags",
                "proc.args",
                "ka.user.name",
            ] {
                fields.insert(name.into(), hostile.into());
            }
            for name in [
                "fd.name",
                "proc.exepath",
                "fs.path.name",
                "evt.arg.linkpath",
                "evt.arg.newpath",
                "evt.arg.target",
            ] {
                fields.insert(name.into(), path.clone().into());
            }
            let id = if offset == 2 { "host" } else { "4cc4da328699" };
            fields.insert("container.id".into(), id.into());
            fields.insert("container.image.repository".into(), hostile.into());
            let pod = if offset == 0 { "cart-7f9c6d5b8-x2x4k" } else { hostile };
            fields.insert("k8s.pod.name".into(), pod.into());
            fields.insert("k8s.ns.name".into(), "shop-eu".into());
            let line = serde_json::json!({
                "rule": rule, "priority": "Warning", "time": "2026-04-13T17:57:43.700000000Z",
                "hostname": hostile, "output_fields": fields,
            });
            let mut out = Vec::new();
            assert_eq!(
                annotator.annotate(line.to_string().as_bytes(), &mut out),
                Outcome::Alert
            );
            alerts.push(serde_json::from_slice(&out).unwrap());
        }
    }
    alerts
}

#[test]
fn every_line_is_its_words_in_every_shell() {
    let mut commands: Vec<Advised> = Vec::new();
    for alert in alerts(&corpus_lines()).into_iter().chain(hostile_alerts()) {
        for mitigation in alert.bewit.mitigations {
            commands.extend(mitigation.commands);
        }
    }
    assert!(commands.len() > 5000, "{}", commands.len());
    let lines: Vec<String> = commands.iter().map(|c| c.line.clone()).collect();
    for shell in shells() {
        let words = words(&shell, &lines);
        assert_eq!(words.len(), commands.len(), "{shell:?}");
        for (command, words) in commands.iter().zip(&words) {
            assert_eq!(&command.argv, words, "{shell:?}: {}", command.line);
        }
        println!("{}: {} command lines", shell.join(" "), words.len());
    }
}

#[test]
fn no_value_becomes_an_option() {
    for alert in hostile_alerts() {
        for command in alert.bewit.mitigations.iter().flat_map(|m| &m.commands) {
            let behind = command
                .argv
                .iter()
                .position(|word| word == "--")
                .unwrap_or(command.argv.len());
            for word in &command.argv[..behind] {
                assert!(word != "--help" && word != "-rf", "{}", command.line);
            }
        }
    }
}

/// Fixed scripts of the catalog are sound, too.
#[test]
fn shellcheck_finds_nothing_in_the_scripts() {
    let mut scripts: Vec<String> = Vec::new();
    for alert in hostile_alerts() {
        for command in alert.bewit.mitigations.iter().flat_map(|m| &m.commands) {
            if let [shell, flag, script, ..] = command.argv.as_slice()
                && shell == "sh"
                && flag == "-c"
                && !scripts.contains(script)
            {
                scripts.push(script.clone());
            }
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
