//! `event_format msgpack`, in which no filter can return an ordinary record.
//!
//! Fluent Bit reads a filter's answer up to its first zero byte, also in this format. The number 0, every object of 16
//! to 255 keys and every text whose length has a zero byte hold one, and MessagePack has no other way to write them.
//! What follows is lost, and so are the records behind it. So nothing is annotated here. The record is kept, in a form
//! without zero bytes, and told what to change.

/// What the refused record says.
const MESSAGE: &str = "event_format msgpack cannot carry alerts: set event_format json, the default";

/// Nesting beyond this is not looked into; Fluent Bit itself reads no deeper.
const DEPTH: usize = 512;

/// A piece of an array whose text is too long for one: `str 16`, whose length has no zero byte.
const PIECE: usize = 0xff7f;

/// Whether a record is MessagePack: an object begins with a byte that JSON does not begin with.
pub(crate) fn is_record(record: &[u8]) -> bool {
    matches!(record.first(), Some(0x80..=0x8f | 0xde | 0xdf))
}

/// Writes what stands for a record that could not be annotated, as MessagePack without zero bytes. None where the
/// record can only be passed on as it is.
///
/// A record without zero bytes stays as it is, and gets the key `bewit` where its header has room for one more. Of
/// any other, the whole content goes out as JSON text under `log`.
pub(crate) fn refuse(record: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if !record.contains(&0) {
        let (header @ 0x80..=0x8e, members) = record.split_first()? else {
            return None;
        };
        out.push(header + 1);
        out.extend_from_slice(members);
        return error(out);
    }
    let mut json = Vec::new();
    // A byte is at most six in JSON.
    json.try_reserve_exact(record.len().checked_mul(6)?).ok()?;
    Reader { rest: record }.json(&mut json)?;
    out.push(0x82);
    text(b"log", out);
    long_text(json, out);
    error(out)
}

/// The member `bewit`.
fn error(out: &mut Vec<u8>) -> Option<()> {
    text(b"bewit", out);
    out.push(0x82);
    text(b"schema", out);
    text(crate::SCHEMA.as_bytes(), out);
    text(b"error", out);
    out.push(0x82);
    text(b"code", out);
    text(b"event-format", out);
    text(b"message", out);
    text(MESSAGE.as_bytes(), out);
    Some(())
}

/// Appends text of at most [`PIECE`] bytes, whose length has no zero byte.
fn text(text: &[u8], out: &mut Vec<u8>) {
    let [.., high, low] = text.len().to_be_bytes();
    match text.len() {
        0..=31 => out.push(0xa0 | low),
        32..=255 => out.extend([0xd9, low]),
        _ => out.extend([0xda, high, low]),
    }
    out.extend_from_slice(text);
}

/// Appends JSON text of any length: as one text, or as an array of pieces that are to be joined. Spaces behind it
/// make lengths and counts such that they have no zero byte.
fn long_text(mut json: Vec<u8>, out: &mut Vec<u8>) {
    let remainder = json.len() % PIECE;
    if remainder > 255 && remainder.is_multiple_of(256) {
        json.push(b' ');
    }
    if json.len() <= PIECE {
        return text(&json, out);
    }
    let mut pieces = json.len().div_ceil(PIECE);
    if pieces > 15 {
        // `array 16`: neither byte of its length may be zero.
        pieces = pieces.max(0x101);
        pieces += usize::from(pieces.is_multiple_of(256));
        let [.., high, low] = pieces.to_be_bytes();
        out.extend([0xdc, high, low]);
    } else {
        out.push(0x90 | pieces.to_be_bytes()[size_of::<usize>() - 1]);
    }
    let mut rest = json.chunks(PIECE);
    for _ in 0..pieces {
        text(rest.next().unwrap_or_default(), out);
    }
}

/// An array or object whose end has not come.
struct Open {
    /// Values that are missing; in an object, keys count as well.
    missing: u64,
    object: bool,
    empty: bool,
}

/// Reads MessagePack.
struct Reader<'r> {
    rest: &'r [u8],
}

impl<'r> Reader<'r> {
    fn take(&mut self, length: u64) -> Option<&'r [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    /// A big-endian number of so many bytes.
    fn number(&mut self, bytes: u64) -> Option<u64> {
        let number = self.take(bytes)?;
        Some(number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Writes the value that follows as JSON. None where it has no form in JSON or is no MessagePack.
    fn json(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            if let Some(last) = open.last_mut() {
                if last.missing == 0 {
                    out.push(if last.object { b'}' } else { b']' });
                    open.pop();
                    if open.is_empty() {
                        return Some(());
                    }
                    continue;
                }
                let value = last.object && last.missing % 2 == 1;
                if value {
                    out.push(b':');
                } else if !last.empty {
                    out.push(b',');
                }
                last.empty = false;
                last.missing -= 1;
                let key = last.object && !value;
                // JSON knows no other keys, and Fluent Bit makes none.
                if key && !matches!(self.rest.first(), Some(0xa0..=0xbf | 0xd9..=0xdb)) {
                    return None;
                }
            }
            if let Some(new) = self.value(out)? {
                out.push(if new.object { b'{' } else { b'[' });
                open.push(new);
                if open.len() > DEPTH {
                    return None;
                }
            } else if open.is_empty() {
                return Some(());
            }
        }
    }

    /// Writes a simple value, or returns the array or object that begins.
    fn value(&mut self, out: &mut Vec<u8>) -> Option<Option<Open>> {
        let container = |length: u64, object: bool| {
            Some(Some(Open {
                missing: if object { length * 2 } else { length },
                object,
                empty: true,
            }))
        };
        let byte = *self.take(1)?.first()?;
        let low = |mask: u8| u64::from(byte & mask);
        match byte {
            0x00..=0x7f => integer(out, byte),
            0x80..=0x8f => return container(low(0x0f), true),
            0x90..=0x9f => return container(low(0x0f), false),
            0xa0..=0xbf => string(self.take(low(0x1f))?, out),
            0xc0 => out.extend_from_slice(b"null"),
            0xc2 => out.extend_from_slice(b"false"),
            0xc3 => out.extend_from_slice(b"true"),
            // Bytes and text are the same to Fluent Bit's JSON.
            0xc4 | 0xd9 => {
                let length = self.number(1)?;
                string(self.take(length)?, out);
            }
            0xc5 | 0xda => {
                let length = self.number(2)?;
                string(self.take(length)?, out);
            }
            0xc6 | 0xdb => {
                let length = self.number(4)?;
                string(self.take(length)?, out);
            }
            0xca => float(f64::from(f32::from_bits(u32::try_from(self.number(4)?).ok()?)), out)?,
            0xcb => float(f64::from_bits(self.number(8)?), out)?,
            0xcc => integer(out, self.number(1)?),
            0xcd => integer(out, self.number(2)?),
            0xce => integer(out, self.number(4)?),
            0xcf => integer(out, self.number(8)?),
            0xd0 => integer(out, self.number(1)?.cast_signed() << 56 >> 56),
            0xd1 => integer(out, self.number(2)?.cast_signed() << 48 >> 48),
            0xd2 => integer(out, self.number(4)?.cast_signed() << 32 >> 32),
            0xd3 => integer(out, self.number(8)?.cast_signed()),
            0xdc => return container(self.number(2)?, false),
            0xdd => return container(self.number(4)?, false),
            0xde => return container(self.number(2)?, true),
            0xdf => return container(self.number(4)?, true),
            0xe0..=0xff => integer(out, byte.cast_signed()),
            // Extension types, and a byte that is never used.
            0xc1 | 0xc7..=0xc9 | 0xd4..=0xd8 => return None,
        }
        Some(None)
    }
}

fn integer(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn float(number: f64, out: &mut Vec<u8>) -> Option<()> {
    serde_json::to_writer(out, &number).ok()
}

fn string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    crate::json::escape(out, String::from_utf8_lossy(bytes).as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(record: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        Reader { rest: record }.json(&mut out)?;
        Some(String::from_utf8(out).unwrap())
    }

    /// The refused record, as JSON.
    fn refused(record: &[u8]) -> serde_json::Value {
        let mut out = Vec::new();
        refuse(record, &mut out).unwrap();
        assert!(!out.contains(&0));
        serde_json::from_str(&json(&out).unwrap()).unwrap()
    }

    #[test]
    fn json_and_message_pack_are_told_apart() {
        for record in [&b"\x80"[..], b"\x81\xa1a\x01", b"\xde\x00\x10", b"\xdf\x00\x01\x00\x00"] {
            assert!(is_record(record));
        }
        for record in [&b""[..], b"{}", b" {}", b"\xef\xbb\xbf{}", b"\x90"] {
            assert!(!is_record(record));
        }
    }

    #[test]
    fn every_type_has_its_json() {
        let record = b"\x89\xa1a\x00\xa1b\xff\xa1c\xc0\xa1d\xc3\xa1e\x92\x90\x80\
            \xa1f\xcf\xff\xff\xff\xff\xff\xff\xff\xff\
            \xa1g\xd1\xff\x00\xa1h\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xa1i\xd9\x02\"\n";
        assert_eq!(
            json(record).unwrap(),
            r#"{"a":0,"b":-1,"c":null,"d":true,"e":[[],{}],"f":18446744073709551615,"g":-256,"h":1.5,"i":"\"\n"}"#
        );
    }

    #[test]
    fn what_is_cut_off_or_endless_is_refused() {
        let whole = b"\x81\xa3log\xdb\x00\x00\x00\x02ab";
        assert_eq!(json(whole).unwrap(), r#"{"log":"ab"}"#);
        for end in 0..whole.len() {
            assert_eq!(json(&whole[..end]), None, "{end}");
        }
        assert_eq!(json(&[0x91; 100_000]), None);
        assert_eq!(json(b"\xdf\xff\xff\xff\xff"), None);
        assert_eq!(json(b"\x81\x01\x02"), None);
    }

    #[test]
    fn a_record_without_zeros_keeps_its_form() {
        let refused = refused(b"\x81\xa3log\xa2ab");
        assert_eq!(refused["log"], "ab");
        assert_eq!(refused["bewit"]["error"]["code"], "event-format");
    }

    #[test]
    fn a_record_with_zeros_becomes_text() {
        let refused = refused(b"\x81\xa3uid\x00");
        assert_eq!(refused["log"], r#"{"uid":0}"#);
        assert_eq!(refused["bewit"]["error"]["message"], MESSAGE);
    }

    #[test]
    fn text_of_any_length_gets_by_without_zeros() {
        let long = [PIECE - 12, PIECE, 65_536, 200_000, 2_000_000, 20_000_000];
        for length in (0..600).chain(long) {
            let mut record = b"\x82\xa1a\x00\xa1b\xdb".to_vec();
            record.extend(u32::try_from(length).unwrap().to_be_bytes());
            record.extend(vec![b'x'; length]);
            let refused = refused(&record);
            let text = match &refused["log"] {
                serde_json::Value::String(text) => text.clone(),
                pieces => pieces
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|piece| piece.as_str().unwrap())
                    .collect(),
            };
            let record: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(record["b"].as_str().unwrap().len(), length);
        }
    }
}
