//! `bewit explain`: what the catalog says about a rule, before it ever fires.

use anyhow::Result;
use bewit::catalog;
use bewit::catalog::model::{
    Catalog, Command, Disposition, Effect, Entry, Mitigation, Phase, Piece, Place, Rule, Template, Undo,
};

use crate::cli::Explain;
use crate::misuse::Misuse;
use crate::page::{Block, Writer};
use crate::{output, overlay};
use bewit_catalog::nearest::nearest;

/// Names that are suggested.
const SUGGESTED: usize = 3;

/// `bewit explain RULE`
pub(crate) fn run(args: &Explain) -> Result<()> {
    let catalog = &overlay::catalog(&args.overlay)?;
    let wanted = args.rule();
    let Some(name) = known_name(catalog, &wanted) else {
        return Err(unknown(catalog, &wanted).into());
    };
    let Some((rule, entry)) = catalog::find(catalog, name) else {
        return Err(Misuse(format!(
            "the catalog knows the rule `{name}`, but has no guidance for it yet"
        ))
        .into());
    };
    output::print(&Writer::new(args.format, true).write(&page(catalog, name, rule, entry)))
}

/// The name as the catalog spells it.
fn known_name<'c>(catalog: &'c Catalog, wanted: &str) -> Option<&'c str> {
    let same = |name: &&str| name.to_lowercase() == wanted.trim().to_lowercase();
    let names = || catalog.names.iter().map(|name| name.name.as_ref());
    names().find(|name| *name == wanted).or_else(|| names().find(same))
}

fn unknown(catalog: &Catalog, wanted: &str) -> Misuse {
    let near = nearest(wanted, catalog.names.iter().map(|name| name.name.as_ref()), SUGGESTED);
    let mut message = format!("the catalog knows no rule `{wanted}`; `bewit catalog list` shows all");
    if !near.is_empty() {
        message.push_str("\ndid you mean:");
        for name in near {
            message.push_str("\n  ");
            message.push_str(name);
        }
    }
    Misuse(message)
}

/// What the catalog says about a rule, asked for by this name.
pub(crate) fn page(catalog: &Catalog, name: &str, rule: &Rule, entry: &Entry) -> Vec<Block> {
    let pages = Pages { catalog };
    let mut blocks = vec![Block::Heading(1, rule.name.to_string())];
    if name != rule.name {
        blocks.push(Block::Paragraph(format!("{name} is a former name of this rule.")));
    }
    if rule.entry.is_none() {
        blocks.push(Block::Paragraph(format!(
            "There is no guidance for this very rule: this is about {}.",
            entry.title
        )));
    }
    blocks.push(Block::Paragraph(pages.text(&entry.summary)));
    blocks.push(Block::Fact(
        "rule set",
        format!("{}, events of {}", rule.ruleset, rule.source),
    ));
    let attack = pages.attack(entry);
    if !attack.is_empty() {
        blocks.push(Block::Fact("ATT&CK", attack));
    }
    if let Some(disposition) = entry.disposition {
        blocks.push(Block::Fact("disposition", words(disposition).to_owned()));
    }
    if entry.severity != 0 {
        let why = entry.severity_why.as_deref().unwrap_or_default();
        blocks.push(Block::Fact("score", format!("{:+}, {why}", entry.severity)));
    }
    blocks.push(Block::Heading(2, "Why it matters".to_owned()));
    blocks.push(Block::Paragraph(pages.text(&entry.why)));
    if !entry.innocent.is_empty() {
        blocks.push(Block::Heading(2, "Innocent causes".to_owned()));
        blocks.extend(entry.innocent.iter().map(|cause| Block::Item(pages.text(cause))));
    }
    for phase in Phase::ALL {
        let mut due = entry
            .mitigations
            .iter()
            .filter_map(|index| catalog.mitigations.get(usize::from(*index)))
            .filter(|mitigation| mitigation.phase == phase)
            .peekable();
        if due.peek().is_some() {
            blocks.push(Block::Heading(2, title(phase).to_owned()));
        }
        for mitigation in due {
            pages.mitigation(mitigation, &mut blocks);
        }
    }
    if let Some(tuning) = &entry.tuning {
        blocks.push(Block::Heading(2, "Quiet it in Falco".to_owned()));
        let hook = tuning
            .hook
            .as_deref()
            .map(|hook| format!(" {hook}"))
            .unwrap_or_default();
        blocks.push(Block::Paragraph(format!(
            "Override the {}{hook} in a rules file that is loaded after Falco's own.",
            tuning.kind.as_str()
        )));
        blocks.extend(tuning.note.iter().map(|note| Block::Paragraph(pages.text(note))));
        blocks.push(Block::Code("yaml", pages.text(&tuning.snippet)));
    }
    if !entry.references.is_empty() {
        blocks.push(Block::Heading(2, "Read on".to_owned()));
        let items = entry
            .references
            .iter()
            .map(|page| Block::Item(format!("{}: {}", page.title, page.url)));
        blocks.extend(items);
    }
    blocks.push(Block::Paragraph(format!(
        "Where an alert has a value, it stands in place of <its name>. From catalog {}.",
        catalog.version
    )));
    blocks
}

fn title(phase: Phase) -> &'static str {
    match phase {
        Phase::Inspect => "Inspect",
        Phase::Contain => "Contain",
        Phase::Eradicate => "Eradicate",
        Phase::Harden => "Harden",
    }
}

fn words(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Suspicious => "suspicious",
        Disposition::LikelyBenign => "likely benign",
        Disposition::Expected => "expected",
        Disposition::Test => "a test of the alerting",
        Disposition::Operational => "Falco speaks of itself",
    }
}

struct Pages<'c> {
    catalog: &'c Catalog,
}

impl Pages<'_> {
    fn mitigation(&self, mitigation: &Mitigation, blocks: &mut Vec<Block>) {
        blocks.push(Block::Heading(3, self.text(&mitigation.title)));
        blocks.extend(mitigation.why.iter().map(|why| Block::Paragraph(self.text(why))));
        blocks.extend(mitigation.steps.iter().map(|step| Block::Item(self.text(step))));
        for command in mitigation.commands.iter() {
            blocks.push(Block::Paragraph(self.what(command)));
            blocks.push(Block::Code("sh", self.line(&command.argv)));
            match &command.undo {
                Undo::Nothing => {}
                Undo::Argv(argv) => {
                    blocks.push(Block::Paragraph("To undo:".to_owned()));
                    blocks.push(Block::Code("sh", self.line(argv)));
                }
                Undo::Note(note) => blocks.push(Block::Paragraph(format!("To undo: {}", self.text(note)))),
            }
        }
        for manifest in mitigation.manifests.iter() {
            let apply = manifest
                .apply
                .as_deref()
                .map(|apply| format!(" {apply}"))
                .unwrap_or_default();
            blocks.push(Block::Paragraph(format!(
                "{} ({}).{apply}",
                manifest.title, manifest.kind
            )));
            blocks.push(Block::Code("yaml", self.text(&manifest.body)));
        }
    }

    /// What a command does, where, and whether it can hurt.
    fn what(&self, command: &Command) -> String {
        let place = match command.place {
            Place::Workstation => "on a workstation",
            Place::Node => "on the node",
            Place::Falco => "where Falco's configuration is",
        };
        let effect = match command.effect {
            Effect::ReadOnly => "reads only",
            Effect::Changes => "changes something",
            Effect::Disrupts => "disrupts",
        };
        format!("{} ({place}; {effect}):", self.text(&command.title))
    }

    fn attack(&self, entry: &Entry) -> String {
        let techniques = entry
            .attack
            .iter()
            .filter_map(|index| self.catalog.attack.techniques.get(usize::from(*index)));
        let named: Vec<String> = techniques
            .map(|technique| format!("{} {}", technique.id, technique.name))
            .collect();
        named.join("; ")
    }

    /// A shell line. Holes are quoted like any word: pasted as it is, it does nothing.
    fn line(&self, argv: &[Template]) -> String {
        let words: Vec<String> = argv.iter().map(|word| quote(&self.text(word))).collect();
        words.join(" ")
    }

    /// The text with `<name>` for each hole. Optional parts are shown: this is about what an alert may say.
    fn text(&self, template: &Template) -> String {
        let mut text = String::new();
        self.pieces(&template.0, &mut text);
        text
    }

    fn pieces(&self, pieces: &[Piece], text: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Hole(hole) => {
                    let param = self.catalog.params.get(usize::from(hole.param));
                    text.push('<');
                    text.push_str(param.map_or("value", |param| param.name.as_ref()));
                    text.push('>');
                }
                Piece::Optional(pieces) => self.pieces(pieces, text),
            }
        }
    }
}

/// A word that any POSIX shell reads as it stands.
fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    if !word.is_empty() && !word.starts_with('=') && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bewit::catalog::BUILT_IN;

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(
            known_name(&BUILT_IN, " terminal SHELL in container"),
            Some("Terminal shell in container")
        );
        let said = unknown(&BUILT_IN, "Terminal shel in conainer").to_string();
        assert!(said.contains("\n  Terminal shell in container"), "{said}");
    }

    #[test]
    fn every_rule_with_guidance_has_a_page() {
        for name in BUILT_IN.names.iter() {
            let Some((rule, entry)) = catalog::find(&BUILT_IN, &name.name) else {
                continue;
            };
            let page = Writer::Markdown.write(&page(&BUILT_IN, &name.name, rule, entry));
            assert!(page.contains("## Why it matters"), "{page}");
        }
    }
}
