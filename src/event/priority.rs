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
        if let Some(spelled) = Self::ALL.into_iter().find(|p| word::same(text, p.as_str().as_bytes())) {
            return Some(spelled);
        }
        let of_length = |known: &str| known.len() == text.len() && text.eq_ignore_ascii_case(known.as_bytes());
        if of_length("info") {
            return Some(Self::Informational);
        }
        Self::ALL.into_iter().find(|p| of_length(p.as_str()))
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
