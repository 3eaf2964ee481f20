//! One line in, one record out.

use std::borrow::Cow;

use bewit_catalog::model::Catalog;

use crate::annotate::Alert;
use crate::catalog::BUILT_IN;
use crate::config::{Config, MinPriority};
use crate::envelope::{self, Carrier, Kept, Layer, Load};
use crate::event::{self, Event, Priority, Record};
use crate::json::Value;
use crate::render::native::{self, Input};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A Falco alert; its annotated form was written.
    Alert,
    /// No Falco alert, or one that is annotated already; it was written as it came.
    Passed,
    /// An alert that the configuration asked to drop; nothing was written.
    Dropped,
    /// Something was over a limit; the record was written with `bewit.error`, or as it came where it is no
    /// JSON object.
    Failed,
}

/// Annotates lines. It does no I/O, reads no clock, and gives the same bytes for the same line and
/// configuration, always.
pub struct Annotator {
    catalog: Cow<'static, Catalog>,
    config: Config,
    min_priority: Option<Priority>,
}

impl Default for Annotator {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Annotator {
    /// With the built-in catalog.
    pub fn new(config: Config) -> Self {
        Self {
            min_priority: config.min_priority.map(|p| match p {
                MinPriority::Emergency => Priority::Emergency,
                MinPriority::Alert => Priority::Alert,
                MinPriority::Critical => Priority::Critical,
                MinPriority::Error => Priority::Error,
                MinPriority::Warning => Priority::Warning,
                MinPriority::Notice => Priority::Notice,
                MinPriority::Informational => Priority::Informational,
                MinPriority::Debug => Priority::Debug,
            }),
            config,
            catalog: Cow::Borrowed(&BUILT_IN),
        }
    }

    /// With another catalog: the built-in one with a user's files laid over it.
    pub fn with_catalog(config: Config, catalog: Catalog) -> Self {
        Self {
            catalog: Cow::Owned(catalog),
            ..Self::new(config)
        }
    }

    /// The same catalog under another configuration.
    pub fn configured(self, config: Config) -> Self {
        Self {
            catalog: self.catalog,
            ..Self::new(config)
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The catalog in use.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Annotates one record, without a line break at its end, and appends what becomes of it to `out`.
    /// A JSON record may hold line breaks between its tokens.
    pub fn annotate(&self, line: &[u8], out: &mut Vec<u8>) -> Outcome {
        let outcome = self.try_annotate(line, out);
        if outcome == Outcome::Passed {
            out.extend_from_slice(line);
        }
        outcome
    }

    /// As [`Self::annotate`], but [`Outcome::Passed`] appends nothing: the caller has the line.
    pub fn try_annotate(&self, line: &[u8], out: &mut Vec<u8>) -> Outcome {
        if line.len() > self.config.limits.line_bytes {
            return self.over_limit(line, out);
        }
        let Some(text) = Line::read(line) else {
            return Outcome::Passed;
        };
        let before = out.len();
        self.unwrap(&text, text.text.trim(), None, 0, out).unwrap_or_else(|| {
            out.truncate(before);
            Outcome::Passed
        })
    }

    /// Finds the alert in a line, one wrapper at a time. None where there is none.
    ///
    /// It calls itself for each wrapper, and an interpreter has little stack for what a function keeps: Fluent Bit's has
    /// 8 KiB. So the work of a level is done in functions that are not inlined and have returned by then.
    fn unwrap(
        &self,
        line: &Line<'_>,
        text: &str,
        layer: Option<&Layer<'_>>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        if depth > envelope::DEPTH {
            return None;
        }
        if text.starts_with('{') {
            let mut record = Record::read(text).ok()?;
            if let Some(mut event) = record.event() {
                add_metadata(&mut event, Some(&record), layer);
                return self.emit(line, text, &event, Some(&record), layer, out);
            }
            for carrier in envelope::carriers(&record) {
                let outcome = self.carried(line, &record, &carrier, layer, depth, out);
                if outcome.is_some() {
                    return outcome;
                }
            }
            return None;
        }
        if let Some(mut event) = event::parse_text(text, &self.catalog) {
            add_metadata(&mut event, None, layer);
            return self.emit(line, text, &event, None, layer, out);
        }
        let prefix = envelope::prefix(text)?;
        let wrapped = Layer {
            name: prefix.name,
            time: prefix.time,
            around: layer,
            kept: Kept::Parts(&prefix.parts),
        };
        self.unwrap(line, prefix.line.trim(), Some(&wrapped), depth + 1, out)
    }

    fn carried(
        &self,
        line: &Line<'_>,
        record: &Record<'_>,
        carrier: &Carrier<'_, '_>,
        layer: Option<&Layer<'_>>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        let wrapped = Layer {
            name: carrier.name,
            time: envelope::written(record),
            around: layer,
            kept: Kept::Members {
                record,
                carrier: carrier.index,
            },
        };
        let text = match carrier.load {
            Load::Line(text) => text.decode(),
            Load::Object(text) => Cow::Borrowed(text),
        };
        self.unwrap(line, text.trim(), Some(&wrapped), depth + 1, out)
    }

    #[inline(never)]
    fn emit(
        &self,
        line: &Line<'_>,
        text: &str,
        event: &Event<'_>,
        record: Option<&Record<'_>>,
        layer: Option<&Layer<'_>>,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        if record.is_some_and(is_annotated) {
            return None;
        }
        if self.min_priority.is_some_and(|lowest| event.priority > lowest) {
            return Some(Outcome::Dropped);
        }
        let alert = Alert::new(&self.catalog, event)?;
        let input = Input {
            text,
            record,
            layer,
            raw: self.config.keep_raw.then_some(line.text.as_ref()),
            lossy: line.lossy,
        };
        native::write(&alert, &input, &self.config, out);
        Some(Outcome::Alert)
    }

    fn over_limit(&self, line: &[u8], out: &mut Vec<u8>) -> Outcome {
        let message = format!(
            "the line has {} bytes, the limit `limits.line_bytes` is {}",
            line.len(),
            self.config.limits.line_bytes
        );
        fault(line, "line-too-long", &message, out);
        Outcome::Failed
    }
}

/// Passes a record on that could not be annotated, and says why in one added key. What is no JSON object
/// goes out as it came: there is no place to say it.
pub fn fault(line: &[u8], code: &str, message: &str, out: &mut Vec<u8>) {
    let object = std::str::from_utf8(line)
        .ok()
        .map(str::trim)
        .filter(|text| text.starts_with('{'))
        .and_then(|text| Record::read(text).ok());
    match object {
        Some(record) if record.get("bewit").is_none() => native::write_fault(&record, code, message, out),
        _ => out.extend_from_slice(line),
    }
}

/// Adds what the objects around an event know of its container.
fn add_metadata<'a>(event: &mut Event<'a>, record: Option<&Record<'a>>, layer: Option<&'a Layer<'a>>) {
    let Some(Value::String(container)) = event.fields.get("container.id") else {
        return;
    };
    let container = container.decode();
    let around = layer
        .into_iter()
        .flat_map(Layer::outward)
        .filter_map(|layer| match layer.kept {
            Kept::Members { record, .. } => Some(record),
            Kept::Parts(_) => None,
        });
    let metadata = record
        .into_iter()
        .chain(around)
        .find_map(|record| envelope::metadata(record, &container));
    event.metadata = metadata.unwrap_or_default();
}

/// A line as text.
struct Line<'a> {
    text: Cow<'a, str>,
    /// Bytes that are no UTF-8 became U+FFFD, as Falco itself does from 0.44 on.
    lossy: bool,
}

impl<'a> Line<'a> {
    /// None for a line that by its first byte is neither an alert nor wraps one.
    fn read(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let first = line.iter().find(|b| !b.is_ascii_whitespace())?;
        if !matches!(first, b'{' | b'<' | b'0'..=b'9' | b'A'..=b'Z') {
            return None;
        }
        Some(match std::str::from_utf8(line) {
            Ok(text) => Self {
                text: Cow::Borrowed(text),
                lossy: false,
            },
            Err(_) => Self {
                text: Cow::Owned(String::from_utf8_lossy(line).into_owned()),
                lossy: true,
            },
        })
    }
}

/// bewit wrote this record: a second pass changes nothing.
fn is_annotated(record: &Record<'_>) -> bool {
    matches!(record.get("bewit"), Some(Value::Object(text)) if text.contains("\"bewit.alert/1\""))
}
