//! UTF-16 to UTF-8, for files that Windows tools wrote. Anything else stays as it is.

use encoding_rs::{UTF_16BE, UTF_16LE};

/// Looks at the beginning of an input and decodes it if it has a byte order mark of UTF-16.
#[derive(Default)]
pub(super) struct Decoder {
    state: State,
}

#[derive(Default)]
enum State {
    /// Nothing has come yet.
    #[default]
    Start,
    /// One byte has come, which may be the first half of a mark.
    Half(u8),
    /// Bytes as they are. A byte order mark of UTF-8 is the component's business.
    Plain,
    Utf16(encoding_rs::Decoder),
}

/// Bytes of a byte order mark of UTF-16.
const MARK: u64 = 2;

impl Decoder {
    /// One that goes on in the middle of a file which begins with these bytes.
    pub(super) fn within(head: &[u8]) -> Self {
        Self {
            state: match head {
                [] => State::Start,
                [0xff, 0xfe, ..] => State::Utf16(UTF_16LE.new_decoder_without_bom_handling()),
                [0xfe, 0xff, ..] => State::Utf16(UTF_16BE.new_decoder_without_bom_handling()),
                _ => State::Plain,
            },
        }
    }

    /// Bytes before the text.
    pub(super) fn mark(&self) -> u64 {
        match self.state {
            State::Utf16(_) => MARK,
            State::Start | State::Half(_) | State::Plain => 0,
        }
    }

    /// Bytes of the input that became this text.
    pub(super) fn length(&self, text: &[u8]) -> u64 {
        let units = match self.state {
            State::Utf16(_) => std::str::from_utf8(text).map(|text| 2 * text.encode_utf16().count()),
            State::Start | State::Half(_) | State::Plain => Ok(text.len()),
        };
        units.unwrap_or(text.len()) as u64
    }

    /// Appends a block's text.
    pub(super) fn decode(&mut self, block: &[u8], out: &mut Vec<u8>) {
        match &mut self.state {
            State::Plain => out.extend_from_slice(block),
            State::Utf16(decoder) => utf16(decoder, block, false, out),
            State::Start => self.start(block, out),
            State::Half(first) => {
                let mut head = vec![*first];
                head.extend_from_slice(block);
                self.start(&head, out);
            }
        }
    }

    /// Appends what was held back. Nothing may follow.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        match &mut self.state {
            State::Half(first) => {
                out.push(*first);
                self.state = State::Plain;
            }
            State::Utf16(decoder) => utf16(decoder, &[], true, out),
            State::Start | State::Plain => {}
        }
    }

    fn start(&mut self, head: &[u8], out: &mut Vec<u8>) {
        self.state = match head {
            [] => State::Start,
            [first @ (0xff | 0xfe)] => State::Half(*first),
            [0xff, 0xfe, ..] => State::Utf16(UTF_16LE.new_decoder_with_bom_removal()),
            [0xfe, 0xff, ..] => State::Utf16(UTF_16BE.new_decoder_with_bom_removal()),
            _ => State::Plain,
        };
        if matches!(self.state, State::Plain | State::Utf16(_)) {
            self.decode(head, out);
        }
    }
}

fn utf16(decoder: &mut encoding_rs::Decoder, block: &[u8], last: bool, out: &mut Vec<u8>) {
    // The most that so many bytes can become; what is asked for is always enough, so one call does it.
    let most = decoder
        .max_utf8_buffer_length(block.len())
        .unwrap_or(block.len() * 3 + 16);
    let mut text = String::with_capacity(most);
    let _ = decoder.decode_to_string(block, &mut text, last);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], block: usize) -> Vec<u8> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for block in bytes.chunks(block) {
            decoder.decode(block, &mut out);
        }
        decoder.end(&mut out);
        out
    }

    fn encode(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf_16_is_decoded_however_it_is_cut() {
        let text = "\u{feff}{\"rule\":\"größer 🦅\"}\n";
        for bytes in [encode(text, u16::to_le_bytes), encode(text, u16::to_be_bytes)] {
            for block in [1, 2, 3, 7, 1000] {
                assert_eq!(
                    decode(&bytes, block),
                    text.trim_start_matches('\u{feff}').as_bytes(),
                    "{block}"
                );
            }
        }
    }

    #[test]
    fn the_place_of_a_text_is_known_and_reading_goes_on_there() {
        let text = "größer 🦅\nzwei\n";
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = encode(&format!("\u{feff}{text}"), to_bytes);
            let mut decoder = Decoder::default();
            let mut out = Vec::new();
            decoder.decode(&bytes, &mut out);
            let first = &out[..=text.find('\n').unwrap()];
            let place = decoder.mark() + decoder.length(first);
            let mut rest = Vec::new();
            let place = usize::try_from(place).unwrap();
            Decoder::within(&bytes[..2]).decode(&bytes[place..], &mut rest);
            assert_eq!(String::from_utf8(rest).unwrap(), "zwei\n");
        }
    }

    #[test]
    fn halves_become_replacement_characters() {
        let mut bytes = encode("\u{feff}a", u16::to_le_bytes);
        bytes.extend([0x3d, 0xd8, 0x61]);
        assert!(String::from_utf8(decode(&bytes, 1)).unwrap().starts_with("a\u{fffd}"));
    }

    #[test]
    fn other_bytes_stay() {
        for bytes in [&b""[..], b"\xff", b"\xfe", b"\xffx", b"\xef\xbb\xbf{}", b"\x00\xff\xfe"] {
            for block in [1, 2, 100] {
                assert_eq!(decode(bytes, block), bytes);
            }
        }
    }
}
