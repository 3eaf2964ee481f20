//! What leaves is one record a line, whatever came.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bewit::{Annotator, Outcome, fault};
use serde_json::{Value, json};

fn alert() -> Value {
    json!({
        "rule": "x", "priority": "Notice", "output_fields": {"proc.name": "sh", "list": [1, {"a": "b\n\r\n c"}]},
        "tags": ["a", "b"], "other": {"deep": [[], {}]},
    })
}

/// Falco's own keys of a record.
fn own(record: &[u8]) -> Value {
    assert!(!record.contains(&b'\n') && !record.contains(&b'\r'));
    let mut record: Value = serde_json::from_slice(record).unwrap();
    assert!(record.as_object_mut().unwrap().remove("bewit").is_some());
    record
}

fn annotated(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(
        Annotator::default().annotate(line.as_bytes(), &mut out),
        Outcome::Alert,
        "{line}"
    );
    out
}

#[test]
fn a_pretty_printed_alert_becomes_one_line() {
    let pretty = serde_json::to_string_pretty(&alert()).unwrap();
    for line in [pretty.clone(), pretty.replace('\n', "\r\n")] {
        assert_eq!(own(&annotated(&line)), alert());
        let mut failed = Vec::new();
        fault(line.as_bytes(), "x", "x", &mut failed);
        assert_eq!(own(&failed), alert());
    }
}

/// A line of a batch cannot become several by what a wrapper has in its strings.
#[test]
fn so_does_one_inside_a_wrapper() {
    let pretty = serde_json::to_string_pretty(&alert()).unwrap();
    assert_eq!(own(&annotated(&json!({ "log": pretty }).to_string())), alert());
}

#[test]
fn records_are_appended_to_whatever_is_there() {
    let line = alert().to_string();
    let alone = annotated(&line);
    for before in ["x", "{}", "{}\n", "[", ""] {
        let mut out = before.as_bytes().to_vec();
        Annotator::default().annotate(line.as_bytes(), &mut out);
        assert_eq!(out, [before.as_bytes(), &alone].concat());
    }
}
