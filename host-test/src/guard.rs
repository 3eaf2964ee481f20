//! Runs the component so that it cannot hurt: bounded in memory and time, and replaced when it fails.
//!
//! No failure costs a record. The lines of a batch that failed are run again one by one, each that fails again
//! in an instance of its own, and what cannot be annotated passes on with the reason.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use memchr::{memchr, memchr_iter};
use wasmtime::{Engine, ResourceLimiter, Store};

use crate::component::{Batch, Description, Error, Exports, Plugin, PluginPre, TICK};
use crate::fault::Fault;
use crate::misuse::Misuse;
use bewit::Split;

/// Bytes of memory that an instance may have.
pub(crate) const MEMORY: usize = 256 << 20;
/// A line that is run alone after its batch failed gets this much of the batch's time, so that a batch of
/// nothing but endless lines ends.
const ALONE: u32 = 10;
/// But never less than this: the machine may be busy.
const ALONE_LEAST: Duration = Duration::from_secs(1);
/// Table elements that an instance may have.
const TABLE: usize = 1 << 20;

/// What an instance has taken of memory, and whether it was ever refused some.
#[derive(Default)]
pub(crate) struct Memory {
    used: usize,
    denied: bool,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        // Over all memories of the instance: a component may have several.
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > MEMORY {
            self.denied = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE)
    }
}

/// A running component.
pub(crate) struct Instance {
    store: Store<Memory>,
    exports: Exports,
}

/// Instantiates, within the same limits as any call.
pub(crate) fn instance(engine: &Engine, pre: &PluginPre<Memory>) -> wasmtime::Result<Instance> {
    let mut store = Store::new(engine, Memory::default());
    store.limiter(|memory| memory);
    store.set_epoch_deadline(ticks(ALONE_LEAST));
    let exports = pre.instantiate(&mut store)?;
    Ok(Instance { store, exports })
}

impl Instance {
    pub(crate) fn describe(&mut self) -> wasmtime::Result<Description> {
        self.store.set_epoch_deadline(ticks(ALONE_LEAST));
        self.exports.bewit_plugin_annotator().call_describe(&mut self.store)
    }

    fn configure(&mut self, json: &[u8], catalog: Option<&[u8]>) -> wasmtime::Result<Result<(), Error>> {
        self.store.set_epoch_deadline(ticks(ALONE_LEAST));
        let annotator = self.exports.bewit_plugin_annotator();
        if let Err(error) = annotator.call_configure(&mut self.store, json)? {
            return Ok(Err(error));
        }
        // Behind the configuration, which says how large it may be.
        match catalog {
            Some(catalog) => annotator.call_load_catalog(&mut self.store, catalog),
            None => Ok(Ok(())),
        }
    }

    fn annotate_batch(&mut self, lines: &[u8], limit: Duration) -> Result<Batch, Fault> {
        self.store.set_epoch_deadline(ticks(limit));
        self.exports
            .bewit_plugin_annotator()
            .call_annotate_batch(&mut self.store, lines)
            .map_err(|error| Fault::of(&error, self.store.data().denied, limit))
    }
}

/// Ticks of the epoch that are at least as long as this.
fn ticks(limit: Duration) -> u64 {
    let ticks = limit.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
}

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Annotated {
    /// The records that come out.
    pub(crate) lines: Vec<u8>,
    /// What became of the lines that went in.
    pub(crate) stats: bewit::Stats,
    /// Why records passed on without annotation.
    pub(crate) faults: Vec<Fault>,
}

/// An instance with a configuration, which is replaced when it fails.
pub(crate) struct Guarded {
    plugin: Arc<Plugin>,
    config: Arc<[u8]>,
    /// In place of the built-in catalog.
    catalog: Option<Arc<[u8]>>,
    instance: Option<Instance>,
    /// The configuration asks for alerts to be dropped; without that no line may be missing.
    drops: bool,
    batch_timeout: Duration,
}

impl Guarded {
    /// Makes the first instance, so that a configuration that the component refuses is known at once.
    pub(crate) fn new(
        plugin: &Arc<Plugin>,
        config: &bewit::Config,
        catalog: Option<Arc<[u8]>>,
        batch_timeout: Duration,
    ) -> Result<Self> {
        let drops = config.min_priority.is_some();
        let config: Arc<[u8]> = serde_json::to_vec(config)?.into();
        let mut instance = plugin
            .instance()
            .map_err(anyhow::Error::from)
            .context("the component does not start")?;
        let configured = instance
            .configure(&config, catalog.as_deref())
            .map_err(anyhow::Error::from);
        match configured.context("the component failed on its configuration")? {
            Ok(()) => {}
            Err(Error::InvalidConfiguration(mistake)) => {
                let message = format!("the component refuses the configuration: {}", mistake.message);
                return Err(Misuse(message).into());
            }
            Err(error) => return Err(error).context("the component failed on its configuration"),
        }
        Ok(Self {
            plugin: Arc::clone(plugin),
            config,
            catalog,
            instance: Some(instance),
            drops,
            batch_timeout,
        })
    }

    /// Annotates a batch. It always gives every record back.
    pub(crate) fn annotate(&mut self, lines: &[u8]) -> Annotated {
        match self.call(lines, self.batch_timeout) {
            Ok(batch) => {
                let mut done = Annotated::default();
                done.take(batch);
                done
            }
            Err(_) => self.one_by_one(lines),
        }
    }

    fn one_by_one(&mut self, lines: &[u8]) -> Annotated {
        let limit = (self.batch_timeout / ALONE).max(ALONE_LEAST).min(self.batch_timeout);
        let mut done = Annotated::default();
        for record in Records(lines) {
            match self.call(record, limit) {
                Ok(batch) => done.take(batch),
                Err(fault) => done.pass(record, fault),
            }
        }
        done
    }

    fn call(&mut self, lines: &[u8], limit: Duration) -> Result<Batch, Fault> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.replace()?,
        };
        let batch = instance.annotate_batch(lines, limit)?;
        if !self.adds_up(lines, &batch) {
            return Err(Fault::WrongAnswer);
        }
        // What failed is dropped: its memory may be in any state.
        self.instance = Some(instance);
        Ok(batch)
    }

    /// Whether an answer accounts for every line: one that is missing would never be missed again.
    fn adds_up(&self, lines: &[u8], batch: &Batch) -> bool {
        let given = &batch.statistics;
        let add = |a: Option<u64>, b: u64| a.and_then(|a| a.checked_add(b));
        let written = [given.alerts, given.passed, given.failed]
            .into_iter()
            .fold(Some(0), add);
        let (Some(written), Some(all)) = (written, add(written, given.dropped)) else {
            return false;
        };
        let count = count(lines);
        given.lines == count
            && self::count(&batch.lines) == written
            && (self.drops || given.dropped == 0)
            // Fewer only where the pieces of a split line became one record.
            && (all == count || (all < count && all >= Records(lines).count() as u64))
    }

    /// A new instance with the configuration. That it fails where the first one did not, no record is to blame
    /// for, but none must be lost by it either.
    fn replace(&self) -> Result<Instance, Fault> {
        let fault = |error: wasmtime::Error| Fault::of(&error, false, ALONE_LEAST);
        let mut instance = self.plugin.instance().map_err(fault)?;
        match instance
            .configure(&self.config, self.catalog.as_deref())
            .map_err(fault)?
        {
            Ok(()) => Ok(instance),
            Err(error) => Err(Fault::Trap(error.to_string())),
        }
    }
}

impl Annotated {
    fn take(&mut self, mut batch: Batch) {
        if self.lines.is_empty() {
            self.lines = batch.lines;
        } else {
            self.lines.append(&mut batch.lines);
        }
        let statistics = batch.statistics;
        self.stats += bewit::Stats {
            lines: statistics.lines,
            alerts: statistics.alerts,
            passed: statistics.passed,
            dropped: statistics.dropped,
            failed: statistics.failed,
        };
    }

    /// Passes on what could not be annotated.
    fn pass(&mut self, record: &[u8], fault: Fault) {
        for line in record.split_inclusive(|byte| *byte == b'\n') {
            let (line, end) = match line.strip_suffix(b"\n") {
                Some(line) => (line, &b"\n"[..]),
                None => (line, &b""[..]),
            };
            bewit::fault(line, fault.code(), &fault.message(), &mut self.lines);
            self.lines.extend_from_slice(end);
            self.stats.lines += 1;
            self.stats.failed += 1;
        }
        self.faults.push(fault);
    }
}

/// Lines, the last one with or without its line break.
fn count(lines: &[u8]) -> u64 {
    let breaks = memchr_iter(b'\n', lines).count() as u64;
    breaks + u64::from(!lines.is_empty() && !lines.ends_with(b"\n"))
}

/// The records of a batch: lines with their line breaks, the pieces of a split line together.
struct Records<'b>(&'b [u8]);

impl<'b> Iterator for Records<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let mut split = Split::default();
        let mut end = 0;
        while let Some(length) = memchr(b'\n', &self.0[end..]) {
            let line = &self.0[end..end + length];
            end += length + 1;
            if !split.goes_on(line) {
                let (record, rest) = self.0.split_at(end);
                self.0 = rest;
                return Some(record);
            }
        }
        Some(std::mem::take(&mut self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_lines_and_split_lines() {
        let piece = "2026-04-13T17:57:43.728694426Z stdout P {\"a\n";
        let last = "2026-04-13T17:57:43.728694426Z stdout F \":1}\n";
        let batch = format!("a\n\n{piece}{piece}{last}b");
        let records: Vec<_> = Records(batch.as_bytes()).collect();
        let split = format!("{piece}{piece}{last}");
        assert_eq!(records, [&b"a\n"[..], b"\n", split.as_bytes(), b"b"]);
    }

    #[test]
    fn a_limit_is_never_shorter_than_asked_for() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(TICK), 2);
        assert_eq!(ticks(TICK + Duration::from_nanos(1)), 3);
    }
}
