//! Reports: what readers see of the first event, and that no value gets out of its place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(feature = "report")]

use bewit::report::{Terminal, markdown, terminal};
use bewit::schema::Alert;
use bewit::{Annotator, Config, Outcome};
use proptest::prelude::*;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

const SEED: &str = r#"{"hostname":"k8s-master-01","output":"13:40:25.978642167: Warning Shell executed in a container (user=root container=64fac540e48f process=sh command=sh -c ip link del calico_tmp_A || true)","output_fields":{"container.id":"64fac540e48f","evt.time":1730209225978642167,"proc.cmdline":"sh -c ip link del calico_tmp_A || true","proc.name":"sh","user.name":"root"},"priority":"Warning","rule":"Detect Shell in Container","source":"syscall","tags":["container","process","shell"],"time":"2024-10-29T13:40:25.978642167Z","uuid":"06dc3669-f1aa-47da-92bf-ae8723e1b9a6"}"#;

const PLAIN: Terminal = Terminal {
    width: 100,
    colour: false,
};

fn annotated(config: &str, line: &str) -> Alert {
    let config: Config = serde_json::from_str(config).unwrap();
    let mut out = Vec::new();
    assert_eq!(
        Annotator::new(config).annotate(line.as_bytes(), &mut out),
        Outcome::Alert
    );
    let mut alert: Alert = serde_json::from_slice(&out).unwrap();
    // The catalog's version changes with every word in it.
    alert.bewit.guidance.catalog = "0.1.0".to_owned();
    alert
}

fn seed() -> Alert {
    annotated("{}", SEED)
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

/// The seed event at another second and place.
fn variant(second: u8, edits: Value) -> String {
    let mut event: Value = serde_json::from_str(SEED).unwrap();
    event["time"] = format!("2024-10-29T13:40:{second:02}.5Z").into();
    event["uuid"] = format!("00000000-0000-4000-8000-0000000000{second:02}").into();
    for (key, value) in edits.as_object().unwrap() {
        match key.as_str() {
            "rule" | "priority" | "hostname" => event[key] = value.clone(),
            field => event["output_fields"][field] = value.clone(),
        }
    }
    event.to_string()
}

fn several() -> Vec<Alert> {
    [
        variant(20, json!({})),
        variant(40, json!({"hostname": "k8s-master-03"})),
        variant(30, json!({"hostname": "k8s-master-02"})),
        variant(
            10,
            json!({
                "rule": "Terminal shell in container", "priority": "Notice", "proc.cmdline": "bash", "proc.name": "bash",
                "k8s.ns.name": "shop-eu", "k8s.pod.name": "cart-7f9c6d5b8-x2x4k",
            }),
        ),
    ]
    .iter()
    .map(|line| annotated("{}", line))
    .collect()
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

/// Puts a value into every string of an alert that is not a key, an enumeration or a reference.
fn infest(value: &mut Value, path: &str, hostile: &str) {
    const KEPT: [&str; 14] = [
        "level",
        "disposition",
        "confidence",
        "phase",
        "where",
        "effect",
        "kind",
        "from",
        "suggests",
        "matched_by",
        "format",
        "url",
        "source",
        "schema",
    ];
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if !KEPT.contains(&key.as_str()) || path == ".output_fields" {
                    infest(value, &format!("{path}.{key}"), hostile);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| infest(item, path, hostile)),
        Value::String(text) => *text = hostile.to_owned(),
        _ => {}
    }
}

/// An alert in which every text is hostile.
fn infested(hostile: &str) -> Alert {
    let mut alert = serde_json::to_value(several().swap_remove(3)).unwrap();
    let bewit = &mut alert["bewit"];
    bewit["tuning"]["hook"] = "x".into();
    bewit["organisation"] = json!({"owner": "x", "on_call": "x"});
    bewit["more"] = json!(["x", "x"]);
    for key in ["inferred", "ambiguous", "repaired"] {
        bewit["input"][key] = json!(["x", "x"]);
    }
    bewit["assessment"]["reasons"] = json!([
        {"text": "x", "suggests": "likely_benign", "weight": 30, "fields": ["x", "x"], "confirm": "x", "fixed_in": "x"},
        {"text": "x"},
    ]);
    infest(&mut alert, "", hostile);
    alert["output_fields"][hostile] = hostile.into();
    serde_json::from_value(alert).unwrap()
}

/// Only the event is hostile, and bewit makes the alert.
fn attacked(hostile: &str) -> Alert {
    let fields = [
        "proc.cmdline",
        "proc.name",
        "user.name",
        "k8s.pod.name",
        "k8s.ns.name",
        "container.id",
        "x",
    ];
    let mut event: Value = serde_json::from_str(SEED).unwrap();
    event["rule"] = format!("Shell {hostile}").into();
    event["output"] = format!("13:40:25.978642167: Warning {hostile}").into();
    event["hostname"] = hostile.into();
    event["tags"] = json!([hostile, "container"]);
    for field in fields {
        event["output_fields"][field] = hostile.into();
    }
    annotated("{}", &event.to_string())
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
    for colour in [false, true] {
        let report = terminal(
            &[alert.clone(), attack.clone(), seed()],
            &Terminal { width: 60, colour },
        );
        assert!(harmless(&without_sgr(&report)), "{report:?}");
    }
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
    for hostile in [
        "x\n\n# Resolved\n\n[ok](https://evil.example)",
        "| a | b |",
        "a\\|b\\\\|c|d",
        "`",
        "``` `` `",
        "a`b``c```d````e",
        "` | `",
        "\\`",
        "\\",
        "```\n# x\n~~~",
        "    code",
        "\t# x",
        "<script>alert(1)</script>",
        "<img src=x onerror=y>",
        "<!--",
        "<https://evil.example>",
        "&lt;b&gt; &#35;",
        "![x](http://evil.example/p.png)",
        "[x][y]\n\n[y]: http://evil.example",
        "]:a",
        "[",
        "]",
        "[^1]: x",
        "[^1]",
        "[ ] todo",
        "http://evil.example",
        "www.evil.example",
        "WWW.evil.example",
        "mailto:a@b.c",
        "a@b.example",
        "@org/team",
        "#1",
        "org/repo#1",
        "**bold** _it_ ~~s~~ ***",
        "* x",
        "- x",
        "+ x",
        "1. x",
        "1) x",
        "- [ ] x",
        "> x",
        "---",
        "===",
        "- - -",
        "***",
        "___",
        "a  \nb",
        "x\\\ny",
        "$x$ $$y$$",
        "$`x`$",
        ":+1: :smile:",
        "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
        "\u{9b}31m\u{9d}0;x\u{9c}",
        "a\rb\x08\x08c\x7f\0",
        "\u{202e}fdp.exe\u{202c}\u{2066}x\u{2069}",
        "a\u{200b}b\u{feff}\u{ad}\u{e0041}",
        "\u{2028}# x\u{2029}\u{85}",
        "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}",
        "日本語の値",
        " ",
        "",
        "!",
        "x!",
        "!!![",
        "](",
        ")",
        "(",
        "a_b",
        "**",
        "****",
        "__",
        "* * *",
        "| --- |",
        ":-:|:-:",
        "\"",
        "'",
        "GH-1",
        "%",
        "=",
    ] {
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
