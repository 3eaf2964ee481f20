//! Configurations of any bytes.

use bewit::{Annotator, Config, Outcome};

/// An alert that any configuration has to deal with.
const ALERT: &[u8] =
    br#"{"rule":"Terminal shell in container","priority":"Notice","time":"2024-10-29T13:40:25.978642167Z"}"#;

/// The body of the target.
pub fn check(json: &[u8]) {
    let Ok(config) = serde_json::from_slice::<Config>(json) else {
        return;
    };
    let written = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&written).unwrap(), config);
    let annotator = Annotator::new(config);
    assert_eq!(serde_json::to_string(annotator.config()).unwrap(), written);

    let mut out = Vec::new();
    let outcome = annotator.annotate(ALERT, &mut out);
    assert_ne!(outcome, Outcome::Passed);
    assert_eq!(outcome == Outcome::Dropped, out.is_empty());
    assert_eq!(
        outcome == Outcome::Failed,
        ALERT.len() > annotator.config().limits.line_bytes
    );
    if !out.is_empty() {
        serde_json::from_slice::<serde_json::Value>(&out).unwrap();
    }
}
