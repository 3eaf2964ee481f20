//! Every line of the corpus: alerts are recognised, other lines come out byte for byte, nothing is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bewit::schema::Alert;
use bewit::{Annotator, Outcome, annotate_batch};
use common::corpus_files;

fn name(path: &Path) -> String {
    let path = path.strip_prefix("tests/corpus").unwrap().to_string_lossy();
    path.replace(['/', '.'], "_")
}

/// What matters of an alert, on one line.
fn line(alert: &Alert) -> String {
    let b = &alert.bewit;
    let mut line = format!(
        "{:?} {:?} {} [{}] {:?}: {} | {:?} {} | {:?} {:?}",
        b.input.format,
        b.input.envelope,
        alert.rule.as_deref().unwrap_or("-"),
        b.attack
            .iter()
            .filter_map(|a| a.technique.as_deref())
            .collect::<Vec<_>>()
            .join(" "),
        b.guidance.matched_by,
        b.guidance.entry,
        b.severity.level,
        b.severity.score,
        b.assessment.disposition,
        alert.time,
    );
    if let Some(clock) = &b.input.clock {
        write!(line, " clock={clock}").unwrap();
    }
    if !b.input.ambiguous.is_empty() {
        write!(line, " ambiguous={:?}", b.input.ambiguous).unwrap();
    }
    line
}

#[test]
fn every_line_of_the_corpus() {
    let annotator = Annotator::default();
    for path in corpus_files(&[".log", ".jsonl"]) {
        let mut golden = String::new();
        let text = fs::read(&path).unwrap();
        for (number, raw) in text.split(|b| *b == b'\n').enumerate() {
            let mut out = Vec::new();
            match annotator.annotate(raw, &mut out) {
                Outcome::Alert => {
                    let alert: Alert = serde_json::from_slice(&out).unwrap();
                    writeln!(golden, "{:>3} {}", number + 1, line(&alert)).unwrap();
                }
                Outcome::Passed => {
                    assert_eq!(out, raw, "{}:{}", path.display(), number + 1);
                    writeln!(golden, "{:>3} passed", number + 1).unwrap();
                }
                other => panic!("{}:{}: {other:?}", path.display(), number + 1),
            }
        }
        insta::assert_snapshot!(name(&path), golden);
    }
}

/// Payloads that their origin prints over several lines.
#[test]
fn every_pretty_printed_alert() {
    let annotator = Annotator::default();
    let mut golden = String::new();
    for path in corpus_files(&[".json"]) {
        let mut out = Vec::new();
        let raw = fs::read(&path).unwrap();
        match annotator.annotate(&raw, &mut out) {
            Outcome::Alert => {
                let alert: Alert = serde_json::from_slice(&out).unwrap();
                writeln!(golden, "{} {}", name(&path), line(&alert)).unwrap();
            }
            outcome => writeln!(golden, "{} {outcome:?}", name(&path)).unwrap(),
        }
    }
    insta::assert_snapshot!("pretty_printed", golden);
}

/// Pieces of split lines are joined in a batch.
#[test]
fn split_lines() {
    for file in ["cri_partial_PF.log", "docker_json_file_partial.log"] {
        let text = fs::read(Path::new("tests/corpus/wrapped").join(file)).unwrap();
        let mut out = Vec::new();
        let stats = annotate_batch(&Annotator::default(), &text, &mut out);
        assert_eq!((stats.alerts, stats.passed), (1, 0), "{file}");
        let alert: Alert = serde_json::from_slice(&out).unwrap();
        assert_eq!(alert.rule.as_deref(), Some("Disallowed K8s User"), "{file}");
    }
}
