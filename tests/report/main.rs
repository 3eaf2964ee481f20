//! Reports: what readers see of the first event, and that no value gets out of its place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(feature = "report")]

mod browser;
mod dom;
mod events;
mod golden;
mod html;
mod navigator;

use bewit::report::{Format, Report, Terminal, report};
use bewit::schema::Alert;
use proptest::prelude::*;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use events::{SEED, TRICKS, annotated, attacked, infested, seed, several};

const PLAIN: Terminal = Terminal {
    width: 100,
    colour: false,
};

fn markdown(alerts: &[Alert]) -> String {
    report(alerts, Report::Page(Format::Markdown))
}

fn terminal(alerts: &[Alert], terminal: &Terminal) -> String {
    report(alerts, Report::Page(Format::Terminal(*terminal)))
}

#[test]
fn the_seed_event() {
    let alerts = [seed()];
    insta::assert_snapshot!("seed_markdown", markdown(&alerts));
    insta::assert_snapshot!("seed_terminal", terminal(&alerts, &PLAIN));
}

#[test]
fn brief_alerts_have_reports_too() {
    let alerts = [annotated(r#"{"detail":"brief"}"#, SEED)];
    insta::assert_snapshot!("brief_markdown", markdown(&alerts));
}

/// The part of a report before the first alert in full.
fn head(report: &str) -> &str {
    report.split("No. 1: ").next().unwrap()
}

#[test]
fn several_alerts_are_grouped_by_cause() {
    let alerts = several();
    let report = markdown(&alerts);
    insta::assert_snapshot!("several_markdown", head(&report));
    insta::assert_snapshot!("several_terminal", head(&terminal(&alerts, &PLAIN)));
    assert_eq!(
        report.matches("\n### Summary\n").count(),
        2,
        "one alert of each cause in full"
    );
    let newest = "00000000-0000-4000-8000-000000000040";
    assert!(report.contains(newest) && report.contains("newest of them"));
    assert!(!report.contains("00000000-0000-4000-8000-000000000030"));
}

#[test]
fn no_alerts() {
    assert_eq!(markdown(&[]), "# Alert report\n\nNo alerts.\n");
    assert_eq!(terminal(&[], &PLAIN), "Alert report\n============\n\nNo alerts.\n");
}

/// Every command of an alert, as it must be found in a report.
fn commands(alert: &Alert) -> Vec<&str> {
    let mitigations = alert.bewit.mitigations.iter();
    mitigations.flat_map(|m| &m.commands).map(|c| c.line.as_str()).collect()
}

#[test]
fn commands_stand_alone_in_a_terminal_of_any_width() {
    let alerts = several();
    for width in [0, 20, 37, 80, 500] {
        for colour in [false, true] {
            let report = terminal(&alerts, &Terminal { width, colour });
            let lines: Vec<String> = report.lines().map(without_sgr).collect();
            for command in commands(&alerts[3]) {
                assert!(lines.iter().any(|line| line == command), "{width}: {command}");
            }
            assert_eq!(report.contains('\x1b'), colour);
        }
    }
}

/// A line without the SGR sequences that reports may use.
fn without_sgr(line: &str) -> String {
    ["\x1b[0m", "\x1b[1m", "\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"]
        .iter()
        .fold(line.to_owned(), |line, sgr| line.replace(sgr, ""))
}

const GFM: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_GFM)
    .union(Options::ENABLE_MATH);

/// What the structure of a report is, without its texts.
#[derive(Debug, Default, PartialEq)]
struct Shape {
    headings: Vec<HeadingLevel>,
    cells: Vec<usize>,
    items: usize,
    paragraphs: usize,
    blocks: usize,
    rules: usize,
    links: Vec<String>,
}

/// The shape of Markdown; nothing but text and code may stand in it, and no text that GitHub links.
fn shape(report: &str) -> Shape {
    let mut shape = Shape::default();
    let mut text = String::new();
    let mut in_block = false;
    for event in Parser::new_ext(report, GFM) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => shape.headings.push(level),
            Event::Start(Tag::TableHead | Tag::TableRow) => shape.cells.push(0),
            Event::Start(Tag::TableCell) => *shape.cells.last_mut().unwrap() += 1,
            Event::Start(Tag::Item) => shape.items += 1,
            Event::Start(Tag::Paragraph) => shape.paragraphs += 1,
            Event::Start(Tag::CodeBlock(_)) => {
                shape.blocks += 1;
                in_block = true;
            }
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Start(Tag::Link { dest_url, .. }) => shape.links.push(dest_url.into_string()),
            Event::Start(Tag::List(_) | Tag::Table(_) | Tag::Strong) => {}
            Event::Start(tag) => panic!("{tag:?} in\n{report}"),
            Event::Text(words) if !in_block => text.push_str(&words),
            Event::End(TagEnd::Strong | TagEnd::Link) | Event::Text(_) => {}
            Event::End(_) => text.push('\n'),
            Event::Code(_) => text.push(' '),
            event => panic!("{event:?} in\n{report}"),
        }
    }
    // GitHub links these wherever they stand in text.
    let lower = text.to_ascii_lowercase();
    for mark in ["://", "www.", "@", "mailto:", "xmpp:", "#"] {
        assert!(!lower.contains(mark), "{mark} in\n{report}");
    }
    shape
}

fn harmless(text: &str) -> bool {
    text.chars()
        .all(|c| c == '\n' || !(c.is_control() || "\u{202e}\u{200b}\u{feff}\u{2028}\u{ad}\u{e0041}".contains(c)))
}

/// No report of an alert in which this stands everywhere is of another shape than one with a harmless word.
fn check(hostile: &str) {
    let calm = shape(&markdown(&[infested("calm")]));
    let alert = infested(hostile);
    let attack = attacked(hostile);
    let report = markdown(std::slice::from_ref(&alert));
    assert!(harmless(&report), "{report}");
    let mut found = shape(&report);
    // A paragraph of spaces is none.
    if hostile.trim().is_empty() && found.paragraphs < calm.paragraphs {
        found.paragraphs = calm.paragraphs;
    }
    assert_eq!(found, calm, "{hostile:?} in\n{report}");
    let report = markdown(&[alert.clone(), attack.clone(), seed()]);
    assert!(harmless(&report), "{report}");
    shape(&report);
    let [plain, coloured] = [false, true].map(|colour| {
        terminal(
            &[alert.clone(), attack.clone(), seed()],
            &Terminal { width: 60, colour },
        )
    });
    assert!(harmless(&plain), "{plain:?}");
    assert_eq!(without_sgr(&coloured), plain, "colours change more than colours");
    let report = terminal(
        std::slice::from_ref(&attack),
        &Terminal {
            width: 60,
            colour: false,
        },
    );
    let known = references(&attack);
    for line in report.lines() {
        let wide = unicode_width::UnicodeWidthStr::width(line) > 60;
        assert!(
            !wide || is_to_copy(&attack, line) || known.iter().any(|url| line.contains(url)),
            "{line}"
        );
    }
}

fn references(alert: &Alert) -> Vec<String> {
    let mitigations = alert.bewit.mitigations.iter().flat_map(|m| &m.references);
    let all = alert.bewit.guidance.references.iter().chain(mitigations);
    all.map(|reference| reference.url.to_string()).collect()
}

/// A line of a command, a way back, a manifest or a snippet.
fn is_to_copy(alert: &Alert, line: &str) -> bool {
    let bewit = &alert.bewit;
    let tuning = bewit.tuning.iter().map(|t| t.snippet.as_str());
    let manifests = bewit
        .mitigations
        .iter()
        .flat_map(|m| &m.manifests)
        .map(|m| m.body.as_str());
    let undo = bewit
        .mitigations
        .iter()
        .flat_map(|m| &m.commands)
        .filter_map(|c| c.undo.as_deref());
    commands(alert)
        .into_iter()
        .chain(tuning)
        .chain(manifests)
        .chain(undo)
        .any(|text| text.contains(line))
}

#[test]
fn known_tricks_stay_text() {
    for hostile in TRICKS {
        check(hostile);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_marks_stays_text(hostile in "([ `|\\\\\\[\\]<>*_#!()~$&@:./+\n\t\"'=-]|[a-b0-1]|www\\.|http://|```|\u{1b}\\[|\u{202e}|\u{200b}|é|\u{301}|日){0,24}") {
        check(&hostile);
    }

    #[test]
    fn any_text_stays_text(hostile in any::<String>()) {
        check(&hostile);
    }
}

#[test]
fn links_lead_to_the_web_or_nowhere() {
    for url in [
        "javascript:alert(1)",
        "https://good.example@evil.example/",
        "https://a.example/) ![x](http://b",
        "x",
    ] {
        let mut alert = seed();
        let reference = bewit_catalog::model::Reference {
            title: "read".into(),
            url: url.to_owned().into(),
        };
        alert.bewit.guidance.references = vec![reference];
        alert.bewit.mitigations.clear();
        for reason in &mut alert.bewit.assessment.reasons {
            reason.source = Some(url.to_owned());
        }
        assert_eq!(shape(&markdown(&[alert])).links, [""; 0]);
    }
}

#[test]
fn numbers_keep_their_digits() {
    let line = SEED.replace("\"proc.name\"", "\"big\":18446744073709551616,\"n\":null,\"proc.name\"");
    let alerts = [annotated("{}", &line)];
    for report in [markdown(&alerts), terminal(&alerts, &PLAIN)] {
        assert!(
            report.contains("1730209225978642167") && report.contains("18446744073709551616"),
            "{report}"
        );
    }
}

#[test]
fn bodies_are_fenced_longer_than_what_they_hold() {
    let mut alert = several().swap_remove(3);
    let command = alert
        .bewit
        .mitigations
        .iter_mut()
        .flat_map(|m| &mut m.commands)
        .next()
        .unwrap();
    command.line = "echo '````'".to_owned();
    assert!(markdown(&[alert]).contains("`````sh\necho '````'\n`````\n"));
}
