//! The sections of one alert that say what to do.

use bewit_catalog::model::{Effect, Phase, Place, Reference, TuningKind};

use super::alert::Subject;
use super::escape;
use super::page::{Block, Step, Text};
use crate::schema::{Command, Manifest, Mitigation, Tuning};

/// Mitigations, commands, recommendations and references, as far as there are any.
pub(super) fn sections(subject: &Subject<'_>, level: usize, blocks: &mut Vec<Block>) {
    section(blocks, level, "Mitigation strategies", |blocks| {
        mitigations(subject, level + 1, blocks)
    });
    section(blocks, level, "Commands", |blocks| {
        by_phase(subject, level + 1, blocks, |mitigation, blocks| {
            for command in &mitigation.commands {
                self::command(subject, command, blocks);
            }
            for manifest in &mitigation.manifests {
                self::manifest(subject, manifest, blocks);
            }
        });
    });
    section(blocks, level, "Recommendations", |blocks| {
        recommendations(subject, blocks)
    });
    section(blocks, level, "References", |blocks| references(subject, blocks));
}

/// A heading, if there is anything to stand under it.
fn section(blocks: &mut Vec<Block>, level: usize, title: &str, write: impl FnOnce(&mut Vec<Block>)) {
    let before = blocks.len();
    blocks.push(Block::heading(level, title));
    write(blocks);
    if blocks.len() == before + 1 {
        blocks.truncate(before);
    }
}

const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Inspect => "Inspect",
        Phase::Contain => "Contain",
        Phase::Eradicate => "Eradicate",
        Phase::Harden => "Harden",
    }
}

fn by_phase(
    subject: &Subject<'_>,
    level: usize,
    blocks: &mut Vec<Block>,
    mut write: impl FnMut(&Mitigation, &mut Vec<Block>),
) {
    for phase in Phase::ALL {
        section(blocks, level, name(phase), |blocks| {
            for mitigation in subject.alert.bewit.mitigations.iter().filter(|m| m.phase == phase) {
                write(mitigation, blocks);
            }
        });
    }
}

fn mitigations(subject: &Subject<'_>, level: usize, blocks: &mut Vec<Block>) {
    let bewit = &subject.alert.bewit;
    for phase in Phase::ALL {
        let of_phase = bewit.mitigations.iter().filter(|m| m.phase == phase);
        let steps: Vec<Step> = of_phase.map(|mitigation| step(subject, mitigation)).collect();
        if !steps.is_empty() {
            blocks.push(Block::heading(level, name(phase)));
            blocks.push(Block::Steps(steps));
        }
    }
    if !bewit.more.is_empty() {
        let ids: Vec<_> = bewit.more.iter().map(|id| bewit.whole_id(id)).collect();
        let text = Text::from("There is more, which an alert of brief detail leaves out: ").codes(ids);
        blocks.push(Block::Paragraph(text.prose(".")));
    }
}

fn title(subject: &Subject<'_>, mitigation: &Mitigation) -> Text {
    match &mitigation.title {
        Some(title) if !title.trim().is_empty() => subject.prose(title),
        _ if mitigation.id.trim().is_empty() => "(no title)".into(),
        _ => Text::new().code(mitigation.id.trim_start_matches('/')),
    }
}

fn step(subject: &Subject<'_>, mitigation: &Mitigation) -> Step {
    let related = [
        ("ATT&CK mitigations: ", mitigation.attack_mitigations.as_slice()),
        ("Falco Talon's action: ", mitigation.talon.as_slice()),
        ("Benchmarks: ", mitigation.benchmarks.as_slice()),
    ];
    let mut paragraphs: Vec<Text> = mitigation.why.iter().map(|why| subject.prose(why)).collect();
    let related =
        related
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .fold(Text::new(), |text, (lead, names)| {
                let gap = if text.is_empty() { "" } else { " " };
                text.prose(gap).prose(lead).prose(names.join(", ")).prose(".")
            });
    if !related.is_empty() {
        paragraphs.push(related);
    }
    Step {
        title: title(subject, mitigation),
        paragraphs,
        bullets: mitigation.steps.iter().map(|step| subject.prose(step)).collect(),
    }
}

fn command(subject: &Subject<'_>, command: &Command, blocks: &mut Vec<Block>) {
    let mut text = Text::new();
    if let Some(title) = &command.title {
        text = text.then(subject.prose(title).stressed()).prose(". ");
    }
    text = text.prose(match command.place {
        Some(Place::Workstation) => "On a workstation with credentials. ",
        Some(Place::Node) => "On the node, as root. ",
        Some(Place::Falco) => "Where Falco's configuration is. ",
        None => "",
    });
    text = match command.effect {
        Effect::ReadOnly => text.prose("Read-only."),
        Effect::Changes => text.prose("Changes something, but no service stops and no data goes."),
        Effect::Disrupts => text.strong("Disrupts:").prose(" a service stops or data goes."),
    };
    match &command.undo {
        Some(undo) if is_sentence(undo) => text = text.prose(" Undo: ").then(subject.prose(undo)),
        Some(undo) => text = text.prose(" Undo: ").line(undo),
        // Without detail an alert does not say whether there is a way back.
        None if command.ready.is_some() && command.effect != Effect::ReadOnly => {
            text = text.prose(" There is nothing to undo.");
        }
        None => {}
    }
    text = fill_in(text, command.ready, &command.missing);
    if escape::visible(&command.line) != command.line {
        text = text.prose(" It has characters that cannot be shown, so do not paste it.");
    }
    blocks.push(Block::Paragraph(text));
    blocks.push(Block::Code {
        language: "sh",
        text: command.line.replace('\n', "\\n"),
    });
}

/// The alert does not say whether a way back is a command or a note; notes are sentences.
fn is_sentence(text: &str) -> bool {
    let full_stop = text
        .strip_suffix('.')
        .is_some_and(|rest| rest.ends_with(char::is_alphanumeric));
    full_stop || text.starts_with(char::is_uppercase)
}

fn fill_in(text: Text, ready: Option<bool>, missing: &[String]) -> Text {
    if missing.is_empty() && ready != Some(false) {
        return text;
    }
    let text = text.prose(" ").strong("Template").prose(", fill in: ");
    if missing.is_empty() {
        text.prose("what stands in angle brackets.")
    } else {
        text.codes(missing).prose(".")
    }
}

fn manifest(subject: &Subject<'_>, manifest: &Manifest, blocks: &mut Vec<Block>) {
    let mut text = subject
        .prose(&manifest.title)
        .stressed()
        .prose(" (")
        .prose(&manifest.kind)
        .prose(").");
    if let Some(apply) = &manifest.apply {
        text = text.prose(" To apply: ").then(subject.prose(apply));
    }
    text = fill_in(text, Some(manifest.ready), &manifest.missing);
    blocks.push(Block::Paragraph(text));
    blocks.push(Block::Code {
        language: if is_yaml(&manifest.body) { "yaml" } else { "" },
        text: manifest.body.clone(),
    });
}

/// Manifests are files of any kind; only for YAML is the language sure enough to name it.
fn is_yaml(body: &str) -> bool {
    let first = body
        .lines()
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    let key = first
        .strip_prefix("- ")
        .unwrap_or(first)
        .split(':')
        .next()
        .unwrap_or_default();
    key.len() < first.len() && !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn recommendations(subject: &Subject<'_>, blocks: &mut Vec<Block>) {
    let bewit = &subject.alert.bewit;
    let harden = bewit.mitigations.iter().filter(|m| m.phase == Phase::Harden);
    let titles: Vec<Text> = harden.map(|mitigation| title(subject, mitigation)).collect();
    if !titles.is_empty() {
        blocks.push(Block::Bullets(titles));
    }
    if let Some(tuning) = &bewit.tuning {
        self::tuning(subject, tuning, blocks);
    }
}

fn tuning(subject: &Subject<'_>, tuning: &Tuning, blocks: &mut Vec<Block>) {
    let mut text = Text::new()
        .strong("To quiet this in Falco,")
        .prose(" once it is known to be innocent, in a rules file that is loaded after upstream's. It overrides ")
        .prose(match tuning.kind {
            TuningKind::Macro => "the condition of a macro",
            TuningKind::List => "the items of a list",
            TuningKind::Exception => "the rule's exceptions",
        });
    if let Some(hook) = &tuning.hook {
        text = text.prose(", ").code(hook);
    }
    text = text.prose(".");
    if let Some(note) = &tuning.note {
        text = text.prose(" ").then(subject.prose(note));
    }
    blocks.push(Block::Paragraph(fill_in(text, Some(tuning.ready), &tuning.missing)));
    blocks.push(Block::Code {
        language: "yaml",
        text: tuning.snippet.clone(),
    });
}

fn references(subject: &Subject<'_>, blocks: &mut Vec<Block>) {
    let bewit = &subject.alert.bewit;
    let mut links: Vec<(&str, &str)> = Vec::new();
    let mut add = |title, url| {
        if !links.iter().any(|(_, known)| *known == url) {
            links.push((title, url));
        }
    };
    for reason in &bewit.assessment.reasons {
        if let Some(source) = &reason.source {
            add("Where the innocent cause is known from", source.as_str());
        }
    }
    let of_mitigations = bewit.mitigations.iter().flat_map(|mitigation| &mitigation.references);
    for Reference { title, url } in bewit.guidance.references.iter().chain(of_mitigations) {
        add(title, url);
    }
    if !links.is_empty() {
        let link = |(title, url): (&str, &str)| Text::new().link(title, url);
        blocks.push(Block::Bullets(links.into_iter().map(link).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_back_are_lines_or_sentences() {
        for note in [
            "Cannot be undone; start it again.",
            "ln with the usual name makes it again.",
            "Nothing",
        ] {
            assert!(is_sentence(note), "{note}");
        }
        for line in ["kubectl label pod x bewit.dev/quarantine-", "cp -a x .", "kill -CONT 4"] {
            assert!(!is_sentence(line), "{line}");
        }
    }

    #[test]
    fn yaml_is_told_from_other_files() {
        for body in [
            "apiVersion: v1\nkind: Pod\n",
            "# first\n- macro: x\n",
            "spec:\n  a: b\n",
        ] {
            assert!(is_yaml(body), "{body}");
        }
        for body in [
            "-w /etc/passwd -p wa\n",
            "FROM a:b\n",
            "PermitRootLogin no\n",
            "select(.a): b\n",
            "",
        ] {
            assert!(!is_yaml(body), "{body}");
        }
    }
}
