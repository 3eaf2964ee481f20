//! JSON as it is written: members in their order, values as their text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object: keys with their quotes and values, as they are written.
#[derive(Debug)]
pub(crate) struct Members<'t>(pub(crate) Vec<(&'t str, &'t str)>);

impl<'t> Members<'t> {
    /// Reads an object. None where the text is none.
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The members without those that a test names by their key.
    pub(crate) fn without(&self, leaves: impl Fn(&str) -> bool) -> Vec<(&'t str, &'t str)> {
        self.0.iter().copied().filter(|(key, _)| !leaves(&name(key))).collect()
    }

    /// The value of a key; of the last one where it comes twice.
    pub(crate) fn get(&self, wanted: &str) -> Option<&'t str> {
        let found = self.0.iter().rev().find(|(key, _)| name(key) == wanted);
        found.map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push((key.get(), value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// What a key or a text means; half of a surrogate pair means U+FFFD.
pub(crate) fn name(quoted: &str) -> String {
    serde_json::from_str(&whole(quoted)).unwrap()
}

/// Whether serde_json reads all texts of a valid JSON text.
pub(crate) fn is_whole(json: &str) -> bool {
    matches!(whole(json), Cow::Borrowed(_))
}

/// A valid JSON text with U+FFFD in place of each half of a surrogate pair.
pub(crate) fn whole(json: &str) -> Cow<'_, str> {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut halves = Vec::new();
    let mut at = 0;
    // A backslash stands in texts only.
    while let Some(next) = json[at..].find('\\') {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (None, _) => 2,
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                halves.push(at);
                6
            }
            (Some(_), _) => 6,
        };
    }
    if halves.is_empty() {
        return Cow::Borrowed(json);
    }
    let mut text = json.to_owned();
    for at in halves {
        text.replace_range(at..at + 6, "\\ufffd");
    }
    Cow::Owned(text)
}

/// A valid JSON text without the blanks between its tokens.
pub(crate) fn compact(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let kept = text.chars().filter(|c| {
        let keeps = quoted || !matches!(c, ' ' | '\t' | '\n' | '\r');
        match c {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && *c == '\\' && !escaped;
        keeps
    });
    kept.collect()
}
