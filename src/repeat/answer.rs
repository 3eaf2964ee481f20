//! What is written of a line, with holes.

use std::ops::Range;

use bewit_catalog::model::Catalog;
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::lesson::{Free, Lesson};
use crate::annotate::id;
use crate::catalog::Messages;
use crate::event::{self, Instant};
use crate::json::{Seen, word};

/// What is written of a line, with holes.
pub(super) struct Answer {
    text: Box<[u8]>,
    /// With their places in the text.
    holes: Box<[(u32, Hole)]>,
    pub(super) seen: Seen,
    own: Own,
    time: Time,
    /// What the message must tell of the rule, where the rule's name does not.
    told: Option<Told>,
}

#[derive(Clone, Copy)]
enum Hole {
    /// The line's value at this position.
    Value(u16),
    /// Falco's own text, as it stands in the line; of an object all but the last brace.
    Own,
    /// Nothing: an object of Falco's has been written, but for its last brace.
    End,
    /// The id that is made from Falco's own text.
    Id,
    /// When it happened, from what the line says of it.
    Time,
}

/// Where Falco's own text is.
#[derive(Clone, Copy)]
pub(super) enum Own {
    /// In the line, as it is; whether it is an object.
    Line { from: Spot, to: Spot, is_object: bool },
    /// The object comes out first: so many bytes of it.
    Written(usize),
}

/// A place in a line: behind so many of its values, so many bytes on.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    values: usize,
    bytes: usize,
}

impl Spot {
    pub(super) fn of(offset: usize, values: &[Free]) -> Self {
        let before = values.iter().take_while(|value| value.end <= offset).count();
        let end = before
            .checked_sub(1)
            .and_then(|at| values.get(at))
            .map_or(0, |value| value.end);
        Self {
            values: before,
            bytes: offset - end,
        }
    }
}

/// The times in a line.
#[derive(Clone)]
pub(super) struct Time {
    pub(super) of: TimeOf,
    /// Those that need only be times: a wrapper is known by them.
    pub(super) others: Box<[u16]>,
}

/// What tells when it happened, where that has to be worked out.
#[derive(Clone, Copy)]
pub(super) enum TimeOf {
    Nothing,
    /// Falco's own time has a date.
    Iso(u16),
    /// Falco's own has none; a wrapper says when it was put on.
    Clock {
        clock: u16,
        wrapped: u16,
    },
}

/// What the beginning of a message tells.
#[derive(Clone)]
pub(super) struct Told {
    /// The value that the message is in; none in a text.
    output: Option<u16>,
    by: Option<u16>,
    /// What stands between a clock and the message.
    priority: Box<[u8]>,
}

impl Told {
    pub(super) fn new(output: Option<u16>, by: Option<u16>, text: &[u8]) -> Self {
        let head = text.len() - event::message(text).len();
        Self {
            output,
            by,
            priority: text.get(event::NANOS..head).unwrap_or_default().into(),
        }
    }

    /// The message of an output. That it has a head shows at once where it is like the one that was learned.
    fn message<'t>(&self, output: &'t [u8]) -> &'t [u8] {
        match output.split_at_checked(event::NANOS) {
            Some((clock, behind))
                if event::is_nanos(clock) && word::begins(behind, &self.priority) && !self.priority.is_empty() =>
            {
                behind.get(self.priority.len()..).unwrap_or_default()
            }
            _ => event::message(output),
        }
    }
}

/// Bytes of an id.
const ID: usize = 36;

/// A line, and where its values are.
pub(super) struct Filled<'l> {
    pub(super) line: &'l [u8],
    pub(super) values: &'l [Range<usize>],
}

impl<'l> Filled<'l> {
    fn value(&self, at: u16) -> &'l [u8] {
        let range = self.values.get(usize::from(at)).cloned().unwrap_or_default();
        self.line.get(range).unwrap_or_default()
    }

    fn offset(&self, spot: Spot) -> usize {
        let before = spot.values.checked_sub(1).and_then(|at| self.values.get(at));
        before.map_or(0, |value| value.end) + spot.bytes
    }

    /// Falco's own text, where it stands in the line, and as much of it as [`Hole::Own`] is.
    fn own(&self, own: Own) -> Option<(&'l [u8], &'l [u8])> {
        let Own::Line { from, to, is_object } = own else {
            return None;
        };
        let text = self.line.get(self.offset(from)..self.offset(to))?;
        Some((text, text.get(..text.len().checked_sub(usize::from(is_object))?)?))
    }

    /// When it happened, where that has to be worked out. None where it cannot be, or a time of a wrapper is none.
    fn time(&self, time: &Time) -> Option<Option<String>> {
        for other in &time.others {
            Instant::parse(self.value(*other))?;
        }
        let instant = match time.of {
            TimeOf::Nothing => return Some(None),
            TimeOf::Iso(at) => Instant::parse(self.value(at))?,
            TimeOf::Clock { clock, wrapped } => {
                let clock = std::str::from_utf8(self.value(clock)).ok()?;
                Instant::of_clock(Instant::parse(self.value(wrapped))?, clock)?
            }
        };
        Some(Some(instant.falco()))
    }
}

impl Answer {
    /// What two lines have in common: what was written of them, and the values that tell them apart. None unless each of
    /// both follows from it.
    pub(super) fn between(
        (marks, foretold): (&Filled<'_>, &[u8]),
        (line, written): (&Filled<'_>, &[u8]),
        lesson: &Lesson,
        seen: Seen,
    ) -> Option<Self> {
        let arena = Bump::new();
        let mut own = Vec::new();
        match (lesson.own, line.own(lesson.own)) {
            (Own::Written(len), _) => id(closed(written.get(..len.checked_sub(1)?)?, &arena), &arena, &mut own),
            (Own::Line { .. }, text) => id(text?.0, &arena, &mut own),
        }
        let id_at = word::position(written, &own);
        let (time, time_mark) = (line.time(&lesson.time)?, marks.time(&lesson.time)?);
        let (own, own_mark) = (line.own(lesson.own), marks.own(lesson.own));
        let (mut text, mut holes) = (Vec::new(), Vec::new());
        let (mut at, mut other) = (0, 0);
        while let Some(rest) = foretold.get(at..).filter(|rest| !rest.is_empty()) {
            let place = u32::try_from(text.len()).ok()?;
            if matches!(lesson.own, Own::Written(len) if len == other + 1) {
                holes.push((place, Hole::End));
            }
            let begins = |value: &u16| rest.starts_with(marks.value(*value));
            if id_at == Some(other) {
                holes.push((place, Hole::Id));
                (at, other) = (at + ID, other + ID);
            } else if let (Some((_, mark)), Some((_, own))) = (own_mark, own)
                && word::begins(rest, mark)
            {
                holes.push((place, Hole::Own));
                (at, other) = (at + mark.len(), other + own.len());
            } else if let (Some(mark), Some(time)) = (&time_mark, &time)
                && rest.starts_with(mark.as_bytes())
            {
                holes.push((place, Hole::Time));
                (at, other) = (at + mark.len(), other + time.len());
            } else if let Some(value) = (0..u16::try_from(marks.values.len()).ok()?).find(begins) {
                holes.push((place, Hole::Value(value)));
                (at, other) = (at + marks.value(value).len(), other + line.value(value).len());
            } else {
                text.extend(rest.first());
                (at, other) = (at + 1, other + 1);
            }
        }
        let answer = Self {
            text: text.into(),
            holes: holes.into(),
            seen,
            own: lesson.own,
            time: lesson.time.clone(),
            told: lesson.told.clone(),
        };
        let gives = |filled: &Filled<'_>, written: &[u8]| {
            let mut out = Vec::new();
            answer.write(filled, &arena, &mut out).is_some() && out == written
        };
        (gives(marks, foretold) && gives(line, written)).then_some(answer)
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len() + size_of_val(&*self.holes)
    }

    /// Whether the message tells the same rule.
    pub(super) fn is_told(&self, line: &Filled<'_>, messages: &Messages, catalog: &Catalog) -> bool {
        let Some(told) = &self.told else {
            return true;
        };
        let output = match told.output {
            Some(output) => Some(line.value(output)),
            None => line.own(self.own).map(|(text, _)| text),
        };
        output.is_some_and(|output| messages.told_by(catalog, told.message(output)) == told.by)
    }

    /// Appends it with the values of a line. None, and nothing, where one cannot be worked out.
    pub(super) fn write(&self, line: &Filled<'_>, arena: &Bump, out: &mut Vec<u8>) -> Option<()> {
        let time = line.time(&self.time)?;
        let (begin, mut end) = (out.len(), out.len());
        let mut from = 0;
        for (at, hole) in &self.holes {
            let at = *at as usize;
            out.extend_from_slice(self.text.get(from..at).unwrap_or_default());
            from = at;
            match hole {
                Hole::Value(value) => out.extend_from_slice(line.value(*value)),
                Hole::Own => out.extend_from_slice(line.own(self.own).map_or(b"", |(_, own)| own)),
                Hole::End => end = out.len(),
                Hole::Id => match line.own(self.own) {
                    Some((own, _)) => id(own, arena, out),
                    None => id(closed(out.get(begin..end).unwrap_or_default(), arena), arena, out),
                },
                Hole::Time => out.extend_from_slice(time.as_deref().unwrap_or_default().as_bytes()),
            }
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default());
        Some(())
    }
}

/// An object with its last brace.
fn closed<'a>(text: &[u8], arena: &'a Bump) -> &'a [u8] {
    let mut whole = ArenaVec::with_capacity_in(text.len() + 1, arena);
    whole.extend_from_slice_copy(text);
    whole.push(b'}');
    whole.into_bump_slice()
}
