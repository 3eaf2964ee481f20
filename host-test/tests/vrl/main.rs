//! `bewit vector export`: Vector, without a component, makes the same alerts as the component.
//!
//! The program is run by the `vrl` crate, which is what Vector runs it with; a real Vector checks it, too, where one is
//! on PATH.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod remap;
mod schemas;

use std::path::{Path, PathBuf};

use bewit::catalog::BUILT_IN;
use bewit::{Annotator, Config, Outcome};
use serde_json::{Value, json};

use common::{corpus_lines, folder, fuzzed, run, stderr, text};
use remap::{Fate, Vector};

const FORMS: [&str; 2] = ["tables", "chain"];

/// Exports into a folder of the test's.
fn export(test: &str, form: &str, config: Option<&str>) -> PathBuf {
    let folder = folder(&format!("vector-{test}-{form}"));
    let mut args = vec!["vector", "export", "--form", form, "--out", text(&folder)];
    let file = folder.join("config.yaml");
    if let Some(config) = config {
        std::fs::write(&file, config).unwrap();
        args.extend(["--config", text(&file)]);
    }
    let output = run(&args, "");
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}

/// What the component makes of an event that is written as a line; none where it leaves it as it is.
fn native(annotator: &Annotator, event: &Value) -> Option<Value> {
    let mut out = Vec::new();
    let outcome = annotator.annotate(event.to_string().as_bytes(), &mut out);
    (outcome == Outcome::Alert).then(|| serde_json::from_slice(&out).unwrap())
}

/// What only the component can say of such an event, or the program says beside it: taken off both.
fn without_limits(mut alert: Value) -> Value {
    let limited = alert.pointer("/bewit/guidance/host").is_some();
    let bewit = alert["bewit"].as_object_mut().unwrap();
    let guidance = bewit["guidance"].as_object_mut().unwrap();
    if limited {
        assert_eq!(guidance.remove("host"), Some(json!("vrl")));
        assert_eq!(guidance.remove("limits"), Some(json!(["id"])));
    }
    alert
}

/// Compares an event's alerts; returns whether there is one.
fn compare(vector: &mut Vector, annotator: &Annotator, event: &Value, what: &str) -> bool {
    let Fate::Event(ours) = vector.remap(event) else {
        panic!("{what}: dropped {event}");
    };
    match native(annotator, event) {
        Some(mut theirs) if is_json(&theirs) => {
            let limited = ours.pointer("/bewit/guidance/limits").is_some();
            let mut ours = without_limits(ours);
            if limited {
                for alert in [&mut ours, &mut theirs] {
                    alert["bewit"]["id"] = Value::Null;
                }
            }
            if ours != theirs {
                let mut differences = Vec::new();
                differ("", &ours, &theirs, &mut differences);
                panic!("{what}: {}\n{event}", differences.join("\n"));
            }
            true
        }
        _ => {
            assert_eq!(&ours, event, "{what}");
            false
        }
    }
}

/// The program reads no text alerts.
fn is_json(alert: &Value) -> bool {
    alert["bewit"]["input"]["format"] == "json"
}

fn differ(path: &str, ours: &Value, theirs: &Value, all: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key), b.get(key));
                differ(
                    &format!("{path}/{key}"),
                    a.unwrap_or(&json!("(none)")),
                    b.unwrap_or(&json!("(none)")),
                    all,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&format!("{path}/{index}"), a, b, all);
            }
        }
        (a, b) if a != b => all.push(format!("{path}: {a} instead of {b}")),
        _ => {}
    }
}

/// The events that a pipeline makes of the corpus.
fn corpus() -> Vec<Value> {
    events(corpus_lines())
}

/// The events that a pipeline makes of lines: lines as a source reads them, and objects that it has parsed.
fn events(lines: impl IntoIterator<Item = Vec<u8>>) -> Vec<Value> {
    let mut events = Vec::new();
    for line in lines {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Ok(parsed @ Value::Object(_)) = serde_json::from_str(&line) {
            events.push(parsed);
        }
        events.push(json!({ "message": line, "source_type": "file", "timestamp": "2026-04-13T17:44:30Z" }));
    }
    events
}

#[test]
fn alerts_of_the_corpus_are_the_components() {
    for form in FORMS {
        let mut vector = Vector::load(&export("corpus", form, None));
        let annotator = Annotator::default();
        let events = events(corpus_lines().into_iter().chain(fuzzed()));
        let alerts = events
            .iter()
            .filter(|event| compare(&mut vector, &annotator, event, form))
            .count();
        println!("{form}: {alerts} equal alerts of {} events", events.len());
        assert!(alerts > 200, "{alerts}");
    }
}

/// A value that the type of the first parameter it feeds takes, for each field of the catalog.
fn plausible(number: usize) -> serde_json::Map<String, Value> {
    use bewit::catalog::model::{ParamType, Take};
    let mut fields = serde_json::Map::new();
    for field in BUILT_IN.fields.iter().filter(|field| !field.name.starts_with('@')) {
        let Some(feed) = field.feeds.first() else {
            continue;
        };
        let kind = BUILT_IN.params[usize::from(feed.param)].kind;
        let value = match (feed.take, kind) {
            (Take::ClientIp | Take::ClientPort | Take::ServerIp | Take::ServerPort, _) => {
                json!("10.0.0.9:43812->192.0.2.7:443")
            }
            (_, ParamType::Text) => json!(format!("it's {number} $(id) \"x\" 4711 deadbeef01")),
            (_, ParamType::Path) => json!(format!("/etc/a b'{number}")),
            (_, ParamType::ContainerId) => json!("4cc4da328699"),
            (_, ParamType::DnsLabel) => json!(format!("shop-{number}")),
            (_, ParamType::DnsSubdomain) => json!("cart-7f9c6d5b8-x2x4k"),
            (_, ParamType::Integer) => json!(number),
            (_, ParamType::Port) => json!(1 + number),
            (_, ParamType::Ip) => json!("2001:db8::1"),
            (_, ParamType::UserName | ParamType::K8sUser) => ["jane", "root", "system-x"][number % 3].into(),
            (_, ParamType::Image) => json!("registry:5000/acme/cart:1.4@sha256-a"),
            (_, ParamType::Word) => json!(format!("word{number}")),
        };
        fields.insert(field.name.to_string(), value);
    }
    fields
}

/// Values that mean something to a shell, to YAML, to a template, or to nobody.
const HOSTILE: [&str; 24] = [
    "-rf",
    "--",
    "-",
    "'; rm -rf /; '",
    "$(id)`id`",
    "a\nb",
    "\u{202e}txt.exe",
    "\u{1}container.id\u{3}",
    "\u{2}container.id\u{3}",
    "\u{4}\u{2}container.id\u{3}\u{5}",
    "{{ nothing }} $1 ${1} \\1",
    "",
    "<NA>",
    "=ls",
    "null",
    "a\"b\\c",
    "é\u{0}ü",
    "x:1->y",
    "2001:db8::1:80->2001:db8::2:443",
    "a/b:",
    "/",
    "00080",
    "redis-0",
    "bewit.alert/1",
];

/// The alert of a rule, as an object.
fn alert(rule: &bewit::catalog::model::Rule, priority: &str, fields: serde_json::Map<String, Value>) -> Value {
    json!({
        "rule": rule.name,
        "priority": priority,
        "source": rule.source,
        "tags": rule.tags.split(' ').filter(|tag| !tag.is_empty()).collect::<Vec<_>>(),
        "output": format!("14:44:29.395043000: {priority} Something (x=y)"),
        "hostname": "node-1",
        "time": "2026-04-13T17:44:29.395043000Z",
        "uuid": "06dc3669-f1aa-47da-92bf-ae8723e1b9a6",
        "output_fields": fields,
    })
}

/// Alerts of every rule: with all values, with hostile ones, with none.
fn generated() -> Vec<Value> {
    let priorities = bewit::Priority::ALL.map(bewit::Priority::as_str);
    let mut events = Vec::new();
    for (number, rule) in BUILT_IN.rules.iter().enumerate() {
        let priority = priorities[number % priorities.len()];
        let all = plausible(number);
        let mut hostile = all.clone();
        for (at, value) in hostile.values_mut().enumerate() {
            *value = json!(HOSTILE[(at + number) % HOSTILE.len()]);
        }
        let mut mixed = all.clone();
        for (at, value) in mixed.values_mut().enumerate() {
            match (at + number) % 7 {
                0 => *value = json!(HOSTILE[(at * 5 + number) % HOSTILE.len()]),
                1 => *value = Value::Null,
                2 => *value = json!(["a", "", 4711, null, true, "b'c"]),
                3 => *value = json!(true),
                4 => *value = json!(1.5),
                _ => {}
            }
        }
        events.extend([all, hostile, mixed, serde_json::Map::new()].map(|fields| alert(rule, priority, fields)));
    }
    events
}

#[test]
fn alerts_of_every_rule_are_the_components() {
    for (form, config) in [
        ("tables", None),
        (
            "chain",
            Some(
                "detail: brief\norganisation: {cluster: eu-1, owner: \"o'neil\", on_call: '#sec', registry: registry.acme.example/shop}\n",
            ),
        ),
    ] {
        let mut vector = Vector::load(&export("rules", form, config));
        let config: Config = config.map_or_else(Config::default, |text| serde_yaml_ng::from_str(text).unwrap());
        let annotator = Annotator::new(config);
        for event in generated() {
            assert!(compare(&mut vector, &annotator, &event, form), "{event}");
        }
    }
}

/// Custom rules are recognised by their names, tags, fields and messages, and the rest by source.
#[test]
fn alerts_of_unknown_rules_are_the_components() {
    let mut vector = Vector::load(&export("unknown", "tables", None));
    let annotator = Annotator::default();
    let priorities = ["INFO", "warning", "Critical"];
    let names = [
        "Reverse Shell from Web Server",
        "Crypto Miner",
        "Acme: write below /etc",
        "x",
        "",
        "Kernel module loaded",
    ];
    let tags = [
        json!(["T1059.004", "mitre_execution"]),
        json!(["mitre_t1611_escape_to_host", "TA0005-defense-evasion", "T1611"]),
        json!(["T1059.999", "t1110", 7, null]),
        json!("T1059"),
        json!([]),
    ];
    let sources = [
        json!("syscall"),
        json!("syscalls"),
        json!("k8s_audit"),
        json!("acme"),
        Value::Null,
    ];
    let messages = BUILT_IN
        .messages
        .iter()
        .step_by(17)
        .map(|message| message.prefix.to_string());
    let messages: Vec<String> = messages.chain(["Something".to_owned()]).collect();
    for (number, message) in messages.iter().enumerate() {
        for (at, name) in names.iter().enumerate() {
            let event = json!({
                "rule": name,
                "priority": priorities[number % priorities.len()],
                "source": sources[(number + at) % sources.len()],
                "tags": tags[(number * 3 + at) % tags.len()],
                "output": format!("2026-04-13T17:44:29.395043000+0000: Warning {message}x y=z"),
                "output_fields": plausible(number),
                "uuid": "06dc3669-f1aa-47da-92bf-ae8723e1b9a6",
            });
            assert!(compare(&mut vector, &annotator, &event, "unknown"), "{event}");
        }
    }
}

#[test]
fn an_event_that_is_no_alert_passes_as_it_came() {
    let mut vector = Vector::load(&export("passed", "tables", None));
    for event in [
        json!({}),
        json!({"message": "{\"level\":\"info\",\"rule\":1,\"priority\":2}"}),
        json!({"message": "{\"rule\":\"x\",\"priority\":"}),
        json!({"message": {"rule": "x"}, "log": 7, "rule": null}),
        json!({"rule": "x", "priority": "Notice"}),
        json!({"rule": "x", "priority": "5", "time": "t"}),
        json!({"rule": "x", "priority": 8, "time": "t"}),
        json!({"rule": 1, "priority": "Notice", "output": 7, "output_fields": []}),
    ] {
        assert!(
            !compare(&mut vector, &Annotator::default(), &event, "passed"),
            "{event}"
        );
    }
}

#[test]
fn odd_alerts_lose_nothing() {
    let mut vector = Vector::load(&export("odd", "tables", None));
    for event in [
        json!({"rule": "x", "priority": 5, "time": null, "output_fields": [1, 2], "tags": {"a": 1}, "source": 7}),
        json!({"rule": "x", "priority": "debug", "output": 7, "bewit": "mine"}),
        json!({"rule": "x", "priority": "debug", "output": 7, "bewit": {"schema": "bewit.alert/0"}}),
        json!({"rule": "Terminal shell in container", "priority": "Error", "output_fields": {"container": {"id": "4cc4da328699", "image": {"repository": "a/b"}}, "proc.name": "sh"}}),
        json!({"message": "{\"rule\":\"x\",\"priority\":\"Error\",\"time\":\"t\",\"a.b\":1}", "a.b": 2, "c.d": 3, "bewit": 4}),
        json!({"log": "{\"message\":\"{\\\"rule\\\":\\\"x\\\",\\\"priority\\\":\\\"Error\\\",\\\"time\\\":\\\"t\\\"}\"}", "stream": "stdout", "time": "2026"}),
        json!({"log": "{\"rule\":\"x\",\"priority\":\"Error\",\"time\":\"t\"}", "rule": "x", "priority": "Error", "time": "t"}),
        json!({"message": "{\"rule\":\"x\",\"priority\":\"Error\",\"output_fields\":{\"container.id\":\"4cc4da328699\"}}",
            "kubernetes": {"pod_name": "cart-1", "pod_namespace": "shop", "pod_node_name": "n", "container_id": "containerd://4cc4da3286990000", "container_name": "c", "container_image": "i"}}),
    ] {
        assert!(compare(&mut vector, &Annotator::default(), &event, "odd"), "{event}");
    }
}

#[test]
fn only_the_configuration_drops_alerts() {
    let mut vector = Vector::load(&export("dropped", "tables", Some("min_priority: warning\n")));
    let alert = |priority: &str| json!({"rule": "x", "priority": priority, "time": "t"});
    assert_eq!(vector.remap(&alert("Notice")), Fate::Dropped);
    assert!(matches!(vector.remap(&alert("Warning")), Fate::Event(event) if event["bewit"].is_object()));
}

#[test]
fn an_annotated_alert_passes_a_second_time() {
    let mut vector = Vector::load(&export("second", "tables", None));
    let event = json!({"rule": "x", "priority": "Notice", "time": "t"});
    let Fate::Event(once) = vector.remap(&event) else {
        panic!("dropped");
    };
    assert_eq!(vector.remap(&once), Fate::Event(once));
}

#[test]
fn what_vector_cannot_do_is_refused() {
    for key in ["keep_raw", "mask_secrets"] {
        let folder = folder("vector-refused");
        let file = folder.join("config.yaml");
        std::fs::write(&file, format!("{key}: true\n")).unwrap();
        let output = run(
            &["vector", "export", "--out", text(&folder), "--config", text(&file)],
            "",
        );
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains(&format!("`{key}` is not for Vector")), "{said}");
    }
}

/// A real Vector takes the configuration and passes its tests, and its alerts are the component's.
#[test]
fn a_real_vector_agrees() {
    if !common::vector::vector() {
        return;
    }
    let mut events = corpus();
    events.extend(generated());
    let lines = events.iter().filter(|event| event.get("message").is_none());
    let lines: Vec<String> = lines.map(Value::to_string).collect();
    for form in FORMS {
        let folder = export("real", form, None);
        vector(&["validate", "--no-environment", "vector.yaml"], &folder, "");
        vector(&["test", "vector.yaml"], &folder, "");
        let out = vector(&common::vector::TO_THE_END, &folder, &(lines.join("\n") + "\n"));
        let mut alerts = 0;
        assert_eq!(out.lines().count(), lines.len(), "{form}");
        for (out, line) in out.lines().zip(&lines) {
            let mut ours: Value = serde_json::from_str(out).unwrap();
            let event = json!({ "message": line });
            let expected = native(&Annotator::default(), &event).filter(is_json);
            let is_alert = expected.is_some();
            let expected = expected.unwrap_or(event);
            for key in ["host", "source_type", "timestamp"] {
                if expected.get(key).is_none() {
                    ours.as_object_mut().unwrap().remove(key);
                }
            }
            if is_alert {
                ours = without_limits(ours);
                alerts += 1;
            }
            let mut differences = Vec::new();
            differ("", &ours, &expected, &mut differences);
            assert!(differences.is_empty(), "{form}: {}\n{line}", differences.join("\n"));
        }
        println!("{form}: {alerts} equal alerts of {} lines", lines.len());
    }
    for schema in ["ocsf", "ecs", "otel", "cef"] {
        let folder = export("real-schema", "tables", Some(&format!("schema: {schema}\n")));
        vector(&["validate", "--no-environment", "vector.yaml"], &folder, "");
        vector(&["test", "vector.yaml"], &folder, "");
    }
}

/// Runs a real Vector to its end, which must be a good one.
fn vector(args: &[&str], folder: &Path, input: &str) -> String {
    let (input_file, output_file) = (folder.join("in"), folder.join("out"));
    std::fs::write(&input_file, input).unwrap();
    let output = std::process::Command::new("vector")
        .args(args)
        .current_dir(folder)
        .stdin(std::fs::File::open(input_file).unwrap())
        .stdout(std::fs::File::create(&output_file).unwrap())
        .output()
        .unwrap();
    let said = stderr(&output);
    let out = std::fs::read_to_string(output_file).unwrap();
    assert!(output.status.success(), "{args:?}: {out}{said}");
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{args:?}: {said}");
    out
}

/// The example is what the command writes today.
#[test]
fn the_example_is_the_exports() {
    let example = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/vector/remap/vector.yaml"
    ));
    let exported = export("example", "tables", None).join("vector.yaml");
    assert_eq!(
        std::fs::read_to_string(example).unwrap(),
        std::fs::read_to_string(exported).unwrap()
    );
}
