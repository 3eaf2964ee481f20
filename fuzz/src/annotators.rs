//! An annotator for each kind of configuration.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use bewit::catalog::{BUILT_IN, LIBRARY};
use bewit::{Annotator, Config, Detail, Limits, MinPriority, Organisation, Schema};
use bewit_catalog::library;

/// Longest line that the configuration with a low limit takes.
const SHORT: usize = 300;

/// Every schema there is.
fn schemas() -> Vec<Schema> {
    let described = serde_json::to_value(schemars::schema_for!(Schema)).unwrap();
    let mut names = Vec::new();
    collect(&described, &mut names);
    let schemas: Vec<Schema> = names
        .into_iter()
        .filter_map(|name| serde_json::from_value(name).ok())
        .collect();
    assert!(schemas.contains(&Schema::Native));
    schemas
}

/// All values that a JSON Schema lists.
fn collect(schema: &serde_json::Value, names: &mut Vec<serde_json::Value>) {
    match schema {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("const", name) => names.push(name.clone()),
                    ("enum", serde_json::Value::Array(all)) => names.extend(all.iter().cloned()),
                    _ => collect(value, names),
                }
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|schema| collect(schema, names)),
        _ => {}
    }
}

/// Configurations that differ in whatever decides how a line is read or written.
pub(crate) fn configurations() -> Vec<Config> {
    let mut configurations = Vec::new();
    for schema in schemas() {
        let full = Config {
            schema,
            ..Config::default()
        };
        configurations.extend([
            Config {
                keep_raw: true,
                ..full.clone()
            },
            Config {
                detail: Detail::Brief,
                ..full.clone()
            },
            Config {
                min_priority: Some(MinPriority::Warning),
                limits: Limits {
                    line_bytes: SHORT,
                    ..Limits::default()
                },
                organisation: Organisation {
                    cluster: Some("a \"cluster\"; $(id)".into()),
                    owner: Some("-o\u{202e}\n".into()),
                    ..Organisation::default()
                },
                ..full
            },
        ]);
    }
    configurations
}

/// Annotators that have seen other lines, one for each configuration.
pub(crate) struct Annotators(Vec<Annotator>);

impl Annotators {
    pub(crate) fn new() -> Self {
        // Not part of the first input's coverage.
        LazyLock::force(&LIBRARY);
        let annotator = |config| {
            let library = library::pack(BUILT_IN.clone(), stored).unwrap();
            Annotator::with_library(config, library)
        };
        Self(configurations().into_iter().map(annotator).collect())
    }

    /// Those that an input goes through.
    pub(crate) fn of(&self, input: &[u8]) -> &[Annotator] {
        of(&self.0, input)
    }
}

/// All where inputs are replayed. While new ones are looked for, one that the input decides: then a second tries as
/// many inputs more as there are configurations.
pub(crate) fn of<'t, T>(all: &'t [T], input: &[u8]) -> &'t [T] {
    if !cfg!(feature = "fuzzer") {
        return all;
    }
    #[allow(clippy::cast_possible_truncation, reason = "the remainder is less than a length")]
    let at = (hash(input) % all.len() as u64) as usize;
    &all[at..=at]
}

/// The same for the same input, each time.
pub(crate) fn hash(input: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish()
}

/// DEFLATE that stores bytes as they are. Unpacking would take most of the time, and looks the same each time; fresh
/// annotators, which must say the same, have the catalog as it is built in.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out
}
