//! Guidance made ready for the alerts of one kind.

use std::cell::OnceCell;

use bewit_catalog::library::Guide;
use bewit_catalog::model::{Cond, Phase, Template};

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
    /// What `detail: brief` shows of it, once it was asked for.
    pub(crate) brief: OnceCell<Brief>,
}

/// Guidance as `detail: brief` shows it, all that no event changes written already.
pub(crate) struct Brief {
    /// Its literal text is as it stands inside JSON quotes.
    pub(crate) summary: Template,
    /// The value of `attack`, as JSON.
    pub(crate) attack: Box<[u8]>,
    /// The mitigations, in the order of phases.
    pub(crate) steps: Vec<Step>,
    /// What follows the mitigations: the members `guidance` and, where there is one, `organisation`, as JSON.
    pub(crate) guidance: Box<[u8]>,
}

/// A mitigation, as `detail: brief` shows it.
pub(crate) struct Step {
    /// As JSON, with its quotes.
    pub(crate) id: Box<[u8]>,
    pub(crate) phase: Phase,
    /// It is left out unless these hold.
    pub(crate) when: Vec<Cond>,
    /// It says something also where none of its commands fits.
    pub(crate) speaks: bool,
    pub(crate) commands: Vec<Typed>,
}

/// A command of a [`Step`].
pub(crate) struct Typed {
    /// It is left out unless these hold.
    pub(crate) when: Vec<Cond>,
    /// None where it is too long to be shown.
    pub(crate) line: Option<Line>,
    pub(crate) effect: &'static str,
}
