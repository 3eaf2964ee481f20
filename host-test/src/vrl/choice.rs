//! What an event decides by itself: code made of the catalog's lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bewit::Priority;
use bewit::catalog::model::{Catalog, Cond, Message};

use super::conditions::Conditions;
use super::data;
use super::text::{escaped, literal, search};

/// Falco's priority: `word` is its name in lower case, or `#` and its number.
pub(super) fn levels(catalog: &Catalog) -> String {
    let mut cases = Vec::new();
    for (number, priority) in Priority::ALL.into_iter().enumerate() {
        let base = catalog.severity.base.get(number).copied().unwrap_or(40);
        let code = format!(
            "level = {number}\npriority = {}\nbase = {base}\n",
            literal(priority.as_str())
        );
        cases.push((format!("#{number}"), code.clone()));
        if priority == Priority::Informational {
            cases.push(("info".to_owned(), code.clone()));
        }
        cases.push((priority.as_str().to_lowercase(), code));
    }
    search("word", cases)
}

/// The beginning of Falco's `output`, as a regular expression.
pub(super) fn head() -> String {
    let names: Vec<&str> = Priority::ALL.iter().map(|priority| priority.as_str()).collect();
    format!(
        r"(?i)^(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)?[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{9}}(?:[+-][0-9]{{4}})?: (?:info|{})(?: |$)",
        names.join("|")
    )
}

/// The rule `told` that a message begins like; the longest beginning counts.
pub(super) fn told(catalog: &Catalog) -> String {
    let mut by_first: BTreeMap<String, Vec<&Message>> = BTreeMap::new();
    for message in catalog.messages.iter() {
        let first: String = message.prefix.chars().take(1).collect();
        by_first.entry(first).or_default().push(message);
    }
    let mut code = String::new();
    for (first, messages) in by_first {
        let _ = writeln!(code, "if starts_with(message, {}) {{", literal(&first));
        for message in messages {
            let begins = match &message.tail {
                None => format!("starts_with(message, {})", literal(&message.prefix)),
                Some(tail) => format!("match(message, r'^{}[^ ]*{}')", escaped(&message.prefix), escaped(tail)),
            };
            let rule = catalog
                .rules
                .get(usize::from(message.rule))
                .map_or("", |rule| &rule.name);
            let _ = writeln!(
                code,
                "  if told == \"\" && {begins} {{\n    told = {}\n    shared = {}\n  }}",
                literal(rule),
                message.shared
            );
        }
        code.push_str("}\n");
    }
    code
}

/// The behaviour that a custom rule is about; the best evidence first.
pub(super) fn behaviours(catalog: &Catalog, conditions: &mut Conditions<'_>) -> String {
    let mut clauses: Vec<_> = catalog
        .behaviours
        .iter()
        .flat_map(|behaviour| behaviour.clauses.iter().map(move |clause| (behaviour, clause)))
        .filter(|(_, clause)| clause.score >= 50)
        .collect();
    clauses.sort_by_key(|(_, clause)| std::cmp::Reverse(clause.score));
    let mut code = String::new();
    for (behaviour, clause) in clauses {
        let line = |text: &str, word: &str| format!(" && contains({text}, {})", literal(&format!("\n{word}\n")));
        let words: String = clause.words.iter().map(|word| line("named", word)).collect();
        let tags: String = clause.tags.iter().map(|tag| line("tagged", tag)).collect();
        let when = conditions.expression(&clause.when);
        let confidence = if clause.score >= 80 { "medium" } else { "low" };
        let _ = writeln!(
            code,
            "if entry == \"\"{words}{tags} && {when} {{\n  entry = {}\n  confidence = \"{confidence}\"\n}}",
            literal(&data::entry_key(catalog, behaviour.entry))
        );
    }
    code
}

/// The guidance for the event source `source`, or for any event.
pub(super) fn sources(catalog: &Catalog) -> String {
    let cases = catalog.sources.iter().map(|source| {
        let entry = literal(&data::entry_key(catalog, source.entry));
        (source.source.to_string(), format!("entry = {entry}\n"))
    });
    format!(
        "{}if entry == \"\" {{\n  entry = {}\n  matched = \"generic\"\n}}\n",
        search("source", cases.collect()),
        literal(&data::entry_key(catalog, catalog.generic))
    )
}

/// The tactic of a tag `key`: of its short name behind `mitre-`, or of its id.
pub(super) fn tactics(catalog: &Catalog) -> String {
    let cases = catalog.attack.tactics.iter().flat_map(|tactic| {
        let code = format!("tactic = {}\n", literal(&tactic.name));
        [
            (format!("mitre-{}", tactic.shortname), code.clone()),
            (tactic.id.to_string(), code),
        ]
    });
    search("key", cases.collect())
}

/// What the context adds to the score.
pub(super) fn modifiers(catalog: &Catalog, conditions: &mut Conditions<'_>) -> String {
    let mut code = String::new();
    for modifier in catalog.severity.modifiers.iter().filter(|modifier| modifier.add != 0) {
        let when: &[Cond] = &modifier.when;
        code.push_str(&moved(&conditions.expression(when), modifier.add, &modifier.why));
    }
    code
}

/// What the disposition adds to the score.
pub(super) fn dispositions(catalog: &Catalog) -> String {
    let mut code = String::new();
    for score in catalog.severity.dispositions.iter().filter(|score| score.add != 0) {
        let name = score.disposition.as_str();
        code.push_str(&moved(
            &format!("disposition == {}", literal(name)),
            score.add,
            &name.replace('_', " "),
        ));
    }
    code
}

fn moved(when: &str, add: i8, why: &str) -> String {
    format!(
        "if {when} {{\n  score = score + {add}\n  movers = push(movers, {{\"text\": {}, \"add\": {add}}})\n}}\n",
        literal(why)
    )
}

/// The word for a score.
pub(super) fn urgency(catalog: &Catalog) -> String {
    let levels = ["medium", "high", "critical"]
        .into_iter()
        .zip(catalog.severity.levels.iter());
    let one = |(level, lowest): (&str, &u8)| format!("if score >= {lowest} {{\n  urgency = \"{level}\"\n}}\n");
    levels.map(one).collect()
}
