//! What all objects of one form have in common: which member is where.

use bewit_catalog::model::Catalog;

use super::fields::Field;
use super::json::{Lengths, Member};
use super::{Key, Priority, json};
use crate::catalog;
use crate::envelope;
use crate::json::{Cursor, Text, Value, word};

/// What is the same in all objects of a form.
#[derive(Debug)]
pub(super) struct Shape {
    members: Vec<Described>,
    fields: Vec<Given>,
    pub(super) known: [u32; Key::COUNT],
    pub(super) lengths: Lengths,
    /// Levels inside members.
    pub(super) depth: usize,
    /// Members under keys of raw lines, and which of those keys each has.
    pub(super) lines: Vec<(usize, usize)>,
    /// A member has a key that bewit's mark in some schema is under.
    pub(super) marked: bool,
    /// The priority, where all objects of the form have the same.
    pub(super) priority: Option<Priority>,
}

impl Shape {
    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.members.as_slice()) + size_of_val(self.fields.as_slice())
    }
}

/// A place in an object: behind so many of its values, so many bytes on.
#[derive(Clone, Copy, Debug)]
struct Spot {
    values: u16,
    bytes: u16,
}

/// A member.
#[derive(Debug)]
struct Described {
    /// Where its key's quote is, and the key's length without quotes.
    quote: Spot,
    key: u16,
    value: Origin,
}

/// Where a member's value is.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// It is the value at this position.
    Place(u16),
    /// It is the same in all objects of the form.
    Fixed { kind: Kind, begin: Spot, len: u16 },
    /// It is an object, and may have values of the form in it.
    Object {
        begin: Spot,
        end: Spot,
        /// What is the same in all of the form may be an alert's.
        alert: bool,
    },
}

/// A field of `output_fields`.
#[derive(Debug)]
struct Given {
    name: Spot,
    len: u16,
    place: u16,
    /// Its position in the catalog, if it is there.
    known: Option<u16>,
}

/// A value that differs among objects of a form: where it is in one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) begin: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
}

/// What kind of value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number,
    String { escaped: bool },
    Array,
}

/// An object of a known form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shaped<'a> {
    pub(super) text: &'a [u8],
    pub(super) shape: &'a Shape,
    pub(super) places: &'a [Place],
}

impl Kind {
    /// The kind of a value; none for an object.
    pub(super) fn of(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(_) => Self::Number,
            Value::String(text) => Self::String {
                escaped: text.borrowed().is_none(),
            },
            Value::Array(_) => Self::Array,
            Value::Object(_) => return None,
        })
    }

    #[inline]
    fn value(self, text: &[u8]) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number => Value::Number(text),
            Self::Array => Value::Array(text),
            Self::String { escaped } => {
                let body = text.get(1..text.len().saturating_sub(1));
                Value::String(Text::json(body.unwrap_or_default(), escaped))
            }
        }
    }
}

impl<'a> Shaped<'a> {
    #[inline]
    fn offset(&self, spot: Spot) -> usize {
        let before = usize::from(spot.values)
            .checked_sub(1)
            .and_then(|at| self.places.get(at));
        before.map_or(0, |place| place.end as usize) + usize::from(spot.bytes)
    }

    #[inline]
    fn between(&self, begin: usize, end: usize) -> &'a [u8] {
        self.text.get(begin..end).unwrap_or_default()
    }

    #[inline]
    fn at(&self, place: u16) -> Value<'a> {
        match self.places.get(usize::from(place)) {
            Some(place) => place.kind.value(self.between(place.begin as usize, place.end as usize)),
            None => Value::Null,
        }
    }

    #[inline]
    fn of(&self, origin: Origin) -> Value<'a> {
        match origin {
            Origin::Place(place) => self.at(place),
            Origin::Fixed { kind, begin, len } => {
                let begin = self.offset(begin);
                kind.value(self.between(begin, begin + usize::from(len)))
            }
            Origin::Object { begin, end, .. } => Value::Object(self.between(self.offset(begin), self.offset(end))),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shape.members.len()
    }

    /// The value of a member.
    #[inline]
    pub(super) fn value(&self, member: usize) -> Option<Value<'a>> {
        Some(self.of(self.shape.members.get(member)?.value))
    }

    /// The key of a member.
    #[inline]
    pub(super) fn key(&self, member: usize) -> Option<&'a [u8]> {
        let described = self.shape.members.get(member)?;
        let begin = self.offset(described.quote) + 1;
        Some(self.between(begin, begin + usize::from(described.key)))
    }

    /// The last member with a key.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let mut members = self.shape.members.iter().enumerate().rev();
        let is_it = |(at, described): &(usize, &Described)| {
            usize::from(described.key) == key.len() && self.key(*at).is_some_and(|known| word::same(known, key))
        };
        members.find(is_it).map(|(at, _)| at)
    }

    /// A member.
    pub(super) fn member(&self, member: usize) -> Option<Member<'a>> {
        let described = self.shape.members.get(member)?;
        let end = match described.value {
            Origin::Place(place) => self.places.get(usize::from(place))?.end as usize,
            Origin::Fixed { begin, len, .. } => self.offset(begin) + usize::from(len),
            Origin::Object { end, .. } => self.offset(end),
        };
        let quote = self.offset(described.quote);
        let text = self.between(quote, end);
        Some(Member {
            key: Text::json(text.get(1..=usize::from(described.key))?, false),
            value: self.of(described.value),
            text,
        })
    }

    /// Members that are objects and may have an alert in them.
    pub(super) fn objects(self) -> impl Iterator<Item = usize> + use<'a> {
        // What is looked for begins with a quote: a value may have it inside, or begin with it.
        let quotes = move |place: &Place| match place.kind {
            Kind::String { escaped: false } => {
                let value = self.between(place.begin as usize, place.end as usize);
                envelope::ALERT_KEYS.iter().any(|key| value.starts_with(key))
            }
            Kind::String { escaped: true } | Kind::Array => true,
            Kind::Null | Kind::Bool(_) | Kind::Number => false,
        };
        let inside = move |begin: Spot, end: Spot| {
            let values = usize::from(begin.values)..usize::from(end.values);
            self.places.get(values).unwrap_or_default()
        };
        let may = move |described: &Described| match described.value {
            Origin::Object { begin, end, alert } => alert || inside(begin, end).iter().any(quotes),
            Origin::Place(_) | Origin::Fixed { .. } => false,
        };
        let all = self.shape.members.iter().enumerate();
        all.filter(move |(_, described)| may(described)).map(|(at, _)| at)
    }

    /// The member whose value is at this position.
    pub(super) fn member_at(&self, place: usize) -> Option<usize> {
        let is_it = |described: &Described| matches!(described.value, Origin::Place(at) if usize::from(at) == place);
        self.shape.members.iter().position(is_it)
    }

    /// How many fields there are.
    pub(super) fn field_count(&self) -> usize {
        self.shape.fields.len()
    }

    /// A field of `output_fields`.
    #[inline]
    pub(super) fn field(&self, at: usize) -> Option<Field<'a>> {
        let given = self.shape.fields.get(at)?;
        let begin = self.offset(given.name);
        Some(Field {
            name: self.between(begin, begin + usize::from(given.len)),
            value: self.at(given.place),
            known: Some(given.known),
        })
    }
}

/// What stands between the values of an object.
pub(super) struct Between<'t> {
    pub(super) text: &'t [u8],
    /// The value behind it is inside a member that is an object and not `output_fields`.
    pub(super) nested: bool,
}

/// Levels of objects that a form has, with its own.
const LEVELS: usize = 6;

/// Keys whose values are few: of a rule, and of the stream that a container's line came from. With `fixed` they belong to
/// the form.
fn is_fixed(key: &[u8]) -> bool {
    matches!(
        key,
        b"priority" | b"rule" | b"source" | b"tags" | b"stream" | b"logtag" | b"_p"
    )
}

/// The form of an object. None for one that is not kept: line breaks, objects among Falco's fields, many levels, keys with
/// escapes.
pub(super) fn form<'t>(text: &'t [u8], fixed: bool, catalog: &Catalog) -> Option<(Vec<Between<'t>>, Shape)> {
    let mut cursor = Cursor::new(text);
    let mut between = Vec::new();
    let mut shape = Shape {
        members: Vec::new(),
        fields: Vec::new(),
        known: [0; Key::COUNT],
        lengths: Lengths::default(),
        depth: 0,
        lines: Vec::new(),
        marked: false,
        priority: None,
    };
    let mut from = 0;
    let mut first = [true; LEVELS];
    // Levels of objects inside this one; in `output_fields`.
    let (mut depth, mut in_fields) = (0, false);
    // Where the member began that is an object.
    let mut opened = 0;
    cursor.enter_object().ok()?;
    loop {
        let values = u16::try_from(between.len()).ok()?;
        let spot = |at: usize| {
            let bytes = u16::try_from(at - from).ok()?;
            Some(Spot { values, bytes })
        };
        let Some((key, quote)) = cursor.key(first.get_mut(depth)?).ok()? else {
            if depth == 0 {
                between.push(Between {
                    text: text.get(from..)?,
                    nested: false,
                });
                return (cursor.at() == text.len() && !cursor.seen.breaks).then_some((between, shape));
            }
            depth -= 1;
            if depth == 0 {
                in_fields = false;
                if let Some(Origin::Object { end, alert, .. }) =
                    shape.members.last_mut().map(|member| &mut member.value)
                {
                    *end = spot(cursor.at())?;
                    *alert = envelope::may_be_alert(text.get(opened..cursor.at())?);
                }
            }
            continue;
        };
        let key = key.borrowed().filter(|key| word::is_printable(key))?;
        let len = u16::try_from(key.len()).ok()?;
        let opens = cursor.peek()? == b'{';
        let (at, begin) = (cursor.at(), spot(cursor.at())?);
        let is_member = depth == 0;
        if in_fields {
            if opens {
                return None;
            }
            shape.fields.push(Given {
                name: spot(quote + 1)?,
                len,
                place: values,
                known: catalog::field(catalog, key),
            });
        }
        if is_member {
            let id = Key::of(key);
            if matches!(id, Some(Key::Priority)) {
                // The last one counts.
                shape.priority = None;
            }
            if let Some(line) = envelope::line_key(Text::json(key, false)) {
                shape.lines.push((shape.members.len(), line));
            }
            let mut marks = catalog.marks.iter().filter_map(|mark| mark.at.first());
            shape.marked |= marks.any(|first| first.as_bytes() == key);
            shape.lengths.add(key);
            shape.members.push(Described {
                quote: spot(quote)?,
                key: len,
                value: if opens {
                    opened = at;
                    Origin::Object {
                        begin,
                        end: begin,
                        alert: false,
                    }
                } else {
                    Origin::Place(values)
                },
            });
            json::note(&mut shape.known, id, shape.members.len());
            in_fields = opens && matches!(id, Some(Key::OutputFields));
            if in_fields {
                shape.fields.clear();
            }
        }
        if opens {
            cursor.enter_object().ok()?;
            depth += 1;
            *first.get_mut(depth)? = true;
        }
        if !in_fields {
            shape.depth = shape.depth.max(depth);
        }
        if opens {
            continue;
        }
        // Of this value alone.
        (cursor.seen.depth, cursor.seen.vast) = (0, false);
        let value = cursor.value().ok()?;
        if is_member
            && fixed
            && is_fixed(key)
            && let Some(kind @ (Kind::String { escaped: false } | Kind::Array)) = Kind::of(value)
            && word::is_printable(cursor.since(at))
            && !cursor.seen.vast
            && !cursor.since(at).contains(&b'\\')
            && let Some(member) = shape.members.last_mut()
        {
            if let (b"priority", Value::String(text)) = (key, value) {
                shape.priority = Priority::parse(text.raw());
            }
            let len = u16::try_from(cursor.at() - at).ok()?;
            member.value = Origin::Fixed { kind, begin, len };
            shape.depth = shape.depth.max(cursor.seen.depth);
            continue;
        }
        between.push(Between {
            text: text.get(from..at)?,
            nested: depth > 0 && !in_fields,
        });
        from = cursor.at();
    }
}
