//! What is written of alerts that are alike, kept with places for their values.
//!
//! The values of an alert decide what is said of it by the answers to few questions: is there a pod, may its name stand
//! in a command, is the process a shell. So what was written once is kept with the questions that were asked on the
//! way, and the next alert of the kind that gives the same answers gets the same text with its own values in it.

use std::rc::Rc;

use bewit_catalog::model::{Cond, Operand, ParamId};

use super::fingerprint::Counted;
use super::values::Values;
use crate::config::Detail;
use crate::event::Priority;

/// What was written of an alert.
pub(crate) struct Sketch {
    pub(super) detail: Detail,
    priority: Priority,
    /// Which values there were, and from where.
    signature: Box<[u32]>,
    /// What was asked about them, in that order.
    asked: Box<[Asked]>,
    /// JSON, with one byte for each hole.
    text: Box<[u8]>,
    holes: Box<[Hole]>,
    /// Those of the values that tell one cause from another.
    pub(super) causes: Box<[Counted]>,
}

/// A place for a value.
#[derive(Clone, Copy)]
pub(crate) struct Hole {
    /// Of the byte that stands for it.
    pub(super) at: u32,
    pub(super) param: ParamId,
    pub(super) form: Form,
}

/// How a value is written, always inside JSON.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// As it is.
    Whole,
    /// For people to read: not all of a long one.
    Prose,
    /// Inside single quotes of a shell.
    Quoted,
}

/// A question about an event's values that decides what is written.
#[derive(PartialEq)]
pub(crate) enum Question {
    /// Does a parameter's value look like its type?
    Valid(ParamId),
    /// May it stand there?
    Suits(ParamId, Place),
    /// Does a condition hold?
    Holds(Rc<Cond>),
    /// Have these values so many bytes at most, as a shell needs them?
    Fits(Box<[(ParamId, bool)]>, usize),
}

/// A place that takes some values and not others, beside what their types ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The beginning of a command's word, where options may follow.
    Argument,
    /// A word of a shell line without quotes.
    Word,
    /// The beginning of one.
    WordBegin,
    /// A scalar of YAML without quotes, or part of one.
    Yaml,
    /// A string in Falco's condition language, inside YAML.
    Condition,
}

/// A question and its answer.
pub(crate) struct Asked {
    pub(super) question: Question,
    pub(super) answer: bool,
}

/// What is noted while an alert is written for the first time.
#[derive(Default)]
pub(crate) struct Notes {
    pub(super) asked: Vec<Asked>,
    pub(super) holes: Vec<Hole>,
}

impl Notes {
    /// The text begins there.
    pub(super) fn begin_at(&mut self, begin: usize) {
        let begin = u32::try_from(begin).unwrap_or(u32::MAX);
        for hole in &mut self.holes {
            hole.at = hole.at.saturating_sub(begin);
        }
    }
}

impl Sketch {
    pub(super) fn new(detail: Detail, priority: Priority, values: &Values<'_>, notes: Notes, text: &[u8]) -> Self {
        Self {
            detail,
            priority,
            signature: values.signature().collect(),
            asked: notes.asked.into(),
            text: text.into(),
            holes: notes.holes.into(),
            causes: values
                .iter()
                .filter_map(|(id, param, _)| Counted::of(id, param))
                .collect(),
        }
    }

    /// Whether it is what would be written of these values.
    pub(super) fn is_of(&self, detail: Detail, priority: Priority, values: &Values<'_>) -> bool {
        self.detail == detail
            && self.priority == priority
            && values.signature().eq(self.signature.iter().copied())
            && self
                .asked
                .iter()
                .all(|asked| values.answer(&asked.question) == asked.answer)
    }

    /// Whether more is asked of a parameter's value than whether it looks like its type, and has as many bytes as it had.
    pub(super) fn depends_on(&self, param: ParamId) -> bool {
        self.asked.iter().any(|asked| match &asked.question {
            Question::Valid(_) | Question::Fits(..) => false,
            Question::Suits(id, _) => *id == param,
            Question::Holds(condition) => condition.operand == Operand::Param(param),
        })
    }

    /// Appends it with these values.
    pub(super) fn write(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        let mut rest = 0;
        for hole in &self.holes {
            let at = hole.at as usize;
            out.extend_from_slice(self.text.get(rest..at).unwrap_or_default());
            values.fill(hole, out);
            rest = at + 1;
        }
        out.extend_from_slice(self.text.get(rest..).unwrap_or_default());
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        const EACH: usize = 16;
        self.text.len() + EACH * (self.asked.len() + self.holes.len() + self.causes.len()) + 4 * self.signature.len()
    }
}
