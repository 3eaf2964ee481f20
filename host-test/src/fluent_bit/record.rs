//! Lines as the records that Fluent Bit hands to a filter.

use serde::de::IgnoredAny;

/// The record of a line: the line itself if it is a JSON object, else the object that `in_tail` makes of it.
pub(super) fn of(line: &[u8]) -> Vec<u8> {
    let is_object = line.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    if is_object {
        return line.to_vec();
    }
    let mut record = br#"{"log":""#.to_vec();
    escape(line, &mut record);
    record.extend_from_slice(br#""}"#);
    record
}

/// Escapes as Fluent Bit does by default (`json.escape_unicode`): all but ASCII as `\u`, and bytes that are no UTF-8
/// as code points from U+E000 on.
fn escape(line: &[u8], out: &mut Vec<u8>) {
    for chunk in line.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.extend_from_slice(br#"\""#),
                '\\' => out.extend_from_slice(br"\\"),
                '\n' => out.extend_from_slice(br"\n"),
                '\r' => out.extend_from_slice(br"\r"),
                '\t' => out.extend_from_slice(br"\t"),
                '\u{8}' => out.extend_from_slice(br"\b"),
                '\u{c}' => out.extend_from_slice(br"\f"),
                ' '..='~' => out.extend(u8::try_from(character)),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                    }
                }
            }
        }
        for byte in chunk.invalid() {
            let private = char::from_u32(0xe000 + u32::from(*byte)).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(private.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_records_and_lines_are_wrapped() {
        for (line, record) in [
            (&br#"{"a":1}"#[..], r#"{"a":1}"#),
            (b"{\"a\":", r#"{"log":"{\"a\":"}"#),
            (b"[1]", r#"{"log":"[1]"}"#),
            (b"", r#"{"log":""}"#),
            (
                "a\t\u{1}\u{7f}ü🦅".as_bytes(),
                r#"{"log":"a\t\u0001\u007f\u00fc\ud83e\udd85"}"#,
            ),
            (b"a\xff\xe2\x82(", "{\"log\":\"a\u{e0ff}\u{e0e2}\u{e082}(\"}"),
        ] {
            assert_eq!(String::from_utf8(of(line)).unwrap(), record);
        }
    }
}
