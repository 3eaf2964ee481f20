//! Falco's own formats, JSON and text, of every version, as one borrowed [`Event`].
//!
//! The formats by version are in `docs/formats.md`.

mod fields;
mod json;
mod priority;
mod text;
mod time;

pub(crate) use fields::Fields;
pub(crate) use json::{Member, Record};
pub use priority::Priority;
pub(crate) use time::Instant;

use std::borrow::Cow;

use crate::json::Text;

/// How Falco printed an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `json_output: true`
    Json,
    /// `json_output: false`, Falco's default
    Text,
}

impl Format {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

/// A Falco alert.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) format: Format,
    pub(crate) rule: Option<Text<'a>>,
    pub(crate) priority: Priority,
    /// The whole of Falco's `output`.
    pub(crate) output: Option<Text<'a>>,
    /// `output` without time and priority, where Falco gave it (`json_include_message_property`) or the line
    /// is text.
    message: Option<Cow<'a, str>>,
    pub(crate) source: Option<Text<'a>>,
    pub(crate) tags: Vec<Text<'a>>,
    pub(crate) hostname: Option<Text<'a>>,
    pub(crate) uuid: Option<Text<'a>>,
    /// As Falco printed it; for a text alert only where it has a date.
    pub(crate) time: Option<Text<'a>>,
    /// `HH:MM:SS.nnnnnnnnn` of a text alert without a date.
    pub(crate) clock: Option<&'a str>,
    pub(crate) fields: Fields<'a>,
    /// What a log shipper knows of the event's container, by the catalog's names for it (`@kubernetes.pod`, ...).
    pub(crate) metadata: Vec<(&'static str, Cow<'a, str>)>,
    /// Text keys that came twice with different values: whose value is Falco's cannot be known.
    pub(crate) ambiguous: Vec<String>,
}

pub(crate) use text::parse as parse_text;

impl Event<'_> {
    /// `output` without time and priority: the message of the rule's template.
    ///
    /// `13:40:25.978642167: Warning Shell executed` -> `Shell executed`. Internal alerts have no such head in
    /// JSON and come back whole.
    pub(crate) fn message(&self) -> Option<Cow<'_, str>> {
        if let Some(message) = &self.message {
            return Some(Cow::Borrowed(message));
        }
        let behind_head = |output: &str| output.len() - text::head(output).map_or(output, |h| h.message).len();
        Some(match self.output.as_ref()?.decode() {
            Cow::Borrowed(output) => Cow::Borrowed(&output[behind_head(output)..]),
            Cow::Owned(mut output) => {
                output.drain(..behind_head(&output));
                Cow::Owned(output)
            }
        })
    }
}
