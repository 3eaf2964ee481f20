//! Ten alerts in every schema, as they go out: brief, and one in full.

use bewit::{Annotator, Config, Detail, Schema};
use serde_json::Value;

use crate::{SCHEMAS, annotated};

/// Name and line.
fn ten() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("ten.tsv").lines();
    lines.map(|line| line.split_once('\t').unwrap()).collect()
}

fn check(schema: Schema, detail: Detail, name: &str, line: &str) {
    let annotator = Annotator::new(Config {
        schema,
        detail,
        ..Config::default()
    });
    let alert = String::from_utf8(annotated(&annotator, line.as_bytes()).unwrap()).unwrap();
    // The catalog's version changes with every word in it.
    let version = &annotator.library().tables.index.version;
    let alert = alert.replace(version.as_ref(), "<version>");
    let name = format!("{}_{name}", schema.as_str());
    match serde_json::from_str::<Value>(&alert) {
        Ok(alert) => insta::assert_json_snapshot!(name, alert),
        Err(_) => insta::assert_snapshot!(name, alert),
    }
}

#[test]
fn ten_alerts_in_brief() {
    let ten = ten();
    assert_eq!(ten.len(), 10);
    for schema in SCHEMAS {
        for (name, line) in &ten {
            check(schema, Detail::Brief, name, line);
        }
    }
}

#[test]
fn one_in_full() {
    let (name, line) = ten()[0];
    for schema in SCHEMAS {
        check(schema, Detail::Full, &format!("{name}_in_full"), line);
    }
}
