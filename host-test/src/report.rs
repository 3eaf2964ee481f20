//! `bewit report`: alerts for people.

use std::path::Path;

use anyhow::Result;
use bewit::report::{Terminal, markdown, terminal};
use bewit::schema::Alert;
use bewit::{Detail, Schema};

use crate::annotate::{Run, Settings, settings};
use crate::cli;
use crate::output::Output;
use crate::page::Writer;
use crate::pipeline::Keep;

/// `bewit report`
pub(crate) fn run(args: &cli::Report, component: Option<&Path>) -> Result<bool> {
    let Settings { mut config, catalog } = settings(&args.input)?;
    // A report says everything, whatever goes into storage.
    config.schema = Schema::Native;
    config.detail = Detail::Full;
    let run = Run::prepare(&args.input, &config, catalog.as_ref(), component, false)?;
    let mut output = Output::new(args.input.output.as_deref())?;
    let mut alerts = Alerts {
        most: args.most,
        ..Alerts::default()
    };
    let all = run.start(Keep::All, &mut |done| {
        alerts.take(&done.bytes);
        Ok(())
    })?;
    let Alerts {
        kept,
        left_out,
        unreadable,
        ..
    } = alerts;
    let text = match Writer::new(args.format, args.input.output.is_none()) {
        Writer::Markdown => markdown(&kept),
        Writer::Terminal { width, colour } => terminal(&kept, &Terminal { width, colour }),
    };
    output.write(text.as_bytes(), false)?;
    if left_out > 0 {
        eprintln!(
            "bewit: the report is on the first {} alerts; {left_out} more are not in it (see --most)",
            kept.len()
        );
    }
    if unreadable > 0 {
        eprintln!(
            "bewit: {unreadable} annotated records are not in the report: another version wrote them, or they failed"
        );
    }
    Ok(all)
}

/// A report looks at all alerts together, so there is a bound on how many.
#[derive(Default)]
struct Alerts {
    most: usize,
    kept: Vec<Alert>,
    left_out: u64,
    unreadable: u64,
}

impl Alerts {
    fn take(&mut self, lines: &[u8]) {
        for line in lines
            .split(|byte| *byte == b'\n')
            .filter(|line| bewit::is_annotated(line))
        {
            if self.kept.len() >= self.most {
                self.left_out += 1;
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(alert) => self.kept.push(alert),
                Err(_) => self.unreadable += 1,
            }
        }
    }
}
