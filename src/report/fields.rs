//! `output_fields`, read without losing a digit.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Levels of nesting that are unfolded, as de-dotting pipelines leave them.
const DEPTH: usize = 6;

/// A field of Falco's.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// `container.id`
    pub(super) name: String,
    pub(super) value: Value,
}

/// What a field says.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    /// A string, decoded.
    Text(String),
    /// Anything else, as it was written: a number keeps its digits.
    Json(String),
}

/// The fields in the order they came. What cannot be read stands whole under its own name.
pub(super) fn read(fields: Option<&RawValue>) -> Vec<Field> {
    let mut all = Vec::new();
    if let Some(fields) = fields {
        unfold("", fields, DEPTH, &mut all);
    }
    all
}

fn unfold(name: &str, value: &RawValue, depth: usize, all: &mut Vec<Field>) {
    if depth > 0
        && value.get().starts_with('{')
        && let Ok(Members(members)) = serde_json::from_str(value.get())
        && (name.is_empty() || !members.is_empty())
    {
        for (key, value) in members {
            let name = if name.is_empty() { key } else { format!("{name}.{key}") };
            unfold(&name, value, depth - 1, all);
        }
        return;
    }
    let name = if name.is_empty() { "output_fields" } else { name };
    all.push(Field {
        name: name.to_owned(),
        value: match serde_json::from_str(value.get()) {
            Ok(text) => Value::Text(text),
            Err(_) => Value::Json(value.get().to_owned()),
        },
    });
}

/// Members of an object, in their order and with their digits; a map of serde_json's has neither.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Vec<(String, Value)> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        read(Some(&raw)).into_iter().map(|f| (f.name, f.value)).collect()
    }

    fn text(name: &str, value: &str) -> (String, Value) {
        (name.to_owned(), Value::Text(value.to_owned()))
    }

    fn json(name: &str, value: &str) -> (String, Value) {
        (name.to_owned(), Value::Json(value.to_owned()))
    }

    #[test]
    fn order_digits_and_duplicates_survive() {
        assert_eq!(
            fields(r#"{"z":1730209225978642167,"a":"\u0041","z":18446744073709551616,"n":null,"f":1.10}"#),
            [
                json("z", "1730209225978642167"),
                text("a", "A"),
                json("z", "18446744073709551616"),
                json("n", "null"),
                json("f", "1.10"),
            ]
        );
    }

    #[test]
    fn nested_objects_unfold_and_lists_do_not() {
        assert_eq!(
            fields(r#"{"container":{"id":"a","image":{}},"l":["x", 1]}"#),
            [
                text("container.id", "a"),
                json("container.image", "{}"),
                json("l", r#"["x", 1]"#)
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_it_is() {
        assert_eq!(fields("null"), [json("output_fields", "null")]);
        assert_eq!(fields(r#"{"a":"\ud800"}"#), [json("a", r#""\ud800""#)]);
        assert_eq!(fields(r#"{"\ud800":1}"#), [json("output_fields", r#"{"\ud800":1}"#)]);
    }
}
