//! The sections of one alert: what it says, and how sure that is.

use bewit_catalog::model::Disposition;

use super::advice;
use super::fields::{self, Field, Value};
use super::page::{Block, Text};
use crate::few;
use crate::schema::{Alert, Attack, From, Guidance, Reason, Severity};
use crate::{MatchedBy, Priority};

/// A shorter value may stand in prose by chance.
const TELLING: usize = 4;
/// From this weight on an innocent cause is more than a possibility.
const CONVINCING: u16 = 60;

/// An alert and its fields.
pub(super) struct Subject<'a> {
    pub(super) alert: &'a Alert,
    fields: Vec<Field>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(alert: &'a Alert) -> Self {
        Self {
            alert,
            fields: fields::read(alert.output_fields.as_deref()),
        }
    }

    /// A field's text.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| match &field.value {
            Value::Text(text) if field.name == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// Prose of the catalog's, in which the event's own values stand out.
    pub(super) fn prose(&self, text: &str) -> Text {
        let values = self
            .fields
            .iter()
            .filter_map(|field| match &field.value {
                Value::Text(text) => Some(text.as_str()),
                Value::Json(_) => None,
            })
            .filter(|value| value.len() >= TELLING && !value.chars().all(char::is_alphabetic));
        let values = few::sorted(values, |value| std::cmp::Reverse(value.len()));
        let mut marked = Text::new();
        let (mut from, mut at) = (0, 0);
        let mut inside_word = false;
        while let Some(c) = text[at..].chars().next() {
            let here = |value: &&&str| {
                let ends = |behind: &str| !behind.starts_with(char::is_alphanumeric);
                text[at..].strip_prefix(**value).is_some_and(ends)
            };
            match values.iter().find(here) {
                Some(value) if !inside_word => {
                    if from < at {
                        marked = marked.prose(&text[from..at]);
                    }
                    marked = marked.code(*value);
                    at += value.len();
                    from = at;
                    inside_word = value.ends_with(char::is_alphanumeric);
                }
                _ => {
                    inside_word = c.is_alphanumeric();
                    at += c.len_utf8();
                }
            }
        }
        if from < text.len() {
            marked = marked.prose(&text[from..]);
        }
        marked
    }
}

/// The rule, as a title.
pub(super) fn title(alert: &Alert) -> &str {
    match alert.rule.as_deref() {
        Some(rule) if !rule.trim().is_empty() => rule,
        _ => "an alert that names no rule",
    }
}

/// All that there is to say about an alert, under headings of this level.
pub(super) fn sections(alert: &Alert, level: usize, blocks: &mut Vec<Block>) {
    let subject = Subject::new(alert);
    blocks.push(Block::heading(level, "Summary"));
    summary(&subject, blocks);
    blocks.extend(further(&subject, level));
}

/// What comes after the summary.
pub(super) fn further(subject: &Subject<'_>, level: usize) -> Vec<Block> {
    let mut blocks = vec![Block::heading(level, "Details"), details(subject)];
    blocks.extend(record(subject.alert));
    blocks.extend([Block::heading(level, "ATT&CK"), attack(&subject.alert.bewit.attack)]);
    advice::sections(subject, level, &mut blocks);
    blocks
}

/// The line as it came, where it was kept, else Falco's keys of it.
fn record(alert: &Alert) -> Option<Block> {
    if let Some(raw) = &alert.bewit.input.raw {
        return Some(Block::Record {
            summary: "The line as it came",
            text: raw.clone(),
        });
    }
    let fields = alert.output_fields.as_ref()?;
    Some(Block::Record {
        summary: "Falco's fields as they came",
        text: fields.get().to_owned(),
    })
}

/// What happened, why it matters, and how sure all that is.
pub(super) fn summary(subject: &Subject<'_>, blocks: &mut Vec<Block>) {
    let bewit = &subject.alert.bewit;
    blocks.push(Block::Paragraph(subject.prose(&bewit.summary)));
    blocks.push(Block::Bullets(vec![
        severity(&bewit.severity),
        assessment(subject),
        guidance(subject.alert),
    ]));
    if let Some(why) = &bewit.guidance.why {
        let lead = Text::new().strong("Why such alerts matter:").prose(" ");
        blocks.push(Block::Paragraph(lead.then(subject.prose(why))));
    }
    if !bewit.guidance.innocent.is_empty() {
        let lead = Text::new().strong("Innocent causes of such alerts in general, most frequent first:");
        blocks.push(Block::Paragraph(lead));
        let causes = bewit.guidance.innocent.iter().map(|cause| subject.prose(cause));
        blocks.push(Block::Bullets(causes.collect()));
    }
}

fn severity(severity: &Severity) -> Text {
    let text = Text::from("Severity: ")
        .level(severity.level)
        .prose(format!(", {} of 100", severity.score));
    let Some((base, moved)) = severity.why.split_first() else {
        return text.prose(".");
    };
    let mut text = text.prose(format!(" ({} {}", base.text, base.add));
    for moved in moved {
        text = text.prose(format!(", {} {:+}", moved.text, moved.add));
    }
    let sum: i64 = severity.why.iter().map(|moved| i64::from(moved.add)).sum();
    if sum != i64::from(severity.score) {
        text = text.prose(format!(", in all {sum}, held to the scale"));
    }
    text.prose(").")
}

/// A disposition in words.
fn words(disposition: Disposition) -> String {
    disposition.as_str().replace('_', " ")
}

fn assessment(subject: &Subject<'_>) -> Text {
    let assessment = &subject.alert.bewit.assessment;
    let mut text = Text::from("Assessment: ")
        .strong(words(assessment.disposition))
        .prose(format!(", {} confidence", assessment.confidence.as_str()));
    if assessment.reasons.is_empty() {
        return text.prose("; no known innocent cause fits the event.");
    }
    text = text.prose(".");
    for reason in &assessment.reasons {
        text = text
            .prose(" ")
            .then(self::reason(subject, reason, assessment.disposition));
    }
    text
}

fn reason(subject: &Subject<'_>, reason: &Reason, disposition: Disposition) -> Text {
    let mut text = Text::new();
    let other = reason.suggests.filter(|suggested| *suggested != disposition).map(words);
    // An alert of brief detail has no weights, but an innocent cause that left it suspicious had too little.
    let doubtful = reason
        .weight
        .map_or(disposition == Disposition::Suspicious, |weight| weight < CONVINCING);
    match (doubtful, other) {
        (true, Some(other)) => text = text.prose(format!("Possible, with too little evidence so far ({other}): ")),
        (true, None) => text = text.prose("Possible, with too little evidence so far: "),
        (false, Some(other)) => text = text.prose(format!("Something speaks for {other}, too: ")),
        (false, None) => {}
    }
    let confirms = if doubtful {
        "What would settle it: "
    } else {
        "To confirm: "
    };
    text = text.then(subject.prose(&sentence(&reason.text)));
    if !reason.fields.is_empty() {
        let lead = if doubtful { " Only " } else { " This rests on " };
        let verb = match (doubtful, reason.fields.len()) {
            (false, _) => ".",
            (true, 1) => " fits.",
            (true, _) => " fit.",
        };
        text = text.prose(lead).codes(&reason.fields).prose(verb);
    }
    if let Some(release) = &reason.fixed_in {
        text = text
            .prose(" Upstream excludes it from alerts in ")
            .then(release.as_str().into())
            .prose(".");
    }
    if let Some(confirm) = &reason.confirm {
        text = text.prose(" ").prose(confirms).then(subject.prose(&sentence(confirm)));
    }
    text
}

/// Text that ends as a sentence does.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '?', '!']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// How the guidance was found, and what that is worth.
fn guidance(alert: &Alert) -> Text {
    let guidance = &alert.bewit.guidance;
    let text = Text::from("Guidance: matched by ")
        .prose(how(guidance.matched_by))
        .prose(format!(", {} confidence: ", guidance.confidence.as_str()));
    worth(text, alert, guidance)
        .prose(" (entry ")
        .code(&guidance.entry)
        .prose(" of catalog ")
        .code(&guidance.catalog)
        .prose(").")
}

const fn how(matched_by: MatchedBy) -> &'static str {
    match matched_by {
        MatchedBy::Rule => "the rule's name",
        MatchedBy::FormerName => "a former name of the rule",
        MatchedBy::Message => "the beginning of the message",
        MatchedBy::Behaviour => "behaviour",
        MatchedBy::Technique => "an ATT&CK technique among the tags",
        MatchedBy::Source => "event source only",
        MatchedBy::Generic => "nothing",
    }
}

fn worth(text: Text, alert: &Alert, guidance: &Guidance) -> Text {
    let rule = guidance.rule.as_str();
    let same = alert.rule.as_deref() == Some(rule);
    match guidance.matched_by {
        MatchedBy::Rule => text.prose("it is for this very rule"),
        MatchedBy::FormerName => text.prose("it is for this rule, which is now called ").strong(rule),
        MatchedBy::Message if guidance.confidence == crate::Confidence::High => {
            text.prose("such messages are those of the rule ").strong(rule)
        }
        MatchedBy::Message => text
            .prose("other rules begin their messages in the same way, so that this is ")
            .strong(rule)
            .prose(" is a guess"),
        // The name of a rule that the catalog knows by itself, else that of the class it was put in.
        MatchedBy::Behaviour | MatchedBy::Technique if same => {
            text.prose("the catalog knows this rule, but has guidance only for the kind of thing it detects")
        }
        MatchedBy::Behaviour | MatchedBy::Technique => text
            .prose("the catalog has none for this very rule, as it has none for custom rules, so this is for ")
            .strong(rule),
        MatchedBy::Source => text.prose("it is general, for any alert of that source"),
        MatchedBy::Generic => text.prose("it is general, for any alert"),
    }
}

fn details(subject: &Subject<'_>) -> Block {
    let alert = subject.alert;
    let bewit = &alert.bewit;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: Option<Text>| {
        if let Some(value) = value {
            rows.push(vec![Text::from(name), value]);
        }
    };
    let given = alert.others.get("uuid").and_then(serde_json::Value::as_str) == Some(bewit.id.as_str());
    let derived = if given {
        ""
    } else {
        " (derived from the line, which has none)"
    };
    row("UUID", Some(Text::from(bewit.id.as_str()).prose(derived)));
    row("Output", alert.output.as_deref().map(value));
    row("Priority", Some(priority(&alert.priority)));
    row("Rule", alert.rule.as_deref().map(Text::from));
    row("Time", time(alert));
    row("Source", alert.source.as_deref().map(Text::from));
    row("Hostname", alert.hostname.as_deref().map(Text::from));
    row("Tags", alert.tags.as_deref().filter(|tags| !tags.is_empty()).map(tags));
    row("Fingerprint", Some(bewit.fingerprint.as_str().into()));
    for (key, value) in &bewit.organisation {
        row(
            &format!("Organisation: {}", key.replace('_', " ")),
            Some(value.as_str().into()),
        );
    }
    let input = &bewit.input;
    let masked: Vec<String> = input
        .masked
        .iter()
        .map(|m| format!("{}: {}", m.field, m.what))
        .collect();
    for (keys, note) in [
        (&masked, " masked"),
        (&input.inferred, " not on the line, added by bewit"),
        (&input.ambiguous, " came twice with different values, left out"),
        (&input.repaired, " was broken, what could not be read became U+FFFD"),
    ] {
        row("Note", (!keys.is_empty()).then(|| Text::new().codes(keys).prose(note)));
    }
    for field in &subject.fields {
        let text = match &field.value {
            Value::Text(text) => value(text),
            Value::Json(json) => Text::from(json.as_str()),
        };
        rows.push(vec![Text::new().code(&field.name), text]);
    }
    Block::Table {
        head: vec!["Field", "Value"],
        rows,
    }
}

/// A value that came as a string.
fn value(text: &str) -> Text {
    if text.is_empty() {
        "(empty)".into()
    } else {
        Text::new().code(text)
    }
}

/// A value of any kind; a string without its quotes.
pub(super) fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn priority(priority: &serde_json::Value) -> Text {
    let text = plain(priority);
    match Priority::from_number(&text) {
        Some(name) => Text::from(name.as_str()).prose(format!(" ({text})")),
        None => text.as_str().into(),
    }
}

fn time(alert: &Alert) -> Option<Text> {
    if let Some(time) = &alert.time {
        return Some(plain(time).as_str().into());
    }
    let clock = alert.bewit.input.clock.as_deref()?;
    Some(Text::from(clock).prose(" by the host's clock; the date is not known"))
}

fn tags(tags: &[serde_json::Value]) -> Text {
    tags.iter().enumerate().fold(Text::new(), |text, (index, tag)| {
        let text = if index > 0 { text.prose(", ") } else { text };
        text.prose(plain(tag))
    })
}

fn attack(attack: &[Attack]) -> Block {
    let items: Vec<Text> = attack.iter().map(attack_item).filter(|text| !text.is_empty()).collect();
    if items.is_empty() {
        return Block::Paragraph("The alert names no technique and no tactic.".into());
    }
    Block::Bullets(items)
}

fn attack_item(attack: &Attack) -> Text {
    let mut text = Text::new();
    if let Some(id) = &attack.technique {
        text = text.strong(id);
    }
    if let Some(name) = &attack.name {
        let gap = if text.is_empty() { "" } else { " " };
        text = text.prose(gap).prose(name);
    }
    if !attack.tactics.is_empty() {
        let lead = match (text.is_empty(), attack.tactics.len()) {
            (true, 1) => "Tactic ",
            (true, _) => "Tactics ",
            (false, 1) => "; tactic ",
            (false, _) => "; tactics ",
        };
        text = text.prose(lead).prose(attack.tactics.join(", "));
    }
    // Of a technique without a name nothing is known, so nothing holds in any version either.
    if let Some(version) = &attack.version
        && (attack.technique.is_none() || attack.name.is_some())
    {
        text = text.prose(format!("; ATT&CK {version}"));
    }
    if let Some(id) = &attack.superseded_by {
        text = text.prose("; superseded by ").strong(id).prose(" in a later version");
    }
    match attack.from {
        Some(From::Tag) => text.prose("; according to a tag of the rule"),
        Some(From::Catalog) => text.prose("; according to bewit's catalog"),
        Some(From::Both) => text.prose("; according to a tag of the rule and bewit's catalog"),
        None => text,
    }
}
