//! What looks like a credential is masked everywhere in an alert, and nothing that bewit says itself looks so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use bewit::{Annotator, Config, Outcome, mask};
use common::corpus_lines;
use serde_json::{Value, json};

const SECRET: &str = "hunter2-q7Zx";

fn annotate(line: &str) -> Value {
    let annotator = Annotator::new(Config {
        mask_secrets: true,
        ..Config::default()
    });
    let mut out = Vec::new();
    assert_eq!(annotator.annotate(line.as_bytes(), &mut out), Outcome::Alert, "{line}");
    assert!(
        !String::from_utf8_lossy(&out).contains(SECRET),
        "{}",
        String::from_utf8_lossy(&out)
    );
    serde_json::from_slice(&out).unwrap()
}

fn alert() -> Value {
    let command = format!("mysql --user root --password={SECRET} shop");
    json!({
        "rule": "Terminal shell in container", "priority": "Notice", "time": "2026-04-13T17:57:43.700000000Z",
        "output": format!("17:57:43.700000000: Notice A shell was spawned (user=root cmdline={command})"),
        "output_fields": {"proc.cmdline": command, "proc.name": "mysql", "container.id": "4cc4da328699", "evt.time": 1_776_103_063_700_000_000_u64},
    })
}

#[test]
fn a_credential_is_nowhere_in_the_alert_and_its_place_is_named() {
    let alert = annotate(&alert().to_string());
    assert_eq!(
        alert["output_fields"]["proc.cmdline"],
        "mysql --user root --password=*** shop"
    );
    assert_eq!(alert["output_fields"]["evt.time"], 1_776_103_063_700_000_000_u64);
    let what = "a value that its name calls secret";
    assert_eq!(
        alert["bewit"]["input"]["masked"],
        json!([{"field": "output", "what": what}, {"field": "proc.cmdline", "what": what}])
    );
}

#[test]
fn wrappers_are_masked_too() {
    let wrapped = json!({
        "log": alert().to_string(), "stream": "stdout",
        "kubernetes": {"annotations": {"vault": format!("token: {SECRET}")}},
    });
    let alert = annotate(&wrapped.to_string());
    assert_eq!(alert["kubernetes"]["annotations"]["vault"], "token: ***");
    assert_eq!(alert["stream"], "stdout");
}

#[test]
fn text_alerts_are_masked() {
    let line = format!(
        "17:57:43.700000000: Notice A shell was spawned in a container with an attached terminal (user=root container_id=4cc4da328699 cmdline=mysql --password={SECRET} shop)"
    );
    let alert = annotate(&line);
    assert_eq!(alert["rule"], "Terminal shell in container");
}

#[test]
fn a_config_map_is_masked_whole() {
    let alert = annotate(
        &json!({
            "rule": "Create/Modify Configmap With Private Credentials", "priority": "Warning", "source": "k8s_audit",
            "time": "2026-04-13T17:57:43.700000000Z",
            "output_fields": {"ka.req.configmap.obj": {"db.conf": SECRET}, "ka.target.name": "shop"},
        })
        .to_string(),
    );
    assert_eq!(alert["output_fields"]["ka.req.configmap.obj"], "***");
}

#[test]
fn without_secrets_nothing_changes() {
    let (plain, masking) = (
        Annotator::default(),
        Annotator::new(Config {
            mask_secrets: true,
            ..Config::default()
        }),
    );
    let mut same = 0;
    for line in corpus_lines() {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let outcome = plain.annotate(&line, &mut one);
        assert_eq!(masking.annotate(&line, &mut other), outcome);
        if !String::from_utf8_lossy(&other).contains("\"masked\":[{") {
            assert_eq!(one, other, "{}", String::from_utf8_lossy(&line));
            same += 1;
        }
    }
    assert!(same > 400, "{same}");
}

/// Else a report would mask its own advice.
#[test]
fn what_bewit_says_itself_does_not_look_like_a_credential() {
    let mut alerts = 0;
    for rule in bewit::catalog::BUILT_IN.rules.iter() {
        let line =
            json!({"rule": rule.name, "source": rule.source, "priority": "Notice", "time": "x", "output_fields": {}});
        let mut out = Vec::new();
        assert_eq!(
            Annotator::default().annotate(line.to_string().as_bytes(), &mut out),
            Outcome::Alert
        );
        let masked = mask(&String::from_utf8(out).unwrap()).unwrap().bewit.input.masked;
        assert!(masked.is_empty(), "{}: {masked:?}", rule.name);
        alerts += 1;
    }
    assert!(alerts > 300, "{alerts}");
}
