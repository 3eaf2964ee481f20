//! The library.

use anyhow::Result;
use bewit::{Annotator, Config};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::load::Load;
use crate::measure::{Contender, side_by_side};
use crate::report::{Goal, Report, times, us};

/// An annotator with this configuration, in JSON.
pub(crate) fn annotator(config: &str) -> Result<Annotator> {
    Ok(Annotator::new(serde_json::from_str::<Config>(config)?))
}

/// The least that answers are worth: brief.
pub(crate) const BRIEF: &str = r#"{"detail":"brief"}"#;

/// Bytes of the annotated record, on average.
pub(crate) fn answer_size(load: &Load) -> Result<usize> {
    let annotator = annotator(BRIEF)?;
    let mut out = Vec::new();
    for record in &load.records {
        annotator.annotate(record, &mut out);
    }
    Ok(out.len() / load.records.len())
}

fn library<'l>(name: &str, load: &'l Load, config: &str) -> Result<Contender<'l>> {
    let annotator = annotator(config)?;
    let mut out = Vec::new();
    Ok(Contender::new(name, move || {
        for record in &load.records {
            out.clear();
            annotator.annotate(record, &mut out);
        }
        Ok(load.records.len())
    }))
}

pub(crate) fn measure(loads: &[Load], report: &mut Report) -> Result<()> {
    report.heading("The native library");
    report.say("`bare parse` is serde_json reading the same bytes into `IgnoredAny`; `Value` is serde_json reading them into a tree and writing it again.");
    let (mut rows, mut goals) = (Vec::new(), Vec::new());
    for load in loads {
        let parse = || -> Result<usize> {
            for record in &load.records {
                std::hint::black_box(serde_json::from_slice::<IgnoredAny>(record)?);
            }
            Ok(load.records.len())
        };
        let value = || -> Result<usize> {
            for record in &load.records {
                std::hint::black_box(serde_json::to_vec(&serde_json::from_slice::<Value>(record)?)?);
            }
            Ok(load.records.len())
        };
        let measured = side_by_side(&mut [
            library("brief", load, BRIEF)?,
            library("full", load, "{}")?,
            Contender::new("bare parse", parse),
            Contender::new("Value", value),
        ])?;
        let [brief, full, parse, value] = measured[..] else { unreachable!("four were measured") };
        rows.push(vec![load.name.to_owned(), us(brief), us(full), us(parse), us(value), times(brief / parse), times(brief / value)]);
        goals.push(Goal {
            what: format!("{}: brief, of the bare parse", load.name),
            goal: "3 x".to_owned(),
            reached: times(brief / parse),
            met: brief / parse <= 3.0,
        });
    }
    report.table(&["load", "brief", "full", "bare parse", "`Value`", "brief / bare parse", "brief / `Value`"], &rows);
    report.goals(&goals);
    Ok(())
}
