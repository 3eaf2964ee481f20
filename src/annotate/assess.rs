//! How likely an alert is innocent, and how urgent it is.

use std::cmp::Reverse;

use bewit_catalog::library::Head;
use bewit_catalog::model::{Catalog, Disposition, Innocent, Operand, Test, Weighted};
use bumpalo::Bump;

use super::guidance::{Confidence, MatchedBy};
use super::kind::Kind;
use super::plan::Plan;
use super::values::Values;
use crate::event::Priority;
use crate::few;

/// From this weight on an innocent cause is believed.
const CONVINCING: u16 = 60;
/// From this weight on it is believed with high confidence.
const CERTAIN: u16 = 100;

/// What an alert most likely is.
pub(crate) struct Assessment<'a> {
    pub(crate) disposition: Disposition,
    pub(crate) confidence: Confidence,
    /// The weightiest first.
    pub(crate) reasons: &'a [Reason<'a>],
}

/// Something that speaks for a disposition.
#[derive(Clone, Copy)]
pub(crate) struct Reason<'a> {
    pub(crate) cause: Cause<'a>,
    /// What it speaks for.
    pub(crate) suggests: Disposition,
    /// Of 100; below 60 it is a possibility only.
    pub(crate) weight: u16,
}

/// Where a reason comes from.
#[derive(Clone, Copy)]
pub(crate) enum Cause<'a> {
    /// The entry says it of all alerts of its rule, in these words.
    Entry(&'static str),
    /// One of the catalog's innocent causes.
    Innocent(&'a Innocent),
}

impl Reason<'_> {
    /// The Falco fields it rests on.
    pub(crate) fn fields<'v>(&self, values: &'v Values<'_>) -> Vec<&'v [u8]> {
        let Cause::Innocent(cause) = self.cause else {
            return vec![b"rule"];
        };
        let held = cause.convincing.iter().filter(|w| values.hold(&w.when));
        let mut fields: Vec<&[u8]> = Vec::new();
        for condition in cause.all.iter().chain(held.flat_map(|w| w.when.iter())) {
            let field = match condition.operand {
                Operand::Param(id) => values.any(id).map(|found| found.field),
                Operand::Tag => Some(&b"tags"[..]),
                Operand::Word => Some(&b"rule"[..]),
            };
            if let Some(field) = field
                && !fields.contains(&field)
            {
                fields.push(field);
            }
        }
        fields
    }
}

/// Weighs the innocent causes of the catalog.
pub(crate) fn assess<'a>(
    catalog: &'a Catalog,
    kind: &Kind,
    plan: &Plan,
    head: &Head,
    values: &Values<'_>,
    arena: &'a Bump,
) -> Assessment<'a> {
    if let Some(disposition) = head.disposition {
        let text = match disposition {
            Disposition::Test => "This rule exists to test the alerting.",
            Disposition::Expected => "Your organisation declared alerts of this rule to be expected.",
            Disposition::LikelyBenign => "Your organisation declared alerts of this rule to be benign.",
            Disposition::Suspicious | Disposition::Operational => "Falco reports on itself with this rule.",
        };
        return Assessment {
            disposition,
            confidence: plan.confidence,
            reasons: arena.alloc_slice_copy(&[Reason {
                cause: Cause::Entry(text),
                suggests: disposition,
                weight: CERTAIN,
            }]),
        };
    }
    let mut reasons = Vec::new();
    for index in &kind.innocent {
        if let Some(cause) = catalog.innocent.get(usize::from(*index))
            && let Some(weight) = weigh(cause, values)
        {
            let reason = Reason {
                cause: Cause::Innocent(cause),
                suggests: cause.disposition,
                weight,
            };
            // The weightiest first; of equals the catalog's first.
            few::put(&mut reasons, reason, |reason| Reverse(reason.weight));
        }
    }
    let (disposition, confidence) = match reasons.first() {
        Some(best) if best.weight >= CERTAIN => (best.suggests, Confidence::High),
        Some(best) if best.weight >= CONVINCING => (best.suggests, Confidence::Medium),
        best => {
            let confidence = match (plan.matched_by, best) {
                (MatchedBy::Rule | MatchedBy::FormerName | MatchedBy::Message, None) => Confidence::Medium,
                _ => Confidence::Low,
            };
            (Disposition::Suspicious, confidence)
        }
    };
    Assessment {
        disposition,
        confidence,
        reasons: arena.alloc_slice_copy(&reasons),
    }
}

/// The weight of a cause; none where it does not apply.
fn weigh(cause: &Innocent, values: &Values<'_>) -> Option<u16> {
    if !values.hold(&cause.all) || cause.convincing.iter().any(|w| refuted(w, values)) {
        return None;
    }
    let held = cause.convincing.iter().filter(|w| values.hold(&w.when));
    let weight = held.map(|w| u16::from(w.weight)).sum();
    // A rule alone is no sign of innocence.
    (!cause.all.is_empty() || weight > 0).then_some(weight)
}

/// The event says otherwise: it has the value, and it is another one.
fn refuted(weighted: &Weighted, values: &Values<'_>) -> bool {
    weighted.when.iter().any(|condition| {
        matches!(
            (&condition.operand, &condition.test),
            (Operand::Param(id), Test::AnyOf(_)) if values.valid(*id).is_some()
        ) && !values.holds(condition)
    })
}

/// How urgent an alert is.
#[derive(Clone, Copy)]
pub(crate) struct Severity {
    pub(crate) level: &'static str,
    pub(crate) score: u8,
}

/// What moves the score.
#[derive(Clone, Copy)]
pub(crate) enum Mover<'a> {
    /// Falco's priority.
    Priority(Priority),
    /// Something the catalog names.
    Named(&'a str),
    /// The assessment.
    Disposition(Disposition),
}

/// Scores an alert: the priority's base, what the entry and the context add, what the assessment takes off. Tells
/// `moved` each of them.
pub(crate) fn severity<'a>(
    catalog: &'a Catalog,
    priority: Priority,
    head: &'a Head,
    values: &Values<'_>,
    disposition: Disposition,
    mut moved: impl FnMut(Mover<'a>, i16),
) -> Severity {
    let table = &catalog.severity;
    let base = table.base.get(priority as usize).copied().unwrap_or(40);
    let mut sum = i16::from(base);
    moved(Mover::Priority(priority), sum);
    let mut add = |mover, add: i8| {
        if add != 0 {
            sum += i16::from(add);
            moved(mover, i16::from(add));
        }
    };
    if let Some(text) = &head.severity_why {
        add(Mover::Named(text), head.severity);
    }
    // What Falco says of itself is about no container, user or host of the event's.
    if head.disposition.is_none() {
        for modifier in table.modifiers.iter().filter(|m| values.hold(&m.when)) {
            add(Mover::Named(&modifier.why), modifier.add);
        }
    }
    for score in table.dispositions.iter().filter(|d| d.disposition == disposition) {
        add(Mover::Disposition(disposition), score.add);
    }
    let score = u8::try_from(sum.clamp(0, 100)).unwrap_or(100);
    let level = ["critical", "high", "medium"]
        .into_iter()
        .zip(table.levels.iter().rev())
        .find(|(_, lowest)| score >= **lowest)
        .map_or("low", |(level, _)| level);
    Severity { level, score }
}
