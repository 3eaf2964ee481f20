//! Falco's priorities.

use std::fmt;

use crate::json::word;

/// How urgent the rule's author found it. Falco's order: most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// 0
    Emergency,
    /// 1
    Alert,
    /// 2
    Critical,
    /// 3
    Error,
    /// 4
    Warning,
    /// 5. From 0.16.0 to 0.31.0 Falco printed it for rules of priority INFO too.
    Notice,
    /// 6
    Informational,
    /// 7
    Debug,
}

impl Priority {
    /// All, by number.
    pub const ALL: [Self; 8] = [
        Self::Emergency,
        Self::Alert,
        Self::Critical,
        Self::Error,
        Self::Warning,
        Self::Notice,
        Self::Informational,
        Self::Debug,
    ];

    /// Falco's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "Emergency",
            Self::Alert => "Alert",
            Self::Critical => "Critical",
            Self::Error => "Error",
            Self::Warning => "Warning",
            Self::Notice => "Notice",
            Self::Informational => "Informational",
            Self::Debug => "Debug",
        }
    }

    /// Reads any spelling that Falco, its gRPC clients and falcosidekick use: case does not matter, and
    /// `info` is `Informational`.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        // The first and the last eight bytes are all of a name, and this bit is a letter's case.
        let lower = |word: u64| word | 0x2020_2020_2020_2020;
        let is = |name: &str| {
            let name = name.as_bytes();
            name.len() == text.len()
                && lower(word::first(name)) == lower(word::first(text))
                && lower(word::last(name)) == lower(word::last(text))
        };
        match Self::ALL.into_iter().find(|priority| is(priority.as_str())) {
            None if is("info") => Some(Self::Informational),
            found => found,
        }
    }

    /// Of its number, as Falco's former gRPC output gave it.
    pub fn from_number(number: impl AsRef<[u8]>) -> Option<Self> {
        match number.as_ref() {
            [digit @ b'0'..=b'7'] => Self::ALL.get(usize::from(digit - b'0')).copied(),
            _ => None,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_nothing_else_passes() {
        for priority in Priority::ALL {
            let name = priority.as_str();
            for spelling in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(Priority::parse(&spelling), Some(priority), "{spelling}");
            }
            for (at, byte) in (0..name.len()).flat_map(|at| (0..=255_u8).map(move |byte| (at, byte))) {
                let mut other = name.as_bytes().to_vec();
                other[at] = byte;
                let same = other.eq_ignore_ascii_case(name.as_bytes());
                assert_eq!(Priority::parse(&other).is_some(), same, "{other:?}");
            }
        }
        assert_eq!(Priority::parse("INFO"), Some(Priority::Informational));
        assert_eq!(Priority::parse("inform"), None);
    }
}
