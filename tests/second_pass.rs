//! Pipelines loop and files are read twice: what bewit wrote, it passes on as it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use bewit::{Annotator, Config, Detail, Outcome, fault};
use common::corpus_lines;

const TEXT: &str = "13:40:25.978642167: Warning A message of no known rule (user=root)";

fn annotators() -> [Annotator; 2] {
    [Detail::Full, Detail::Brief].map(|detail| {
        Annotator::new(Config {
            detail,
            ..Config::default()
        })
    })
}

fn passes(annotator: &Annotator, record: &[u8]) {
    let mut again = Vec::new();
    assert_eq!(annotator.annotate(record, &mut again), Outcome::Passed);
    assert_eq!(again, record);
}

/// Annotates a line, and what comes out once more.
fn twice(line: &str) {
    for annotator in annotators() {
        let mut once = Vec::new();
        assert_eq!(annotator.annotate(line.as_bytes(), &mut once), Outcome::Alert, "{line}");
        passes(&annotator, &once);
    }
}

#[test]
fn the_corpus() {
    for annotator in annotators() {
        for line in corpus_lines() {
            let mut once = Vec::new();
            annotator.annotate(&line, &mut once);
            passes(&annotator, &once);
        }
    }
}

#[test]
fn a_record_of_many_members() {
    let members = |count: usize| (0..count).map(|i| format!("\"{i}\":0,")).collect::<String>();
    for count in [250, 251, 252, 253, 254, 255, 256, 1000, 4_000] {
        let line = format!(r#"{{{}"rule":"x","priority":"Notice","output":"x"}}"#, members(count));
        twice(&line);
        let mut failed = Vec::new();
        fault(line.as_bytes(), "x", "x", &mut failed);
        let mut again = Vec::new();
        fault(&failed, "x", "x", &mut again);
        assert!(again == failed, "{count}");
    }
}

#[test]
fn a_wrapper_with_a_second_alert() {
    twice(&serde_json::json!({ "log": TEXT, "message": TEXT.replace("root", "jane") }).to_string());
    twice(&serde_json::json!({ "log": TEXT, "x": {"rule": "x", "priority": "Notice", "output": "x"} }).to_string());
}

#[test]
fn a_record_that_failed() {
    let mut failed = Vec::new();
    fault(
        serde_json::json!({ "log": TEXT }).to_string().as_bytes(),
        "trap",
        "x",
        &mut failed,
    );
    for annotator in annotators() {
        passes(&annotator, &failed);
    }
}
