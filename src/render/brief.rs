//! `detail: brief` of the native schema: what one must see at once.

use bewit_catalog::model::{Entry, Mitigation, Phase};

use super::native;
use crate::annotate::{Advice, Cause, Line, Outline, Step, Typed, speaks};
use crate::config::Config;
use crate::json::Writer;

/// Bytes of a command line that is still shown.
const LINE: usize = 160;

/// Writes the members that depend on the guidance.
pub(super) fn write(advice: &Advice<'_>, config: &Config, w: &mut Writer<'_>) {
    let digest = &advice.alert.common.digest;
    let Some(outline) = digest.outline(advice.alert.library, advice.plan.entry, step) else {
        return;
    };
    native::prose(w.key("summary"), advice, &outline.summary);
    w.key("severity").object(|w| {
        let severity = advice.severity(|_, _| {});
        w.key("level").string(severity.level);
        w.key("score").integer(severity.score);
    });
    w.key("attack").array(|w| {
        for attack in advice.attack() {
            if let Some(id) = &attack.id {
                w.object(|w| w.key("technique").string(id.as_ref()));
            }
        }
    });
    w.key("assessment").object(|w| {
        let assessment = &advice.assessment;
        w.key("disposition").string(assessment.disposition.as_str());
        w.key("confidence").string(assessment.confidence.as_str());
        if let Some(reason) = assessment.reasons.first() {
            w.key("reasons").array(|w| {
                w.object(|w| match reason.cause {
                    Cause::Entry(text) => w.key("text").string(text),
                    Cause::Innocent(cause) => native::prose(w.key("text"), advice, &cause.reason),
                });
            });
        }
    });
    mitigations(advice, outline, w);
    w.key("guidance").object(|w| native::guidance(advice, w));
    native::organisation(config, w);
}

/// The first ready command of each phase that is not too long; ids for the rest.
fn mitigations(advice: &Advice<'_>, outline: &Outline, w: &mut Writer<'_>) {
    let values = advice.values();
    let fits = |step: &&Step| {
        values.hold(&step.when) && (step.speaks || step.commands.iter().any(|command| values.hold(&command.when)))
    };
    let mut rest = Vec::new();
    let mut shown: Option<Phase> = None;
    w.key("mitigations").array(|w| {
        for step in advice.alert.common.digest.steps(outline).filter(fits) {
            let ready = || {
                let mut commands = step.commands.iter().filter(|command| values.hold(&command.when));
                commands.find_map(|command| Some((command.line.as_ref()?.ready(values, LINE)?, command.effect)))
            };
            let first = shown != Some(step.phase);
            match first.then(ready).flatten() {
                Some((line, effect)) => w.object(|w| {
                    shown = Some(step.phase);
                    w.key("id").string(step.id.as_ref());
                    w.key("phase").string(step.phase.as_str());
                    w.key("commands").array(|w| {
                        w.object(|w| {
                            w.key("line").quoted(|out| line.write(values, out));
                            w.key("effect").string(effect.as_str());
                        });
                    });
                }),
                None => rest.push(step.id.as_ref()),
            }
        }
    });
    w.key("more").strings(rest);
}

fn step(entry: &Entry, mitigation: &Mitigation) -> Step {
    // A block of the entry's own is called by what follows the entry's id.
    let own = mitigation
        .id
        .strip_prefix(entry.id.as_ref())
        .filter(|id| id.starts_with('/'));
    let commands = mitigation.commands.iter().map(|command| Typed {
        when: command.when.as_ref().into(),
        line: Line::of(&command.argv, LINE),
        effect: command.effect,
    });
    Step {
        id: own.unwrap_or(&mitigation.id).into(),
        phase: mitigation.phase,
        when: mitigation.when.as_ref().into(),
        speaks: speaks(mitigation),
        commands: commands.collect(),
    }
}
