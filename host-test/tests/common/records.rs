//! Lines of every kind that a log can hold, and what must become of each, whatever bewit is run in.
//!
//! What is expected is known from how a line was made, and checked with serde_json: nothing here asks bewit.

use std::fmt;

use bewit::catalog::BUILT_IN;
use bewit_catalog::compile::PRIORITIES;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::random::Random;

/// Lines that belong together, and what they hold.
pub(crate) struct Unit {
    /// One line, or the pieces of a split one; none has a line feed in it.
    pub(crate) lines: Vec<Vec<u8>>,
    holds: Holds,
    /// Deeper, or with larger numbers, than Fluent Bit reads.
    pub(crate) extreme: bool,
}

enum Holds {
    /// An alert of these members, in this order, whatever is around it.
    Json(Vec<(String, String)>),
    /// A text alert.
    Text(String),
    /// Something over a limit: it passes with the reason, where there is a place for it.
    TooMuch,
    /// Something that may be an alert and may be none: then it passes.
    Anything,
    /// No alert.
    Other,
}

/// Bytes from which on a line is over the limit, in the configuration of these tests.
pub(crate) const LINE_BYTES: usize = 64 << 10;
/// Keys from which on an alert is over the limit.
pub(crate) const FIELDS: usize = 500;

/// Lines of all kinds, endlessly; the same for the same seed.
pub(crate) struct Records {
    random: Random,
    number: u64,
}

impl Records {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            number: seed << 32,
        }
    }
}

impl Iterator for Records {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        self.number += 1;
        let (random, number) = (&mut self.random, self.number);
        Some(match random.below(100) {
            0..45 => json(random, number),
            45..60 => text(random, number),
            60..75 => damaged(random, number),
            75..78 => deep(random, number),
            78..79 => oversized(random, number),
            79..81 => many_fields(random, number),
            _ => other(random, number),
        })
    }
}

fn unit(lines: Vec<Vec<u8>>, holds: Holds) -> Unit {
    Unit {
        lines,
        holds,
        extreme: false,
    }
}

/// Other spellings of priorities than [`PRIORITIES`].
const SPELLINGS: [&str; 3] = ["warning", "CRITICAL", "info"];

/// Numbers as Falco and others spell them, and as no double can hold them.
const NUMBERS: [&str; 16] = [
    "0",
    "-0",
    "1730209225978642167",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "1e5",
    "1E+5",
    "1e-05",
    "-0.0",
    "0.10",
    "1.0000000000000000000001",
    "1e-400",
    "1.7976931348623157e308",
    "2.50",
];

/// Strings in the spelling of JSON.
const STRINGS: [&str; 18] = [
    r#""""#,
    r#""root""#,
    r#""<NA>""#,
    r#""sh -c \"id\" 'x'""#,
    r#""\u0000\u0001\u001f""#,
    r#""\ud83e\udd85 🦅""#,
    r#""\ud800 lone""#,
    r#""\udc00\ud800""#,
    r#""a\/b\\c\b\f\n\r\t""#,
    "\"größer \u{202e} reversed\"",
    r#""\u202e\u200b""#,
    r#""${IFS}$(id)`id`""#,
    r#""{\"rule\":\"x\",\"priority\":\"Error\",\"output\":\"y\"}""#,
    r#""</script><!--""#,
    r#""k8s_pod_name=victim""#,
    r#""\u001b[31m""#,
    r#"" leading and trailing ""#,
    r#""\u00e9\u0065\u0301""#,
];

const FIELDS_OF_FALCO: [&str; 14] = [
    "proc.cmdline",
    "proc.name",
    "proc.pname",
    "user.name",
    "user.uid",
    "container.id",
    "container.image.repository",
    "k8s.pod.name",
    "k8s.ns.name",
    "fd.name",
    "fd.sip",
    "evt.time",
    "evt.type",
    "ka.target.name",
];

fn value(random: &mut Random, depth: usize) -> String {
    match random.below(if depth > 0 { 10 } else { 8 }) {
        0..3 => (random.one(&NUMBERS)).to_owned(),
        3..7 => (random.one(&STRINGS)).to_owned(),
        7 => (random.one(&["null", "true", "false", "[]", "{}"])).to_owned(),
        8 => {
            let elements: Vec<_> = (0..random.below(4)).map(|_| value(random, depth - 1)).collect();
            format!("[{}]", elements.join([",", ", "][random.below(2)]))
        }
        _ => {
            let members: Vec<_> = (0..random.below(4))
                .map(|n| format!("\"k{n}\":{}", value(random, depth - 1)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn rule(random: &mut Random) -> String {
    if random.once_in(4) {
        return format!("Custom rule {} of a shell", random.below(50));
    }
    BUILT_IN.names[random.below(BUILT_IN.names.len())].name.to_string()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn fields(random: &mut Random) -> String {
    let mut members: Vec<String> = (0..random.below(12))
        .map(|_| format!("{}:{}", quoted(random.one(&FIELDS_OF_FALCO)), value(random, 2)))
        .collect();
    if random.once_in(10) {
        members.extend(members.clone());
    }
    if random.once_in(10) {
        members.push(r#""proc":{"name":"sh","tty":34816},"k8s":{"pod":{"name":"cart-1"}}"#.to_owned());
    }
    format!("{{{}}}", members.join([",", ", "][random.below(2)]))
}

/// Members of an alert, with the number in one of them.
fn members(random: &mut Random, number: u64) -> Vec<(String, String)> {
    let output = format!("13:40:25.978642167: Notice record {number} of a test (user=root command=sh -c id)");
    let mut members = vec![
        ("output", quoted(&output)),
        ("priority", quoted(random.one(&[&PRIORITIES[..], &SPELLINGS].concat()))),
        ("rule", quoted(&rule(random))),
        ("time", r#""2024-10-29T13:40:25.978642167Z""#.to_owned()),
    ];
    if random.once_in(10) {
        members[1].1 = random.below(8).to_string();
    }
    if !random.once_in(5) {
        members.push(("output_fields", fields(random)));
    }
    if !random.once_in(4) {
        members.push((
            "source",
            quoted(random.one(&["syscall", "k8s_audit", "okta", "none of ours"])),
        ));
    }
    if !random.once_in(4) {
        members.push(("tags", r#"["container", "T1059","mitre_execution"]"#.to_owned()));
    }
    for _ in 0..random.below(3) {
        // The same one may come twice.
        let key = random.one(&["hostname", "uuid", "note", "größe", "a b", "dotted.key", ""]);
        members.push((key, value(random, 2)));
    }
    for at in (1..members.len()).rev() {
        members.swap(at, random.below(at + 1));
    }
    members
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn object(random: &mut Random, members: &[(String, String)]) -> String {
    let (colon, comma) = random.one(&[(":", ","), (": ", ", "), (" :\t", " , ")]);
    let members: Vec<_> = members
        .iter()
        .map(|(key, value)| format!("{}{colon}{value}", quoted(key)))
        .collect();
    format!("{{{}}}", members.join(comma))
}

fn json(random: &mut Random, number: u64) -> Unit {
    let members = members(random, number);
    let line = object(random, &members);
    unit(wrap(random, &line), Holds::Json(members))
}

fn text(random: &mut Random, number: u64) -> Unit {
    let (begin, end) = random.one(&[
        (
            "A shell was spawned in a container with an attached terminal",
            "user=root container_id=5892b41bcf46",
        ),
        (
            "Sensitive file opened for reading by non-trusted program",
            "file=/etc/shadow process=cat",
        ),
        ("Something of our own", "user=<NA> command=sh -c \"id\""),
    ]);
    let priority = random.one(&PRIORITIES);
    let time = random.one(&["13:40:25.978642167", "2024-10-29T13:40:25.978642167+0000"]);
    let line = format!("{time}: {priority} {begin} (number={number} {end})");
    unit(wrap(random, &line), Holds::Text(line))
}

/// A line as it arrives: by itself, or inside what runtimes, syslog and shippers put around it.
fn wrap(random: &mut Random, line: &str) -> Vec<Vec<u8>> {
    let cri = |stream: &str, tag: &str, text: &str| format!("2026-04-13T17:57:43.728694426Z {stream} {tag} {text}");
    let docker = |text: &str| {
        format!(
            r#"{{"log":{},"stream":"stdout","time":"2026-04-13T17:57:43.728694426Z"}}"#,
            quoted(text)
        )
    };
    // Somewhere in the middle, between two characters.
    let cut = line
        .char_indices()
        .nth(line.chars().count() / 2)
        .map_or(0, |(at, _)| at);
    let (head, tail) = line.split_at(cut);
    let is_object = line.starts_with('{');
    let lines = match random.below(15) {
        0..4 => vec![line.to_owned()],
        4 => vec![cri("stdout", "F", line)],
        5 => vec![cri("stderr", "P", head), cri("stderr", "F", tail)],
        6 => vec![docker(&format!("{line}\n"))],
        7 => vec![format!("<133>Apr 13 17:57:43 node-1 falco[19460]: {line}")],
        8 => vec![format!("<133>1 2026-04-13T17:57:43.728Z node-1 falco 19460 - - {line}")],
        9 => vec![format!("2026-04-13T17:57:43.728694+00:00 node-1 falco: {line}")],
        10 => vec![format!(
            r#"{{"_HOSTNAME":"node-1","PRIORITY":"5","MESSAGE":{},"__REALTIME_TIMESTAMP":"1776103063728694"}}"#,
            quoted(line)
        )],
        11 => vec![format!(
            r#"{{"kubernetes":{{"pod_name":"falco-x7k2p"}},"message":{},"rule_of_shipper":1}}"#,
            quoted(line)
        )],
        12 if is_object => vec![format!(r#"{{"stream":"stdout","log_processed":{line}}}"#)],
        13 => vec![docker(&cri("stdout", "F", line))],
        _ => vec![format!("{line}\r")],
    };
    lines.into_iter().map(String::into_bytes).collect()
}

/// What was an alert before something happened to it on the way.
fn damaged(random: &mut Random, number: u64) -> Unit {
    // A piece without its end would go on with the pieces of the next split line, as a runtime's would.
    let whole = loop {
        let whole = match random.below(2) {
            0 => json(random, number),
            _ => text(random, number),
        };
        if whole.lines.len() == 1 {
            break whole;
        }
    };
    let mut line = whole.lines.concat();
    match random.below(6) {
        // Cut off.
        0 => line.truncate(random.below(line.len())),
        // Its beginning is missing.
        1 => drop(line.drain(..random.below(line.len()))),
        // Two in one line.
        2 => line.extend(json(random, number).lines.concat()),
        // A byte is another one.
        3 => {
            for _ in 0..1 + random.below(4) {
                let at = random.below(line.len());
                line[at] = random.next() as u8;
            }
        }
        // A zero byte in the middle.
        4 => line.insert(random.below(line.len()), 0),
        // No UTF-8.
        _ => {
            let at = random.below(line.len());
            let bytes = random.one(&[&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\xa6", b"\xc0\xaf"]);
            line.splice(at..at, bytes.iter().copied());
        }
    }
    line.retain(|byte| *byte != b'\n');
    Unit {
        extreme: whole.extreme,
        ..unit(vec![line], Holds::Anything)
    }
}

/// 10,000 levels of nesting, in an alert or by themselves.
fn deep(random: &mut Random, number: u64) -> Unit {
    let levels = random.one(&[100, 200, 10_000]);
    let (open, close) = random.one(&[("[", "]"), ("{\"a\":", "}")]);
    // What is deep is not to be too long.
    let levels = levels.min(LINE_BYTES / 2 / (open.len() + close.len()));
    let nested = open.repeat(levels) + "1" + &close.repeat(levels);
    let (line, holds) = if random.once_in(2) {
        let mut members = members(random, number);
        members.push(("nested".to_owned(), nested));
        (object(random, &members), Holds::Json(members))
    } else {
        (format!(r#"{{"number":{number},"nested":{nested}}}"#), Holds::Other)
    };
    if random.once_in(2) {
        let line = format!(r#"{{"log":{}}}"#, quoted(&line));
        return unit(vec![line.into_bytes()], holds);
    }
    Unit {
        extreme: true,
        ..unit(vec![line.into_bytes()], holds)
    }
}

/// A line over the limit that still fits in a batch.
fn oversized(random: &mut Random, number: u64) -> Unit {
    let length = LINE_BYTES + 1 + random.below(LINE_BYTES / 2);
    if random.once_in(2) {
        let line = format!("{number} {}", "x".repeat(length));
        return unit(vec![line.into_bytes()], Holds::TooMuch);
    }
    let mut members = members(random, number);
    members.push(("long".to_owned(), quoted(&"x".repeat(length))));
    unit(vec![object(random, &members).into_bytes()], Holds::TooMuch)
}

fn many_fields(random: &mut Random, number: u64) -> Unit {
    let mut members = members(random, number);
    for field in 0..FIELDS {
        members.push((format!("field {field}"), "1".to_owned()));
    }
    unit(vec![object(random, &members).into_bytes()], Holds::TooMuch)
}

/// Lines that no Falco wrote as an alert.
fn other(random: &mut Random, number: u64) -> Unit {
    let line = match random.below(10) {
        0 => Vec::new(),
        1 => (0..random.below(300))
            .map(|_| random.next() as u8)
            .filter(|byte| *byte != b'\n')
            .collect(),
        2 => format!("Tue Oct 29 13:40:25 2024: Falco version: 0.39.1, record {number}").into_bytes(),
        3 => format!(r#"{{"number":{number},"value":{}}}"#, value(random, 3)).into_bytes(),
        4 => format!(r#"[{number},{}]"#, value(random, 3)).into_bytes(),
        5 => format!("\u{feff}{number} \u{0}\u{1b}[31m red").into_bytes(),
        6 => format!("{number}{}", " ".repeat(random.below(100))).into_bytes(),
        // Annotated already.
        7 => format!(r#"{{"rule":"x","priority":"Error","output":"{number}","bewit":{{"schema":"bewit.alert/1"}}}}"#)
            .into_bytes(),
        8 => format!(r#"{{"rule":"{number}","priority":"none of these","output":"x"}}"#).into_bytes(),
        _ => format!("CEF:0|Falco|Falco|1.0|{number}|x|5|").into_bytes(),
    };
    // Noise may be anything, if only by chance.
    unit(vec![line], Holds::Other)
}

/// What came out, in the order in which it went in.
pub(crate) struct Out<'o> {
    lines: std::slice::Iter<'o, &'o [u8]>,
    host: Host,
}

/// What the lines went through.
#[derive(Clone, Copy)]
pub(crate) struct Host {
    /// How a line that passes looks.
    pub(crate) passed: fn(&[u8]) -> Vec<u8>,
    /// Pieces of split lines come together; elsewhere each of them is a line like any other.
    pub(crate) joins: bool,
    /// It refuses what it could not read back.
    pub(crate) refuses: bool,
}

impl<'o> Out<'o> {
    pub(crate) fn new(lines: &'o [&'o [u8]], host: Host) -> Self {
        Self {
            lines: lines.iter(),
            host,
        }
    }

    /// Takes what became of a unit, and says what is wrong with it.
    pub(crate) fn take(&mut self, unit: &Unit) -> Result<Fate, String> {
        if self.host.joins || unit.lines.len() == 1 {
            return self.whole(unit);
        }
        let mut fate = Fate::Passed;
        for line in &unit.lines {
            fate = self.whole(&self::unit(vec![line.clone()], Holds::Anything))?;
        }
        Ok(fate)
    }

    fn whole(&mut self, unit: &Unit) -> Result<Fate, String> {
        let rest = self.lines.as_slice();
        let as_it_came = unit.lines.len() <= rest.len()
            && unit
                .lines
                .iter()
                .zip(rest)
                .all(|(line, out)| (self.host.passed)(line) == **out);
        if as_it_came {
            self.lines = rest[unit.lines.len()..].iter();
            let may_pass = match &unit.holds {
                Holds::Other | Holds::Anything => true,
                Holds::TooMuch => members_of(&unit.lines.concat()).is_none(),
                Holds::Json(_) | Holds::Text(_) => false,
            };
            return if may_pass {
                Ok(Fate::Passed)
            } else {
                Err("an alert passed".to_owned())
            };
        }
        let out = *self.lines.next().ok_or("nothing came out")?;
        let Some(record) = members_of(out) else {
            return Err("something else came out, and no record".to_owned());
        };
        let Some(bewit) = record.iter().rev().find(|(key, _)| key == "bewit") else {
            return Err("another record came out".to_owned());
        };
        let bewit: Value = serde_json::from_str(&bewit.1).map_err(|error| format!("bewit: {error}"))?;
        if bewit["schema"] != "bewit.alert/1" {
            return Err("what bewit added has another schema".to_owned());
        }
        let failed = bewit.get("error").is_some();
        match &unit.holds {
            Holds::Json(_) if self.host.refuses && bewit["error"]["code"] == "unreadable" => {
                self.kept(unit, &record).map(|()| Fate::Failed)
            }
            Holds::Json(members) => falcos_own(members, &record).map(|()| Fate::Alert),
            Holds::Text(line) => {
                let output = record.iter().find(|(key, _)| key == "output");
                let output: Option<String> = output.and_then(|(_, value)| serde_json::from_str(value).ok());
                if output.as_deref() == Some(line) {
                    Ok(Fate::Alert)
                } else {
                    Err(format!("the line is {line:?}, but `output` is {output:?}"))
                }
            }
            Holds::TooMuch if failed => self.kept(unit, &record).map(|()| Fate::Failed),
            Holds::TooMuch => Err("what is over a limit was annotated".to_owned()),
            Holds::Other => Err("what is no alert was annotated".to_owned()),
            Holds::Anything => {
                let line = String::from_utf8_lossy(&unit.lines.concat()).into_owned();
                let members = members_of(line.as_bytes()).unwrap_or_default();
                let is_alert = |key: &str| members.iter().any(|(known, _)| known == key);
                if is_alert("rule") && is_alert("priority") {
                    falcos_own(&members, &record)?;
                }
                Ok(if failed { Fate::Failed } else { Fate::Alert })
            }
        }
    }

    /// Whether a record that passes with a reason is as it came.
    fn kept(&self, unit: &Unit, record: &[(String, String)]) -> Result<(), String> {
        let line = (self.host.passed)(&unit.lines.concat());
        let members = members_of(&line).ok_or("what has a reason was no record")?;
        falcos_own(&members, record)
    }

    /// How much came out that nothing went in for.
    pub(crate) fn left(&self) -> usize {
        self.lines.len()
    }
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    Alert,
    Passed,
    Failed,
}

/// A value without line breaks between its tokens, and the blanks behind them: a record is one line.
fn on_one_line(value: &str) -> String {
    let mut parts = value.split(['\r', '\n']);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + part.trim_start_matches([' ', '\t']))
}

/// Whether the members are all in the record, byte for byte and in their order. Others may be between them.
fn falcos_own(members: &[(String, String)], record: &[(String, String)]) -> Result<(), String> {
    let mut rest = record.iter();
    for member in members {
        let (key, value) = (&member.0, on_one_line(&member.1));
        if !rest.any(|other| other.0 == *key && other.1 == value) {
            return Err(format!("{member:?} is missing, or not in its place"));
        }
    }
    Ok(())
}

/// The members of an object: in order, each one that comes twice, values as they are written. None of what is none.
fn members_of(line: &[u8]) -> Option<Vec<(String, String)>> {
    struct Members(Vec<(String, String)>);

    impl<'d> Deserialize<'d> for Members {
        fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
            struct Read;

            impl<'d> Visitor<'d> for Read {
                type Value = Members;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'d>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                        members.push((key, value.get().to_owned()));
                    }
                    Ok(Members(members))
                }
            }

            from.deserialize_map(Read)
        }
    }

    serde_json::from_slice::<Members>(line).ok().map(|members| members.0)
}
