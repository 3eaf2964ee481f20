//! Which entry of the catalog an event gets, and how that was found.

use bewit_catalog::model::{Catalog, Rule};

use crate::catalog;

/// How an entry was found, most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The rule's name.
    Rule,
    /// A name the rule no longer has.
    FormerName,
    /// The beginning of the message.
    Message,
    /// What the rule is about, by name, tags and fields.
    Behaviour,
    /// A technique among the tags.
    Technique,
    /// Only the event source is known.
    Source,
    /// Nothing is.
    Generic,
}

impl MatchedBy {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::FormerName => "former_name",
            Self::Message => "message",
            Self::Behaviour => "behaviour",
            Self::Technique => "technique",
            Self::Source => "source",
            Self::Generic => "generic",
        }
    }
}

/// How sure something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It may be so.
    Low,
    /// It is likely.
    Medium,
    /// It is certain for all practical purposes.
    High,
}

impl Confidence {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The upstream rule of an event, by its name, or else by its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Position in the catalog.
    rule: u16,
    pub(super) by: MatchedBy,
    pub(super) confidence: Confidence,
}

impl Known {
    pub(super) fn by_name(catalog: &Catalog, name: &str) -> Option<Self> {
        let name = catalog::name(catalog, name)?;
        Some(Self {
            rule: name.rule,
            by: if name.former {
                MatchedBy::FormerName
            } else {
                MatchedBy::Rule
            },
            confidence: Confidence::High,
        })
    }

    /// By the position of what the message begins with.
    pub(super) fn by_message(catalog: &Catalog, told: u16) -> Option<Self> {
        let message = catalog.messages.get(usize::from(told))?;
        Some(Self {
            rule: message.rule,
            by: MatchedBy::Message,
            confidence: if message.shared {
                Confidence::Medium
            } else {
                Confidence::High
            },
        })
    }

    pub(crate) fn rule(self, catalog: &Catalog) -> Option<&Rule> {
        catalog.rules.get(usize::from(self.rule))
    }
}
