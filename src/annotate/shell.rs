//! Words of a POSIX shell.

use crate::json::escape;

/// What a single quote is inside of single quotes: out of them, the quote, and into them again.
const QUOTE: &[u8] = b"'\\''";

/// Appends part of a word that stands in single quotes, inside which nothing means anything to a shell but the quote; as
/// it stands inside JSON quotes.
pub(super) fn write_inside(part: &[u8], out: &mut Vec<u8>) {
    for (i, part) in part.split(|byte| *byte == b'\'').enumerate() {
        if i > 0 {
            escape(out, QUOTE);
        }
        escape(out, part);
    }
}

/// How many bytes that is outside of JSON.
pub(super) fn quoted_len(part: &[u8]) -> usize {
    let quotes = part.iter().filter(|byte| **byte == b'\'').count();
    part.len() + quotes * (QUOTE.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_word_is_read_as_it_is() {
        for (word, line) in [
            ("", "''"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
            ("\"\\n", "'\"\\n'"),
        ] {
            let mut json = b"\"'".to_vec();
            write_inside(word.as_bytes(), &mut json);
            json.extend_from_slice(b"'\"");
            assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), line);
            assert_eq!(quoted_len(word.as_bytes()) + 2, line.len());
        }
    }
}
