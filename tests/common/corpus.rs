//! Lines that are kept in the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of the repository, seen from that of a package, where its tests run.
fn folder(name: &str) -> PathBuf {
    let here = PathBuf::from(name);
    if here.is_dir() {
        here
    } else {
        Path::new("..").join(name)
    }
}

/// What is in the folders of a folder, sorted.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders = entries(folder).filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> = folders.flat_map(|folder| entries(&folder)).collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

/// Files of the corpus with one of these endings, sorted.
pub fn corpus_files(ends: &[&str]) -> Vec<PathBuf> {
    let mut files = files_below(&folder("tests/corpus"));
    files.retain(|path| ends.iter().any(|end| path.to_string_lossy().ends_with(end)));
    assert!(!files.is_empty());
    files
}

/// All lines of the corpus that are lines.
pub fn corpus_lines() -> Vec<Vec<u8>> {
    let lines: Vec<_> = lines_of(&corpus_files(&[".log", ".jsonl"])).collect();
    assert!(lines.len() > 400, "{}", lines.len());
    lines
}

/// Lines that fuzzing found worth keeping, in whatever target.
pub fn fuzzed() -> Vec<Vec<u8>> {
    lines_of(&files_below(&folder("fuzz/corpus"))).collect()
}

fn lines_of(files: &[PathBuf]) -> impl Iterator<Item = Vec<u8>> {
    files.iter().flat_map(|path| {
        let text = fs::read(path).unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(<[u8]>::to_vec).collect::<Vec<_>>()
    })
}
