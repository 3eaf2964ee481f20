//! Reports on the ten alerts of the corpus from which there is most to learn, in every format, as users see them.

#[path = "../common/mod.rs"]
mod common;

use std::cmp::Reverse;

use bewit::report::report;
use bewit::schema::Alert;

/// Of each of these rules the most urgent alert: shells, binaries and files on a host, the Kubernetes API, clouds,
/// Falco itself, and a rule that only its source tells.
const RULES: [&str; 10] = [
    "Terminal shell in container",
    "Drop and execute new binary in container",
    "Read sensitive file untrusted",
    "Contact K8S API Server From Container",
    "Attach/Exec Pod",
    "Create Privileged Pod",
    "Console Login Without MFA",
    "GCP Bucket configured to be public",
    "Falco internal: syscall event drop",
    "open_from_cat",
];

/// One alert of each rule.
pub(crate) fn instructive() -> Vec<Alert> {
    let mut all = common::alerts(&common::corpus_lines());
    // The catalog's version changes with every word in it.
    for alert in &mut all {
        alert.bewit.guidance.catalog = "0.1.0".to_owned();
    }
    let worst = |rule: &&str| {
        let of_rule = all.iter().filter(|alert| alert.rule.as_deref() == Some(rule));
        // The first of equals.
        of_rule.min_by_key(|alert| Reverse(alert.bewit.severity.score)).cloned()
    };
    let alerts: Vec<Alert> = RULES.iter().filter_map(worst).collect();
    assert_eq!(alerts.len(), RULES.len());
    alerts
}

/// The page without what all pages have: style, script, and the policy that names them.
fn html(alerts: &[Alert]) -> String {
    let page = report(alerts, "html".parse().unwrap());
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    let (body, rest) = rest.rsplit_once("<script>").unwrap();
    let (_, end) = rest.split_once("</script>").unwrap();
    let (head, policy) = head.split_once("default-src ").unwrap();
    let (_, policy) = policy.split_once('"').unwrap();
    let head = [head, "\"", policy].concat();
    [&head, "<style></style>", body, "<script></script>", end].concat()
}

/// In every format.
fn reports(alerts: &[Alert]) -> [(&'static str, String); 4] {
    let as_text = |name: &'static str| (name, report(alerts, name.parse().unwrap()));
    [
        as_text("markdown"),
        ("html", html(alerts)),
        as_text("terminal"),
        as_text("navigator"),
    ]
}

#[test]
fn ten_alerts_one_by_one() {
    for alert in instructive() {
        let name = bewit_catalog::compile::slug(alert.rule.as_deref().unwrap());
        for (format, text) in reports(&[alert]) {
            insta::assert_snapshot!(format!("{name}_{format}"), text);
        }
    }
}

/// Only what comes before the first alert in full: the rest is in the files of the ten.
#[test]
fn ten_alerts_together() {
    for (format, text) in reports(&instructive()) {
        let before = ["\n## No. 1: ", "<div id=\"no-1\">", "\nNo. 1: "];
        let end = before.into_iter().filter_map(|mark| text.find(mark)).min();
        insta::assert_snapshot!(format!("together_{format}"), &text[..end.unwrap_or(text.len())]);
    }
}
