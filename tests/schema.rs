//! Every alert is what the published JSON Schema and the typed form say it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use bewit::{Annotator, Config, Detail, Outcome};
use common::{corpus_lines, validator};
use serde_json::Value;

#[test]
fn every_alert_of_the_corpus_is_valid_and_keeps_falcos_keys() {
    let validator = validator("schema/alert.schema.json");
    let mut alerts = 0;
    for detail in [Detail::Full, Detail::Brief] {
        let annotator = Annotator::new(Config {
            detail,
            keep_raw: true,
            ..Config::default()
        });
        for line in corpus_lines() {
            let mut out = Vec::new();
            if annotator.annotate(&line, &mut out) != Outcome::Alert {
                continue;
            }
            alerts += 1;
            let text = String::from_utf8_lossy(&line);
            let alert: Value = serde_json::from_slice(&out).unwrap_or_else(|e| panic!("{text}: {e}"));
            let errors: Vec<String> = validator
                .iter_errors(&alert)
                .map(|e| format!("{} {e}", e.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{text}: {errors:?}");
            // What the types read, they write again: none knows a key that the other does not.
            let typed: bewit::schema::Alert = serde_json::from_slice(&out).unwrap();
            let again = serde_json::to_value(&typed.bewit).unwrap();
            assert_eq!(without_defaults(&again), without_defaults(&alert["bewit"]), "{text}");
            if let Ok(Value::Object(before)) = serde_json::from_slice(&line)
                && before.contains_key("rule")
            {
                for (key, value) in before
                    .iter()
                    .filter(|(key, _)| !matches!(key.as_str(), "log" | "message"))
                {
                    assert_eq!(alert.get(key), Some(value), "{text}: {key}");
                }
            }
        }
    }
    assert!(alerts > 300, "{alerts}");
}

/// Without members that are empty or null, which either side may leave out.
fn without_defaults(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), without_defaults(value)))
            .filter(|(_, value)| !is_default(value))
            .collect(),
        Value::Array(items) => items.iter().map(without_defaults).collect(),
        other => other.clone(),
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[test]
fn the_schema_refuses_what_is_no_alert() {
    let validator = validator("schema/alert.schema.json");
    for bad in [
        r#"{}"#,
        r#"{"priority":"Notice"}"#,
        r#"{"priority":"Notice","bewit":{"schema":"bewit.alert/1"}}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(bad).unwrap()), "{bad}");
    }
}
