//! Reads CEF back: header fields end at a `|` and pairs at the next ` key=` that no `\` stands before.

use std::collections::BTreeMap;

/// A line.
pub(crate) struct Cef {
    /// What stands behind the version.
    pub(crate) header: Vec<String>,
    /// Pairs by their keys.
    pub(crate) extension: BTreeMap<String, String>,
}

/// Reads text up to an end that is not escaped; says where it is.
fn unescape(text: &str, end: char) -> Option<(String, usize)> {
    let mut read = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next()?.1 {
                'n' => read.push('\n'),
                'r' => read.push('\r'),
                escaped @ ('\\' | '|' | '=') => read.push(escaped),
                _ => return None,
            },
            '\n' | '\r' => return None,
            c if c == end => return Some((read, at)),
            c => read.push(c),
        }
    }
    Some((read, text.len()))
}

/// Reads a line, if it is one.
pub(crate) fn parse(line: &str) -> Option<Cef> {
    let mut rest = line.strip_prefix("CEF:0|")?;
    let mut header = Vec::new();
    for _ in 0..6 {
        let (field, end) = unescape(rest, '|')?;
        header.push(field);
        rest = rest.get(end + 1..)?;
    }
    let mut extension = BTreeMap::new();
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=')?;
        if !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        // The value ends before the word that the next `=` follows.
        let (_, next) = unescape(value, '=')?;
        let end = if next == value.len() {
            next
        } else {
            value[..next].rfind(' ')?
        };
        let known = extension.insert(key.to_owned(), unescape(&value[..end], '\0')?.0);
        if known.is_some() {
            return None;
        }
        rest = value.get(end + 1..).unwrap_or_default();
    }
    Some(Cef { header, extension })
}
