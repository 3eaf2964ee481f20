//! What Fluent Bit makes of what a filter returned.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// Levels of nesting that Fluent Bit unpacks.
const DEPTH: usize = 63;

/// The fate of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The answer, up to this byte, is the new record.
    Record { end: usize },
    /// As [`Answer::Record`], but what the module wrote behind it is lost.
    RecordAndMore { end: usize },
    /// Nothing was returned: the record is dropped, and only a debug log says so.
    Dropped,
    /// JSON, but no object: the record is dropped, with an error in the log.
    NoObject,
    /// Nested deeper than Fluent Bit unpacks: the record is lost, and all behind it in the same chunk.
    TooDeep,
    /// No JSON, or a number that no double can hold. Fluent Bit frees the record before a second time, and crashes or hangs.
    Invalid,
}

impl Answer {
    /// Reads what stands before the zero byte.
    pub(super) fn of(text: &[u8]) -> Self {
        if text.is_empty() {
            return Self::Dropped;
        }
        // Without recursion, so nesting of any depth is read.
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
        if !matches!(values.next(), Some(Ok(_))) {
            return Self::Invalid;
        }
        let end = values.byte_offset();
        if !text.trim_ascii_start().starts_with(b"{") {
            return Self::NoObject;
        }
        let (record, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
        if depth(record) > DEPTH {
            return Self::TooDeep;
        }
        // It reads numbers, and fails where they are too large.
        if serde_json::from_slice::<Value>(record).is_err() {
            return Self::Invalid;
        }
        match rest.trim_ascii() {
            [] => Self::Record { end },
            _ => Self::RecordAndMore { end },
        }
    }
}

/// Levels of nesting of valid JSON.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut string, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match (string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => string = !string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether a record says that bewit could not annotate it.
pub(super) fn is_fault(record: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Record {
        bewit: Option<Bewit>,
    }
    #[derive(Deserialize)]
    struct Bewit {
        error: Option<IgnoredAny>,
    }
    memchr::memmem::find(record, br#""error""#).is_some()
        && serde_json::from_slice::<Record>(record)
            .is_ok_and(|record| record.bewit.is_some_and(|bewit| bewit.error.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_fluent_bit_reads_them() {
        for (text, answer) in [
            ("", Answer::Dropped),
            ("{}", Answer::Record { end: 2 }),
            ("{\"a\":1}\n", Answer::Record { end: 7 }),
            ("{}{}", Answer::RecordAndMore { end: 2 }),
            ("{} junk", Answer::RecordAndMore { end: 2 }),
            ("[1]", Answer::NoObject),
            ("1", Answer::NoObject),
            ("\"{}\"", Answer::NoObject),
            ("{\"a\":", Answer::Invalid),
            ("{\"a\":1e999}", Answer::Invalid),
            ("junk", Answer::Invalid),
            (" ", Answer::Invalid),
        ] {
            assert_eq!(Answer::of(text.as_bytes()), answer, "{text}");
        }
        let deep = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        assert_eq!(Answer::of(deep.as_bytes()), Answer::TooDeep);
        let deep = "{\"a\":".repeat(63) + "\"\\\"[[\"" + &"}".repeat(63);
        assert_eq!(Answer::of(deep.as_bytes()), Answer::Record { end: deep.len() });
    }

    #[test]
    fn faults_are_told_from_alerts() {
        assert!(is_fault(br#"{"log":"x","bewit":{"error":{"code":"line-too-long"}}}"#));
        assert!(!is_fault(br#"{"output":"\"error\"","error":1,"bewit":{"id":"1"}}"#));
    }
}
