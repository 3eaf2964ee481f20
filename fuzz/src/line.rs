//! A whole line of any bytes, in every schema and detail.

use bewit::{Annotator, Outcome};

use crate::annotators::{Annotators, hash};
use crate::record;

thread_local! {
    static ANNOTATORS: Annotators = Annotators::new();
}

/// One in so many lines is annotated by an annotator that has seen no other, which takes long to make.
const FRESH: u64 = 64;

/// The body of the target.
pub fn check(line: &[u8]) {
    // A host cuts its input at line breaks; only within JSON may there be any.
    ANNOTATORS.with(|annotators| {
        for annotator in annotators.of(line) {
            annotated(annotator, line);
        }
    });
}

/// Annotates a line and checks all that holds for any. Returns what was written for an alert.
pub(crate) fn annotated(annotator: &Annotator, line: &[u8]) -> Option<String> {
    let mut out = Vec::new();
    let outcome = annotator.annotate(line, &mut out);
    let config = annotator.config();

    if hash(line).is_multiple_of(FRESH) {
        let mut again = Vec::new();
        assert_eq!(Annotator::new(config.clone()).annotate(line, &mut again), outcome);
        assert_eq!(again, out, "what came before decides");
    }

    match outcome {
        Outcome::Passed => {
            assert_eq!(out, line, "a line that is no alert changed");
            return None;
        }
        Outcome::Dropped => {
            assert!(config.min_priority.is_some() && out.is_empty());
            return None;
        }
        Outcome::Failed => {
            assert!(
                line.len() > config.limits.line_bytes,
                "an alert within the limits failed"
            );
            if out != line {
                record::failed(line, &out);
            }
        }
        Outcome::Alert => {
            assert!(line.len() <= config.limits.line_bytes);
            record::alert(annotator, line, &out);
        }
    }
    // The second pass may meet a record that has become too long; the first did not.
    let mut again = Vec::new();
    let second = annotator.annotate(&out, &mut again);
    assert!(matches!(second, Outcome::Passed | Outcome::Failed), "{second:?}");
    assert_eq!(again, out, "a second pass changes something");
    (outcome == Outcome::Alert).then(|| String::from_utf8(out).unwrap())
}
