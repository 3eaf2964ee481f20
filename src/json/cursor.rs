//! Reading: one pass over a document, strict, without recursion.

use super::Text;
use super::word;

/// The text is not JSON at this byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no valid JSON at byte {at}")]
pub(crate) struct Invalid {
    /// Offset in the text.
    pub(crate) at: usize,
}

/// A value, borrowed. Arrays and objects are validated and kept as text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// As spelled: 64-bit integers and long fractions stay exact.
    Number(&'a [u8]),
    /// A string.
    String(Text<'a>),
    /// With its brackets.
    Array(&'a [u8]),
    /// With its braces.
    Object(&'a [u8]),
}

/// What a document holds that somebody may have to know, noted in passing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Bits of all bytes of all strings; other bytes of JSON are ASCII. A byte of 0x80 or more needs a look
    /// whether it is UTF-8.
    bytes: u64,
    /// A line break between tokens.
    pub(crate) breaks: bool,
    /// Levels of nesting below the object or array that was read as a value.
    pub(crate) depth: usize,
    /// A number that no double can hold.
    pub(crate) vast: bool,
    /// Half of a pair of escapes (`\ud83e\udd85`) without the other one.
    pub(crate) half: bool,
}

impl Seen {
    pub(crate) fn is_ascii(self) -> bool {
        self.bytes & word::HIGH == 0
    }

    /// Offset of the first quote, backslash or control character of a string from `at` on, or the length.
    #[inline]
    pub(crate) fn special(&mut self, bytes: &[u8], at: usize) -> usize {
        word::special(bytes, at, &mut self.bytes)
    }

    /// Adds what a document holds that stands in a string of this one: there, only its bytes count.
    pub(crate) fn add_text(&mut self, other: Self) {
        self.bytes |= other.bytes;
    }

    /// Adds what another document holds.
    pub(crate) fn add(&mut self, other: Self) {
        self.bytes |= other.bytes;
        self.breaks |= other.breaks;
        self.depth = self.depth.max(other.depth);
        self.vast |= other.vast;
        self.half |= other.half;
    }
}

/// A place in a document. Whether its strings are UTF-8 is for the caller to see to.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(crate) seen: Seen,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            seen: Seen::default(),
        }
    }

    /// Offset of the next byte.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes on at an offset.
    pub(crate) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What was read since an offset.
    pub(crate) fn since(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    #[cold]
    fn invalid<T>(&self) -> Result<T, Invalid> {
        Err(Invalid { at: self.at })
    }

    /// The next byte that is not white space.
    #[inline(always)]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.behind_space(),
        }
    }

    #[inline(never)]
    fn behind_space(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' | b'\r' => self.seen.breaks = true,
                b' ' | b'\t' => {}
                _ => return Some(*byte),
            }
            self.at += 1;
        }
        None
    }

    #[inline(always)]
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

    /// The next key of the object that was entered and the offset of its opening quote, or none behind the end.
    /// The value must be read before the next call. `first` is true for the first call in an object, and is
    /// cleared.
    #[inline(always)]
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<(Text<'a>, usize)>, Invalid> {
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
    #[inline]
    pub(crate) fn value(&mut self) -> Result<Value<'a>, Invalid> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.container().map(Value::Object),
            Some(b'[') => self.container().map(Value::Array),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'n') => self.literal(b"null", Value::Null),
            Some(b't') => self.literal(b"true", Value::Bool(true)),
            Some(b'f') => self.literal(b"false", Value::Bool(false)),
            _ => self.invalid(),
        }
    }

    #[inline(never)]
    fn literal(&mut self, word: &[u8], value: Value<'a>) -> Result<Value<'a>, Invalid> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            self.invalid()
        }
    }

    fn digits(&mut self) -> Result<usize, Invalid> {
        let start = self.at;
        self.at = word::behind_all_digits(self.bytes, start);
        if self.at == start {
            self.invalid()
        } else {
            Ok(self.at - start)
        }
    }

    #[inline(never)]
    fn number(&mut self) -> Result<&'a [u8], Invalid> {
        let start = self.at;
        let mut whole = 1;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            whole = self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        let mut exponent: &[u8] = b"";
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            let sign = self.at;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            exponent = self.since(sign);
        }
        self.seen.vast |= is_vast(whole, exponent);
        Ok(self.since(start))
    }

    /// A string, from its opening quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text<'a>, Invalid> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = word::special(self.bytes, self.at, &mut self.seen.bytes);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.invalid(),
            }
        }
        let body = self.since(start);
        self.at += 1;
        Ok(Text::json(body, escaped))
    }

    #[inline(never)]
    fn escape(&mut self) -> Result<(), Invalid> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let Some(unit) = self.unit() else {
                    return self.invalid();
                };
                self.at += 6;
                match unit {
                    0xd800..=0xdbff if matches!(self.unit(), Some(0xdc00..=0xdfff)) => self.at += 6,
                    0xd800..=0xdfff => self.seen.half = true,
                    _ => {}
                }
                Ok(())
            }
            _ => self.invalid(),
        }
    }

    /// What `\uXXXX` stands for, if that comes next.
    fn unit(&self) -> Option<u16> {
        word::unit(self.bytes.get(self.at..)?.strip_prefix(b"\\u")?)
    }

    /// An array or object with all it holds. Open containers are bits, one for each level, so depth costs
    /// no call stack.
    #[inline(never)]
    fn container(&mut self) -> Result<&'a [u8], Invalid> {
        let start = self.at;
        let mut open = Nesting::default();
        loop {
            if let Some(bracket @ (b'{' | b'[')) = self.peek() {
                let object = bracket == b'{';
                self.at += 1;
                open.push(object);
                self.seen.depth = self.seen.depth.max(open.depth);
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
                            return Ok(self.since(start));
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
    #[inline(never)]
    fn member(&mut self) -> Result<(), Invalid> {
        if self.peek() != Some(b'"') {
            return self.invalid();
        }
        self.string()?;
        self.expect(b':')
    }
}

/// Whether a number may be more than a double can hold (1.8e308), by its digits before the point and its
/// exponent, on the safe side.
fn is_vast(digits: usize, exponent: &[u8]) -> bool {
    const DIGITS: usize = 300;
    if exponent.is_empty() {
        return digits > DIGITS;
    }
    let (negative, exponent) = match exponent {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let exponent = exponent.iter().fold(0_usize, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(usize::from(digit.wrapping_sub(b'0')))
    });
    if negative {
        digits.saturating_sub(exponent) > DIGITS
    } else {
        digits.saturating_add(exponent) > DIGITS
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(text: &str) -> bool {
        let mut cursor = Cursor::new(text.as_bytes());
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
        let arena = bumpalo::Bump::new();
        let mut cursor = Cursor::new(br#" {"a": 1, "b": {"c": [2]}} "#);
        cursor.enter_object().unwrap();
        let mut first = true;
        let mut seen = Vec::new();
        while let Some((key, begin)) = cursor.key(&mut first).unwrap() {
            seen.push((begin, key.decode(&arena), cursor.value().unwrap()));
        }
        cursor.end().unwrap();
        assert_eq!(
            seen,
            [
                (2, &b"a"[..], Value::Number(b"1")),
                (10, &b"b"[..], Value::Object(br#"{"c": [2]}"#)),
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn agrees_with_serde_on_soup(text in "[\\[\\]{}:,\"\\\\0-9eE+.a-z \\-]{0,24}") {
            prop_assert_eq!(accepts(&text), serde_accepts(&text));
        }
    }
}
