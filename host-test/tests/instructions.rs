//! What an alert costs in the interpreter inside Fluent Bit: instructions, counted exactly.
//!
//! Times differ from run to run and machine to machine; counts differ only when the code or the compiler does. They
//! stand in `instructions.txt`, and a change of more than 2 % is an error: one that is meant is recorded with
//! `UPDATE=1 cargo xtask test`, and its commit says why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use common::SEED;
use common::again::{again, another};
use common::filter::{Filter, module};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/instructions.txt");
/// Parts in a thousand that a count may be off.
const BAND: u64 = 20;
/// Records before the one that is counted: so many that none of a kind that never repeats is learned any more.
const WARM: usize = 400;

const TEXT: &str = "14:44:29.395043000: Notice A shell was spawned in a container with an attached terminal (user=root user_loginuid=-1 k8s.ns=shop k8s.pod=cart-7f9c6d5b8-x2x4k container=4cc4da328699 shell=bash parent=runc cmdline=bash terminal=34816 container_id=4cc4da328699 image=quay.io/acme/cart)";
const ACCESS_LOG: &str = r#"10.244.1.17 - - [13/Apr/2026:17:57:43 +0000] "GET /api/v1/carts/4711/items?page=2&size=50 HTTP/1.1" 200 5316 "https://shop.example.com/cart" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" rt=0.031"#;
const JSON_LOG: &str = r#"{"level":"info","ts":"2026-04-13T17:57:43.120Z","logger":"cart","caller":"cart/handler.go:118","msg":"order placed","order":"a3f1c7","items":4,"duration_ms":42,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#;

/// The compiler that made the module, as far as it is the one that is here.
fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    version.split(" (").next().unwrap().trim().to_owned()
}

/// A record as `tail` reads it in Kubernetes when it happens, with what the `kubernetes` filter adds.
fn in_log(line: &str) -> String {
    let line = serde_json::Value::from(line);
    format!(
        r#"{{"time":"2026-04-13T17:57:43.728694426Z","stream":"stdout","_p":"F","log":{line},"kubernetes":{{"pod_name":"falco-7x2kp","namespace_name":"falco","container_name":"falco","host":"k8s-worker-03","labels":{{"app.kubernetes.io/name":"falco"}}}}}}"#
    )
}

/// What is counted.
struct Case {
    name: &'static str,
    config: &'static str,
    record: String,
    /// Every record has a container and a command of its own.
    is_new: bool,
}

impl Case {
    /// The record as it comes for another time.
    fn record(&self, round: usize) -> Vec<u8> {
        if self.is_new {
            again(another(&self.record, round).as_bytes(), round)
        } else {
            again(self.record.as_bytes(), round)
        }
    }
}

fn cases() -> Vec<Case> {
    let brief = r#"{"detail":"brief"}"#;
    let case = |name, config, record| Case {
        name,
        config,
        record,
        is_new: false,
    };
    let new = |name, config, record| Case {
        is_new: true,
        ..case(name, config, record)
    };
    vec![
        case("alert, brief", brief, SEED.to_owned()),
        case("alert, full", "{}", SEED.to_owned()),
        case("alert in log, brief", brief, in_log(SEED)),
        case("text alert in log, brief", brief, in_log(TEXT)),
        new("new alert, brief", brief, SEED.to_owned()),
        new("new alert, full", "{}", SEED.to_owned()),
        new("new alert in log, brief", brief, in_log(SEED)),
        new("new text alert in log, brief", brief, in_log(TEXT)),
        case("access log", brief, in_log(ACCESS_LOG)),
        case("another program's JSON", brief, in_log(JSON_LOG)),
    ]
}

#[test]
fn a_record_costs_what_is_recorded() {
    let Some(path) = module() else {
        return;
    };
    let module = fs::read(path).unwrap();
    let mut counts = format!(
        "# Instructions of the module for Fluent Bit, for one record. {}\n",
        compiler()
    );
    for case in cases() {
        let name = case.name;
        let mut filter = Filter::counting(&module);
        filter.configure(case.config);
        // The first of a kind works out what all have in common, and some more make blocks of memory fit.
        let first = filter.instructions(&case.record(0));
        let next = (1..=WARM)
            .map(|round| filter.instructions(&case.record(round)))
            .last()
            .unwrap();
        assert!(next <= first, "{name}: {first}, then {next}");
        writeln!(counts, "{next:>8} {name}").unwrap();
    }
    eprint!("{counts}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(RECORDED, counts).unwrap();
        return;
    }
    let recorded = fs::read_to_string(RECORDED).unwrap();
    if recorded.lines().next() != counts.lines().next() {
        eprintln!("skipped: the counts were recorded with another compiler");
        return;
    }
    assert_eq!(recorded.lines().count(), counts.lines().count(), "record with UPDATE=1");
    for (recorded, counted) in recorded.lines().zip(counts.lines()).skip(1) {
        let number = |line: &str| -> u64 { line.split_whitespace().next().unwrap().parse().unwrap() };
        let (was, is) = (number(recorded), number(counted));
        assert_eq!(recorded[8..], counted[8..], "record with UPDATE=1");
        assert!(
            is.abs_diff(was) * 1000 <= was * BAND,
            "{counted} instructions, {was} were recorded; if that is meant, record it with UPDATE=1"
        );
    }
}
