//! Alerts as JSON objects.

use bumpalo::Bump;
use bumpalo::collections::Vec;

use super::shape::Shaped;
use super::{Event, Fields, Format, Priority};
use crate::envelope;
use crate::json::{Cursor, Invalid, Seen, Text, Value, word};

/// Any JSON object: a Falco alert, or what wraps one.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    members: Members<'a>,
    pub(super) fields: Fields<'a>,
    /// Position and one of the member of each [`Key`], or 0.
    pub(super) known: [u32; Key::COUNT],
    /// Lengths of the keys, a bit each: most keys that are asked for are not there.
    pub(super) lengths: Lengths,
    /// The whole object as it came.
    pub(crate) text: &'a [u8],
    pub(crate) seen: Seen,
    /// A member that is a string with an object in it, which was read in passing.
    carried: Option<(usize, &'a Record<'a>)>,
}

/// Members, made already or when they are asked for.
#[derive(Clone, Copy, Debug)]
enum Members<'a> {
    Read(&'a [Member<'a>]),
    Shaped(Shaped<'a>),
}

/// Which lengths keys have; from 63 on they are one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Lengths(u64);

impl Lengths {
    #[inline]
    pub(crate) fn add(&mut self, key: &[u8]) {
        self.0 |= 1 << key.len().min(63);
    }

    #[inline]
    pub(crate) fn have(self, key: &[u8]) -> bool {
        self.0 >> key.len().min(63) & 1 == 1
    }
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: Text<'a>,
    pub(crate) value: Value<'a>,
    /// Key, colon and value as they came.
    pub(crate) text: &'a [u8],
}

/// Keys that are looked for in every object.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Rule,
    Priority,
    Time,
    Output,
    OutputFields,
    Source,
    Tags,
    Hostname,
    Uuid,
    Message,
    Bewit,
    Kubernetes,
}

impl Key {
    pub(super) const COUNT: usize = 12;

    pub(crate) fn of(key: &[u8]) -> Option<Self> {
        const RULE: u64 = word::of("rule");
        const TIME: u64 = word::of("time");
        const TAGS: u64 = word::of("tags");
        const UUID: u64 = word::of("uuid");
        const BEWIT: u64 = word::of("bewit");
        const SOURCE: u64 = word::of("source");
        const OUTPUT: u64 = word::of("output");
        const MESSAGE: u64 = word::of("message");
        const PRIORITY: u64 = word::of("priority");
        const HOSTNAME: u64 = word::of("hostname");
        Some(match (key.len(), word::first(key)) {
            (4, RULE) => Self::Rule,
            (4, TIME) => Self::Time,
            (4, TAGS) => Self::Tags,
            (4, UUID) => Self::Uuid,
            (5, BEWIT) => Self::Bewit,
            (6, SOURCE) => Self::Source,
            (6, OUTPUT) => Self::Output,
            (7, MESSAGE) => Self::Message,
            (8, PRIORITY) => Self::Priority,
            (8, HOSTNAME) => Self::Hostname,
            (10, _) if word::same(key, b"kubernetes") => Self::Kubernetes,
            (13, _) if word::same(key, b"output_fields") => Self::OutputFields,
            _ => return None,
        })
    }
}

impl<'a> Record<'a> {
    /// The same record with other members, of the same keys.
    pub(crate) fn with(&self, members: &'a [Member<'a>]) -> Self {
        Self {
            members: Members::Read(members),
            carried: None,
            ..*self
        }
    }

    /// Reads one object and nothing else. Whether its strings are UTF-8 is left open; `seen` says whether there is
    /// a doubt.
    pub(crate) fn read(text: &'a [u8], arena: &'a Bump) -> Result<Self, Invalid> {
        let mut cursor = Cursor::new(text);
        cursor.enter_object()?;
        let mut members = Vec::with_capacity_in(16, arena);
        let mut fields = Fields::default();
        let mut known = [0; Key::COUNT];
        let mut lengths = Lengths::default();
        let mut first = true;
        while let Some((key, begin)) = cursor.key(&mut first)? {
            let name = key.decode(arena);
            lengths.add(name);
            let id = Key::of(name);
            let opens = cursor.peek() == Some(b'{');
            let at = cursor.at();
            let value = match id {
                Some(Key::OutputFields) if opens => {
                    fields = Fields::read(&mut cursor, arena)?;
                    Value::Object(cursor.since(at))
                }
                _ => cursor.value()?,
            };
            members.push(Member {
                key,
                value,
                text: cursor.since(begin),
            });
            note(&mut known, id, members.len());
        }
        cursor.end()?;
        Ok(Self {
            members: Members::Read(members.into_bump_slice()),
            fields,
            known,
            lengths,
            text,
            seen: cursor.seen,
            carried: None,
        })
    }

    /// An object of a known form. `carried` has the position among its values.
    pub(super) fn shaped(shaped: Shaped<'a>, mut seen: Seen, carried: Option<(usize, &'a Record<'a>)>) -> Self {
        seen.depth = seen.depth.max(shaped.shape.depth);
        Self {
            members: Members::Shaped(shaped),
            fields: Fields::Shaped(shaped),
            known: shaped.shape.known,
            lengths: shaped.shape.lengths,
            text: shaped.text,
            seen,
            carried: carried.and_then(|(place, record)| Some((shaped.member_at(place)?, record))),
        }
    }

    /// How many members it has.
    pub(crate) fn len(&self) -> usize {
        match self.members {
            Members::Read(members) => members.len(),
            Members::Shaped(shaped) => shaped.len(),
        }
    }

    /// The value of the member at this position.
    #[inline]
    pub(crate) fn value(&self, at: usize) -> Option<Value<'a>> {
        match self.members {
            Members::Read(members) => members.get(at).map(|member| member.value),
            Members::Shaped(shaped) => shaped.value(at),
        }
    }

    /// The key of the member at this position.
    #[inline]
    pub(crate) fn key(&self, at: usize) -> Option<Text<'a>> {
        match self.members {
            Members::Read(members) => members.get(at).map(|member| member.key),
            Members::Shaped(shaped) => shaped.key(at).map(|key| Text::json(key, false)),
        }
    }

    /// The member at this position.
    pub(crate) fn member(&self, at: usize) -> Option<Member<'a>> {
        match self.members {
            Members::Read(members) => members.get(at).copied(),
            Members::Shaped(shaped) => shaped.member(at),
        }
    }

    /// All members, in the order they came.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'a>> {
        (0..self.len()).map_while(|at| self.member(at))
    }

    fn read_or_shaped(&self) -> (&'a [Member<'a>], Option<Shaped<'a>>) {
        match self.members {
            Members::Read(members) => (members, None),
            Members::Shaped(shaped) => (&[], Some(shaped)),
        }
    }

    /// Positions of members under keys of raw lines, and which of those keys each has.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let (read, shaped) = self.read_or_shaped();
        let read = read.iter().map(|member| envelope::line_key(member.key)).enumerate();
        let known = shaped.map_or(&[][..], |shaped| &shaped.shape.lines).iter();
        read.filter_map(|(at, key)| Some((at, key?))).chain(known.copied())
    }

    /// Whether it may have bewit's mark in some schema.
    pub(crate) fn may_be_marked(&self) -> bool {
        let (_, shaped) = self.read_or_shaped();
        shaped.is_none_or(|shaped| shaped.shape.marked)
    }

    /// Positions of members that are objects with what may be an alert.
    pub(crate) fn objects(&self) -> impl Iterator<Item = usize> {
        let (read, shaped) = self.read_or_shaped();
        let may = |at: &usize| matches!(self.value(*at), Some(Value::Object(text)) if envelope::may_be_alert(text));
        let known = shaped.into_iter().flat_map(Shaped::objects);
        (0..read.len()).chain(known).filter(may)
    }

    /// The object in a member that is a string, if it was read in passing.
    pub(crate) fn carried(&self, member: usize) -> Option<&'a Record<'a>> {
        let (at, record) = self.carried?;
        (at == member).then_some(record)
    }

    /// Whether there is a known key.
    #[inline]
    pub(crate) fn has(&self, key: Key) -> bool {
        self.known.get(key as usize).is_some_and(|place| *place > 0)
    }

    /// The value of a known key.
    #[inline]
    pub(crate) fn known(&self, key: Key) -> Option<Value<'a>> {
        let place = self.known.get(key as usize).copied().unwrap_or(0);
        self.value(usize::try_from(place).ok()?.checked_sub(1)?)
    }

    /// The value of any member; of the last one where a key comes twice.
    pub(crate) fn get(&self, key: &str) -> Option<Value<'a>> {
        self.value(self.find(key.as_bytes())?)
    }

    /// The position of any member; of the last one where a key comes twice.
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        self.lengths.have(key).then(|| self.find_indeed(key))?
    }

    #[inline(never)]
    fn find_indeed(&self, key: &[u8]) -> Option<usize> {
        match self.members {
            Members::Read(members) => members.iter().rposition(|member| member.key.is(key)),
            Members::Shaped(shaped) => shaped.find(key),
        }
    }

    #[inline]
    fn string(&self, key: Key) -> Option<Text<'a>> {
        match self.known(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The alert this is, if it is one: a rule, a priority, and at least one of time, output and fields.
    pub(crate) fn event(&self, arena: &'a Bump) -> Option<Event<'a>> {
        let rule = self.string(Key::Rule)?.decoded(arena);
        let (_, shaped) = self.read_or_shaped();
        let priority = match shaped.and_then(|shaped| shaped.shape.priority) {
            Some(priority) => priority,
            None => match self.known(Key::Priority)? {
                Value::String(text) => Priority::parse(text.decode(arena))?,
                Value::Number(number) => Priority::from_number(number)?,
                _ => return None,
            },
        };
        if ![Key::Time, Key::Output, Key::OutputFields]
            .iter()
            .any(|key| self.has(*key))
        {
            return None;
        }
        let output = self.string(Key::Output);
        Some(Event {
            format: Format::Json,
            rule: Some(rule),
            priority,
            output,
            // Falco gives it with `json_include_message_property`.
            message: match self.string(Key::Message) {
                Some(text) => Some(text.decode(arena)),
                None => output.map(|text| super::message(text.decode(arena))),
            },
            source: self.string(Key::Source).map(|text| text.decoded(arena)),
            tags: match self.known(Key::Tags) {
                Some(Value::Array(tags)) => tags,
                _ => b"",
            },
            hostname: self.string(Key::Hostname),
            uuid: self.string(Key::Uuid),
            time: self.string(Key::Time),
            clock: None,
            fields: self.fields,
            metadata: &[],
            ambiguous: &[],
            told: None,
        })
    }
}

/// Notes that the last of so many members has a key. The last one counts where a key comes twice, as JSON readers have it.
pub(super) fn note(known: &mut [u32; Key::COUNT], key: Option<Key>, members: usize) {
    if let Some(place) = key.and_then(|key| known.get_mut(key as usize)) {
        *place = u32::try_from(members).unwrap_or(0);
    }
}

/// The strings of an array that was found valid.
pub(crate) fn tags(text: &[u8], arena: &Bump) -> std::vec::Vec<Box<str>> {
    let mut cursor = Cursor::new(text);
    let mut tags = std::vec::Vec::new();
    let mut first = true;
    if cursor.enter_array().is_ok() {
        while let Ok(Some(value)) = cursor.element(&mut first) {
            if let Value::String(tag) = value {
                tags.push(tag.decode_str(arena).into());
            }
        }
    }
    tags
}
