//! What became of requests and lines, for Prometheus.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bewit::MatchedBy;
use hyper::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::pipeline::Done;

/// What [`Metrics::text`] is written in.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One label, all of whose values are known: no client can add to them.
type By<T> = Family<[(&'static str, &'static str); 1], T>;

/// Counters since the start.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<[(&'static str, String); 1], Counter>,
    seconds: Histogram,
    held: Gauge,
    lines: Counter,
    alerts: By<Counter>,
    passed: Counter,
    dropped: Counter,
    failed: Counter,
    faults: By<Counter>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("bewit");
        let requests = Family::default();
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 16));
        let held = Gauge::default();
        let (lines, passed, dropped, failed) = (
            Counter::default(),
            Counter::default(),
            Counter::default(),
            Counter::default(),
        );
        let (alerts, faults) = (By::default(), By::default());
        registry.register(
            "requests",
            "Requests with records, by the status of the answer",
            requests.clone(),
        );
        registry.register_with_unit(
            "request",
            "From the head of a request with records to the head of its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("requests_held", "Requests that are being worked on", held.clone());
        registry.register(
            "lines",
            "Lines that came in, those of repeated requests included",
            lines.clone(),
        );
        registry.register(
            "alerts",
            "Alerts that were annotated, by how guidance was found",
            alerts.clone(),
        );
        registry.register("passed", "Lines that went out as they came", passed.clone());
        registry.register(
            "dropped",
            "Alerts that the configuration asked to drop",
            dropped.clone(),
        );
        registry.register("failed", "Lines that went out with an error", failed.clone());
        registry.register("faults", "Failures of the component, by code", faults.clone());
        Self {
            registry,
            requests,
            seconds,
            held,
            lines,
            alerts,
            passed,
            dropped,
            failed,
            faults,
        }
    }

    /// Counts a request with records as held, until what this returns is dropped.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        self.held.inc();
        Held(Arc::clone(self))
    }

    /// A request with records has its answer.
    pub(super) fn answered(&self, status: StatusCode, took: Duration) {
        self.requests
            .get_or_create(&[("status", status.as_str().to_owned())])
            .inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// A batch was annotated.
    pub(super) fn annotated(&self, done: &Done, matched: &Matched) {
        let lines = &done.counts.lines;
        self.lines.inc_by(lines.lines);
        self.passed.inc_by(lines.passed);
        self.dropped.inc_by(lines.dropped);
        self.failed.inc_by(lines.failed);
        for (by, count) in &matched.0 {
            self.alerts.get_or_create(&[("matched_by", by)]).inc_by(*count);
        }
        for fault in &done.faults {
            self.faults.get_or_create(&[("code", fault.code())]).inc();
        }
    }

    /// All of it.
    pub(super) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// See [`Metrics::hold`].
pub(super) struct Held(Arc<Metrics>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.dec();
    }
}

/// Alerts by how guidance was found for them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matched(BTreeMap<&'static str, u64>);

impl Matched {
    /// Looks into annotated lines.
    pub(super) fn in_lines(lines: &[u8]) -> Self {
        let mut matched = Self::default();
        for by in lines.split(|byte| *byte == b'\n').filter_map(matched_by) {
            *matched.0.entry(by.as_str()).or_default() += 1;
        }
        matched
    }

    /// Takes away those that were annotated before, and names what is left of `alerts` unknown: another schema
    /// does not say it.
    pub(super) fn only_new(mut self, before: &Self, alerts: u64) -> Self {
        for (by, count) in &before.0 {
            if let Some(all) = self.0.get_mut(by) {
                *all = all.saturating_sub(*count);
            }
        }
        let known: u64 = self.0.values().sum();
        if alerts > known {
            self.0.insert("unknown", alerts - known);
        }
        self
    }
}

fn matched_by(line: &[u8]) -> Option<MatchedBy> {
    #[derive(serde::Deserialize)]
    struct Record {
        bewit: Bewit,
    }
    #[derive(serde::Deserialize)]
    struct Bewit {
        guidance: Guidance,
    }
    #[derive(serde::Deserialize)]
    struct Guidance {
        matched_by: MatchedBy,
    }
    // Most lines of a log are no alerts, and are known by this alone.
    memchr::memmem::find(line, br#""matched_by""#)?;
    let record: Record = serde_json::from_slice(line).ok()?;
    Some(record.bewit.guidance.matched_by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_bewit_says_counts() {
        let alert = |by| {
            format!(r#"{{"output_fields":{{"matched_by":"rule"}},"bewit":{{"guidance":{{"matched_by":"{by}"}}}}}}"#)
        };
        let lines = [
            &alert("rule"),
            &alert("generic"),
            r#"{"matched_by":"rule"}"#,
            &alert("me"),
            "\"matched_by\"",
        ]
        .join("\n");
        let matched = Matched::in_lines(lines.as_bytes());
        assert_eq!(matched, Matched(BTreeMap::from([("rule", 1), ("generic", 1)])));
        let before = Matched(BTreeMap::from([("rule", 1)]));
        let new = matched.only_new(&before, 3);
        assert_eq!(
            new,
            Matched(BTreeMap::from([("rule", 0), ("generic", 1), ("unknown", 2)]))
        );
    }
}
