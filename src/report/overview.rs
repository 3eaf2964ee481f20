//! Several alerts: their causes, when and where they were, and one alert of each cause in full.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::Value;

use super::alert::{self, Subject, plain};
use super::chart::{Matrix, Timeline, label, when};
use super::page::{Block, Page, Text};
use crate::event::Instant;
use crate::schema::{Alert, Entities, Level};

/// Places that one row names.
const PLACES: usize = 3;
/// Hosts that are listed, and workloads.
const LISTED: usize = 20;

/// Alerts with the same cause.
struct Group<'a> {
    alerts: Vec<&'a Alert>,
    /// The first and the last, where all of them say when they were.
    span: Option<(&'a Alert, &'a Alert)>,
}

impl<'a> Group<'a> {
    fn new(alerts: Vec<&'a Alert>) -> Self {
        let timed: Option<Vec<(Instant, &Alert)>> = alerts.iter().map(|alert| Some((when(alert)?, *alert))).collect();
        let span = timed.and_then(|timed| {
            let first = timed.iter().min_by_key(|(time, _)| *time)?.1;
            let last = timed.iter().max_by_key(|(time, _)| *time)?.1;
            Some((first, last))
        });
        Self { alerts, span }
    }

    /// The alert that stands for all: the newest, else the first that came.
    fn shown(&self) -> Option<&'a Alert> {
        self.span.map(|(_, last)| last).or(self.alerts.first().copied())
    }

    fn score(&self) -> u8 {
        self.alerts
            .iter()
            .map(|alert| alert.bewit.severity.score)
            .max()
            .unwrap_or_default()
    }
}

/// A page on alerts that may have several causes.
pub(super) fn page(alerts: &[Alert]) -> Page {
    let groups = groups(alerts);
    let causes = plural(groups.len(), "cause", "causes");
    let title = format!("Alert report: {}, {causes}", plural(alerts.len(), "alert", "alerts"));
    let rows = groups
        .iter()
        .enumerate()
        .filter_map(|(index, group)| row(index + 1, group));
    let mut blocks = vec![
        Block::heading(2, "Causes"),
        Block::Table {
            head: vec![
                "No.",
                "Count",
                "Level",
                "Rule",
                "Summary",
                "Workload or host",
                "First (UTC)",
                "Last (UTC)",
            ],
            rows: rows.collect(),
        },
    ];
    if let Some(timeline) = Timeline::of(alerts) {
        blocks.extend([Block::heading(2, "Timeline"), Block::Timeline(timeline)]);
    }
    if let Some(matrix) = Matrix::of(alerts) {
        blocks.extend([Block::heading(2, "ATT&CK"), Block::Matrix(matrix)]);
    }
    places(&groups, "Hosts", |subject| host(subject.alert), &mut blocks);
    let inside = |subject: &Subject<'_>| kubernetes(subject).or_else(|| container(subject));
    places(&groups, "Workloads and containers", inside, &mut blocks);
    for (index, group) in groups.iter().enumerate() {
        let Some(shown) = group.shown() else { continue };
        let number = index + 1;
        blocks.push(Block::Heading {
            level: 2,
            text: Text::from(format!("No. {number}: ")).prose(alert::title(shown)),
            target: Some(number),
        });
        if group.alerts.len() > 1 {
            blocks.push(Block::Paragraph(which(group)));
        }
        let subject = Subject::new(shown);
        blocks.push(Block::heading(3, "Summary"));
        alert::summary(&subject, &mut blocks);
        blocks.push(Block::Folded {
            summary: format!("No. {number} in full: details, what to do, commands, references").into(),
            blocks: alert::further(&subject, 3),
        });
    }
    Page {
        title: title.into(),
        blocks,
    }
}

fn plural(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// By fingerprint, the most urgent first.
fn groups(alerts: &[Alert]) -> Vec<Group<'_>> {
    let mut order: Vec<(usize, &Alert)> = alerts.iter().enumerate().collect();
    order.sort_by_key(|(index, alert)| (&alert.bewit.fingerprint, *index));
    let mut groups: Vec<(usize, Group<'_>)> = order
        .chunk_by(|(_, one), (_, other)| one.bewit.fingerprint == other.bewit.fingerprint)
        .map(|same| {
            let first = same.first().map_or(0, |(index, _)| *index);
            (first, Group::new(same.iter().map(|(_, alert)| *alert).collect()))
        })
        .collect();
    groups.sort_by_key(|(first, group)| (Reverse(group.score()), Reverse(group.alerts.len()), *first));
    groups.into_iter().map(|(_, group)| group).collect()
}

fn row(number: usize, group: &Group<'_>) -> Option<Vec<Text>> {
    let shown = group.shown()?;
    let level = group.alerts.iter().map(|alert| alert.bewit.severity.level).max()?;
    let time = |alert: Option<&Alert>| match alert.and_then(when) {
        Some(time) => label(time.seconds(), 1).into(),
        None => Text::from("unknown"),
    };
    let (first, last) = group.span.unzip();
    Some(vec![
        Text::new().jump(number.to_string(), number),
        group.alerts.len().to_string().into(),
        Text::new().level(level),
        alert::title(shown).into(),
        Subject::new(shown).prose(&shown.bewit.summary),
        touched(&group.alerts),
        time(first),
        time(last),
    ])
}

fn which(group: &Group<'_>) -> Text {
    let text = Text::from(format!(
        "{} alerts have this cause. What follows is the ",
        group.alerts.len()
    ));
    match group.span {
        Some(_) => text.prose("newest of them."),
        None => text.prose("first of them that was read; not all of them say when they were."),
    }
}

/// Where alerts of one cause were.
fn touched(alerts: &[&Alert]) -> Text {
    let mut all: Vec<String> = Vec::new();
    for place in alerts.iter().filter_map(|alert| place(&Subject::new(alert))) {
        if !all.contains(&place) {
            all.push(place);
        }
    }
    match all.len() {
        0 => "unknown".into(),
        more if more > PLACES => Text::new()
            .codes(all.into_iter().take(PLACES))
            .prose(format!(" and {} more", more - PLACES)),
        _ => Text::new().codes(all),
    }
}

/// A host or a workload, and what happened there.
struct Place {
    name: String,
    alerts: usize,
    level: Level,
    /// Numbers of the causes, ascending.
    causes: Vec<usize>,
}

/// A table of places, those with the worst alerts first; nothing where no alert names one.
fn places(groups: &[Group<'_>], title: &str, name: impl Fn(&Subject<'_>) -> Option<String>, blocks: &mut Vec<Block>) {
    let mut places: Vec<Place> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        for alert in &group.alerts {
            let Some(name) = name(&Subject::new(alert)) else {
                continue;
            };
            let level = alert.bewit.severity.level;
            let at = *known.entry(name.clone()).or_insert(places.len());
            if at == places.len() {
                places.push(Place {
                    name,
                    alerts: 0,
                    level,
                    causes: Vec::new(),
                });
            }
            let Some(place) = places.get_mut(at) else { continue };
            place.alerts += 1;
            place.level = place.level.max(level);
            if place.causes.last() != Some(&(index + 1)) {
                place.causes.push(index + 1);
            }
        }
    }
    if places.is_empty() {
        return;
    }
    // The order of causes stays among equals.
    places.sort_by_key(|place| (Reverse(place.level), Reverse(place.alerts)));
    let more = places.len().saturating_sub(LISTED);
    blocks.push(Block::heading(2, title));
    blocks.push(Block::Table {
        head: vec!["Name", "Alerts", "Worst", "Causes"],
        rows: places.iter().take(LISTED).map(Place::row).collect(),
    });
    if more > 0 {
        blocks.push(Block::paragraph(format!("And {more} more.")));
    }
}

impl Place {
    fn row(&self) -> Vec<Text> {
        let numbers = self.causes.iter().take(LISTED).enumerate();
        let mut causes = numbers.fold(Text::new(), |text, (index, number)| {
            let text = if index > 0 { text.prose(", ") } else { text };
            text.jump(format!("No. {number}"), *number)
        });
        if let Some(more) = self.causes.len().checked_sub(LISTED).filter(|more| *more > 0) {
            causes = causes.prose(format!(" and {more} more"));
        }
        vec![
            Text::new().code(&self.name),
            self.alerts.to_string().into(),
            Text::new().level(self.level),
            causes,
        ]
    }
}

/// Where it happened, as narrow as the alert says it: in Kubernetes the workload, else container and host.
fn place(subject: &Subject<'_>) -> Option<String> {
    let in_kubernetes = kubernetes(subject);
    in_kubernetes.or_else(|| match (container(subject), host(subject.alert)) {
        (Some(inside), Some(host)) => Some(format!("{inside} on {host}")),
        (inside, host) => inside.or(host),
    })
}

/// Namespace and pod or workload.
fn kubernetes(subject: &Subject<'_>) -> Option<String> {
    let entities = subject.alert.bewit.entities.as_ref();
    let entity = |key: &str| entities.and_then(|entities| text(&entities.kubernetes, key));
    let namespace = entity("namespace").or_else(|| field(subject, "k8s.ns.name"));
    let workload = entity("pod")
        .or_else(|| field(subject, "k8s.pod.name"))
        .or_else(|| entity("workload"));
    match (namespace, workload) {
        (Some(namespace), Some(workload)) => Some(format!("{namespace}/{workload}")),
        (namespace, workload) => namespace.or(workload),
    }
}

/// Name or id of the container.
fn container(subject: &Subject<'_>) -> Option<String> {
    let entities = subject.alert.bewit.entities.as_ref();
    let entity = |key: &str| entities.and_then(|entities: &Entities| text(&entities.container, key));
    entity("name")
        .or_else(|| entity("id"))
        .or_else(|| field(subject, "container.name"))
        .or_else(|| field(subject, "container.id"))
        // Falco's word for no container.
        .filter(|name| name != "host")
}

fn host(alert: &Alert) -> Option<String> {
    alert.hostname.clone().filter(|host| !host.is_empty())
}

/// A field, unless Falco had no value for it.
fn field(subject: &Subject<'_>, name: &str) -> Option<String> {
    let value = subject.field(name)?;
    (!matches!(value, "" | "<NA>")).then(|| value.to_owned())
}

fn text(entity: &serde_json::Map<String, Value>, key: &str) -> Option<String> {
    entity.get(key).map(plain).filter(|text| !text.is_empty())
}
