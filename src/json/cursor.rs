//! Reading: one pass over a document, strict, without recursion.

use super::Text;

/// The text is not JSON at this byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no valid JSON at byte {at}")]
pub(crate) struct Invalid {
    /// Offset in the text.
    pub(crate) at: usize,
}

/// A value, borrowed. Arrays and objects are validated and kept as text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// As spelled: 64-bit integers and long fractions stay exact.
    Number(&'a str),
    /// A string.
    String(Text<'a>),
    /// With its brackets.
    Array(&'a str),
    /// With its braces.
    Object(&'a str),
}

/// A place in a document.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Offset of the next byte.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn invalid<T>(&self) -> Result<T, Invalid> {
        Err(Invalid { at: self.at })
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes().get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn expect(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.invalid()
        }
    }

    /// Enters an object; read its members with [`Self::key`].
    pub(crate) fn enter_object(&mut self) -> Result<(), Invalid> {
        self.expect(b'{')
    }

    /// The next key of the object that was entered, or none behind its end. The value must be read before
    /// the next call. `first` is true for the first call in an object, and is cleared.
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, Invalid> {
        Ok(self.key_at(first)?.map(|(key, _)| key))
    }

    /// As [`Self::key`], with the offset of its opening quote.
    pub(crate) fn key_at(&mut self, first: &mut bool) -> Result<Option<(Text<'a>, usize)>, Invalid> {
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !*first => self.at += 1,
            _ if !*first => return self.invalid(),
            _ => {}
        }
        *first = false;
        if self.peek() != Some(b'"') {
            return self.invalid();
        }
        let begin = self.at;
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some((key, begin)))
    }

    /// The next element of the array that was entered by [`Self::enter_array`], or none behind its end.
    pub(crate) fn element(&mut self, first: &mut bool) -> Result<Option<Value<'a>>, Invalid> {
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !*first => self.at += 1,
            _ if !*first => return self.invalid(),
            _ => {}
        }
        *first = false;
        self.value().map(Some)
    }

    /// Enters an array.
    pub(crate) fn enter_array(&mut self) -> Result<(), Invalid> {
        self.expect(b'[')
    }

    /// Nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Invalid> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.invalid(),
        }
    }

    /// The next value, whole.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, Invalid> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.container().map(Value::Object),
            Some(b'[') => self.container().map(Value::Array),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            _ => self.invalid(),
        }
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Invalid> {
        if self.bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.invalid()
        }
    }

    fn digits(&mut self) -> Result<(), Invalid> {
        let start = self.at;
        while self.bytes().get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { self.invalid() } else { Ok(()) }
    }

    fn number(&mut self) -> Result<&'a str, Invalid> {
        let start = self.at;
        if self.bytes().get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes().get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes().get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes().get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes().get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    /// A string, from its opening quote.
    fn string(&mut self) -> Result<Text<'a>, Invalid> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = special(self.bytes(), self.at);
            match self.bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.invalid(),
            }
        }
        let body = &self.text[start..self.at];
        self.at += 1;
        Ok(Text::json(body, escaped))
    }

    fn escape(&mut self) -> Result<(), Invalid> {
        match self.bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u')
                if self
                    .bytes()
                    .get(self.at + 2..self.at + 6)
                    .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
            {
                self.at += 6;
                Ok(())
            }
            _ => self.invalid(),
        }
    }

    /// An array or object with all it holds. Open containers are bits, one for each level, so depth costs
    /// no call stack.
    fn container(&mut self) -> Result<&'a str, Invalid> {
        let start = self.at;
        let mut open = Nesting::default();
        loop {
            if let Some(bracket @ (b'{' | b'[')) = self.peek() {
                let object = bracket == b'{';
                self.at += 1;
                open.push(object);
                let close = if object { b'}' } else { b']' };
                if self.peek() != Some(close) {
                    if object {
                        self.member()?;
                    }
                    continue;
                }
            } else {
                self.value()?;
            }
            // Behind a value: close what ends here, or go on to the next value.
            loop {
                match (self.peek(), open.top()) {
                    (Some(b'}'), Some(true)) | (Some(b']'), Some(false)) => {
                        self.at += 1;
                        open.pop();
                        if open.top().is_none() {
                            return Ok(&self.text[start..self.at]);
                        }
                    }
                    (Some(b','), Some(object)) => {
                        self.at += 1;
                        if object {
                            self.member()?;
                        }
                        break;
                    }
                    _ => return self.invalid(),
                }
            }
        }
    }

    /// A key and its colon.
    fn member(&mut self) -> Result<(), Invalid> {
        if self.peek() != Some(b'"') {
            return self.invalid();
        }
        self.string()?;
        self.expect(b':')
    }
}

/// Which containers are open: one bit a level, true for an object.
#[derive(Default)]
struct Nesting {
    /// The innermost 64 levels.
    bits: u64,
    depth: usize,
    /// Levels further out, 64 each.
    outer: Vec<u64>,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.bits >>= 1;
        if self.depth != 0
            && self.depth.is_multiple_of(64)
            && let Some(bits) = self.outer.pop()
        {
            self.bits = bits;
        }
    }

    fn top(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

/// Offset of the first quote, backslash or control character from `at` on, or the length.
///
/// Eight bytes at a time with plain 64-bit arithmetic: an interpreter has no SIMD, and its cost is the number
/// of instructions.
pub(crate) fn special(bytes: &[u8], mut at: usize) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(word) = bytes.get(at..at + 8).and_then(|w| <[u8; 8]>::try_from(w).ok()) {
        let word = u64::from_le_bytes(word);
        let quote = word ^ (LOW * b'"' as u64);
        let backslash = word ^ (LOW * b'\\' as u64);
        // The high bit of each byte that is zero (quote, backslash) or below 0x20. A borrow can mark a byte
        // above a true one, never the first.
        let hit = (quote.wrapping_sub(LOW) & !quote
            | backslash.wrapping_sub(LOW) & !backslash
            | word.wrapping_sub(LOW * 0x20) & !word)
            & HIGH;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(text: &str) -> bool {
        let mut cursor = Cursor::new(text);
        cursor.value().is_ok() && cursor.end().is_ok()
    }

    /// serde_json gives up at 128 levels and at lone surrogates in what it decodes; neither matters to text
    /// that is only skipped.
    fn serde_accepts(text: &str) -> bool {
        let mut de = serde_json::Deserializer::from_str(text);
        serde::Deserialize::deserialize(&mut de)
            .and_then(|_: serde::de::IgnoredAny| de.end())
            .is_ok()
    }

    #[test]
    fn grammar_is_strict() {
        for good in [
            "{}",
            "[]",
            "0",
            "-0.5e+10",
            r#""a\u00e9\n""#,
            r#"{"a":[1,{"b":null},[]],"c":true}"#,
            " [ 1 , 2 ] ",
        ] {
            assert!(accepts(good), "{good}");
            assert!(serde_accepts(good), "{good}");
        }
        for bad in [
            "",
            "{",
            "{]",
            "[}",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "1e",
            "-",
            "nul",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "{}{}",
            "[1 2]",
            "{\"a\":1 \"b\":2}",
            "{\"a\" 1}",
        ] {
            assert!(!accepts(bad), "{bad}");
            assert!(!serde_accepts(bad), "{bad}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert!(accepts(&deep));
        assert!(!accepts(&deep[..deep.len() - 1]));
        let mixed = r#"{"a":["#.repeat(500) + "1" + &"]}".repeat(500);
        assert!(accepts(&mixed));
        assert!(!accepts(&mixed.replace("]}", "}]")));
    }

    #[test]
    fn members_come_one_by_one() {
        let mut cursor = Cursor::new(r#" {"a": 1, "b": {"c": [2]}} "#);
        cursor.enter_object().unwrap();
        let mut first = true;
        let mut seen = Vec::new();
        while let Some(key) = cursor.key(&mut first).unwrap() {
            seen.push((key.decode().into_owned(), cursor.value().unwrap()));
        }
        cursor.end().unwrap();
        assert_eq!(
            seen,
            [
                ("a".to_owned(), Value::Number("1")),
                ("b".to_owned(), Value::Object(r#"{"c": [2]}"#)),
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn agrees_with_serde_on_soup(text in "[\\[\\]{}:,\"\\\\0-9eE+.a-z \\-]{0,24}") {
            prop_assert_eq!(accepts(&text), serde_accepts(&text));
        }

        #[test]
        fn finds_the_same_byte_as_a_simple_loop(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in 0usize..8) {
            let at = at.min(bytes.len());
            let simple = bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).map_or(bytes.len(), |i| at + i);
            prop_assert_eq!(special(&bytes, at), simple);
        }
    }
}
