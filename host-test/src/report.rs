//! `bewit report`: alerts for people.

use std::path::Path;

use anyhow::Result;
use bewit::report::{Alerts, Report};
use bewit::{Detail, Schema};

use crate::annotate::{Run, settings};
use crate::cli::{self, ReportFormat};
use crate::output::Output;
use crate::page;
use crate::pipeline::Keep;

/// `bewit report`
pub(crate) fn run(args: &cli::Report, component: Option<&Path>) -> Result<bool> {
    let mut settings = settings(&args.input.how)?;
    // A report says everything, whatever goes into storage.
    settings.config.schema = Schema::Native;
    settings.config.detail = Detail::Full;
    settings.config.mask_secrets = !args.show_secrets;
    // Only this folds the line away.
    settings.config.keep_raw = args.format == Some(ReportFormat::Html);
    let run = Run::prepare(&args.input, &settings, Keep::All, component)?;
    let mut output = Output::new(args.input.output.as_deref())?;
    let mut alerts = Alerts::new(args.most, !args.show_secrets);
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
    let page = |format| Report::Page(page::format(format, args.input.output.is_none()));
    let report = match args.format {
        None => page(None),
        Some(ReportFormat::Markdown) => page(Some(cli::Format::Markdown)),
        Some(ReportFormat::Html) => page(Some(cli::Format::Html)),
        Some(ReportFormat::Terminal) => page(Some(cli::Format::Terminal)),
        Some(ReportFormat::Navigator) => Report::Navigator,
    };
    output.write(bewit::report::report(&kept, report).as_bytes(), false)?;
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
