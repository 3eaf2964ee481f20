//! How likely an alert is innocent, and how urgent it is.

use bewit_catalog::model::{Catalog, Disposition, Innocent, Operand, Test, Weighted};

use super::fill;
use super::guidance::{Confidence, Guidance, MatchedBy};
use super::values::Values;
use crate::event::Event;

/// From this weight on an innocent cause is believed.
const CONVINCING: u16 = 60;
/// From this weight on it is believed with high confidence.
const CERTAIN: u16 = 100;

/// What an alert most likely is.
#[derive(Debug)]
pub(crate) struct Assessment<'c> {
    pub(crate) disposition: Disposition,
    pub(crate) confidence: Confidence,
    pub(crate) reasons: Vec<Reason<'c>>,
}

/// Something that speaks for a disposition.
#[derive(Debug)]
pub(crate) struct Reason<'c> {
    /// Of the catalog's innocent cause, where it is one.
    pub(crate) cause: Option<&'c Innocent>,
    pub(crate) text: String,
    /// What it speaks for.
    pub(crate) suggests: Disposition,
    /// Of 100; below 60 it is a possibility only.
    pub(crate) weight: u16,
    /// The Falco fields it rests on.
    pub(crate) fields: Vec<String>,
    /// What else would settle it.
    pub(crate) confirm: Option<String>,
}

/// Weighs the innocent causes of the catalog.
pub(crate) fn assess<'c>(catalog: &'c Catalog, guidance: &Guidance<'c>, values: &Values<'_>) -> Assessment<'c> {
    if let Some(disposition) = guidance.entry.disposition {
        let text = match disposition {
            Disposition::Test => "This rule exists to test the alerting.",
            Disposition::Expected => "Your organisation declared alerts of this rule to be expected.",
            Disposition::LikelyBenign => "Your organisation declared alerts of this rule to be benign.",
            Disposition::Suspicious | Disposition::Operational => "Falco reports on itself with this rule.",
        };
        return Assessment {
            disposition,
            confidence: guidance.confidence,
            reasons: vec![Reason {
                cause: None,
                text: text.to_owned(),
                suggests: disposition,
                weight: CERTAIN,
                fields: vec!["rule".to_owned()],
                confirm: None,
            }],
        };
    }
    let of_rule = guidance.rule.map(|rule| rule.innocent.as_ref()).unwrap_or_default();
    let mut reasons: Vec<Reason<'c>> = of_rule
        .iter()
        .chain(catalog.innocent_of_any.iter())
        .filter_map(|index| catalog.innocent.get(usize::from(*index)))
        .filter_map(|cause| reason(cause, values))
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.weight));
    match reasons.first() {
        Some(best) if best.weight >= CONVINCING => Assessment {
            disposition: best.suggests,
            confidence: if best.weight >= CERTAIN {
                Confidence::High
            } else {
                Confidence::Medium
            },
            reasons,
        },
        _ => Assessment {
            disposition: Disposition::Suspicious,
            confidence: match (guidance.matched_by, reasons.is_empty()) {
                (MatchedBy::Rule | MatchedBy::FormerName | MatchedBy::Message, true) => Confidence::Medium,
                _ => Confidence::Low,
            },
            reasons,
        },
    }
}

fn reason<'c>(cause: &'c Innocent, values: &Values<'_>) -> Option<Reason<'c>> {
    if !values.hold(&cause.all) || cause.convincing.iter().any(|w| refuted(w, values)) {
        return None;
    }
    let held: Vec<&Weighted> = cause.convincing.iter().filter(|w| values.hold(&w.when)).collect();
    let weight = held.iter().map(|w| u16::from(w.weight)).sum();
    // A rule alone is no sign of innocence.
    if cause.all.is_empty() && weight == 0 {
        return None;
    }
    let mut fields: Vec<String> = Vec::new();
    for condition in cause.all.iter().chain(held.iter().flat_map(|w| w.when.iter())) {
        let field = match condition.operand {
            Operand::Param(id) => values.any(id).map(|found| found.field),
            Operand::Tag => Some("tags"),
            Operand::Word => Some("rule"),
        };
        if let Some(field) = field
            && !fields.iter().any(|f| f == field)
        {
            fields.push(field.to_owned());
        }
    }
    Some(Reason {
        cause: Some(cause),
        text: fill::prose(&cause.reason, values),
        suggests: cause.disposition,
        weight,
        fields,
        confirm: cause.confirm.as_ref().map(|text| fill::prose(text, values)),
    })
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
#[derive(Debug)]
pub(crate) struct Severity {
    pub(crate) level: &'static str,
    pub(crate) score: u8,
    pub(crate) why: Vec<Moved>,
}

/// What moved the score.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) text: String,
    pub(crate) add: i16,
}

/// Scores an alert: the priority's base, what the entry and the context add, what the assessment takes off.
pub(crate) fn severity(
    catalog: &Catalog,
    event: &Event<'_>,
    guidance: &Guidance<'_>,
    values: &Values<'_>,
    disposition: Disposition,
) -> Severity {
    let table = &catalog.severity;
    let base = table.base.get(event.priority as usize).copied().unwrap_or(40);
    let mut why = vec![Moved {
        text: format!("priority {}", event.priority),
        add: i16::from(base),
    }];
    let mut moved = |text: &str, add: i8| {
        if add != 0 {
            why.push(Moved {
                text: text.to_owned(),
                add: i16::from(add),
            });
        }
    };
    if let Some(text) = &guidance.entry.severity_why {
        moved(text, guidance.entry.severity);
    }
    // What Falco says of itself is about no container, user or host of the event's.
    if guidance.entry.disposition.is_none() {
        for modifier in table.modifiers.iter().filter(|m| values.hold(&m.when)) {
            moved(&modifier.why, modifier.add);
        }
    }
    for entry in table.dispositions.iter().filter(|d| d.disposition == disposition) {
        moved(&disposition.as_str().replace('_', " "), entry.add);
    }
    let sum: i16 = why.iter().map(|moved| moved.add).sum();
    let score = u8::try_from(sum.clamp(0, 100)).unwrap_or(100);
    let level = ["critical", "high", "medium"]
        .into_iter()
        .zip(table.levels.iter().rev())
        .find(|(_, lowest)| score >= **lowest)
        .map_or("low", |(level, _)| level);
    Severity { level, score, why }
}
