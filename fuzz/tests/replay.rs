//! Everything that fuzzing has found worth keeping goes through the targets again, and so does every known log line.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use bewit_fuzz::{TARGETS, Target};

/// Inputs of a target, with a name for each.
fn inputs(target: &Target) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut inputs = Vec::new();
    read(&root.join("corpus").join(target.name), &mut inputs);
    assert!(!inputs.is_empty(), "{} has no corpus", target.name);
    if target.lines {
        let corpus = root.join("../tests/corpus");
        for folder in fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()) {
            let mut files = Vec::new();
            if folder.is_dir() {
                read(&folder, &mut files);
            }
            for (name, text) in files {
                let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
                inputs.extend(lines.map(|line| (name.clone(), line)));
                inputs.push((name, text));
            }
        }
    }
    inputs
}

fn read(folder: &Path, inputs: &mut Vec<(String, Vec<u8>)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        inputs.push((file.display().to_string(), fs::read(&file).unwrap()));
    }
}

#[test]
fn every_input_of_every_corpus_holds() {
    for target in TARGETS {
        let inputs = inputs(target);
        for (name, input) in &inputs {
            assert!(catch_unwind(|| (target.body)(input)).is_ok(), "{}: {name}", target.name);
        }
        println!("{}: {} inputs", target.name, inputs.len());
    }
}
