//! OCSF, by the definitions of the schema itself: `ocsf-1.8.0.json` has the class and every object it can hold.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bewit::Schema;
use bewit::catalog::BUILT_IN;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::objects;

#[derive(Deserialize)]
struct Definitions {
    version: String,
    class: Object,
    objects: BTreeMap<String, Object>,
    types: BTreeMap<String, Type>,
}

#[derive(Deserialize)]
struct Object {
    attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    constraints: Constraints,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Constraints {
    at_least_one: Vec<String>,
    just_one: Vec<String>,
}

#[derive(Deserialize)]
struct Attribute {
    object: Option<String>,
    #[serde(rename = "type")]
    of: Option<String>,
    #[serde(default)]
    array: bool,
    #[serde(default)]
    required: bool,
    profile: Option<String>,
    sibling: Option<String>,
    captions: Option<BTreeMap<String, String>>,
    #[serde(default)]
    deprecated: bool,
}

#[derive(Deserialize)]
struct Type {
    #[serde(rename = "type")]
    of: Option<String>,
    max_len: Option<usize>,
    range: Option<[i64; 2]>,
}

struct Check<'d> {
    definitions: &'d Definitions,
    profiles: Vec<String>,
    errors: Vec<String>,
}

impl Check<'_> {
    fn error(&mut self, at: &str, message: &str) {
        self.errors.push(format!("{at}: {message}"));
    }

    fn object(&mut self, object: &Map<String, Value>, of: &Object, at: &str) {
        for (key, value) in object {
            let at = format!("{at}.{key}");
            let Some(attribute) = of.attributes.get(key) else {
                self.error(&at, "no such attribute");
                continue;
            };
            if attribute.deprecated {
                self.error(&at, "deprecated");
            }
            if let Some(profile) = &attribute.profile
                && !self.profiles.contains(profile)
            {
                self.error(&at, &format!("of profile {profile}, which is not named"));
            }
            match (value, attribute.array) {
                (Value::Array(items), true) => {
                    for item in items {
                        self.value(item, attribute, &at);
                    }
                    if items.is_empty() {
                        self.error(&at, "empty");
                    }
                }
                (Value::Array(_), false) => self.error(&at, "a list"),
                (_, true) => self.error(&at, "no list"),
                (value, false) => self.value(value, attribute, &at),
            }
            if let Some(captions) = &attribute.captions {
                match captions.get(&value.to_string()) {
                    None => self.error(&at, &format!("{value} is none of {:?}", captions.keys())),
                    Some(caption) => {
                        let sibling = attribute.sibling.as_ref().and_then(|sibling| object.get(sibling));
                        if value != 99 && sibling.is_some_and(|sibling| sibling != caption) {
                            self.error(&at, &format!("{value} is {caption}, not {sibling:?}"));
                        }
                    }
                }
            }
        }
        for (key, attribute) in &of.attributes {
            let applies = attribute.profile.as_ref().is_none_or(|p| self.profiles.contains(p));
            if attribute.required && applies && !object.contains_key(key) {
                self.error(at, &format!("no {key}"));
            }
        }
        let count = |of: &[String]| of.iter().filter(|key| object.contains_key(*key)).count();
        let Constraints { at_least_one, just_one } = &of.constraints;
        if !at_least_one.is_empty() && count(at_least_one) == 0 {
            self.error(at, &format!("none of {at_least_one:?}"));
        }
        if !just_one.is_empty() && count(just_one) != 1 {
            self.error(at, &format!("not one of {just_one:?}"));
        }
    }

    fn value(&mut self, value: &Value, attribute: &Attribute, at: &str) {
        if let Some(name) = &attribute.object {
            let of = &self.definitions.objects[name];
            match value {
                // Objects of any content.
                Value::Object(_) if name == "object" => {}
                Value::Object(object) => self.object(object, of, at),
                _ => self.error(at, "no object"),
            }
            return;
        }
        let name = attribute.of.as_deref().unwrap();
        let of = &self.definitions.types[name];
        let fits = match of.of.as_deref().unwrap_or(name) {
            "string_t" => value.is_string(),
            "integer_t" => value
                .as_i64()
                .is_some_and(|n| i32::try_from(n).is_ok() || name == "timestamp_t"),
            "long_t" => value.is_i64() || value.is_u64(),
            "boolean_t" => value.is_boolean(),
            "float_t" => value.is_number(),
            "json_t" => true,
            other => panic!("{other}"),
        };
        if !fits {
            self.error(at, &format!("{value} is no {name}"));
        }
        if let Some(text) = value.as_str() {
            if text.is_empty() {
                self.error(at, "empty");
            }
            if of.max_len.is_some_and(|most| text.len() > most) {
                self.error(at, "too long");
            }
            let well_formed = match name {
                "ip_t" => text.parse::<std::net::IpAddr>().is_ok(),
                "uuid_t" => text.len() == 36,
                "url_t" => text.contains("://"),
                _ => true,
            };
            if !well_formed {
                self.error(at, &format!("{text} is no {name}"));
            }
        }
        if let (Some([least, most]), Some(number)) = (of.range, value.as_i64())
            && !(least..=most).contains(&number)
        {
            self.error(at, "out of range");
        }
    }
}

fn definitions() -> Definitions {
    serde_json::from_str(include_str!("ocsf-1.8.0.json")).unwrap()
}

fn errors(alert: &Value, definitions: &Definitions) -> Vec<String> {
    let named = alert["metadata"]["profiles"].as_array();
    let mut check = Check {
        definitions,
        profiles: named
            .into_iter()
            .flatten()
            .filter_map(|p| Some(p.as_str()?.to_owned()))
            .collect(),
        errors: Vec::new(),
    };
    check.object(alert.as_object().unwrap(), &definitions.class, "");
    check.errors
}

/// Nothing tells when: there is a clock's time at most, without a date, and no wrapper says when it was written.
fn is_timeless(alert: &Value) -> bool {
    alert["metadata"].get("original_time").is_none()
}

#[test]
fn every_alert_is_a_detection_finding_of_the_schema() {
    let definitions = definitions();
    for (line, alert) in objects(Schema::Ocsf) {
        assert_eq!(alert["metadata"]["version"], definitions.version.as_str());
        let mut errors = errors(&alert, &definitions);
        if alert.get("time").is_none() {
            assert!(is_timeless(&alert), "{line}");
            errors.retain(|error| error != ": no time");
        }
        assert!(errors.is_empty(), "{line}\n{errors:#?}");
    }
}

/// A technique comes with the first mitigation that the catalog lists for it, by ATT&CK's own name and address.
#[test]
fn mitigations_are_those_of_their_techniques() {
    let attack = &BUILT_IN.attack;
    let mut seen = 0;
    for (line, alert) in objects(Schema::Ocsf) {
        let full = alert.pointer("/unmapped/bewit/mitigations").is_some();
        for entry in alert["finding_info"]["attacks"].as_array().into_iter().flatten() {
            let id = [&entry["sub_technique"]["uid"], &entry["technique"]["uid"]];
            let id = id.into_iter().find_map(Value::as_str);
            let technique = attack
                .techniques
                .iter()
                .find(|technique| Some(technique.id.as_ref()) == id);
            let first = technique.and_then(|technique| technique.mitigations.first());
            let Some(first) = first.filter(|_| full) else {
                assert_eq!(entry.get("mitigation"), None, "{line}");
                continue;
            };
            let known = attack.mitigations.iter().find(|known| known.id == *first).unwrap();
            let version = attack.version.split_once('.').unwrap().0;
            let url = format!("https://attack.mitre.org/versions/v{version}/mitigations/{first}/");
            let expected = serde_json::json!({"uid": first, "name": known.name, "src_url": url});
            assert_eq!(entry["mitigation"], expected, "{line}");
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

/// Another implementation of the same schema. It is behind it in places: it knows fewer attributes, and passes over
/// those that it does not know.
#[test]
fn models_for_python_accept_every_alert() {
    const SCRIPT: &str = include_str!("ocsf.py");
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/bin/py-ocsf-models");
    let timely = objects(Schema::Ocsf)
        .into_iter()
        .filter(|(_, alert)| alert.get("time").is_some());
    let lines: Vec<String> = timely.map(|(_, alert)| alert.to_string()).collect();
    let child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: py-ocsf-models");
        return;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = lines.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    // What the models demand and the schema leaves open.
    let demanded = [
        "evidences.0.api.service.uid Field required",
        "evidences.0.api.service.version Field required",
        "cloud.account.name Field required",
        // They end at 10.
        "cloud.account.type_id Input should be 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 or 99",
    ];
    let unknown = |line: &&str| !demanded.iter().any(|demanded| line.ends_with(demanded));
    let said: Vec<&str> = said.lines().filter(unknown).collect();
    assert_eq!(said, ["done"], "of {} alerts", lines.len());
}

#[test]
fn the_check_finds_what_is_wrong() {
    let definitions = definitions();
    let (_, alert) = objects(Schema::Ocsf)
        .into_iter()
        .find(|(_, a)| a.get("time").is_some())
        .unwrap();
    assert_eq!(errors(&alert, &definitions), [""; 0]);
    for (pointer, value, expected) in [
        ("/class_uid", Value::from(2001), "2001 is none of"),
        ("/severity_id", Value::from("3"), "is no integer_t"),
        ("/severity", Value::from("Grave"), "not"),
        ("/time", Value::from(1.5), "is no timestamp_t"),
        ("/metadata/product", serde_json::json!({"vendor_name": "x"}), "none of"),
        ("/metadata/profiles", serde_json::json!([]), "profile security_control"),
        ("/finding_info", serde_json::json!({"title": "x"}), "no uid"),
        ("/unmapped", Value::from("x"), "no object"),
    ] {
        let mut wrong = alert.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let errors = errors(&wrong, &definitions);
        assert!(
            errors.iter().any(|error| error.contains(expected)),
            "{pointer}: {errors:?}"
        );
    }
}
