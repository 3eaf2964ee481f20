//! Falco's own formats, JSON and text, of every version, as one borrowed [`Event`].
//!
//! The formats by version are in `docs/formats.md`.

mod fields;
mod forms;
mod json;
mod priority;
mod shape;
mod sift;
mod text;
mod time;

pub(crate) use fields::Fields;
pub(crate) use forms::Forms;
pub(crate) use json::{Key, Lengths, Member, Record, tags};
pub use priority::Priority;
pub(crate) use sift::may_hold;
pub(crate) use time::Instant;

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
    /// `output` without time and priority.
    pub(crate) message: Option<&'a [u8]>,
    pub(crate) source: Option<Text<'a>>,
    /// A JSON array, valid, or nothing: [`tags`] reads it.
    pub(crate) tags: &'a [u8],
    pub(crate) hostname: Option<Text<'a>>,
    pub(crate) uuid: Option<Text<'a>>,
    /// As Falco printed it; for a text alert only where it has a date.
    pub(crate) time: Option<Text<'a>>,
    /// `HH:MM:SS.nnnnnnnnn` of a text alert without a date.
    pub(crate) clock: Option<&'a str>,
    pub(crate) fields: Fields<'a>,
    /// What a log shipper knows of the event's container, by the catalog's names for it (`@kubernetes.pod`, ...).
    pub(crate) metadata: &'a [(&'a str, &'a [u8])],
    /// Text keys that came twice with different values: whose value is Falco's cannot be known.
    pub(crate) ambiguous: &'a [&'a str],
    /// Position of the message's beginning in the catalog, where a text alert's was looked up.
    pub(crate) told: Option<u16>,
}

pub(crate) use text::{CLOCK, ISO, Keys as TextKeys, NANOS, is_clock, is_iso, is_nanos, parse as parse_text};

/// `output` without time and priority: the message of the rule's template.
///
/// `13:40:25.978642167: Warning Shell executed` -> `Shell executed`. Internal alerts have no such head in
/// JSON and come back whole.
pub(crate) fn message(output: &[u8]) -> &[u8] {
    let head = text::head(output);
    head.and_then(|head| output.get(head.message..)).unwrap_or(output)
}
