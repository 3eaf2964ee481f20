//! The catalog's files: valid by their schema, complete, and none another's copy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use bewit::catalog::BUILT_IN;
use bewit_catalog::compile::{self, Input};
use bewit_catalog::model::{Entry, EntryKind, Piece};
use common::validator;

fn files() -> Vec<Input> {
    compile::read_dir(Path::new("catalog")).unwrap()
}

#[test]
fn every_file_is_what_the_schema_says() {
    let validator = validator("catalog/schema.json");
    let folders = ["rules/", "behaviours/", "sources/", "mitigations/", "innocent/"];
    let mut checked = 0;
    for file in files()
        .iter()
        .filter(|f| folders.iter().any(|folder| f.path.starts_with(folder)))
    {
        checked += 1;
        let value: serde_json::Value = serde_yaml_ng::from_str(&file.text).unwrap();
        assert!(validator.is_valid(&value), "{}", file.path);
    }
    assert!(checked > 150, "{checked}");
}

/// Rule sets of upstream, and how many rules each has today.
const CURRENT: [(&str, usize); 9] = [
    ("stable", 25),
    ("incubating", 31),
    ("sandbox", 37),
    ("deprecated", 4),
    ("k8s_audit", 48),
    ("gcp_auditlog", 39),
    ("aws_cloudtrail", 22),
    ("okta", 21),
    ("github", 15),
];

/// Every current rule of upstream's, and every internal alert, has guidance of its own.
#[test]
fn every_current_rule_has_guidance_of_its_own() {
    for (ruleset, count) in CURRENT {
        let rules = || BUILT_IN.rules.iter().filter(|rule| rule.ruleset == ruleset);
        assert_eq!(rules().count(), count, "{ruleset}");
        let without: Vec<&str> = rules().filter(|r| r.entry.is_none()).map(|r| r.name.as_ref()).collect();
        assert!(without.is_empty(), "{ruleset}: no entry for {without:?}");
    }
    for rule in BUILT_IN.rules.iter().filter(|rule| rule.ruleset == "internal") {
        assert!(rule.entry.is_some(), "{}", rule.name);
    }
}

/// Every name that upstream ever used says something better than its event source.
#[test]
fn every_former_name_leads_to_guidance() {
    let former: Vec<_> = BUILT_IN.names.iter().filter(|name| name.former).collect();
    assert!(former.len() >= 39, "{}", former.len());
    for name in former {
        let rule = &BUILT_IN.rules[usize::from(name.rule)];
        let shown = rule.ruleset == "demo" || rule.entry.is_some();
        assert!(shown, "{} is now {}", name.name, rule.name);
    }
    for rule in BUILT_IN.rules.iter().filter(|rule| rule.ruleset != "demo") {
        assert!(rule.entry.or(rule.behaviour).is_some(), "{}", rule.name);
    }
}

/// The words of what an entry says in prose of its own, three at a time, without those of its title.
fn shingles(entry: &Entry) -> BTreeSet<String> {
    let title: BTreeSet<String> = entry.title.split_whitespace().map(str::to_lowercase).collect();
    let questions = entry.mitigations.iter().map(|index| &BUILT_IN.mitigations[usize::from(*index)]);
    let own = questions.filter(|m| m.id.starts_with(&format!("{}/", entry.id)));
    let steps = own.flat_map(|m| m.steps.iter().chain(&m.why).chain([&m.title]));
    let text: Vec<String> = [&entry.why]
        .into_iter()
        .chain(entry.innocent.iter())
        .chain(steps)
        .flat_map(|template| template.0.iter())
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    let text = text.join(" ");
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let words: Vec<String> = words.filter(|word| !word.is_empty() && !title.contains(word)).collect();
    words.windows(3).map(|three| three.join(" ")).collect()
}

/// What two entries say is at most half the same, also with their names taken out.
#[test]
fn no_entry_is_another_with_the_name_swapped() {
    let entries = BUILT_IN.entries.iter().filter(|e| e.kind == EntryKind::Rule);
    let texts: Vec<(&str, BTreeSet<String>)> = entries.map(|e| (e.id.as_ref(), shingles(e))).collect();
    let (mut alike, mut most) = (Vec::new(), 0.0_f64);
    for (at, (id, text)) in texts.iter().enumerate() {
        assert!(text.len() > 40, "{id} says nearly nothing");
        for (other_id, other) in &texts[..at] {
            let both = text.intersection(other).count() as f64;
            let share = both / text.len().min(other.len()) as f64;
            most = most.max(share);
            if share > 0.5 {
                alike.push(format!("{id} and {other_id}: {share:.2}"));
            }
        }
    }
    println!("{} entries; two of them have at most {most:.2} in common", texts.len());
    assert!(alike.is_empty(), "{}", alike.join("\n"));
}

/// Mistakes are found, and said with file, line, column and value.
#[test]
fn mistakes_are_named_where_they_are() {
    let with = |path: &str, from: &str, to: &str| {
        let mut files = files();
        let file = files.iter_mut().find(|f| f.path == path).unwrap();
        assert!(file.text.contains(from), "{path}: {from}");
        file.text = file.text.replacen(from, to, 1);
        let mistakes = compile::compile(&files, "0").unwrap_err();
        mistakes[0].to_string()
    };
    let rule = "rules/stable/terminal-shell-in-container.yaml";
    for (path, from, to, says) in [
        (rule, "T1609", "T9999", "`T9999` is no technique"),
        (
            rule,
            "{container.id}",
            "{container.idd}",
            "`container.idd` is neither a parameter nor a Falco field",
        ),
        (
            rule,
            "use: isolate-pod",
            "use: isolate-pot",
            "there is no mitigations/isolate-pot.yaml",
        ),
        (rule, "summary:", "sumary:", "unknown field `sumary`"),
        (
            rule,
            "rule: Terminal",
            "rule: terminal",
            "is for a rule that is not in names.yaml",
        ),
        ("mitigations/isolate-pod.yaml", "undo:", "undu:", "unknown field `undu`"),
        (
            "names.yaml",
            "Read sensitive file untrusted",
            "Read sensitive file trusted after startup",
            "twice",
        ),
    ] {
        let mistake = with(path, from, to);
        assert!(mistake.contains(says), "{mistake}");
        if !says.contains("not in names.yaml") {
            let place = mistake.strip_prefix(path).unwrap_or_else(|| panic!("{mistake}"));
            let numbers: Vec<&str> = place.split(':').skip(1).take(2).collect();
            assert!(numbers.iter().all(|n| n.parse::<usize>().is_ok()), "{mistake}");
        }
    }
}

/// A value of any form must not become an option; the compiler refuses a command that would let it.
#[test]
fn careless_commands_are_refused() {
    let mitigation = |argv: &str| Input {
        path: "mitigations/x.yaml".into(),
        text: format!(
            "mitigation: x\nphase: contain\ntitle: X\ncommands:\n  - title: X\n    where: node\n    argv: {argv}\n    effect: changes\n    undo_note: none\n"
        ),
    };
    for (argv, refused) in [
        (r#"[rm, "{proc.cmdline}"]"#, true),
        (r#"[rm, --, "{proc.cmdline}"]"#, false),
        (r#"[grep, "--regexp={proc.cmdline}"]"#, false),
        (r#"[sh, -c, "echo {proc.cmdline}"]"#, true),
        (r#"[sh, -c, 'echo "$1"', sh, "{proc.cmdline}"]"#, false),
        (r#"["{proc.name}", -x]"#, true),
        (r#"[kill, "{proc.pid|1}"]"#, true),
    ] {
        let mut files = files();
        files.push(mitigation(argv));
        assert_eq!(compile::compile(&files, "0").is_err(), refused, "{argv}");
    }
}
