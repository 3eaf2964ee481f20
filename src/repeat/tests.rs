use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config as Cases, TestRunner};

use super::*;
use crate::config::Detail;
use crate::{Annotator, Config, Outcome};
use again::again;

#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../tests/common/again.rs"]
mod again;
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../tests/common/corpus.rs"]
mod corpus;

/// A change to a line.
#[derive(Clone, Debug)]
enum Change {
    /// Of each digit of a number, by so much.
    Digits(Index, u8),
    /// Of a number.
    Number(Index, String),
    /// Of what stands between quotes.
    Text(Index, &'static str),
    /// Of a byte.
    Byte(Index, u8),
}

const TEXTS: [&str; 18] = [
    "",
    "1",
    "0",
    "01",
    "x1",
    "<NA>",
    "a\\\\n1",
    "é1",
    "1 ",
    "{1}",
    "priority",
    "rule",
    "-1",
    "root",
    "99999999999999999999999",
    "a b=c 1",
    "2026-04-13T17:57:43Z",
    "password=hunter2secret",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), 1..9_u8).prop_map(|(at, by)| Change::Digits(at, by)),
        2 => (at(), "[0-9]{1,22}|[1-9]{310}").prop_map(|(at, digits)| Change::Number(at, digits)),
        1 => (at(), select(&TEXTS[..])).prop_map(|(at, text)| Change::Text(at, text)),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
    ]
}

impl Change {
    fn of(&self, line: &[u8]) -> Vec<u8> {
        let is_part: fn(&u8) -> bool = match self {
            Self::Digits(..) | Self::Number(..) => u8::is_ascii_digit,
            Self::Text(..) => |byte| !matches!(byte, b'"' | b'\\'),
            Self::Byte(..) => |_| true,
        };
        let end = |begin: usize| begin + line[begin..].iter().take_while(|byte| is_part(byte)).count();
        let begins = (0..line.len()).filter(|at| is_part(&line[*at]) && (*at == 0 || !is_part(&line[*at - 1])));
        let parts: Vec<Range<usize>> = match self {
            Self::Byte(..) => (0..line.len()).map(|at| at..at + 1).collect(),
            _ => begins.map(|begin| begin..end(begin)).collect(),
        };
        let (Self::Digits(at, _) | Self::Number(at, _) | Self::Text(at, _) | Self::Byte(at, _)) = self;
        if parts.is_empty() {
            return line.to_vec();
        }
        let part = at.get(&parts).clone();
        let other = match self {
            Self::Digits(_, by) => {
                let digits = line[part.clone()].iter();
                digits.map(|digit| b'0' + (digit - b'0' + by) % 10).collect()
            }
            Self::Number(_, digits) => digits.as_bytes().to_vec(),
            Self::Text(_, text) => text.as_bytes().to_vec(),
            Self::Byte(_, byte) => vec![*byte],
        };
        [&line[..part.start], &other, &line[part.end..]].concat()
    }
}

fn config(detail: Detail) -> Config {
    Config {
        detail,
        ..Config::default()
    }
}

/// What becomes of a line, and what of its JSON matters to anybody.
fn annotated(annotator: &Annotator, line: &[u8]) -> (Outcome, String, impl PartialEq + std::fmt::Debug + use<>) {
    let mut out = Vec::new();
    let (outcome, seen) = annotator.look_at(line, annotator.config().schema, &mut out);
    let matters = (seen.is_ascii(), seen.breaks, seen.depth, seen.vast, seen.half);
    (outcome, String::from_utf8_lossy(&out).into_owned(), matters)
}

/// Whether a line is among what an annotator knows.
fn is_known(annotator: &Annotator, line: impl AsRef<[u8]>) -> bool {
    let hits = || annotator.repeats(|repeats| repeats.hits);
    let before = hits();
    annotated(annotator, line.as_ref());
    hits() > before
}

#[test]
fn what_repeats_is_written_as_if_it_did_not() {
    let lines = corpus::corpus_lines();
    // With times that fit each other, too.
    let lines: Vec<Vec<u8>> = lines.iter().flat_map(|line| [line.clone(), again(line, 1)]).collect();
    let known = Cell::new(0);
    let raw = Config {
        keep_raw: true,
        ..config(Detail::Full)
    };
    let masking = Config {
        mask_secrets: true,
        ..config(Detail::Brief)
    };
    for config in [config(Detail::Brief), raw, masking] {
        let (knowing, forgetful) = (Annotator::new(config.clone()), Annotator::new(config));
        let mut runner = TestRunner::new(Cases {
            cases: 8_000,
            failure_persistence: None,
            ..Cases::default()
        });
        let changes = prop::collection::vec(change(), 1..4);
        let ran = runner.run(&(any::<Index>(), changes), |(line, changes)| {
            let line = line.get(&lines);
            // All may be learned, and forgotten where there is no room.
            knowing.repeats(|repeats| (repeats.credit, repeats.misses) = (CREDIT, TERM));
            annotated(&knowing, line);
            annotated(&knowing, line);
            let other = changes.iter().fold(line.clone(), |line, change| change.of(&line));
            let before = knowing.repeats(|repeats| repeats.hits);
            let found = annotated(&knowing, &other);
            known.set(known.get() + knowing.repeats(|repeats| repeats.hits.saturating_sub(before)));
            forgetful.repeats(|repeats| repeats.credit = 0);
            prop_assert_eq!(found, annotated(&forgetful, &other));
            Ok(())
        });
        if let Err(error) = ran {
            panic!("{error}");
        }
    }
    assert!(
        known.get() > 500,
        "few of the changed lines were known: {}",
        known.get()
    );
}

/// An alert at a second of a day, of a process and a user.
fn alert(second: u32, pid: u32, user: &str) -> String {
    format!(
        r#"{{"output":"13:40:{second:02}.978642167: Notice A shell (user={user} pid={pid})","priority":"Notice","rule":"Terminal shell in container","time":"2024-10-29T13:40:{second:02}.978642167Z","output_fields":{{"container.id":"64fac540e48f","evt.time":17302092{second:02}978642167,"proc.name":"sh","proc.pid":{pid},"user.name":"{user}"}}}}"#
    )
}

#[test]
fn times_and_process_ids_differ_and_what_decides_does_not() {
    let annotator = Annotator::new(config(Detail::Full));
    // The form of its object comes first.
    assert!(!is_known(&annotator, alert(0, 4711, "root")));
    assert!(!is_known(&annotator, alert(1, 4711, "root")));
    assert!(is_known(&annotator, alert(2, 4712, "root")));
    // How long a command is may decide whether it is shown.
    assert!(!is_known(&annotator, alert(3, 815, "root")));
    assert!(!is_known(&annotator, alert(4, 4711, "app")));
    assert!(is_known(&annotator, alert(5, 4713, "app")));
}

#[test]
fn a_number_that_no_double_holds_is_no_other() {
    let annotator = Annotator::new(config(Detail::Full));
    let with = |number: &str| alert(1, 4711, "root").replace("1730209201978642167", number);
    for _ in 0..3 {
        let (_, _, matters) = annotated(&annotator, with(&"1".repeat(400)).as_bytes());
        assert_eq!(format!("{matters:?}"), "(true, false, 0, true, false)");
    }
    let (_, _, matters) = annotated(&annotator, with("1").as_bytes());
    assert_eq!(format!("{matters:?}"), "(true, false, 0, false, false)");
}

#[test]
fn an_alert_in_a_shippers_record_is_known_by_both() {
    let annotator = Annotator::new(config(Detail::Brief));
    let wrapped = |second: u32, stream: &str| {
        let log = serde_json::Value::from(alert(second, 4711, "root") + "\n");
        format!(r#"{{"log":{log},"stream":"{stream}","time":"2024-10-29T13:40:{second:02}.99Z"}}"#)
    };
    assert!(!is_known(&annotator, wrapped(0, "stdout")));
    assert!(!is_known(&annotator, wrapped(1, "stdout")));
    assert!(is_known(&annotator, wrapped(2, "stdout")));
    assert!(!is_known(&annotator, wrapped(3, "stderr")));
}

#[test]
fn a_text_is_known_where_its_time_can_be_completed_again() {
    let annotator = Annotator::new(config(Detail::Brief));
    let text = |second: u32, wrapped: u32| {
        format!(
            "2024-10-29T13:40:{wrapped:02}.99Z stdout F 13:40:{second:02}.978642167: Notice A shell (user=root process=sh)"
        )
    };
    assert!(!is_known(&annotator, text(1, 1)));
    assert!(is_known(&annotator, text(2, 3)));
    // It was wrapped before it happened.
    assert!(!is_known(&annotator, text(30, 3)));
}

#[test]
fn what_never_repeats_is_seldom_learned() {
    let annotator = Annotator::new(config(Detail::Brief));
    let learned = |users: Range<u32>| {
        let bytes = || annotator.repeats(|repeats| repeats.tree.bytes());
        let all = users.filter(|user| {
            let before = bytes();
            annotated(&annotator, alert(1, 4711, &format!("user{user:05}")).as_bytes());
            bytes() > before
        });
        all.count()
    };
    assert!(learned(0..200) > 100);
    assert!(learned(2000..10_000) <= 8_000 / MISSES as usize);
    assert!(annotator.repeats(|repeats| repeats.tree.bytes()) < BYTES + 8192);
}
