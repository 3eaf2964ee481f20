//! `annotate` of the component: an alert as a record of types says what its JSON says.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use bewit::{Annotator, Config, Outcome, Schema};
use common::corpus_lines;
use serde_json::Value;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "as generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}
use bindings::Plugin;
use bindings::exports::bewit::plugin::annotator::{Alert, Error};

/// Falco's keys as Falco never writes them.
const ODD: [&str; 4] = [
    r#"{"rule":"Terminal shell in container","rule":"Clear Log Activities","priority":"Notice","output":"a","output":"b"}"#,
    r#"{"rule":"x","priority":4,"output":5,"tags":"T1059","source":null,"hostname":[],"time":{"seconds":1}}"#,
    r#"{"rule":"x\ud83e","priority":"notice","output_fields":{"proc.name":"\ud83e","\ud83e":1}}"#,
    r#"{"rule":"x","priority":"Notice","\ud83e":1,"output_fields":{"proc.name":1e999}}"#,
];

struct Face {
    store: Store<()>,
    plugin: Plugin,
}

impl Face {
    /// The component under a configuration; none, and said so, where it was not built.
    fn new(config: &Config) -> Option<Self> {
        if !common::component() {
            return None;
        }
        let engine = Engine::default();
        let component = Component::from_file(&engine, std::env::var_os("BEWIT_COMPONENT").unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let plugin = Plugin::instantiate(&mut store, &component, &Linker::new(&engine)).unwrap();
        let json = serde_json::to_vec(config).unwrap();
        let annotator = plugin.bewit_plugin_annotator();
        annotator.call_configure(&mut store, &json).unwrap().unwrap();
        Some(Self { store, plugin })
    }

    fn annotate(&mut self, line: &[u8]) -> Result<Alert, Error> {
        let annotator = self.plugin.bewit_plugin_annotator();
        annotator.call_annotate(&mut self.store, line).unwrap()
    }
}

#[test]
fn it_is_what_its_json_says() {
    let Some(mut face) = Face::new(&Config::default()) else {
        return;
    };
    let annotator = Annotator::default();
    let mut lines = corpus_lines();
    lines.extend(ODD.map(|line| line.as_bytes().to_vec()));
    let mut alerts = 0;
    for line in &lines {
        let mut out = Vec::new();
        match (annotator.try_annotate(line, &mut out), face.annotate(line)) {
            (Outcome::Alert, Ok(alert)) => {
                assert_eq!(alert.json, out);
                alerts += 1;
                // Not every reader takes half of a surrogate pair, or such a number.
                if let Ok(json) = serde_json::from_slice(&out) {
                    says(&alert, &json);
                }
            }
            (Outcome::Passed, Err(Error::NoAlert)) => {}
            (outcome, typed) => panic!("{outcome:?}, {typed:?}: {}", String::from_utf8_lossy(line)),
        }
    }
    assert!(alerts > 200, "{alerts}");
}

fn says(alert: &Alert, json: &Value) {
    let bewit = &json["bewit"];
    assert_eq!(alert.rule.as_deref(), json["rule"].as_str());
    let priority = &json["priority"];
    assert_eq!(
        alert.priority,
        priority.as_str().map_or_else(|| priority.to_string(), str::to_owned)
    );
    for (typed, key) in [
        (&alert.id, "/id"),
        (&alert.fingerprint, "/fingerprint"),
        (&alert.summary, "/summary"),
        (&alert.level, "/severity/level"),
        (&alert.disposition, "/assessment/disposition"),
    ] {
        assert_eq!(bewit.pointer(key).unwrap(), typed, "{key}");
    }
    assert_eq!(bewit["severity"]["score"], alert.score);
    let commands = |mitigation: &Value| mitigation["commands"].as_array().map_or(0, Vec::len);
    let typed: Vec<_> = alert
        .mitigations
        .iter()
        .map(|m| (m.id.clone(), m.commands.len()))
        .collect();
    let mitigations = bewit["mitigations"].as_array().unwrap().iter();
    let written: Vec<_> = mitigations
        .map(|m| (m["id"].as_str().unwrap().to_owned(), commands(m)))
        .collect();
    assert_eq!(typed, written);
}

/// Whatever the schema, the types are those of the native alert.
#[test]
fn its_json_is_in_the_schema_of_the_configuration() {
    let native = Face::new(&Config::default());
    let ocsf = Config {
        schema: Schema::Ocsf,
        ..Config::default()
    };
    let (Some(mut native), Some(mut face)) = (native, Face::new(&ocsf)) else {
        return;
    };
    let line = common::SEED.as_bytes();
    let (native, alert) = (native.annotate(line).unwrap(), face.annotate(line).unwrap());
    let mut out = Vec::new();
    Annotator::new(ocsf).annotate(line, &mut out);
    assert_eq!(alert.json, out);
    assert_eq!((alert.id, alert.summary), (native.id, native.summary));
}
