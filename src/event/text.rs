//! Alerts as text lines: `<time>: <Priority> <message>`.
//!
//! Up to 0.44 Falco escapes nothing: a value may hold spaces, `=`, parentheses and whole other fields. So
//! fields are split at known keys, never at spaces, and a key that comes twice with different values is
//! believed in neither.

use std::rc::Rc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::catalog::{self, Messages};

use super::fields::{Field, Fields};
use super::{Event, Format, Instant, Priority};
use crate::json::{Text, Value, word};
use crate::slots::Slots;
use bewit_catalog::model::{Catalog, TextKey};

/// Priority of a text alert, and where its time ends and its message begins.
pub(super) struct Head {
    time: usize,
    priority: Priority,
    pub(super) message: usize,
}

/// Reads the head of a text alert. Nine digits of a second and a priority word tell an alert from
/// Falco's log lines, which have neither.
pub(super) fn head(line: &[u8]) -> Option<Head> {
    // The two forms of time differ in length.
    let time = [NANOS, ISO].into_iter().find(|at| line.get(*at) == Some(&b':'))?;
    let begin = time + 2;
    if line.get(time..begin)? != b": " {
        return None;
    }
    let text = line.get(..time)?;
    if !is_nanos(text) && !is_iso(text) {
        return None;
    }
    let end = word::find(line, begin, b' ');
    Some(Head {
        time,
        priority: Priority::parse(line.get(begin..end)?)?,
        message: line.len().min(end + 1),
    })
}

/// `HH:MM:SS`, of any digits.
pub(crate) fn is_clock(text: &[u8]) -> bool {
    text.len() == CLOCK && is_like(text, 0, *b"00:00:00")
}

/// Bytes of a clock, and of Falco's time without a date and with one.
pub(crate) const CLOCK: usize = 8;
pub(crate) const NANOS: usize = 18;
pub(crate) const ISO: usize = 34;

/// `HH:MM:SS.nnnnnnnnn`
pub(crate) fn is_nanos(text: &[u8]) -> bool {
    text.len() == NANOS
        && is_like(text, 0, *b"00:00:00")
        && is_like(text, 8, *b".0000000")
        && is_like(text, 10, *b"00000000")
}

fn is_like(text: &[u8], at: usize, sample: [u8; 8]) -> bool {
    word::load(text, at).is_some_and(|word| word::is_like(word, sample))
}

/// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000`
pub(crate) fn is_iso(text: &[u8]) -> bool {
    let signed = matches!(text.get(29), Some(b'+' | b'-'));
    text.len() == ISO && signed && text.get(11..29).is_some_and(is_nanos) && Instant::parse(text).is_some()
}

/// The alert of a text line, if it is one. The line is UTF-8; `plain` says that it stands in JSON as it is.
#[inline(never)] // see `Annotator::unwrap`
pub(crate) fn parse<'a>(
    line: &'a [u8],
    plain: bool,
    keys: &Keys,
    catalog: &'a Catalog,
    arena: &'a Bump,
) -> Option<Event<'a>> {
    let head = head(line)?;
    let (head_time, head_message) = (line.get(..head.time)?, line.get(head.message..)?);
    let told = keys.messages.told_by(catalog, head_message);
    let message = told.and_then(|told| catalog.messages.get(usize::from(told)));
    let rule = message.and_then(|message| catalog.rules.get(usize::from(message.rule)));
    let source = rule.map_or("", |rule| rule.source.as_ref());
    let style = if plain { Style::Same } else { Style::of(head_message) };
    let (fields, ambiguous) = fields(head_message, source, style, (keys, catalog), arena);
    let iso = head.time > NANOS;
    let time = iso.then(|| Instant::parse(head_time)).flatten().map(Instant::falco);
    Some(Event {
        format: Format::Text,
        rule: None,
        priority: head.priority,
        // What stands before the message needs no escapes.
        output: Some(match style {
            Style::Same => Text::json(line, false),
            Style::Plain | Style::Escaped => Text::plain(line),
        }),
        message: Some(head_message),
        source: None,
        tags: b"",
        hostname: None,
        uuid: None,
        time: time.map(|time| Text::plain(arena.alloc_str(&time))),
        clock: if iso { None } else { std::str::from_utf8(head_time).ok() },
        fields,
        metadata: &[],
        ambiguous,
        told,
    })
}

/// A key that was found, and where its value is.
struct Hit<'c, 'k> {
    key: &'c TextKey,
    known: &'k Known,
    /// Offset of the key.
    at: usize,
    /// Offset behind `=`.
    value: usize,
}

fn fields<'a>(
    message: &'a [u8],
    source: &str,
    style: Style,
    (keys, catalog): (&Keys, &'a Catalog),
    arena: &'a Bump,
) -> (Fields<'a>, &'a [&'a str]) {
    let hits = hits(message, keys, catalog);
    let mut values: Vec<&'a [u8]> = Vec::with_capacity(hits.len());
    for (i, hit) in hits.iter().enumerate() {
        let end = hits.get(i + 1).map_or(message.len(), |next| next.at);
        let value = message.get(hit.value..end).unwrap_or_default();
        // Separators, and the parenthesis of `container=name (id=..)`.
        values.push(trim_end(value, b",("));
    }
    let inside = close_parenthesis(message, &hits, &mut values);
    let mut fields: ArenaVec<'a, Field<'a>> = ArenaVec::with_capacity_in(hits.len(), arena);
    let mut ambiguous: ArenaVec<'a, &'a str> = ArenaVec::new_in(arena);
    let get = |fields: &[Field<'a>], name: &str, at: Option<u16>| {
        let same = |field: &&Field<'a>| match at {
            Some(_) => field.known == Some(at),
            None => word::same(field.name, name.as_bytes()),
        };
        fields.iter().find(same).map(|field| field.value)
    };
    // A bit for some fields each: most come once, and need not be looked for.
    let mut met = 0_u64;
    let mut unsure: Vec<(&str, Option<u16>, Value<'a>)> = Vec::new();
    let doubtful = doubtful(hits.get(..inside).unwrap_or_default());
    for (i, (hit, value)) in hits.iter().zip(values).enumerate() {
        let value = unquote(value);
        let Some((field, at)) = field(hit, source, value, keys) else {
            continue;
        };
        let read = read(value, hit.key.number, style);
        let bit = 1 << (at.unwrap_or_default() % 64);
        let known = if met & bit == 0 { None } else { get(&fields, field, at) };
        match known {
            _ if doubtful.contains(&i) => unsure.push((field, at, read)),
            None => {
                met |= bit;
                fields.push(Field {
                    name: field.as_bytes(),
                    value: read,
                    known: Some(at),
                });
            }
            Some(known) if known == read => {}
            Some(_) => note(&mut ambiguous, field),
        }
    }
    for (field, at, read) in unsure {
        // The same value outside of the command line settles it.
        if get(&fields, field, at) != Some(read) {
            note(&mut ambiguous, field);
        }
    }
    if !ambiguous.is_empty() {
        fields.retain(|field| !ambiguous.iter().any(|a| a.as_bytes() == field.name));
    }
    (Fields::Read(fields.into_bump_slice()), ambiguous.into_bump_slice())
}

fn note<'a>(ambiguous: &mut ArenaVec<'a, &'a str>, field: &'a str) {
    if !ambiguous.contains(&field) {
        ambiguous.push(field);
    }
}

/// Finds the keys of Falco's text output by their names, and rules by what their messages begin with.
pub(crate) struct Keys {
    /// Positions in the catalog by name.
    slots: Slots,
    /// Bytes of the longest one.
    longest: usize,
    /// Of each key, in the catalog's order.
    known: Vec<Known>,
    /// Position of the field `container.name`.
    container_name: Option<u16>,
    messages: Rc<Messages>,
}

/// What is known of a key.
struct Known {
    /// Positions of its fields in the catalog, if they are there.
    fields: Box<[Option<u16>]>,
    /// It prints what whoever starts a process chooses.
    is_free: bool,
    /// It names a container or a pod.
    is_identity: bool,
}

impl Known {
    fn of(key: &TextKey, catalog: &Catalog) -> Self {
        let prints = |test: fn(&str) -> bool| key.fields.iter().any(|field| test(&field.field));
        Self {
            fields: key
                .fields
                .iter()
                .map(|field| catalog::field(catalog, field.field.as_bytes()))
                .collect(),
            is_free: prints(|field| matches!(field, "proc.cmdline" | "proc.pcmdline" | "proc.args" | "evt.args")),
            is_identity: prints(|field| field.starts_with("container.") || field.starts_with("k8s")),
        }
    }
}

impl Keys {
    pub(crate) fn of(catalog: &Catalog, messages: Rc<Messages>) -> Self {
        let names = || catalog.text_keys.iter().map(|key| key.key.as_bytes());
        Self {
            slots: Slots::of(names().map(|name| word::hash(name, Slots::BITS))),
            longest: names().map(<[u8]>::len).max().unwrap_or(0),
            known: catalog.text_keys.iter().map(|key| Known::of(key, catalog)).collect(),
            container_name: catalog::field(catalog, CONTAINER_NAME.as_bytes()),
            messages,
        }
    }

    /// Position of a name in the catalog.
    fn find(&self, name: &[u8], catalog: &Catalog) -> Option<usize> {
        self.slots.at(word::hash(name, Slots::BITS)).find(|at| {
            let key = catalog.text_keys.get(*at);
            key.is_some_and(|key| word::same(key.key.as_bytes(), name))
        })
    }
}

/// The known keys of a message, in order. A key is what stands between the beginning of a word and the next `=`; of
/// several the longest, so `target user=` is not `user=`.
fn hits<'c, 'k>(message: &[u8], keys: &'k Keys, catalog: &'c Catalog) -> Vec<Hit<'c, 'k>> {
    let mut hits = Vec::with_capacity(32);
    let mut from = 0;
    loop {
        let equals = word::find(message, from, b'=');
        if equals == message.len() {
            return hits;
        }
        let begin = from.max(equals.saturating_sub(keys.longest));
        let named = |at: usize| {
            let name = message
                .get(at..equals)
                .filter(|name| name.first().is_some_and(u8::is_ascii_alphabetic))?;
            let key = keys.find(name, catalog)?;
            Some((at, catalog.text_keys.get(key)?, keys.known.get(key)?))
        };
        let value = equals + 1;
        let mut at = match begin.checked_sub(1) {
            None => 0,
            Some(before) => word::separator(message, before) + 1,
        };
        while at < equals {
            if let Some((at, key, known)) = named(at) {
                hits.push(Hit { key, known, at, value });
                break;
            }
            at = word::separator(message, at) + 1;
        }
        from = value;
    }
}

/// A text without the white space and these characters at its end.
fn trim_end<'t>(mut text: &'t [u8], others: &[u8]) -> &'t [u8] {
    loop {
        match text {
            [before @ .., byte] if *byte == b' ' || others.contains(byte) => text = before,
            [.., byte] if byte.is_ascii_graphic() => return text,
            _ => break,
        }
    }
    // White space that is seldom.
    std::str::from_utf8(text).map_or(text, |text| {
        let goes = |c: char| c.is_whitespace() || u8::try_from(c).is_ok_and(|byte| others.contains(&byte));
        text.trim_end_matches(goes).as_bytes()
    })
}

/// In the style `Text (k=v k=v) k=v` the last value inside carries the closing parenthesis: it is the last
/// value that ends with one more than it opens. Returns how many keys stand inside; all where there is none.
fn close_parenthesis(message: &[u8], hits: &[Hit<'_, '_>], values: &mut [&[u8]]) -> usize {
    let opened = hits
        .first()
        .is_some_and(|first| word::find(message, 0, b'(') < first.at);
    let count = |value: &[u8], parenthesis: u8| value.iter().filter(|byte| **byte == parenthesis).count();
    let unbalanced = |value: &[u8]| value.last() == Some(&b')') && count(value, b')') > count(value, b'(');
    let closing = values
        .iter_mut()
        .enumerate()
        .rev()
        .find(|(_, value)| opened && unbalanced(value));
    let Some((last, value)) = closing else {
        return hits.len();
    };
    let inside = |value: &mut &[u8]| *value = trim_end(value.get(..value.len() - 1).unwrap_or_default(), b"");
    inside(value);
    // `%container.info` prints `name (id=26a75f9eb595)` inside the outer pair.
    if unbalanced(value) {
        inside(value);
    }
    last + 1
}

/// Keys that name a container or a pod, but may be part of a command line: they stand behind one, and fields
/// that Falco's templates print before container and pod come only later.
///
/// Whoever starts a process chooses its command line. ` k8s_pod_name=victim` in it must not make bewit tell
/// people to delete that pod.
fn doubtful(inside: &[Hit<'_, '_>]) -> Vec<usize> {
    let first_free = inside.iter().position(|hit| hit.known.is_free).unwrap_or(inside.len());
    let last_other = inside.iter().rposition(|hit| !hit.known.is_identity).unwrap_or(0);
    let identity = |i: &usize| inside.get(*i).is_some_and(|hit| hit.known.is_identity);
    (first_free..last_other).filter(identity).collect()
}

/// okta's templates quote values.
fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'\'', inside @ .., b'\''] => inside,
        _ => value,
    }
}

const CONTAINER_NAME: &str = "container.name";

/// The field that a key prints for a source, and its position in the catalog.
fn field<'c>(hit: &Hit<'c, '_>, source: &str, value: &[u8], keys: &Keys) -> Option<(&'c str, Option<u16>)> {
    let key = hit.key;
    // `-pk` and `-pc` print the name or the id under the same key, by version.
    if key.key == "container" && !is_container_id(value) && value != b"host" {
        return Some((CONTAINER_NAME, keys.container_name));
    }
    let of = |wanted: &str| key.fields.iter().position(|f| f.source == wanted);
    let at = match &key.fields[..] {
        [_] => 0,
        _ => of(source).or_else(|| of("")).or_else(|| of("syscall")).unwrap_or(0),
    };
    Some((
        key.fields.get(at)?.field.as_ref(),
        hit.known.fields.get(at).copied().flatten(),
    ))
}

fn is_container_id(value: &[u8]) -> bool {
    (12..=64).contains(&value.len()) && value.iter().all(u8::is_ascii_hexdigit)
}

/// How the values of a line are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    /// As they are, and so they stand in JSON, too.
    Same,
    /// As they are.
    Plain,
    /// With JSON's escapes.
    Escaped,
}

impl Style {
    /// From 0.45 on the whole line is JSON-escaped. Such a line has no bare quote, no control character and no stray
    /// backslash, and an escape of a quote or a backslash gives it away. Half of a surrogate pair is none of Falco's, and
    /// would be no JSON that everybody reads.
    fn of(message: &[u8]) -> Self {
        let unit = |at: usize| word::unit(message.get(at..)?.strip_prefix(b"\\u")?);
        let (mut style, mut at) = (Self::Same, 0);
        loop {
            at = word::special(message, at, &mut 0);
            match (message.get(at), message.get(at + 1)) {
                (None, _) => return style,
                (Some(b'\\'), Some(b'"' | b'\\')) => (style, at) = (Self::Escaped, at + 2),
                (Some(b'\\'), Some(b'n' | b'r' | b't' | b'b' | b'f')) => {
                    at += 2;
                    // Alone it gives nothing away.
                    if style == Self::Same {
                        style = Self::Plain;
                    }
                }
                (Some(b'\\'), Some(b'u')) => {
                    let len = match (unit(at), unit(at + 6)) {
                        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                        (Some(0xd800..=0xdfff) | None, _) => return Self::Plain,
                        (Some(_), _) => 6,
                    };
                    (style, at) = (Self::Escaped, at + len);
                }
                _ => return Self::Plain,
            }
        }
    }
}

fn read(value: &[u8], number: bool, style: Style) -> Value<'_> {
    if word::same(value, b"<NA>") {
        Value::Null
    } else if number && is_integer(value) {
        Value::Number(value)
    } else {
        Value::String(match style {
            Style::Same => Text::json(value, false),
            Style::Plain => Text::plain(value),
            Style::Escaped => Text::json(value, true),
        })
    }
}

/// An integer of 64 bits as JSON has it: no `+`, no leading zeros.
fn is_integer(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let canonical = digits == b"0" || !matches!(digits, [b'0' | b'+', ..]);
    canonical && std::str::from_utf8(value).is_ok_and(|value| value.parse::<i64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::BUILT_IN;

    fn keys() -> Keys {
        Keys::of(&BUILT_IN, Rc::new(Messages::of(&BUILT_IN)))
    }

    /// Each key at each word, one after the other.
    fn simple(message: &str) -> Vec<(usize, usize)> {
        let bytes = message.as_bytes();
        let (mut found, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let begins = bytes[at].is_ascii_alphabetic() && (at == 0 || b" (|,".contains(&bytes[at - 1]));
            let here = |key: &&TextKey| bytes[at..].starts_with(format!("{}=", key.key).as_bytes());
            match BUILT_IN.text_keys.iter().find(here).filter(|_| begins) {
                Some(key) => {
                    found.push((at, at + key.key.len() + 1));
                    at += key.key.len() + 1;
                }
                None => at += 1,
            }
        }
        found
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

        #[test]
        fn keys_are_those_of_a_simple_search(picks in proptest::collection::vec((0usize..2000, 0usize..6), 0..12)) {
            let pieces = ["=", " ", "=x ", "(", "= a,", "x"];
            let mut message = String::new();
            for (key, piece) in picks {
                // Some are no keys.
                message.push_str(BUILT_IN.text_keys.get(key).map_or("user", |key| key.key.as_ref()));
                message.push_str(pieces[piece]);
            }
            let found: Vec<(usize, usize)> = hits(message.as_bytes(), &keys(), &BUILT_IN).iter().map(|hit| (hit.at, hit.value)).collect();
            proptest::prop_assert_eq!(found, simple(&message), "{}", message);
        }
    }

    fn parsed(line: &str) -> Vec<(String, String)> {
        let arena = Bump::new();
        let event =
            parse(line.as_bytes(), false, &keys(), &BUILT_IN, &arena).unwrap_or_else(|| panic!("no alert: {line}"));
        event
            .fields
            .iter()
            .map(|Field { name, value, .. }| {
                let value = match value {
                    Value::String(text) => text.decode_str(&arena).to_owned(),
                    Value::Number(number) => format!("number {}", String::from_utf8_lossy(number)),
                    other => format!("{other:?}"),
                };
                (String::from_utf8_lossy(name).into_owned(), value)
            })
            .collect()
    }

    fn get(line: &str, name: &str) -> Option<String> {
        parsed(line).into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    #[test]
    fn values_hold_spaces_equals_signs_and_parentheses() {
        let line = "13:44:05.478445995: Critical A shell was spawned in a container with an attached terminal (user=root user_loginuid=-1 k8s.ns=default k8s.pod=kubecon container=ee97d9c4186f shell=sh parent=runc cmdline=sh -c a=1; (bash || ash) terminal=34816 container_id=ee97d9c4186f image=docker.io/library/alpine)";
        assert_eq!(get(line, "proc.cmdline").as_deref(), Some("sh -c a=1; (bash || ash)"));
        assert_eq!(
            get(line, "container.image.repository").as_deref(),
            Some("docker.io/library/alpine")
        );
        assert_eq!(get(line, "user.loginuid").as_deref(), Some("number -1"));
        assert_eq!(get(line, "container.id").as_deref(), Some("ee97d9c4186f"));
    }

    #[test]
    fn fields_behind_the_parenthesis_are_read() {
        let line = "15:50:18.866559081: Warning File below a known binary directory opened for writing (user=root command=touch /bin/hack file=/bin/hack) k8s.pod=jclient-3160134038-qqaaz container=4a4021c50439";
        assert_eq!(get(line, "fd.name").as_deref(), Some("/bin/hack"));
        assert_eq!(get(line, "k8s.pod.name").as_deref(), Some("jclient-3160134038-qqaaz"));
    }

    #[test]
    fn the_old_container_info_gives_name_and_id() {
        let line = "15:42:35.347416068: Warning Namespace change (setns) by unexpected program (user=root command=test_program parent=hyperkube container=k8s_x_0 (id=4a4021c50439))";
        assert_eq!(get(line, "container.id").as_deref(), Some("4a4021c50439"));
    }

    #[test]
    fn pipe_style_and_its_appended_fields() {
        let line = "2026-04-13T17:57:43.728694426+0000: Notice A shell was spawned in a container with an attached terminal | evt_type=execve user=root process=bash command=bash -i terminal=34816 exe_flags=EXE_WRITABLE|EXE_LOWER_LAYER container_id=4cc4da328699 container_image_repository=docker.io/library/redis k8s_pod_name=redis-0 k8s_ns_name=shop";
        assert_eq!(
            get(line, "evt.arg.flags").as_deref(),
            Some("EXE_WRITABLE|EXE_LOWER_LAYER")
        );
        assert_eq!(get(line, "k8s.ns.name").as_deref(), Some("shop"));
    }

    #[test]
    fn a_pod_inside_a_command_line_is_not_believed() {
        let line = "12:00:00.000000000: Notice A shell was spawned in a container with an attached terminal | user=root command=sh -c x k8s_pod_name=victim k8s_ns_name=shop terminal=0 container_id=4cc4da328699";
        let arena = Bump::new();
        let event = parse(line.as_bytes(), false, &keys(), &BUILT_IN, &arena).unwrap();
        assert_eq!(event.ambiguous, ["k8s.pod.name", "k8s.ns.name"]);
        assert!(event.fields.get("k8s.pod.name").is_none());
        assert!(event.fields.get("container.id").is_some());
    }

    /// Behind `<NA>` the second value is as likely the attacker's as the first.
    #[test]
    fn a_missing_value_does_not_give_way() {
        let line = "12:00:00.000000000: Notice A shell was spawned in a container with an attached terminal | user=root command=sh -c k8s_pod_name=victim x terminal=0 k8s_pod_name=<NA>";
        let arena = Bump::new();
        assert!(
            parse(line.as_bytes(), false, &keys(), &BUILT_IN, &arena)
                .unwrap()
                .fields
                .get("k8s.pod.name")
                .is_none()
        );
    }

    #[test]
    fn a_key_with_two_values_is_believed_in_neither() {
        let line = "12:00:00.000000000: Notice A shell was spawned in a container with an attached terminal | user=root command=sh -c x k8s_pod_name=victim terminal=0 k8s_pod_name=intruder";
        let arena = Bump::new();
        let event = parse(line.as_bytes(), false, &keys(), &BUILT_IN, &arena).unwrap();
        assert_eq!(event.ambiguous, ["k8s.pod.name"]);
        assert!(event.fields.get("k8s.pod.name").is_none());
    }

    #[test]
    fn the_escaped_line_is_unescaped_and_others_are_not() {
        let new = r#"12:00:00.000000000: Notice A shell was spawned in a container with an attached terminal | user=root command=bash -c \"echo a\\tb\" terminal=0"#;
        assert_eq!(get(new, "proc.cmdline").as_deref(), Some("bash -c \"echo a\\tb\""));
        let old = r#"12:00:00.000000000: Notice A shell was spawned in a container with an attached terminal | user=root command=bash -c "echo a\tb" terminal=0"#;
        assert_eq!(get(old, "proc.cmdline").as_deref(), Some("bash -c \"echo a\\tb\""));
    }

    /// Whoever starts a process chooses its command line: neither what looks escaped nor what cannot be may pass as
    /// JSON.
    #[test]
    fn a_line_with_control_characters_is_not_escaped() {
        for control in ["\0", "\t", "\u{1f}"] {
            let line = format!(r#"12:00:00.000000000: Notice x command=\"{control}y terminal=0"#);
            let value = format!(r#"\"{control}y"#);
            assert_eq!(get(&line, "proc.cmdline").as_deref(), Some(value.as_str()));
        }
    }

    #[test]
    fn a_line_with_half_of_a_pair_is_not_escaped() {
        let command = |part: &str| get(&format!("12:00:00.000000000: Notice x command={part}"), "proc.cmdline");
        assert_eq!(command(r"\ud83e\udd85").as_deref(), Some("\u{1f985}"));
        for half in [r"\ud83e", r"\udd85\u0041", r"\ud83e\ud83e\udd85", r"\ud83e\n", r"\u004"] {
            assert_eq!(command(half).as_deref(), Some(half));
        }
    }

    #[test]
    fn log_lines_are_no_alerts() {
        for line in [
            "2026-04-13T17:57:35+0000: Falco version: 0.43.0 (x86_64)",
            "Tue Oct 29 13:40:25 2024: Falco version: 0.39.1",
            "   Terminal shell in container: 2",
            "12:00:00.000000000: Unknown thing",
            "12:00:00: Warning thing",
        ] {
            assert!(
                parse(line.as_bytes(), false, &keys(), &BUILT_IN, &Bump::new()).is_none(),
                "{line}"
            );
        }
    }
}
