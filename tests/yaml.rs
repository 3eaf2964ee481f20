//! Manifests and tuning snippets are YAML, whatever the event's values are, and hold exactly those values.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use bewit::catalog::BUILT_IN;
use bewit::schema::Alert;
use common::corpus_lines;
use serde::Deserialize as _;
use serde_yaml_ng::Value;

/// Names that YAML would read as something else, or that would break out of a scalar.
const PODS: [&str; 6] = ["null", "1e3", "yes", "0x1f", "cart-7f9c6d5b8-x2x4k", "a\"\n  b: c"];
const IMAGES: [&str; 4] = ["quay.io/acme/cart", "x\" or evt.num > 0 or \"", "a: b #c", "null"];

fn documents(yaml: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).unwrap_or_else(|e| panic!("{e}\n{yaml}")))
        .collect()
}

fn alerts() -> Vec<Alert> {
    let mut lines: Vec<Vec<u8>> = corpus_lines();
    for (i, rule) in BUILT_IN.rules.iter().enumerate() {
        let fields = serde_json::json!({
            "container.id": "4cc4da328699", "container.name": PODS[(i + 1) % PODS.len()],
            "k8s.pod.name": PODS[i % PODS.len()], "k8s.ns.name": PODS[(i + 3) % PODS.len()],
            "container.image.repository": IMAGES[i % IMAGES.len()], "proc.name": IMAGES[(i + 1) % IMAGES.len()],
            "proc.exepath": "/usr/bin/x", "proc.pname": "runc", "proc.cmdline": "x | y", "fd.name": "/etc/shadow",
        });
        let line = serde_json::json!({"rule": rule.name, "priority": "Notice", "time": "x", "output_fields": fields});
        lines.push(line.to_string().into_bytes());
    }
    common::alerts(&lines)
}

#[test]
fn manifests_are_yaml_of_their_kind() {
    let mut count = 0;
    for alert in alerts() {
        for manifest in alert.bewit.mitigations.iter().flat_map(|m| &m.manifests) {
            // Kubernetes kinds are capitalised; the others are file types with a syntax of their own.
            let documents = match manifest.body.contains("apiVersion:") {
                true => documents(&manifest.body),
                false => continue,
            };
            count += 1;
            let first = manifest.kind.split([' ', ',']).next().unwrap();
            assert!(
                documents
                    .iter()
                    .any(|d| d.get("kind").and_then(Value::as_str) == Some(first)),
                "{}: {}\n{}",
                manifest.title,
                manifest.kind,
                manifest.body
            );
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn tuning_snippets_are_yaml_that_falco_knows() {
    let mut count = 0;
    for alert in alerts() {
        let Some(tuning) = &alert.bewit.tuning else {
            continue;
        };
        count += 1;
        let documents = documents(&tuning.snippet);
        let [Value::Sequence(items)] = documents.as_slice() else {
            panic!("{}", tuning.snippet);
        };
        let [item] = items.as_slice() else {
            panic!("{}", tuning.snippet);
        };
        let has = |key: &str| item.get(key).is_some();
        assert!(has("macro") && has("condition") || has("list") && has("items") || has("rule") && has("exceptions"));
        assert!(has("override"), "{}", tuning.snippet);
        if let Some(condition) = item.get("condition").and_then(Value::as_str) {
            assert_eq!(condition.matches('"').count() % 2, 0, "{condition}");
            assert!(!condition.contains("evt.num"), "{condition}");
        }
    }
    assert!(count > 50, "{count}");
}
