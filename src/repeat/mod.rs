//! Alerts that repeat.
//!
//! Most alerts of a cluster came before: the same process of the same pod, at another time and under another process id.
//! What is written of such an alert is known but for the values that differ, so it is put together from what was written
//! before. Its line is not parsed for that, and nothing is asked of most of its values.
//!
//! Which values may differ is known from what reads them ([`lesson()`]). Where they come out is found by trying: the line
//! is annotated a second time with a mark in place of each, and what was written of the line itself must follow from
//! that, byte by byte. All other bytes of a line must be as they were.
//!
//! What is kept decides nothing: without it the same bytes come out, only later.

mod answer;
mod class;
mod lesson;
#[cfg(test)]
mod tests;
mod tree;

use std::ops::Range;
use std::rc::Rc;

use bewit_catalog::model::Catalog;
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::catalog::Messages;
use crate::json::Seen;
use answer::{Answer, Filled};
use lesson::Marked;
pub(crate) use lesson::{Lesson, lesson};
use tree::Tree;

/// Lines that were met.
pub(crate) struct Repeats {
    messages: Rc<Messages>,
    tree: Tree,
    /// So many lines may be learned now, in parts of [`MISSES`].
    credit: u32,
    /// Alerts that were among what is kept, and that were not, since it was last looked whether that is worth it.
    hits: u32,
    misses: u32,
}

/// Longest line that is learned, which takes several times its memory.
const LONGEST: usize = 16 << 10;
/// So many bytes are kept, about.
const BYTES: usize = 320 << 10;
/// A line may be learned for so many alerts that were known, or that were not: it takes as long as ten alerts.
const HITS: u32 = 64;
const MISSES: u32 = 512;
/// So many lines may be learned at once, and at the beginning.
const CREDIT: u32 = 64 * MISSES;
const FIRST: u32 = 256 * MISSES;
/// Alerts after which all is forgotten where there is no room, unless most of them were known.
const TERM: u32 = 1 << 16;

impl Repeats {
    pub(crate) fn new(messages: Rc<Messages>) -> Self {
        Self {
            messages,
            tree: Tree::default(),
            credit: FIRST,
            hits: 0,
            misses: 0,
        }
    }

    /// Appends what is written of a line, if that is known; says what there was in its JSON.
    pub(crate) fn write(&mut self, line: &[u8], catalog: &Catalog, arena: &Bump, out: &mut Vec<u8>) -> Option<Seen> {
        let mut values = ArenaVec::with_capacity_in(16, arena);
        let answer = self.tree.find(line, &mut values).filter(|answer| {
            let filled = Filled { line, values: &values };
            answer.is_told(&filled, &self.messages, catalog) && answer.write(&filled, arena, out).is_some()
        });
        let (earned, count) = match answer {
            Some(_) => (MISSES / HITS, &mut self.hits),
            None => (1, &mut self.misses),
        };
        *count = count.saturating_add(1);
        self.credit = CREDIT.min(self.credit + earned).max(self.credit);
        answer.map(|answer| answer.seen)
    }

    /// Whether a line that was not known may be learned, which has its price, whatever comes of it.
    pub(crate) fn may_learn(&mut self, line: &[u8]) -> bool {
        if line.len() > LONGEST {
            return false;
        }
        if self.tree.bytes() > BYTES {
            if self.hits.saturating_add(self.misses) < TERM {
                return false;
            }
            if self.hits < self.misses {
                self.tree = Tree::default();
            }
            (self.hits, self.misses) = (0, 0);
        }
        let rest = self.credit.checked_sub(MISSES).filter(|_| self.tree.bytes() <= BYTES);
        self.credit = rest.unwrap_or(self.credit);
        rest.is_some()
    }

    /// Learns what was written of a line, and what would be of [`Lesson::marked`].
    #[cold]
    pub(crate) fn learn(
        &mut self,
        lesson: &Lesson,
        (line, written, seen): (&[u8], &[u8], Seen),
        (marked, foretold): (&Marked, &[u8]),
    ) {
        // What is known of a line holds for all that are like it, so it must be like itself: a number may be too long.
        let mut is_like = lesson.free.iter();
        if !is_like.all(|free| free.class.end(line, free.begin, &mut 0) == Some(free.end)) {
            return;
        }
        let values: Vec<Range<usize>> = lesson.free.iter().map(|free| free.begin..free.end).collect();
        let filled = Filled { line, values: &values };
        let marked = Filled {
            line: &marked.line,
            values: &marked.values,
        };
        if let Some(answer) = Answer::between((&marked, foretold), (&filled, written), lesson, seen) {
            self.tree.keep(line, &lesson.free, answer);
        }
    }
}
