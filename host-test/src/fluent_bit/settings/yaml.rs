//! Configurations in YAML.

use serde_yaml_ng::Value;

use super::{File, Section};

pub(super) fn read(text: &str) -> Result<File, String> {
    let root: Value = serde_yaml_ng::from_str(text).map_err(|error| format!("it is no YAML: {error}"))?;
    let mut file = File {
        variables: entries(&root["env"]).collect(),
        includes: list(&root["includes"]).iter().map(text_of).collect(),
        ..File::default()
    };
    let pipeline = &root["pipeline"];
    // An input's processors see its records before any filter does.
    for (index, input) in list(&pipeline["inputs"]).iter().enumerate() {
        file.sections
            .extend(processors(input, &format!("pipeline.inputs[{index}]")));
    }
    for (index, filter) in list(&pipeline["filters"]).iter().enumerate() {
        file.sections.push(Section {
            place: format!("pipeline.filters[{index}]"),
            properties: pairs(filter),
            processor: false,
        });
    }
    for (index, output) in list(&pipeline["outputs"]).iter().enumerate() {
        let place = format!("pipeline.outputs[{index}]");
        for processor in processors(output, &place) {
            if processor.get("name") == Some("wasm") {
                return Err(format!(
                    "{}: as a processor of an output, `wasm` drops every record: make it a filter",
                    processor.place
                ));
            }
        }
    }
    Ok(file)
}

fn processors(plugin: &Value, place: &str) -> Vec<Section> {
    let logs = list(&plugin["processors"]["logs"]);
    let section = |(index, processor): (usize, &Value)| Section {
        place: format!("{place}.processors.logs[{index}]"),
        properties: pairs(processor),
        processor: true,
    };
    logs.iter().enumerate().map(section).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_sequence().map_or(&[], Vec::as_slice)
}

/// Keys and values of a mapping. The keys in the form that Fluent Bit makes of them.
fn pairs(value: &Value) -> Vec<(String, String)> {
    entries(value).map(|(key, value)| (snake_case(&key), value)).collect()
}

/// Keys and values of a mapping, as they are.
fn entries(value: &Value) -> impl Iterator<Item = (String, String)> {
    let entries = value.as_mapping().into_iter().flatten();
    entries.map(|(key, value)| (text_of(key), text_of(value)))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_yaml_ng::to_string(other).map_or_else(|_| String::new(), |text| text.trim_end().to_owned()),
    }
}

/// `wasmPath` is `wasm_path`; with an underscore in it, or an upper case letter in front, case alone changes.
fn snake_case(key: &str) -> String {
    if key.contains('_') || !key.starts_with(|c: char| c.is_ascii_lowercase()) {
        return key.to_ascii_lowercase();
    }
    let mut snake = String::new();
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
