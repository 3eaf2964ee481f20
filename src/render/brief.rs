//! `detail: brief` of the native schema: what one must see at once.
//!
//! A pipeline that asks for it wants it cheap, too. What is the same for all alerts of a kind is written once and kept
//! with the plan of the guidance, so that an alert is a few copies with its own values between them.

use bewit_catalog::model::{Cond, Effect, Entry, Mitigation, Phase, Template};
use bumpalo::collections::Vec as ArenaVec;

use super::native;
use crate::annotate::{Alert, Brief, Cause, Line, Outline, Step, Typed, escaped, speaks};
use crate::config::Config;
use crate::json::{Writer, escape};

/// Bytes of a command line that is still shown.
const LINE: usize = 160;

/// Writes the members that depend on the guidance.
pub(super) fn write(alert: &Alert<'_>, config: &Config, w: &mut Writer<'_>) {
    let brief = alert.plan.brief.get_or_init(|| prepare(alert, config));
    let digest = &alert.common.digest;
    let Some(outline) = digest.outline(alert.library, alert.plan.entry, summary, step) else {
        return;
    };
    let severity = alert.severity(|_, _| {});
    let assessment = &alert.assessment;
    w.key("summary")
        .quoted(|out| alert.write_escaped(&outline.summary, out));
    w.raw(|out| {
        out.extend_from_slice(b",\"severity\":{\"level\":\"");
        out.extend_from_slice(severity.level.as_bytes());
        out.extend_from_slice(b"\",\"score\":");
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(digits.format(severity.score).as_bytes());
        out.extend_from_slice(b"},\"attack\":");
        out.extend_from_slice(&brief.attack);
        out.extend_from_slice(b",\"assessment\":{\"disposition\":\"");
        out.extend_from_slice(assessment.disposition.as_str().as_bytes());
        out.extend_from_slice(b"\",\"confidence\":\"");
        out.extend_from_slice(assessment.confidence.as_str().as_bytes());
        out.push(b'"');
        if let Some(reason) = assessment.reasons.first() {
            out.extend_from_slice(b",\"reasons\":[{\"text\":\"");
            match reason.cause {
                Cause::Entry(text) => out.extend_from_slice(text.as_bytes()),
                Cause::Innocent(cause) => alert.write_prose(&cause.reason, out),
            }
            out.extend_from_slice(b"\"}]");
        }
        out.extend_from_slice(b"},\"mitigations\":[");
        mitigations(alert, outline, out);
        out.extend_from_slice(&brief.guidance);
    });
}

/// The first ready command of each phase that is not too long; ids for the rest.
fn mitigations(alert: &Alert<'_>, outline: &Outline, out: &mut Vec<u8>) {
    let values = &alert.values;
    let holds = |when: &[Cond]| when.iter().all(|condition| values.holds(condition));
    let fits = |step: &&Step| holds(&step.when) && (step.speaks || step.commands.iter().any(|c| holds(&c.when)));
    let mut text = ArenaVec::with_capacity_in(LINE, alert.arena);
    let mut rest = ArenaVec::with_capacity_in(32, alert.arena);
    let mut shown: Option<Phase> = None;
    let begin = out.len();
    for step in alert.common.digest.steps(outline).filter(fits) {
        let before = out.len();
        if shown != Some(step.phase) {
            if before > begin {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"id\":");
            out.extend_from_slice(&step.id);
            out.extend_from_slice(b",\"phase\":\"");
            out.extend_from_slice(step.phase.as_str().as_bytes());
            out.extend_from_slice(b"\",\"commands\":[{\"line\":\"");
            let ready = step
                .commands
                .iter()
                .filter(|command| holds(&command.when))
                .find(|command| {
                    let line = command.line.as_ref();
                    line.is_some_and(|line| line.write(values, LINE, &mut text, out))
                });
            if let Some(command) = ready {
                out.extend_from_slice(b"\",\"effect\":\"");
                out.extend_from_slice(command.effect.as_bytes());
                out.extend_from_slice(b"\"}]}");
                shown = Some(step.phase);
                continue;
            }
            out.truncate(before);
        }
        rest.push(&step.id);
    }
    out.extend_from_slice(b"],\"more\":[");
    for (at, id) in rest.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(id);
    }
    out.extend_from_slice(b"],");
}

/// Writes all that is the same for the alerts of a plan.
fn prepare(alert: &Alert<'_>, config: &Config) -> Brief {
    let mut attack = Vec::new();
    Writer::new(&mut attack).array(|w| {
        for attack in alert.attack() {
            if let Some(id) = &attack.id {
                w.object(|w| w.key("technique").string(id.as_ref()));
            }
        }
    });
    let mut guidance = Vec::new();
    let mut w = Writer::new(&mut guidance);
    w.key("guidance").object(|w| native::guidance(alert, w));
    native::organisation(config, &mut w);
    Brief {
        attack: attack.into(),
        guidance: guidance.into(),
    }
}

fn summary(entry: &Entry) -> Template {
    escaped(&entry.summary)
}

fn step(entry: &Entry, mitigation: &Mitigation) -> Step {
    let mut id = vec![b'"'];
    // A block of the entry's own is called by what follows the entry's id.
    let own = mitigation
        .id
        .strip_prefix(entry.id.as_ref())
        .filter(|id| id.starts_with('/'));
    escape(&mut id, own.unwrap_or(&mitigation.id));
    id.push(b'"');
    let commands = mitigation.commands.iter().map(|command| Typed {
        when: command.when.as_ref().into(),
        line: Line::of(command, LINE),
        effect: Effect::as_str(command.effect),
    });
    Step {
        id: id.into(),
        phase: mitigation.phase,
        when: mitigation.when.as_ref().into(),
        speaks: speaks(mitigation),
        commands: commands.collect(),
    }
}
