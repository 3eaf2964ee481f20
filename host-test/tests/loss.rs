//! Nothing is lost: a record in is a record out, in the library, in the component, and as Fluent Bit runs the filter.
//!
//! `BEWIT_RECORDS` says on how many lines of all kinds this is tried.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use bewit::{Annotator, Config, Detail, Limits};
use common::records::{FIELDS, Fate, Host, LINE_BYTES, Out, Records, Unit};
use common::{bewit, component, folder, stderr, text};

/// Units that are tried at once: how many are wanted must not need memory for all.
const ROUND: usize = 10_000;

/// The library, and the component.
const LOCAL: Host = Host {
    passed: <[u8]>::to_vec,
    joins: true,
    refuses: false,
};

const FLUENT_BIT: Host = Host {
    passed: fluent_bit_record,
    joins: false,
    refuses: true,
};

/// Seeds, each with so many units.
fn rounds() -> impl Iterator<Item = (u64, usize)> {
    let records = std::env::var("BEWIT_RECORDS").ok();
    let records = records.map_or(20_000, |records| records.parse().expect("BEWIT_RECORDS is a number"));
    (0..records)
        .step_by(ROUND)
        .map(move |done| ((done / ROUND) as u64, ROUND.min(records - done)))
}

fn config() -> Config {
    Config {
        detail: Detail::Brief,
        limits: Limits {
            line_bytes: LINE_BYTES,
            fields: FIELDS,
            batch_bytes: 4 * LINE_BYTES,
            ..Limits::default()
        },
        ..Config::default()
    }
}

/// The same as a file.
fn config_file(folder: &Path) -> PathBuf {
    let file = folder.join("bewit.yaml");
    // JSON is YAML.
    fs::write(&file, serde_json::to_string(&config()).unwrap()).unwrap();
    file
}

fn bytes(units: &[Unit]) -> Vec<u8> {
    let lines = units.iter().flat_map(|unit| &unit.lines);
    lines.flat_map(|line| [line, &b"\n"[..]].concat()).collect()
}

/// What became of units.
#[derive(Default)]
struct Tally(HashMap<Fate, usize>);

impl Tally {
    /// Holds what came out to what went in.
    fn compare(&mut self, seed: u64, units: &[Unit], out: &[u8], host: Host) {
        let lines: Vec<&[u8]> = out
            .strip_suffix(b"\n")
            .expect("the last line ends")
            .split(|byte| *byte == b'\n')
            .collect();
        let mut out = Out::new(&lines, host);
        for (number, unit) in units.iter().enumerate() {
            match out.take(unit) {
                Ok(fate) => *self.0.entry(fate).or_default() += 1,
                Err(why) => {
                    let line = String::from_utf8_lossy(&unit.lines.concat()).into_owned();
                    panic!("seed {seed}, unit {number}: {why}\n{line:.2000}");
                }
            }
        }
        assert_eq!(out.left(), 0, "seed {seed}: more came out than went in");
    }

    /// All kinds of fates are there, or nothing was tried.
    fn show(&self, host: &str) {
        let count = |fate| self.0.get(&fate).copied().unwrap_or_default();
        let (alerts, passed, failed) = (count(Fate::Alert), count(Fate::Passed), count(Fate::Failed));
        assert!(alerts > 0 && passed > 0 && failed > 0, "{:?}", self.0);
        println!(
            "figure: {} records through {host}: {alerts} annotated, {passed} passed, {failed} passed with an error, 0 lost",
            alerts + passed + failed
        );
    }
}

#[test]
fn the_library_loses_nothing_and_the_component_says_the_same() {
    let folder = folder("loss");
    let (input, config_file) = (folder.join("input.log"), config_file(&folder));
    let annotator = Annotator::new(config());
    let component = component();
    let mut tally = Tally::default();
    for (seed, count) in rounds() {
        let units: Vec<Unit> = Records::new(seed).take(count).collect();
        let lines = bytes(&units);
        let mut out = Vec::new();
        let stats = bewit::annotate_batch(&annotator, &lines, &mut out);
        tally.compare(seed, &units, &out, LOCAL);
        assert_eq!(stats.dropped, 0);
        if !component {
            continue;
        }
        fs::write(&input, &lines).unwrap();
        for jobs in ["1", "2"] {
            let output = bewit()
                .args(["annotate", "--jobs", jobs, "--config", text(&config_file), text(&input)])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
            let differ = output.stdout.iter().zip(&out).position(|(a, b)| a != b);
            let around = |bytes: &[u8]| {
                let at = differ.unwrap_or_default();
                let from = at.saturating_sub(500).min(bytes.len());
                String::from_utf8_lossy(&bytes[from..bytes.len().min(at + 500)]).into_owned()
            };
            assert!(
                output.stdout == out,
                "seed {seed}: byte {differ:?}\n{}\n{}",
                around(&output.stdout),
                around(&out)
            );
        }
    }
    tally.show(if component {
        "the library, and byte for byte the same through the component"
    } else {
        "the library"
    });
}

/// What Fluent Bit makes of a line that no filter changes.
fn fluent_bit_record(line: &[u8]) -> Vec<u8> {
    let is_object =
        line.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    if is_object {
        return line.to_vec();
    }
    let mut record = br#"{"log":""#.to_vec();
    for chunk in line.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => record.extend(br#"\""#),
                '\\' => record.extend(br"\\"),
                '\r' => record.extend(br"\r"),
                '\t' => record.extend(br"\t"),
                '\u{8}' => record.extend(br"\b"),
                '\u{c}' => record.extend(br"\f"),
                ' '..='~' => record.push(character as u8),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        record.extend(format!("\\u{unit:04x}").bytes());
                    }
                }
            }
        }
        // Bytes that are no UTF-8 become code points of private use, which are not escaped.
        let private = chunk
            .invalid()
            .iter()
            .filter_map(|byte| char::from_u32(0xe000 + u32::from(*byte)));
        record.extend(private.collect::<String>().bytes());
    }
    record.extend(br#""}"#);
    record
}

/// Whether an input of Fluent Bit could make records of these lines. Its own are never nested so deep, and have only
/// what its reader takes.
fn fluent_bit_has_such(unit: &Unit) -> bool {
    let readable = |line: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(line).is_ok();
    !unit.extreme
        && unit
            .lines
            .iter()
            .all(|line| fluent_bit_record(line) != *line || readable(line))
}

#[test]
fn as_fluent_bit_runs_it_nothing_is_lost() {
    if common::filter::module().is_none() {
        return;
    }
    let folder = folder("loss-fluent-bit");
    let (input, config_file) = (folder.join("input.log"), config_file(&folder));
    let mut tally = Tally::default();
    for (seed, count) in rounds() {
        let mut units: Vec<Unit> = Records::new(seed).take(count).collect();
        units.retain(fluent_bit_has_such);
        let lines = bytes(&units);
        fs::write(&input, &lines).unwrap();
        let output = bewit()
            .args([
                "annotate",
                "--host",
                "fluent-bit",
                "--config",
                text(&config_file),
                text(&input),
            ])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        tally.compare(seed, &units, &output.stdout, FLUENT_BIT);
    }
    tally.show("the module, as Fluent Bit runs it");
}
