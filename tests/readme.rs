//! What `README.md` says of the corpus is so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use bewit::{Annotator, Outcome, annotate_batch};
use common::corpus_files;
use serde_json::Value;

/// Lines, alerts, lines that passed.
type Counts = [u64; 3];

/// The row of payloads that stand over several lines: each file is one record.
const PRETTY: &str = "pretty_*.json";

/// The rows of the table in `README.md`, by file.
fn table() -> BTreeMap<String, Counts> {
    let readme = fs::read_to_string("README.md").unwrap();
    let rows = readme
        .lines()
        .skip_while(|line| *line != "| file or format | lines | alerts | passed |")
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(row);
    let mut table = BTreeMap::new();
    for (file, counts) in rows {
        assert!(table.insert(file.clone(), counts).is_none(), "{file} has two rows");
    }
    assert!(!table.is_empty(), "README.md has no table of formats");
    table
}

/// ``| what it is: `file` | 3 | 2 | 1 |``
fn row(line: &str) -> (String, Counts) {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [format, lines, alerts, passed] = cells[..] else {
        panic!("no row of four cells: {line}");
    };
    let file = format.rsplit('`').nth(1).unwrap_or_else(|| panic!("no file: {line}"));
    (file.to_owned(), [lines, alerts, passed].map(|n| n.parse().unwrap()))
}

fn measured() -> BTreeMap<String, Counts> {
    let annotator = Annotator::default();
    let mut measured = BTreeMap::new();
    for path in corpus_files(&[".log", ".jsonl"]) {
        let text = fs::read(&path).unwrap();
        let stats = annotate_batch(&annotator, &text, &mut Vec::new());
        assert_eq!((stats.dropped, stats.failed), (0, 0), "{}", path.display());
        let file = path.strip_prefix("tests/corpus").unwrap().to_str().unwrap();
        measured.insert(file.to_owned(), [stats.lines, stats.alerts, stats.passed]);
    }
    let pretty = measured.entry(PRETTY.to_owned()).or_insert([0; 3]);
    for path in corpus_files(&[".json"]) {
        pretty[0] += 1;
        match annotator.annotate(&fs::read(&path).unwrap(), &mut Vec::new()) {
            Outcome::Alert => pretty[1] += 1,
            Outcome::Passed => pretty[2] += 1,
            outcome => panic!("{}: {outcome:?}", path.display()),
        }
    }
    measured
}

#[test]
fn the_table_of_formats() {
    let (said, is) = (table(), measured());
    for (file, counts) in &is {
        assert_eq!(said.get(file), Some(counts), "{file}: lines, alerts, passed");
    }
    let gone: Vec<_> = said.keys().filter(|file| !is.contains_key(*file)).collect();
    assert!(gone.is_empty(), "README.md names files that do not exist: {gone:?}");
}

/// Whether all that `part` says stands in `whole`, in the same order.
fn says(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|whole| says(whole, value))),
        (Value::Array(whole), Value::Array(part)) => {
            let mut rest = whole.iter();
            part.iter().all(|value| rest.any(|whole| says(whole, value)))
        }
        _ => whole == part,
    }
}

#[test]
fn before_and_after() {
    let readme = fs::read_to_string("README.md").unwrap();
    let mut blocks = readme
        .split("```json\n")
        .skip(1)
        .map(|b| b.split("\n```").next().unwrap());
    let (before, after) = (blocks.next().unwrap(), blocks.next().unwrap());
    let mut out = Vec::new();
    assert_eq!(
        Annotator::default().annotate(before.as_bytes(), &mut out),
        Outcome::Alert
    );
    let alert: Value = serde_json::from_slice(&out).unwrap();
    let excerpt: Value = serde_json::from_str(after).unwrap();
    for (key, said) in excerpt.as_object().unwrap() {
        assert!(says(&alert["bewit"][key], said), "{key}: {:#}", alert["bewit"][key]);
    }
}

/// `examples/README.md` counts the lines of its log.
#[test]
fn the_example() {
    let text = fs::read("examples/falco.log").unwrap();
    let stats = annotate_batch(&Annotator::default(), &text, &mut Vec::new());
    let said = format!("{} lines, of which {} are alerts", stats.lines, stats.alerts);
    let readme = fs::read_to_string("examples/README.md").unwrap();
    assert!(readme.contains(&said), "{said}");
}
