//! Custom rules: how often the classifier is right about what it has never seen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bewit::catalog::BUILT_IN;
use bewit::catalog::model::EntryKind;
use bewit::{Annotator, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

/// A rule and what it is about, by whoever reads its name and tags.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labelled {
    rule: String,
    source: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    container: bool,
    is: String,
}

impl Labelled {
    fn alert(&self) -> String {
        let container = if self.container {
            json!({"container.id": "4cc4da328699"})
        } else {
            json!({})
        };
        json!({"rule": self.rule, "source": self.source, "tags": self.tags, "priority": "Warning",
            "time": "2026-04-13T17:57:43.700000000Z", "output_fields": container})
        .to_string()
    }
}

/// The behaviour that was found, and whether the alert calls the guess sure.
fn found(labelled: &Labelled) -> Option<(String, String)> {
    let mut out = Vec::new();
    let outcome = Annotator::default().annotate(labelled.alert().as_bytes(), &mut out);
    assert_eq!(outcome, Outcome::Alert, "{}", labelled.rule);
    let guidance = serde_json::from_slice::<Value>(&out).unwrap()["bewit"]["guidance"].clone();
    let text = |key: &str| guidance[key].as_str().unwrap().to_owned();
    match text("matched_by").as_str() {
        "behaviour" => Some((text("entry"), text("confidence"))),
        // A technique among the tags, the source, or nothing: it says that it knows no better.
        "technique" | "source" | "generic" => {
            assert_eq!(text("confidence"), "low", "{}", labelled.rule);
            None
        }
        by => panic!("{}: a custom rule matched by {by}", labelled.rule),
    }
}

#[test]
fn custom_rules_are_told_by_what_they_are_about() {
    let text = std::fs::read_to_string("tests/classifier.yaml").unwrap();
    let set: Vec<Labelled> = serde_yaml_ng::from_str(&text).unwrap();
    assert!(set.len() >= 150, "{}", set.len());
    let (mut right, mut wrong, mut missed, mut about) = (0, 0, 0, 0);
    for labelled in &set {
        let known = |id: &str| {
            BUILT_IN
                .entries
                .iter()
                .any(|e| e.kind == EntryKind::Behaviour && e.id == *id)
        };
        assert!(
            labelled.is == "none" || known(&labelled.is),
            "{}: no behaviour {}",
            labelled.rule,
            labelled.is
        );
        assert!(
            !BUILT_IN.names.iter().any(|name| name.name == labelled.rule),
            "{} is no custom rule",
            labelled.rule
        );
        about += usize::from(labelled.is != "none");
        match found(labelled) {
            Some((behaviour, _)) if behaviour == labelled.is => right += 1,
            Some((behaviour, confidence)) => {
                wrong += 1;
                println!(
                    "wrong: {:?} is {}, not {behaviour} ({confidence})",
                    labelled.rule, labelled.is
                );
            }
            None if labelled.is == "none" => {}
            None => {
                missed += 1;
                println!("missed: {:?} is {}", labelled.rule, labelled.is);
            }
        }
    }
    let (precision, recall) = (
        f64::from(right) / f64::from(right + wrong),
        f64::from(right) / about as f64,
    );
    println!(
        "{} rules: precision {precision:.3} ({wrong} wrong), recall {recall:.3} ({missed} missed)",
        set.len()
    );
    assert!(precision >= 0.90, "precision {precision:.3}");
    assert!(recall >= 0.80, "recall {recall:.3}");
}

/// Two classes that fit equally, or hardly: it does not claim to be sure.
#[test]
fn a_guess_is_never_called_certain() {
    let text = std::fs::read_to_string("tests/classifier.yaml").unwrap();
    let set: Vec<Labelled> = serde_yaml_ng::from_str(&text).unwrap();
    let sure = set
        .iter()
        .filter_map(found)
        .filter(|(_, confidence)| confidence == "high");
    assert_eq!(sure.count(), 0);
}
