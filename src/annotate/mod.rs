//! From an event to an alert: which guidance, which ATT&CK, how likely, how urgent, what to do.

mod assess;
mod attack;
mod class;
mod fill;
mod fingerprint;
mod guidance;
mod kind;
mod plan;
mod shell;
mod sketch;
mod values;

pub(crate) use assess::{Assessment, Cause, Mover, Severity};
pub(crate) use attack::{Attack, listed};
pub(crate) use fill::{Filled, Line};
pub(crate) use fingerprint::id;
pub use guidance::{Confidence, MatchedBy};
pub(crate) use kind::Kinds;
pub(crate) use plan::{Outline, Plan, Step, Typed};
pub(crate) use sketch::Form;
pub(crate) use values::{Values, any, is_valid};

use bewit_catalog::library::{Guide, Head, Library};
use bewit_catalog::model::{
    Catalog, Command, Feed, Manifest, Mitigation, Operand, Param, ParamType, Rule, Take, Template, Tuning,
};
use bumpalo::Bump;

use crate::config::Detail;
use crate::event::Event;
use kind::{Common, Kind};
use sketch::Sketch;

/// An alert, as far as it does not depend on how it is written.
pub(crate) struct Alert<'a> {
    pub(crate) library: &'a Library,
    pub(crate) catalog: &'a Catalog,
    pub(crate) event: &'a Event<'a>,
    pub(crate) common: &'a Common,
    kind: &'a Kind,
    pub(crate) values: Values<'a>,
    pub(crate) arena: &'a Bump,
}

impl<'a> Alert<'a> {
    /// An event and its values. None only for a catalog without entries.
    pub(crate) fn new(
        library: &'a Library,
        kinds: &'a mut Kinds,
        event: &'a Event<'a>,
        arena: &'a Bump,
    ) -> Option<Self> {
        let catalog = &library.tables.index;
        library.tables.heads.get(usize::from(catalog.generic))?;
        let (kind, common) = kinds.of(library, event)?;
        let values = Values::new(catalog, event, (kind, common), arena);
        Some(Self {
            library,
            catalog,
            event,
            common,
            kind,
            values,
            arena,
        })
    }

    /// The upstream rule, by name or message.
    pub(crate) fn rule(&self) -> Option<&'a Rule> {
        self.kind.known.and_then(|known| known.rule(self.catalog))
    }

    /// Whether the rule is known by its name alone: nothing is asked of the message.
    pub(crate) fn is_named(&self) -> bool {
        self.kind.is_named()
    }

    /// What the beginning of the message told, where the name did not.
    pub(crate) fn told(&self) -> Option<u16> {
        self.kind.told
    }

    /// Whether a number that feeds a parameter is written as it is, and nothing is asked of it but whether it is one.
    /// Known for an alert that was written.
    pub(crate) fn only_copies(&self, feed: &Feed, detail: Detail) -> bool {
        let is_number = |param: &Param| param.kind == ParamType::Integer && param.cause.is_none();
        let mut conditions = self
            .catalog
            .fields
            .iter()
            .flat_map(|field| field.feeds.iter())
            .flat_map(|feed| feed.when.iter());
        feed.when.is_empty()
            && feed.take == Take::Whole
            && self.values.param(feed.param).is_some_and(is_number)
            && conditions.all(|condition| condition.operand != Operand::Param(feed.param))
            && self
                .kind
                .sketch(detail, self.event.priority, &self.values)
                .is_some_and(|sketch| !sketch.depends_on(feed.param))
    }

    /// Appends what all alerts of the same cause have in common, as hex digits.
    fn write_fingerprint(&self, sketch: &Sketch, out: &mut Vec<u8>) {
        let rule = self.rule().map(|rule| rule.name.as_ref());
        let rule = rule.or(self.kind.name.as_deref()).unwrap_or_default();
        fingerprint::fingerprint(rule.as_bytes(), &sketch.causes, &self.values, self.arena, out);
    }

    /// Appends the member `fingerprint` from inside its quotes, and what is said of the alert. `write` is asked only where
    /// nothing like it was written before.
    pub(crate) fn write_advice(
        &self,
        detail: Detail,
        write: impl FnOnce(&Advice<'_>, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) {
        let (kind, values, priority) = (self.kind, &self.values, self.event.priority);
        if let Some(sketch) = kind.sketch(detail, priority, values) {
            self.write_sketch(&sketch, out);
            return;
        }
        let begin = out.len();
        values.take_notes();
        if let Some(advice) = Advice::new(self) {
            write(&advice, out);
        }
        let mut notes = values.noted();
        notes.begin_at(begin);
        let sketch = Sketch::new(detail, priority, values, notes, out.get(begin..).unwrap_or_default());
        out.truncate(begin);
        self.write_sketch(&sketch, out);
        kind.keep_sketch(sketch, self.common);
    }

    fn write_sketch(&self, sketch: &Sketch, out: &mut Vec<u8>) {
        self.write_fingerprint(sketch, out);
        out.push(b'"');
        sketch.write(&self.values, out);
    }
}

/// What is known of an alert: the guidance it gets, and what speaks for it.
pub(crate) struct Advice<'a> {
    pub(crate) alert: &'a Alert<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) head: &'a Head,
    pub(crate) assessment: Assessment<'a>,
}

impl<'a> Advice<'a> {
    fn new(alert: &'a Alert<'a>) -> Option<Self> {
        let (kind, values) = (alert.kind, &alert.values);
        let plan = kind.plan(values)?;
        let head = alert.library.tables.heads.get(usize::from(plan.entry))?;
        let assessment = assess::assess(alert.catalog, kind, plan, head, values, alert.arena);
        Some(Self {
            alert,
            plan,
            head,
            assessment,
        })
    }

    pub(crate) fn values(&self) -> &'a Values<'a> {
        &self.alert.values
    }

    /// All guidance of the entry, kept for the next alert of the kind. None only where the library is damaged.
    pub(crate) fn guide(&self) -> Option<&'a Guide> {
        match self.plan.guide.get() {
            Some(guide) => Some(guide),
            None => {
                let guide = self.alert.library.guide(self.plan.entry)?;
                Some(self.plan.guide.get_or_init(|| guide))
            }
        }
    }

    /// Techniques and tactics.
    pub(crate) fn attack(&self) -> Vec<Attack<'a>> {
        attack::attack(self.alert.catalog, &self.alert.kind.tags, self.head)
    }

    /// How urgent it is; `moved` is told what moved the score.
    pub(crate) fn severity(&self, moved: impl FnMut(Mover<'a>, i16)) -> Severity {
        let disposition = self.assessment.disposition;
        let Alert { event, catalog, .. } = *self.alert;
        assess::severity(catalog, event.priority, self.head, self.values(), disposition, moved)
    }

    /// Appends prose as it stands inside JSON quotes.
    pub(crate) fn write_prose(&self, template: &Template, out: &mut Vec<u8>) {
        fill::prose(template, self.values(), out);
    }

    /// Those of these mitigations that fit the event.
    pub(crate) fn fitting<'m>(&self, mitigations: &'m [Mitigation]) -> impl Iterator<Item = &'m Mitigation> {
        mitigations
            .iter()
            .filter(|m| self.values().hold(&m.when))
            .filter(|m| speaks(m) || self.commands(m).next().is_some())
    }

    /// The commands of a mitigation that fit the event.
    pub(crate) fn commands<'m>(&self, mitigation: &'m Mitigation) -> impl Iterator<Item = &'m Command> {
        mitigation.commands.iter().filter(|c| self.values().hold(&c.when))
    }

    /// The words of a command, filled.
    pub(crate) fn filled<'t>(&self, argv: &'t [Template]) -> Filled<'t>
    where
        'a: 't,
    {
        fill::argv(argv, self.values())
    }

    /// Appends a manifest as it stands inside JSON quotes; returns which values it lacks.
    pub(crate) fn write_manifest(&self, manifest: &Manifest, out: &mut Vec<u8>) -> Vec<&'a str> {
        fill::manifest(manifest, self.values(), out)
    }

    /// Appends how to quiet it in Falco, as [`Self::write_manifest`] does.
    pub(crate) fn write_tuning(&self, tuning: &Tuning, out: &mut Vec<u8>) -> Vec<&'a str> {
        fill::tuning(tuning, self.values(), out)
    }
}

/// Whether a mitigation says something also where none of its commands fits.
pub(crate) fn speaks(mitigation: &Mitigation) -> bool {
    !mitigation.steps.is_empty() || !mitigation.manifests.is_empty()
}
