//! How guidance is found: the ladder from a rule's name down to nothing better than its source, and what the alert
//! says of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bewit::catalog::BUILT_IN;
use bewit::{Annotator, Outcome};
use serde_json::{Value, json};

fn bewit(line: &str) -> Value {
    let mut out = Vec::new();
    assert_eq!(
        Annotator::default().annotate(line.as_bytes(), &mut out),
        Outcome::Alert,
        "{line}"
    );
    serde_json::from_slice::<Value>(&out).unwrap()["bewit"].clone()
}

fn json_alert(rule: &str, extra: Value) -> String {
    let mut alert = json!({"rule": rule, "priority": "Warning", "time": "2026-04-13T17:57:43.700000000Z"});
    for (key, value) in extra.as_object().unwrap() {
        alert[key] = value.clone();
    }
    alert.to_string()
}

fn guidance(line: &str) -> (String, String, String) {
    let guidance = &bewit(line)["guidance"];
    let text = |key: &str| guidance[key].as_str().unwrap().to_owned();
    (text("matched_by"), text("entry"), text("confidence"))
}

fn is(line: &str, matched_by: &str, entry: &str, confidence: &str) {
    assert_eq!(
        guidance(line),
        (matched_by.into(), entry.into(), confidence.into()),
        "{line}"
    );
}

#[test]
fn by_name() {
    is(
        &json_alert("Terminal shell in container", json!({})),
        "rule",
        "terminal-shell-in-container",
        "high",
    );
}

#[test]
fn by_a_former_name() {
    is(
        &json_alert("run_shell_untrusted", json!({})),
        "former_name",
        "run-shell-untrusted",
        "high",
    );
}

/// A custom name for an upstream rule, and a text alert that has no name.
#[test]
fn by_message() {
    let message = "A shell was spawned in a container with an attached terminal (user=root)";
    let output = format!("17:57:43.700000000: Notice {message}");
    let custom = json_alert("Our very own", json!({"output": output}));
    is(&custom, "message", "terminal-shell-in-container", "high");
    is(&output, "message", "terminal-shell-in-container", "high");
}

/// Two rules share a message: the guess says so.
#[test]
fn by_a_shared_message() {
    let (by, _, confidence) = guidance("17:57:43.700000000: Notice Disallowed SSH Connection (user=root)");
    assert_ne!(confidence, "high", "{by}");
}

/// A known rule without an entry of its own is known, but its guidance is a class's.
#[test]
fn by_behaviour_as_the_catalog_says() {
    let line = json_alert("Write below etc in installer", json!({}));
    is(&line, "behaviour", "file-write-system", "medium");
    assert_eq!(bewit(&line)["guidance"]["rule"], "Write below etc in installer");
}

#[test]
fn by_behaviour_as_name_and_tags_tell() {
    let extra = json!({"tags": ["container", "shell"], "output_fields": {"container.id": "4cc4da328699"}});
    let (by, entry, _) = guidance(&json_alert("Detect Shell in Container", extra));
    assert_eq!((by.as_str(), entry.as_str()), ("behaviour", "shell-in-container"));
}

#[test]
fn by_technique() {
    let line = json_alert("Our very own", json!({"tags": ["T1611"]}));
    let (by, entry, confidence) = guidance(&line);
    assert_eq!((by.as_str(), confidence.as_str()), ("technique", "low"), "{entry}");
}

#[test]
fn by_source_and_by_nothing() {
    is(
        &json_alert("Our very own", json!({"source": "okta"})),
        "source",
        "okta",
        "low",
    );
    is(
        &json_alert("Our very own", json!({"source": "syscalls"})),
        "source",
        "syscall",
        "low",
    );
    is(&json_alert("Our very own", json!({})), "generic", "generic", "low");
}

/// The id that is tagged stays, and the one that replaced it stands beside it.
#[test]
fn revoked_techniques_name_their_successor() {
    let bewit = bewit(&json_alert(
        "Our very own",
        json!({"tags": ["T1562-impair-defenses", "TA0005-defense-evasion"]}),
    ));
    let attack = bewit["attack"].as_array().unwrap();
    let tagged = attack.iter().find(|a| a["technique"] == "T1562").unwrap();
    assert_eq!(tagged["superseded_by"], "T1685");
    assert_eq!(tagged["version"], "18.1");
    assert_eq!(tagged["from"], "tag");
    assert!(
        attack.iter().all(|a| a["technique"].is_string()),
        "the tactic is the technique's: {attack:?}"
    );
}

/// An ATT&CK mitigation is named only where MITRE lists it for a technique of the event.
#[test]
fn mitigations_are_mitres() {
    let catalog = &BUILT_IN;
    for rule in catalog.rules.iter() {
        let bewit = bewit(&json_alert(
            &rule.name,
            json!({"output_fields": {"container.id": "4cc4da328699"}}),
        ));
        let listed: Vec<&str> = bewit["attack"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|a| a["technique"].as_str())
            .filter_map(|id| catalog.attack.techniques.iter().find(|t| t.id == id))
            .flat_map(|t| t.mitigations.iter().map(AsRef::as_ref))
            .collect();
        for mitigation in bewit["mitigations"].as_array().unwrap() {
            for id in mitigation["attack_mitigations"].as_array().into_iter().flatten() {
                assert!(listed.contains(&id.as_str().unwrap()), "{}: {id}", rule.name);
            }
        }
    }
}

/// Inspect, contain, eradicate, harden; within it, every change says how it is undone.
#[test]
fn mitigations_come_in_order_and_changes_can_be_undone_or_say_why_not() {
    for rule in BUILT_IN.rules.iter() {
        let fields = json!({"container.id": "4cc4da328699", "k8s.pod.name": "cart-0", "k8s.ns.name": "shop"});
        let bewit = bewit(&json_alert(&rule.name, json!({"output_fields": fields})));
        let mut last = 0;
        for mitigation in bewit["mitigations"].as_array().unwrap() {
            let phases = ["inspect", "contain", "eradicate", "harden"];
            let phase = phases.iter().position(|p| mitigation["phase"] == *p).unwrap();
            assert!(phase >= last, "{}", rule.name);
            last = phase;
            for command in mitigation["commands"].as_array().unwrap() {
                assert_eq!(command["effect"] == "read-only", command["undo"].is_null(), "{command}");
                assert!(phase > 0 || command["effect"] == "read-only", "{command}");
            }
        }
    }
}

/// Pod and namespace, else the container on its node, else the host.
#[test]
fn commands_fall_back_to_what_the_event_has() {
    let tools = |fields: Value| -> Vec<String> {
        let bewit = bewit(&json_alert(
            "Terminal shell in container",
            json!({"output_fields": fields}),
        ));
        let mitigations = bewit["mitigations"].as_array().unwrap().clone();
        let commands = mitigations
            .iter()
            .flat_map(|m| m["commands"].as_array().unwrap().clone());
        commands
            .filter(|c| c["ready"] == true)
            .map(|c| c["argv"][0].as_str().unwrap().to_owned())
            .collect()
    };
    let has = |tools: &[String], tool: &str| tools.iter().any(|t| t == tool);
    let pod = tools(json!({"container.id": "4cc4da328699", "k8s.pod.name": "cart-0", "k8s.ns.name": "shop"}));
    assert!(has(&pod, "kubectl"), "{pod:?}");
    let container = tools(json!({"container.id": "4cc4da328699"}));
    assert!(has(&container, "crictl") && has(&container, "docker"), "{container:?}");
    let host = tools(json!({"container.id": "host"}));
    assert!(!has(&host, "crictl") && !has(&host, "docker"), "{host:?}");
}

/// A missing value leaves the command visible, named and harmless to paste.
#[test]
fn a_command_without_its_values_is_a_template() {
    let mut templates = 0;
    for rule in BUILT_IN.rules.iter() {
        let bewit = bewit(&json_alert(&rule.name, json!({"source": rule.source})));
        let mitigations = bewit["mitigations"].as_array().unwrap();
        for command in mitigations.iter().flat_map(|m| m["commands"].as_array().unwrap()) {
            let (line, missing) = (
                command["line"].as_str().unwrap(),
                command["missing"].as_array().unwrap(),
            );
            assert_eq!(command["ready"] == true, missing.is_empty(), "{command}");
            for name in missing {
                templates += 1;
                let hole = format!("<{}>", name.as_str().unwrap());
                assert!(line.contains(&hole) && line.contains('\''), "{line}");
            }
        }
    }
    assert!(templates > 0);
}
