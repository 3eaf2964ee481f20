//! JSON that Fluent Bit can read back.
//!
//! Its reader is stricter than JSON. A number that no double can hold is an error, and so is half of a surrogate pair;
//! an error crashes Fluent Bit when a record came before. Deep nesting is read, packed, and then lost with all records behind it, or overflows the
//! stack. Whoever can write a line to a log could do either with what looks like an alert, so it is known what was in
//! one before the annotated form is returned.

use crate::json::Seen;

/// Nesting of a value in a record. Fluent Bit 5.1 takes 63 levels in all; Falco's fields need two or three, and what
/// bewit moves elsewhere is three deeper there.
const DEPTH: usize = 20;

/// Why Fluent Bit would not read an alert that was made from such JSON; none if it would.
pub(crate) fn objection(seen: Seen) -> Option<&'static str> {
    if seen.depth > DEPTH {
        Some("the alert is nested deeper than Fluent Bit reads")
    } else if seen.vast {
        Some("the alert has a number larger than Fluent Bit reads")
    } else if seen.half {
        Some("the alert has half of a pair of escapes, which Fluent Bit does not read")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Annotator, Outcome};

    /// The objection to an alert with such a field.
    fn with(value: &str) -> Option<&'static str> {
        let line = format!(r#"{{"rule":"x","priority":"Notice","output_fields":{{"a":{value}}}}}"#);
        let wrapped = serde_json::json!({ "log": &line }).to_string();
        let objections = [line, wrapped].map(|line| {
            let (outcome, seen) = Annotator::default().look_at(line.as_bytes(), crate::Schema::Native, &mut Vec::new());
            assert_eq!(outcome, Outcome::Alert, "{line}");
            objection(seen)
        });
        assert_eq!(objections[0], objections[1], "{value}");
        objections[0]
    }

    #[test]
    fn numbers_that_a_double_holds_are_read() {
        for number in [
            "0",
            "-1",
            "18446744073709551616",
            "1e299",
            "1e-400",
            "-0.5E+10",
            "1e-99999999999999999999",
        ] {
            assert_eq!(with(number), None, "{number}");
        }
        let many = "9".repeat(301);
        for number in ["1e309", "1e99999999999999999999", "123E+300", many.as_str()] {
            assert!(with(number).is_some(), "{number}");
            assert!(with(&format!("[{number}]")).is_some(), "{number}");
        }
    }

    #[test]
    fn halves_of_pairs_are_not_read() {
        for whole in [
            r#""\ud83e\udd85""#,
            r#""\uD83E\uDD85 \u00e9""#,
            r#""\\ud83e""#,
            r#""\ue000\ud7ff""#,
        ] {
            assert_eq!(with(whole), None, "{whole}");
        }
        for half in [
            r#""\ud83e""#,
            r#""\udd85""#,
            r#""\ud83e\ud83e\udd85""#,
            r#""\ud83e \udd85""#,
            r#""\ud83e\n""#,
            r#"{"\uDD85":1}"#,
        ] {
            assert!(with(half).is_some(), "{half}");
        }
    }

    #[test]
    fn deep_nesting_is_not_read() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(with(&deep(DEPTH)), None);
        assert!(with(&deep(DEPTH + 1)).is_some());
        assert_eq!(with("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""), None);
    }
}
