//! The layer for the ATT&CK Navigator, by the words of its format.

use bewit::report::{Report, report};
use serde_json::Value;

use crate::events::{infested, several};

/// What layers of version 4.5 may have, as far as this layer uses it.
const FORMAT: &str = include_str!("navigator-4.5.schema.json");

fn layer(alerts: &[bewit::schema::Alert]) -> Value {
    let layer = serde_json::from_str(&report(alerts, Report::Navigator)).unwrap();
    let format = jsonschema::draft202012::new(&serde_json::from_str(FORMAT).unwrap()).unwrap();
    let mistakes: Vec<String> = format.iter_errors(&layer).map(|mistake| mistake.to_string()).collect();
    assert_eq!(mistakes, [""; 0]);
    layer
}

#[test]
fn scores_are_counts_and_comments_name_the_rules() {
    let layer = layer(&several());
    let technique = &layer["techniques"][0];
    assert_eq!(technique["techniqueID"], "T1059.004");
    assert_eq!(technique["score"], 4);
    assert_eq!(
        technique["comment"],
        "Detect Shell in Container (3), Terminal shell in container (1)"
    );
    assert_eq!(layer["gradient"]["maxValue"], 4);
    assert_eq!(layer["versions"]["layer"], "4.5");
}

#[test]
fn without_alerts_a_layer_is_empty_and_valid() {
    assert_eq!(layer(&[])["techniques"], serde_json::json!([]));
}

#[test]
fn only_ids_of_techniques_become_techniques() {
    let layer = layer(&[infested("T1059\u{202e}")]);
    assert_eq!(layer["techniques"], serde_json::json!([]));
}
