//! Alerts in other schemas are what those schemas say they are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cef;
#[path = "../common/mod.rs"]
mod common;
mod ecs;
mod golden;
mod ocsf;
mod otel;

use std::collections::BTreeSet;
use std::fmt;

use bewit::{Annotator, Config, Detail, Outcome, Schema, is_annotated};
use common::corpus_lines;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

const SCHEMAS: [Schema; 4] = [Schema::Ocsf, Schema::Ecs, Schema::Otel, Schema::Cef];

fn annotator(schema: Schema, detail: Detail) -> Annotator {
    Annotator::new(Config {
        schema,
        detail,
        keep_raw: true,
        ..Config::default()
    })
}

fn annotated(annotator: &Annotator, line: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    (annotator.annotate(line, &mut out) == Outcome::Alert).then_some(out)
}

/// All alerts of the corpus: the line, and what became of it in full and in brief.
fn written(schema: Schema) -> Vec<(String, Vec<u8>)> {
    let mut alerts = Vec::new();
    for detail in [Detail::Full, Detail::Brief] {
        let annotator = annotator(schema, detail);
        let ten = include_str!("ten.tsv").lines().filter_map(|line| line.split_once('\t'));
        let ten = ten.map(|(_, line)| line.as_bytes().to_vec());
        for line in corpus_lines().into_iter().chain(ten) {
            if let Some(alert) = annotated(&annotator, &line) {
                alerts.push((String::from_utf8_lossy(&line).into_owned(), alert));
            }
        }
    }
    assert!(alerts.len() > 300, "{}", alerts.len());
    alerts
}

/// As [`written`], for schemas of objects.
fn objects(schema: Schema) -> Vec<(String, Value)> {
    let read = |(line, alert): (String, Vec<u8>)| {
        let alert = serde_json::from_slice(&alert).unwrap_or_else(|e| panic!("{line}: {e}"));
        (line, alert)
    };
    written(schema).into_iter().map(read).collect()
}

#[test]
fn a_second_pass_changes_nothing_whatever_the_schema() {
    for schema in SCHEMAS {
        for (line, alert) in written(schema) {
            assert!(is_annotated(&alert), "{line}");
            assert!(!is_annotated(line.as_bytes()), "{line}");
            for again in [Schema::Native, schema] {
                let mut out = Vec::new();
                let outcome = annotator(again, Detail::Full).annotate(&alert, &mut out);
                assert_eq!(outcome, Outcome::Passed, "{line}");
                assert_eq!(out, alert, "{line}");
            }
        }
    }
}

/// A JSON document in which no object has a key twice: many a reader takes one of them, and some refuse both.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Distinct;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Distinct, E> {
                Ok(Distinct)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
                Ok(Distinct)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
                Ok(Distinct)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
                Ok(Distinct)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
                Ok(Distinct)
            }
            fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
                Ok(Distinct)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Distinct, A::Error> {
                while seq.next_element::<Distinct>()?.is_some() {}
                Ok(Distinct)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
                let mut keys = BTreeSet::new();
                while let Some((key, _)) = map.next_entry::<String, Distinct>()? {
                    if keys.replace(key.clone()).is_some() {
                        return Err(A::Error::custom(format!("{key} comes twice")));
                    }
                }
                Ok(Distinct)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[test]
fn no_key_comes_twice() {
    // Keys of a wrapper that the schemas have, too.
    let wrapped = br#"{"log":"{\"rule\":\"x\",\"priority\":\"Notice\",\"time\":\"2026-04-13T17:57:43.7Z\",\"output\":\"y\",\"source\":\"syscall\",\"output_fields\":{\"user.name\":\"a\"}}","host":{"name":"h"},"event":{"kind":"event"},"message":"m","metadata":{"a":1},"user":1,"time":2,"attributes":[1],"unmapped":3,"bewit":{"schema":"other"},"@timestamp":"2026-04-13T17:57:44Z"}"#;
    for schema in [Schema::Ocsf, Schema::Ecs, Schema::Otel] {
        let alert = annotated(&annotator(schema, Detail::Full), wrapped).unwrap();
        let all = written(schema).into_iter().chain([("wrapped".to_owned(), alert)]);
        for (line, alert) in all {
            if let Err(error) = serde_json::from_slice::<Distinct>(&alert) {
                panic!("{line}: {error}");
            }
        }
    }
}

#[test]
fn only_annotated_records_are_known_as_such() {
    for alert in [
        &br#"{"rule":"x","bewit":{"schema":"bewit.alert/1","id":"1"}}"#[..],
        br#"{"metadata":{"product":{"name":"bewit"}}}"#,
        br#"{"bewit":{"schema":"bewit.alert/1"}}"#,
        br#"{"eventName":"bewit.alert"}"#,
        br#"{"cef":"CEF:0|bewit|bewit|0.1.0|x|y|3|cat=syscall"}"#,
        b"CEF:0|bewit|bewit|0.1.0|x|y|3|cat=syscall\n",
    ] {
        assert!(is_annotated(alert), "{}", String::from_utf8_lossy(alert));
    }
    for line in [
        &br#"{"rule":"x"}"#[..],
        br#"{"log":"\"bewit\":{\"schema\":\"bewit.alert/1\"}"}"#,
        br#"text "bewit":{"schema":"bewit.alert/1"}"#,
        br#"{"bewit":"bewit.alert/1"}"#,
        br#"{"metadata":{"product":{"name":"bewitched"}}}"#,
        br#"{"metadata":["bewit"]}"#,
        br#"{"message":"CEF:0|bewit|bewit|0.1.0|x|y|3|"}"#,
        b"CEF:0|other|bewit|0.1.0|x|y|3|",
        b"",
    ] {
        assert!(!is_annotated(line), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn what_is_no_alert_passes_in_every_schema() {
    for schema in SCHEMAS {
        let annotator = annotator(schema, Detail::Full);
        for line in [
            &b""[..],
            b"text",
            b"{}",
            br#"{"metadata":{"product":{"name":"x"}},"message":"y"}"#,
        ] {
            let mut out = Vec::new();
            assert_eq!(annotator.annotate(line, &mut out), Outcome::Passed);
            assert_eq!(out, line);
        }
    }
}
