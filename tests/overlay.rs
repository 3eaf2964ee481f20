//! A user's own catalog file: adds, replaces and extends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use bewit::{Annotator, Config, Outcome};
use bewit_catalog::compile::{self, Input};
use bewit_catalog::wire;
use serde_json::Value;

fn overlay(text: &str) -> Input {
    Input {
        path: "acme.yaml".into(),
        text: text.into(),
    }
}

fn annotate(text: &str, line: &str) -> Value {
    let files = compile::read_dir(Path::new("catalog")).unwrap();
    let compiled = compile::compile_with(&files, &[overlay(text)], "0").unwrap();
    // As it goes from the host to the plugin.
    let library = wire::decode(&wire::encode(compiled.clone()).unwrap()).unwrap();
    assert_eq!(library.unpack(), Some(compiled));
    let mut out = Vec::new();
    let outcome = Annotator::with_library(Config::default(), library).annotate(line.as_bytes(), &mut out);
    assert_eq!(outcome, Outcome::Alert);
    serde_json::from_slice::<Value>(&out).unwrap()["bewit"].clone()
}

const ACME: &str = r#"{"rule":"Acme till opened","priority":"Notice","time":"x","output_fields":{"k8s.ns.name":"shop-eu","proc.name":"till"}}"#;
const SHELL: &str = r#"{"rule":"Terminal shell in container","priority":"Notice","time":"x","output_fields":{"container.id":"4cc4da328699","k8s.ns.name":"shop-eu","k8s.pod.name":"cart-0"}}"#;

#[test]
fn a_rule_of_ones_own() {
    let alert = annotate(
        r#"
rules:
  - rule: Acme till opened
    attack: [T1059]
    summary: "{proc.name|A till} was opened in {k8s.ns.name|the shop}."
    why: Tills are opened by hand only.
    mitigations:
      - use: isolate-pod
      - id: ask-the-shop
        phase: inspect
        title: Ask the shop
        commands:
          - {title: Show the shop, where: workstation, argv: [kubectl, get, namespace, "{k8s.ns.name}"], effect: read-only}
"#,
        ACME,
    );
    assert_eq!(alert["summary"], "till was opened in shop-eu.");
    assert_eq!(alert["guidance"]["matched_by"], "rule");
    assert_eq!(alert["mitigations"][0]["id"], "acme-till-opened/ask-the-shop");
    assert_eq!(
        alert["mitigations"][0]["commands"][0]["line"],
        "kubectl get namespace shop-eu"
    );
}

#[test]
fn a_rule_of_upstreams_extended() {
    let text = r#"
extend:
  - rule: Terminal shell in container
    severity: 20
    severity_why: production
    innocent: [The shop's night shift debugs with a shell.]
    references: [{title: Our runbook, url: "https://runbooks.acme.example/shell"}]
"#;
    let alert = annotate(text, SHELL);
    let why = alert["severity"]["why"].as_array().unwrap();
    assert!(
        why.iter().any(|w| w["text"] == "production" && w["add"] == 20),
        "{why:?}"
    );
    assert_eq!(
        alert["guidance"]["innocent"][0],
        "The shop's night shift debugs with a shell."
    );
    assert_eq!(alert["guidance"]["references"][0]["title"], "Our runbook");
    let ids: Vec<&str> = alert["mitigations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"isolate-pod"), "{ids:?}");
}

#[test]
fn a_block_of_the_catalogs_replaced() {
    let text = r#"
mitigations:
  - mitigation: isolate-pod
    phase: contain
    title: Call the network team
    steps: [Call 4711.]
"#;
    let alert = annotate(text, SHELL);
    let isolate = alert["mitigations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["id"] == "isolate-pod")
        .unwrap()
        .clone();
    assert_eq!(isolate["title"], "Call the network team");
}

#[test]
fn an_innocent_cause_of_ones_own() {
    let text = r#"
innocent:
  - innocent: acme-night-shift
    rules: [Terminal shell in container]
    all: [{k8s.ns.name: "shop-*"}]
    convincing: [{weight: 60, when: [{k8s.pod.name: "cart-*"}]}]
    disposition: expected
    reason: The night shift works on {k8s.pod.name}.
    source: https://wiki.acme.example/night-shift
"#;
    let assessment = &annotate(text, SHELL)["assessment"];
    assert_eq!(assessment["disposition"], "expected");
    assert_eq!(assessment["reasons"][0]["text"], "The night shift works on cart-0.");
}

#[test]
fn a_class_of_ones_own_is_preferred() {
    let text = r#"
behaviours:
  - behaviour: acme-till
    title: a till
    match: [{score: 90, words: [till]}]
    summary: A till did something.
    why: Tills matter.
"#;
    let guidance = &annotate(text, ACME)["guidance"];
    assert_eq!(
        (&guidance["matched_by"], &guidance["entry"]),
        (&"behaviour".into(), &"acme-till".into())
    );
}

#[test]
fn mistakes_are_named_where_they_are() {
    let files = compile::read_dir(Path::new("catalog")).unwrap();
    for (text, says) in [
        ("rulez: []\n", "acme.yaml:1:1: unknown field `rulez`"),
        (
            "rules:\n  - rule: X\n    sumary: x\n",
            "acme.yaml:3:5: rules[0]: unknown field `sumary`",
        ),
        (
            "extend:\n  - rule: No such rule\n",
            "acme.yaml:2:11: the catalog has no guidance for \"No such rule\"",
        ),
        (
            "rules:\n  - rule: X\n    summary: \"{nope}\"\n    why: x\n",
            "acme.yaml:3:15: `nope` is neither a parameter nor a Falco field",
        ),
        (
            "mitigations:\n  - mitigation: x\n    phase: contain\n    title: X\n    commands:\n      - {title: X, where: node, argv: [systemctl, stop, x], effect: disrupts}\n",
            "needs `undo` or `undo_note`",
        ),
    ] {
        let mistakes = compile::compile_with(&files, &[overlay(text)], "0").unwrap_err();
        assert!(mistakes[0].to_string().contains(says), "{}\n{says}", mistakes[0]);
    }
}

#[test]
fn bytes_of_another_version_and_damaged_ones_are_refused() {
    let files = compile::read_dir(Path::new("catalog")).unwrap();
    let bytes = wire::encode(compile::compile(&files, "0").unwrap()).unwrap();
    assert_eq!(wire::decode(b""), Err(wire::Unreadable::Version));
    assert_eq!(wire::decode(&bytes[1..]), Err(wire::Unreadable::Version));
    assert_eq!(wire::decode(&bytes[..bytes.len() / 2]), Err(wire::Unreadable::Damaged));
}
