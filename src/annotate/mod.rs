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
mod values;

pub(crate) use assess::{Assessment, Cause, Mover, Severity};
pub(crate) use attack::{Attack, listed};
pub(crate) use fill::{Filled, Line, Snippet, escaped};
pub(crate) use fingerprint::id;
pub use guidance::{Confidence, MatchedBy};
pub(crate) use kind::Kinds;
pub(crate) use plan::{Brief, Outline, Plan, Step, Typed};
pub(crate) use values::{Found, Values, any, is_valid};

use bewit_catalog::library::{Guide, Head, Library};
use bewit_catalog::model::{Catalog, Command, Manifest, Mitigation, Rule, Template, Tuning, Undo};
use bumpalo::Bump;

use crate::event::Event;
use crate::json::escape;
use kind::{Common, Kind};

/// An alert, as far as it does not depend on how it is written.
pub(crate) struct Alert<'a> {
    pub(crate) library: &'a Library,
    pub(crate) catalog: &'a Catalog,
    pub(crate) event: &'a Event<'a>,
    pub(crate) common: &'a Common,
    kind: &'a Kind,
    pub(crate) plan: &'a Plan,
    pub(crate) head: &'a Head,
    pub(crate) values: Values<'a>,
    pub(crate) assessment: Assessment<'a>,
    pub(crate) arena: &'a Bump,
}

impl<'a> Alert<'a> {
    /// Annotates an event. None only for a catalog without entries.
    pub(crate) fn new(
        library: &'a Library,
        kinds: &'a mut Kinds,
        event: &'a Event<'a>,
        arena: &'a Bump,
    ) -> Option<Self> {
        let catalog = &library.tables.index;
        let (kind, common) = kinds.of(library, event, arena)?;
        let values = Values::new(catalog, common.beside, event, kind, arena);
        let plan = kind.plan(&values)?;
        let head = library.tables.heads.get(usize::from(plan.entry))?;
        let assessment = assess::assess(catalog, kind, plan, head, &values, arena);
        Some(Self {
            library,
            catalog,
            event,
            common,
            kind,
            plan,
            head,
            values,
            assessment,
            arena,
        })
    }

    /// All guidance of the entry, kept for the next alert of the kind. None only where the library is damaged.
    pub(crate) fn guide(&self) -> Option<&'a Guide> {
        match self.plan.guide.get() {
            Some(guide) => Some(guide),
            None => {
                let guide = self.library.guide(self.plan.entry)?;
                Some(self.plan.guide.get_or_init(|| guide))
            }
        }
    }

    /// The upstream rule, by name or message.
    pub(crate) fn rule(&self) -> Option<&'a Rule> {
        self.kind.known.and_then(|known| known.rule(self.catalog))
    }

    /// Techniques and tactics.
    pub(crate) fn attack(&self) -> Vec<Attack<'a>> {
        attack::attack(self.catalog, &self.kind.tags, self.head)
    }

    /// How urgent it is; `moved` is told what moved the score.
    pub(crate) fn severity(&self, moved: impl FnMut(Mover<'a>, i16)) -> Severity {
        let disposition = self.assessment.disposition;
        let priority = self.event.priority;
        assess::severity(self.catalog, priority, self.head, &self.values, disposition, moved)
    }

    /// Appends what all alerts of the same cause have in common, as hex digits.
    pub(crate) fn write_fingerprint(&self, out: &mut Vec<u8>) {
        let rule = self.rule().map(|rule| rule.name.as_ref());
        let rule = rule.or(self.kind.name.as_deref()).unwrap_or_default();
        fingerprint::fingerprint(rule.as_bytes(), &self.common.causes, &self.values, self.arena, out);
    }

    /// Appends prose as it stands inside JSON quotes.
    pub(crate) fn write_prose(&self, template: &Template, out: &mut Vec<u8>) {
        fill::prose(template, &self.values, out, |out, text| escape(out, text));
    }

    /// As [`Self::write_prose`], for a template that was [`escaped`].
    pub(crate) fn write_escaped(&self, template: &Template, out: &mut Vec<u8>) {
        fill::prose(template, &self.values, out, |out, text| out.extend_from_slice(text));
    }

    /// Those of these mitigations that fit the event.
    pub(crate) fn fitting<'m>(&self, mitigations: &'m [Mitigation]) -> impl Iterator<Item = &'m Mitigation> {
        mitigations
            .iter()
            .filter(|m| self.values.hold(&m.when))
            .filter(|m| speaks(m) || self.commands(m).next().is_some())
    }

    /// The commands of a mitigation that fit the event.
    pub(crate) fn commands<'m>(&self, mitigation: &'m Mitigation) -> impl Iterator<Item = &'m Command> {
        mitigation.commands.iter().filter(|c| self.values.hold(&c.when))
    }

    pub(crate) fn filled(&self, command: &Command) -> Filled<'_> {
        fill::command(command, &self.values)
    }

    /// Appends the way back from a command, as it stands inside JSON quotes.
    pub(crate) fn write_undo(&self, undo: &Undo, out: &mut Vec<u8>) {
        fill::undo(undo, &self.values, out);
    }

    pub(crate) fn manifest(&self, manifest: &Manifest) -> Snippet<'_> {
        fill::manifest(manifest, &self.values)
    }

    /// How to quiet it in Falco, filled.
    pub(crate) fn tuning(&self, tuning: &Tuning) -> Snippet<'_> {
        fill::tuning(tuning, &self.values)
    }
}

/// Whether a mitigation says something also where none of its commands fits.
pub(crate) fn speaks(mitigation: &Mitigation) -> bool {
    !mitigation.steps.is_empty() || !mitigation.manifests.is_empty()
}
