//! What holds for every record that goes out changed.

use bewit::schema::{Bewit, Command};
use bewit::{Annotator, Schema};

use crate::json::{Members, compact, is_whole, name, whole};
use crate::shell;

/// Keys under which runtimes and log shippers keep the raw line of an alert; one that stands beside the parsed alert
/// leaves it.
const LINE_KEYS: [&str; 7] = ["log", "message", "MESSAGE", "msg", "body", "line", "event"];

/// A record that was too long to look at: all that it had, and an error.
pub(crate) fn failed(line: &[u8], out: &[u8]) {
    let out = object(out);
    let line = std::str::from_utf8(line).expect("what is no UTF-8 has no place for an error");
    let (before, after) = (Members::of(line.trim()).unwrap(), Members::of(&out).unwrap());
    same(&before.0, &after.0[..after.0.len() - 1]);
    let (key, error) = after.0.last().unwrap();
    assert_eq!(*key, "\"bewit\"");
    let error: serde_json::Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["error"]["code"], "line-too-long");
}

/// An alert that was annotated.
pub(crate) fn alert(annotator: &Annotator, line: &[u8], out: &[u8]) {
    let out = object(out);
    if annotator.config().schema == Schema::Native {
        native(annotator, line, &out);
    }
}

/// A record is one JSON object in one line, or a line of CEF.
fn object(out: &[u8]) -> String {
    let out = std::str::from_utf8(out).expect("a record is UTF-8");
    assert!(!out.contains(['\n', '\r']), "a record has several lines");
    let is_cef = out.starts_with("CEF:0|");
    assert!(
        is_cef || Members::of(out).is_some(),
        "a record is neither JSON nor CEF: {out}"
    );
    out.to_owned()
}

/// Falco's keys, and all that bewit adds in one object beside them.
fn native(annotator: &Annotator, line: &[u8], out: &str) {
    let config = annotator.config();
    let after = Members::of(out).unwrap();
    let all = after.0.iter().filter(|(key, _)| name(key) == "bewit");
    let [(_, bewit)] = all.collect::<Vec<_>>()[..] else {
        panic!("not one object `bewit`: {out}");
    };
    let schema = Members::of(bewit).and_then(|bewit| bewit.get("schema")).map(name);
    assert_eq!(schema.as_deref(), Some(bewit::SCHEMA));
    let Some(bewit) = read(bewit) else { return };
    assert!(bewit.severity.score <= 100);
    assert_eq!(bewit.fingerprint.len(), 32);

    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let lossy = String::from_utf8_lossy(line);
    assert_eq!(std::str::from_utf8(line).is_err(), bewit.input.repaired == ["utf-8"]);
    assert_eq!(bewit.input.raw.as_deref(), config.keep_raw.then_some(lossy.as_ref()));

    // No wrapper: what Falco wrote is all there was.
    if bewit.input.envelope.is_empty() && lossy.trim_ascii().starts_with('{') {
        let before = Members::of(lossy.trim_ascii()).expect("an alert that serde_json does not read");
        let bewits = |key: &str| key == "bewit";
        same(&before.without(bewits), &after.without(bewits));
    }
    for mitigation in &bewit.mitigations {
        for command in &mitigation.commands {
            self::command(command);
        }
    }
}

/// What bewit adds to a record in its own schema, as data; others have a `bewit` of their own.
pub(crate) fn bewit(annotator: &Annotator, out: &str) -> Option<Bewit> {
    let is_native = annotator.config().schema == Schema::Native;
    read(Members::of(out)?.get("bewit").filter(|_| is_native)?)
}

/// What bewit adds in its own schema, as data. None where a number of Falco's is larger than serde_json reads.
fn read(bewit: &str) -> Option<Bewit> {
    // What came as it is may hold half of a surrogate pair, which serde_json does not read. Nothing else does.
    let members = Members::of(bewit)?;
    if members.get("schema").map(name).as_deref() != Some(bewit::SCHEMA) {
        return None;
    }
    for (key, value) in members.0 {
        let came = matches!(key, "\"input\"" | "\"id\"");
        assert!(came || is_whole(value), "{key} holds half of a surrogate pair: {value}");
    }
    match serde_json::from_str(&whole(bewit)) {
        Ok(bewit) => Some(bewit),
        Err(error) if error.to_string().starts_with("number out of range") => None,
        Err(error) => panic!("{error}: {bewit}"),
    }
}

/// Members are the same, in the same order, letter by letter; only a raw line may have gone.
fn same(before: &[(&str, &str)], after: &[(&str, &str)]) {
    let more = behind(before, after);
    assert!(more.is_empty(), "keys that nobody wrote: {more:?}");
}

/// An alert's own members come first, as they were.
pub(crate) fn begins_with(before: &Members<'_>, after: &Members<'_>) {
    behind(&before.0, &after.0);
}

/// What follows the members that were there before.
fn behind<'a, 't>(before: &[(&str, &str)], mut after: &'a [(&'t str, &'t str)]) -> &'a [(&'t str, &'t str)] {
    for (key, value) in before {
        match after.split_first() {
            Some(((k, v), rest)) if k == key && compact(v) == compact(value) => after = rest,
            _ => {
                let raw_line = LINE_KEYS.contains(&name(key).as_str()) && value.starts_with("\"{");
                assert!(raw_line, "{key} went or changed; there is {after:?}");
            }
        }
    }
    after
}

/// A command's line is its words to a shell.
fn command(command: &Command) {
    let words = shell::words(&command.line);
    let words = words.unwrap_or_else(|| panic!("a shell does more than read words: {}", command.line));
    // Brief alerts have the line only.
    if !command.argv.is_empty() {
        assert_eq!(words, command.argv);
        assert_eq!(command.ready, Some(command.missing.is_empty()));
    }
    for missing in &command.missing {
        assert!(
            command.line.contains(&format!("<{missing}>")),
            "{missing}: {}",
            command.line
        );
    }
}
