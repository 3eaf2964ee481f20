//! From an event to an alert: which guidance, which ATT&CK, how likely, how urgent, what to do.

mod assess;
mod attack;
mod fill;
mod fingerprint;
mod guidance;
mod shell;
mod values;

pub(crate) use assess::{Assessment, Severity};
pub(crate) use attack::{Attack, listed};
pub(crate) use fill::{Filled, Snippet, least_len};
pub(crate) use fingerprint::id;
pub(crate) use guidance::Guidance;
pub use guidance::{Confidence, MatchedBy};
pub(crate) use values::{Found, Values};

use bewit_catalog::model::{Catalog, Command, Manifest, Mitigation, Rule, Template, Undo};

use crate::event::Event;

/// An alert, as far as it does not depend on how it is written.
pub(crate) struct Alert<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) event: &'a Event<'a>,
    /// The upstream rule, by name or message.
    pub(crate) rule: Option<&'a Rule>,
    pub(crate) values: Values<'a>,
    pub(crate) guidance: Guidance<'a>,
    pub(crate) attack: Vec<Attack<'a>>,
    pub(crate) assessment: Assessment<'a>,
    pub(crate) severity: Severity,
    pub(crate) fingerprint: String,
}

impl<'a> Alert<'a> {
    /// Annotates an event. None only for a catalog without entries.
    pub(crate) fn new(catalog: &'a Catalog, event: &'a Event<'a>) -> Option<Self> {
        let known = guidance::recognise(catalog, event);
        let rule = known.map(guidance::Known::rule);
        let own_name = event.rule.as_ref().and_then(|rule| rule.borrowed());
        let name = own_name.or(rule.map(|r| r.name.as_ref()));
        let values = Values::new(catalog, event, name);
        let techniques = attack::tagged(catalog, event);
        let guidance = guidance::find(catalog, known, event, &values, &techniques)?;
        let attack = attack::attack(catalog, event, guidance.entry);
        let assessment = assess::assess(catalog, &guidance, &values);
        let severity = assess::severity(catalog, event, &guidance, &values, assessment.disposition);
        let cause = rule.map(|r| r.name.as_ref()).or(name).unwrap_or_default();
        let fingerprint = fingerprint::fingerprint(cause, &values);
        Some(Self {
            catalog,
            event,
            rule,
            values,
            guidance,
            attack,
            assessment,
            severity,
            fingerprint,
        })
    }

    /// What happened, in one sentence.
    pub(crate) fn summary(&self) -> String {
        self.prose(&self.guidance.entry.summary)
    }

    pub(crate) fn prose(&self, template: &Template) -> String {
        fill::prose(template, &self.values)
    }

    /// What to do, in order, as far as it fits the event.
    pub(crate) fn mitigations(&self) -> impl Iterator<Item = &'a Mitigation> {
        let catalog = self.catalog;
        self.guidance
            .entry
            .mitigations
            .iter()
            .filter_map(move |index| catalog.mitigations.get(usize::from(*index)))
            .filter(|m| self.values.hold(&m.when))
            .filter(|m| !m.steps.is_empty() || !m.manifests.is_empty() || self.commands(m).next().is_some())
    }

    /// The commands of a mitigation that fit the event.
    pub(crate) fn commands(&self, mitigation: &'a Mitigation) -> impl Iterator<Item = &'a Command> {
        mitigation.commands.iter().filter(|c| self.values.hold(&c.when))
    }

    pub(crate) fn filled(&self, command: &Command) -> Filled {
        fill::command(command, &self.values)
    }

    pub(crate) fn undo(&self, undo: &Undo) -> Option<String> {
        fill::undo(undo, &self.values)
    }

    pub(crate) fn manifest(&self, manifest: &Manifest) -> Snippet {
        fill::manifest(manifest, &self.values)
    }

    /// How to quiet it in Falco, filled.
    pub(crate) fn tuning(&self) -> Option<Snippet> {
        let tuning = self.guidance.entry.tuning.as_ref()?;
        Some(fill::tuning(tuning, &self.values))
    }
}
