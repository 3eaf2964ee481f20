//! Alerts in other schemas.

use bewit::{Annotator, Config, Detail, Outcome, Schema};
use serde_json::{Map, Value, json};

use crate::common::cef;
use crate::remap::{Fate, Vector};
use crate::{FORMS, corpus, differ, export, generated, is_json, native};

const SCHEMAS: [Schema; 4] = [Schema::Ocsf, Schema::Ecs, Schema::Otel, Schema::Cef];

/// The component and the program, with one configuration.
struct Both {
    vector: Vector,
    annotator: Annotator,
    native: Annotator,
    schema: Schema,
}

impl Both {
    fn new(test: &str, form: &str, schema: Schema, detail: Detail) -> Self {
        let config = Config {
            schema,
            detail,
            ..Config::default()
        };
        let name = schema.as_str();
        let detail = if detail == Detail::Brief { "brief" } else { "full" };
        let written = format!("schema: {name}\ndetail: {detail}\n");
        Self {
            vector: Vector::load(&export(&format!("{test}-{name}-{detail}"), form, Some(&written))),
            annotator: Annotator::new(config),
            native: Annotator::default(),
            schema,
        }
    }

    /// What the component makes of an event; none where it leaves it as it is, or reads it as text.
    fn component(&self, event: &Value) -> Option<Value> {
        native(&self.native, event).filter(is_json)?;
        let mut out = Vec::new();
        assert_eq!(
            self.annotator.annotate(event.to_string().as_bytes(), &mut out),
            Outcome::Alert
        );
        Some(match self.schema {
            Schema::Cef => json!({"cef": String::from_utf8(out).unwrap()}),
            _ => serde_json::from_slice(&out).unwrap(),
        })
    }

    /// Compares an event's alerts; returns whether there is one.
    fn compare(&mut self, event: &Value) -> bool {
        let Fate::Event(ours) = self.vector.remap(event) else {
            panic!("dropped {event}");
        };
        let Some(theirs) = self.component(event) else {
            assert_eq!(&ours, event);
            return false;
        };
        // What bewit wrote passes, in whatever schema.
        assert_eq!(self.vector.remap(&ours), Fate::Event(ours.clone()));
        let (ours, theirs) = (self.comparable(ours, event), self.comparable(theirs, event));
        if ours != theirs {
            let mut differences = Vec::new();
            differ("", &ours, &theirs, &mut differences);
            panic!("{:?}: {}\n{event}", self.schema, differences.join("\n"));
        }
        true
    }

    /// An alert without what a program cannot know, in a form that does not depend on order.
    fn comparable(&self, mut alert: Value, event: &Value) -> Value {
        // Of an alert that was parsed before nobody knows how its line was written, but by Falco's own id.
        let line = event["message"].as_str().unwrap_or_default();
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let known = [event.get("uuid"), line.get("uuid"), line.get("rule")];
        let known = known.iter().any(Option::is_some);
        if let Some(guidance) = alert
            .pointer_mut("/unmapped/bewit/guidance")
            .and_then(Value::as_object_mut)
        {
            guidance.remove("host");
            guidance.remove("limits");
        }
        if self.schema == Schema::Cef {
            let line = alert["cef"].as_str().unwrap().to_owned();
            let cef = cef::parse(&line).unwrap_or_else(|| panic!("{line}"));
            alert["header"] = json!(cef.header);
            alert["extension"] = json!(cef.extension);
            alert["cef"] = line.split('|').take(3).collect::<Vec<_>>().join("|").into();
        }
        if let Some(attributes) = alert.get("attributes").and_then(Value::as_array) {
            let named = |one: &Value| (one["key"].as_str().unwrap().to_owned(), one["value"].clone());
            alert["attributes"] = attributes.iter().map(named).collect::<Map<_, _>>().into();
        }
        if !known {
            for at in [
                "/metadata/uid",
                "/finding_info/uid",
                "/event/id",
                "/bewit/id",
                "/attributes/log.record.uid",
                "/extension/externalId",
            ] {
                if let Some(id) = alert.pointer_mut(at) {
                    *id = "id".into();
                }
            }
        }
        read(&mut alert);
        alert
    }
}

/// JSON inside of texts becomes what it says.
fn read(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            if let Ok(inner) = serde_json::from_str(text) {
                *value = inner;
                read(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(read),
        Value::Object(members) => members.values_mut().for_each(read),
        _ => {}
    }
}

/// Compares all alerts of the corpus.
fn corpus_in(schema: Schema, form: &str) {
    let mut both = Both::new("corpus", form, schema, Detail::Full);
    let events = corpus();
    let alerts = events.iter().filter(|event| both.compare(event)).count();
    println!("{schema:?} {form}: {alerts} equal alerts of {} events", events.len());
    assert!(alerts > 200, "{alerts}");
}

#[test]
fn alerts_of_the_corpus_are_the_components_in_ocsf() {
    for form in FORMS {
        corpus_in(Schema::Ocsf, form);
    }
}

/// What makes the code is one for all schemas, and so is how it looks things up.
#[test]
fn alerts_of_the_corpus_are_the_components_in_ecs() {
    corpus_in(Schema::Ecs, "tables");
}

#[test]
fn alerts_of_the_corpus_are_the_components_in_otel() {
    corpus_in(Schema::Otel, "tables");
}

#[test]
fn alerts_of_the_corpus_are_the_components_in_cef() {
    corpus_in(Schema::Cef, "tables");
}

#[test]
fn alerts_of_every_rule_are_the_components_in_other_schemas() {
    for schema in SCHEMAS {
        let mut both = Both::new("rules", "tables", schema, Detail::Brief);
        // Each rule with some of its alerts: they come in fours.
        for event in generated().iter().step_by(3) {
            assert!(both.compare(event), "{event}");
        }
    }
}
