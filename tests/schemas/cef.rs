//! CEF, by reading it back.

use bewit::{Detail, Schema};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::common::cef::{Cef, parse};
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
/// Keys of bewit's own: JSON.
const OWN: [&str; 3] = ["BewitBewitOutputFields", "BewitBewitInput", "BewitBewitRecord"];
/// The same of the source.
const SOURCE: [&str; 6] = ["spid", "sproc", "spt", "src", "suid", "suser"];

#[test]
fn every_alert_is_a_line_of_cef() {
    for (line, alert) in written(Schema::Cef) {
        let alert = String::from_utf8(alert).unwrap();
        let cef = parse(&alert).unwrap_or_else(|| panic!("{line}\n{alert}"));
        assert_eq!(cef.header[..2], ["bewit", "bewit"]);
        assert!(["3", "6", "8", "10"].contains(&cef.header[5].as_str()), "{alert}");
        for key in cef.extension.keys() {
            assert!(
                KEYS.iter().chain(&SOURCE).chain(&OWN).any(|known| known == key),
                "{alert}: {key}"
            );
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

/// What a pair of bewit's own holds.
fn own(cef: &Cef, key: &str) -> Map<String, Value> {
    let json = cef.extension.get(key).map_or("{}", String::as_str);
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{key}: {error}: {json}"))
}

/// Whether a member of Falco's is there: as it is among the rest, or its text in the header or a pair.
fn is_kept(cef: &Cef, rest: &Map<String, Value>, key: &str, value: &Value) -> bool {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = cef.extension.iter().filter(|(key, _)| !OWN.contains(&key.as_str()));
    let mut texts = cef.header.iter().chain(pairs.map(|(_, text)| text));
    rest.get(key) == Some(value) || texts.any(|known| *known == text)
}

fn lose_nothing(line: &[u8], alert: &str) {
    let cef = parse(alert).unwrap_or_else(|| panic!("{alert}"));
    let native = annotated(&annotator(Schema::Native, Detail::Full), line).unwrap();
    let native: Map<String, Value> = serde_json::from_slice(&native).unwrap();
    let (record, fields) = (own(&cef, OWN[2]), own(&cef, OWN[0]));
    for (key, value) in &native {
        match key.as_str() {
            "bewit" => {}
            "output_fields" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    // What a pipeline has unfolded is folded again.
                    let folded = value.is_object();
                    assert!(
                        folded || is_kept(&cef, &fields, name, value),
                        "{name}: {value}\n{alert}"
                    );
                }
            }
            key => assert!(is_kept(&cef, &record, key, value), "{key}: {value}\n{alert}"),
        }
    }
    let input = own(&cef, OWN[1]);
    assert_eq!(input.get("outer"), native["bewit"]["input"].get("outer"), "{alert}");
}

#[test]
fn what_has_no_key_is_kept_as_json() {
    for (line, alert) in written(Schema::Cef) {
        lose_nothing(line.as_bytes(), &String::from_utf8(alert).unwrap());
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
        lose_nothing(line.to_string().as_bytes(), &alert);
        let expected = ["rawEvent", "msg", "rt"];
        prop_assert!(expected.iter().all(|key| cef.extension.contains_key(*key)));
    }
    /// Whatever a field is called and holds, control characters included, it is there.
    #[test]
    fn fields_of_any_name_come_back(name in "[a-z.\\[\\]=|\\\\ é\u{1b}\n]{1,12}", value in "[a-z =|\\\\\n\r\t\"é\u{0}\u{1b}\u{7f}]{1,24}", number in any::<i64>()) {
        let mut fields = Map::new();
        for known in ["proc.cmdline", "user.name", "fd.name", "proc.name"] {
            fields.insert(known.to_owned(), value.clone().into());
        }
        fields.insert("proc.pid".to_owned(), number.into());
        fields.insert(name, serde_json::json!([value, number, null]));
        let line = serde_json::json!({
            "rule": format!("x{value}"), "priority": "Notice", "time": "2026-04-13T17:57:43.7Z", "output": value,
            "output_fields": fields, "tags": [value], "of a wrapper": value,
        });
        let alert = annotated(&annotator(Schema::Cef, Detail::Brief), line.to_string().as_bytes()).unwrap();
        lose_nothing(line.to_string().as_bytes(), &String::from_utf8(alert).unwrap());
    }
}
