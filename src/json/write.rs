//! Writing.

use super::{Text, Value, word};

/// Appends text as it stands inside JSON quotes.
pub(crate) fn escape(out: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_ref();
    if word::is_short_and_plain(bytes) {
        out.extend_from_slice(bytes);
        return;
    }
    let mut done = 0;
    loop {
        let at = word::special(bytes, done, &mut 0);
        out.extend_from_slice(bytes.get(done..at).unwrap_or_default());
        let Some(byte) = bytes.get(at) else {
            return;
        };
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => b'u',
        };
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'0', b'0', HEX[high], HEX[low]]);
        }
        done = at + 1;
    }
}

/// Makes JSON from an offset on one line, without the line breaks between its tokens and the blanks behind them. Inside
/// its strings there are none.
pub(crate) fn join_lines(out: &mut Vec<u8>, from: usize) {
    let mut broken = false;
    let lines = out.split_off(from);
    out.extend(lines.into_iter().filter(|byte| {
        broken = match byte {
            b'\n' | b'\r' => true,
            b' ' | b'\t' => broken,
            _ => false,
        };
        !broken
    }));
}

/// Writes one JSON document into a buffer; commas are its business.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Where the document begins.
    begin: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        let begin = out.len();
        Self { out, begin }
    }

    /// Goes on in an object or array that was opened.
    pub(crate) fn within(out: &'o mut Vec<u8>) -> Self {
        Self { out, begin: 0 }
    }

    fn separate(&mut self) {
        let opened = matches!(self.out.last(), Some(b'{' | b'[' | b':'));
        if !opened && self.out.len() > self.begin {
            self.out.push(b',');
        }
    }

    /// A key of our own schema, which needs no escapes; a value follows.
    pub(crate) fn key(&mut self, key: &'static str) -> &mut Self {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self
    }

    /// A key that somebody else chose; a value follows.
    pub(crate) fn foreign_key(&mut self, key: impl AsRef<[u8]>) -> &mut Self {
        self.separate();
        self.out.push(b'"');
        escape(self.out, key);
        self.out.extend_from_slice(b"\":");
        self
    }

    /// Text that is JSON already, as the next value.
    pub(crate) fn json(&mut self, json: impl AsRef<[u8]>) {
        self.separate();
        self.out.extend_from_slice(json.as_ref());
    }

    pub(crate) fn string(&mut self, text: impl AsRef<[u8]>) {
        self.separate();
        self.out.push(b'"');
        escape(self.out, text);
        self.out.push(b'"');
    }

    /// A string, as the next value; its text is appended as it stands inside the quotes.
    pub(crate) fn quoted(&mut self, text: impl FnOnce(&mut Vec<u8>)) {
        self.separate();
        self.out.push(b'"');
        text(self.out);
        self.out.push(b'"');
    }

    /// The next value, as it is appended.
    pub(crate) fn written(&mut self, value: impl FnOnce(&mut Vec<u8>)) {
        self.separate();
        value(self.out);
    }

    /// Whatever it is, with all the commas.
    pub(crate) fn raw(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.out);
    }

    pub(crate) fn text(&mut self, text: Text<'_>) {
        self.separate();
        self.out.push(b'"');
        text.write_json(self.out);
        self.out.push(b'"');
    }

    pub(crate) fn integer(&mut self, number: impl itoa::Integer) {
        self.separate();
        self.out
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.json(if value { "true" } else { "false" });
    }

    /// A value as it came.
    pub(crate) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.json("null"),
            Value::Bool(value) => self.boolean(value),
            Value::Number(text) | Value::Array(text) | Value::Object(text) => self.json(text),
            Value::String(text) => self.text(text),
        }
    }

    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push(b'{');
        members(self);
        self.out.push(b'}');
    }

    pub(crate) fn array(&mut self, elements: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push(b'[');
        elements(self);
        self.out.push(b']');
    }

    /// An array of strings.
    pub(crate) fn strings<S: AsRef<[u8]>>(&mut self, texts: impl IntoIterator<Item = S>) {
        self.array(|w| {
            for text in texts {
                w.string(text);
            }
        });
    }
}
