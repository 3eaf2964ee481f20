//! The component in wasmtime.

use std::fs;

use anyhow::{Context as _, Result};
use vrl::compiler::state::RuntimeState;
use vrl::compiler::{Context, TargetValue, TimeZone};
use vrl::value::{KeyString, ObjectMap, Secrets, Value};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::Built;
use crate::load::Load;
use crate::measure::{Contender, side_by_side};
use crate::native::{BRIEF, annotator};
use crate::report::{Goal, Report, times, us};

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}

/// Lines of a batch, as in the host.
const BATCH: usize = 256;

/// Batches of the load's records, repeated until one is full.
fn batches(load: &Load) -> Vec<Vec<u8>> {
    let repeated = BATCH.div_ceil(load.records.len());
    let records: Vec<&[u8]> = std::iter::repeat_n(&load.records, repeated).flatten().map(Vec::as_slice).collect();
    let whole = |records: &[&[u8]]| [records.join(&b'\n'), b"\n".to_vec()].concat();
    records.chunks(BATCH).map(whole).collect()
}

fn lines(batches: &[Vec<u8>]) -> usize {
    batches.iter().flatten().filter(|byte| **byte == b'\n').count()
}

fn component<'l>(bytes: &[u8], batches: &'l [Vec<u8>]) -> Result<Contender<'l>> {
    let mut config = wasmtime::Config::new();
    // As the host has it.
    config.concurrency_support(false);
    let engine = Engine::new(&config)?;
    let component = Component::from_binary(&engine, bytes)?;
    let mut store = Store::new(&engine, ());
    let plugin = bindings::Plugin::instantiate(&mut store, &component, &Linker::new(&engine))?;
    let configured = plugin.bewit_plugin_annotator().call_configure(&mut store, BRIEF.as_bytes())?;
    configured.ok().context("the component refuses its configuration")?;
    let count = lines(batches);
    Ok(Contender::new("component", move || {
        for batch in batches {
            std::hint::black_box(plugin.bewit_plugin_annotator().call_annotate_batch(&mut store, batch)?);
        }
        Ok(count)
    }))
}

fn library(batches: &[Vec<u8>]) -> Result<Contender<'_>> {
    let annotator = annotator(BRIEF)?;
    let count = lines(batches);
    Ok(Contender::new("library", move || {
        for batch in batches {
            // The component returns a list of its own each time, too.
            let mut out = Vec::new();
            bewit::annotate_batch(&annotator, batch, &mut out);
            std::hint::black_box(out);
        }
        Ok(count)
    }))
}

/// A VRL program over each line as Vector hands it over, in `message`, and as its sinks write it, in JSON.
fn vrl<'l>(program: &str, load: &'l Load) -> Result<Contender<'l>> {
    let compiled = vrl::compiler::compile(program, &vrl::stdlib::all()).map_err(|errors| {
        let errors = vrl::diagnostic::Formatter::new(program, errors);
        anyhow::anyhow!("the VRL program is not valid\n{errors}")
    })?;
    let (mut state, zone) = (RuntimeState::default(), TimeZone::default());
    Ok(Contender::new("VRL", move || {
        for record in &load.records {
            let message = (KeyString::from("message"), Value::from(record.as_slice()));
            let mut target = TargetValue {
                value: Value::Object(ObjectMap::from([message])),
                metadata: Value::Object(ObjectMap::new()),
                secrets: Secrets::default(),
            };
            state.clear();
            compiled.program.resolve(&mut Context::new(&mut target, &mut state, &zone)).map_err(|error| anyhow::anyhow!("{error}"))?;
            std::hint::black_box(serde_json::to_vec(&target.value)?);
        }
        Ok(load.records.len())
    }))
}

pub(crate) fn measure(built: &Built, loads: &[Load], report: &mut Report) -> Result<()> {
    report.heading("The component in wasmtime, and VRL");
    report.say("Batches of 256 lines on one thread. The VRL program is benches/peers/annotate.vrl, run by the `vrl` crate on one event at a time: it knows one rule and writes a tenth of what bewit does. VRL reads only what stands in the record itself, so the alert inside `log` and the corpus are no work for it.");
    let bytes = fs::read(&built.component).context("cannot read the component")?;
    let program = fs::read_to_string("benches/peers/annotate.vrl").context("cannot read the VRL program")?;
    let (mut rows, mut goals) = (Vec::new(), Vec::new());
    for load in loads {
        let batches = batches(load);
        let measured = side_by_side(&mut [component(&bytes, &batches)?, library(&batches)?, vrl(&program, load)?])?;
        let [component, library, vrl] = measured[..] else { unreachable!("three were measured") };
        rows.push(vec![load.name.to_owned(), us(component), us(library), us(vrl), times(component / library), times(vrl / component)]);
        goals.push(Goal {
            what: format!("{}: component, of the library", load.name),
            goal: "1.5 x".to_owned(),
            reached: times(component / library),
            met: component / library <= 1.5,
        });
        if load.name == "alert" {
            goals.push(Goal {
                what: format!("{}: throughput, of VRL's", load.name),
                goal: "at least 5 x".to_owned(),
                reached: times(vrl / component),
                met: vrl / component >= 5.0,
            });
        }
    }
    report.table(&["load", "component", "library", "VRL", "component / library", "VRL / component"], &rows);
    report.goals(&goals);
    Ok(())
}
