//! Text alerts whose values hold keys, quotes, parentheses and blanks.

use arbitrary::Unstructured;
use bewit::Annotator;

use crate::annotators::Annotators;
use crate::json::{Members, name};
use crate::{commands, line, make, record};

thread_local! {
    static ANNOTATORS: Annotators = Annotators::new();
}

/// The body of the target.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok(alert) = make::text_alert(&mut u) else { return };
    ANNOTATORS.with(|annotators| {
        for annotator in annotators.of(data) {
            let out = line::annotated(annotator, alert.line.as_bytes());
            // A text alert is one whatever its message is; a bound of the configuration may drop it.
            let bounded = annotator.config().min_priority.is_some();
            assert!(out.is_some() || bounded, "no alert: {}", alert.line);
            if let Some(out) = out {
                fields(annotator, &alert, &out);
                commands::advice(annotator, &out, &commands::OPTIONS);
            }
        }
    });
}

/// Every field's value stands in the message, and none of those that came with two values is there.
fn fields(annotator: &Annotator, alert: &make::TextAlert, out: &str) {
    let Some(bewit) = record::bewit(annotator, out) else {
        return;
    };
    let members = Members::of(out).unwrap();
    assert_eq!(name(members.get("output").unwrap()), alert.line.trim_ascii());
    let fields = members.get("output_fields").and_then(Members::of);
    for (field, value) in fields.into_iter().flat_map(|fields| fields.0) {
        assert!(
            !bewit.input.ambiguous.contains(&name(field)),
            "{field} is ambiguous and believed"
        );
        match value.as_bytes()[0] {
            b'"' => {
                let inside = &value[1..value.len() - 1];
                let stands = alert.message.contains(&name(value)) || alert.message.contains(inside);
                assert!(stands, "{field} is {value}, which is not in {}", alert.line);
            }
            b'n' => assert!(alert.message.contains("<NA>")),
            _ => assert!(alert.message.contains(value), "{field} is {value}"),
        }
    }
}
