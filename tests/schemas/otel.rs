//! OpenTelemetry, by the JSON form of its protocol: names of fields in lowerCamelCase, 64-bit numbers as text.

use std::collections::BTreeSet;

use bewit::Schema;
use serde_json::Value;

use crate::objects;

/// Fields of `opentelemetry.proto.logs.v1.LogRecord`.
const RECORD: [&str; 10] = [
    "timeUnixNano",
    "observedTimeUnixNano",
    "severityNumber",
    "severityText",
    "body",
    "attributes",
    "droppedAttributesCount",
    "flags",
    "traceId",
    "eventName",
];

fn is_any_value(value: &Value) -> bool {
    let Some(object) = value.as_object() else {
        return false;
    };
    let mut members = object.iter();
    let (Some((key, value)), None) = (members.next(), members.next()) else {
        // The empty value.
        return object.is_empty();
    };
    match key.as_str() {
        "stringValue" => value.is_string(),
        "boolValue" => value.is_boolean(),
        "intValue" => value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
        "doubleValue" => value.is_number(),
        "arrayValue" => value["values"]
            .as_array()
            .is_some_and(|values| values.iter().all(is_any_value)),
        _ => false,
    }
}

fn is_nanos(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<u64>().is_ok())
}

#[test]
fn every_alert_is_a_log_record() {
    for (line, alert) in objects(Schema::Otel) {
        let record = alert.as_object().unwrap();
        for (key, value) in record {
            assert!(RECORD.contains(&key.as_str()), "{line}: {key}");
            let fits = match key.as_str() {
                "timeUnixNano" | "observedTimeUnixNano" => is_nanos(value),
                "severityNumber" => value.as_u64().is_some_and(|number| (1..=24).contains(&number)),
                "body" => is_any_value(value),
                "attributes" => true,
                _ => value.is_string() || value.is_number(),
            };
            assert!(fits, "{line}: {key} {value}");
        }
        let mut names = BTreeSet::new();
        for attribute in alert["attributes"].as_array().unwrap() {
            let name = attribute["key"].as_str().unwrap();
            assert!(names.insert(name), "{line}: {name} comes twice");
            assert!(is_any_value(&attribute["value"]), "{line}: {attribute}");
            assert_eq!(attribute.as_object().unwrap().len(), 2, "{line}: {attribute}");
        }
        assert!(
            names.contains("bewit.fingerprint") && names.contains("security_rule.name"),
            "{line}"
        );
        assert_eq!(alert["eventName"], "bewit.alert");
    }
}

#[test]
fn priorities_are_the_severities_of_syslog() {
    let number = |priority: &str| {
        let line = format!(r#"{{"rule":"x","priority":{priority},"time":"2026-04-13T17:57:43.7Z"}}"#);
        let annotator = crate::annotator(Schema::Otel, bewit::Detail::Full);
        let alert = crate::annotated(&annotator, line.as_bytes()).unwrap();
        serde_json::from_slice::<Value>(&alert).unwrap()["severityNumber"].clone()
    };
    for (priority, severity) in [
        (r#""Emergency""#, 21),
        (r#""alert""#, 19),
        (r#""CRITICAL""#, 18),
        (r#""Error""#, 17),
        ("4", 13),
        (r#""Notice""#, 10),
        (r#""info""#, 9),
        (r#""Debug""#, 5),
    ] {
        assert_eq!(number(priority), severity, "{priority}");
    }
}
