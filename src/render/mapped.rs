//! Other schemas: what a table of the catalog makes of a native alert.
//!
//! The alert is read where it stands, and nothing of it is copied but to the output: a number keeps its digits and a
//! string its escapes. [`bewit_catalog::mapping`] says what the parts of a table mean.

use bewit_catalog::mapping::{Cef, Form, Mapping, Node, Part, Path, Rest, Row, Value as Source, When};
use bewit_catalog::model::ParamType;
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::annotate::{any, is_valid};
use crate::event::{Fields, Instant};
use crate::json::{Cursor, Text, Value, Writer, escape};

/// Elements of a list that a new one is compared with: a list may be as long as an alert's author likes.
const COMPARED: usize = 64;

/// Writes an alert in a schema: one JSON object or one line. `alert` is a full native one.
pub(crate) fn write<'a>(mapping: &'a Mapping, alert: &'a [u8], brief: bool, arena: &'a Bump, out: &mut Vec<u8>) {
    let mut mapper = Mapper {
        root: &[],
        opened: ArenaVec::new_in(arena),
        taken: ArenaVec::new_in(arena),
        brief,
        arena,
    };
    mapper.root = mapper.read(alert);
    match &mapping.body {
        Node::Cef(cef) => mapper.cef(cef, out),
        node => {
            mapper.node(node, None, out);
        }
    }
}

/// What became of a part; a constant alone is no reason to write what it stands in, unless it has a condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wrote {
    Nothing,
    Constant,
    Value,
}

/// A member of an object: its key, decoded, and its value.
type Member<'a> = (&'a [u8], Value<'a>);

/// The element that a [`Node::Each`] is at, and those of the ones around it.
#[derive(Clone, Copy)]
struct Scope<'s, 'a> {
    item: Value<'a>,
    outer: Option<&'s Scope<'s, 'a>>,
}

/// A value and the member it is of, if it is of one.
#[derive(Clone, Copy)]
struct Found<'a> {
    value: Value<'a>,
    member: Option<&'a Member<'a>>,
}

/// A value in its form.
enum Formed<'a> {
    Text(Text<'a>),
    Json(&'a [u8]),
}

/// What stands around a text, and so what must be escaped in it.
#[derive(Clone, Copy)]
enum Encoding {
    Json,
    CefHeader,
    CefExtension,
}

struct Mapper<'a> {
    root: &'a [Member<'a>],
    /// Objects that were read, by the place of their text.
    opened: ArenaVec<'a, (*const u8, &'a [Member<'a>])>,
    /// Members that were written whole.
    taken: ArenaVec<'a, *const Member<'a>>,
    brief: bool,
    arena: &'a Bump,
}

impl<'a> Mapper<'a> {
    /// The members of an object.
    #[inline(never)]
    fn read(&self, text: &'a [u8]) -> &'a [Member<'a>] {
        let mut cursor = Cursor::new(text);
        let mut members = ArenaVec::new_in(self.arena);
        let mut first = true;
        if cursor.enter_object().is_ok() {
            while let Ok(Some((key, _))) = cursor.key(&mut first) {
                let Ok(value) = cursor.value() else { break };
                members.push((key.decode(self.arena), value));
            }
        }
        members.into_bump_slice()
    }

    /// As [`Self::read`], once for each object. Falco's fields come flat, whatever a pipeline made of them.
    #[inline(never)]
    fn open(&mut self, text: &'a [u8], fields: bool) -> &'a [Member<'a>] {
        let place = text.as_ptr();
        if let Some((_, members)) = self.opened.iter().find(|(known, _)| *known == place) {
            return members;
        }
        let members = if fields {
            let fields = Fields::read(&mut Cursor::new(text), self.arena).unwrap_or_default();
            let fields = fields.iter().map(|field| (field.name, field.value));
            ArenaVec::from_iter_in(fields, self.arena).into_bump_slice()
        } else {
            self.read(text)
        };
        self.opened.push((place, members));
        members
    }

    /// What is at a path, whatever it is.
    #[inline(never)]
    fn look(&mut self, path: &Path, scope: Option<&Scope<'_, 'a>>) -> Option<Found<'a>> {
        let mut keys = path.keys.iter();
        let mut fields = false;
        let mut found = match path.base {
            None => {
                let key = keys.next()?;
                fields = key == "output_fields";
                member(self.root, key)?
            }
            Some(outer) => {
                let mut scope = scope?;
                for _ in 0..outer {
                    scope = scope.outer?;
                }
                Found {
                    value: scope.item,
                    member: None,
                }
            }
        };
        for key in keys {
            let Value::Object(text) = found.value else {
                return None;
            };
            found = member(self.open(text, fields), key)?;
            fields = false;
        }
        Some(found)
    }

    /// The value at a path, if there is one.
    fn find(&mut self, path: &Path, scope: Option<&Scope<'_, 'a>>) -> Option<Found<'a>> {
        self.look(path, scope).filter(|found| is_there(found.value))
    }

    #[inline(never)]
    fn wanted(&mut self, row: &Row, scope: Option<&Scope<'_, 'a>>) -> bool {
        !(row.full && self.brief) && row.when.iter().all(|when| self.holds(when, scope))
    }

    fn holds(&mut self, when: &When, scope: Option<&Scope<'_, 'a>>) -> bool {
        let found = self.find(&when.path, scope);
        let holds = found.is_some_and(|found| when.any.is_empty() || any(&when.any, self.text(found.value)));
        holds != when.not
    }

    /// A value as text.
    fn text(&self, value: Value<'a>) -> &'a [u8] {
        match value {
            Value::Null => b"",
            Value::Bool(true) => b"true",
            Value::Bool(false) => b"false",
            Value::String(text) => text.decode(self.arena),
            Value::Number(text) | Value::Array(text) | Value::Object(text) => text,
        }
    }

    /// Writes a part as JSON.
    fn node(&mut self, node: &'a Node, scope: Option<&Scope<'_, 'a>>, out: &mut Vec<u8>) -> Wrote {
        match node {
            Node::Constant(json) => {
                out.extend_from_slice(json.as_bytes());
                Wrote::Constant
            }
            Node::Value(source) => self.value(source, scope, out),
            Node::Object(rows) => self.object(rows, scope, out),
            Node::List(rows) => self.list(rows, scope, out),
            Node::Text(between, rows) => {
                out.push(b'"');
                let wrote = self.parts(between, rows, scope, Encoding::Json, out);
                out.push(b'"');
                wrote
            }
            // They stand in lists and texts only.
            Node::Cef(_) | Node::Each(..) | Node::Rest(_) => Wrote::Nothing,
        }
    }

    fn object(&mut self, rows: &'a [Row], scope: Option<&Scope<'_, 'a>>, out: &mut Vec<u8>) -> Wrote {
        let begin = out.len();
        let mut wrote = Wrote::Nothing;
        let mut last = "";
        out.push(b'{');
        for row in rows {
            // Of rows with one key the first that finds something counts.
            if !last.is_empty() && row.key == last {
                continue;
            }
            let before = out.len();
            let got = if !self.wanted(row, scope) {
                Wrote::Nothing
            } else if let Node::Rest(rest) = &row.node {
                self.rest(rest, scope, out)
            } else {
                Writer::within(out).foreign_key(row.key.as_bytes());
                self.node(&row.node, scope, out)
            };
            if got == Wrote::Nothing {
                out.truncate(before);
                if row.need {
                    out.truncate(begin);
                    return Wrote::Nothing;
                }
            } else {
                last = &row.key;
                wrote = wrote.max(counted(row, got));
            }
        }
        out.push(b'}');
        alone(wrote)
    }

    fn list(&mut self, rows: &'a [Row], scope: Option<&Scope<'_, 'a>>, out: &mut Vec<u8>) -> Wrote {
        out.push(b'[');
        let mut begins = ArenaVec::new_in(self.arena);
        let wrote = self.elements(rows, scope, &mut begins, out);
        out.push(b']');
        wrote.map_or(Wrote::Nothing, alone)
    }

    /// Elements of a list; none where one is missing that must be there.
    fn elements(
        &mut self,
        rows: &'a [Row],
        scope: Option<&Scope<'_, 'a>>,
        begins: &mut ArenaVec<'a, usize>,
        out: &mut Vec<u8>,
    ) -> Option<Wrote> {
        let mut wrote = Wrote::Nothing;
        for row in rows {
            let mut got = Wrote::Nothing;
            if self.wanted(row, scope) {
                got = match &row.node {
                    Node::Each(of, rows) => {
                        let mut got = Wrote::Nothing;
                        for item in self.items(of, scope) {
                            let inner = Scope {
                                item: *item,
                                outer: scope,
                            };
                            got = got.max(self.elements(rows, Some(&inner), begins, out)?);
                        }
                        got
                    }
                    Node::Rest(rest) => self.rest(rest, scope, out),
                    node => self.element(node, scope, begins, out),
                };
            }
            if row.need && got == Wrote::Nothing {
                return None;
            }
            wrote = wrote.max(counted(row, got));
        }
        Some(wrote)
    }

    fn element(
        &mut self,
        node: &'a Node,
        scope: Option<&Scope<'_, 'a>>,
        begins: &mut ArenaVec<'a, usize>,
        out: &mut Vec<u8>,
    ) -> Wrote {
        let before = out.len();
        if out.last() != Some(&b'[') {
            out.push(b',');
        }
        let begin = out.len();
        let got = self.node(node, scope, out);
        if got == Wrote::Nothing || is_repeated(begins, begin, out) {
            out.truncate(before);
        } else {
            begins.push(begin);
        }
        got
    }

    /// What is written once each: elements of an array, values of an object.
    #[inline(never)]
    fn items(&mut self, of: &Path, scope: Option<&Scope<'_, 'a>>) -> &'a [Value<'a>] {
        let mut items = ArenaVec::new_in(self.arena);
        match self.find(of, scope).map(|found| found.value) {
            Some(Value::Array(text)) => {
                let mut cursor = Cursor::new(text);
                let mut first = true;
                if cursor.enter_array().is_ok() {
                    while let Ok(Some(value)) = cursor.element(&mut first) {
                        items.push(value);
                    }
                }
            }
            Some(Value::Object(text)) => items.extend(self.open(text, false).iter().map(|(_, value)| *value)),
            _ => {}
        }
        items.into_bump_slice()
    }

    /// Parts of a text, in their encoding.
    fn parts(
        &mut self,
        between: &str,
        rows: &'a [Row],
        scope: Option<&Scope<'_, 'a>>,
        encoding: Encoding,
        out: &mut Vec<u8>,
    ) -> Wrote {
        let begin = out.len();
        let mut wrote = Wrote::Nothing;
        for row in rows {
            let mut got = Wrote::Nothing;
            if self.wanted(row, scope) {
                if let Node::Each(of, rows) = &row.node {
                    for item in self.items(of, scope) {
                        let inner = Scope {
                            item: *item,
                            outer: scope,
                        };
                        let before = separate(between, begin, encoding, out);
                        let one = self.parts(between, rows, Some(&inner), encoding, out);
                        if one == Wrote::Nothing {
                            out.truncate(before);
                        }
                        got = got.max(one);
                    }
                } else {
                    let before = separate(between, begin, encoding, out);
                    got = self.part(&row.node, scope, encoding, out);
                    if got == Wrote::Nothing {
                        out.truncate(before);
                    }
                }
            }
            if row.need && got == Wrote::Nothing {
                wrote = Wrote::Nothing;
                break;
            }
            wrote = wrote.max(counted(row, got));
        }
        if alone(wrote) == Wrote::Nothing {
            out.truncate(begin);
        }
        alone(wrote)
    }

    /// Writes a part of a text.
    fn part(&mut self, node: &'a Node, scope: Option<&Scope<'_, 'a>>, encoding: Encoding, out: &mut Vec<u8>) -> Wrote {
        match node {
            Node::Constant(json) => {
                self.encode_json(json.as_bytes(), encoding, out);
                Wrote::Constant
            }
            Node::Value(source) => {
                let taken = self.taken.len();
                let (whole, wrote) = match (self.formed(source, scope), &source.otherwise) {
                    (Some(Formed::Text(text)), _) => (encode(text.decode(self.arena), encoding, out), Wrote::Value),
                    (Some(Formed::Json(json)), _) => (self.encode_json(json, encoding, out), Wrote::Value),
                    (None, Some(json)) => (self.encode_json(json.as_bytes(), encoding, out), Wrote::Constant),
                    (None, None) => (true, Wrote::Nothing),
                };
                if !whole {
                    // It is among the rest, too.
                    self.taken.truncate(taken);
                }
                wrote
            }
            // As text that is JSON.
            Node::Object(_) | Node::List(_) => {
                let mut json = Vec::new();
                let wrote = self.node(node, scope, &mut json);
                if wrote != Wrote::Nothing {
                    // JSON leaves one control character as it is, and has an escape for it.
                    let json: Vec<&[u8]> = json.split(|byte| *byte == 127).collect();
                    encode(&json.join(&b"\\u007f"[..]), encoding, out);
                }
                wrote
            }
            Node::Text(between, rows) => self.parts(between, rows, scope, encoding, out),
            _ => Wrote::Nothing,
        }
    }

    /// Text of JSON: what a string says, anything else as it stands. As [`encode`].
    #[inline(never)]
    fn encode_json(&self, json: &'a [u8], encoding: Encoding, out: &mut Vec<u8>) -> bool {
        match Cursor::new(json).value() {
            Ok(Value::String(text)) => encode(text.decode(self.arena), encoding, out),
            _ => encode(json, encoding, out),
        }
    }

    fn cef(&mut self, cef: &'a Cef, out: &mut Vec<u8>) {
        out.extend_from_slice(b"CEF:0");
        for row in cef.header.iter() {
            out.push(b'|');
            self.part(&row.node, None, Encoding::CefHeader, out);
        }
        let mut next = b'|';
        let mut last = "";
        for row in cef.extension.iter() {
            let before = out.len();
            if row.key == last || !self.wanted(row, None) {
                continue;
            }
            out.push(next);
            out.extend_from_slice(row.key.as_bytes());
            out.push(b'=');
            if self.part(&row.node, None, Encoding::CefExtension, out) == Wrote::Nothing {
                out.truncate(before);
            } else {
                next = b' ';
                last = &row.key;
            }
        }
    }

    #[inline(never)]
    fn value(&mut self, source: &'a Source, scope: Option<&Scope<'_, 'a>>, out: &mut Vec<u8>) -> Wrote {
        match (self.formed(source, scope), &source.otherwise) {
            (Some(Formed::Text(text)), _) => {
                out.push(b'"');
                text.write_json(out);
                out.push(b'"');
                Wrote::Value
            }
            (Some(Formed::Json(json)), _) => {
                out.extend_from_slice(json);
                Wrote::Value
            }
            (None, Some(json)) => {
                out.extend_from_slice(json.as_bytes());
                Wrote::Constant
            }
            (None, None) => Wrote::Nothing,
        }
    }

    /// The first value that is there and has the form.
    #[inline(never)]
    fn formed(&mut self, source: &'a Source, scope: Option<&Scope<'_, 'a>>) -> Option<Formed<'a>> {
        source.from.iter().find_map(|path| {
            let found = self.find(path, scope)?;
            let (value, whole) = match &source.part {
                Part::Whole => (found.value, true),
                part => {
                    let text = self.text(found.value);
                    let cut = cut(text, part)?;
                    (Value::String(Text::plain(cut)), cut.len() == text.len())
                }
            };
            let formed = self.form(value, &source.form)?;
            if let Some(member) = found.member
                && whole
                && source.form.keeps()
            {
                self.taken.push(member);
            }
            Some(formed)
        })
    }

    fn form(&self, value: Value<'a>, form: &'a Form) -> Option<Formed<'a>> {
        let text = || self.text(value);
        Some(match form {
            Form::String => Formed::Text(match value {
                Value::String(text) => text,
                _ => Text::plain(text()),
            }),
            Form::Json => match value {
                Value::String(text) => Formed::Text(text),
                _ => Formed::Json(text()),
            },
            Form::Integer => Formed::Json(text()).integer()?,
            Form::Port => {
                let port = std::str::from_utf8(text()).ok()?.parse::<u16>().ok()?;
                Formed::Json(self.arena.alloc_str(itoa::Buffer::new().format(port)).as_bytes())
            }
            Form::Ip => Formed::Text(Text::plain(Some(text()).filter(|text| is_valid(ParamType::Ip, text))?)),
            Form::Millis => {
                let millis = self.instant(value)?.millis();
                Formed::Json(self.arena.alloc_str(itoa::Buffer::new().format(millis)).as_bytes())
            }
            Form::Nanos => {
                let nanos = u64::try_from(self.instant(value)?.nanos()).ok()?;
                Formed::Text(Text::plain(self.arena.alloc_str(itoa::Buffer::new().format(nanos))))
            }
            Form::Time => Formed::Text(Text::plain(self.arena.alloc_str(&self.instant(value)?.falco()))),
            Form::Any => {
                let mut json = Vec::new();
                any_value(value, true, &mut json);
                Formed::Json(self.arena.alloc_slice_copy(&json))
            }
            Form::Table(table) => {
                let text = text();
                let (_, json) = table
                    .iter()
                    .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(text))?;
                Formed::Json(json.as_bytes())
            }
        })
    }

    /// A point in time: a date, nanoseconds, or `{"seconds":.., "nanos":..}` as Falco's former gRPC output had it.
    #[inline(never)]
    fn instant(&self, value: Value<'a>) -> Option<Instant> {
        if let Value::Object(text) = value {
            let members = self.read(text);
            let part = |key: &str| member(members, key).map(|found| self.text(found.value));
            return Instant::from_parts(part("seconds")?, part("nanos").unwrap_or(b"0"));
        }
        let text = self.text(value);
        Instant::parse(text).or_else(|| Instant::from_nanos(text))
    }

    /// Members that nothing took: of an object, or as attributes in a list.
    #[inline(never)]
    fn rest(&mut self, rest: &Rest, scope: Option<&Scope<'_, 'a>>, out: &mut Vec<u8>) -> Wrote {
        let members = if rest.of.base.is_none() && rest.of.keys.is_empty() {
            self.root
        } else {
            let fields = rest.of.base.is_none() && *rest.of.keys == ["output_fields"];
            match self.look(&rest.of, scope).map(|found| found.value) {
                Some(Value::Object(text)) => self.open(text, fields),
                _ => &[],
            }
        };
        let mut wrote = Wrote::Nothing;
        for member in members {
            let (key, value) = *member;
            let taken = self.taken.iter().any(|taken| std::ptr::eq(*taken, member));
            if taken || rest.except.iter().any(|except| except.as_bytes() == key) {
                continue;
            }
            self.taken.push(member);
            wrote = Wrote::Value;
            let mut w = Writer::within(out);
            match &rest.attributes {
                None => w.foreign_key(key).value(value),
                Some(prefix) => w.object(|w| {
                    w.key("key").quoted(|out| {
                        escape(out, prefix.as_bytes());
                        escape(out, key);
                    });
                    w.key("value").raw(|out| any_value(value, true, out));
                }),
            }
        }
        wrote
    }
}

impl Formed<'_> {
    /// The same, if it is a whole number of 64 bits, spelled as JSON has it.
    fn integer(self) -> Option<Self> {
        let Self::Json(text) = self else {
            return None;
        };
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let spelled = matches!(digits, [b'1'..=b'9', ..] | [b'0']);
        let number = std::str::from_utf8(text).ok()?.parse::<i64>();
        (spelled && number.is_ok()).then_some(Self::Json(text))
    }
}

/// A constant counts where a condition lets it in.
fn counted(row: &Row, wrote: Wrote) -> Wrote {
    match wrote {
        Wrote::Constant if !row.when.is_empty() => Wrote::Value,
        wrote => wrote,
    }
}

/// What only has constants in it is not there.
fn alone(wrote: Wrote) -> Wrote {
    match wrote {
        Wrote::Value => Wrote::Value,
        Wrote::Nothing | Wrote::Constant => Wrote::Nothing,
    }
}

/// The member of a key; the last one where it comes twice.
fn member<'a>(members: &'a [Member<'a>], key: &str) -> Option<Found<'a>> {
    let member = members.iter().rev().find(|(known, _)| *known == key.as_bytes())?;
    Some(Found {
        value: member.1,
        member: Some(member),
    })
}

fn is_there(value: Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty() && !text.is(b"<NA>"),
        Value::Array(text) | Value::Object(text) => text.len() > 2,
    }
}

/// Whether an element that was just written stands in its list already.
fn is_repeated(begins: &[usize], begin: usize, out: &[u8]) -> bool {
    let element = out.get(begin..).unwrap_or_default();
    let known = begins.iter().rev().take(COMPARED);
    known.copied().any(|known| {
        let end = known + element.len();
        out.get(known..end) == Some(element) && out.get(end) == Some(&b',')
    })
}

/// Writes what stands between the parts of a text, behind the first; returns where the text ended before.
fn separate(between: &str, begin: usize, encoding: Encoding, out: &mut Vec<u8>) -> usize {
    let before = out.len();
    if before > begin {
        encode(between.as_bytes(), encoding, out);
    }
    before
}

/// Writes a text in an encoding; says whether all of it is still there.
#[inline(never)]
fn encode(text: &[u8], encoding: Encoding, out: &mut Vec<u8>) -> bool {
    if let Encoding::Json = encoding {
        escape(out, text);
        return true;
    }
    let mut whole = true;
    for byte in text {
        match (byte, encoding) {
            (b'\\', _) | (b'|', Encoding::CefHeader) | (b'=', Encoding::CefExtension) => {
                out.extend_from_slice(&[b'\\', *byte]);
            }
            (b'\n', Encoding::CefExtension) => out.extend_from_slice(b"\\n"),
            (b'\r', Encoding::CefExtension) => out.extend_from_slice(b"\\r"),
            (0..=8 | 10..=31 | 127, _) => {
                whole = false;
                out.push(b' ');
            }
            _ => out.push(*byte),
        }
    }
    whole
}

fn cut<'a>(text: &'a [u8], part: &Part) -> Option<&'a [u8]> {
    let find = |of: &str| text.windows(of.len().max(1)).position(|window| window == of.as_bytes());
    let find_last = |of: &str| {
        text.windows(of.len().max(1))
            .rposition(|window| window == of.as_bytes())
    };
    let cut = match part {
        Part::Whole => text,
        Part::Before(of) => find(of).and_then(|at| text.get(..at)).unwrap_or(text),
        Part::After(of) => text.get(find(of)? + of.len()..)?,
        Part::BeforeLast(of) => text.get(..find_last(of)?)?,
        Part::AfterLast(of) => find_last(of).and_then(|at| text.get(at + of.len()..)).unwrap_or(text),
        Part::With(of) => find(of).map(|_| text)?,
    };
    (!cut.is_empty()).then_some(cut)
}

/// `AnyValue` of OTLP as JSON. An object, and a list in a list, becomes text.
fn any_value(value: Value<'_>, lists: bool, out: &mut Vec<u8>) {
    let mut w = Writer::within(out);
    match value {
        Value::Null => w.json("{}"),
        Value::Bool(value) => w.object(|w| w.key("boolValue").boolean(value)),
        Value::String(text) => w.object(|w| w.key("stringValue").text(text)),
        Value::Number(number) => w.object(|w| match Formed::Json(number).integer() {
            Some(_) => w.key("intValue").string(number),
            None => w.key("doubleValue").json(number),
        }),
        Value::Array(text) if lists => w.object(|w| {
            w.key("arrayValue").object(|w| {
                w.key("values").array(|w| {
                    let mut cursor = Cursor::new(text);
                    let mut first = true;
                    if cursor.enter_array().is_ok() {
                        while let Ok(Some(value)) = cursor.element(&mut first) {
                            w.raw(|out| any_value(value, false, out));
                        }
                    }
                });
            });
        }),
        Value::Array(text) | Value::Object(text) => w.object(|w| w.key("stringValue").string(text)),
    }
}
