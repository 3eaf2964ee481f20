//! JSON that Fluent Bit can read back.
//!
//! Its reader is stricter than JSON. A number that no double can hold is an error, which crashes Fluent Bit when a
//! record came before; and deep nesting is read, packed, and then lost with all records behind it, or overflows the
//! stack. Whoever can write a line to a log could do either with what looks like an alert, so an alert is looked at
//! before it is returned.

use crate::json::special;

/// Nesting of a record. Fluent Bit 5.1 takes 63 levels; Falco's fields need two or three, bewit's own nine.
const DEPTH: u32 = 24;

/// Digits before the point that any double has room for.
const DIGITS: i32 = 300;

/// Why Fluent Bit would not read this JSON; none if it would.
pub(crate) fn objection(json: &[u8]) -> Option<&'static str> {
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        at = match byte {
            b'"' => string_end(json, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH {
                    return Some("the alert is nested deeper than Fluent Bit reads");
                }
                at + 1
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at + 1
            }
            b'-' | b'0'..=b'9' => {
                let end = number_end(json, at);
                if !is_finite(json.get(at..end).unwrap_or_default()) {
                    return Some("the alert has a number larger than Fluent Bit reads");
                }
                end
            }
            _ => at + 1,
        };
    }
    None
}

/// Where the string ends that begins before `at`.
fn string_end(json: &[u8], mut at: usize) -> usize {
    loop {
        at = special(json, at);
        match json.get(at) {
            Some(b'"') | None => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn number_end(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|byte| !matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'e' | b'E'));
    at + length.unwrap_or(rest.len())
}

/// Whether a double can hold it: by the number of its digits, which is on the safe side.
fn is_finite(number: &[u8]) -> bool {
    let (digits, exponent) = match number.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (number.get(..at), number.get(at + 1..).unwrap_or_default()),
        None => (Some(number), &b"0"[..]),
    };
    let whole = digits.unwrap_or_default().split(|byte| *byte == b'.').next();
    let exponent = std::str::from_utf8(exponent).map_or(Ok(i32::MAX), |exponent| {
        // One that is too small is as good as zero.
        exponent
            .parse::<i32>()
            .or(if exponent.starts_with('-') { Ok(0) } else { Err(()) })
    });
    let digits = i32::try_from(whole.unwrap_or_default().len());
    match (digits, exponent) {
        (Ok(digits), Ok(exponent)) => digits.saturating_add(exponent) <= DIGITS,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_json_is_read() {
        let long = format!("{{\"a\":0.{}}}", "1".repeat(5_000));
        for json in [
            r#"{"a":[1,-2.5e3,1e-999,-1E+2,1e-99999999999,18446744073709551615],"b":"1e999 [[[[\"{{{{","c":null}"#,
            r#"{"a":"\\","b":"\\\"","c":""}"#,
            "",
            "{\"unfinished",
            "{\"unfinished\\",
            &long,
            &("[".repeat(24) + &"]".repeat(24)),
            &"[]".repeat(100),
        ] {
            assert_eq!(objection(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn what_would_hurt_is_not() {
        for number in [
            "1e999",
            "-1E+400",
            "1e99999999999",
            "1e309",
            "99999999999999999999e300",
            &"1".repeat(310),
        ] {
            let json = format!(r#"{{"a":{number}}}"#);
            assert!(
                objection(json.as_bytes()).is_some_and(|why| why.contains("number")),
                "{json}"
            );
        }
        for open in ["[", "{\"a\":"] {
            let json = open.repeat(25) + "1";
            assert!(
                objection(json.as_bytes()).is_some_and(|why| why.contains("nested")),
                "{json}"
            );
        }
    }
}
