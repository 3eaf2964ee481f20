//! From a compiled catalog back to its parts as they are written, to compile them with a user's own.
//!
//! What comes out says the same and not in the same words: compiled again it is the same catalog.

use crate::model::{
    Catalog, Command, Cond, Entry, EntryKind, Innocent, Mitigation, Operand, Pattern, Piece, Str, Template, Test, Undo,
};
use crate::source::{self, Condition, Conditions, MitigationUse, OneOrMany};

/// A compiled catalog that is read as sources.
pub(crate) struct Decompiler<'c>(pub(crate) &'c Catalog);

fn strings(texts: &[Str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

fn string(text: &Option<Str>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

impl Decompiler<'_> {
    /// The shared blocks. What stands in an entry has the entry's id and a `/` in its own.
    pub(crate) fn shared(&self) -> impl Iterator<Item = source::Mitigation> {
        let shared = self.0.mitigations.iter().filter(|m| !m.id.contains('/'));
        shared.map(|m| self.mitigation(m, &m.id))
    }

    /// The guidance.
    pub(crate) fn entries(&self) -> impl Iterator<Item = source::Entry> {
        self.0
            .entries
            .iter()
            .enumerate()
            .map(|(index, entry)| self.entry(entry, index))
    }

    /// The innocent causes.
    pub(crate) fn innocent(&self) -> impl Iterator<Item = source::Innocent> {
        self.0
            .innocent
            .iter()
            .enumerate()
            .map(|(index, cause)| self.cause(cause, index))
    }

    fn entry(&self, entry: &Entry, index: usize) -> source::Entry {
        let named = |kind, name: &Str| (entry.kind == kind).then(|| name.to_string());
        let behaviour = self.0.behaviours.iter().find(|b| usize::from(b.entry) == index);
        let (decide, mitigations) = self.uses(entry);
        source::Entry {
            rule: named(EntryKind::Rule, &entry.title),
            behaviour: named(EntryKind::Behaviour, &entry.id),
            source_guidance: named(EntryKind::Source, &entry.id).or(named(EntryKind::Generic, &entry.id)),
            title: (entry.kind != EntryKind::Rule).then(|| entry.title.to_string()),
            attack: self.techniques(&entry.attack),
            severity: entry.severity,
            severity_why: string(&entry.severity_why),
            summary: self.template(&entry.summary),
            why: self.template(&entry.why),
            innocent: self.templates(&entry.innocent),
            decide,
            mitigations,
            tuning: entry.tuning.as_ref().map(|tuning| source::Tuning {
                hook: string(&tuning.hook),
                kind: tuning.kind,
                condition: None,
                append: source::Append::default(),
                items: Vec::new(),
                fields: Vec::new(),
                note: tuning.note.as_ref().map(|note| self.template(note)),
                snippet: Some(self.template(&tuning.snippet)),
            }),
            disposition: entry.disposition,
            references: entry.references.to_vec(),
            techniques: behaviour.map_or_else(Vec::new, |b| self.techniques(&b.techniques)),
            clauses: behaviour.map_or_else(Vec::new, |b| {
                let clauses = b.clauses.iter().map(|clause| source::Clause {
                    score: clause.score,
                    words: strings(&clause.words),
                    tags: strings(&clause.tags),
                    when: self.conditions(&clause.when),
                });
                clauses.collect()
            }),
        }
    }

    /// What an entry asks, and what it uses.
    ///
    /// The entry has it by phase. Its own blocks were compiled in the order in which they are written, and a shared one
    /// goes behind what stands before it in its phase.
    fn uses(&self, entry: &Entry) -> (Vec<source::Decide>, Vec<MitigationUse>) {
        let used = entry.mitigations.iter();
        let used = used.filter_map(|index| Some((*index, self.0.mitigations.get(usize::from(*index))?)));
        let (mut own, shared): (Vec<_>, Vec<_>) = used.clone().partition(|(_, m)| m.id.contains('/'));
        own.sort_by_key(|(index, _)| *index);
        let mut written = own;
        for one in shared {
            let before = used.clone().take_while(|other| other.0 != one.0);
            let before = before.filter(|(_, m)| m.phase == one.1.phase).last();
            let at = before.and_then(|before| written.iter().position(|other| other.0 == before.0));
            written.insert(at.map_or(0, |at| at + 1), one);
        }
        let mut decide = Vec::new();
        let mut uses = Vec::new();
        for (_, mitigation) in written {
            let Some((_, id)) = mitigation.id.split_once('/') else {
                let id = mitigation.id.to_string();
                uses.push(MitigationUse::Shared(source::Shared { id }));
                continue;
            };
            if id == format!("decide-{}", decide.len() + 1) {
                decide.push(source::Decide {
                    ask: self.template(&mitigation.title),
                    steps: self.templates(&mitigation.steps),
                    commands: self.commands(&mitigation.commands),
                    when: self.conditions(&mitigation.when),
                });
            } else {
                uses.push(MitigationUse::Own(self.mitigation(mitigation, id)));
            }
        }
        (decide, uses)
    }

    fn mitigation(&self, mitigation: &Mitigation, id: &str) -> source::Mitigation {
        source::Mitigation {
            id: id.to_owned(),
            phase: mitigation.phase,
            title: self.template(&mitigation.title),
            why: mitigation.why.as_ref().map(|why| self.template(why)),
            when: self.conditions(&mitigation.when),
            steps: self.templates(&mitigation.steps),
            commands: self.commands(&mitigation.commands),
            manifests: mitigation
                .manifests
                .iter()
                .map(|manifest| source::Manifest {
                    title: manifest.title.to_string(),
                    kind: manifest.kind.to_string(),
                    apply: string(&manifest.apply),
                    body: self.template(&manifest.body),
                })
                .collect(),
            attack_mitigations: strings(&mitigation.attack_mitigations),
            talon: string(&mitigation.talon),
            benchmarks: strings(&mitigation.benchmarks),
            references: mitigation.references.to_vec(),
        }
    }

    fn commands(&self, commands: &[Command]) -> Vec<source::Command> {
        let command = |command: &Command| source::Command {
            title: self.template(&command.title),
            place: command.place,
            argv: self.templates(&command.argv),
            effect: command.effect,
            undo: match &command.undo {
                Undo::Argv(argv) => Some(self.templates(argv)),
                Undo::Note(_) | Undo::Nothing => None,
            },
            undo_note: match &command.undo {
                Undo::Note(note) => Some(self.template(note)),
                Undo::Argv(_) | Undo::Nothing => None,
            },
            when: self.conditions(&command.when),
        };
        commands.iter().map(command).collect()
    }

    fn cause(&self, cause: &Innocent, index: usize) -> source::Innocent {
        let concerned = |rule: &&crate::model::Rule| rule.innocent.iter().any(|i| usize::from(*i) == index);
        source::Innocent {
            innocent: cause.id.to_string(),
            rules: self
                .0
                .rules
                .iter()
                .filter(concerned)
                .map(|rule| rule.name.to_string())
                .collect(),
            all: self.conditions(&cause.all),
            convincing: cause
                .convincing
                .iter()
                .map(|weighted| source::Weighted {
                    weight: weighted.weight,
                    when: self.conditions(&weighted.when),
                })
                .collect(),
            disposition: cause.disposition,
            reason: self.template(&cause.reason),
            confirm: cause.confirm.as_ref().map(|text| self.template(text)),
            fixed_in: string(&cause.fixed_in),
            source: cause.source.to_string(),
        }
    }

    fn techniques(&self, indices: &[u16]) -> Vec<String> {
        let techniques = indices
            .iter()
            .filter_map(|i| self.0.attack.techniques.get(usize::from(*i)));
        techniques.map(|technique| technique.id.to_string()).collect()
    }

    fn conditions(&self, conditions: &[Cond]) -> Conditions {
        let condition = |cond: &Cond| {
            let operand = match cond.operand {
                Operand::Tag => "@tag",
                Operand::Word => "@words",
                Operand::Param(param) => self.param(param),
            };
            let patterns = |patterns: &[Pattern]| OneOrMany::Many(patterns.iter().map(pattern).collect());
            match &cond.test {
                Test::Present => Condition::Presence(operand.to_owned()),
                Test::Absent => Condition::Presence(format!("!{operand}")),
                Test::AnyOf(any) => Condition::Match([(operand.to_owned(), patterns(any))].into()),
                Test::NoneOf(none) => Condition::Match([(format!("!{operand}"), patterns(none))].into()),
            }
        };
        conditions.iter().map(condition).collect()
    }

    fn templates(&self, templates: &[Template]) -> Vec<String> {
        templates.iter().map(|template| self.template(template)).collect()
    }

    fn template(&self, template: &Template) -> String {
        let mut text = String::new();
        self.pieces(&template.0, &mut text);
        text
    }

    fn pieces(&self, pieces: &[Piece], text: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(literal) => text.push_str(&literal.replace('{', "{{").replace('}', "}}")),
                Piece::Hole(hole) => {
                    text.push('{');
                    text.push_str(self.param(hole.param));
                    if let Some(fallback) = &hole.fallback {
                        text.push('|');
                        text.push_str(fallback);
                    }
                    text.push('}');
                }
                // It holds no optional part itself.
                Piece::Optional(inner) => {
                    text.push_str("{?");
                    self.pieces(inner, text);
                    text.push_str("?}");
                }
            }
        }
    }

    fn param(&self, id: u16) -> &str {
        self.0.params.get(usize::from(id)).map_or("", |param| &param.name)
    }
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Is(text) | Pattern::Glob(text) => text.to_string(),
        Pattern::Begins(head) => format!("{head}*"),
        Pattern::Ends(tail) => format!("*{tail}"),
        Pattern::Holds(part) => format!("*{part}*"),
    }
}
