//! What may differ in a line.

use std::ops::Range;

use super::answer::{Own, Spot, Time, TimeOf, Told};
use super::class::{Class, is_of_instant};
use crate::annotate::Alert;
use crate::catalog;
use crate::config::Detail;
use crate::envelope::{self, Kept, Layer};
use crate::event::{self, Format, Instant, Key, Record};
use crate::few;
use crate::json::{Value, word};

/// Values of a line that may be others, in their order.
pub(crate) struct Lesson {
    pub(super) free: Vec<Free>,
    pub(super) own: Own,
    pub(super) time: Time,
    pub(super) told: Option<Told>,
}

/// A value of a line that may be another.
#[derive(Clone, Copy)]
pub(super) struct Free {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) class: Class,
    role: Role,
}

/// What a value is read for, beside being written.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Nothing,
    /// The message is in it.
    Output,
    /// It is when a text alert happened.
    Head,
    /// It is when the line was wrapped.
    Wrapped,
}

/// A line with marks, and where they are.
pub(crate) struct Marked {
    pub(crate) line: Vec<u8>,
    pub(super) values: Vec<Range<usize>>,
}

impl Lesson {
    /// The line with a mark in place of each value.
    #[cold]
    pub(crate) fn marked(&self, line: &[u8]) -> Marked {
        let (mut marked, mut values) = (Vec::new(), Vec::new());
        let mut from = 0;
        for (at, free) in self.free.iter().enumerate() {
            marked.extend_from_slice(line.get(from..free.begin).unwrap_or_default());
            let begin = marked.len();
            marked.extend_from_slice(free.class.mark(at).as_bytes());
            values.push(begin..marked.len());
            from = free.end;
        }
        marked.extend_from_slice(line.get(from..).unwrap_or_default());
        Marked { line: marked, values }
    }
}

/// The values of a line that only come out again, whatever they are. None for a line that is not learned, because what is
/// made of it depends on more.
///
/// `text` is Falco's own, and `record` the object that it is.
#[cold]
pub(crate) fn lesson(
    line: &[u8],
    alert: &Alert<'_>,
    (text, record, layer): (&[u8], Option<&Record<'_>>, Option<&Layer<'_>>),
    detail: Detail,
) -> Option<Lesson> {
    let mut found = Found {
        free: Vec::new(),
        own: 0..text.len(),
    };
    match record {
        Some(record) => {
            members(record, None, alert, &mut found.free)?;
            messages(record, alert, &mut found.free);
        }
        None => found.free.push(match alert.event.clock {
            Some(clock) => Free::new(0, clock.len(), Class::Nanos, Role::Head),
            None => Free::new(0, event::ISO, Class::Iso, Role::Head),
        }),
    }
    fields(text, alert, detail, &mut found.free);
    let mut around = text;
    let mut is_dated = alert.event.clock.is_none();
    for layer in layer.into_iter().flat_map(Layer::outward) {
        around = found.unwrap(around, layer, alert)?;
        // The innermost that says when counts.
        if !is_dated && let Some(instant) = layer.time(alert.arena) {
            let time = layer
                .time_text(alert.arena)
                .filter(|time| Instant::parse(time) == Some(instant))?;
            let begin = within(around, time)?;
            let mut times = found.free.iter_mut().filter(|free| free.class == Class::Instant);
            times.find(|free| free.begin == begin)?.role = Role::Wrapped;
            is_dated = true;
        }
    }
    found.shift(within(line, around)?);

    let mut free: Vec<Free> = Vec::new();
    for value in found.free {
        few::put(&mut free, value, |value| value.begin);
    }
    let at = |role: Role| u16::try_from(free.iter().position(|free| free.role == role)?).ok();
    // It stands in the line as it is, or comes out first.
    let own = match (found.own.len() == text.len(), record) {
        (true, _) => Own::Line {
            from: Spot::of(found.own.start, &free),
            to: Spot::of(found.own.end, &free),
            is_object: record.is_some(),
        },
        (false, Some(_)) => Own::Written(text.len()),
        (false, None) => return None,
    };
    let others = (0..).zip(&free);
    let others = others.filter(|(_, free)| free.class == Class::Instant && free.role != Role::Wrapped);
    let time = Time {
        of: match (at(Role::Head), at(Role::Wrapped), alert.event.clock) {
            (Some(time), _, None) => TimeOf::Iso(time),
            (Some(clock), Some(wrapped), Some(_)) => TimeOf::Clock { clock, wrapped },
            _ => TimeOf::Nothing,
        },
        others: others.map(|(at, _)| at).collect(),
    };
    // A rule without a known name may have one by what its message begins with.
    let told = match at(Role::Output) {
        Some(output) => {
            let value = free.get(usize::from(output))?;
            Some(Told::new(Some(output), alert.told(), line.get(value.begin..value.end)?))
        }
        None => at(Role::Head).map(|_| Told::new(None, alert.told(), text)),
    };
    Some(Lesson { free, own, time, told })
}

/// Values, and Falco's own text: where they are in what has been unwrapped so far.
struct Found {
    free: Vec<Free>,
    own: Range<usize>,
}

impl Found {
    fn shift(&mut self, by: usize) {
        self.own = self.own.start + by..self.own.end + by;
        for free in &mut self.free {
            (free.begin, free.end) = (free.begin + by, free.end + by);
        }
    }

    /// Goes from a text to the one that a wrapper put around it, which is returned, and adds the wrapper's values.
    fn unwrap<'a>(&mut self, text: &[u8], layer: &Layer<'a>, alert: &Alert<'_>) -> Option<&'a [u8]> {
        match layer.kept {
            Kept::Parts { text: around, .. } => {
                self.shift(within(around, text)?);
                let time = layer.time_text(alert.arena);
                self.free.extend(time.and_then(|time| as_time(around, time)));
                Some(around)
            }
            Kept::Members { record, carrier } => {
                let begin = match record.value(carrier)? {
                    Value::String(body) if !body.is_json() => {
                        let body = body.raw();
                        let place = |offset| in_body(body, offset);
                        self.own = place(self.own.start)?..place(self.own.end)?;
                        for free in &mut self.free {
                            (free.begin, free.end) = (place(free.begin)?, place(free.end)?);
                        }
                        within(record.text, body)?
                    }
                    _ => within(record.text, text)?,
                };
                self.shift(begin);
                members(record, Some(carrier), alert, &mut self.free)?;
                Some(record.text)
            }
        }
    }
}

/// Members of an object that nobody reads, beside the one that holds the alert.
fn members(record: &Record<'_>, carrier: Option<usize>, alert: &Alert<'_>, free: &mut Vec<Free>) -> Option<()> {
    // Such a member is an alert's raw line where its time and output are the alert's.
    let is_raw = |(at, _): (usize, usize)| {
        let value = record.value(at);
        Some(at) != carrier && matches!(value, Some(Value::String(text)) if text.first() == Some(b'{'))
    };
    if record.may_be_marked() || record.has(Key::Bewit) || record.lines().any(is_raw) {
        return None;
    }
    for (at, member) in record.members().enumerate() {
        let key = member.key.borrowed()?;
        // The last one counts where a key comes twice.
        if record.find(key) != Some(at) {
            return None;
        }
        if alert.event.format == Format::Text && envelope::is_time(key) {
            if let Value::String(time) = member.value {
                free.extend(as_time(record.text, time.borrowed()?).filter(|free| free.class == Class::Instant));
            }
            continue;
        }
        let is_read = match Key::of(key) {
            Some(Key::Time | Key::Uuid) => false,
            Some(Key::Hostname) => carrier.is_none(),
            Some(_) => true,
            None => envelope::line_key(member.key).is_some(),
        };
        if !is_read && Some(at) != carrier {
            free.extend(as_free(record.text, member.value));
        }
    }
    Some(())
}

/// Texts of Falco's that hold the message. Where the rule's name is not known, what the message begins with is asked for.
fn messages(record: &Record<'_>, alert: &Alert<'_>, free: &mut Vec<Free>) {
    let as_free = |key: Key| record.known(key).and_then(|value| as_free(record.text, value));
    let has_message = matches!(record.known(Key::Message), Some(Value::String(_)));
    let role = match (alert.is_named(), has_message) {
        (false, false) => Role::Output,
        _ => Role::Nothing,
    };
    free.extend(as_free(Key::Output).map(|output| Free { role, ..output }));
    if alert.is_named() {
        free.extend(as_free(Key::Message));
    }
}

/// Falco's fields that feed no parameter, and numbers of which nothing is asked but that they are some.
fn fields(text: &[u8], alert: &Alert<'_>, detail: Detail, free: &mut Vec<Free>) {
    let is_text = alert.event.format == Format::Text;
    for field in alert.event.fields.iter() {
        let same = alert.event.fields.iter().filter(|other| other.name == field.name);
        let known = field.known.unwrap_or_else(|| catalog::field(alert.catalog, field.name));
        let feeds = known.and_then(|at| Some(&*alert.catalog.fields.get(usize::from(at))?.feeds));
        let feeds = feeds.unwrap_or_default();
        let Some(mut found) = as_free(text, field.value).filter(|_| same.count() == 1) else {
            continue;
        };
        if is_text || !feeds.is_empty() {
            let Ok(digits @ ..=DIGITS) = u8::try_from(found.end - found.begin) else {
                continue;
            };
            let is_copied = found.class == Class::Number && feeds.iter().all(|feed| alert.only_copies(feed, detail));
            // A key may come twice with the same value, and with different ones is not believed.
            if !is_copied || (is_text && !comes_once(text, &found)) {
                continue;
            }
            found.class = Class::Digits(digits);
        }
        free.push(found);
    }
}

/// Digits that every integer of 64 bits may have.
const DIGITS: u8 = 18;

/// Whether a value stands behind one `=` of a text.
fn comes_once(text: &[u8], value: &Free) -> bool {
    let Some(value) = value
        .begin
        .checked_sub(1)
        .and_then(|equals| text.get(equals..value.end))
    else {
        return false;
    };
    value.starts_with(b"=") && text.windows(value.len()).filter(|part| *part == value).count() == 1
}

impl Free {
    fn new(begin: usize, end: usize, class: Class, role: Role) -> Self {
        Self {
            begin,
            end,
            class,
            role,
        }
    }
}

/// A value of a text as one that may differ, if it is of a kind that does: values without digits are few.
fn as_free(text: &[u8], value: Value<'_>) -> Option<Free> {
    let (value, class) = match value {
        Value::String(body) => (body.borrowed()?, Class::Text),
        Value::Number(number) => (number, Class::Number),
        _ => return None,
    };
    let begin = within(text, value)?;
    let end = begin + value.len();
    let differs = word::is_printable(value) && value.iter().any(u8::is_ascii_digit);
    (differs && class.end(text, begin, &mut 0) == Some(end)).then(|| Free::new(begin, end, class, Role::Nothing))
}

/// A wrapper's time in a text: a point in time, or a clock behind a month and a day.
fn as_time(text: &[u8], time: &[u8]) -> Option<Free> {
    const DATE: usize = "Apr 13 ".len();
    let begin = within(text, time)?;
    let end = begin + time.len();
    if time.iter().all(is_of_instant) && Instant::parse(time).is_some() {
        return Some(Free::new(begin, end, Class::Instant, Role::Nothing));
    }
    let clock = time.get(DATE..).filter(|clock| event::is_clock(clock));
    clock.map(|_| Free::new(begin + DATE, end, Class::Clock, Role::Nothing))
}

/// Offset of a part in its text. None where it is no part of it, but a copy.
fn within(text: &[u8], part: &[u8]) -> Option<usize> {
    let at = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    (at + part.len() <= text.len()).then_some(at)
}

/// Offset in the body of a JSON string of what stands at an offset of what it says, which begins with no blank. None behind
/// what is not ASCII there.
fn in_body(body: &[u8], offset: usize) -> Option<usize> {
    let mut at = 0;
    (!matches!(body.first()?, b' ' | b'\\')).then_some(())?;
    for _ in 0..offset {
        at += match body.get(at..)? {
            [b'\\', b'u', digits @ ..] => word::unit(digits).filter(|unit| *unit < 0x80).map(|_| 6)?,
            [b'\\', ..] => 2,
            _ => 1,
        };
    }
    Some(at)
}
