//! An annotator for each kind of configuration.

use bewit::catalog::LIBRARY;
use bewit::{Annotator, Config, Detail, Limits, MinPriority, Organisation, Schema};

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
        std::sync::LazyLock::force(&LIBRARY);
        Self(configurations().into_iter().map(Annotator::new).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Annotator> {
        self.0.iter()
    }
}
