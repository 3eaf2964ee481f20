//! What the program looks up: for each key of a table one JSON object, in the form it has in an alert where it can.
//!
//! In prose a hole is `\x02name\x03`, with `\x1f` before a text that stands for a missing value; in words of commands
//! and in files it is `\x01name\x03`; an optional part is `\x04..\x05`.

use std::collections::{BTreeMap, BTreeSet};

use bewit::catalog::model::{
    Catalog, Cond, Entry, EntryKind, Hole, Innocent, Mitigation, Operand, Piece, Reference, Template, Test, Undo,
};
use serde_json::{Map, Value, json};

use super::conditions::Conditions;

/// A table: its name, and its rows by key.
pub(super) type Table = (&'static str, BTreeMap<String, Value>);

/// The key of an entry.
pub(super) fn entry_key(catalog: &Catalog, index: u16) -> String {
    let Some(entry) = catalog.entries.get(usize::from(index)) else {
        return String::new();
    };
    let kind = match entry.kind {
        EntryKind::Rule => "rule",
        EntryKind::Behaviour => "behaviour",
        EntryKind::Source => "source",
        EntryKind::Generic => "generic",
    };
    format!("{kind}/{}", entry.id)
}

/// All tables of a catalog.
pub(super) fn tables(catalog: &Catalog, conditions: &mut Conditions<'_>) -> Vec<Table> {
    let entries = (0..).zip(catalog.entries.iter());
    let entries = entries.map(|(index, one)| (entry_key(catalog, index), entry(catalog, one)));
    let mitigations = catalog.mitigations.iter();
    vec![
        ("rules", rules(catalog)),
        ("entries", entries.collect()),
        (
            "mitigations",
            mitigations
                .map(|one| (one.id.to_string(), mitigation(catalog, one, conditions)))
                .collect(),
        ),
        (
            "causes",
            catalog
                .innocent
                .iter()
                .map(|one| (one.id.to_string(), cause(catalog, one, conditions)))
                .collect(),
        ),
        ("techniques", techniques(catalog)),
    ]
}

/// The keys of innocent causes.
pub(super) fn causes<'c>(catalog: &'c Catalog, indices: &[u16]) -> Vec<&'c str> {
    let cause = |index: &u16| catalog.innocent.get(usize::from(*index));
    indices
        .iter()
        .filter_map(cause)
        .map(|cause| cause.id.as_ref())
        .collect()
}

fn rules(catalog: &Catalog) -> BTreeMap<String, Value> {
    let rows = catalog.names.iter().filter_map(|name| {
        let rule = catalog.rules.get(usize::from(name.rule))?;
        let mut row = Map::new();
        row.insert("rule".into(), json!(rule.name));
        if name.former {
            row.insert("former".into(), json!(true));
        }
        row.insert("source".into(), json!(rule.source));
        for (key, index) in [("entry", rule.entry), ("behaviour", rule.behaviour)] {
            if let Some(index) = index {
                row.insert(key.into(), json!(entry_key(catalog, index)));
            }
        }
        if !rule.innocent.is_empty() {
            row.insert("innocent".into(), json!(causes(catalog, &rule.innocent)));
        }
        Some((name.name.to_string(), row.into()))
    });
    rows.collect()
}

fn techniques(catalog: &Catalog) -> BTreeMap<String, Value> {
    let rows = (0..).zip(catalog.attack.techniques.iter()).map(|(index, technique)| {
        let mut row = Map::new();
        row.insert("shown".into(), shown_technique(catalog, index, None));
        if !technique.mitigations.is_empty() {
            row.insert("mitigations".into(), json!(technique.mitigations));
        }
        let leads = catalog
            .behaviours
            .iter()
            .position(|behaviour| behaviour.techniques.contains(&index));
        if let Some(rank) = leads
            && let Some(behaviour) = catalog.behaviours.get(rank)
        {
            row.insert("rank".into(), json!(rank));
            row.insert("behaviour".into(), json!(entry_key(catalog, behaviour.entry)));
        }
        (technique.id.to_string(), row.into())
    });
    rows.collect()
}

/// A technique as an alert shows it; who says so where that is known.
fn shown_technique(catalog: &Catalog, index: u16, from: Option<&str>) -> Value {
    let Some(technique) = catalog.attack.techniques.get(usize::from(index)) else {
        return Value::Null;
    };
    let name = |short: &str| catalog.attack.tactics.iter().find(|tactic| tactic.shortname == short);
    let tactics: Vec<&str> = technique
        .tactics
        .iter()
        .filter_map(|short| Some(name(short)?.name.as_ref()))
        .collect();
    let mut shown = Map::new();
    shown.insert("technique".into(), json!(technique.id));
    shown.insert("name".into(), json!(technique.name));
    shown.insert("tactics".into(), json!(tactics));
    shown.insert("version".into(), json!(catalog.attack.version));
    if let Some(newer) = &technique.superseded_by {
        shown.insert("superseded_by".into(), json!(newer));
    }
    if let Some(from) = from {
        shown.insert("from".into(), json!(from));
    }
    shown.into()
}

fn entry(catalog: &Catalog, entry: &Entry) -> Value {
    let attack: Vec<Value> = entry
        .attack
        .iter()
        .map(|index| shown_technique(catalog, *index, Some("catalog")))
        .collect();
    let listed: BTreeSet<&str> = entry
        .attack
        .iter()
        .filter_map(|index| catalog.attack.techniques.get(usize::from(*index)))
        .flat_map(|technique| technique.mitigations.iter().map(AsRef::as_ref))
        .collect();
    let prose = |template: &Template| prose(catalog, template);
    let mitigation = |index: &u16| catalog.mitigations.get(usize::from(*index));
    let mut row = Map::new();
    row.insert("id".into(), json!(entry.id));
    row.insert("title".into(), json!(entry.title));
    row.insert("attack".into(), attack.into());
    row.insert("listed".into(), json!(listed));
    row.insert("summary".into(), prose(&entry.summary));
    row.insert("why".into(), prose(&entry.why));
    row.insert("innocent".into(), entry.innocent.iter().map(prose).collect());
    let mitigations = entry
        .mitigations
        .iter()
        .filter_map(mitigation)
        .map(|one| one.id.as_ref());
    row.insert("mitigations".into(), mitigations.collect());
    if let Some(why) = &entry.severity_why {
        row.insert("severity".into(), json!(entry.severity));
        row.insert("severity_why".into(), json!(why));
    }
    if let Some(disposition) = entry.disposition {
        row.insert("disposition".into(), json!(disposition.as_str()));
    }
    if let Some(tuning) = &entry.tuning {
        let mut shown = Map::new();
        if let Some(hook) = &tuning.hook {
            shown.insert("hook".into(), json!(hook));
        }
        shown.insert("kind".into(), json!(tuning.kind.as_str()));
        shown.insert("snippet".into(), code(catalog, &tuning.snippet));
        if let Some(note) = &tuning.note {
            shown.insert("note".into(), prose(note));
        }
        row.insert("tuning".into(), shown.into());
    }
    references(&entry.references, &mut row);
    row.into()
}

fn mitigation(catalog: &Catalog, mitigation: &Mitigation, conditions: &mut Conditions<'_>) -> Value {
    let prose = |template: &Template| prose(catalog, template);
    let words = |words: &[Template]| -> Value { words.iter().map(|word| code(catalog, word)).collect() };
    let mut row = Map::new();
    when(&mitigation.when, conditions, &mut row);
    row.insert(
        "speaks".into(),
        json!(!mitigation.steps.is_empty() || !mitigation.manifests.is_empty()),
    );
    row.insert("id".into(), json!(mitigation.id));
    row.insert("phase".into(), json!(mitigation.phase.as_str()));
    row.insert("title".into(), prose(&mitigation.title));
    if let Some(why) = &mitigation.why {
        row.insert("why".into(), prose(why));
    }
    row.insert("steps".into(), mitigation.steps.iter().map(prose).collect());
    let commands = mitigation.commands.iter().map(|command| {
        let mut row = Map::new();
        when(&command.when, conditions, &mut row);
        row.insert("title".into(), prose(&command.title));
        row.insert("where".into(), json!(command.place.as_str()));
        row.insert("argv".into(), words(&command.argv));
        row.insert("effect".into(), json!(command.effect.as_str()));
        let undo = match &command.undo {
            Undo::Nothing => Value::Null,
            Undo::Argv(argv) => words(argv),
            Undo::Note(note) => prose(note),
        };
        row.insert("undo".into(), undo);
        Value::from(row)
    });
    row.insert("commands".into(), commands.collect());
    if !mitigation.manifests.is_empty() {
        let manifests = mitigation.manifests.iter().map(|manifest| {
            let mut row = Map::new();
            row.insert("title".into(), json!(manifest.title));
            row.insert("kind".into(), json!(manifest.kind));
            if let Some(apply) = &manifest.apply {
                row.insert("apply".into(), json!(apply));
            }
            row.insert("body".into(), code(catalog, &manifest.body));
            Value::from(row)
        });
        row.insert("manifests".into(), manifests.collect());
    }
    if !mitigation.attack_mitigations.is_empty() {
        row.insert("attack_mitigations".into(), json!(mitigation.attack_mitigations));
    }
    if let Some(talon) = &mitigation.talon {
        row.insert("talon".into(), json!(talon));
    }
    if !mitigation.benchmarks.is_empty() {
        row.insert("benchmarks".into(), json!(mitigation.benchmarks));
    }
    references(&mitigation.references, &mut row);
    row.into()
}

fn cause(catalog: &Catalog, cause: &Innocent, conditions: &mut Conditions<'_>) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), json!(cause.id));
    shown.insert("text".into(), prose(catalog, &cause.reason));
    shown.insert("suggests".into(), json!(cause.disposition.as_str()));
    if let Some(confirm) = &cause.confirm {
        shown.insert("confirm".into(), prose(catalog, confirm));
    }
    if let Some(release) = &cause.fixed_in {
        shown.insert("fixed_in".into(), json!(release));
    }
    shown.insert("source".into(), json!(cause.source));
    let convincing = cause.convincing.iter().map(|weighted| {
        let refuted_by: Vec<[String; 2]> = weighted
            .when
            .iter()
            .filter_map(|condition| match (&condition.operand, &condition.test) {
                (Operand::Param(id), Test::AnyOf(_)) => Some([conditions.id(condition), conditions.present(*id)]),
                _ => None,
            })
            .collect();
        json!({
            "weight": weighted.weight,
            "when": conditions.all(&weighted.when),
            "refuted_by": refuted_by,
            "fields": fields(catalog, &weighted.when),
        })
    });
    let convincing: Vec<Value> = convincing.collect();
    json!({
        "shown": shown,
        "all": conditions.all(&cause.all),
        "fields": fields(catalog, &cause.all),
        "convincing": convincing,
    })
}

/// What conditions look at: parameters, or fields behind `#`.
fn fields<'c>(catalog: &'c Catalog, conditions: &[Cond]) -> Vec<&'c str> {
    let field = |condition: &Cond| match condition.operand {
        Operand::Param(id) => catalog.params.get(usize::from(id)).map_or("", |param| &param.name),
        Operand::Tag => "#tags",
        Operand::Word => "#rule",
    };
    conditions.iter().map(field).collect()
}

fn when(all: &[Cond], conditions: &mut Conditions<'_>, row: &mut Map<String, Value>) {
    if !all.is_empty() {
        row.insert("when".into(), json!(conditions.all(all)));
    }
}

fn references(references: &[Reference], row: &mut Map<String, Value>) {
    if !references.is_empty() {
        row.insert("references".into(), json!(references));
    }
}

fn prose(catalog: &Catalog, template: &Template) -> Value {
    let hole = |hole: &Hole| {
        let fallback = hole.fallback.as_deref().map(|text| format!("\u{1f}{text}"));
        format!("\u{2}{}{}\u{3}", name(catalog, hole), fallback.unwrap_or_default())
    };
    written(template, &hole).into()
}

fn code(catalog: &Catalog, template: &Template) -> Value {
    let hole = |hole: &Hole| {
        // What is let in there needs no escapes inside quotes.
        let quote = if hole.scalar { "\"" } else { "" };
        format!("{quote}\u{1}{}\u{3}{quote}", name(catalog, hole))
    };
    written(template, &hole).into()
}

fn name<'c>(catalog: &'c Catalog, hole: &Hole) -> &'c str {
    catalog
        .params
        .get(usize::from(hole.param))
        .map_or("", |param| &param.name)
}

fn written(template: &Template, hole: &impl Fn(&Hole) -> String) -> String {
    let mut text = String::new();
    for piece in template.0.iter() {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Hole(place) => text.push_str(&hole(place)),
            Piece::Optional(pieces) => {
                text.push('\u{4}');
                text.push_str(&written(&Template(pieces.clone()), hole));
                text.push('\u{5}');
            }
        }
    }
    text
}
