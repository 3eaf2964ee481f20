//! Objects of a form that was met before, read faster.
//!
//! Programs write objects in few forms: the same keys in the same order, with other values. What stands between the
//! values is compared with what stood there before instead of being taken apart again, and that goes inside a JSON string
//! as well: a shipper's record with an alert in `log` is read in one pass, and nothing is unescaped byte by byte.
//!
//! What is kept decides nothing: [`Record::read`] gives the same for every object.

use bewit_catalog::model::Catalog;
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::fields::{Field, Fields};
use super::json::Lengths;
use super::{Key, Member, Record};
use crate::catalog;
use crate::json::{Cursor, Seen, Text, Value, word};

/// Forms of objects, as a tree: what forms have in common at their beginning is there once.
pub(crate) struct Forms {
    /// The first one stands before all objects.
    nodes: Vec<Node>,
    /// Of what stands between values.
    bytes: usize,
}

/// So many nodes, bytes, and nodes behind one are kept. Whoever has more forms than that makes them up: then all begins
/// anew.
const NODES: usize = 2048;
const BYTES: usize = 96 << 10;
const NEXT: usize = 64;
/// Levels of objects that a form has, with its own.
const LEVELS: usize = 6;
/// Bytes that most objects inside a string have.
const OBJECT: usize = 1 << 10;

/// What stands before a value, or behind the last one.
#[derive(Default)]
struct Node {
    /// As it is, and inside a JSON string.
    plain: Box<[u8]>,
    escaped: Box<[u8]>,
    step: Step,
    /// What may stand behind the value, the longest first: one may begin like another.
    next: Vec<u16>,
}

/// What that means. Offsets are in it.
#[derive(Clone, Copy, Default)]
struct Step {
    /// Behind the end of a member that is an object.
    closes: Option<u16>,
    /// A member of the object itself begins.
    member: Option<Begin>,
    /// A field of `output_fields` begins.
    field: Option<Begun>,
    /// The object ends.
    ends: bool,
    /// Levels of objects that are open, or were, inside a member other than `output_fields`.
    depth: u8,
}

/// A field begins.
#[derive(Clone, Copy)]
struct Begun {
    name: Name,
    /// Its position in the catalog, if it is there.
    known: Option<u16>,
}

#[derive(Clone, Copy)]
struct Begin {
    name: Name,
    id: Option<Key>,
    /// Of its value.
    value: u16,
    /// The value is an object.
    opens: bool,
}

/// Where a key is, without its quotes.
#[derive(Clone, Copy)]
struct Name {
    at: u16,
    len: u16,
}

/// A value that was read inside a string.
struct Place {
    /// What stands before it.
    node: u16,
    begin: usize,
    end: usize,
    value: Form,
}

/// What kind of value.
#[derive(Clone, Copy)]
enum Form {
    Null,
    Bool(bool),
    Number,
    String { escaped: bool },
    Array,
}

impl Default for Forms {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            bytes: 0,
        }
    }
}

impl Forms {
    /// Reads an object whose form is known.
    pub(crate) fn read<'a>(&self, text: &'a [u8], arena: &'a Bump) -> Option<Record<'a>> {
        let mut cursor = Cursor::new(text);
        let mut parts = Parts::new(text, arena);
        let mut node = self.nodes.first()?;
        loop {
            let from = cursor.at();
            (_, node) = self.behind(node, text.get(from..)?, |node| &node.plain)?;
            let begin = from + node.plain.len();
            cursor.go_to(begin);
            if node.step.ends {
                parts.add(&node.step, from, Value::Null, begin)?;
                return (begin == text.len()).then(|| parts.record(cursor.seen));
            }
            let value = match text.get(begin..).unwrap_or_default() {
                [b'"', b'{', b'\\', ..] => match self.unescaped(&mut cursor, text, begin + 1, arena) {
                    Some(record) => {
                        if node.step.member.is_some_and(|member| !member.opens) {
                            parts.carried = Some((parts.members.len(), record));
                        }
                        Value::String(Text::json(text.get(begin + 1..cursor.at() - 1)?, true))
                    }
                    None => other(&mut cursor)?,
                },
                [b'"', ..] => {
                    let end = cursor.seen.special(text, begin + 1);
                    if text.get(end) == Some(&b'"') {
                        cursor.go_to(end + 1);
                        Value::String(Text::json(text.get(begin + 1..end)?, false))
                    } else {
                        other(&mut cursor)?
                    }
                }
                _ => other(&mut cursor)?,
            };
            parts.add(&node.step, from, value, cursor.at())?;
        }
    }

    /// What stands at the beginning of a text, of all that may follow a node.
    #[inline]
    fn behind(&self, node: &Node, text: &[u8], form: impl Fn(&Node) -> &[u8]) -> Option<(u16, &Node)> {
        node.next.iter().find_map(|id| {
            let next = self.nodes.get(usize::from(*id))?;
            word::begins(text, form(next)).then_some((*id, next))
        })
    }

    /// Reads a string at the cursor that is an object of a known form, and a line break behind it.
    #[inline(never)]
    fn unescaped<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        text: &'a [u8],
        begin: usize,
        arena: &'a Bump,
    ) -> Option<&'a Record<'a>> {
        let mut inside = Escaped {
            text,
            at: begin,
            seen: Seen::default(),
            // Not all of the text: much of it may look like an object without being one.
            out: ArenaVec::with_capacity_in(OBJECT.min(text.len() - begin), arena),
        };
        let mut places = ArenaVec::with_capacity_in(32, arena);
        let mut node = self.nodes.first()?;
        loop {
            let id;
            (id, node) = self.behind(node, text.get(inside.at..)?, |node| &node.escaped)?;
            inside.at += node.escaped.len();
            inside.out.extend_from_slice_copy(&node.plain);
            let begin = inside.out.len();
            if node.step.ends {
                places.push(Place {
                    node: id,
                    begin,
                    end: begin,
                    value: Form::Null,
                });
                break;
            }
            let value = inside.value()?;
            places.push(Place {
                node: id,
                begin,
                end: inside.out.len(),
                value,
            });
        }
        let behind = text.get(inside.at..)?;
        let spaces = if behind.starts_with(b"\\n") { 2 } else { 0 };
        if behind.get(spaces) != Some(&b'"') {
            return None;
        }
        let end = inside.at + spaces + 1;
        let seen = inside.seen;
        let text = inside.out.into_bump_slice();
        let mut parts = Parts::new(text, arena);
        let mut from = 0;
        for Place {
            node,
            begin,
            end,
            value,
        } in places
        {
            let value = match value {
                Form::Null => Value::Null,
                Form::Bool(value) => Value::Bool(value),
                Form::Number => Value::Number(text.get(begin..end)?),
                Form::Array => Value::Array(text.get(begin..end)?),
                Form::String { escaped } => Value::String(Text::json(text.get(begin + 1..end - 1)?, escaped)),
            };
            parts.add(&self.nodes.get(usize::from(node))?.step, from, value, end)?;
            from = end;
        }
        cursor.go_to(end);
        cursor.seen.add_text(seen);
        Some(arena.alloc(parts.record(seen)))
    }

    /// Keeps the form of an object that was found valid, so that the next one like it is read faster.
    pub(crate) fn learn(&mut self, record: &Record<'_>, catalog: &Catalog) {
        if record.seen.breaks {
            return;
        }
        let Some(steps) = steps(record.text, catalog) else {
            return;
        };
        let mut at = 0;
        for (plain, step) in steps {
            let known = |node: &Node| node.next.iter().copied().find(|id| self.is(*id, plain));
            let Some(next) = self.nodes.get(at).map(known) else {
                return;
            };
            at = match next {
                Some(next) => usize::from(next),
                None => match self.add(at, plain, step) {
                    Some(added) => added,
                    None => {
                        *self = Self::default();
                        return;
                    }
                },
            };
        }
    }

    fn is(&self, id: u16, plain: &[u8]) -> bool {
        self.nodes
            .get(usize::from(id))
            .is_some_and(|node| *node.plain == *plain)
    }

    /// Adds what may stand behind a node. None where there is no room.
    fn add(&mut self, before: usize, plain: &[u8], step: Step) -> Option<usize> {
        let added = self.nodes.len();
        let id = u16::try_from(added).ok()?;
        self.bytes += plain.len();
        let longer = |next: &u16| {
            let next = self.nodes.get(usize::from(*next));
            next.is_some_and(|next| next.plain.len() > plain.len())
        };
        let next = &self.nodes.get(before)?.next;
        let place = next.iter().take_while(|next| longer(next)).count();
        if added == NODES || self.bytes > BYTES || next.len() == NEXT {
            return None;
        }
        self.nodes.get_mut(before)?.next.insert(place, id);
        let mut escaped = Vec::new();
        crate::json::escape(&mut escaped, plain);
        self.nodes.push(Node {
            plain: plain.into(),
            escaped: escaped.into(),
            step,
            next: Vec::new(),
        });
        Some(added)
    }
}

/// Any value that is no object.
#[inline(never)]
fn other<'a>(cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
    cursor.value().ok().filter(|value| !matches!(value, Value::Object(_)))
}

/// What was read of an object.
struct Parts<'a> {
    text: &'a [u8],
    members: ArenaVec<'a, Member<'a>>,
    fields: ArenaVec<'a, Field<'a>>,
    known: [u32; Key::COUNT],
    lengths: Lengths,
    carried: Option<(usize, &'a Record<'a>)>,
    depth: u8,
    /// The member that is an object: where it and its value begin.
    open: (usize, usize),
}

impl<'a> Parts<'a> {
    fn new(text: &'a [u8], arena: &'a Bump) -> Self {
        Self {
            text,
            members: ArenaVec::with_capacity_in(16, arena),
            fields: ArenaVec::with_capacity_in(32, arena),
            known: [0; Key::COUNT],
            lengths: Lengths::default(),
            carried: None,
            depth: 0,
            open: (0, 0),
        }
    }

    /// Adds a value and what stands before it, from an offset on.
    #[inline]
    fn add(&mut self, step: &Step, from: usize, value: Value<'a>, end: usize) -> Option<()> {
        let text = self.text;
        if step.depth > 0 {
            // How deep an array is counts from where it stands.
            if matches!(value, Value::Array(_)) {
                return None;
            }
            self.depth = self.depth.max(step.depth);
        }
        if let (Some(closes), Some(member)) = (step.closes, self.members.last_mut()) {
            let end = from + usize::from(closes);
            member.text = text.get(self.open.0..end)?;
            member.value = Value::Object(text.get(self.open.1..end)?);
        }
        let name = |name: Name| {
            let begin = from + usize::from(name.at);
            text.get(begin..begin + usize::from(name.len))
        };
        if let Some(member) = step.member {
            let quote = from + usize::from(member.name.at) - 1;
            if member.opens {
                self.open = (quote, from + usize::from(member.value));
                if matches!(member.id, Some(Key::OutputFields)) {
                    self.fields.clear();
                }
            }
            let key = name(member.name)?;
            self.lengths.add(key);
            self.members.push(Member {
                key: Text::json(key, false),
                value,
                text: text.get(quote..end)?,
            });
            if let Some(place) = member.id.and_then(|id| self.known.get_mut(id as usize)) {
                *place = u32::try_from(self.members.len()).ok()?;
            }
        }
        if let Some(field) = step.field {
            self.fields.push(Field {
                name: name(field.name)?,
                value,
                known: Some(field.known),
            });
        }
        Some(())
    }

    fn record(self, mut seen: Seen) -> Record<'a> {
        seen.depth = seen.depth.max(usize::from(self.depth));
        Record {
            members: self.members.into_bump_slice(),
            fields: Fields::new(self.fields.into_bump_slice()),
            known: self.known,
            lengths: self.lengths,
            text: self.text,
            seen,
            carried: self.carried,
        }
    }
}

/// What stands between the values of an object. None where that is of no form that is kept: members that are empty
/// objects, objects among Falco's fields, many levels, keys with escapes.
fn steps<'t>(text: &'t [u8], catalog: &Catalog) -> Option<Vec<(&'t [u8], Step)>> {
    let mut cursor = Cursor::new(text);
    let mut steps = Vec::new();
    let (mut from, mut step) = (0, Step::default());
    let mut first = [true; LEVELS];
    // Levels of objects inside this one; in `output_fields`.
    let (mut depth, mut in_fields) = (0, false);
    cursor.enter_object().ok()?;
    loop {
        let offset = |at: usize| u16::try_from(at - from).ok();
        match cursor.key(first.get_mut(depth)?).ok()? {
            None if depth > 1 => depth -= 1,
            None if depth == 1 => {
                (depth, in_fields) = (0, false);
                if step.member.is_some() {
                    return None;
                }
                step.closes = Some(offset(cursor.at())?);
            }
            None => {
                step.ends = true;
                steps.push((text.get(from..)?, step));
                return (cursor.at() == text.len()).then_some(steps);
            }
            Some((key, quote)) => {
                let key = key.borrowed().filter(|key| word::is_printable(key))?;
                let name = Name {
                    at: offset(quote + 1)?,
                    len: u16::try_from(key.len()).ok()?,
                };
                let opens = cursor.peek()? == b'{';
                let at = cursor.at();
                if in_fields {
                    step.field = Some(Begun {
                        name,
                        known: catalog::field(catalog, key),
                    });
                    if opens {
                        return None;
                    }
                } else if depth == 0 {
                    let id = Key::of(key);
                    let begins = step.member.replace(Begin {
                        name,
                        id,
                        value: offset(at)?,
                        opens,
                    });
                    if begins.is_some() {
                        return None;
                    }
                    in_fields = opens && matches!(id, Some(Key::OutputFields));
                }
                if opens {
                    cursor.enter_object().ok()?;
                    depth += 1;
                    if !in_fields {
                        step.depth = step.depth.max(u8::try_from(depth).ok()?);
                    }
                    *first.get_mut(depth)? = true;
                    continue;
                }
                offset(at)?;
                if !in_fields {
                    step.depth = step.depth.max(u8::try_from(depth).ok()?);
                }
                steps.push((text.get(from..at)?, step));
                cursor.value().ok()?;
                (from, step) = (cursor.at(), Step::default());
            }
        }
    }
}

/// A place in an object that stands inside a JSON string, and what of it was unescaped.
struct Escaped<'a> {
    text: &'a [u8],
    at: usize,
    seen: Seen,
    out: ArenaVec<'a, u8>,
}

impl Escaped<'_> {
    /// The next value; none for an object, and where an escape is not as programs write it.
    fn value(&mut self) -> Option<Form> {
        match self.text.get(self.at)? {
            b'\\' => {
                let escaped = self.string()?;
                Some(Form::String { escaped })
            }
            b'[' => {
                self.array()?;
                Some(Form::Array)
            }
            _ => self.word(),
        }
    }

    /// `\"..\"`. Returns whether it has escapes of its own.
    #[inline]
    fn string(&mut self) -> Option<bool> {
        const QUOTE: &[u8] = b"\\\"";
        let begin = self.at + QUOTE.len();
        if self.text.get(self.at..begin)? != QUOTE {
            return None;
        }
        let end = self.seen.special(self.text, begin);
        // With the quote, and without the backslash before it.
        self.out.extend_from_slice_copy(self.text.get(begin - 1..end)?);
        self.at = end;
        let escaped = self.text.get(end..end + QUOTE.len())? != QUOTE;
        if escaped {
            self.escapes()?;
        }
        self.out.push(b'"');
        self.at += QUOTE.len();
        Some(escaped)
    }

    /// The rest of a string, from an escape on: each has its backslashes twice here.
    #[inline(never)]
    fn escapes(&mut self) -> Option<()> {
        loop {
            let len = match self.text.get(self.at..)? {
                [b'\\', b'"', ..] => return Some(()),
                [b'\\', b'\\', b'\\', byte @ (b'"' | b'\\'), ..] => {
                    self.out.extend_from_slice_copy(&[b'\\', *byte]);
                    4
                }
                [b'\\', b'\\', byte @ (b'b' | b'f' | b'n' | b'r' | b't' | b'/'), ..] => {
                    self.out.extend_from_slice_copy(&[b'\\', *byte]);
                    3
                }
                // Half of a surrogate pair asks for a closer look.
                [b'\\', b'\\', b'u', digits @ ..] if !matches!(word::unit(digits)?, 0xd800..=0xdfff) => {
                    self.out
                        .extend_from_slice_copy(self.text.get(self.at + 1..self.at + 7)?);
                    7
                }
                _ => return None,
            };
            let end = self.seen.special(self.text, self.at + len);
            self.out.extend_from_slice_copy(self.text.get(self.at + len..end)?);
            self.at = end;
        }
    }

    /// Of strings.
    fn array(&mut self) -> Option<()> {
        self.seen.depth = self.seen.depth.max(1);
        loop {
            // The bracket, or the comma.
            self.out.push(*self.text.get(self.at)?);
            self.at += 1;
            self.string()?;
            match self.text.get(self.at)? {
                b',' => {}
                b']' => {
                    self.out.push(b']');
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A number, `null`, `true` or `false`.
    fn word(&mut self) -> Option<Form> {
        let mut cursor = Cursor::new(self.text);
        cursor.go_to(self.at);
        let form = match other(&mut cursor)? {
            Value::Null => Form::Null,
            Value::Bool(value) => Form::Bool(value),
            Value::Number(_) => Form::Number,
            Value::String(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        self.seen.add(cursor.seen);
        self.out.extend_from_slice_copy(cursor.since(self.at));
        self.at = cursor.at();
        Some(form)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::BUILT_IN;

    /// Parts of objects as programs write them, and some that nobody does.
    const KEYS: [&str; 8] = [
        "rule",
        "priority",
        "output_fields",
        "log",
        "a",
        "proc.name",
        "k\\u00e9y",
        "é",
    ];
    const VALUES: [&str; 20] = [
        "\"\"",
        "\"text of some length\"",
        "\"a\\\"b\"",
        "\"\\\\\\n\\u00e9\\/\\ud7ff\"",
        "\"é\"",
        "null",
        "true",
        "1730209225978642167",
        "-0.5e+10",
        "-0.5e+999",
        "01",
        "[]",
        "[\"a\",\"b\"]",
        "[\"a\\n\", 1]",
        "{\"a\":{\"b\":{}},\"c\":[\"a\",1]}",
        "{}",
        "{\"a\":\"x\",\"proc.name\":null}",
        "{\"a\":{\"b\":1}}",
        "{\"a\":{\"b\":1},\"c\":\"d\"}",
        "\"\\ud800\"",
    ];
    const SPACES: [&str; 4] = ["", "", " ", "\n"];

    fn object(members: &[(usize, usize, usize)]) -> String {
        let members = members.iter().map(|(key, value, space)| {
            let space = SPACES[*space];
            format!("\"{}\":{space}{}", KEYS[*key], VALUES[*value])
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    fn same(fast: &Record<'_>, slow: &Record<'_>) {
        let all = |record: &Record<'_>| {
            let Seen {
                breaks,
                depth,
                vast,
                half,
                ..
            } = record.seen;
            let members: Vec<String> = record.members.iter().map(|member| format!("{member:?}")).collect();
            let fields: Vec<String> = record
                .fields
                .iter()
                .map(|field| format!("{:?}", (field.name, field.value)))
                .collect();
            let seen = (record.seen.is_ascii(), breaks, depth, vast, half);
            (
                members,
                fields,
                record.known,
                record.lengths,
                record.text.to_vec(),
                seen,
            )
        };
        assert_eq!(all(fast), all(slow));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_read_is_what_a_simple_reader_reads(
            members in proptest::collection::vec((0..KEYS.len(), 0..VALUES.len(), 0..SPACES.len()), 0..6),
            others in proptest::collection::vec(0..VALUES.len(), 6),
            cut in 0usize..40,
        ) {
            let other: Vec<_> = members.iter().zip(others).map(|((key, _, space), value)| (*key, value, *space)).collect();
            reads_as_a_simple_reader(&object(&members), &object(&other), cut);
        }
    }

    /// One object is learned; another, the same one, and both cut short by so many bytes are read.
    fn reads_as_a_simple_reader(learned: &str, other: &str, cut: usize) {
        let arena = Bump::new();
        let mut forms = Forms::default();
        if let Ok(record) = Record::read(learned.as_bytes(), &arena) {
            forms.learn(&record, &BUILT_IN);
        }
        for object in [other, learned] {
            for text in [
                object,
                object.get(..object.len().saturating_sub(cut)).unwrap_or_default(),
            ] {
                let slow = Record::read(text.as_bytes(), &arena);
                if let Some(fast) = forms.read(text.as_bytes(), &arena) {
                    same(&fast, slow.as_ref().unwrap());
                }
                // Inside a string, with or without a line break behind it.
                let log =
                    serde_json::to_string(&format!("{text}{}", if cut.is_multiple_of(2) { "\n" } else { "" })).unwrap();
                let outer = format!("{{\"log\":{log},\"stream\":\"stdout\"}}");
                let read = Record::read(outer.as_bytes(), &arena).unwrap();
                forms.learn(&read, &BUILT_IN);
                let fast = forms.read(outer.as_bytes(), &arena).unwrap();
                same(&fast, &read);
                if let Some(inside) = fast.carried(0) {
                    same(inside, slow.as_ref().unwrap());
                }
            }
        }
    }

    /// What was read otherwise once.
    #[test]
    fn nothing_is_taken_for_what_it_is_not() {
        for object in [
            // No fields: it is no object.
            r#"{"output_fields":[],"log":"x"}"#,
            // Levels and numbers inside a string are none of the record around it.
            r#"{"proc.name":["a","b"]}"#,
            r#"{"proc.name":1e999}"#,
            // Levels that are closed before the next value.
            r#"{"log":{"a":{"b":{}},"c":"x"},"a":["x"]}"#,
        ] {
            reads_as_a_simple_reader(object, object, 0);
        }
    }

    #[test]
    fn an_alert_inside_a_string_is_read_with_it() {
        let alert =
            r#"{"output":"x","output_fields":{"evt.time":17,"proc.name":"sh"},"rule":"y","tags":["a","b"],"n":null}"#;
        let outer = format!(
            "{{\"log\":{},\"stream\":\"stdout\"}}",
            serde_json::to_string(alert).unwrap()
        );
        let (arena, mut forms) = (Bump::new(), Forms::default());
        for text in [alert, &outer] {
            assert!(forms.read(text.as_bytes(), &arena).is_none());
            forms.learn(&Record::read(text.as_bytes(), &arena).unwrap(), &BUILT_IN);
        }
        let record = forms.read(outer.as_bytes(), &arena).unwrap();
        assert_eq!(record.carried(0).unwrap().text, alert.as_bytes());
        assert!(record.carried(1).is_none());
    }

    #[test]
    fn who_makes_forms_up_takes_no_memory() {
        let (arena, mut forms) = (Bump::new(), Forms::default());
        for form in 0..20_000 {
            let text = format!("{{\"{}\":1,\"{form}\":2,\"x{}\":3}}", form % 50, form % 700);
            forms.learn(
                &Record::read(arena.alloc_str(&text).as_bytes(), &arena).unwrap(),
                &BUILT_IN,
            );
            assert!(forms.nodes.len() <= NODES && forms.bytes <= BYTES);
        }
    }
}
