//! `bewit explain`: what the catalog says about a rule, before it ever fires.

use anyhow::Result;
use bewit::catalog::model::{
    Catalog, Command, Disposition, Effect, Entry, Mitigation, Phase, Piece, Place, Rule, Template, Undo,
};
use bewit::report::{Block, Page, Text};
use bewit::{Limits, catalog};

use crate::cli::Explain;
use crate::misuse::Misuse;
use crate::{output, overlay, page};
use bewit_catalog::nearest::nearest;

/// Names that are suggested.
const SUGGESTED: usize = 3;

/// `bewit explain RULE`
pub(crate) fn run(args: &Explain) -> Result<()> {
    let catalog = &overlay::catalog(&args.overlay, &Limits::default())?;
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
    output::print(&page(catalog, name, rule, entry).write(page::format(args.format, true)))
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
pub(crate) fn page(catalog: &Catalog, name: &str, rule: &Rule, entry: &Entry) -> Page {
    let pages = Pages { catalog };
    let mut blocks = Vec::new();
    if name != rule.name {
        blocks.push(Block::paragraph(format!("{name} is a former name of this rule.")));
    }
    if rule.entry.is_none() {
        blocks.push(Block::paragraph(format!(
            "There is no guidance for this very rule: this is about {}.",
            entry.title
        )));
    }
    blocks.push(Block::paragraph(pages.text(&entry.summary)));
    let mut facts = vec![fact("Rule set", format!("{}, events of {}", rule.ruleset, rule.source))];
    let attack = pages.attack(entry);
    if !attack.is_empty() {
        facts.push(fact("ATT&CK", attack));
    }
    if let Some(disposition) = entry.disposition {
        facts.push(fact("Disposition", words(disposition)));
    }
    if entry.severity != 0 {
        let why = entry.severity_why.as_deref().unwrap_or_default();
        facts.push(fact("Score", format!("{:+}, {why}", entry.severity)));
    }
    blocks.push(Block::Bullets(facts));
    blocks.push(Block::heading(2, "Why it matters"));
    blocks.push(Block::paragraph(pages.text(&entry.why)));
    if !entry.innocent.is_empty() {
        blocks.push(Block::heading(2, "Innocent causes"));
        blocks.push(pages.bullets(&entry.innocent));
    }
    for phase in Phase::ALL {
        let mut due = entry
            .mitigations
            .iter()
            .filter_map(|index| catalog.mitigations.get(usize::from(*index)))
            .filter(|mitigation| mitigation.phase == phase)
            .peekable();
        if due.peek().is_some() {
            blocks.push(Block::heading(2, title(phase)));
        }
        for mitigation in due {
            pages.mitigation(mitigation, &mut blocks);
        }
    }
    if let Some(tuning) = &entry.tuning {
        blocks.push(Block::heading(2, "Quiet it in Falco"));
        let hook = tuning
            .hook
            .as_deref()
            .map(|hook| format!(" {hook}"))
            .unwrap_or_default();
        blocks.push(Block::paragraph(format!(
            "Override the {}{hook} in a rules file that is loaded after Falco's own.",
            tuning.kind.as_str()
        )));
        blocks.extend(tuning.note.iter().map(|note| Block::paragraph(pages.text(note))));
        blocks.push(code("yaml", pages.text(&tuning.snippet)));
    }
    if !entry.references.is_empty() {
        blocks.push(Block::heading(2, "Read on"));
        let links = entry.references.iter();
        let links = links.map(|page| Text::new().link(page.title.as_ref(), page.url.as_ref()));
        blocks.push(Block::Bullets(links.collect()));
    }
    blocks.push(Block::paragraph(format!(
        "Where an alert has a value, it stands in place of <its name>. From catalog {}.",
        catalog.version
    )));
    Page {
        title: rule.name.as_ref().into(),
        blocks,
    }
}

fn fact(name: &str, what: impl Into<String>) -> Text {
    Text::new().strong(name).prose(": ").prose(what)
}

fn code(language: &'static str, text: String) -> Block {
    Block::Code { language, text }
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
    fn bullets(&self, templates: &[Template]) -> Block {
        Block::Bullets(templates.iter().map(|template| self.text(template).into()).collect())
    }

    fn mitigation(&self, mitigation: &Mitigation, blocks: &mut Vec<Block>) {
        blocks.push(Block::heading(3, self.text(&mitigation.title)));
        blocks.extend(mitigation.why.iter().map(|why| Block::paragraph(self.text(why))));
        if !mitigation.steps.is_empty() {
            blocks.push(self.bullets(&mitigation.steps));
        }
        for command in mitigation.commands.iter() {
            blocks.push(Block::paragraph(self.what(command)));
            blocks.push(code("sh", self.line(&command.argv)));
            match &command.undo {
                Undo::Nothing => {}
                Undo::Argv(argv) => {
                    blocks.push(Block::paragraph("To undo:"));
                    blocks.push(code("sh", self.line(argv)));
                }
                Undo::Note(note) => blocks.push(Block::paragraph(format!("To undo: {}", self.text(note)))),
            }
        }
        for manifest in mitigation.manifests.iter() {
            let apply = manifest
                .apply
                .as_deref()
                .map(|apply| format!(" {apply}"))
                .unwrap_or_default();
            blocks.push(Block::paragraph(format!(
                "{} ({}).{apply}",
                manifest.title, manifest.kind
            )));
            blocks.push(code("yaml", self.text(&manifest.body)));
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
    use bewit::report::Format;

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
            let page = page(&BUILT_IN, &name.name, rule, entry).write(Format::Markdown);
            assert!(page.contains("## Why it matters"), "{page}");
        }
    }
}
