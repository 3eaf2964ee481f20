//! TypeScript types from a JSON Schema, of the kind that schemars makes of bewit's types.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

/// What this reads of a schema. Another key would be a constraint or a form that the types do not have.
const KEYS: [&str; 16] = [
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "description",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "title",
];

/// Declarations of the schema's root, under this name, and of everything that it uses.
///
/// # Errors
/// When the schema says something that this does not know.
pub(crate) fn declarations(root: &str, schema: &Value) -> Result<String> {
    let schema = schema.as_object().context("a schema is an object")?;
    let mut out = String::from("// Generated from the alert's JSON Schema: `cargo xtask schemas`.\n");
    declare(&mut out, root, schema)?;
    for (name, schema) in schema.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        declare(&mut out, name, schema.as_object().context("a definition is an object")?)?;
    }
    Ok(out)
}

fn declare(out: &mut String, name: &str, schema: &Map<String, Value>) -> Result<()> {
    out.push('\n');
    comment(out, "", schema);
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) => {
            writeln!(out, "export interface {name} {{")?;
            members(out, schema, properties).with_context(|| format!("in {name}"))?;
            out.push_str("}\n");
        }
        None => {
            let written = of(schema).with_context(|| format!("in {name}"))?;
            writeln!(out, "export type {name} = {written};")?;
        }
    }
    Ok(())
}

fn members(out: &mut String, schema: &Map<String, Value>, properties: &Map<String, Value>) -> Result<()> {
    let required: BTreeSet<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    for (key, property) in properties {
        if let Some(property) = property.as_object() {
            comment(out, "  ", property);
        }
        let optional = if required.contains(key.as_str()) { "" } else { "?" };
        let written = any(property).with_context(|| format!("of {key}"))?;
        writeln!(out, "  {key}{optional}: {written};")?;
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
        out.push_str("  [key: string]: unknown;\n");
    }
    Ok(())
}

/// The type of a schema, which may be `true`.
fn any(schema: &Value) -> Result<String> {
    match schema {
        Value::Bool(true) => Ok("unknown".to_owned()),
        Value::Object(schema) => of(schema),
        _ => bail!("{schema} is no schema"),
    }
}

fn of(schema: &Map<String, Value>) -> Result<String> {
    if let Some(key) = schema
        .keys()
        .find(|key| *key != "type" && !KEYS.contains(&key.as_str()))
    {
        bail!("the key {key:?} of a schema has no type here");
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/$defs/");
        return Ok(name.with_context(|| format!("{reference} leads elsewhere"))?.to_owned());
    }
    if let Some(constant) = schema.get("const") {
        return Ok(constant.to_string());
    }
    let alternatives: Vec<String> = list(schema, "anyOf")
        .chain(list(schema, "oneOf"))
        .map(any)
        .collect::<Result<_>>()?;
    if !alternatives.is_empty() {
        return Ok(alternatives.join(" | "));
    }
    let types: Vec<&str> = match schema.get("type") {
        None => return Ok("unknown".to_owned()),
        Some(Value::String(one)) => vec![one],
        Some(several) => several
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    };
    let types: Vec<String> = types
        .into_iter()
        .map(|name| simple(name, schema))
        .collect::<Result<_>>()?;
    ensure!(!types.is_empty(), "a list of types is empty");
    Ok(types.join(" | "))
}

fn simple(name: &str, schema: &Map<String, Value>) -> Result<String> {
    let inner = |key| schema.get(key).map_or_else(|| Ok("unknown".to_owned()), any);
    Ok(match name {
        "array" => format!("Array<{}>", inner("items")?),
        "object" => {
            ensure!(!schema.contains_key("properties"), "an object with keys has no name");
            format!("Record<string, {}>", inner("additionalProperties")?)
        }
        "integer" | "number" => "number".to_owned(),
        "string" | "boolean" | "null" => name.to_owned(),
        _ => bail!("{name:?} is no type of JSON"),
    })
}

fn list<'s>(schema: &'s Map<String, Value>, key: &str) -> impl Iterator<Item = &'s Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The description of a schema, as what editors show.
fn comment(out: &mut String, indent: &str, schema: &Map<String, Value>) {
    let Some(description) = schema.get("description").and_then(Value::as_str) else {
        return;
    };
    // What ends a comment must not.
    let description = description.replace("*/", "*\\/").replace('\n', " ");
    out.push_str(&format!("{indent}/** {description} */\n"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn optional_keys_unions_lists_and_maps() {
        let schema = json!({
            "description": "An alert.",
            "type": "object",
            "properties": {
                "rule": {"type": ["string", "null"], "description": "Whose. */"},
                "level": {"$ref": "#/$defs/Level"},
                "tags": {"type": "array", "items": true},
                "who": {"anyOf": [{"$ref": "#/$defs/Level"}, {"type": "null"}]},
                "org": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "required": ["level"],
            "additionalProperties": true,
            "$defs": {"Level": {"oneOf": [{"type": "string", "const": "low"}, {"type": "string", "const": "high"}]}},
        });
        let expected = "// Generated from the alert's JSON Schema: `cargo xtask schemas`.

/** An alert. */
export interface Alert {
  level: Level;
  org?: Record<string, string>;
  /** Whose. *\\/ */
  rule?: string | null;
  tags?: Array<unknown>;
  who?: Level | null;
  [key: string]: unknown;
}

export type Level = \"low\" | \"high\";
";
        assert_eq!(declarations("Alert", &schema).unwrap(), expected);
    }

    #[test]
    fn what_has_no_type_is_refused() {
        for schema in [
            json!({"type": "string", "pattern": "x"}),
            json!({"type": "record"}),
            json!({"$ref": "other.json"}),
            json!({"properties": {"a": {"type": "object", "properties": {}}}}),
        ] {
            assert!(declarations("Alert", &schema).is_err(), "{schema}");
        }
    }
}
