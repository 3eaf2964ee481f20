//! Alerts as a layer of the ATT&CK Navigator.
//!
//! The format is version 4.5, of the document `layers/spec/v4.5/layerformat.md` of mitre-attack/attack-navigator.

use std::collections::BTreeMap;

use serde::Serialize;

use super::alert::title;
use super::chart::is_technique;
use super::escape::visible;
use crate::catalog::LIBRARY;
use crate::few;
use crate::schema::Alert;

/// Rules that a comment names.
const NAMED: usize = 10;
/// The Navigator that layers are written for, the one of the format's own example; it has to be 4.9.0 at least.
const NAVIGATOR: &str = "5.2.0";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    name: &'static str,
    versions: Versions,
    domain: &'static str,
    description: String,
    /// By score, the highest first.
    sorting: u8,
    layout: Layout,
    techniques: Vec<Technique>,
    gradient: Gradient,
    /// A technique that is selected is selected wherever it stands.
    select_techniques_across_tactics: bool,
}

#[derive(Serialize)]
struct Versions {
    attack: String,
    navigator: &'static str,
    layer: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    layout: &'static str,
    #[serde(rename = "showID")]
    show_id: bool,
    show_name: bool,
    expanded_subtechniques: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Technique {
    #[serde(rename = "techniqueID")]
    id: String,
    /// Alerts.
    score: usize,
    comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gradient {
    colors: [&'static str; 2],
    min_value: usize,
    max_value: usize,
}

/// A layer for the ATT&CK Navigator, as JSON: each technique that alerts name, with the number of alerts as its score
/// and their rules as its comment.
pub(super) fn layer(alerts: &[Alert]) -> String {
    let mut seen: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut without = 0_usize;
    for alert in alerts {
        let ids = alert
            .bewit
            .attack
            .iter()
            .filter_map(|attack| attack.technique.as_deref());
        let mut ids = few::sorted(ids.filter(|id| is_technique(id)), |id| *id);
        ids.dedup();
        without += usize::from(ids.is_empty());
        for id in ids {
            *seen.entry(id).or_default().entry(title(alert)).or_default() += 1;
        }
    }
    let techniques: Vec<Technique> = seen.into_iter().map(|(id, rules)| technique(id, rules)).collect();
    let most = techniques.iter().map(|technique| technique.score).max();
    let layer = Layer {
        name: "Falco alerts",
        versions: Versions {
            attack: major(alerts),
            navigator: NAVIGATOR,
            layer: "4.5",
        },
        domain: "enterprise-attack",
        description: description(alerts.len(), without),
        sorting: 3,
        layout: Layout {
            layout: "side",
            show_id: true,
            show_name: true,
            expanded_subtechniques: "annotated",
        },
        techniques,
        gradient: Gradient {
            colors: ["#fff3d6", "#e0552b"],
            min_value: 0,
            max_value: most.unwrap_or_default().max(1),
        },
        select_techniques_across_tactics: true,
    };
    // Strings and numbers are always JSON.
    serde_json::to_string_pretty(&layer).unwrap_or_default() + "\n"
}

/// The version of ATT&CK as layers name it, `18`: the alerts', else the catalog's.
fn major(alerts: &[Alert]) -> String {
    let digits = |version: &str| -> String { version.chars().take_while(char::is_ascii_digit).collect() };
    let attack = alerts.iter().flat_map(|alert| &alert.bewit.attack);
    let mut versions = attack.filter_map(|attack| attack.version.as_deref()).map(digits);
    let version = versions.find(|version| !version.is_empty());
    version.unwrap_or_else(|| digits(&LIBRARY.tables.index.attack.version))
}

fn description(alerts: usize, without: usize) -> String {
    let text = format!("Scores are numbers of alerts, of {alerts} in all.");
    match without {
        0 => text,
        _ => format!("{text} {without} of them name no technique."),
    }
}

/// Its rules, the most frequent first.
fn technique(id: &str, rules: BTreeMap<&str, usize>) -> Technique {
    let score = rules.values().sum();
    let rules = few::sorted(rules, |(_, count)| std::cmp::Reverse(*count));
    let named = rules.iter().take(NAMED).map(|(rule, count)| {
        let rule = visible(rule);
        format!("{rule} ({count})")
    });
    let mut comment = named.collect::<Vec<_>>().join(", ");
    if let Some(more) = rules.len().checked_sub(NAMED).filter(|more| *more > 0) {
        comment += &format!(" and {more} more");
    }
    Technique {
        id: id.to_owned(),
        score,
        comment,
    }
}
