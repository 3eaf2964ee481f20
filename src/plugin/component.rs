//! The component: `wit/bewit.wit`.

#[allow(unsafe_code, missing_docs, clippy::missing_safety_doc, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({
        world: "plugin",
        path: "wit",
        generate_all,
    });
    export!(Component with_types_in self);

    use super::Component;
}

use std::cell::RefCell;
use std::fmt;

use bewit_catalog::model::Phase;
use bindings::exports::bewit::plugin::annotator as wit;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::schema;
use crate::{Annotator, Config, MatchedBy, Outcome, Schema, annotate_batch};

thread_local! {
    /// The configuration's annotator. A component has one thread and one caller at a time.
    static ANNOTATOR: RefCell<Annotator> = RefCell::new(Annotator::default());
}

struct Component;

impl wit::Guest for Component {
    fn configure(json: Vec<u8>) -> Result<(), wit::Error> {
        let config: Config = serde_json::from_slice(&json).map_err(|error| {
            wit::Error::InvalidConfiguration(wit::ConfigurationError {
                message: error.to_string(),
                line: u32::try_from(error.line()).unwrap_or(0),
                column: u32::try_from(error.column()).unwrap_or(0),
            })
        })?;
        ANNOTATOR.with_borrow_mut(|annotator| *annotator = std::mem::take(annotator).configured(config));
        Ok(())
    }

    fn load_catalog(catalog: Vec<u8>) -> Result<(), wit::Error> {
        ANNOTATOR.with_borrow_mut(|annotator| {
            let config = annotator.config().clone();
            let library = crate::catalog::read(&catalog, &config.limits).map_err(|refused| {
                wit::Error::InvalidConfiguration(wit::ConfigurationError {
                    message: refused.to_string(),
                    line: 0,
                    column: 0,
                })
            })?;
            *annotator = Annotator::with_library(config, library);
            Ok(())
        })
    }

    fn annotate_batch(lines: Vec<u8>) -> wit::Batch {
        // An alert with all its guidance is some times the line's size.
        let mut out = Vec::with_capacity(lines.len() * 2);
        let stats = ANNOTATOR.with_borrow(|annotator| annotate_batch(annotator, &lines, &mut out));
        wit::Batch {
            lines: out,
            statistics: wit::Statistics {
                lines: stats.lines,
                alerts: stats.alerts,
                passed: stats.passed,
                dropped: stats.dropped,
                failed: stats.failed,
            },
        }
    }

    fn annotate(line: Vec<u8>) -> Result<wit::Alert, wit::Error> {
        let (mut native, mut json) = (Vec::new(), Vec::new());
        let (schema, outcome) = ANNOTATOR.with_borrow(|annotator| {
            let schema = annotator.config().schema;
            if schema != Schema::Native {
                annotator.annotate(&line, &mut json);
            }
            (schema, annotator.look_at(&line, Schema::Native, &mut native).0)
        });
        match outcome {
            Outcome::Alert => {}
            Outcome::Passed | Outcome::Dropped => return Err(wit::Error::NoAlert),
            Outcome::Failed => {
                let too_long = ANNOTATOR.with_borrow(|annotator| line.len() > annotator.config().limits.line_bytes);
                return Err(if too_long {
                    wit::Error::LineTooLong(line.len() as u64)
                } else {
                    wit::Error::TooManyFields
                });
            }
        }
        let alert: Typed = serde_json::from_slice(&native).map_err(|error| wit::Error::Internal(error.to_string()))?;
        let json = if schema == Schema::Native { native } else { json };
        record(alert, json).ok_or_else(|| wit::Error::Internal("an alert without `bewit`".to_owned()))
    }

    fn describe() -> wit::Description {
        let description = ANNOTATOR.with_borrow(Annotator::describe);
        wit::Description {
            version: description.version.to_owned(),
            catalog: description.catalog,
            schema: description.schema.to_owned(),
            rules: u32::try_from(description.rules).unwrap_or(u32::MAX),
            attack: description.attack,
        }
    }
}

/// What is typed of what bewit adds. The rest repeats Falco's values, which may be numbers that no type holds.
#[derive(Deserialize)]
struct Bewit {
    id: String,
    fingerprint: String,
    summary: String,
    severity: schema::Severity,
    attack: Vec<schema::Attack>,
    assessment: schema::Assessment,
    mitigations: Vec<schema::Mitigation>,
    guidance: schema::Guidance,
}

/// What is typed of an alert. Its other keys are as whoever logged them wrote them: of any type, and some twice.
#[derive(Default)]
struct Typed {
    rule: Option<String>,
    priority: String,
    bewit: Option<Bewit>,
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TypedVisitor)
    }
}

struct TypedVisitor;

impl<'de> Visitor<'de> for TypedVisitor {
    type Value = Typed;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an alert")
    }

    /// The last one counts where a key comes twice, as everywhere in bewit.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Typed, A::Error> {
        let mut typed = Typed::default();
        while let Some((key, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            // A key that is no text to serde_json is none of these.
            match serde_json::from_str::<String>(key.get()).unwrap_or_default().as_str() {
                "rule" => typed.rule = serde_json::from_str(value.get()).ok(),
                "priority" => {
                    typed.priority = serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
                }
                "bewit" => typed.bewit = Some(serde_json::from_str(value.get()).map_err(A::Error::custom)?),
                _ => {}
            }
        }
        Ok(typed)
    }
}

/// An alert with its JSON in the configured schema; none where bewit's part is missing.
fn record(alert: Typed, json: Vec<u8>) -> Option<wit::Alert> {
    let bewit = alert.bewit?;
    Some(wit::Alert {
        id: bewit.id,
        fingerprint: bewit.fingerprint,
        rule: alert.rule,
        priority: alert.priority,
        summary: bewit.summary,
        level: bewit.severity.level.as_str().to_owned(),
        score: bewit.severity.score,
        disposition: bewit.assessment.disposition.as_str().to_owned(),
        matched_by: match bewit.guidance.matched_by {
            MatchedBy::Rule => wit::MatchedBy::Rule,
            MatchedBy::FormerName => wit::MatchedBy::FormerName,
            MatchedBy::Message => wit::MatchedBy::Message,
            MatchedBy::Behaviour => wit::MatchedBy::Behaviour,
            MatchedBy::Technique => wit::MatchedBy::Technique,
            MatchedBy::Source => wit::MatchedBy::Source,
            MatchedBy::Generic => wit::MatchedBy::Generic,
        },
        techniques: bewit.attack.into_iter().filter_map(|a| a.technique).collect(),
        mitigations: bewit.mitigations.into_iter().map(mitigation).collect(),
        json,
    })
}

fn mitigation(mitigation: schema::Mitigation) -> wit::Mitigation {
    wit::Mitigation {
        id: mitigation.id,
        phase: match mitigation.phase {
            Phase::Inspect => wit::Phase::Inspect,
            Phase::Contain => wit::Phase::Contain,
            Phase::Eradicate => wit::Phase::Eradicate,
            Phase::Harden => wit::Phase::Harden,
        },
        title: mitigation.title.unwrap_or_default(),
        steps: mitigation.steps,
        commands: mitigation.commands.into_iter().map(command).collect(),
    }
}

fn command(command: schema::Command) -> wit::Command {
    wit::Command {
        title: command.title.unwrap_or_default(),
        argv: command.argv,
        line: command.line,
        effect: command.effect.as_str().to_owned(),
        undo: command.undo,
        ready: command.ready.unwrap_or(true),
        missing: command.missing,
    }
}
