//! ECS, by its own list of fields: `ecs-9.4.0.csv`.

use std::collections::BTreeMap;

use bewit::Schema;
use serde_json::Value;

use crate::objects;

/// What ECS leaves to everybody's own names: custom fields stand in an object with the name of their maker.
const OWN: [&str; 2] = ["bewit", "falco"];

/// Values that ECS allows in `event.category`, as far as bewit writes them, and in `event.type` beside them.
const CATEGORIES: [(&str, &[&str]); 5] = [
    ("api", &["info", "start"]),
    ("file", &["info"]),
    ("intrusion_detection", &["info"]),
    ("network", &["connection", "info", "start"]),
    ("process", &["info", "start"]),
];

struct Field {
    of: String,
    array: bool,
}

fn fields() -> BTreeMap<String, Field> {
    let list = include_str!("ecs-9.4.0.csv");
    let fields = list.lines().skip(1).map(|line| {
        let mut columns = line.split(',');
        let mut column = || columns.next().unwrap().to_owned();
        let (name, of, normalization) = (column(), column(), column());
        let array = normalization.contains("array");
        (name, Field { of, array })
    });
    fields.collect()
}

fn fits(value: &Value, of: &str) -> bool {
    match of {
        "keyword" | "wildcard" | "match_only_text" | "constant_keyword" => value.is_string(),
        "long" => value.is_i64(),
        "float" | "scaled_float" => value.is_number(),
        "boolean" => value.is_boolean(),
        "ip" => value.as_str().is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_ok()),
        "date" => value
            .as_str()
            .is_some_and(|time| time.len() == 30 && time.ends_with('Z')),
        "object" => value.is_object(),
        other => panic!("{other}"),
    }
}

fn check(value: &Value, name: &str, fields: &BTreeMap<String, Field>, errors: &mut Vec<String>) {
    match (fields.get(name), value) {
        (Some(field), Value::Array(items)) => {
            if !field.array {
                errors.push(format!("{name} is a list"));
            }
            let wrong = items.iter().filter(|item| !fits(item, &field.of));
            errors.extend(wrong.map(|item| format!("{name}: {item} is no {}", field.of)));
        }
        (Some(field), value) => {
            if field.array || !fits(value, &field.of) {
                errors.push(format!("{name}: {value} is no {}", field.of));
            }
        }
        (None, Value::Object(members)) => {
            for (key, value) in members {
                check(value, &format!("{name}.{key}"), fields, errors);
            }
        }
        (None, _) => errors.push(format!("{name} is no field")),
    }
}

#[test]
fn every_field_is_one_of_ecs_and_has_its_type() {
    let fields = fields();
    for (line, alert) in objects(Schema::Ecs) {
        let mut errors = Vec::new();
        let came: Value = serde_json::from_str(&line).unwrap_or_default();
        for (key, value) in alert.as_object().unwrap() {
            // What stands beside Falco's keys is as it came.
            if !OWN.contains(&key.as_str()) && came.get(key) != Some(value) {
                check(value, key, &fields, &mut errors);
            }
        }
        if alert.get("@timestamp").is_none() {
            assert!(alert["falco"].get("time").is_none(), "{line}");
        }
        assert!(errors.is_empty(), "{line}\n{errors:#?}");
        assert_eq!(alert["ecs"]["version"], "9.4.0", "{line}");
    }
}

#[test]
fn categories_and_types_are_those_that_ecs_allows() {
    for (line, alert) in objects(Schema::Ecs) {
        let list = |key: &str| -> Vec<String> {
            let values = alert["event"][key].as_array().unwrap();
            values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
        };
        let categories = list("category");
        let allowed = |of: &str| {
            categories.iter().any(|category| {
                let known = CATEGORIES.iter().find(|(name, _)| name == category);
                known.unwrap_or_else(|| panic!("{category}")).1.contains(&of)
            })
        };
        for of in list("type") {
            assert!(allowed(&of), "{line}: {of} beside {categories:?}");
        }
    }
}
