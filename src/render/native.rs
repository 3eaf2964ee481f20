//! The native schema: Falco's own keys as they came, and all that bewit adds in one object beside them.

use bewit_catalog::model::{Mitigation, Phase, Reference};

use crate::annotate::{Alert, Filled, Found, id, least_len, listed};
use crate::config::{Config, Detail};
use crate::envelope::{Kept, Layer, is_raw_line};
use crate::event::{Event, Format, Instant, Record};
use crate::json::{Text, Writer};

/// The native schema's name and version.
pub const SCHEMA: &str = "bewit.alert/1";

/// Where an alert came from.
pub(crate) struct Input<'a> {
    /// Falco's own line, without wrappers.
    pub(crate) text: &'a str,
    /// The line as an object, if it is JSON.
    pub(crate) record: Option<&'a Record<'a>>,
    /// The innermost wrapper.
    pub(crate) layer: Option<&'a Layer<'a>>,
    /// The whole line, where it is to be kept.
    pub(crate) raw: Option<&'a str>,
    /// Bytes that are no UTF-8 were replaced.
    pub(crate) lossy: bool,
}

impl<'a> Input<'a> {
    fn layers(&self) -> impl Iterator<Item = &'a Layer<'a>> {
        self.layer.into_iter().flat_map(Layer::outward)
    }
}

/// Members of wrappers that found no place at the top level, and parts of textual ones.
#[derive(Default)]
struct Outer<'a>(Vec<(String, OuterValue<'a>)>);

enum OuterValue<'a> {
    Part(&'a str),
    Json(&'a str),
}

impl<'a> Outer<'a> {
    fn push(&mut self, layer: &str, key: &str, value: OuterValue<'a>) {
        let taken = self.0.iter().any(|(known, _)| known == key);
        let key = if taken {
            format!("{layer}.{key}")
        } else {
            key.to_owned()
        };
        self.0.push((key, value));
    }
}

/// Writes an alert as one JSON object.
pub(crate) fn write(alert: &Alert<'_>, input: &Input<'_>, config: &Config, out: &mut Vec<u8>) {
    let mut outer = Outer::default();
    let inferred = Inferred::new(alert, input);
    // Growing a buffer copies it; this is what most alerts take.
    out.reserve(match config.detail {
        Detail::Brief => input.text.len() + (4 << 10),
        Detail::Full => input.text.len() + (48 << 10),
    });
    Writer::new(out).object(|w| {
        let mut keys = match input.record {
            Some(record) => falco_json(alert.event, record, w, &mut outer),
            None => falco_text(alert, &inferred, w),
        };
        for layer in input.layers() {
            beside(alert.event, layer, &mut keys, w, &mut outer);
        }
        w.key("bewit")
            .object(|w| added(alert, input, &inferred, &outer, config, w));
    });
}

/// Writes a record that could not be annotated, and why.
pub(crate) fn write_fault(record: &Record<'_>, code: &str, message: &str, out: &mut Vec<u8>) {
    Writer::new(out).object(|w| {
        for member in &record.members {
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
fn falco_json<'r>(event: &Event<'_>, record: &'r Record<'r>, w: &mut Writer<'_>, outer: &mut Outer<'r>) -> Vec<String> {
    let mut keys = Vec::with_capacity(record.members.len() + 8);
    for member in &record.members {
        let key = member.key.decode();
        if key == "bewit" {
            outer.push("falco", "bewit", OuterValue::Json(value_text(member.text)));
        } else if !is_raw_line(member, event) {
            w.json(member.text);
            keys.push(key.into_owned());
        }
    }
    keys
}

/// What a text alert lacks and the catalog, or the wrapper's time, gives it.
struct Inferred<'a> {
    rule: Option<&'a str>,
    source: Option<&'a str>,
    tags: Vec<&'a str>,
    time: Option<String>,
}

impl<'a> Inferred<'a> {
    fn new(alert: &Alert<'a>, input: &Input<'_>) -> Self {
        if alert.event.format == Format::Json {
            return Self {
                rule: None,
                source: None,
                tags: Vec::new(),
                time: None,
            };
        }
        let time = alert.event.clock.and_then(|clock| {
            let wrapped = input.layers().find_map(|layer| layer.time)?;
            Instant::of_clock(wrapped, clock).map(Instant::falco)
        });
        Self {
            rule: alert.rule.map(|rule| rule.name.as_ref()),
            source: alert.rule.map(|rule| rule.source.as_ref()),
            tags: alert
                .rule
                .map(|r| r.tags.iter().map(AsRef::as_ref).collect())
                .unwrap_or_default(),
            time,
        }
    }

    /// Names of the keys that are not Falco's own.
    fn keys(&self) -> Vec<&'static str> {
        [
            ("time", self.time.is_some()),
            ("rule", self.rule.is_some()),
            ("source", self.source.is_some()),
            ("tags", !self.tags.is_empty()),
        ]
        .into_iter()
        .filter_map(|(key, given)| given.then_some(key))
        .collect()
    }
}

/// A text alert in the form that Falco's JSON has.
fn falco_text(alert: &Alert<'_>, inferred: &Inferred<'_>, w: &mut Writer<'_>) -> Vec<String> {
    let event = alert.event;
    let mut keys = Vec::with_capacity(8);
    let mut member = |w: &mut Writer<'_>, key: &'static str, text: &Text<'_>| {
        w.key(key).text(text);
        keys.push(key.to_owned());
    };
    if let Some(output) = &event.output {
        member(w, "output", output);
    }
    member(w, "priority", &Text::plain(event.priority.as_str()));
    if let Some(rule) = inferred.rule {
        member(w, "rule", &Text::plain(rule));
    }
    if let Some(source) = inferred.source {
        member(w, "source", &Text::plain(source));
    }
    match (&event.time, &inferred.time) {
        (Some(time), _) => member(w, "time", time),
        (None, Some(time)) => member(w, "time", &Text::plain(time.as_str())),
        (None, None) => {}
    }
    if !inferred.tags.is_empty() {
        w.key("tags").strings(&inferred.tags);
        keys.push("tags".to_owned());
    }
    if !event.fields.is_empty() {
        w.key("output_fields").object(|w| {
            for (name, value) in event.fields.iter() {
                w.foreign_key(name).value(value);
            }
        });
        keys.push("output_fields".to_owned());
    }
    keys
}

/// Keys of a wrapper stay beside Falco's; where both have one, Falco's wins.
///
/// A text alert has few of Falco's keys, but whoever reads the record takes all of these for Falco's.
fn beside<'l>(
    event: &Event<'_>,
    layer: &'l Layer<'l>,
    keys: &mut Vec<String>,
    w: &mut Writer<'_>,
    outer: &mut Outer<'l>,
) {
    const FALCO: [&str; 9] = [
        "time",
        "rule",
        "priority",
        "output",
        "output_fields",
        "source",
        "tags",
        "hostname",
        "bewit",
    ];
    let reserved = match event.format {
        Format::Text => &FALCO[..],
        Format::Json => &FALCO[8..],
    };
    match layer.kept {
        Kept::Parts(parts) => {
            for (key, value) in parts {
                outer.push(layer.name, key, OuterValue::Part(value));
            }
        }
        Kept::Members { record, carrier } => {
            for (index, member) in record.members.iter().enumerate() {
                if index == carrier || is_raw_line(member, event) {
                    continue;
                }
                let key = member.key.decode();
                if reserved.contains(&key.as_ref()) || keys.iter().any(|known| *known == key) {
                    outer.push(layer.name, &key, OuterValue::Json(value_text(member.text)));
                } else {
                    w.json(member.text);
                    keys.push(key.into_owned());
                }
            }
        }
    }
}

/// The value of `"key" : value`.
fn value_text(member: &str) -> &str {
    let mut escaped = false;
    let end_of_key = member.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let behind = end_of_key.and_then(|at| member.get(at + 2..)).unwrap_or_default();
    behind.trim_start().strip_prefix(':').unwrap_or(behind).trim_start()
}

fn added(
    alert: &Alert<'_>,
    input: &Input<'_>,
    inferred: &Inferred<'_>,
    outer: &Outer<'_>,
    config: &Config,
    w: &mut Writer<'_>,
) {
    let full = config.detail == Detail::Full;
    w.key("schema").string(SCHEMA);
    match &alert.event.uuid {
        Some(uuid) if !uuid.is_empty() => w.key("id").text(uuid),
        _ => w.key("id").string(&id(input.text.as_bytes())),
    }
    w.key("fingerprint").string(&alert.fingerprint);
    w.key("summary").string(&alert.summary());
    severity(alert, full, w);
    if full {
        w.key("entities");
        entities(alert, w);
    }
    attack(alert, full, w);
    assessment(alert, full, w);
    if full {
        w.key("mitigations").array(|w| {
            for mitigation in alert.mitigations() {
                mitigation_full(alert, mitigation, w);
            }
        });
        tuning(alert, w);
    } else {
        mitigations_brief(alert, w);
    }
    guidance(alert, full, w);
    if config.organisation.given().next().is_some() {
        w.key("organisation").object(|w| {
            for (key, value) in config.organisation.given() {
                w.key(key).string(value);
            }
        });
    }
    w.key("input").object(|w| {
        w.key("format").string(alert.event.format.as_str());
        w.key("envelope").array(|w| {
            // As they were around the line: the outermost first.
            let names: Vec<&str> = input.layers().map(|layer| layer.name).collect();
            for name in names.iter().rev() {
                w.string(name);
            }
        });
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
        let keys = inferred.keys();
        if !keys.is_empty() {
            w.key("inferred").strings(keys);
        }
        let enriched = enriched(alert);
        if !enriched.is_empty() {
            w.key("enriched").strings(enriched);
        }
        if !alert.event.ambiguous.is_empty() {
            w.key("ambiguous").strings(&alert.event.ambiguous);
        }
        if input.lossy {
            w.key("repaired").strings(["utf-8"]);
        }
        if let Some(raw) = input.raw {
            w.key("raw").string(raw);
        }
    });
}

/// Parameters whose value is a log shipper's, because Falco left it out.
fn enriched<'a>(alert: &Alert<'a>) -> Vec<&'a str> {
    if alert.event.metadata.is_empty() {
        return Vec::new();
    }
    let from_metadata = |found: &Found<'_>| found.field.starts_with("@kubernetes.");
    alert
        .values
        .iter()
        .filter(|(_, found)| from_metadata(found))
        .map(|(param, _)| param.name.as_ref())
        .collect()
}

fn severity(alert: &Alert<'_>, full: bool, w: &mut Writer<'_>) {
    let severity = &alert.severity;
    w.key("severity").object(|w| {
        w.key("level").string(severity.level);
        w.key("score").integer(severity.score);
        if full {
            w.key("why").array(|w| {
                for moved in &severity.why {
                    w.object(|w| {
                        w.key("text").string(&moved.text);
                        w.key("add").integer(moved.add);
                    });
                }
            });
        }
    });
}

/// The parameters that have a place in `entities`; the catalog sorts them by it.
fn entities(alert: &Alert<'_>, w: &mut Writer<'_>) {
    let placed: Vec<(Vec<&str>, &Found<'_>)> = alert
        .values
        .iter()
        .filter_map(|(param, found)| Some((param.entity.as_deref()?.split('.').collect(), found)))
        .collect();
    w.object(|w| group(&placed, 0, w));
}

fn group(placed: &[(Vec<&str>, &Found<'_>)], depth: usize, w: &mut Writer<'_>) {
    let mut rest = placed;
    while let Some((path, found)) = rest.first() {
        let name = path.get(depth).copied().unwrap_or_default();
        let len = rest.iter().take_while(|(p, _)| p.get(depth) == path.get(depth)).count();
        w.foreign_key(name);
        if path.len() == depth + 1 {
            if found.number {
                w.json(&found.text);
            } else {
                w.string(&found.text);
            }
        } else {
            w.object(|w| group(&rest[..len], depth + 1, w));
        }
        rest = &rest[len..];
    }
}

fn attack(alert: &Alert<'_>, full: bool, w: &mut Writer<'_>) {
    let catalog = &alert.catalog.attack;
    w.key("attack").array(|w| {
        for attack in &alert.attack {
            if !full {
                if let Some(id) = &attack.id {
                    w.object(|w| w.key("technique").string(id));
                }
                continue;
            }
            w.object(|w| {
                if let Some(id) = &attack.id {
                    w.key("technique").string(id);
                }
                if let Some(technique) = attack.technique {
                    w.key("name").string(&technique.name);
                }
                w.key("tactics").strings(attack.tactics.iter().map(|t| t.name.as_ref()));
                w.key("version").string(&catalog.version);
                if let Some(newer) = attack.technique.and_then(|t| t.superseded_by.as_deref()) {
                    w.key("superseded_by").string(newer);
                }
                w.key("from").string(attack.from.as_str());
            });
        }
    });
}

fn assessment(alert: &Alert<'_>, full: bool, w: &mut Writer<'_>) {
    let assessment = &alert.assessment;
    w.key("assessment").object(|w| {
        w.key("disposition").string(assessment.disposition.as_str());
        w.key("confidence").string(assessment.confidence.as_str());
        if !full {
            if let Some(reason) = assessment.reasons.first() {
                w.key("reasons")
                    .array(|w| w.object(|w| w.key("text").string(&reason.text)));
            }
            return;
        }
        w.key("reasons").array(|w| {
            for reason in &assessment.reasons {
                w.object(|w| {
                    if let Some(cause) = reason.cause {
                        w.key("id").string(&cause.id);
                    }
                    w.key("text").string(&reason.text);
                    w.key("suggests").string(reason.suggests.as_str());
                    w.key("weight").integer(reason.weight);
                    w.key("fields").strings(&reason.fields);
                    if let Some(confirm) = &reason.confirm {
                        w.key("confirm").string(confirm);
                    }
                    if let Some(cause) = reason.cause {
                        if let Some(release) = &cause.fixed_in {
                            w.key("fixed_in").string(release);
                        }
                        w.key("source").string(&cause.source);
                    }
                });
            }
        });
    });
}

fn mitigation_full(alert: &Alert<'_>, mitigation: &Mitigation, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("id").string(&mitigation.id);
        w.key("phase").string(mitigation.phase.as_str());
        w.key("title").string(&alert.prose(&mitigation.title));
        if let Some(why) = &mitigation.why {
            w.key("why").string(&alert.prose(why));
        }
        w.key("steps").array(|w| {
            for step in mitigation.steps.iter() {
                w.string(&alert.prose(step));
            }
        });
        w.key("commands").array(|w| {
            for command in alert.commands(mitigation) {
                let filled = alert.filled(command);
                w.object(|w| {
                    w.key("title").string(&alert.prose(&command.title));
                    w.key("where").string(command.place.as_str());
                    w.key("argv").strings(&filled.argv);
                    w.key("line").string(&filled.line);
                    w.key("effect").string(command.effect.as_str());
                    match alert.undo(&command.undo) {
                        Some(undo) => w.key("undo").string(&undo),
                        None => w.key("undo").json("null"),
                    }
                    readiness(&filled.missing, w);
                });
            }
        });
        if !mitigation.manifests.is_empty() {
            w.key("manifests").array(|w| {
                for manifest in mitigation.manifests.iter() {
                    let filled = alert.manifest(manifest);
                    w.object(|w| {
                        w.key("title").string(&manifest.title);
                        w.key("kind").string(&manifest.kind);
                        if let Some(apply) = &manifest.apply {
                            w.key("apply").string(apply);
                        }
                        w.key("body").string(&filled.text);
                        readiness(&filled.missing, w);
                    });
                }
            });
        }
        let mut listed = listed(&alert.attack, &mitigation.attack_mitigations).peekable();
        if listed.peek().is_some() {
            w.key("attack_mitigations").strings(listed);
        }
        if let Some(talon) = &mitigation.talon {
            w.key("talon").string(talon);
        }
        if !mitigation.benchmarks.is_empty() {
            w.key("benchmarks").strings(mitigation.benchmarks.iter());
        }
        references(&mitigation.references, w);
    });
}

fn readiness(missing: &[String], w: &mut Writer<'_>) {
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
                w.key("title").string(&reference.title);
                w.key("url").string(&reference.url);
            });
        }
    });
}

/// Bytes of a command line that `detail: brief` still shows.
const BRIEF_LINE: usize = 160;

/// The first ready command of each phase that is no script; ids for the rest.
fn mitigations_brief(alert: &Alert<'_>, w: &mut Writer<'_>) {
    let mitigations: Vec<&Mitigation> = alert.mitigations().collect();
    let mut shown = Vec::with_capacity(Phase::ALL.len());
    w.key("mitigations").array(|w| {
        for phase in Phase::ALL {
            let ready = mitigations.iter().filter(|m| m.phase == phase).find_map(|mitigation| {
                let commands = alert
                    .commands(mitigation)
                    .filter(|command| least_len(command) <= BRIEF_LINE);
                let mut filled = commands.map(|command| (command, alert.filled(command)));
                let fits = |filled: &Filled| filled.missing.is_empty() && filled.line.len() <= BRIEF_LINE;
                let (command, filled) = filled.find(|(_, filled)| fits(filled))?;
                Some((mitigation, command, filled))
            });
            let Some((mitigation, command, filled)) = ready else {
                continue;
            };
            shown.push(&mitigation.id);
            w.object(|w| {
                w.key("id").string(&mitigation.id);
                w.key("phase").string(phase.as_str());
                w.key("commands").array(|w| {
                    w.object(|w| {
                        w.key("line").string(&filled.line);
                        w.key("effect").string(command.effect.as_str());
                    });
                });
            });
        }
    });
    w.key("more").array(|w| {
        for mitigation in mitigations.iter().filter(|m| !shown.contains(&&m.id)) {
            w.string(&mitigation.id);
        }
    });
}

fn tuning(alert: &Alert<'_>, w: &mut Writer<'_>) {
    let (Some(tuning), Some(filled)) = (&alert.guidance.entry.tuning, alert.tuning()) else {
        return;
    };
    w.key("tuning").object(|w| {
        if let Some(hook) = &tuning.hook {
            w.key("hook").string(hook);
        }
        w.key("kind").string(tuning.kind.as_str());
        w.key("snippet").string(&filled.text);
        readiness(&filled.missing, w);
        if let Some(note) = &tuning.note {
            w.key("note").string(&alert.prose(note));
        }
    });
}

fn guidance(alert: &Alert<'_>, full: bool, w: &mut Writer<'_>) {
    let guidance = &alert.guidance;
    let entry = guidance.entry;
    w.key("guidance").object(|w| {
        w.key("matched_by").string(guidance.matched_by.as_str());
        w.key("rule").string(alert.rule.map_or(&entry.title, |rule| &rule.name));
        w.key("entry").string(&entry.id);
        w.key("confidence").string(guidance.confidence.as_str());
        w.key("catalog").string(&alert.catalog.version);
        if full {
            w.key("why").string(&alert.prose(&entry.why));
            w.key("innocent").array(|w| {
                for cause in entry.innocent.iter() {
                    w.string(&alert.prose(cause));
                }
            });
            references(&entry.references, w);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_member() {
        assert_eq!(value_text(r#""a":1"#), "1");
        assert_eq!(value_text(r#""a\":b" : {"c": 1}"#), r#"{"c": 1}"#);
        assert_eq!(value_text(r#""a\\": "x""#), r#""x""#);
    }
}
