//! Alerts in wrappers of container runtimes, syslog and log shippers, one around the other.

use arbitrary::{Result, Unstructured};

use crate::annotators::Annotators;
use crate::json::Members;
use crate::make::{self, string};
use crate::{line, record};

thread_local! {
    static ANNOTATORS: Annotators = Annotators::new();
}

/// An alert and what it stands in.
struct Wrapped {
    alert: String,
    line: String,
    /// As the alert names them, the outermost first.
    envelope: Vec<&'static str>,
}

/// The body of the target.
pub fn check(data: &[u8]) {
    let Ok(wrapped) = wrapped(&mut Unstructured::new(data)) else {
        return;
    };
    ANNOTATORS.with(|annotators| {
        for annotator in annotators.of(data) {
            let out = line::annotated(annotator, wrapped.line.as_bytes());
            if annotator.config().min_priority.is_some() {
                continue;
            }
            let out = out.unwrap_or_else(|| panic!("the alert was not found: {}", wrapped.line));
            let Some(bewit) = record::bewit(annotator, &out) else {
                continue;
            };
            let after = Members::of(&out).unwrap();
            assert_eq!(bewit.input.envelope, wrapped.envelope, "{}", wrapped.line);
            if let Some(before) = Members::of(wrapped.alert.trim_ascii()) {
                record::begins_with(&before, &after);
            }
        }
    });
}

fn wrapped(u: &mut Unstructured<'_>) -> Result<Wrapped> {
    let alert = if u.arbitrary()? {
        make::json_alert(u)?
    } else {
        make::text_alert(u)?.line
    };
    let mut line = alert.clone();
    let mut envelope = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        let (name, around) = wrap(&line, u)?;
        line = around;
        envelope.insert(0, name);
    }
    Ok(Wrapped { alert, line, envelope })
}

/// Puts a wrapper around a line.
fn wrap(line: &str, u: &mut Unstructured<'_>) -> Result<(&'static str, String)> {
    const TIME: &str = "2026-04-13T17:57:43.728694426Z";
    let quoted = string(line);
    Ok(match u.int_in_range(0..=9)? {
        0 => ("cri", format!("{TIME} {} F {line}", u.choose(&["stdout", "stderr"])?)),
        1 => (
            "docker",
            format!(
                r#"{{"log":{},"stream":"stdout","time":"{TIME}"}}"#,
                string(&format!("{line}\n"))
            ),
        ),
        2 => ("rfc3164", format!("<133>Apr 13 17:57:43 node-1 falco[19460]: {line}")),
        3 => ("rfc3164", format!("Apr  3 17:57:43 node-1 falco: {line}")),
        4 => (
            "rfc5424",
            format!(r#"<133>1 {TIME} node-1 falco 1 - [a@1 b="\"]"] {line}"#),
        ),
        5 => ("rfc5424", format!("<133>1 {TIME} node-1 falco - - - {line}")),
        6 => (
            "rsyslog",
            format!("2026-04-13T17:57:43.728694+02:00 node-1 falco[1]: {line}"),
        ),
        7 => (
            "journald",
            format!(r#"{{"__REALTIME_TIMESTAMP":"1776103063728694","MESSAGE":{quoted},"_HOSTNAME":"n"}}"#),
        ),
        8 => {
            let key = *u.choose(&["log", "message", "msg", "body", "line", "event"])?;
            let (name, value) = (string(&format!("x-{}", make::value(u)?)), string(&make::value(u)?));
            (
                key,
                format!(
                    "{{{name} : {value},\"{key}\":{quoted},\"rule\":\"theirs\",\"kubernetes\":{{\"pod_name\":{value}}}}}"
                ),
            )
        }
        // Fluent Bit's `Merge_Log_Key`.
        _ if line.starts_with('{') && line.contains("\"priority") && line.contains("\"rule") => {
            ("falco", format!(r#"{{"date":1.5,"falco":{line}}}"#))
        }
        _ => ("log", format!(r#"{{"log":{quoted}}}"#)),
    })
}
