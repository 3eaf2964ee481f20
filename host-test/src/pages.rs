//! `bewit catalog pages`: the catalog as a folder of pages.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use bewit::Limits;
use bewit::catalog::model::{Catalog, Entry, Mitigation, Rule};
use bewit::report::{Block, Format, Page, Text};
use bewit_catalog::compile::slug;

use crate::cli::{Pages, PagesFormat};
use crate::{explain, output, overlay};

/// `bewit catalog pages`
pub(crate) fn write(args: &Pages) -> Result<()> {
    let catalog = overlay::catalog(&args.overlay, &Limits::default())?;
    let folder = &args.output;
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    // What folders show of themselves has these names.
    let (format, ending, index) = match args.format {
        PagesFormat::Markdown => (Format::Markdown, "md", "README.md"),
        PagesFormat::Html => (Format::Html, "html", "index.html"),
    };
    let rules = own(&catalog);
    for (rule, entry) in &rules {
        let page = explain::page(&catalog, &rule.name, rule, entry);
        put(&format!("{}.{ending}", slug(&rule.name)), &page.write(format))?;
    }
    put(index, &self::index(&catalog, &rules).write(format))?;
    output::print(&format!("{} pages and an index in {}\n", rules.len(), folder.display()))
}

/// Rules with guidance of their own, by name.
fn own(catalog: &Catalog) -> Vec<(&Rule, &Entry)> {
    let entry = |rule: &Rule| catalog.entries.get(usize::from(rule.entry?));
    let mut rules: Vec<_> = catalog
        .rules
        .iter()
        .filter_map(|rule| Some((rule, entry(rule)?)))
        .collect();
    rules.sort_by_key(|(rule, _)| rule.name.to_lowercase());
    rules
}

fn index(catalog: &Catalog, rules: &[(&Rule, &Entry)]) -> Page {
    let mut blocks = vec![Block::paragraph(format!(
        "{} rules have guidance of their own. Written by bewit from catalog {}.",
        rules.len(),
        catalog.version
    ))];
    let mut chapter = |title: &str, groups: &BTreeMap<(usize, String), Vec<&Rule>>| {
        blocks.push(Block::heading(2, title));
        for ((_, name), rules) in groups {
            blocks.push(Block::heading(3, name.as_str()));
            let links = rules.iter();
            let links = links.map(|rule| Text::new().sibling(rule.name.as_ref(), slug(&rule.name)));
            blocks.push(Block::Bullets(links.collect()));
        }
    };

    let mut by_source: BTreeMap<_, Vec<&Rule>> = BTreeMap::new();
    let mut by_tactic: BTreeMap<_, Vec<&Rule>> = BTreeMap::new();
    let mut by_mitigation: BTreeMap<_, Vec<&Rule>> = BTreeMap::new();
    for (rule, entry) in rules {
        by_source.entry((0, rule.source.to_string())).or_default().push(rule);
        let techniques = entry.attack.iter();
        let techniques = techniques.filter_map(|index| catalog.attack.techniques.get(usize::from(*index)));
        let mut tactics: Vec<(usize, String)> = techniques
            .flat_map(|technique| technique.tactics.iter())
            .filter_map(|name| {
                let at = catalog
                    .attack
                    .tactics
                    .iter()
                    .position(|tactic| tactic.shortname == *name)?;
                Some((at, catalog.attack.tactics.get(at)?.name.to_string()))
            })
            .collect();
        tactics.sort();
        tactics.dedup();
        for tactic in tactics {
            by_tactic.entry(tactic).or_default().push(rule);
        }
        let own = format!("{}/", entry.id);
        let shared = entry.mitigations.iter();
        let shared = shared.filter_map(|index| catalog.mitigations.get(usize::from(*index)));
        for mitigation in shared.filter(|mitigation| !mitigation.id.starts_with(&own)) {
            by_mitigation.entry(name(mitigation)).or_default().push(rule);
        }
    }
    chapter("By source", &by_source);
    chapter(&format!("By tactic (ATT&CK {})", catalog.attack.version), &by_tactic);
    chapter("By mitigation", &by_mitigation);
    Page {
        title: "Guidance for Falco rules".into(),
        blocks,
    }
}

/// A shared block, in the order of phases.
fn name(mitigation: &Mitigation) -> (usize, String) {
    (
        mitigation.phase as usize,
        format!("{} ({})", mitigation.id, mitigation.phase.as_str()),
    )
}
