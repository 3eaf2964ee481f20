//! HTML as a browser's parser reads it: nothing is in it but the template and text.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use bewit::report::{Format, Report, report};
use bewit::schema::Alert;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::dom::{Element, parse};
use crate::events::{SEED, TRICKS, annotated, attacked, infested, seed, several};

fn html(alerts: &[Alert]) -> String {
    report(alerts, Report::Page(Format::Html))
}

/// An element with its attributes, numbers in them left out.
fn described(element: &Element) -> String {
    let attributes = element.attributes.iter();
    attributes.fold(element.name.clone(), |text, (name, value)| {
        format!("{text} {name}={}", value.replace(|c: char| c.is_ascii_digit(), ""))
    })
}

/// The elements in their order, but for what comes and goes with values: they stand out as code among words that may
/// be strong, and are copied by buttons.
fn shape(page: &str) -> Vec<String> {
    let page = parse(page);
    let elements = page.all().into_iter();
    let kept = elements.filter(|element| !["button", "code", "strong"].contains(&element.name.as_str()));
    kept.map(described).collect()
}

/// What elements with what attributes a page has; links to the web are all the same.
fn vocabulary(page: &str) -> BTreeSet<String> {
    let page = parse(page);
    let known = page.all().into_iter().map(described);
    known
        .filter(|element| !element.starts_with("a href=https://"))
        .collect()
}

/// The text of the cell behind a name in a table of two columns.
fn cell(page: &str, name: &str) -> String {
    let page = parse(page);
    let tables = page.of_class("pairs");
    let rows = tables.iter().flat_map(|table| table.named("tr"));
    let named = |row: &&Element| row.named("th").first().is_some_and(|th| th.text() == name);
    rows.into_iter().find(named).unwrap().named("td")[0].text()
}

/// Of an alert in which nothing is hostile.
static CALM: LazyLock<Vec<String>> = LazyLock::new(|| shape(&html(&[infested("calm")])));
static KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| vocabulary(&three("calm")));

fn three(hostile: &str) -> String {
    html(&[infested(hostile), attacked(hostile), seed()])
}

fn check(hostile: &str) {
    let page = html(&[infested(hostile)]);
    assert_eq!(shape(&page), *CALM, "{hostile:?}");

    let found = vocabulary(&three(hostile));
    let strange: Vec<&String> = found.difference(&KNOWN).collect();
    assert_eq!(strange, [""; 0], "{hostile:?}");

    if !hostile.is_empty() && hostile.chars().all(|c| matches!(c, ' '..='~')) {
        assert_eq!(cell(&page, "Output"), hostile, "the text is whole");
        assert_eq!(
            cell(&html(&[attacked(hostile)]), "Hostname"),
            hostile,
            "the text is whole"
        );
    }
}

#[test]
fn known_tricks_stay_text() {
    for hostile in TRICKS {
        check(hostile);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_marks_stays_text(hostile in "([<>&\"'=/!;#x -]|</?[a-z]{1,6}|script|style|<!--|-->|on[a-z]+=|&[a-z]+;|\n|\u{0}|\u{202e}|é|日){0,24}") {
        check(&hostile);
    }

    #[test]
    fn any_text_stays_text(hostile in any::<String>()) {
        check(&hostile);
    }
}

#[test]
fn what_cannot_be_seen_is_spelled_out() {
    assert_eq!(
        cell(&html(&[attacked("a\u{202e}b\u{1b}[2J")]), "Hostname"),
        "a\\u{202e}b\\u{1b}[2J"
    );
}

#[test]
fn only_the_style_and_the_script_of_the_page_may_run() {
    let page = parse(&html(&several()));
    let policies = page.named("meta").into_iter();
    let policies = policies.filter(|meta| meta.attribute("http-equiv") == Some("Content-Security-Policy"));
    let policies: Vec<&str> = policies.filter_map(|meta| meta.attribute("content")).collect();
    let [policy] = policies[..] else { panic!("{policies:?}") };
    for name in ["script", "style"] {
        let [element] = page.named(name)[..] else {
            panic!("not one {name}")
        };
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(element.text()));
        let allowed = format!("{name}-src 'sha256-{hash}';");
        assert!(policy.contains(&allowed), "{allowed} is not in {policy}");
    }
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    for element in page.all() {
        for name in element.attributes.keys() {
            assert!(
                !name.starts_with("on") && name != "style" && name != "src",
                "{}",
                described(element)
            );
        }
    }
}

#[test]
fn headings_follow_each_other_and_ids_are_unique() {
    for alerts in [vec![], vec![seed()], several()] {
        let page = parse(&html(&alerts));
        let names = page.all().into_iter().map(|element| element.name.as_str());
        let levels: Vec<u32> = names.filter_map(|name| name.strip_prefix('h')?.parse().ok()).collect();
        assert_eq!(levels[0], 1);
        let follows = |pair: &[u32]| pair[1] > 1 && pair[1] <= pair[0] + 1;
        assert!(levels.windows(2).all(follows), "{levels:?}");

        let ids: Vec<&str> = page
            .all()
            .into_iter()
            .filter_map(|element| element.attribute("id"))
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        let links = page.named("a").into_iter().filter_map(|link| link.attribute("href"));
        for target in links.filter_map(|href| href.strip_prefix('#')) {
            assert!(ids.contains(&target), "nothing is {target}");
        }
    }
}

#[test]
fn links_lead_to_the_web_or_stay_text() {
    for url in [
        "javascript:alert(1)",
        "https://good.example@evil.example/",
        "//evil.example",
        "data:text/html,x",
    ] {
        let mut alert = seed();
        alert.bewit.guidance.references = vec![bewit_catalog::model::Reference {
            title: "read".into(),
            url: url.to_owned().into(),
        }];
        alert.bewit.mitigations.clear();
        alert.bewit.assessment.reasons.clear();
        let page = parse(&html(&[alert]));
        let main = page.named("main")[0];
        assert!(main.named("a").is_empty(), "{url}");
        assert!(main.text().contains(url));
    }
}

#[test]
fn commands_are_copied_as_the_alert_has_them_or_not_at_all() {
    let copied = |alert: &Alert| -> Vec<String> {
        let page = parse(&html(std::slice::from_ref(alert)));
        let blocks = page.of_class("code").into_iter();
        let copied = blocks.filter(|block| !block.named("button").is_empty());
        copied.map(|block| block.named("code")[0].text()).collect()
    };
    let mut alert = several().swap_remove(3);
    let known = copied(&alert);
    for command in alert.bewit.mitigations.iter().flat_map(|m| &m.commands) {
        assert!(known.contains(&command.line), "{}", command.line);
    }
    for command in alert.bewit.mitigations.iter_mut().flat_map(|m| &mut m.commands) {
        command.line = "echo a\u{202e}b".to_owned();
    }
    assert!(copied(&alert).iter().all(|text| !text.starts_with("echo a")));
}

#[test]
fn the_line_as_it_came_is_folded_away() {
    let page = parse(&html(&[annotated(r#"{"keep_raw":true}"#, SEED)]));
    let folded = page
        .named("details")
        .into_iter()
        .filter(|details| details.attribute("open").is_none());
    let texts: Vec<String> = folded
        .flat_map(|details| details.named("code"))
        .map(Element::text)
        .collect();
    assert!(texts.iter().any(|text| text == SEED), "{texts:?}");
}
