//! What many alerts look like from afar: when they were, and where in the ATT&CK matrix.

use std::collections::BTreeMap;

use super::page::Text;
use crate::catalog::LIBRARY;
use crate::event::Instant;
use crate::few;
use crate::schema::{Alert, Attack, Level};

/// Bins of a timeline, at most.
const BINS: i64 = 40;

/// Seconds that a bin may have: people read these off without a calculator.
const WIDTHS: [(i64, &str); 19] = [
    (1, "1 second"),
    (5, "5 seconds"),
    (10, "10 seconds"),
    (30, "30 seconds"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (600, "10 minutes"),
    (1800, "30 minutes"),
    (3600, "1 hour"),
    (3 * 3600, "3 hours"),
    (6 * 3600, "6 hours"),
    (12 * 3600, "12 hours"),
    (DAY, "1 day"),
    (7 * DAY, "7 days"),
    (30 * DAY, "30 days"),
    (365 * DAY, "365 days"),
    (3650 * DAY, "3650 days"),
    (36_500 * DAY, "36500 days"),
    // All years of four digits fit into the bins of this.
    (365_000 * DAY, "365000 days"),
];
const DAY: i64 = 86_400;

/// How many alerts there were when.
#[derive(Debug)]
pub struct Timeline {
    /// The width of a bin in words.
    pub(super) width: &'static str,
    /// Without gaps, the earliest first.
    pub(super) bins: Vec<Bin>,
    /// Alerts that do not say when they were.
    pub(super) untimed: usize,
}

/// A part of a timeline.
#[derive(Debug)]
pub(super) struct Bin {
    /// When it begins, in UTC.
    pub(super) from: String,
    /// Alerts of each level, from low to critical.
    pub(super) counts: [usize; Level::ALL.len()],
}

impl Bin {
    pub(super) fn count(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The highest level in it.
    pub(super) fn worst(&self) -> Option<Level> {
        let mut levels = Level::ALL.into_iter().zip(self.counts).rev();
        levels.find_map(|(level, count)| (count > 0).then_some(level))
    }
}

/// A point in time in UTC, as exact as bins of so many seconds need it.
pub(super) fn label(seconds: i64, width: i64) -> String {
    let time = Instant::from_seconds(seconds).falco().replace('T', " ");
    let length = match width {
        DAY.. => "YYYY-MM-DD".len(),
        60.. => "YYYY-MM-DD HH:MM".len(),
        _ => "YYYY-MM-DD HH:MM:SS".len(),
    };
    time.chars().take(length).collect()
}

/// When an alert was, if it says so.
pub(super) fn when(alert: &Alert) -> Option<Instant> {
    Instant::parse(alert.time.as_ref()?.as_str()?)
}

impl Timeline {
    /// None if no alert says when it was.
    pub(super) fn of(alerts: &[Alert]) -> Option<Self> {
        let timed: Vec<(i64, Level)> = alerts
            .iter()
            .filter_map(|alert| Some((when(alert)?.seconds(), alert.bewit.severity.level)))
            .collect();
        let first = timed.iter().map(|(time, _)| *time).min()?;
        let last = timed.iter().map(|(time, _)| *time).max()?;
        let bins = |width: i64| last.div_euclid(width) - first.div_euclid(width) + 1;
        let (width, name) = WIDTHS.into_iter().find(|(width, _)| bins(*width) <= BINS)?;
        let begin = first.div_euclid(width);
        let mut all: Vec<Bin> = (begin..begin + bins(width))
            .map(|bin| Bin {
                from: label(bin * width, width),
                counts: Default::default(),
            })
            .collect();
        for (time, level) in &timed {
            let bin = usize::try_from(time.div_euclid(width) - begin).ok();
            let bin = bin.and_then(|bin| all.get_mut(bin));
            if let Some(count) = bin.and_then(|bin| bin.counts.get_mut(*level as usize)) {
                *count += 1;
            }
        }
        Some(Self {
            width: name,
            bins: all,
            untimed: alerts.len() - timed.len(),
        })
    }

    pub(super) const HEAD: [&'static str; 3] = ["From (UTC)", "Alerts", "Worst"];

    /// What is in it as a table: bins that have alerts.
    pub(super) fn rows(&self) -> Vec<Vec<Text>> {
        let row = |bin: &Bin| {
            let worst = Text::new().level(bin.worst()?);
            Some(vec![bin.from.as_str().into(), bin.count().to_string().into(), worst])
        };
        self.bins.iter().filter_map(row).collect()
    }

    /// What it is about, in a sentence.
    pub(super) fn caption(&self) -> String {
        let untimed = match self.untimed {
            0 => String::new(),
            1 => " 1 alert does not say when it was and is not in it.".to_owned(),
            more => format!(" {more} alerts do not say when they were and are not in it."),
        };
        format!("Alerts by level, in steps of {}.{untimed}", self.width)
    }
}

/// What of the ATT&CK matrix was seen.
#[derive(Debug)]
pub struct Matrix {
    /// All tactics of the matrix in its order, then whatever else the alerts name.
    pub(super) tactics: Vec<Tactic>,
}

/// A column of the matrix.
#[derive(Debug)]
pub(super) struct Tactic {
    pub(super) name: String,
    /// Alerts of this tactic.
    pub(super) count: usize,
    /// The most frequent first.
    pub(super) techniques: Vec<Technique>,
}

/// A cell of the matrix.
#[derive(Debug)]
pub(super) struct Technique {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Alerts of this technique.
    pub(super) count: usize,
}

impl Technique {
    /// Its page at MITRE, if its id is one.
    pub(super) fn address(&self) -> Option<String> {
        is_technique(&self.id).then(|| format!("https://attack.mitre.org/techniques/{}/", self.id.replace('.', "/")))
    }
}

/// Whether this is the id of a technique, `T1059.004`. Whoever writes a rule may tag it with anything.
pub(super) fn is_technique(id: &str) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let (technique, sub) = id.split_once('.').map_or((id, None), |(id, sub)| (id, Some(sub)));
    technique.strip_prefix('T').is_some_and(|number| digits(number, 4)) && sub.is_none_or(|sub| digits(sub, 3))
}

impl Matrix {
    /// None if no alert names a technique or a tactic.
    pub(super) fn of(alerts: &[Alert]) -> Option<Self> {
        let known = &LIBRARY.tables.index.attack;
        let mut tactics: Vec<Tactic> = known.tactics.iter().map(|tactic| Tactic::new(&tactic.name)).collect();
        // Techniques of a tactic, by id.
        let mut cells: BTreeMap<(usize, &str), Technique> = BTreeMap::new();
        for alert in alerts {
            let mut seen = Vec::new();
            for attack in &alert.bewit.attack {
                for name in names(attack) {
                    let at = tactics.iter().position(|tactic| tactic.name == name);
                    let at = at.unwrap_or_else(|| {
                        tactics.push(Tactic::new(name));
                        tactics.len() - 1
                    });
                    if !seen.contains(&at) {
                        seen.push(at);
                    }
                    if let Some(id) = &attack.technique {
                        let cell = cells.entry((at, id)).or_insert_with(|| Technique {
                            id: id.clone(),
                            name: attack.name.clone(),
                            count: 0,
                        });
                        cell.count += 1;
                    }
                }
            }
            for at in seen {
                if let Some(tactic) = tactics.get_mut(at) {
                    tactic.count += 1;
                }
            }
        }
        for ((at, _), technique) in cells {
            if let Some(tactic) = tactics.get_mut(at) {
                few::put(&mut tactic.techniques, technique, |technique| {
                    std::cmp::Reverse(technique.count)
                });
            }
        }
        tactics
            .iter()
            .any(|tactic| tactic.count > 0)
            .then_some(Self { tactics })
    }

    pub(super) const HEAD: [&'static str; 3] = ["Tactic", "Alerts", "Techniques"];

    /// What was seen as a table.
    pub(super) fn rows(&self) -> Vec<Vec<Text>> {
        let seen = self.tactics.iter().filter(|tactic| tactic.count > 0);
        seen.map(|tactic| {
            vec![
                tactic.name.as_str().into(),
                tactic.count.to_string().into(),
                tactic.list(),
            ]
        })
        .collect()
    }

    /// Alerts of the most frequent technique or tactic.
    pub(super) fn most(&self) -> usize {
        self.tactics.iter().map(|tactic| tactic.count).max().unwrap_or_default()
    }
}

impl Tactic {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            count: 0,
            techniques: Vec::new(),
        }
    }

    fn list(&self) -> Text {
        let techniques = self.techniques.iter().enumerate();
        techniques.fold(Text::new(), |text, (index, technique)| {
            let text = if index > 0 { text.prose("; ") } else { text };
            let text = text.strong(&technique.id);
            let name = technique
                .name
                .iter()
                .fold(text, |text, name| text.prose(" ").prose(name));
            name.prose(format!(" ({})", technique.count))
        })
    }
}

/// Names of an attack's tactics. An alert of brief detail has only the technique.
fn names(attack: &Attack) -> Vec<&str> {
    if !attack.tactics.is_empty() {
        return attack.tactics.iter().map(String::as_str).collect();
    }
    let known = &LIBRARY.tables.index;
    let id = attack.technique.as_deref().unwrap_or_default();
    let shortnames = crate::catalog::technique(known, id).map(|(_, technique)| &technique.tactics);
    let tactics = shortnames.iter().flat_map(|names| names.iter());
    let mut names: Vec<&str> = tactics
        .filter_map(|short| known.attack.tactics.iter().find(|tactic| tactic.shortname == *short))
        .map(|tactic| tactic.name.as_ref())
        .collect();
    if names.is_empty() && attack.technique.is_some() {
        names.push("Tactic not known");
    }
    names
}
