//! What leaves is one record a line, whatever came.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bewit::{Annotator, Config, Outcome, fault};
use serde_json::{Value, json};

fn alert() -> Value {
    json!({
        "rule": "x", "priority": "Notice", "output_fields": {"proc.name": "sh", "list": [1, {"a": "b\n\r\n c"}]},
        "tags": ["a", "b"], "other": {"deep": [[], {}]},
    })
}

/// Falco's own keys of a record.
fn own(record: &[u8]) -> Value {
    assert!(!record.contains(&b'\n') && !record.contains(&b'\r'));
    let mut record: Value = serde_json::from_slice(record).unwrap();
    assert!(record.as_object_mut().unwrap().remove("bewit").is_some());
    record
}

fn annotated(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    assert_eq!(
        Annotator::default().annotate(line.as_bytes(), &mut out),
        Outcome::Alert,
        "{line}"
    );
    out
}

#[test]
fn a_pretty_printed_alert_becomes_one_line() {
    let pretty = serde_json::to_string_pretty(&alert()).unwrap();
    for line in [pretty.clone(), pretty.replace('\n', "\r\n")] {
        assert_eq!(own(&annotated(&line)), alert());
        let mut failed = Vec::new();
        fault(line.as_bytes(), "x", "x", &mut failed);
        assert_eq!(own(&failed), alert());
    }
}

/// A line of a batch cannot become several by what a wrapper has in its strings.
#[test]
fn so_does_one_inside_a_wrapper() {
    let pretty = serde_json::to_string_pretty(&alert()).unwrap();
    assert_eq!(own(&annotated(&json!({ "log": pretty }).to_string())), alert());
}

#[test]
fn records_are_appended_to_whatever_is_there() {
    let line = alert().to_string();
    let alone = annotated(&line);
    for before in ["x", "{}", "{}\n", "[", ""] {
        let mut out = before.as_bytes().to_vec();
        Annotator::default().annotate(line.as_bytes(), &mut out);
        assert_eq!(out, [before.as_bytes(), &alone].concat());
    }
}

/// What is kept between lines decides nothing: a new annotator writes the same.
#[test]
fn alerts_before_it_change_nothing_in_an_alert() {
    const RULES: [&str; 4] = [
        "Terminal shell in container",
        "Read sensitive file untrusted",
        "A shell of ours",
        "DNS lookup",
    ];
    const NAMES: [&str; 10] = [
        "container.id",
        "container.image.repository",
        "evt.time",
        "fd.name",
        "fd.sip",
        "k8s.ns.name",
        "k8s.pod.name",
        "proc.cmdline",
        "proc.pid",
        "user.name",
    ];
    const VALUES: [&str; 18] = [
        "4cc4da328699",
        "host",
        "quay.io/acme/cart",
        "/etc/shadow",
        "/tmp/a b'c",
        "10.0.0.1",
        "shop",
        "cart-0",
        "-rf",
        "=x",
        "it's",
        "a\"b\\c",
        "é\u{202e}",
        "<NA>",
        "",
        "$(id)",
        "sh -c \"x\"",
        "root",
    ];
    let mut state = 7_u32;
    let mut random = |most: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % most
    };
    for detail in ["brief", "full"] {
        let config: Config = serde_json::from_value(json!({ "detail": detail })).unwrap();
        let kept = Annotator::new(config.clone());
        for _ in 0..600 {
            let mut fields = serde_json::Map::new();
            for name in NAMES {
                match random(8) {
                    0 => {}
                    1 => _ = fields.insert(name.to_owned(), Value::Null),
                    2 => _ = fields.insert(name.to_owned(), json!(random(70_000))),
                    3 => _ = fields.insert(name.to_owned(), json!(VALUES[random(VALUES.len())].repeat(30))),
                    _ => _ = fields.insert(name.to_owned(), json!(VALUES[random(VALUES.len())])),
                }
            }
            let line =
                json!({ "output": "x", "priority": "Notice", "rule": RULES[random(4)], "output_fields": fields });
            let line = match random(2) {
                0 => line.to_string(),
                _ => json!({ "log": line.to_string() }).to_string(),
            };
            let (mut again, mut new) = (Vec::new(), Vec::new());
            kept.annotate(line.as_bytes(), &mut again);
            Annotator::new(config.clone()).annotate(line.as_bytes(), &mut new);
            assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&new), "{line}");
        }
    }
}
