//! The catalog's files: valid by their schema, complete, and none another's copy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use bewit::catalog::BUILT_IN;
use bewit_catalog::compile::{self, Input};
use bewit_catalog::model::EntryKind;
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

/// Every stable rule and every internal alert has guidance of its own; every other rule of upstream's has that of what
/// it detects.
#[test]
fn no_rule_is_left_without_guidance() {
    for rule in BUILT_IN.rules.iter() {
        match rule.ruleset.as_ref() {
            "stable" | "internal" => assert!(rule.entry.is_some(), "{}", rule.name),
            "demo" => {}
            _ => assert!(rule.entry.or(rule.behaviour).is_some(), "{}", rule.name),
        }
    }
}

#[test]
fn no_entry_is_another_with_the_name_swapped() {
    let mut texts: BTreeMap<String, &str> = BTreeMap::new();
    for entry in BUILT_IN.entries.iter().filter(|e| e.kind != EntryKind::Generic) {
        let text = format!("{:?}", (&entry.why, &entry.innocent));
        let other = texts.insert(text.replace(entry.title.as_ref(), ""), &entry.id);
        assert_eq!(other, None, "{}", entry.id);
    }
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
