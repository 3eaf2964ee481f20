//! Fields of any bytes in an alert: bewit takes as JSON what serde_json takes, and nothing else.

use serde_json::value::RawValue;

use crate::annotators::Annotators;
use crate::line;

thread_local! {
    static ANNOTATORS: Annotators = Annotators::new();
}

/// The body of the target.
pub fn check(fields: &[u8]) {
    let alert = [br#"{"rule":"r","priority":"Emergency","output_fields":"#, fields, b"}"].concat();
    let is_json = serde_json::from_str::<&RawValue>(&String::from_utf8_lossy(fields)).is_ok();
    let is_object = serde_json::from_str::<&RawValue>(&String::from_utf8_lossy(&alert)).is_ok();
    ANNOTATORS.with(|annotators| {
        for annotator in annotators.of(fields) {
            let out = line::annotated(annotator, &alert);
            if alert.len() > annotator.config().limits.line_bytes {
                continue;
            }
            if is_json {
                assert!(out.is_some(), "JSON that bewit does not read");
            } else if !is_object {
                assert!(out.is_none(), "no JSON, but bewit reads it");
            }
        }
    });
}
