//! CEF, by reading it back: header fields end at a `|` and pairs at the next ` key=` that no `\` stands before.

use std::collections::BTreeMap;

use bewit::{Detail, Schema};
use proptest::prelude::*;

use crate::{annotated, annotator, written};

/// Keys of CEF's dictionary that bewit uses.
const KEYS: [&str; 32] = [
    "act",
    "cat",
    "cn1",
    "cn1Label",
    "cs1",
    "cs1Label",
    "cs2",
    "cs2Label",
    "cs3",
    "cs3Label",
    "cs4",
    "cs4Label",
    "cs5",
    "cs5Label",
    "cs6",
    "cs6Label",
    "dpt",
    "dst",
    "dvchost",
    "externalId",
    "filePath",
    "flexString1",
    "flexString1Label",
    "flexString2",
    "flexString2Label",
    "fname",
    "msg",
    "outcome",
    "proto",
    "rawEvent",
    "reason",
    "rt",
];
/// The same of the source.
const SOURCE: [&str; 6] = ["spid", "sproc", "spt", "src", "suid", "suser"];

struct Cef {
    header: Vec<String>,
    extension: BTreeMap<String, String>,
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

fn parse(line: &str) -> Option<Cef> {
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

#[test]
fn every_alert_is_a_line_of_cef() {
    for (line, alert) in written(Schema::Cef) {
        let alert = String::from_utf8(alert).unwrap();
        let cef = parse(&alert).unwrap_or_else(|| panic!("{line}\n{alert}"));
        assert_eq!(cef.header[..2], ["bewit", "bewit"]);
        assert!(["3", "6", "8", "10"].contains(&cef.header[5].as_str()), "{alert}");
        for key in cef.extension.keys() {
            assert!(KEYS.iter().chain(&SOURCE).any(|known| known == key), "{alert}: {key}");
            let labelled = key.starts_with("cs") || key.starts_with("cn") || key.starts_with("flex");
            if labelled && !key.ends_with("Label") {
                assert!(cef.extension.contains_key(&format!("{key}Label")), "{alert}: {key}");
            }
            if let Some(value) = key.strip_suffix("Label") {
                assert!(cef.extension.contains_key(value), "{alert}: {key}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a value is, it is read back, and is never taken for another key.
    #[test]
    fn values_come_back(value in "[a-z =|\\\\\n\r\"é]{1,24}", rule in "[a-z =|\\\\é]{1,12}") {
        let value = format!("x{value}x");
        let rule = format!("x{rule}x");
        let line = serde_json::json!({
            "rule": rule, "priority": "Notice", "time": "2026-04-13T17:57:43.7Z", "output": value,
            "output_fields": {"proc.cmdline": value, "user.name": value},
        });
        let alert = annotated(&annotator(Schema::Cef, Detail::Brief), line.to_string().as_bytes()).unwrap();
        let alert = String::from_utf8(alert).unwrap();
        let cef = parse(&alert).unwrap_or_else(|| panic!("{alert}"));
        prop_assert_eq!(&cef.header[4], &rule);
        for key in ["msg", "cs1", "suser"] {
            prop_assert_eq!(&cef.extension[key], &value, "{}", key);
        }
        let expected = ["rawEvent", "msg", "rt"];
        prop_assert!(expected.iter().all(|key| cef.extension.contains_key(*key)));
    }
}
