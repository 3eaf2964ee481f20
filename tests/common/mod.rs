//! What several tests need.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test uses some of it")]

pub(crate) mod cef;
pub mod corpus;
pub mod hostile;
pub(crate) mod random;

use std::fs;

use bewit::schema::Alert;
use bewit::{Annotator, Outcome};
use serde_json::Value;

pub use corpus::{corpus_files, fuzzed};

/// All lines of the corpus, pretty-printed payloads as one line each.
pub fn corpus_lines() -> Vec<Vec<u8>> {
    let payloads = corpus_files(&[".json"]).into_iter().map(|path| fs::read(path).unwrap());
    corpus::corpus_lines().into_iter().chain(payloads).collect()
}

/// The alerts among lines, annotated with the defaults.
pub fn alerts(lines: &[Vec<u8>]) -> Vec<Alert> {
    let annotator = Annotator::default();
    lines
        .iter()
        .filter_map(|line| {
            let mut out = Vec::new();
            (annotator.annotate(line, &mut out) == Outcome::Alert).then(|| serde_json::from_slice(&out).unwrap())
        })
        .collect()
}

/// A validator of a JSON Schema of the project.
pub fn validator(path: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}
