//! Several alerts: a table of their causes, and one alert of each in full.

use std::cmp::Reverse;

use serde_json::Value;

use super::alert::{self, Subject, plain};
use super::{Block, Span, Text};
use crate::event::Instant;
use crate::schema::{Alert, Entities};

/// Places that one row names.
const PLACES: usize = 3;

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

fn when(alert: &Alert) -> Option<Instant> {
    Instant::parse(alert.time.as_ref()?.as_str()?)
}

pub(super) fn overview(alerts: &[Alert]) -> Vec<Block> {
    let groups = groups(alerts);
    let causes = if groups.len() == 1 {
        "1 cause".to_owned()
    } else {
        format!("{} causes", groups.len())
    };
    let title = format!("Alert report: {} alerts, {causes}", alerts.len());
    let rows = groups
        .iter()
        .enumerate()
        .filter_map(|(index, group)| row(index + 1, group));
    let mut blocks = vec![
        Block::Heading(1, title.as_str().into()),
        Block::Table {
            head: vec![
                "No.",
                "Count",
                "Level",
                "Rule",
                "Summary",
                "Workload or host",
                "First",
                "Last",
            ],
            rows: rows.collect(),
        },
    ];
    for (index, group) in groups.iter().enumerate() {
        let Some(shown) = group.shown() else { continue };
        let heading = Text::from(format!("No. {}: ", index + 1).as_str()).prose(alert::title(shown));
        blocks.push(Block::Heading(2, heading));
        if group.alerts.len() > 1 {
            blocks.push(Block::Paragraph(which(group)));
        }
        alert::sections(shown, 3, &mut blocks);
    }
    blocks
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
    let time = |alert: Option<&Alert>| {
        let time = alert.and_then(|alert| alert.time.as_ref());
        time.map_or_else(|| "unknown".into(), |time| Text::from(plain(time).as_str()))
    };
    let (first, last) = group.span.unzip();
    Some(vec![
        number.to_string().as_str().into(),
        group.alerts.len().to_string().as_str().into(),
        Text::new().with(Span::Level(level)),
        alert::title(shown).into(),
        Subject::new(shown).prose(&shown.bewit.summary),
        places(&group.alerts),
        time(first),
        time(last),
    ])
}

fn which(group: &Group<'_>) -> Text {
    let text = format!("{} alerts have this cause. What follows is the ", group.alerts.len());
    let text = Text::from(text.as_str());
    match group.span {
        Some(_) => text.prose("newest of them."),
        None => text.prose("first of them that was read; not all of them say when they were."),
    }
}

fn places(alerts: &[&Alert]) -> Text {
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

/// Where it happened, as narrow as the alert says it: workload, else container and host.
fn place(subject: &Subject<'_>) -> Option<String> {
    let entities = subject.alert.bewit.entities.as_ref();
    let kubernetes = |key: &str| entities.and_then(|e| text(&e.kubernetes, key));
    let container = |key: &str| entities.and_then(|e: &Entities| text(&e.container, key));
    let field = |name: &str| {
        subject
            .field(name)
            .filter(|value| !matches!(*value, "" | "<NA>"))
            .map(str::to_owned)
    };
    let namespace = kubernetes("namespace").or_else(|| field("k8s.ns.name"));
    let workload = kubernetes("pod")
        .or_else(|| field("k8s.pod.name"))
        .or_else(|| kubernetes("workload"));
    match (namespace, workload) {
        (Some(namespace), Some(workload)) => return Some(format!("{namespace}/{workload}")),
        (namespace @ Some(_), None) => return namespace,
        (None, workload @ Some(_)) => return workload,
        (None, None) => {}
    }
    let host = subject.alert.hostname.clone().filter(|host| !host.is_empty());
    let inside = container("name")
        .or_else(|| container("id"))
        .or_else(|| field("container.name"))
        .or_else(|| field("container.id"))
        // Falco's word for no container.
        .filter(|name| name != "host");
    match (inside, host) {
        (Some(inside), Some(host)) => Some(format!("{inside} on {host}")),
        (inside, host) => inside.or(host),
    }
}

fn text(entity: &serde_json::Map<String, Value>, key: &str) -> Option<String> {
    entity.get(key).map(plain).filter(|text| !text.is_empty())
}
