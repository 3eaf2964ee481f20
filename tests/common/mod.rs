//! What several tests need.
#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]

pub mod hostile;
pub(crate) mod random;

use std::fs;
use std::path::PathBuf;

use bewit::schema::Alert;
use bewit::{Annotator, Outcome};
use serde_json::Value;

/// Files of the corpus with one of these endings, sorted.
pub fn corpus_files(ends: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir("tests/corpus")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|dir| fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()))
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            ends.iter().any(|end| name.ends_with(end))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// All lines of the corpus, pretty-printed payloads as one line each.
pub fn corpus_lines() -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for path in corpus_files(&[".log", ".jsonl"]) {
        let text = fs::read(&path).unwrap();
        lines.extend(
            text.split(|b| *b == b'\n')
                .filter(|l| !l.is_empty())
                .map(<[u8]>::to_vec),
        );
    }
    for path in corpus_files(&[".json"]) {
        lines.push(fs::read(path).unwrap());
    }
    lines
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
