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

use bindings::exports::bewit::plugin::annotator as wit;

use crate::schema;
use crate::{Annotator, Config, MatchedBy, Outcome, annotate_batch};
use bewit_catalog::model::Phase;

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
        let library = bewit_catalog::wire::decode(&catalog).map_err(|error| {
            wit::Error::InvalidConfiguration(wit::ConfigurationError {
                message: error.to_string(),
                line: 0,
                column: 0,
            })
        })?;
        ANNOTATOR.with_borrow_mut(|annotator| {
            *annotator = Annotator::with_library(annotator.config().clone(), library);
        });
        Ok(())
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
        let mut json = Vec::new();
        match ANNOTATOR.with_borrow(|annotator| annotator.annotate(&line, &mut json)) {
            Outcome::Alert => {}
            Outcome::Passed | Outcome::Dropped => return Err(wit::Error::NoAlert),
            Outcome::Failed => return Err(wit::Error::LineTooLong(line.len() as u64)),
        }
        let alert: schema::Alert =
            serde_json::from_slice(&json).map_err(|error| wit::Error::Internal(error.to_string()))?;
        Ok(record(alert, json))
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

fn record(alert: schema::Alert, json: Vec<u8>) -> wit::Alert {
    let bewit = alert.bewit;
    wit::Alert {
        id: bewit.id,
        fingerprint: bewit.fingerprint,
        rule: alert.rule,
        priority: alert
            .priority
            .as_str()
            .map_or_else(|| alert.priority.to_string(), str::to_owned),
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
    }
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
