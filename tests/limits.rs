//! Bounds on input, in every host: what is over one passes on and says why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bewit::catalog::{self, Refused};
use bewit::{Annotator, Config, Limits, Outcome};
use bewit_catalog::wire;
use serde_json::Value;

const ALERT: &str = r#"{"rule":"x","priority":"Notice","time":"2024-10-29T13:40:25.978642167Z","output_fields":{"proc.name":"sh","proc":{"tty":0,"env":{"a":1}}}}"#;

fn under(limits: Limits, line: &str) -> (Outcome, String) {
    let config = Config {
        limits,
        ..Config::default()
    };
    let mut out = Vec::new();
    let outcome = Annotator::new(config).annotate(line.as_bytes(), &mut out);
    (outcome, String::from_utf8(out).unwrap())
}

fn fields(fields: usize) -> Limits {
    Limits {
        fields,
        ..Limits::default()
    }
}

#[test]
fn keys_of_an_alert_are_counted_wherever_they_stand() {
    // Four members and three fields, nested ones unfolded.
    assert_eq!(under(fields(7), ALERT).0, Outcome::Alert);
    let (outcome, out) = under(fields(6), ALERT);
    assert_eq!(outcome, Outcome::Failed);
    let record: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(record["bewit"]["error"]["code"], "too-many-fields");
    assert_eq!(
        record["bewit"]["error"]["message"],
        "the alert has 7 keys, the limit `limits.fields` is 6"
    );
    assert!(out.starts_with(ALERT.strip_suffix('}').unwrap()), "{out}");
    // Three keys around it.
    let wrapped = format!(r#"{{"a":1,"log":{},"b":2}}"#, Value::from(ALERT));
    assert_eq!(under(fields(10), &wrapped).0, Outcome::Alert);
    let (outcome, out) = under(fields(9), &wrapped);
    assert_eq!(outcome, Outcome::Failed);
    assert!(out.starts_with(wrapped.strip_suffix('}').unwrap()), "{out}");
    // Text has keys as well, but no place for an error.
    let text =
        "13:40:25.978642167: Notice A shell was spawned in a container with an attached terminal (user=root shell=sh)";
    assert_eq!(under(fields(100), text).0, Outcome::Alert);
    assert_eq!(under(fields(1), text), (Outcome::Failed, text.to_owned()));
}

#[test]
fn what_is_no_alert_may_have_as_many_keys_as_it_likes() {
    let line = r#"{"a":1,"b":2,"c":3}"#;
    assert_eq!(under(fields(1), line), (Outcome::Passed, line.to_owned()));
}

#[test]
fn the_default_is_far_above_any_alert() {
    let members: String = (0..4000).map(|n| format!(r#""f{n}":{n},"#)).collect();
    let line = ALERT.replacen('{', &format!("{{{members}"), 1);
    assert_eq!(under(Limits::default(), &line).0, Outcome::Alert);
    let line = line.replacen('{', &format!("{{{}", members.replace("\"f", "\"g")), 1);
    assert_eq!(under(Limits::default(), &line).0, Outcome::Failed);
}

#[test]
fn a_catalog_that_adds_too_much_is_refused() {
    let built_in = wire::encode(catalog::BUILT_IN.clone()).unwrap();
    let none = Limits {
        overlay_bytes: 0,
        ..Limits::default()
    };
    assert!(catalog::read(&built_in, &none).is_ok());
    // As a host hands it over, which depends on the host.
    let handed: usize = env!("BEWIT_CATALOG_BYTES").parse().unwrap();
    let mut more = built_in;
    more.resize(handed + 1000, 0);
    let message = "the catalog files have 1000 bytes, the limit `limits.overlay_bytes` is 0";
    assert!(matches!(catalog::read(&more, &none), Err(Refused::TooLarge(said)) if said == message));
}
