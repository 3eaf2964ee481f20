//! The module for Fluent Bit, interpreted and compiled.

use std::fs;

use anyhow::{Context as _, Result};

use crate::Built;
use crate::filter::{Before, Compiled, Filter, Interpreted};
use crate::load::Load;
use crate::measure::{Contender, side_by_side};
use crate::native::{BRIEF, answer_size};
use crate::report::{Goal, Report, times, us};

type Make = fn(&[u8], &str, Before) -> Result<Box<dyn Filter>>;

/// The ConfigMap limit: what Kubernetes takes.
const MODULE: usize = 1 << 20;
const MEMORY: usize = 2 << 20;
const CONFIGURED: Before = Before::Text("bewit_configure", BRIEF.as_bytes());

fn contender<'l>(make: Make, module: &[u8], name: &str, before: Before, tag: &'l str, load: &'l Load) -> Result<Contender<'l>> {
    let mut filter = make(module, name, before).with_context(|| format!("{name} cannot be set up"))?;
    Ok(Contender::new(name, move || {
        for record in &load.records {
            std::hint::black_box(filter.call(tag, record)?);
        }
        Ok(load.records.len())
    }))
}

fn engine(title: &str, make: Make, bewit: &[u8], peers: &[u8], loads: &[Load], report: &mut Report) -> Result<()> {
    report.heading(title);
    let mut rows = Vec::new();
    for load in loads {
        let size = answer_size(load)?;
        let tag = format!("answer.{size}");
        let peer = |name: &str| contender(make, peers, name, Before::Nothing, &tag, load);
        let measured = side_by_side(&mut [
            contender(make, bewit, "bewit", CONFIGURED, &tag, load)?,
            peer("echo")?,
            peer("constant")?,
            peer("typed")?,
            peer("value")?,
        ])?;
        let bewit = measured[0];
        rows.push(
            std::iter::once(format!("{}, answer {size} B", load.name))
                .chain(measured.iter().map(|ns| us(*ns)))
                .chain([times(bewit / measured[3]), times(bewit / measured[4])])
                .collect(),
        );
    }
    report.table(&["load", "bewit", "echo", "constant", "typed serde", "`Value`", "bewit / typed", "bewit / `Value`"], &rows);
    Ok(())
}

pub(crate) fn measure(built: &Built, loads: &[Load], report: &mut Report) -> Result<()> {
    let (bewit, peers) = (fs::read(&built.module)?, fs::read(&built.peers)?);
    engine("The module for Fluent Bit, in an interpreter", |m, e, b| Ok(Box::new(Interpreted::new(m, e, b)?)), &bewit, &peers, loads, report)?;
    report.say("The interpreter is wasmi, where no Fluent Bit is at hand; the record is handed over and the answer taken as Fluent Bit does, without its own parsing and packing. `echo` returns the record it got, `constant` always the same object, as large as bewit's answer; `typed serde` parses borrowed fields and adds two members, `Value` is how Fluent Bit's own Rust example works.");
    engine("The same, compiled", |m, e, b| Ok(Box::new(Compiled::new(m, e, b)?)), &bewit, &peers, loads, report)?;
    report.say("By wasmtime, without SIMD, in place of WAMR's compiler.");

    let mut filter = Compiled::new(&bewit, "bewit", CONFIGURED)?;
    for _ in 0..50 {
        for record in loads.iter().flat_map(|load| &load.records) {
            filter.call("falco", record)?;
        }
    }
    let memory = filter.memory();
    report.goals(&[
        Goal {
            what: "linear memory in steady state".to_owned(),
            goal: format!("{} KiB", MEMORY >> 10),
            reached: format!("{} KiB", memory >> 10),
            met: memory <= MEMORY,
        },
        Goal {
            what: "the module's file".to_owned(),
            goal: format!("{MODULE} bytes"),
            reached: format!("{} bytes", bewit.len()),
            met: bewit.len() < MODULE,
        },
    ]);
    Ok(())
}
