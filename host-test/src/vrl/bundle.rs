//! The folder: the program, its tables, and a configuration that shows them in place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, bail};
use bewit::schema::Alert;
use bewit::{Annotator, Schema};
use bewit_catalog::library;
use bewit_catalog::mapping::Mark;
use serde_json::Value;

use super::data::Table;
use super::program;
use super::text::{literal, path};
use crate::cli::VectorExport;
use crate::misuse::Misuse;
use crate::{config, output, overlay};

/// What the tests of the configuration put in.
const SAMPLE: &str = r#"{"hostname":"node-1","output":"14:44:29.395043000: Notice A shell was spawned in a container with an attached terminal (user=root container_id=4cc4da328699)","output_fields":{"container.id":"4cc4da328699","container.image.repository":"quay.io/acme/cart","evt.time":1776102269395043000,"k8s.ns.name":"shop","k8s.pod.name":"cart-7f9c6d5b8-x2x4k","proc.cmdline":"bash","proc.name":"bash","proc.pname":"runc","proc.tty":34816,"user.name":"root"},"priority":"Notice","rule":"Terminal shell in container","source":"syscall","tags":["T1059","container","mitre_execution","shell"],"time":"2026-04-13T17:44:29.395043000Z"}"#;
const OTHER: &str = r#"{"level":"info","msg":"order placed"}"#;

/// `bewit vector export`
pub(crate) fn export(args: &VectorExport) -> Result<()> {
    let mut config = args
        .config
        .as_deref()
        .map(config::read)
        .transpose()?
        .unwrap_or_default();
    if config.keep_raw {
        return Err(Misuse("`keep_raw` is not for Vector: it has events, and no lines to keep".to_owned()).into());
    }
    if config.mask_secrets {
        return Err(
            Misuse("`mask_secrets` is not for Vector: VRL has nothing that masks as bewit does".to_owned()).into(),
        );
    }
    config.schema = args.schema.unwrap_or(config.schema);
    let mut overlays = overlay::beside(args.config.as_deref(), &config.overlays);
    overlays.extend_from_slice(&args.overlay);
    let catalog = overlay::catalog(&overlays, &config.limits)?;
    config.organisation = config.organisation.or(&catalog.organisation);
    let schema = config.schema.as_str();
    let mapping = catalog.schemas.iter().find(|mapping| mapping.name == schema);
    if mapping.is_none() && config.schema != Schema::Native {
        bail!("the catalog has no table of the schema {schema}");
    }
    let mark = catalog.marks.iter().find(|mark| mark.schema == schema).cloned();
    let program = program::write(&catalog, &config, mapping, args.form);
    let folder = &args.out;
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put("bewit.vrl", &program.source)?;
    for (name, rows) in &program.tables {
        put(&format!("tables/{name}.csv"), &csv(rows))?;
    }
    let annotator = match catalog {
        Cow::Borrowed(_) => Annotator::new(config),
        Cow::Owned(catalog) => {
            let library = library::pack(catalog, library::stored).context("the catalog cannot be packed")?;
            Annotator::with_library(config, library)
        }
    };
    put(
        "vector.yaml",
        &topology(&program.tables, &tests(&annotator, mark.as_ref())?),
    )?;
    output::print(&format!(
        "{}: {} bytes of VRL, {} tables\n",
        folder.display(),
        program.source.len(),
        program.tables.len()
    ))
}

/// A table as Vector reads it: two columns, a key and JSON.
fn csv(rows: &BTreeMap<String, Value>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = String::from("key,data\n");
    for (key, row) in rows {
        let _ = writeln!(csv, "{},{}", quoted(key), quoted(&row.to_string()));
    }
    csv
}

/// A configuration with the program in place. JSON strings are YAML strings.
fn topology(tables: &[Table], tests: &str) -> String {
    let mut yaml = String::from(
        r#"# Written by `bewit vector export`. Paths are meant from where Vector is started.
sources:
  falco:
    type: stdin
transforms:
  bewit:
    type: remap
    inputs: [falco]
    file: bewit.vrl
    # What cannot be annotated goes on as it came; only `min_priority` drops.
    drop_on_error: false
    drop_on_abort: true
sinks:
  out:
    type: console
    inputs: [bewit]
    encoding: {codec: json}
"#,
    );
    if !tables.is_empty() {
        yaml.push_str("enrichment_tables:\n");
    }
    for (name, _) in tables {
        let _ = writeln!(
            yaml,
            "  bewit_{name}:\n    type: file\n    file:\n      path: tables/{name}.csv\n      encoding: {{type: csv}}"
        );
    }
    yaml + tests
}

/// What `vector test` checks: what the annotator of this catalog and configuration says. `mark` tells an alert in another
/// schema than the native one.
fn tests(annotator: &Annotator, mark: Option<&Mark>) -> Result<String> {
    let message = serde_json::json!({ "message": SAMPLE }).to_string();
    let mut alert = Vec::new();
    annotator.annotate(message.as_bytes(), &mut alert);
    let mut tests = String::from("tests:\n");
    let mut test = |name: &str, input: &str, checks: &[String]| {
        let _ = writeln!(
            tests,
            "  - name: {name}\n    inputs:\n      - insert_at: bewit\n        type: log\n        log_fields: {{message: {}}}\n    outputs:\n      - extract_from: bewit\n        conditions:\n          - type: vrl\n            source: |",
            Value::from(input)
        );
        for check in checks {
            let _ = writeln!(tests, "              {check}");
        }
    };
    test("other events stay as they are", OTHER, &[check(".message", OTHER)]);
    // The configuration may drop the sample.
    let checks = match mark {
        _ if alert.is_empty() => return Ok(tests),
        Some(mark) => marked(mark, &alert),
        None => native(&serde_json::from_slice(&alert).context("the annotator writes no alert")?),
    };
    test("an alert is annotated", SAMPLE, &checks);
    Ok(tests)
}

/// That a text stands at a path.
fn check(path: &str, said: &str) -> String {
    format!("assert_eq!({path}, {})", inert(said))
}

/// That what stands at a path begins so.
fn check_begin(path: &str, said: &str) -> String {
    format!("assert!(starts_with(string!({path}), {}))", inert(said))
}

/// A literal in which no variable stands: Vectors before 0.57 fill them in in what they read.
fn inert(said: &str) -> String {
    literal(said).replace('$', "\\u{24}")
}

/// Checks of a native alert.
fn native(alert: &Alert) -> Vec<String> {
    let bewit = &alert.bewit;
    let rule = alert.rule.as_deref().unwrap_or_default();
    let said = [
        (".rule", rule),
        (".bewit.id", &bewit.id),
        (".bewit.fingerprint", &bewit.fingerprint),
        (".bewit.summary", &bewit.summary),
        (".bewit.guidance.entry", &bewit.guidance.entry),
    ];
    said.into_iter().map(|(path, said)| check(path, said)).collect()
}

/// Checks of an alert in another schema: what tells it, or where it is a line how it begins.
fn marked(mark: &Mark, alert: &[u8]) -> Vec<String> {
    let path: String = mark.at.iter().map(|key| path("", key)).collect();
    let Ok(alert) = serde_json::from_slice::<Value>(alert) else {
        let line = String::from_utf8_lossy(alert);
        // Behind that stands JSON, whose keys VRL sorts.
        return vec![check_begin(&path, line.split("={").next().unwrap_or_default())];
    };
    let said = mark
        .at
        .iter()
        .fold(&alert, |at, key| at.get(key.as_ref()).unwrap_or(at));
    vec![check(&path, said.as_str().unwrap_or_default())]
}
