//! Strings that came from JSON or from plain text.

use bumpalo::Bump;

use super::{escape, word};

/// A string, borrowed, in the form it came in. Its bytes are UTF-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Text<'a> {
    body: &'a [u8],
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
    /// The body of a JSON string that was found valid, or text outside of JSON that is written like one.
    pub(crate) fn json(body: &'a [u8], escaped: bool) -> Self {
        Self {
            body,
            form: if escaped { Form::Escaped } else { Form::Same },
        }
    }

    /// Text that is not JSON.
    pub(crate) fn plain(body: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self {
            body: body.as_ref(),
            form: Form::Plain,
        }
    }

    /// What it says. Lone surrogates become U+FFFD.
    #[inline]
    pub(crate) fn decode(self, arena: &'a Bump) -> &'a [u8] {
        match self.form {
            Form::Escaped => unescape(self.body, arena),
            Form::Same | Form::Plain => self.body,
        }
    }

    /// As [`Self::decode`], for what works on characters.
    pub(crate) fn decode_str(self, arena: &'a Bump) -> &'a str {
        std::str::from_utf8(self.decode(arena)).unwrap_or_default()
    }

    /// Decoded, so that nothing needs to decode it again.
    #[inline]
    pub(crate) fn decoded(self, arena: &'a Bump) -> Self {
        match self.form {
            Form::Escaped => Self::plain(unescape(self.body, arena)),
            Form::Same | Form::Plain => self,
        }
    }

    /// The bytes as they came, where they need no decoding.
    #[inline]
    pub(crate) fn borrowed(self) -> Option<&'a [u8]> {
        (self.form != Form::Escaped).then_some(self.body)
    }

    /// The bytes as they came.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.body
    }

    /// Whether it stands in JSON as it is.
    #[inline]
    pub(crate) fn is_json(self) -> bool {
        self.form == Form::Same
    }

    /// Whether it says this.
    #[inline(never)] // It is asked of many keys in many places, and the module for Fluent Bit must be small.
    pub(crate) fn is(self, text: &[u8]) -> bool {
        match self.form {
            Form::Escaped => {
                // A decoded text is never longer.
                text.len() <= self.body.len() && unescape(self.body, &Bump::new()) == text
            }
            Form::Same | Form::Plain => word::same(self.body, text),
        }
    }

    /// Its first byte, in the form it came in.
    pub(crate) fn first(self) -> Option<u8> {
        self.body.first().copied()
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.body.is_empty()
    }

    /// Its form inside JSON quotes, without them.
    #[inline]
    pub(crate) fn write_json(self, out: &mut Vec<u8>) {
        match self.form {
            Form::Same | Form::Escaped => out.extend_from_slice(self.body),
            Form::Plain => escape(out, self.body),
        }
    }
}

fn unescape<'a>(body: &[u8], arena: &'a Bump) -> &'a [u8] {
    let place = arena.alloc_slice_fill_copy(body.len(), 0);
    let len = word::unescape(body, place);
    place.get(..len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Cursor, Value};
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Text<'_> {
        match Cursor::new(json.as_bytes()).value() {
            Ok(Value::String(text)) => text,
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn escapes_decode_and_lone_surrogates_do_not_fail() {
        let arena = Bump::new();
        let decoded = |json| read(json).decode_str(&arena);
        assert_eq!(decoded(r#""a\u00e9\ud83d\ude00\/\"\\\n""#), "aé😀/\"\\\n");
        assert_eq!(decoded(r#""\ud800x\udc00\ud800\u0041""#), "\u{fffd}x\u{fffd}\u{fffd}A");
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
            let arena = Bump::new();
            prop_assert_eq!(read.decode_str(&arena), &text);
            prop_assert!(read.is(text.as_bytes()));
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
