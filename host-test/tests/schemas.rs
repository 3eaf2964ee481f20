//! Every host writes every schema, and the same in each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;

use common::filter::{Filter, Returned, module};
use common::{SEED, component, corpus_lines, folder, run, stderr, stdout, text, wrapped};

const SCHEMAS: [&str; 4] = ["ocsf", "ecs", "otel", "cef"];

/// What the library makes of the same bytes, without host and component.
fn library(schema: &str, lines: &str) -> String {
    let config = serde_json::from_value(serde_json::json!({ "schema": schema })).unwrap();
    let mut out = Vec::new();
    bewit::annotate_batch(&bewit::Annotator::new(config), lines.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_component_writes_what_the_library_writes() {
    if !component() {
        return;
    }
    let lines = corpus_lines().iter().map(wrapped).collect::<Vec<_>>().join("\n");
    for schema in SCHEMAS {
        let output = run(&["annotate", "--schema", schema], &lines);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output) == library(schema, &lines), "{schema}");
        let alerts = run(&["annotate", "--schema", schema, "--only-alerts"], &lines);
        let native = run(&["annotate", "--only-alerts"], &lines);
        let count = |output| stdout(output).lines().count();
        assert_eq!(count(&alerts), count(&native), "{schema}");
        // Once more, under any schema: nothing changes, and all of them are alerts.
        let again = run(&["annotate", "--only-alerts"], stdout(&alerts));
        assert!(stdout(&again) == stdout(&alerts), "{schema}");
    }
}

#[test]
fn a_packed_module_writes_what_the_local_host_writes() {
    if module().is_none() {
        return;
    }
    let folder = folder("schemas");
    let lines: Vec<String> = corpus_lines().iter().map(wrapped).collect();
    for schema in SCHEMAS {
        let (config, packed) = (
            folder.join(format!("{schema}.yaml")),
            folder.join(format!("{schema}.wasm")),
        );
        fs::write(&config, format!("schema: {schema}\n")).unwrap();
        let output = run(&["pack", "--config", text(&config), "-o", text(&packed)], "");
        assert!(output.status.success(), "{}", stderr(&output));
        let size = fs::metadata(&packed).unwrap().len();
        assert!(size < 1 << 20, "{schema}: {size} bytes");
        let mut filter = Filter::new(&fs::read(&packed).unwrap());
        for line in &lines {
            let expected = library(schema, line);
            let expected = match schema {
                // Fluent Bit takes objects only.
                "cef" if expected != *line => serde_json::json!({ "cef": expected }).to_string(),
                _ => expected,
            };
            match filter.json(line.as_bytes()) {
                Returned::Same => assert_eq!(expected, *line),
                Returned::Text(text) => assert_eq!(String::from_utf8(text).unwrap(), expected),
            }
            // A second pass returns the record's own pointer.
            assert_eq!(filter.json(expected.as_bytes()), Returned::Same, "{expected}");
        }
        // The native schema is still there.
        let native = run(&["annotate"], wrapped(SEED));
        let returned = filter.call("bewit_native", wrapped(SEED).as_bytes(), true);
        assert_eq!(returned, Returned::Text(stdout(&native).into_bytes()));
    }
}
