//! The native schema: Falco's own keys as they came, and all that bewit adds in one object beside them.

use bewit_catalog::model::{Command, Mitigation, ParamId, Reference, Template, Tuning, Undo};
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::brief;
use crate::annotate::{Advice, Alert, Cause, Form, Mover, Values, id, listed};
use crate::config::{Config, Detail};
use crate::envelope::{Kept, Layer, raw_lines};
use crate::event::{Format, Instant, Key, Lengths, Record};
use crate::json::{Text, Writer, word};
use crate::mask::Masked;

/// The native schema's name and version.
pub const SCHEMA: &str = "bewit.alert/1";

/// Where an alert came from.
pub(crate) struct Input<'a> {
    /// Falco's own line, without wrappers.
    pub(crate) text: &'a [u8],
    /// The line as an object, if it is JSON.
    pub(crate) record: Option<&'a Record<'a>>,
    /// The innermost wrapper.
    pub(crate) layer: Option<&'a Layer<'a>>,
    /// The whole line, where it is to be kept.
    pub(crate) raw: Option<&'a [u8]>,
    /// Bytes that are no UTF-8 were replaced.
    pub(crate) lossy: bool,
    /// What looked like a credential and was replaced.
    pub(crate) masked: &'a [Masked<'a>],
}

impl<'a> Input<'a> {
    fn layers(&self) -> impl Iterator<Item = &'a Layer<'a>> {
        self.layer.into_iter().flat_map(Layer::outward)
    }
}

/// Keys at the top level of what is written, and those that whoever reads it takes for Falco's.
struct Keys<'a> {
    /// An object of which all are there.
    alert: Option<&'a Record<'a>>,
    names: ArenaVec<'a, &'a [u8]>,
    /// Most keys that are asked for are not there.
    lengths: Lengths,
}

impl<'a> Keys<'a> {
    fn new_in(arena: &'a Bump) -> Self {
        Self {
            alert: None,
            names: ArenaVec::new_in(arena),
            lengths: Lengths::default(),
        }
    }

    /// Adds those that no wrapper may have beside an alert.
    fn reserve(&mut self, format: Format) {
        const FALCO: [&str; 9] = [
            "bewit",
            "time",
            "rule",
            "priority",
            "output",
            "output_fields",
            "source",
            "tags",
            "hostname",
        ];
        let reserved = match format {
            Format::Text => &FALCO[..],
            // It has its own.
            Format::Json => &FALCO[..1],
        };
        for name in reserved {
            self.push(name.as_bytes());
        }
    }

    #[inline]
    fn push(&mut self, name: &'a [u8]) {
        self.lengths.add(name);
        self.names.push(name);
    }

    #[inline]
    fn have(&self, name: &[u8]) -> bool {
        self.alert.is_some_and(|alert| alert.find(name).is_some())
            || (self.lengths.have(name) && self.names.iter().any(|known| word::same(known, name)))
    }
}

/// Members of wrappers that found no place at the top level, and parts of textual ones.
struct Outer<'a>(ArenaVec<'a, (&'a [u8], OuterValue<'a>)>);

enum OuterValue<'a> {
    Part(&'a str),
    Json(&'a [u8]),
}

impl<'a> Outer<'a> {
    fn push(&mut self, layer: &str, key: &'a [u8], value: OuterValue<'a>, arena: &'a Bump) {
        let taken = self.0.iter().any(|(known, _)| *known == key);
        let key = if taken {
            arena.alloc_slice_copy(&[layer.as_bytes(), b".", key].concat())
        } else {
            key
        };
        self.0.push((key, value));
    }
}

/// Writes an alert as one JSON object, in a detail that need not be the configuration's.
pub(crate) fn write(alert: &Alert<'_>, input: &Input<'_>, config: &Config, detail: Detail, out: &mut Vec<u8>) {
    let mut outer = Outer(ArenaVec::new_in(alert.arena));
    let mut keys = Keys::new_in(alert.arena);
    let inferred = Inferred::new(alert, input);
    // Growing a buffer copies it; this is what most alerts take.
    out.reserve(match detail {
        Detail::Brief => input.text.len() + (4 << 10),
        Detail::Full => input.text.len() + (48 << 10),
    });
    let mut w = Writer::new(out);
    w.object(|w| {
        match input.record {
            Some(record) => falco_json(alert, record, w, &mut keys, &mut outer),
            None => falco_text(alert, &inferred, w),
        }
        if input.layer.is_some() {
            keys.reserve(alert.event.format);
        }
        for layer in input.layers() {
            beside(alert, layer, &mut keys, w, &mut outer);
        }
        w.raw(|out| {
            // Something of the alert stands before it.
            out.extend_from_slice(b",\"bewit\":{\"schema\":\"");
            out.extend_from_slice(SCHEMA.as_bytes());
            out.extend_from_slice(b"\",\"id\":\"");
            match alert.event.uuid {
                Some(uuid) if !uuid.is_empty() => uuid.decoded(alert.arena).write_json(out),
                _ => id(input.text, alert.arena, out),
            }
            out.extend_from_slice(b"\",\"fingerprint\":\"");
            let write = |advice: &Advice<'_>, out: &mut Vec<u8>| match detail {
                Detail::Brief => brief::write(advice, config, &mut Writer::within(out)),
                Detail::Full => full(advice, config, &mut Writer::within(out)),
            };
            alert.write_advice(detail, write, out);
            out.extend_from_slice(b",\"input\":{\"format\":\"");
            out.extend_from_slice(alert.event.format.as_str().as_bytes());
            out.extend_from_slice(b"\",\"envelope\":[");
            origin(alert, input, &inferred, &outer, &mut Writer::within(out));
            out.extend_from_slice(b"}}");
        });
    });
}

/// Writes a record that could not be annotated, and why.
pub(crate) fn write_fault(record: &Record<'_>, code: &str, message: &str, out: &mut Vec<u8>) {
    Writer::new(out).object(|w| {
        for member in record.members() {
            w.json(member.text);
        }
        w.key("bewit").object(|w| {
            w.key("schema").string(SCHEMA);
            w.key("error").object(|w| {
                w.key("code").string(code);
                w.key("message").string(message);
            });
        });
    });
}

/// Falco's members, byte for byte. A member `bewit` that is not ours makes room.
fn falco_json<'a>(
    alert: &Alert<'a>,
    record: &'a Record<'a>,
    w: &mut Writer<'_>,
    keys: &mut Keys<'a>,
    outer: &mut Outer<'a>,
) {
    let arena = alert.arena;
    let raw = raw_lines(record, None, alert.event, arena);
    // One copy serves where everything stays; a record is one line, whatever it was.
    if record.known(Key::Bewit).is_none() && !record.seen.breaks && raw.is_empty() {
        let inside = record.text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}"));
        w.json(inside.unwrap_or_default());
        keys.alert = Some(record);
        return;
    }
    for (at, member) in record.members().enumerate() {
        let key = member.key.decode(arena);
        if key == b"bewit" {
            outer.push("falco", b"bewit", OuterValue::Json(value_text(member.text)), arena);
        } else if !raw.contains(&at) {
            w.json(member.text);
            keys.push(key);
        }
    }
}

/// What a text alert lacks and the catalog, or the wrapper's time, gives it.
#[derive(Default)]
struct Inferred<'a> {
    rule: Option<&'a str>,
    source: Option<&'a str>,
    /// With blanks between.
    tags: &'a str,
    time: Option<String>,
}

impl<'a> Inferred<'a> {
    fn new(alert: &Alert<'a>, input: &Input<'a>) -> Self {
        if alert.event.format == Format::Json {
            return Self::default();
        }
        let time = alert.event.clock.and_then(|clock| {
            let wrapped = input.layers().find_map(|layer| layer.time(alert.arena))?;
            Instant::of_clock(wrapped, clock).map(Instant::falco)
        });
        let rule = alert.rule();
        Self {
            rule: rule.map(|rule| rule.name.as_ref()),
            source: rule.map(|rule| rule.source.as_ref()),
            tags: rule.map(|rule| rule.tags.as_ref()).unwrap_or_default(),
            time,
        }
    }

    /// Names of the keys that are not Falco's own.
    fn keys(&self) -> impl Iterator<Item = &'static str> {
        [
            ("time", self.time.is_some()),
            ("rule", self.rule.is_some()),
            ("source", self.source.is_some()),
            ("tags", !self.tags.is_empty()),
        ]
        .into_iter()
        .filter_map(|(key, given)| given.then_some(key))
    }
}

/// A text alert in the form that Falco's JSON has.
fn falco_text(alert: &Alert<'_>, inferred: &Inferred<'_>, w: &mut Writer<'_>) {
    let event = alert.event;
    let member = |w: &mut Writer<'_>, key: &'static str, text: Text<'_>| w.key(key).text(text);
    if let Some(output) = event.output {
        member(w, "output", output);
    }
    member(w, "priority", Text::plain(event.priority.as_str()));
    if let Some(rule) = inferred.rule {
        member(w, "rule", Text::plain(rule));
    }
    if let Some(source) = inferred.source {
        member(w, "source", Text::plain(source));
    }
    match (event.time, &inferred.time) {
        (Some(time), _) => member(w, "time", time),
        (None, Some(time)) => member(w, "time", Text::plain(time)),
        (None, None) => {}
    }
    if !inferred.tags.is_empty() {
        w.key("tags")
            .strings(inferred.tags.as_bytes().split(|byte| *byte == b' '));
    }
    if !event.fields.is_empty() {
        w.key("output_fields").object(|w| {
            for field in event.fields.iter() {
                w.foreign_key(field.name).value(field.value);
            }
        });
    }
}

/// Keys of a wrapper stay beside Falco's; where both have one, Falco's wins.
///
/// A text alert has few of Falco's keys, but whoever reads the record takes all of these for Falco's.
fn beside<'a>(alert: &Alert<'a>, layer: &'a Layer<'a>, keys: &mut Keys<'a>, w: &mut Writer<'_>, outer: &mut Outer<'a>) {
    let arena = alert.arena;
    match layer.kept {
        Kept::Parts { parts, .. } => {
            for (key, value) in parts {
                outer.push(layer.name, key.as_bytes(), OuterValue::Part(value), arena);
            }
        }
        Kept::Members { record, carrier } => {
            let raw = raw_lines(record, Some(carrier), alert.event, arena);
            for (index, member) in record.members().enumerate() {
                if index == carrier || raw.contains(&index) {
                    continue;
                }
                let key = member.key.decode(arena);
                if keys.have(key) {
                    outer.push(layer.name, key, OuterValue::Json(value_text(member.text)), arena);
                } else {
                    w.json(member.text);
                    if layer.around.is_some() {
                        keys.push(key);
                    }
                }
            }
        }
    }
}

/// The value of `"key" : value`.
fn value_text(member: &[u8]) -> &[u8] {
    let mut escaped = false;
    let end_of_key = member.iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    let behind = end_of_key.and_then(|at| member.get(at + 2..)).unwrap_or_default();
    let behind = behind.trim_ascii_start();
    behind.strip_prefix(b":").unwrap_or(behind).trim_ascii_start()
}

/// Everything that is known of an alert.
fn full(advice: &Advice<'_>, config: &Config, w: &mut Writer<'_>) {
    let Some(guide) = advice.guide() else {
        return;
    };
    prose(w.key("summary"), advice, &guide.entry.summary);
    severity(advice, w);
    w.key("entities");
    entities(advice.values(), w);
    w.key("attack").array(|w| attack(advice, w));
    assessment(advice, w);
    w.key("mitigations").array(|w| {
        let attack = advice.attack();
        for mitigation in advice.fitting(&guide.mitigations) {
            w.object(|w| {
                self::mitigation(advice, mitigation, w);
                let mut listed = listed(&attack, &mitigation.attack_mitigations).peekable();
                if listed.peek().is_some() {
                    w.key("attack_mitigations").strings(listed);
                }
                sources(mitigation, w);
            });
        }
    });
    if let Some(tuning) = &guide.entry.tuning {
        w.key("tuning").object(|w| self::tuning(advice, tuning, w));
    }
    w.key("guidance").object(|w| {
        guidance(advice, w);
        prose(w.key("why"), advice, &guide.entry.why);
        w.key("innocent").array(|w| {
            for cause in guide.entry.innocent.iter() {
                prose(w, advice, cause);
            }
        });
        references(&guide.entry.references, w);
    });
    organisation(config, w);
}

/// Prose as the next value.
pub(super) fn prose(w: &mut Writer<'_>, advice: &Advice<'_>, template: &Template) {
    w.quoted(|out| advice.write_prose(template, out));
}

/// How the guidance was found.
pub(super) fn guidance(advice: &Advice<'_>, w: &mut Writer<'_>) {
    let Advice { alert, plan, head, .. } = advice;
    w.key("matched_by").string(plan.matched_by.as_str());
    w.key("rule")
        .string(alert.rule().map_or(&head.title, |rule| &rule.name).as_ref());
    w.key("entry").string(head.id.as_ref());
    w.key("confidence").string(plan.confidence.as_str());
    w.key("catalog").string(alert.catalog.version.as_ref());
}

/// Who the user is, where he said so.
pub(super) fn organisation(config: &Config, w: &mut Writer<'_>) {
    if config.organisation.given().next().is_some() {
        w.key("organisation").object(|w| {
            for (key, value) in config.organisation.given() {
                w.key(key).string(value);
            }
        });
    }
}

/// Where the alert came from and what was done to it on the way: what is left of `input`, from inside its `envelope`.
fn origin(alert: &Alert<'_>, input: &Input<'_>, inferred: &Inferred<'_>, outer: &Outer<'_>, w: &mut Writer<'_>) {
    // As they were around the line: the outermost first.
    let mut names = [""; crate::envelope::DEPTH + 1];
    let mut count = 0;
    for (name, layer) in names.iter_mut().rev().zip(input.layers()) {
        *name = layer.name;
        count += 1;
    }
    for name in names.iter().skip(names.len() - count) {
        w.string(name);
    }
    w.raw(|out| out.push(b']'));
    if !outer.0.is_empty() {
        w.key("outer").object(|w| {
            for (key, value) in &outer.0 {
                match value {
                    OuterValue::Part(text) => w.foreign_key(key).string(text),
                    OuterValue::Json(text) => w.foreign_key(key).json(text),
                }
            }
        });
    }
    if let Some(clock) = alert.event.clock
        && inferred.time.is_none()
    {
        w.key("clock").string(clock);
    }
    if inferred.keys().next().is_some() {
        w.key("inferred").strings(inferred.keys());
    }
    if enriched(alert).next().is_some() {
        w.key("enriched").strings(enriched(alert));
    }
    if !alert.event.ambiguous.is_empty() {
        w.key("ambiguous").strings(alert.event.ambiguous);
    }
    if input.lossy {
        w.key("repaired").strings(["utf-8"]);
    }
    if !input.masked.is_empty() {
        w.key("masked").array(|w| {
            for masked in input.masked {
                w.object(|w| {
                    w.key("field").string(masked.field);
                    w.key("what").string(masked.what);
                });
            }
        });
    }
    if let Some(raw) = input.raw {
        w.key("raw").string(raw);
    }
}

/// Parameters whose value is a log shipper's, because Falco left it out.
fn enriched<'a>(alert: &Alert<'a>) -> impl Iterator<Item = &'a str> {
    let any = !alert.event.metadata.is_empty();
    let all = any.then(|| alert.values.iter()).into_iter().flatten();
    all.filter(|(_, _, found)| found.field.starts_with(b"@kubernetes."))
        .map(|(_, param, _)| param.name.as_ref())
}

fn severity(advice: &Advice<'_>, w: &mut Writer<'_>) {
    let mut movers = Vec::new();
    let severity = advice.severity(|mover, add| movers.push((mover, add)));
    w.key("severity").object(|w| {
        w.key("level").string(severity.level);
        w.key("score").integer(severity.score);
        w.key("why").array(|w| {
            for (mover, add) in movers {
                w.object(|w| {
                    match mover {
                        Mover::Priority(priority) => w.key("text").string(format!("priority {priority}")),
                        Mover::Named(text) => w.key("text").string(text),
                        Mover::Disposition(disposition) => {
                            w.key("text").string(disposition.as_str().replace('_', " "));
                        }
                    }
                    w.key("add").integer(add);
                });
            }
        });
    });
}

/// The parameters that have a place in `entities`; the catalog sorts them by it.
fn entities(values: &Values<'_>, w: &mut Writer<'_>) {
    let placed: Vec<Placed<'_>> = values
        .iter()
        .filter_map(|(id, param, found)| {
            Some(Placed {
                path: param.entity.as_deref()?.split('.').collect(),
                param: id,
                number: found.number,
            })
        })
        .collect();
    w.object(|w| group(values, &placed, 0, w));
}

/// A parameter and its place.
struct Placed<'a> {
    path: Vec<&'a str>,
    param: ParamId,
    number: bool,
}

fn group(values: &Values<'_>, placed: &[Placed<'_>], depth: usize, w: &mut Writer<'_>) {
    let mut rest = placed;
    while let Some(Placed { path, param, number }) = rest.first() {
        let name = path.get(depth).copied().unwrap_or_default();
        let len = rest.iter().take_while(|p| p.path.get(depth) == path.get(depth)).count();
        w.foreign_key(name);
        let value = |out: &mut Vec<u8>| values.hole(*param, Form::Whole, out);
        if path.len() > depth + 1 {
            w.object(|w| group(values, &rest[..len], depth + 1, w));
        } else if *number {
            w.written(value);
        } else {
            w.quoted(value);
        }
        rest = &rest[len..];
    }
}

fn attack(advice: &Advice<'_>, w: &mut Writer<'_>) {
    for attack in advice.attack() {
        w.object(|w| {
            if let Some(id) = &attack.id {
                w.key("technique").string(id.as_ref());
            }
            if let Some(technique) = attack.technique {
                w.key("name").string(technique.name.as_ref());
            }
            w.key("tactics").strings(attack.tactics.iter().map(|t| t.name.as_ref()));
            w.key("version").string(advice.alert.catalog.attack.version.as_ref());
            if let Some(newer) = attack.technique.and_then(|t| t.superseded_by.as_deref()) {
                w.key("superseded_by").string(newer);
            }
            w.key("from").string(attack.from.as_str());
        });
    }
}

fn assessment(advice: &Advice<'_>, w: &mut Writer<'_>) {
    let assessment = &advice.assessment;
    w.key("assessment").object(|w| {
        w.key("disposition").string(assessment.disposition.as_str());
        w.key("confidence").string(assessment.confidence.as_str());
        w.key("reasons").array(|w| {
            for reason in assessment.reasons {
                w.object(|w| {
                    if let Cause::Innocent(cause) = reason.cause {
                        w.key("id").string(cause.id.as_ref());
                    }
                    match reason.cause {
                        Cause::Entry(text) => w.key("text").string(text),
                        Cause::Innocent(cause) => prose(w.key("text"), advice, &cause.reason),
                    }
                    w.key("suggests").string(reason.suggests.as_str());
                    w.key("weight").integer(reason.weight);
                    w.key("fields").strings(reason.fields(advice.values()));
                    if let Cause::Innocent(cause) = reason.cause {
                        if let Some(confirm) = &cause.confirm {
                            prose(w.key("confirm"), advice, confirm);
                        }
                        if let Some(release) = &cause.fixed_in {
                            w.key("fixed_in").string(release.as_ref());
                        }
                        w.key("source").string(cause.source.as_ref());
                    }
                });
            }
        });
    });
}

fn mitigation(advice: &Advice<'_>, mitigation: &Mitigation, w: &mut Writer<'_>) {
    w.key("id").string(mitigation.id.as_ref());
    w.key("phase").string(mitigation.phase.as_str());
    prose(w.key("title"), advice, &mitigation.title);
    if let Some(why) = &mitigation.why {
        prose(w.key("why"), advice, why);
    }
    w.key("steps").array(|w| {
        for step in mitigation.steps.iter() {
            prose(w, advice, step);
        }
    });
    w.key("commands").array(|w| {
        for command in advice.commands(mitigation) {
            w.object(|w| self::command(advice, command, w));
        }
    });
    if !mitigation.manifests.is_empty() {
        w.key("manifests").array(|w| {
            for manifest in mitigation.manifests.iter() {
                w.object(|w| {
                    w.key("title").string(manifest.title.as_ref());
                    w.key("kind").string(manifest.kind.as_ref());
                    if let Some(apply) = &manifest.apply {
                        w.key("apply").string(apply.as_ref());
                    }
                    let mut missing = Vec::new();
                    w.key("body")
                        .quoted(|out| missing = advice.write_manifest(manifest, out));
                    readiness(&missing, w);
                });
            }
        });
    }
}

fn command(advice: &Advice<'_>, command: &Command, w: &mut Writer<'_>) {
    let values = advice.values();
    let filled = advice.filled(&command.argv);
    prose(w.key("title"), advice, &command.title);
    w.key("where").string(command.place.as_str());
    w.key("argv").array(|w| {
        for word in &filled.words {
            w.quoted(|out| word.write(values, out));
        }
    });
    w.key("line").quoted(|out| filled.write_line(values, out));
    w.key("effect").string(command.effect.as_str());
    match &command.undo {
        Undo::Nothing => w.key("undo").json("null"),
        Undo::Argv(words) => w.key("undo").quoted(|out| advice.filled(words).write_line(values, out)),
        Undo::Note(note) => prose(w.key("undo"), advice, note),
    }
    readiness(&filled.missing, w);
}

/// Who says so, and who does the same.
fn sources(mitigation: &Mitigation, w: &mut Writer<'_>) {
    if let Some(talon) = &mitigation.talon {
        w.key("talon").string(talon.as_ref());
    }
    if !mitigation.benchmarks.is_empty() {
        w.key("benchmarks")
            .strings(mitigation.benchmarks.iter().map(AsRef::<str>::as_ref));
    }
    references(&mitigation.references, w);
}

fn readiness(missing: &[&str], w: &mut Writer<'_>) {
    w.key("ready").boolean(missing.is_empty());
    w.key("missing").strings(missing);
}

fn references(references: &[Reference], w: &mut Writer<'_>) {
    if references.is_empty() {
        return;
    }
    w.key("references").array(|w| {
        for reference in references {
            w.object(|w| {
                w.key("title").string(reference.title.as_ref());
                w.key("url").string(reference.url.as_ref());
            });
        }
    });
}

fn tuning(advice: &Advice<'_>, tuning: &Tuning, w: &mut Writer<'_>) {
    if let Some(hook) = &tuning.hook {
        w.key("hook").string(hook.as_ref());
    }
    w.key("kind").string(tuning.kind.as_str());
    let mut missing = Vec::new();
    w.key("snippet")
        .quoted(|out| missing = advice.write_tuning(tuning, out));
    readiness(&missing, w);
    if let Some(note) = &tuning.note {
        prose(w.key("note"), advice, note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_member() {
        assert_eq!(value_text(br#""a":1"#), b"1");
        assert_eq!(value_text(br#""a\":b" : {"c": 1}"#), br#"{"c": 1}"#);
        assert_eq!(value_text(br#""a\\": "x""#), br#""x""#);
    }
}
