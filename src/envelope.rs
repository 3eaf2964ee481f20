//! What wraps a Falco line: container runtimes, syslog, journald, log shippers.
//!
//! A wrapper is taken off one layer at a time, and only to see whether a Falco alert is inside: where none is,
//! the line goes out as it came.

use bumpalo::Bump;

use crate::event::{Event, Instant, Key, Record};
use crate::json::{Text, Value, word};

/// Layers that are taken off at most: Docker inside syslog inside a shipper's `message`, and one to spare.
pub(crate) const DEPTH: usize = 4;

/// Keys under which runtimes and log shippers keep a raw line: Docker and Fluent Bit (`log`), Vector,
/// Fluent Bit's parsers and most others (`message`), journald (`MESSAGE`), and a few more.
const LINE_KEYS: [&str; 7] = ["log", "message", "MESSAGE", "msg", "body", "line", "event"];

/// One wrapper around a line, and the wrappers around it.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub(crate) name: &'a str,
    pub(crate) around: Option<&'a Layer<'a>>,
    pub(crate) kept: Kept<'a>,
}

/// What a wrapper says beside the line.
#[derive(Clone, Copy)]
pub(crate) enum Kept<'a> {
    /// Parts of a textual prefix, and when it was put on.
    Parts {
        /// The prefix and what stands behind it.
        text: &'a [u8],
        parts: &'a [(&'static str, &'a str)],
        time: Option<Instant>,
    },
    /// The other members of an object; the line is the member at `carrier`.
    Members { record: &'a Record<'a>, carrier: usize },
}

impl<'a> Layer<'a> {
    /// This layer and those around it.
    pub(crate) fn outward(&self) -> impl Iterator<Item = &Layer<'a>> {
        std::iter::successors(Some(self), |layer| layer.around)
    }

    /// Those of them that are JSON objects.
    pub(crate) fn records(&self) -> impl Iterator<Item = &'a Record<'a>> {
        self.outward().filter_map(|layer| match layer.kept {
            Kept::Members { record, .. } => Some(record),
            Kept::Parts { .. } => None,
        })
    }

    /// When the wrapper was put on.
    pub(crate) fn time(&self, arena: &'a Bump) -> Option<Instant> {
        match self.kept {
            Kept::Parts { time, .. } => time,
            Kept::Members { record, .. } => written(record, arena),
        }
    }

    /// The text that says so, where it is one that stands in the line as it is.
    pub(crate) fn time_text(&self, arena: &'a Bump) -> Option<&'a [u8]> {
        match self.kept {
            Kept::Parts { parts, .. } => {
                let (_, time) = parts.iter().find(|(name, _)| *name == "time")?;
                Some(time.as_bytes())
            }
            Kept::Members { record, .. } => dated(record, arena)?.0.borrowed(),
        }
    }
}

/// A textual prefix and the line behind it.
pub(crate) struct Prefix<'a> {
    pub(crate) name: &'static str,
    pub(crate) time: Option<Instant>,
    pub(crate) parts: Vec<(&'static str, &'a str)>,
    pub(crate) line: &'a str,
}

/// Takes a textual prefix off a line.
#[inline(never)] // see `Annotator::unwrap`
pub(crate) fn prefix(line: &str) -> Option<Prefix<'_>> {
    match line.as_bytes().first()? {
        b'<' => {
            let (priority, rest) = line[1..].split_once('>')?;
            if priority.is_empty() || priority.len() > 3 || !priority.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let mut prefix = match rest.strip_prefix("1 ") {
                Some(rest) => rfc5424(rest)?,
                // falcosidekick puts an RFC 3339 time into an RFC 3164 frame.
                None => bsd(rest, "rfc3164").or_else(|| iso(rest, "rfc3164"))?,
            };
            prefix.parts.insert(0, ("priority", priority));
            Some(prefix)
        }
        b'0'..=b'9' => cri(line).map(Prefix::from).or_else(|| iso(line, "rsyslog")),
        b'A'..=b'Z' => bsd(line, "rfc3164"),
        _ => None,
    }
}

/// `2026-04-13T17:57:43.728694426Z stdout F line`, of containerd and CRI-O.
pub(crate) struct Cri<'a> {
    time: &'a str,
    pub(crate) stream: &'a str,
    tag: &'a str,
    pub(crate) line: &'a str,
}

impl Cri<'_> {
    /// The runtime split the line; more of it follows.
    pub(crate) fn is_partial(&self) -> bool {
        self.tag.split(':').any(|tag| tag == "P")
    }
}

impl<'a> From<Cri<'a>> for Prefix<'a> {
    fn from(cri: Cri<'a>) -> Self {
        Self {
            name: "cri",
            time: Instant::parse(cri.time),
            parts: vec![("time", cri.time), ("stream", cri.stream), ("logtag", cri.tag)],
            line: cri.line,
        }
    }
}

pub(crate) fn cri(line: &str) -> Option<Cri<'_>> {
    let mut words = line.splitn(4, ' ');
    let (time, stream, tag) = (words.next()?, words.next()?, words.next()?);
    let known = matches!(stream, "stdout" | "stderr")
        && matches!(tag.split(':').next(), Some("P" | "F"))
        && time.len() >= 20
        && Instant::parse(time).is_some();
    known.then(|| Cri {
        time,
        stream,
        tag,
        line: words.next().unwrap_or_default(),
    })
}

/// `2026-04-13T17:57:43.728Z host app procid msgid sd message`, behind `<133>1 `.
fn rfc5424(rest: &str) -> Option<Prefix<'_>> {
    let mut words = rest.splitn(6, ' ');
    let mut word = || words.next();
    let (time, host, app, process, id, rest) = (word()?, word()?, word()?, word()?, word()?, word()?);
    let line = match rest.strip_prefix('-') {
        Some(line) => line,
        None => behind_structured_data(rest)?,
    };
    let line = line.strip_prefix(' ').unwrap_or(line);
    Some(Prefix {
        name: "rfc5424",
        time: Instant::parse(time),
        parts: [
            ("time", time),
            ("hostname", host),
            ("appname", app),
            ("procid", process),
            ("msgid", id),
        ]
        .into_iter()
        .filter(|(_, value)| *value != "-")
        .collect(),
        line: line.strip_prefix('\u{feff}').unwrap_or(line),
    })
}

/// What follows `[id key="value \" \]"][id]`.
fn behind_structured_data(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let (mut inside, mut quoted, mut at) = (false, false, 0);
    while let Some(byte) = bytes.get(at) {
        match (inside, quoted, byte) {
            (false, _, b'[') => inside = true,
            (false, _, _) => return (at > 0).then(|| &text[at..]),
            (true, true, b'\\') => at += 1,
            (true, _, b'"') => quoted = !quoted,
            (true, false, b']') => inside = false,
            _ => {}
        }
        at += 1;
    }
    (!inside).then_some("")
}

/// `Jan 25 10:52:54 host falco[21290]: line`: a time without year and zone is no instant.
fn bsd<'a>(line: &'a str, name: &'static str) -> Option<Prefix<'a>> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let time = line.get(..15)?;
    let bytes = time.as_bytes();
    let shaped = MONTHS.find(time.get(..3)?).is_some_and(|at| at % 3 == 0)
        && bytes[3] == b' '
        && (bytes[4] == b' ' || bytes[4].is_ascii_digit())
        && bytes[5].is_ascii_digit()
        && bytes[6] == b' '
        && bytes[9] == b':'
        && bytes[12] == b':';
    if !shaped {
        return None;
    }
    tagged(name, None, time, line[15..].strip_prefix(' ')?)
}

/// `2026-04-13T17:57:43.728694+00:00 host falco: line`
fn iso<'a>(line: &'a str, name: &'static str) -> Option<Prefix<'a>> {
    let (time, rest) = line.split_once(' ')?;
    tagged(name, Some(Instant::parse(time)?), time, rest)
}

/// `host falco[21290]: line`
fn tagged<'a>(name: &'static str, instant: Option<Instant>, time: &'a str, rest: &'a str) -> Option<Prefix<'a>> {
    let (host, rest) = rest.split_once(' ')?;
    let (tag, line) = rest.split_once(": ")?;
    if host.is_empty() || tag.is_empty() || tag.contains(' ') {
        return None;
    }
    let mut parts = vec![("time", time), ("hostname", host)];
    match tag.strip_suffix(']').and_then(|t| t.split_once('[')) {
        Some((app, process)) => parts.extend([("appname", app), ("procid", process)]),
        None => parts.push(("appname", tag)),
    }
    Some(Prefix {
        name,
        time: instant,
        parts,
        line,
    })
}

/// A member of an object that may hold an alert, and what the wrapper is called.
pub(crate) struct Carrier<'a> {
    pub(crate) name: &'a str,
    pub(crate) index: usize,
    /// The alert as it stands there: a line, or an object.
    pub(crate) load: Value<'a>,
}

/// Members that may hold an alert: objects first (Fluent Bit's `Merge_Log_Key`, whatever its name), for they need no
/// decoding, then lines.
pub(crate) fn carriers<'a>(record: &'a Record<'a>) -> impl Iterator<Item = Carrier<'a>> {
    let mut lines = [None; LINE_KEYS.len()];
    for (index, rank) in record.lines() {
        if let Some(Value::String(text)) = record.value(index)
            && may_begin(text)
            && let Some(line) = lines.get_mut(rank)
        {
            *line = line.or(Some(index));
        }
    }
    let objects = record.objects().filter_map(|index| {
        Some(Carrier {
            name: std::str::from_utf8(record.key(index)?.borrowed()?).ok()?,
            index,
            load: record.value(index)?,
        })
    });
    let lines = LINE_KEYS.into_iter().zip(lines).filter_map(|(key, index)| {
        let index = index?;
        Some(Carrier {
            name: runtime(record, key),
            index,
            load: record.value(index)?,
        })
    });
    objects.chain(lines)
}

/// Which of those a key is.
pub(crate) fn line_key(key: Text<'_>) -> Option<usize> {
    LINE_KEYS.iter().position(|line| key.is(line.as_bytes()))
}

/// How keys begin that every alert's object has in it.
pub(crate) const ALERT_KEYS: [&[u8]; 2] = [b"\"priority", b"\"rule"];

/// Whether an object may be an alert, or what wraps one.
pub(crate) fn may_be_alert(object: &[u8]) -> bool {
    ALERT_KEYS.iter().all(|key| word::contains(object, key))
}

/// Positions of those members of a record that are the raw line of an alert that stands beside them parsed, as Fluent Bit's
/// `Merge_Log` leaves it. The alert itself may stand in one, the `carrier`, which is none of them.
#[inline(never)] // It is asked for twice, and the module for Fluent Bit must be small.
pub(crate) fn raw_lines<'a>(
    record: &'a Record<'a>,
    carrier: Option<usize>,
    event: &Event<'a>,
    arena: &'a Bump,
) -> &'a [usize] {
    let others = record.lines().map(|(at, _)| at).filter(move |at| Some(*at) != carrier);
    let raw = others.filter(|at| match record.value(*at) {
        Some(Value::String(text)) if text.first() == Some(b'{') => is_line_of(record.carried(*at), text, event, arena),
        _ => false,
    });
    bumpalo::collections::Vec::from_iter_in(raw, arena).into_bump_slice()
}

#[inline(never)]
fn is_line_of<'a>(known: Option<&'a Record<'a>>, text: Text<'a>, event: &Event<'a>, arena: &'a Bump) -> bool {
    let read = || Some(&*arena.alloc(Record::read(text.decode(arena).trim_ascii(), arena).ok()?));
    let Some(raw) = known.or_else(read).and_then(|record| record.event(arena)) else {
        return false;
    };
    let same = |a: Option<Text<'a>>, b: Option<Text<'a>>| match (a, b) {
        (Some(a), Some(b)) => word::same(a.decode(arena), b.decode(arena)),
        (None, None) => true,
        _ => false,
    };
    same(raw.rule, event.rule) && same(raw.time, event.time) && same(raw.output, event.output)
}

/// Whether a line may be an alert or a wrapper, by its first bytes: an object, a syslog priority, a clock, a date, or the
/// name of a month.
fn may_begin(text: Text<'_>) -> bool {
    matches!(
        text.raw(),
        [b'{' | b'<', ..]
            | [b'0'..=b'9', b'0'..=b'9', b':', ..]
            | [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..]
            | [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..]
    )
}

/// Docker and journald are known by their other keys; anything else is called by the key of the line.
fn runtime(record: &Record<'_>, key: &'static str) -> &'static str {
    let has = |key: &str| record.get(key).is_some();
    match key {
        "log" if record.len() <= 4 && record.known(Key::Time).is_some() && has("stream") && !has("_p") => "docker",
        "MESSAGE" if has("__REALTIME_TIMESTAMP") || has("_HOSTNAME") || has("SYSLOG_IDENTIFIER") => "journald",
        _ => key,
    }
}

/// Keys of a time that is text, in the order in which they count, and of journald's number.
const TIMES: [&str; 3] = ["time", "timestamp", "@timestamp"];
const JOURNALD_TIME: &str = "__REALTIME_TIMESTAMP";

/// Whether a wrapper's key says when it was put on.
pub(crate) fn is_time(key: &[u8]) -> bool {
    TIMES.iter().chain([&JOURNALD_TIME]).any(|time| time.as_bytes() == key)
}

/// When the object was written, by the keys that Docker, journald and log shippers use.
fn written<'a>(record: &Record<'a>, arena: &'a Bump) -> Option<Instant> {
    let instant = dated(record, arena).map(|(_, instant)| instant);
    instant.or_else(|| match record.get(JOURNALD_TIME) {
        Some(Value::String(text)) => Instant::from_micros(text.decode(arena)),
        _ => None,
    })
}

/// The first of its texts that says when.
fn dated<'a>(record: &Record<'a>, arena: &'a Bump) -> Option<(Text<'a>, Instant)> {
    TIMES.iter().find_map(|key| match record.get(key) {
        Some(Value::String(text)) => Some((text, Instant::parse(text.decode(arena))?)),
        _ => None,
    })
}

/// What a log shipper's `kubernetes` object says of the container with this id, under the catalog's names.
///
/// In a DaemonSet the object describes the pod that printed the line, which is Falco's own. Only where its
/// container is the event's is it about the event; nothing else in it can tell.
pub(crate) fn metadata<'a>(
    record: &Record<'a>,
    container: &[u8],
    arena: &'a Bump,
) -> Option<&'a [(&'static str, &'a [u8])]> {
    /// The keys of Fluent Bit's filter and of Vector's source.
    const KEYS: [(&str, &str); 7] = [
        ("pod_name", "@kubernetes.pod"),
        ("namespace_name", "@kubernetes.namespace"),
        ("pod_namespace", "@kubernetes.namespace"),
        ("host", "@kubernetes.node"),
        ("pod_node_name", "@kubernetes.node"),
        ("container_name", "@kubernetes.container"),
        ("container_image", "@kubernetes.image"),
    ];
    let Some(Value::Object(text)) = record.known(Key::Kubernetes) else {
        return None;
    };
    if container.len() < 12 || !word::contains(text, container) {
        return None;
    }
    let kubernetes = Record::read(text, arena).ok()?;
    let of = |key: &str| match kubernetes.get(key) {
        Some(Value::String(text)) => Some(text.decode(arena)),
        _ => None,
    };
    let same = ["docker_id", "container_id"]
        .iter()
        .filter_map(|key| of(key))
        .any(|id| {
            // `containerd://4cc4da328699..`
            let behind = id.windows(3).rposition(|part| part == b"://").map_or(0, |at| at + 3);
            id[behind..].starts_with(container)
        });
    let found = KEYS.iter().filter_map(|(key, name)| Some((*name, of(key)?)));
    same.then(|| bumpalo::collections::Vec::from_iter_in(found, arena).into_bump_slice())
}

/// Whether the lines that a host has seen end inside one that their runtime split, so that it does not cut a batch there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Split {
    open: bool,
}

impl Split {
    /// Takes the next line, without its line break. Returns whether it goes on in the one after it.
    pub fn goes_on(&mut self, line: &[u8]) -> bool {
        self.open = !is_last(line) && fragment(line).is_some_and(|f| !f.last && (self.open || !f.is_whole()));
        self.open
    }
}

/// A piece of a line that a runtime split, or might have.
pub(crate) struct Fragment<'a> {
    /// `stdout` or `stderr`.
    pub(crate) stream: String,
    pub(crate) last: bool,
    /// What stands before the line, so that joined pieces can be wrapped as one.
    frame: Frame<'a>,
}

enum Frame<'a> {
    Cri(Cri<'a>),
    Docker(String, &'a str),
}

impl Fragment<'_> {
    /// The piece itself.
    pub(crate) fn piece(&self) -> &str {
        match &self.frame {
            Frame::Cri(cri) => cri.line,
            Frame::Docker(line, _) => line,
        }
    }

    /// The piece needs no other: Docker's parsers strip the line break that would say so.
    pub(crate) fn is_whole(&self) -> bool {
        let is_object = |line: &str| Record::read(line.as_bytes(), &Bump::new()).is_ok();
        matches!(&self.frame, Frame::Docker(line, _) if is_object(line) || !line.starts_with('{'))
    }

    /// The joined line in the wrapper of its last piece.
    pub(crate) fn wrap(&self, joined: &str) -> String {
        match &self.frame {
            Frame::Cri(cri) => format!("{} {} {} {joined}", cri.time, cri.stream, cri.tag),
            Frame::Docker(_, rest) => {
                let mut text = b"{\"log\":\"".to_vec();
                crate::json::escape(&mut text, joined);
                format!("{}\",{rest}", String::from_utf8_lossy(&text))
            }
        }
    }
}

/// Bytes that `"stream":"stderr","time":"2026-04-13T17:57:43.728694426+00:00"}` has, and some more.
const DOCKER_END: usize = 96;
const DOCKER_STREAM: &[u8] = b"\"stream\"";

/// Whether a line shows at once that it is no piece of one that goes on: it is whole, the last piece, or of nobody who
/// splits lines.
pub(crate) fn is_last(line: &[u8]) -> bool {
    match line {
        [b'0'..=b'9', ..] => {
            let Some((_, stream)) = word::split(line, b" ").filter(|(_, behind)| behind.starts_with(b"std")) else {
                return true;
            };
            let tag = word::split(stream, b" ").map_or(&b""[..], |(_, behind)| behind);
            !word::split(tag, b" ").map_or(tag, |(tag, _)| tag).contains(&b'P')
        }
        [b'{', b'"', b'l', ..] => {
            let end = docker_end(line);
            match word::position(end, DOCKER_STREAM) {
                Some(at) => matches!(end.get(..at), Some([.., before, b'\\', b'n', b'"', b',']) if *before != b'\\'),
                None => true,
            }
        }
        _ => true,
    }
}

/// Docker writes `{"log":"..","stream":"..","time":".."}`, always in this order: the end of such a line from the stream on,
/// and some more. Other programs' records begin like that, too, and each line of an input is looked at.
fn docker_end(line: &[u8]) -> &[u8] {
    line.get(line.len().saturating_sub(DOCKER_END)..).unwrap_or_default()
}

/// The line as a piece of a split one, if its wrapper splits lines: CRI says so by a tag, Docker by leaving
/// out the final line break.
pub(crate) fn fragment(line: &[u8]) -> Option<Fragment<'_>> {
    // A time, or an object; most other lines show at once that they are neither.
    if !matches!(line, [b'0'..=b'9', ..] | [b'{', b'"', b'l', ..]) {
        return None;
    }
    let text = std::str::from_utf8(line).ok()?;
    if let Some(cri) = cri(text) {
        return Some(Fragment {
            stream: cri.stream.to_owned(),
            last: !cri.is_partial(),
            frame: Frame::Cri(cri),
        });
    }
    let rest = text.strip_prefix("{\"log\":\"")?;
    if !word::contains(docker_end(line), DOCKER_STREAM) {
        return None;
    }
    let arena = Bump::new();
    let record = Record::read(text.as_bytes(), &arena).ok()?;
    let (Some(log), Some(stream), 3) = (record.member(0), record.member(1), record.len()) else {
        return None;
    };
    let (Value::String(log_text), Value::String(stream)) = (log.value, stream.value) else {
        return None;
    };
    let line = log_text.decode_str(&arena).to_owned();
    let behind = &rest[log.text.len() - "\"log\":\"".len() + 1..];
    Some(Fragment {
        stream: stream.decode_str(&arena).to_owned(),
        last: line.ends_with('\n'),
        frame: Frame::Docker(line, behind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (String, String, Vec<(&'static str, String)>) {
        let prefix = prefix(line).unwrap_or_else(|| panic!("no prefix: {line}"));
        (
            prefix.name.to_owned(),
            prefix.line.to_owned(),
            prefix.parts.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(),
        )
    }

    #[test]
    fn prefixes() {
        for (line, name, inner) in [
            ("2026-04-13T17:57:43.728694426Z stdout F {\"a\":1}", "cri", "{\"a\":1}"),
            (
                "<133>1 2026-04-13T17:57:43.728Z node-1 falco 19460 - - x",
                "rfc5424",
                "x",
            ),
            (
                r#"<133>1 2026-04-13T17:57:43.728Z n f - - [a b="\"]x"][c] x"#,
                "rfc5424",
                "x",
            ),
            ("<133>Apr 13 17:57:43 node-1 falco[19460]: x", "rfc3164", "x"),
            ("Jan  3 19:39:42 falco falco: x", "rfc3164", "x"),
            ("<4>2024-08-07T13:49:16Z host Falco[1]: x", "rfc3164", "x"),
            ("2026-04-13T17:57:43.728694+00:00 node-1 falco: x: y", "rsyslog", "x: y"),
        ] {
            let (got, rest, _) = parts(line);
            assert_eq!((got.as_str(), rest.as_str()), (name, inner), "{line}");
        }
    }

    #[test]
    fn what_looks_like_a_last_piece_is_no_other() {
        let piece = |line: &str| fragment(line.as_bytes()).is_some_and(|fragment| !fragment.last);
        for (line, last) in [
            ("2026-04-13T17:57:43.728694426Z stdout F x", true),
            ("2026-04-13T17:57:43.728694426Z stdout P x", false),
            ("2026-04-13T17:57:43.728694426Z stderr F:P", false),
            ("2026-04-13T17:57:43.728694426Z stdout P", false),
            ("13:40:25.978642167: Warning stdout P x", true),
            (
                r#"{"log":"x\n","stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}"#,
                true,
            ),
            (
                r#"{"log":"\n","stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}"#,
                true,
            ),
            (
                r#"{"log":"x\\n","stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}"#,
                false,
            ),
            (
                r#"{"log":"x","stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}"#,
                false,
            ),
            (r#"{"log":"x"}"#, true),
            ("", true),
        ] {
            assert_eq!((is_last(line.as_bytes()), piece(line)), (last, !last), "{line}");
        }
    }

    #[test]
    fn parts_are_named() {
        let (_, _, parts) = parts("<133>Apr 13 17:57:43 node-1 falco[19460]: x");
        let expected = [
            ("priority", "133"),
            ("time", "Apr 13 17:57:43"),
            ("hostname", "node-1"),
            ("appname", "falco"),
            ("procid", "19460"),
        ];
        assert_eq!(parts, expected.map(|(k, v)| (k, v.to_owned())));
    }

    #[test]
    fn other_lines_have_none() {
        for line in [
            "",
            "<>x",
            "<1234>x",
            "May be a log line of something",
            "Mé",
            "<1>a\u{fffd}b Apr 13 17:57:43 node-1 falco: x",
            "Ap\u{fffd} 13 17:57:43 node-1 falco: x",
            "<13>",
            "2026-04-13",
            "{\"a\":1}",
        ] {
            assert!(prefix(line).is_none(), "{line}");
        }
    }

    #[test]
    fn pieces_go_on_and_whole_lines_do_not() {
        let docker =
            |log: &str| format!(r#"{{"log":{log},"stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}}"#);
        let mut split = Split::default();
        let mut goes_on = |line: &str| split.goes_on(line.as_bytes());
        // Docker's own form.
        assert!(goes_on(&docker(r#""{\"rule\":""#)));
        assert!(goes_on(&docker(r#""in the middle""#)));
        assert!(!goes_on(&docker(r#""}\n""#)));
        // With the line breaks stripped, as log shippers do.
        for line in [
            r#""{\"rule\":\"x\"}""#,
            r#""13:40:25.978642167: Warning x""#,
            r#""other""#,
        ] {
            assert!(!goes_on(&docker(line)), "{line}");
        }
        assert!(goes_on("2026-04-13T17:57:43.728694426Z stdout P {"));
        assert!(!goes_on("2026-04-13T17:57:43.728694426Z stdout F }"));
        assert!(!goes_on("other"));
        // Not Docker's.
        assert!(!goes_on(r#"{"log":"{\"rule\":","file":"falco.log","_p":"F"}"#));
    }

    #[test]
    fn joined_pieces_are_wrapped_as_the_last_one() {
        let line = br#"{"log":"x\n","stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}"#;
        let whole = fragment(line).map(|f| f.wrap("a\"b\n"));
        assert_eq!(
            whole.as_deref(),
            Some(r#"{"log":"a\"b\n","stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}"#)
        );
    }
}
