//! The package for browsers and Node, installed into an empty project: `npm/test/` says what it must do there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bewit::{Annotator, Outcome, annotate_batch};
use common::hostile::Hostile;
use common::{corpus_files, corpus_lines, fuzzed};

/// Values in alerts of all rules that are compared beside the corpus.
const HOSTILE: u64 = 20_000;

/// A project that has the package and its tests; none where something is missing, which is said.
fn project(name: &str) -> Option<PathBuf> {
    let Some(package) = std::env::var_os("BEWIT_NPM") else {
        println!("skipped: the package is not built (BEWIT_NPM is not set)");
        return None;
    };
    for program in ["node", "npm"] {
        if Command::new(program).arg("--version").output().is_err() {
            println!("skipped: {program}");
            return None;
        }
    }
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if project.exists() {
        fs::remove_dir_all(&project).unwrap();
    }
    fs::create_dir_all(&project).unwrap();
    fs::write(project.join("package.json"), r#"{"type":"module","private":true}"#).unwrap();
    let packed = run(Command::new("npm").args(["pack", "--silent"]).arg(package), &project);
    let archive = packed.lines().last().unwrap();
    run(
        Command::new("npm")
            .args(["install", "--offline", "--silent"])
            .arg(project.join(archive)),
        &project,
    );
    for entry in fs::read_dir("npm/test").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, project.join(path.file_name().unwrap())).unwrap();
    }
    Some(project)
}

fn run(command: &mut Command, folder: &Path) -> String {
    let output = command.current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// Writes what the package's tests compare with: files as batches, and lines with the alerts that they are.
fn write_expected(folder: &Path) {
    let annotator = Annotator::default();
    fs::create_dir_all(folder).unwrap();
    for (index, path) in corpus_files(&[".log", ".jsonl", ".json"]).iter().enumerate() {
        let name = path.file_name().unwrap().to_string_lossy();
        let (batch, mut out) = (fs::read(path).unwrap(), Vec::new());
        annotate_batch(&annotator, &batch, &mut out);
        fs::write(folder.join(format!("{index}-{name}.in")), batch).unwrap();
        fs::write(folder.join(format!("{index}-{name}.out")), out).unwrap();
    }
    let mut lines = String::new();
    let hostile = Hostile::new(7).alerts(HOSTILE);
    for line in corpus_lines().into_iter().chain(fuzzed()).chain(hostile) {
        // JavaScript's strings hold no other bytes.
        let Ok(line) = String::from_utf8(line) else { continue };
        let mut out = Vec::new();
        let outcome = annotator.try_annotate(line.as_bytes(), &mut out);
        let alert = (outcome == Outcome::Alert).then(|| String::from_utf8(out).unwrap());
        lines += &serde_json::to_string(&(line, alert)).unwrap();
        lines.push('\n');
    }
    fs::write(folder.join("lines.json"), lines).unwrap();
}

#[test]
fn in_node() {
    let Some(project) = project("npm") else { return };
    write_expected(&project.join("corpus"));
    run(Command::new("node").arg("--test"), &project);
}

#[test]
fn types_hold_what_they_promise() {
    let tsc = std::env::current_dir().unwrap().join("target/tools/bin/tsc");
    if !tsc.exists() {
        println!("skipped: tsc");
        return;
    }
    let Some(project) = project("npm-types") else { return };
    run(
        Command::new(tsc)
            .args([
                "--noEmit",
                "--strict",
                "--target",
                "esnext",
                "--lib",
                "esnext,dom,dom.asynciterable",
            ])
            .args(["--module", "nodenext", "types.ts"]),
        &project,
    );
}
