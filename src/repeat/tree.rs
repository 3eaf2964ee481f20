//! Lines as a tree: what they have in common at their beginning is there once.

use std::ops::Range;

use bumpalo::collections::Vec as ArenaVec;

use super::answer::Answer;
use super::class::Class;
use super::lesson::Free;
use crate::json::word;

/// What is written of each line, under the line.
pub(super) struct Tree {
    /// The first one stands before all lines.
    nodes: Vec<Node>,
    bytes: usize,
}

/// Part of a line.
#[derive(Default)]
struct Node {
    /// As it is, and what stands behind it.
    text: Box<[u8]>,
    then: Then,
    /// How what follows may begin: each text with another byte, and what has no text with another value.
    next: Vec<u16>,
}

#[derive(Default)]
enum Then {
    /// Lines differ from here on.
    #[default]
    Fork,
    /// A value that may be any.
    Value(Class),
    /// The end of the line, of which this is written.
    End(Box<Answer>),
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            bytes: 0,
        }
    }
}

impl Tree {
    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is written of a line, if that is known, and where the line's values are.
    pub(super) fn find(&self, line: &[u8], values: &mut ArenaVec<'_, Range<usize>>) -> Option<&Answer> {
        let mut node = self.nodes.first()?;
        let (mut at, mut bytes) = (0, 0);
        loop {
            let rest = line.get(at..)?;
            (node, at) = node.next.iter().find_map(|id| {
                let next = self.nodes.get(usize::from(*id))?;
                let text = &*next.text;
                // The first byte tells all but one from each other.
                if !text.is_empty() && (text.first() != rest.first() || !word::begins(rest, text)) {
                    return None;
                }
                let begin = at + text.len();
                let end = match &next.then {
                    Then::Fork => begin,
                    Then::Value(class) => {
                        let end = class.end(line, begin, &mut bytes)?;
                        values.push(begin..end);
                        end
                    }
                    Then::End(_) if begin < line.len() => return None,
                    Then::End(_) => begin,
                };
                Some((next, end))
            })?;
            if let Then::End(answer) = &node.then {
                return (bytes & word::HIGH == 0).then_some(answer);
            }
        }
    }

    /// Keeps what is written of a line that has these values. None where there is no room.
    pub(super) fn keep(&mut self, line: &[u8], all: &[Free], answer: Answer) -> Option<()> {
        self.bytes += answer.bytes();
        let mut at = 0;
        let mut from = 0;
        for free in all {
            let text = line.get(from..free.begin)?;
            at = self.step(at, text, Then::Value(free.class))?;
            from = free.end;
        }
        self.step(at, line.get(from..)?, Then::End(Box::new(answer))).map(drop)
    }

    /// The node behind this one with such a text, which is added if it is not there.
    fn step(&mut self, mut at: usize, mut text: &[u8], then: Then) -> Option<usize> {
        loop {
            let alike = |id: &&u16| {
                let next = self.nodes.get(usize::from(**id));
                next.is_some_and(|next| match next.text.first() {
                    None => text.is_empty() && next.then.is_of(&then),
                    first => first == text.first(),
                })
            };
            let Some(next) = self.nodes.get(at)?.next.iter().find(alike) else {
                return self.add(at, text, then);
            };
            at = usize::from(*next);
            let id = u16::try_from(self.nodes.len()).ok()?;
            let node = self.nodes.get_mut(at)?;
            let common = node.text.iter().zip(text).take_while(|(a, b)| a == b).count();
            if common == node.text.len() && common == text.len() && node.then.is_of(&then) {
                return Some(at);
            }
            if common < node.text.len() || !matches!(node.then, Then::Fork) {
                let (before, behind) = node.text.split_at_checked(common)?;
                let behind = Node {
                    text: behind.into(),
                    then: std::mem::take(&mut node.then),
                    next: std::mem::take(&mut node.next),
                };
                node.text = before.into();
                node.next.push(id);
                self.bytes += size_of::<Node>();
                self.nodes.push(behind);
            }
            text = text.get(common..)?;
        }
    }

    fn add(&mut self, before: usize, text: &[u8], then: Then) -> Option<usize> {
        let added = self.nodes.len();
        let id = u16::try_from(added).ok()?;
        self.nodes.get_mut(before)?.next.push(id);
        self.bytes += size_of::<Node>() + text.len();
        self.nodes.push(Node {
            text: text.into(),
            then,
            next: Vec::new(),
        });
        Some(added)
    }
}

impl Then {
    /// Whether the same follows: an answer is known by where it is.
    fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(class), Self::Value(other)) => class == other,
            (Self::End(_), Self::End(_)) => true,
            _ => false,
        }
    }
}
