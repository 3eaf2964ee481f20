//! Values that come out of a line as they are.

use crate::event;
use crate::json::word;

/// What a value must be to come out as another did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The body of a JSON string: ASCII without escapes, and not empty. Such a one is the same in a string in a string.
    Text,
    /// A number of up to twenty digits and nothing else.
    Number,
    /// One of so many digits.
    Digits(u8),
    /// `00:00:00`, of any digits.
    Clock,
    /// Falco's time without a date.
    Nanos,
    /// Falco's time with a date.
    Iso,
    /// Any time that is a point in time.
    Instant,
}

impl Class {
    /// The end of a value of this class that begins there.
    pub(super) fn end(self, line: &[u8], begin: usize, bytes: &mut u64) -> Option<usize> {
        let rest = line.get(begin..)?;
        let fixed =
            |len: usize, is_one: fn(&[u8]) -> bool| rest.get(..len).filter(|text| is_one(text)).map(|_| begin + len);
        match self {
            Self::Text => Some(word::special(line, begin, bytes)).filter(|end| *end > begin),
            Self::Number | Self::Digits(_) => {
                let end = word::behind_all_digits(line, begin);
                let digits = line.get(begin..end)?;
                let fits = match self {
                    Self::Digits(count) => digits.len() == usize::from(count),
                    _ => digits.len() <= 20,
                };
                // As JSON has it.
                let is_number = matches!(digits, [b'0'] | [b'1'..=b'9', ..]);
                (fits && is_number).then_some(end)
            }
            Self::Clock => fixed(event::CLOCK, event::is_clock),
            Self::Nanos => fixed(event::NANOS, event::is_nanos),
            Self::Iso => fixed(event::ISO, event::is_iso),
            // Whether it is one is found where it is needed.
            Self::Instant => Some(begin + rest.iter().take_while(|byte| is_of_instant(byte)).count()),
        }
    }

    /// What stands in place of such a value while its line is learned: nothing that is anywhere else.
    pub(super) fn mark(self, at: usize) -> String {
        let digits = 17 + at * 1_000_003;
        match self {
            Self::Text | Self::Number | Self::Digits(_) => format!("9{digits:08}"),
            Self::Clock => format!("17:18:{:02}", at % 100),
            // As these are within a second of each other, one may be when the line of the other was wrapped.
            Self::Nanos => format!("04:05:06.1{digits:08}"),
            Self::Iso => format!("2001-02-03T04:05:06.2{digits:08}+0000"),
            Self::Instant => format!("2001-02-03T04:05:06.9{digits:08}Z"),
        }
    }
}

/// Bytes that a point in time has, without blanks.
pub(super) fn is_of_instant(byte: &u8) -> bool {
    matches!(byte, b'0'..=b':' | b'-' | b'+' | b'.' | b',' | b'T' | b'Z')
}
