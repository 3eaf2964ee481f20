//! Strings that came from JSON or from plain text.

use std::borrow::Cow;

use super::escape;

/// A string, borrowed where it can be, in the form it came in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text<'a> {
    body: Cow<'a, str>,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The same in JSON and outside.
    Same,
    /// With JSON escapes.
    Escaped,
    /// Outside of JSON; may need escapes.
    Plain,
}

impl<'a> Text<'a> {
    /// The body of a JSON string that was found valid.
    pub(super) fn json(body: &'a str, escaped: bool) -> Self {
        Self {
            body: Cow::Borrowed(body),
            form: if escaped { Form::Escaped } else { Form::Same },
        }
    }

    /// Text that is not JSON.
    pub(crate) fn plain(body: impl Into<Cow<'a, str>>) -> Self {
        Self {
            body: body.into(),
            form: Form::Plain,
        }
    }

    /// Text outside of JSON that carries JSON's escapes, all valid.
    pub(crate) fn escaped(body: &'a str) -> Self {
        Self::json(body, true)
    }

    /// What it says. Lone surrogates become U+FFFD.
    pub(crate) fn decode(&self) -> Cow<'_, str> {
        match self.form {
            Form::Escaped => Cow::Owned(unescape(&self.body)),
            Form::Same | Form::Plain => Cow::Borrowed(&self.body),
        }
    }

    /// What it says, keeping the borrow where there is one.
    pub(crate) fn into_decoded(self) -> Cow<'a, str> {
        match self.form {
            Form::Escaped => Cow::Owned(unescape(&self.body)),
            Form::Same | Form::Plain => self.body,
        }
    }

    /// Whether it says this.
    pub(crate) fn is(&self, text: &str) -> bool {
        match self.form {
            Form::Escaped => self.decode() == text,
            Form::Same | Form::Plain => self.body == text,
        }
    }

    /// Decoded now, so that [`Self::borrowed`] has it.
    pub(crate) fn decoded(self) -> Self {
        match self.form {
            Form::Escaped => Self::plain(unescape(&self.body)),
            Form::Same | Form::Plain => self,
        }
    }

    /// What it says, where it is borrowed and needs no decoding.
    pub(crate) fn borrowed(&self) -> Option<&str> {
        (self.form != Form::Escaped).then_some(self.body.as_ref())
    }

    /// Its first byte, in the form it came in.
    pub(crate) fn first(&self) -> Option<u8> {
        self.body.as_bytes().first().copied()
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// Its form inside JSON quotes, without them.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        match self.form {
            Form::Same | Form::Escaped => out.extend_from_slice(self.body.as_bytes()),
            Form::Plain => escape(out, &self.body),
        }
    }
}

/// Decodes the escapes of a JSON string that was found valid.
fn unescape(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut chars = rest.chars();
        let char = match chars.next() {
            Some('u') => {
                let (char, tail) = unicode(&rest[1..]);
                text.push(char);
                rest = tail;
                continue;
            }
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(other) => other,
            None => break,
        };
        text.push(char);
        rest = chars.as_str();
    }
    text.push_str(rest);
    text
}

/// The character of `XXXX` or `XXXX\uXXXX`, and what follows.
fn unicode(hex: &str) -> (char, &str) {
    let unit = |hex: &str| hex.get(..4).and_then(|h| u32::from_str_radix(h, 16).ok());
    let Some(first) = unit(hex) else {
        return (char::REPLACEMENT_CHARACTER, hex);
    };
    let tail = &hex[4..];
    if (0xd800..0xdc00).contains(&first)
        && let Some(next) = tail.strip_prefix("\\u")
        && let Some(second @ 0xdc00..0xe000) = unit(next)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), &next[4..]);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), tail)
}

#[cfg(test)]
mod tests {
    use super::super::{Cursor, Value};
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Text<'_> {
        match Cursor::new(json).value() {
            Ok(Value::String(text)) => text,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn escapes_decode_and_lone_surrogates_do_not_fail() {
        assert_eq!(read(r#""a\u00e9\ud83d\ude00\/\"\\\n""#).decode(), "aé😀/\"\\\n");
        assert_eq!(
            read(r#""\ud800x\udc00\ud800\u0041""#).decode(),
            "\u{fffd}x\u{fffd}\u{fffd}A"
        );
    }

    #[test]
    fn text_is_written_as_it_came() {
        let mut out = Vec::new();
        read(r#""\u003cNA\u003e \/""#).write_json(&mut out);
        assert_eq!(out, br"\u003cNA\u003e \/");
    }

    proptest! {
        #[test]
        fn decodes_what_serde_encodes(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let read = read(&json);
            prop_assert_eq!(&read.decode(), &text);
            prop_assert!(read.is(&text));
        }

        #[test]
        fn plain_text_is_encoded_for_serde(text in any::<String>()) {
            let mut out = vec![b'"'];
            Text::plain(text.as_str()).write_json(&mut out);
            out.push(b'"');
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
