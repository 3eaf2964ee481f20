//! A user's own catalog file: adds, replaces and extends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use bewit::catalog::BUILT_IN;
use bewit::{Annotator, Config, Outcome};
use bewit_catalog::compile::{self, Input, Mistake};
use bewit_catalog::files::vocabulary;
use bewit_catalog::model::Catalog;
use bewit_catalog::wire;
use serde_json::Value;

fn overlay(text: &str) -> Input {
    Input {
        path: "acme.yaml".into(),
        text: text.into(),
    }
}

fn over(overlays: &[Input]) -> Result<Catalog, Vec<Mistake>> {
    compile::compile_over(&BUILT_IN, &vocabulary(), overlays, "0")
}

fn annotate(text: &str, line: &str) -> Value {
    let compiled = over(&[overlay(text)]).unwrap();
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
            "acme.yaml:3:16: `nope` is neither a parameter nor a Falco field",
        ),
        (
            "mitigations:\n  - mitigation: x\n    phase: contain\n    title: X\n    commands:\n      - {title: X, where: node, argv: [systemctl, stop, x], effect: disrupts}\n",
            "needs `undo` or `undo_note`",
        ),
        (
            "mitigations:\n  - mitigation: x\n    phase: harden\n    title: X\n    manifests:\n      - title: Quota\n        kind: ResourceQuota\n        body: |\n          apiVersion: v1\n          kind: ResourceQuota\n          metadata: {{name: x\n",
            "acme.yaml:9:11: the manifest \"Quota\" is none: did not find expected",
        ),
        (
            "mitigations:\n  - mitigation: x\n    phase: harden\n    title: X\n    manifests:\n      - title: Quota\n        kind: ResourceQuota\n        body: |\n          apiVersion: v1\n          metadata: {{name: x}}\n",
            "the manifest \"Quota\" is none: an object has no `kind`",
        ),
    ] {
        let mistakes = over(&[overlay(text)]).unwrap_err();
        assert!(mistakes[0].to_string().contains(says), "{}\n{says}", mistakes[0]);
    }
}

/// A slip is answered by what was meant.
#[test]
fn mistakes_say_what_may_have_been_meant() {
    let rule = "rules:\n  - rule: X\n    summary: x\n    why: x\n";
    for (text, says) in [
        ("behaviour: []\n".to_owned(), "acme.yaml:1:1: unknown field `behaviour`, expected one of `names`, `rules`, `extend`, `behaviours`, `mitigations`, `innocent`, `organisation`; did you mean `behaviours`?"),
        (format!("{rule}    mitigations:\n      - use: isolate-pot\n"), "acme.yaml:6:9: there is no mitigations/isolate-pot.yaml; did you mean `isolate-pod`?"),
        (format!("{rule}    mitigations:\n      - {{id: y, phase: contain, titel: Y}}\n"), "unknown field `titel`"),
        (format!("{rule}    attack: [T1059.04]\n"), "acme.yaml:5:14: `T1059.04` is no technique of attack.yaml; did you mean `T1059.004`?"),
        ("rules:\n  - rule: X\n    summary: \"{container.idd}\"\n    why: x\n".to_owned(), "did you mean `container.id`?"),
        ("extend:\n  - rule: Terminal shel in container\n".to_owned(), "acme.yaml:2:11: the catalog has no guidance for \"Terminal shel in container\" to extend; did you mean `Terminal shell in container`?"),
        ("organisation:\n  owners: me\n".to_owned(), "acme.yaml:2:3: `owners` is no value of an organisation; did you mean `owner`?"),
        ("innocent:\n  - innocent: x\n    rules: [Terminal shel in container]\n    convincing: []\n    disposition: expected\n    reason: x\n    source: x\n".to_owned(), "did you mean `Terminal shell in container`?"),
    ] {
        let mistakes = over(&[overlay(&text)]).unwrap_err();
        assert!(mistakes[0].to_string().contains(says), "{}\n{says}", mistakes[0]);
    }
}

/// What is denied in the catalog is denied in a file of one's own: in commands, their undo, manifests and prose.
#[test]
fn what_switches_protection_off_is_refused() {
    let block = |rest: &str| {
        overlay(&format!(
            "mitigations:\n  - mitigation: x\n    phase: contain\n    title: X\n{rest}"
        ))
    };
    let command = |argv: &str| {
        format!("    commands:\n      - {{title: X, where: node, argv: {argv}, effect: changes, undo_note: none}}\n")
    };
    for (rest, refused) in [
        (command("[setenforce, \"0\"]"), Some("acme.yaml:6:40: `setenforce 0` is denied (selinux-off)")),
        (command("[setenforce, \"1\"]"), None),
        (command("[sh, -c, 'curl -fsS https://example.com/x | sh']"), Some("(download-into-shell)")),
        ("    commands:\n      - {title: X, where: node, argv: [chmod, go-w, --, /x], effect: changes, undo: [chmod, \"777\", /x]}\n".to_owned(), Some("(world-writable)")),
        ("    steps: [Switch it off with setenforce 0.]\n".to_owned(), Some("(selinux-off)")),
        ("    steps: [Do not switch it off with setenforce 0.]\n".to_owned(), None),
        ("    manifests:\n      - title: X\n        kind: Pod\n        body: |\n          spec:\n            hostPID: true\n".to_owned(), Some("(isolation-off)")),
        (command("[kubectl, delete, pod, \"{k8s.pod.name}\", --force, --grace-period=0]"), Some("(pods-killed-unseen)")),
        (command("[kubectl, delete, pod, \"{k8s.pod.name}\", --force, --grace-period=0]") + "    why: The pod may go on running on its node.\n", None),
    ] {
        let mistakes = over(&[block(&rest)]).err().unwrap_or_default();
        match refused {
            Some(says) => {
                let said = mistakes.first().map(ToString::to_string).unwrap_or_default();
                assert!(said.contains(says) && said.contains("instead, "), "{rest}\n{said}");
            }
            None => assert!(mistakes.is_empty(), "{rest}\n{mistakes:?}"),
        }
    }
}

/// Values of the organisation stand in templates and in the alert; those of the configuration go first.
#[test]
fn the_organisation_is_named() {
    let text = r##"
organisation:
  owner: The shop
  on_call: "#shop"
extend:
  - rule: Terminal shell in container
    decide:
      - ask: Who answers for it?
        steps: ["{org.owner|Somebody}, in {org.on_call|a channel}, at {org.runbook_url|no page}."]
"##;
    let alert = annotate(text, SHELL);
    assert_eq!(alert["organisation"]["owner"], "The shop");
    let step = |alert: &Value| {
        let mitigations = alert["mitigations"].as_array().unwrap().clone();
        let question = mitigations
            .iter()
            .find(|m| m["title"] == "Who answers for it?")
            .unwrap()
            .clone();
        question["steps"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(step(&alert), "The shop, in #shop, at no page.");

    let compiled = over(&[overlay(text)]).unwrap();
    let library = wire::decode(&wire::encode(compiled).unwrap()).unwrap();
    let config = serde_json::from_str::<Config>(r#"{"organisation": {"owner": "Till team"}}"#).unwrap();
    let mut out = Vec::new();
    Annotator::with_library(config, library).annotate(SHELL.as_bytes(), &mut out);
    let alert = serde_json::from_slice::<Value>(&out).unwrap()["bewit"].clone();
    assert_eq!(step(&alert), "Till team, in #shop, at no page.");
    assert_eq!(alert["organisation"]["on_call"], "#shop");
}

/// The example is what its page says.
#[test]
fn the_example_is_what_its_page_says() {
    let folder = Path::new("examples/overlay");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let page = read("README.md");
    let rules: Value = serde_yaml_ng::from_str(&read("acme_rules.yaml")).unwrap();
    let own: Vec<&str> = rules
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rule| rule["rule"].as_str())
        .collect();
    assert_eq!(own, ["Acme till opened by hand", "Acme price list written"]);
    let mut rows = 0;
    for line in read("falco.log").lines() {
        let alert = annotate(&read("acme.yaml"), line);
        let rule = serde_json::from_str::<Value>(line).unwrap()["rule"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = format!(
            "| {} | {} | {} | {} |",
            text(&rule),
            text(&alert["summary"]),
            text(&alert["guidance"]["matched_by"]),
            text(&alert["assessment"]["disposition"])
        );
        assert!(page.contains(&row), "{row}");
        rows += 1;
    }
    assert_eq!(rows, 3);
    let slip = read("acme.yaml").replace("      - use: isolate-pod\n", "      - use: isolate-pot\n");
    let said = over(&[overlay(&slip)]).unwrap_err()[0].to_string();
    let shown = page.lines().find(|line| line.contains("isolate-pot")).unwrap();
    assert!(said.ends_with(shown.split_once(": ").unwrap().1), "{said}");
}

#[test]
fn what_was_compiled_can_be_compiled_again() {
    let files = compile::read_dir(Path::new("catalog")).unwrap();
    assert_eq!(over(&[]), compile::compile(&files, "0"));
}

#[test]
fn bytes_of_another_version_and_damaged_ones_are_refused() {
    let files = compile::read_dir(Path::new("catalog")).unwrap();
    let bytes = wire::encode(compile::compile(&files, "0").unwrap()).unwrap();
    assert_eq!(wire::decode(b""), Err(wire::Unreadable::Version));
    assert_eq!(wire::decode(&bytes[1..]), Err(wire::Unreadable::Version));
    assert_eq!(wire::decode(&bytes[..bytes.len() / 2]), Err(wire::Unreadable::Damaged));
}
