//! JSON as it is written: members in their order, values as their text.

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
    if let Ok(name) = serde_json::from_str(quoted) {
        return name;
    }
    // serde_json refuses half of a pair, and reads it as the bytes that UTF-8 would have for it.
    #[derive(serde::Deserialize)]
    struct Bytes(#[serde(with = "bytes")] Vec<u8>);
    mod bytes {
        use serde::de::{Deserializer, Visitor};

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
            struct Read;
            impl Visitor<'_> for Read {
                type Value = Vec<u8>;

                fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    out.write_str("text")
                }

                fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                    Ok(bytes.to_vec())
                }

                fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
                    Ok(text.as_bytes().to_vec())
                }
            }
            deserializer.deserialize_bytes(Read)
        }
    }
    let Bytes(bytes) = serde_json::from_str(quoted).unwrap();
    // Three bytes each, of which `from_utf8_lossy` would make three.
    let mut text = String::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(whole) => {
                text.push_str(whole);
                break;
            }
            Err(error) => {
                let (good, bad) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(good).unwrap());
                text.push('\u{fffd}');
                rest = &bad[3..];
            }
        }
    }
    text
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
