//! Which entry of the catalog an event gets, and how that was found.

use bewit_catalog::model::{Catalog, Entry, Rule};

use super::values::Values;
use crate::catalog;
use crate::event::Event;

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

/// An entry, how it was found, and the rule behind it where that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guidance<'c> {
    pub(crate) matched_by: MatchedBy,
    pub(crate) confidence: Confidence,
    pub(crate) entry: &'c Entry,
    pub(crate) rule: Option<&'c Rule>,
}

/// The upstream rule of an event, by its name, or else by its message.
#[derive(Clone, Copy)]
pub(crate) struct Known<'c> {
    rule: &'c Rule,
    by: MatchedBy,
    confidence: Confidence,
}

impl<'c> Known<'c> {
    pub(crate) fn rule(self) -> &'c Rule {
        self.rule
    }
}

/// Recognises an upstream rule.
pub(crate) fn recognise<'c>(catalog: &'c Catalog, event: &Event<'_>) -> Option<Known<'c>> {
    if let Some(name) = &event.rule
        && let Some((name, rule)) = catalog::rule(catalog, &name.decode())
    {
        return Some(Known {
            rule,
            by: if name.former {
                MatchedBy::FormerName
            } else {
                MatchedBy::Rule
            },
            confidence: Confidence::High,
        });
    }
    let message = event.message()?;
    let message = catalog::told_by(catalog, &message)?;
    Some(Known {
        rule: catalog.rules.get(usize::from(message.rule))?,
        by: MatchedBy::Message,
        confidence: if message.shared {
            Confidence::Medium
        } else {
            Confidence::High
        },
    })
}

/// Finds the guidance for an event. None only for a catalog without entries.
pub(crate) fn find<'c>(
    catalog: &'c Catalog,
    known: Option<Known<'c>>,
    event: &Event<'_>,
    values: &Values<'_>,
    techniques: &[u16],
) -> Option<Guidance<'c>> {
    let rule = known.map(Known::rule);
    let guidance = |matched_by, confidence, index| {
        Some(Guidance {
            matched_by,
            confidence,
            entry: catalog::entry(catalog, index)?,
            rule,
        })
    };
    if let Some(known) = known {
        if let Some(index) = known.rule.entry {
            return guidance(known.by, known.confidence, index);
        }
        // The catalog says what the rule detects, so only the guidance is a class's, not the match.
        if let Some(index) = known.rule.behaviour {
            return guidance(MatchedBy::Behaviour, known.confidence.min(Confidence::Medium), index);
        }
    }
    if let Some((score, index)) = behaviour(catalog, values) {
        let confidence = if score >= 80 {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        return guidance(MatchedBy::Behaviour, confidence, index);
    }
    let by_technique = catalog
        .behaviours
        .iter()
        .find(|b| techniques.iter().any(|t| b.techniques.contains(t)));
    if let Some(behaviour) = by_technique {
        return guidance(MatchedBy::Technique, Confidence::Low, behaviour.entry);
    }
    let source = event.source.as_ref().map(crate::json::Text::decode);
    let source = source.as_deref().or(rule.map(|r| r.source.as_ref()));
    if let Some(source) = source {
        // falcosidekick writes the plural where Falco gave no source.
        let source = if source == "syscalls" { "syscall" } else { source };
        if let Some(source) = catalog.sources.iter().find(|s| s.source == source) {
            return guidance(MatchedBy::Source, Confidence::Low, source.entry);
        }
    }
    guidance(MatchedBy::Generic, Confidence::Low, catalog.generic)
}

/// The behaviour with the best evidence, at least "may be".
fn behaviour(catalog: &Catalog, values: &Values<'_>) -> Option<(u8, u16)> {
    let mut best: Option<(u8, u16)> = None;
    for behaviour in catalog.behaviours.iter() {
        for clause in behaviour.clauses.iter() {
            let holds = best.is_none_or(|(score, _)| clause.score > score)
                && clause.score >= 50
                && clause.words.iter().all(|word| values.has_word(word))
                && clause.tags.iter().all(|tag| values.has_tag(tag))
                && values.hold(&clause.when);
            if holds {
                best = Some((clause.score, behaviour.entry));
            }
        }
    }
    best
}
