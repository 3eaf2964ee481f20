//! `bewit report`: alerts for people.

use std::path::Path;

use anyhow::Result;
use bewit::report::{Terminal, markdown, terminal};
use bewit::schema::Alert;
use bewit::{Detail, Schema};

use crate::annotate::{Run, settings};
use crate::cli;
use crate::output::Output;
use crate::page::Writer;
use crate::pipeline::Keep;

/// `bewit report`
pub(crate) fn run(args: &cli::Report, component: Option<&Path>) -> Result<bool> {
    let mut settings = settings(&args.input.how)?;
    // A report says everything, whatever goes into storage.
    settings.config.schema = Schema::Native;
    settings.config.detail = Detail::Full;
    settings.config.mask_secrets = !args.show_secrets;
    let run = Run::prepare(&args.input, &settings, Keep::All, component)?;
    let mut output = Output::new(args.input.output.as_deref())?;
    let mut alerts = Alerts {
        most: args.most,
        mask: !args.show_secrets,
        ..Alerts::default()
    };
    let all = run.start(&mut |done| {
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
    /// Alerts that were annotated before have not been masked yet.
    mask: bool,
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
            let alert = match std::str::from_utf8(line) {
                Ok(line) if self.mask => bewit::mask(line),
                _ => serde_json::from_slice(line),
            };
            match alert {
                Ok(alert) => self.kept.push(alert),
                Err(_) => self.unreadable += 1,
            }
        }
    }
}
