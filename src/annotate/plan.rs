//! Guidance made ready for the alerts of one kind.

use std::cell::OnceCell;

use bewit_catalog::library::{Guide, Library, Tables};
use bewit_catalog::model::{Cond, Effect, Entry, Mitigation, Phase, Template};

use super::fill::Line;
use super::guidance::{Confidence, MatchedBy};

/// An entry that was found, and how.
pub(crate) struct Plan {
    pub(crate) matched_by: MatchedBy,
    pub(crate) confidence: Confidence,
    /// Position in the catalog.
    pub(crate) entry: u16,
    /// All of the entry's guidance, once it was asked for.
    pub(crate) guide: OnceCell<Guide>,
}

/// What `detail: brief` shows of the guidance. It is kept for the whole catalog: unpacking guidance is the dearest that an
/// alert can do, and who writes a container's log chooses the rules in it.
pub(crate) struct Digest {
    /// By position in the catalog.
    entries: Vec<OnceCell<Box<Outline>>>,
    /// By position in the catalog: entries share their mitigations.
    steps: Vec<OnceCell<Box<Step>>>,
}

/// An entry, as `detail: brief` shows it.
pub(crate) struct Outline {
    pub(crate) summary: Template,
    /// Positions of its mitigations, in the order of phases.
    mitigations: Box<[u16]>,
}

impl Digest {
    pub(crate) fn of(tables: &Tables) -> Self {
        Self {
            entries: tables.entries.iter().map(|_| OnceCell::new()).collect(),
            steps: tables.mitigations.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// An entry, read from the library if it was not before. None only where that is damaged.
    pub(crate) fn outline(
        &self,
        library: &Library,
        entry: u16,
        step: fn(&Entry, &Mitigation) -> Step,
    ) -> Option<&Outline> {
        let place = self.entries.get(usize::from(entry))?;
        if let Some(outline) = place.get() {
            return Some(outline);
        }
        let unread = |index: u16| {
            self.steps
                .get(usize::from(index))
                .is_some_and(|step| step.get().is_none())
        };
        let (entry, mitigations) = library.guide_of(entry, unread)?;
        for (index, mitigation) in mitigations {
            self.steps
                .get(usize::from(index))?
                .get_or_init(|| Box::new(step(&entry, &mitigation)));
        }
        Some(place.get_or_init(|| {
            Box::new(Outline {
                summary: entry.summary.clone(),
                mitigations: entry.mitigations.as_ref().into(),
            })
        }))
    }

    /// The mitigations of an entry.
    pub(crate) fn steps(&self, outline: &Outline) -> impl Iterator<Item = &Step> {
        let steps = outline
            .mitigations
            .iter()
            .map(|index| self.steps.get(usize::from(*index)));
        steps.filter_map(|step| step?.get().map(AsRef::as_ref))
    }
}

/// A mitigation, as `detail: brief` shows it.
pub(crate) struct Step {
    pub(crate) id: Box<str>,
    pub(crate) phase: Phase,
    /// It is left out unless these hold.
    pub(crate) when: Box<[Cond]>,
    /// It says something also where none of its commands fits.
    pub(crate) speaks: bool,
    pub(crate) commands: Box<[Typed]>,
}

/// A command of a [`Step`].
pub(crate) struct Typed {
    /// It is left out unless these hold.
    pub(crate) when: Box<[Cond]>,
    /// None where it is too long to be shown.
    pub(crate) line: Option<Line>,
    pub(crate) effect: Effect,
}
