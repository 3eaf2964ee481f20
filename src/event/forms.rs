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

use super::Record;
use super::shape::{self, Kind, Place, Shape, Shaped};
use crate::json::{Cursor, Seen, word};

/// Forms of objects, as a tree: what forms have in common at their beginning is there once.
pub(crate) struct Forms {
    /// The first one stands before all objects.
    nodes: Vec<Node>,
    /// Of what stands between values, and of what is known of whole forms.
    bytes: usize,
}

/// So many nodes, bytes, and nodes behind one are kept. Whoever has more forms than that makes them up: then all begins
/// anew.
const NODES: usize = 2048;
const BYTES: usize = 160 << 10;
const NEXT: usize = 64;
/// Nodes behind one up to which values that are few belong to the form: each is tried until one fits.
const FIXED: usize = 16;
/// Bytes that most objects inside a string have.
const OBJECT: usize = 1 << 10;

/// What stands before a value, or behind the last one.
#[derive(Default)]
struct Node {
    /// As it is, and inside a JSON string.
    plain: Box<[u8]>,
    escaped: Box<[u8]>,
    /// The value behind it is inside a member that is an object: how deep an array is counts from there.
    nested: bool,
    /// What may stand behind the value, the longest first: one may begin like another.
    next: Vec<u16>,
    /// The object ends here.
    shape: Option<Box<Shape>>,
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
    pub(crate) fn read<'a>(&'a self, text: &'a [u8], arena: &'a Bump) -> Option<Record<'a>> {
        let mut cursor = Cursor::new(text);
        let mut places = ArenaVec::with_capacity_in(32, arena);
        let mut carried = None;
        let mut node = self.nodes.first()?;
        loop {
            let from = cursor.at();
            node = self.behind(node, text.get(from..)?, |node| &node.plain)?;
            let begin = from + node.plain.len();
            cursor.go_to(begin);
            if let Some(shape) = &node.shape {
                let shaped = Shaped {
                    text,
                    shape,
                    places: places.into_bump_slice(),
                };
                return (begin == text.len()).then(|| Record::shaped(shaped, cursor.seen, carried));
            }
            let kind = if text.get(begin) == Some(&b'"') {
                let end = cursor.seen.special(text, begin + 1);
                if text.get(end) == Some(&b'"') {
                    cursor.go_to(end + 1);
                    Kind::String { escaped: false }
                } else if let Some(record) = self.unescaped(&mut cursor, text, begin + 1, arena) {
                    carried = Some((places.len(), record));
                    Kind::String { escaped: true }
                } else {
                    node.other(&mut cursor)?
                }
            } else {
                node.other(&mut cursor)?
            };
            places.push(Place {
                begin: u32::try_from(begin).ok()?,
                end: u32::try_from(cursor.at()).ok()?,
                kind,
            });
        }
    }

    /// What stands at the beginning of a text, of all that may follow a node.
    #[inline]
    fn behind(&self, node: &Node, text: &[u8], form: impl Fn(&Node) -> &[u8]) -> Option<&Node> {
        node.next.iter().find_map(|id| {
            let next = self.nodes.get(usize::from(*id))?;
            word::begins(text, form(next)).then_some(next)
        })
    }

    /// Reads a string at the cursor that is an object of a known form, and a line break behind it. None for any other.
    #[inline(never)]
    fn unescaped<'a>(
        &'a self,
        cursor: &mut Cursor<'a>,
        text: &'a [u8],
        begin: usize,
        arena: &'a Bump,
    ) -> Option<&'a Record<'a>> {
        // As its key's quote needs it.
        if !text.get(begin..)?.starts_with(b"{\\") {
            return None;
        }
        let mut inside = Escaped {
            text,
            at: begin,
            seen: Seen::default(),
            // Not all of the text: much of it may look like an object without being one.
            out: ArenaVec::with_capacity_in(OBJECT.min(text.len() - begin), arena),
        };
        let mut places = ArenaVec::with_capacity_in(32, arena);
        let mut node = self.nodes.first()?;
        let shape = loop {
            node = self.behind(node, text.get(inside.at..)?, |node| &node.escaped)?;
            inside.at += node.escaped.len();
            inside.out.extend_from_slice_copy(&node.plain);
            if let Some(shape) = &node.shape {
                break shape;
            }
            let begin = u32::try_from(inside.out.len()).ok()?;
            let kind = inside.value(node)?;
            places.push(Place {
                begin,
                end: u32::try_from(inside.out.len()).ok()?,
                kind,
            });
        };
        let behind = text.get(inside.at..)?;
        let spaces = if behind.starts_with(b"\\n") { 2 } else { 0 };
        if behind.get(spaces) != Some(&b'"') {
            return None;
        }
        cursor.go_to(inside.at + spaces + 1);
        cursor.seen.add_text(inside.seen);
        let shaped = Shaped {
            text: inside.out.into_bump_slice(),
            shape,
            places: places.into_bump_slice(),
        };
        Some(arena.alloc(Record::shaped(shaped, inside.seen, None)))
    }

    /// Keeps the form of an object that was found valid, so that the next one like it is read faster.
    pub(crate) fn learn(&mut self, text: &[u8], catalog: &Catalog) {
        if self.keep(text, true, catalog).is_none() && self.keep(text, false, catalog).is_none() {
            *self = Self::default();
        }
    }

    /// None where there is no room.
    fn keep(&mut self, text: &[u8], fixed: bool, catalog: &Catalog) -> Option<()> {
        let Some((between, shape)) = shape::form(text, fixed, catalog) else {
            return Some(());
        };
        let most = if fixed { FIXED } else { NEXT };
        let mut at = 0;
        for between in between {
            let known = |id: &&u16| {
                self.nodes
                    .get(usize::from(**id))
                    .is_some_and(|node| *node.plain == *between.text)
            };
            at = match self.nodes.get(at)?.next.iter().find(known) {
                Some(next) => usize::from(*next),
                None => self.add(at, &between, most)?,
            };
        }
        let node = self.nodes.get_mut(at)?;
        if node.shape.is_none() {
            self.bytes += shape.bytes();
            node.shape = Some(Box::new(shape));
        }
        (self.bytes <= BYTES).then_some(())
    }

    /// Adds what may stand behind a node, of so many at most. None where there is no room.
    fn add(&mut self, before: usize, between: &shape::Between<'_>, most: usize) -> Option<usize> {
        let plain = between.text;
        let added = self.nodes.len();
        let id = u16::try_from(added).ok()?;
        let bytes = self.bytes + plain.len();
        let longer = |next: &u16| {
            let next = self.nodes.get(usize::from(*next));
            next.is_some_and(|next| next.plain.len() > plain.len())
        };
        let next = &self.nodes.get(before)?.next;
        let place = next.iter().take_while(|next| longer(next)).count();
        if added == NODES || bytes > BYTES || next.len() >= most {
            return None;
        }
        self.bytes = bytes;
        self.nodes.get_mut(before)?.next.insert(place, id);
        let mut escaped = Vec::new();
        crate::json::escape(&mut escaped, plain);
        self.nodes.push(Node {
            plain: plain.into(),
            escaped: escaped.into(),
            nested: between.nested,
            ..Node::default()
        });
        Some(added)
    }
}

impl Node {
    /// The kind of a value behind this that is no plain string.
    #[inline(never)]
    fn other(&self, cursor: &mut Cursor<'_>) -> Option<Kind> {
        let kind = Kind::of(cursor.value().ok()?)?;
        (!self.nested || !matches!(kind, Kind::Array)).then_some(kind)
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
    /// The next value, behind a node; none for an object, and where an escape is not as programs write it.
    fn value(&mut self, node: &Node) -> Option<Kind> {
        match self.text.get(self.at)? {
            b'\\' => {
                let escaped = self.string()?;
                Some(Kind::String { escaped })
            }
            b'[' if !node.nested => {
                self.array()?;
                Some(Kind::Array)
            }
            _ => self.word(node),
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
    fn word(&mut self, node: &Node) -> Option<Kind> {
        let mut cursor = Cursor::new(self.text);
        cursor.go_to(self.at);
        let kind = node.other(&mut cursor)?;
        if matches!(kind, Kind::String { .. } | Kind::Array) {
            return None;
        }
        self.seen.add(cursor.seen);
        self.out.extend_from_slice_copy(cursor.since(self.at));
        self.at = cursor.at();
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::BUILT_IN;

    /// Parts of objects as programs write them, and some that nobody does.
    const KEYS: [&str; 9] = [
        "rule",
        "tags",
        "priority",
        "output_fields",
        "log",
        "a",
        "proc.name",
        "k\\u00e9y",
        "é",
    ];
    const VALUES: [&str; 26] = [
        "\"Warning\"",
        "\"error\"",
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
        "{\"priority\":\"x\",\"rule\":\"y\"}",
        "{\"a\":\"x\",\"b\":\"\\\"priority\\\",\\\"rule\\\"\"}",
        "{\"a\":\"x\",\"b\":\"y\"}",
        "{\"a\":\"rule\",\"b\":\"priority\"}",
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
            let members: Vec<String> = record.members().map(|member| format!("{member:?}")).collect();
            let values: Vec<String> = (0..record.len())
                .map(|at| format!("{:?}", (record.key(at), record.value(at))))
                .collect();
            let carriers: (Vec<(usize, usize)>, Vec<usize>) = (record.lines().collect(), record.objects().collect());
            let fields: Vec<String> = record
                .fields
                .iter()
                .map(|field| format!("{:?}", (field.name, field.value)))
                .collect();
            let arena = Bump::new();
            let priority = record.event(&arena).map(|event| event.priority);
            let seen = (record.seen.is_ascii(), breaks, depth, vast, half);
            (
                (members, values, carriers),
                (fields, priority),
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
            forms.learn(record.text, &BUILT_IN);
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
                forms.learn(read.text, &BUILT_IN);
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
            // The last of several counts.
            r#"{"rule":"x","priority":"Warning","priority":1,"output_fields":{"a":"x"}}"#,
            // Levels that are closed before the next value.
            r#"{"log":{"a":{"b":{}},"c":"x"},"a":["x"]}"#,
        ] {
            reads_as_a_simple_reader(object, object, 0);
        }
        // What looks like an alert's keys may be values.
        let values = r#"{"a":{"a":"rule","b":"priority"}}"#;
        reads_as_a_simple_reader(r#"{"a":{"a":"x","b":"y"}}"#, values, 0);
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
            forms.learn(text.as_bytes(), &BUILT_IN);
        }
        let record = forms.read(outer.as_bytes(), &arena).unwrap();
        assert_eq!(record.carried(0).unwrap().text, alert.as_bytes());
        assert!(record.carried(1).is_none());
    }

    #[test]
    fn who_makes_forms_up_takes_no_memory() {
        let mut forms = Forms::default();
        for form in 0..20_000 {
            let text = format!("{{\"{}\":1,\"{form}\":2,\"x{}\":3}}", form % 50, form % 700);
            forms.learn(text.as_bytes(), &BUILT_IN);
            assert!(forms.nodes.len() <= NODES && forms.bytes <= BYTES);
        }
    }
}
