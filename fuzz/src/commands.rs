//! Commands, manifests and tuning snippets of alerts whose values try to get out of them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use arbitrary::Unstructured;
use bewit::Annotator;
use bewit::catalog::BUILT_IN;
use bewit::schema::{Manifest, Tuning};
use bewit_catalog::model::{Catalog, Piece, Template};

use crate::annotators::Annotators;
use crate::{line, make, record};

thread_local! {
    static ANNOTATORS: Annotators = Annotators::new();
}

/// Beginnings of words that a catalog itself writes and that begin with `-`.
pub(crate) struct Options(BTreeSet<String>);

impl Options {
    /// Those of a catalog with all its guidance.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let words = catalog
            .mitigations
            .iter()
            .flat_map(|mitigation| mitigation.commands.iter());
        let begins = words.flat_map(|command| command.argv.iter()).filter_map(begin);
        Self(
            begins
                .filter(|begin| begin.starts_with('-'))
                .map(str::to_owned)
                .collect(),
        )
    }
}

/// Those of the built-in catalog.
pub(crate) static OPTIONS: LazyLock<Options> = LazyLock::new(|| Options::of(&BUILT_IN));

/// The literal text that a word begins with.
fn begin(template: &Template) -> Option<&str> {
    let mut piece = template.0.first()?;
    if let Piece::Optional(pieces) = piece {
        piece = pieces.first()?;
    }
    match piece {
        Piece::Text(text) => Some(text),
        Piece::Hole(_) | Piece::Optional(_) => None,
    }
}

/// The body of the target.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok(alert) = make::json_alert(&mut u) else { return };
    ANNOTATORS.with(|annotators| {
        for annotator in annotators.of(data) {
            if let Some(out) = line::annotated(annotator, alert.as_bytes()) {
                advice(annotator, &out, &OPTIONS);
            }
        }
    });
}

/// Nothing that an alert advises holds more than what the catalog's author wrote and values in their places.
pub(crate) fn advice(annotator: &Annotator, out: &str, options: &Options) {
    let Some(bewit) = record::bewit(annotator, out) else {
        return;
    };
    for mitigation in &bewit.mitigations {
        for command in &mitigation.commands {
            no_value_is_an_option(&command.argv, options);
            plain(&command.line);
            command.undo.iter().for_each(|undo| plain(undo));
        }
        mitigation.manifests.iter().for_each(manifest);
    }
    bewit.tuning.iter().for_each(tuning);
}

fn no_value_is_an_option(argv: &[String], options: &Options) {
    let words = argv.iter().take_while(|word| *word != "--");
    for word in words.filter(|word| word.starts_with('-')) {
        let begins = options.0.iter().any(|option| word.starts_with(option));
        assert!(begins, "a value became an option: {argv:?}");
    }
}

/// Whoever reads it sees what a shell reads.
fn plain(line: &str) {
    let misleads = |c: char| {
        c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
    };
    assert!(!line.contains(misleads), "{line:?}");
}

/// A manifest is what its author wrote, whatever values stand in it.
fn manifest(manifest: &Manifest) {
    plain(&manifest.body);
    if manifest.body.starts_with('{') {
        serde_json::from_str::<serde_json::Value>(&manifest.body)
            .unwrap_or_else(|error| panic!("{error}:\n{}", manifest.body));
    } else if manifest.body.lines().any(|line| line.starts_with("apiVersion:")) {
        for object in documents(&manifest.body) {
            for key in ["apiVersion", "kind"] {
                let is_text = object.get(key).is_some_and(serde_yaml_ng::Value::is_string);
                assert!(is_text, "{key}:\n{}", manifest.body);
            }
        }
    }
}

/// A snippet overrides one thing, by appending.
fn tuning(tuning: &Tuning) {
    const KEYS: [&str; 10] = [
        "rule",
        "macro",
        "list",
        "condition",
        "items",
        "override",
        "append",
        "exceptions",
        "name",
        "desc",
    ];
    plain(&tuning.snippet);
    for document in documents(&tuning.snippet) {
        for item in document.as_sequence().expect(&tuning.snippet) {
            for (key, value) in item.as_mapping().expect(&tuning.snippet) {
                let key = key.as_str().unwrap();
                assert!(KEYS.contains(&key), "{key}: {}", tuning.snippet);
                if let ("condition", Some(condition)) = (key, value.as_str()) {
                    assert!(condition.matches('"').count().is_multiple_of(2), "{condition}");
                }
            }
        }
    }
}

fn documents(yaml: &str) -> Vec<serde_yaml_ng::Value> {
    use serde::Deserialize as _;
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| serde_yaml_ng::Value::deserialize(document).unwrap_or_else(|error| panic!("{error}:\n{yaml}")))
        .collect()
}
