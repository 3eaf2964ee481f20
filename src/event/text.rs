//! Alerts as text lines: `<time>: <Priority> <message>`.
//!
//! Up to 0.44 Falco escapes nothing: a value may hold spaces, `=`, parentheses and whole other fields. So
//! fields are split at known keys, never at spaces, and a key that comes twice with different values is
//! believed in neither.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::catalog;

use super::fields::{Field, Fields};
use super::{Event, Format, Instant, Priority};
use crate::json::{Text, Value, word};
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
    let time = [18, 34].into_iter().find(|at| line.get(*at) == Some(&b':'))?;
    let begin = time + 2;
    if line.get(time..begin)? != b": " {
        return None;
    }
    let text = line.get(..time)?;
    if !is_clock(text) && !is_iso(text) {
        return None;
    }
    let end = word::find(line, begin, b' ');
    Some(Head {
        time,
        priority: Priority::parse(line.get(begin..end)?)?,
        message: line.len().min(end + 1),
    })
}

/// `HH:MM:SS.nnnnnnnnn`
fn is_clock(text: &[u8]) -> bool {
    let is_like = |at, sample| word::load(text, at).is_some_and(|word| word::is_like(word, sample));
    text.len() == 18 && is_like(0, *b"00:00:00") && is_like(8, *b".0000000") && is_like(10, *b"00000000")
}

/// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn+0000`
fn is_iso(text: &[u8]) -> bool {
    let signed = matches!(text.get(29), Some(b'+' | b'-'));
    text.len() == 34 && signed && text.get(11..29).is_some_and(is_clock) && Instant::parse(text).is_some()
}

/// The alert of a text line, if it is one.
#[inline(never)] // see `Annotator::unwrap`
pub(crate) fn parse<'a>(line: &'a str, keys: &Keys, catalog: &'a Catalog, arena: &'a Bump) -> Option<Event<'a>> {
    let head = head(line.as_bytes())?;
    let (head_time, head_message) = (line.get(..head.time)?, line.get(head.message..)?);
    let told = catalog::told_by(catalog, head_message);
    let message = told.and_then(|told| catalog.messages.get(usize::from(told)));
    let rule = message.and_then(|message| catalog.rules.get(usize::from(message.rule)));
    let source = rule.map_or("", |rule| rule.source.as_ref());
    let (fields, ambiguous) = fields(head_message, source, (keys, catalog), arena);
    let iso = head.time > 18;
    let time = iso.then(|| Instant::parse(head_time)).flatten().map(Instant::falco);
    Some(Event {
        format: Format::Text,
        rule: None,
        priority: head.priority,
        output: Some(Text::plain(line)),
        message: Some(head_message.as_bytes()),
        source: None,
        tags: b"",
        hostname: None,
        uuid: None,
        time: time.map(|time| Text::plain(arena.alloc_str(&time))),
        clock: (!iso).then_some(head_time),
        fields,
        metadata: &[],
        ambiguous,
        told,
    })
}

/// A key that was found, and where its value is.
struct Hit<'c> {
    key: &'c TextKey,
    /// Offset of the key.
    at: usize,
    /// Offset behind `=`.
    value: usize,
}

fn fields<'a>(
    message: &'a str,
    source: &str,
    (keys, catalog): (&Keys, &'a Catalog),
    arena: &'a Bump,
) -> (Fields<'a>, &'a [&'a str]) {
    let hits = hits(message, keys, catalog);
    let mut values: Vec<&'a str> = Vec::with_capacity(hits.len());
    for (i, hit) in hits.iter().enumerate() {
        let end = hits.get(i + 1).map_or(message.len(), |next| next.at);
        let value = message.get(hit.value..end).unwrap_or_default();
        // Separators, and the parenthesis of `container=name (id=..)`.
        values.push(value.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '(')));
    }
    let inside = close_parenthesis(message, &hits, &mut values);
    let escaped = is_escaped(message);
    let mut fields: ArenaVec<'a, Field<'a>> = ArenaVec::new_in(arena);
    let mut ambiguous: ArenaVec<'a, &'a str> = ArenaVec::new_in(arena);
    let get = |fields: &[Field<'a>], field: &str| {
        let known = fields.iter().find(|known| word::same(known.name, field.as_bytes()));
        known.map(|known| known.value)
    };
    let mut unsure: Vec<(&str, Value<'a>)> = Vec::new();
    let doubtful = doubtful(&hits[..inside]);
    for (i, (hit, value)) in hits.iter().zip(values).enumerate() {
        let value = unquote(value);
        let Some(field) = field(hit.key, source, value) else {
            continue;
        };
        let read = read(value, hit.key.number, escaped);
        match get(&fields, field) {
            _ if doubtful.contains(&i) => unsure.push((field, read)),
            None => fields.push(Field::new(field.as_bytes(), read)),
            Some(known) if known == read => {}
            Some(_) => note(&mut ambiguous, field),
        }
    }
    for (field, read) in unsure {
        // The same value outside of the command line settles it.
        if get(&fields, field) != Some(read) {
            note(&mut ambiguous, field);
        }
    }
    fields.retain(|field| !ambiguous.iter().any(|a| a.as_bytes() == field.name));
    (Fields::new(fields.into_bump_slice()), ambiguous.into_bump_slice())
}

fn note<'a>(ambiguous: &mut ArenaVec<'a, &'a str>, field: &'a str) {
    if !ambiguous.contains(&field) {
        ambiguous.push(field);
    }
}

/// Finds the keys of Falco's text output by their names.
pub(crate) struct Keys {
    /// Position in the catalog and one, or 0, at the hash of the name or a few places on.
    slots: Vec<u16>,
    /// Bytes of the longest one.
    longest: usize,
}

/// Bits of a name's hash. That makes far more slots than there are names.
const BITS: u32 = 12;

impl Keys {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut slots = vec![0; 1 << BITS];
        for (key, place) in catalog.text_keys.iter().zip(1..) {
            let free = Self::places(key.key.as_bytes()).find(|slot| slots.get(*slot) == Some(&0));
            if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
                *slot = place;
            }
        }
        let longest = catalog.text_keys.iter().map(|key| key.key.len()).max();
        Self {
            slots,
            longest: longest.unwrap_or(0),
        }
    }

    /// Where a name may be, the first place first.
    fn places(name: &[u8]) -> impl Iterator<Item = usize> {
        let hash = word::hash(name, BITS);
        (hash..1 << BITS).chain(0..hash)
    }

    fn find<'c>(&self, name: &[u8], catalog: &'c Catalog) -> Option<&'c TextKey> {
        let slots = Self::places(name).map_while(|slot| self.slots.get(slot).filter(|place| **place > 0));
        let mut keys = slots.filter_map(|place| catalog.text_keys.get(usize::from(*place) - 1));
        keys.find(|key| word::same(key.key.as_bytes(), name))
    }
}

/// The known keys of a message, in order. A key is what stands between the beginning of a word and the next `=`; of
/// several the longest, so `target user=` is not `user=`.
fn hits<'c>(message: &str, keys: &Keys, catalog: &'c Catalog) -> Vec<Hit<'c>> {
    let bytes = message.as_bytes();
    let mut hits = Vec::with_capacity(32);
    let mut from = 0;
    loop {
        let equals = word::find(bytes, from, b'=');
        if equals == bytes.len() {
            return hits;
        }
        let begin = from.max(equals.saturating_sub(keys.longest));
        let named = |at: usize| {
            let name = bytes
                .get(at..equals)
                .filter(|name| name.first().is_some_and(u8::is_ascii_alphabetic))?;
            Some((at, keys.find(name, catalog)?))
        };
        // What stands before each byte of the name.
        let before = bytes.get(begin.saturating_sub(1)..equals).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b' ' | b'(' | b'|' | b',');
        let words = (begin.max(1)..)
            .zip(before)
            .filter_map(|(at, byte)| ends(byte).then_some(at));
        let first = (begin == 0).then_some(0);
        let value = equals + 1;
        if let Some((at, key)) = first.into_iter().chain(words).find_map(named) {
            hits.push(Hit { key, at, value });
        }
        from = value;
    }
}

/// In the style `Text (k=v k=v) k=v` the last value inside carries the closing parenthesis: it is the last
/// value that ends with one more than it opens. Returns how many keys stand inside; all where there is none.
fn close_parenthesis(message: &str, hits: &[Hit<'_>], values: &mut [&str]) -> usize {
    let opened = hits
        .first()
        .is_some_and(|first| message.get(..first.at).is_some_and(|head| head.contains('(')));
    let unbalanced = |value: &str| value.ends_with(')') && value.matches(')').count() > value.matches('(').count();
    let closing = values
        .iter_mut()
        .enumerate()
        .rev()
        .find(|(_, value)| opened && unbalanced(value));
    let Some((last, value)) = closing else {
        return hits.len();
    };
    *value = value[..value.len() - 1].trim_end();
    // `%container.info` prints `name (id=26a75f9eb595)` inside the outer pair.
    if unbalanced(value) {
        *value = value[..value.len() - 1].trim_end();
    }
    last + 1
}

/// Keys that name a container or a pod, but may be part of a command line: they stand behind one, and fields
/// that Falco's templates print before container and pod come only later.
///
/// Whoever starts a process chooses its command line. ` k8s_pod_name=victim` in it must not make bewit tell
/// people to delete that pod.
fn doubtful(inside: &[Hit<'_>]) -> Vec<usize> {
    let is = |hit: &Hit<'_>, test: fn(&str) -> bool| hit.key.fields.iter().any(|f| test(&f.field));
    let free = |hit: &Hit<'_>| {
        is(hit, |f| {
            matches!(f, "proc.cmdline" | "proc.pcmdline" | "proc.args" | "evt.args")
        })
    };
    let identity = |hit: &Hit<'_>| is(hit, |f| f.starts_with("container.") || f.starts_with("k8s"));
    let first_free = inside.iter().position(free).unwrap_or(inside.len());
    let last_other = inside.iter().rposition(|hit| !identity(hit)).unwrap_or(0);
    (first_free..last_other).filter(|i| identity(&inside[*i])).collect()
}

/// okta's templates quote values.
fn unquote(value: &str) -> &str {
    value
        .strip_prefix('\'')
        .and_then(|v| v.strip_suffix('\''))
        .unwrap_or(value)
}

/// The field that a key prints for a source.
fn field<'k>(key: &'k TextKey, source: &str, value: &str) -> Option<&'k str> {
    // `-pk` and `-pc` print the name or the id under the same key, by version.
    if key.key == "container" && !is_container_id(value) && value != "host" {
        return Some("container.name");
    }
    let of = |wanted: &str| key.fields.iter().find(|f| f.source == wanted);
    of(source)
        .or_else(|| of(""))
        .or_else(|| of("syscall"))
        .or_else(|| key.fields.first())
        .map(|f| f.field.as_ref())
}

fn is_container_id(value: &str) -> bool {
    (12..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_hexdigit())
}

/// From 0.45 on the whole line is JSON-escaped. Such a line has no bare quote, no control character and no stray
/// backslash, and an escape of a quote or a backslash gives it away. Half of a surrogate pair is none of Falco's, and
/// would be no JSON that everybody reads.
fn is_escaped(message: &str) -> bool {
    let bytes = message.as_bytes();
    let unit = |at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let mut digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
        digits.try_fold(0, |unit, digit| Some(unit << 4 | digit?))
    };
    let (mut telling, mut at) = (false, 0);
    loop {
        at = word::special(bytes, at, &mut 0);
        match (bytes.get(at), bytes.get(at + 1)) {
            (None, _) => return telling,
            (Some(b'\\'), Some(b'"' | b'\\')) => (telling, at) = (true, at + 2),
            (Some(b'\\'), Some(b'n' | b'r' | b't' | b'b' | b'f')) => at += 2,
            (Some(b'\\'), Some(b'u')) => {
                let len = match (unit(at), unit(at + 6)) {
                    (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                    (Some(0xd800..=0xdfff) | None, _) => return false,
                    (Some(_), _) => 6,
                };
                (telling, at) = (true, at + len);
            }
            _ => return false,
        }
    }
}

fn read<'a>(value: &'a str, number: bool, escaped: bool) -> Value<'a> {
    if value == "<NA>" {
        Value::Null
    } else if number && value.parse::<i64>().is_ok() && canonical(value) {
        Value::Number(value.as_bytes())
    } else if escaped {
        Value::String(Text::escaped(value))
    } else {
        Value::String(Text::plain(value))
    }
}

/// A JSON number as it stands: no `+`, no leading zeros.
fn canonical(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits == "0" || !digits.starts_with(['0', '+'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::BUILT_IN;

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
            let found: Vec<(usize, usize)> = hits(&message, &Keys::of(&BUILT_IN), &BUILT_IN).iter().map(|hit| (hit.at, hit.value)).collect();
            proptest::prop_assert_eq!(found, simple(&message), "{}", message);
        }
    }

    fn parsed(line: &str) -> Vec<(String, String)> {
        let arena = Bump::new();
        let event = parse(line, &Keys::of(&BUILT_IN), &BUILT_IN, &arena).unwrap_or_else(|| panic!("no alert: {line}"));
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
        let event = parse(line, &Keys::of(&BUILT_IN), &BUILT_IN, &arena).unwrap();
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
            parse(line, &Keys::of(&BUILT_IN), &BUILT_IN, &arena)
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
        let event = parse(line, &Keys::of(&BUILT_IN), &BUILT_IN, &arena).unwrap();
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
                parse(line, &Keys::of(&BUILT_IN), &BUILT_IN, &Bump::new()).is_none(),
                "{line}"
            );
        }
    }
}
