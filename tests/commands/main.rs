//! Commands and manifests of the whole catalog, checked by the tools they are for.
//!
//! `cargo xtask test` gets the tools. A tool that is not there is said so, and its commands are skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod check;
mod collect;
mod effects;
mod kube_api;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bewit::catalog::BUILT_IN;
use bewit_catalog::model::Effect;
use check::Bench;
use collect::Sample;
use serde_json::{Value, json};

const UNCHECKED: &str = "docs/unchecked-commands.md";

/// All commands, those inside of scripts, too, each once.
fn everything(bench: &Bench) -> Vec<Sample> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    let filters = collect::manifests(&BUILT_IN)
        .into_iter()
        .filter(|(kind, _, _)| kind == "jq")
        .map(|(_, of, body)| Sample {
            of,
            argv: vec!["jq".into(), body],
            effect: None,
        });
    for sample in collect::commands(&BUILT_IN).into_iter().chain(filters) {
        let inner = match sample.argv.as_slice() {
            [shell, flag, ..] if shell == "sh" && flag == "-c" => bench.inside(&sample),
            _ => Vec::new(),
        };
        for sample in std::iter::once(sample).chain(inner) {
            if seen.insert(sample.argv.clone()) {
                all.push(sample);
            }
        }
    }
    all
}

/// Does it for each, on all cores.
fn in_parallel<'a, T: Sync, R: Send>(items: &'a [T], work: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = work(item);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

#[test]
fn tools_understand_their_commands() {
    let bench = Bench::new("commands", &kube_api::serve());
    let all = everything(&bench);
    assert!(all.len() > 300, "{}", all.len());

    let answers = in_parallel(&all, |sample| (sample.argv[0].clone(), bench.ask(&sample.argv), sample));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (program, answer, sample) in &answers {
        match answer {
            None => *skipped.entry(program).or_default() += 1,
            Some(answer) => {
                *counts.entry(program).or_default() += 1;
                if let Err(said) = answer {
                    wrong.push(format!("{}: {:?}\n    {said}", sample.of, sample.argv));
                }
            }
        }
    }
    for (program, count) in &counts {
        println!("{program}: {count}");
    }
    for (program, count) in skipped.iter().filter(|(program, _)| **program != "sh") {
        let why = if check::is_known(program) {
            "is not there"
        } else {
            "cannot be had"
        };
        println!("skipped: {program} {why}: {count}");
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} wrong commands\n{}", wrong.len(), wrong.join("\n"));
}

/// The check above can fail: every tool refuses an option that it does not have, and what is wrong in other ways.
#[test]
fn tools_refuse_what_is_wrong() {
    let bench = Bench::new("wrong", &kube_api::serve());
    let mut seen = BTreeSet::new();
    let mut wrong: Vec<Vec<String>> = everything(&bench)
        .into_iter()
        .filter(|sample| {
            // One for each tool, and for each command of a tool that has commands.
            let several = ["kubectl", "docker", "helm", "gh", "systemctl"].contains(&sample.argv[0].as_str());
            let verb = several.then(|| verb(&sample.argv));
            seen.insert((sample.argv[0].clone(), verb))
        })
        // These take any word, look at none, or hand it on to `ps`.
        .filter(|sample| !sample.argv.starts_with(&["docker".to_owned(), "top".to_owned()]))
        .filter(|sample| !["aa-status", "getenforce", "echo"].contains(&sample.argv[0].as_str()))
        .map(|sample| Bench::spoilt(&sample.argv))
        .collect();
    for line in [
        "kubectl get podz",
        "kubectl gett pods",
        "kubectl get pods -o jsonpath={.items[}",
        "kubectl get pods -o custom-columns=NAME",
        "kubectl get pods --sort-by={.metadata[}",
        "kubectl delete pod cart --grace-period=soon",
        "kubectl auth can-i create",
        "kubectl scale deployment cart",
        "kubectl -n shop logs",
        "kubectl label pod cart a=b=c",
        "kubectl patch pod cart --type=some -p {}",
        "helm -n falco histori falco",
        "aws iam get-usr --user-name=alice",
        "aws iam get-user --user-name=",
        "aws iam attach-user-policy --user-name=alice",
        "aws s3api put-public-access-block --bucket=b --public-access-block-configuration BlockPublicAcl=true",
        "aws iam list-users --query Users[",
        "docker inspekt cart",
        "docker rm",
        "docker inspect --format {{.State cart",
        "gh runs list",
        "gh run list --limit many",
        "journalctl --since=soonish",
        "journalctl --grep=a(",
        "systemctl inspect falco.service",
        "loginctl end-user alice",
        "ss dst 1.2.3.4.5",
        "ps -eo pid,parent",
        "find / -olderthan 5",
        "find / -printf",
        "nft add table inett a",
        "nft add rule inet a b ip6 saddr 1.2.3.4 drop",
        "auditctl -a always,exit -F pathx=/etc/passwd",
        "jq .[",
        "grep -E a( /dev/null",
        "stat --formatt=%a /etc/passwd",
        "kill -HALT 4194305",
        "usermod --locked alice",
        "iptables-save --tables",
        "rpm --verify --everything",
    ] {
        wrong.push(line.split(' ').map(str::to_owned).collect());
    }
    let accepted: Vec<String> = in_parallel(&wrong, |argv| match bench.ask(argv) {
        Some(Ok(())) => Some(argv.join(" ")),
        _ => None,
    })
    .into_iter()
    .flatten()
    .collect();
    println!("{} wrong commands", wrong.len());
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
}

/// The first word that is no option, nor the value of one.
fn verb(argv: &[String]) -> String {
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-n" | "--namespace" => drop(words.next()),
            word if word.starts_with('-') => {}
            word => return word.to_owned(),
        }
    }
    String::new()
}

/// Built-in kinds are what the newest three Kubernetes versions know; a patch is, once it is merged. The fields that
/// kubectl is to print exist.
#[test]
fn kubernetes_knows_manifests_and_fields() {
    const SCRIPT: &str = include_str!("validate.py");
    let manifests = collect::manifests(&BUILT_IN);
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/kubernetes-validate/bin/python");
    if !python.exists() {
        println!(
            "skipped: kubernetes-validate is not there, {} manifests",
            manifests.len()
        );
        return;
    }
    let bench = Bench::new("manifests", "http://127.0.0.1:1");
    let files: Vec<Value> = manifests
        .iter()
        .map(|(kind, title, body)| json!({"kind": kind, "title": title, "body": body}))
        .collect();
    let commands: Vec<Vec<String>> = everything(&bench)
        .into_iter()
        .map(|sample| sample.argv)
        .filter(|argv| argv[0] == "kubectl")
        .collect();
    let input = json!({"manifests": files, "commands": commands});
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    print!("{text}");
    assert!(output.status.success(), "{text}");
}

/// What nobody could check is known, with the reason.
#[test]
fn what_is_unchecked_is_written_down() {
    let bench = Bench::new("unchecked", "http://127.0.0.1:1");
    let mut tools: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sample in everything(&bench) {
        let program = sample.argv[0].clone();
        if program != "sh" && (!check::is_known(&program) || check::RARE.contains(&program.as_str())) {
            tools.entry(program).or_default().insert(sample.argv.join(" "));
        }
    }
    let mut text = String::from(
        "# Commands that no tool checks\n\n\
         `tests/commands` lets the real tools parse the commands of the catalog, filled with sample values, also those inside \
         of scripts. These are left, because the tool is in no package that a test can get. Whoever changes one tries it by hand.\n\n\
         This file is generated: `UPDATE=1 cargo test --test commands`.\n\n\
         | tool | commands | |\n|---|---|---|\n",
    );
    for (program, lines) in &tools {
        let rare = if check::RARE.contains(&program.as_str()) {
            "checked where it is installed"
        } else {
            ""
        };
        writeln!(text, "| {program} | {} | {rare} |", lines.len()).unwrap();
    }
    for (program, lines) in &tools {
        writeln!(text, "\n## {program}\n\n```text").unwrap();
        for line in lines {
            writeln!(text, "{}", line.replace('\n', " ")).unwrap();
        }
        text.push_str("```\n");
    }
    let kinds = unchecked_kinds();
    text.push_str("\n## Manifests\n\nOf built-in kinds, and patches, `kubernetes-validate` checks all. These it does not know:\n\n");
    for (kind, count) in kinds {
        writeln!(text, "- {kind}: {count}").unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(UNCHECKED, &text).unwrap();
    }
    let known = std::fs::read_to_string(UNCHECKED).unwrap_or_default();
    assert!(
        known == text,
        "{UNCHECKED} is out of date: UPDATE=1 cargo test --test commands"
    );
}

/// Kinds of manifests that are not Kubernetes' own.
fn unchecked_kinds() -> BTreeMap<String, usize> {
    const CHECKED: &[&str] = &[
        "strategic-merge-patch",
        "NetworkPolicy",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ResourceQuota",
        "LimitRange",
        "Namespace",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "ServiceAccount",
        "Pod",
        "Deployment",
        "DaemonSet",
        "Secret",
        "ConfigMap",
        "jq",
    ];
    let mut kinds = BTreeMap::new();
    for (kind, _, _) in collect::manifests(&BUILT_IN) {
        if !CHECKED.contains(&kind.as_str()) {
            *kinds.entry(kind).or_default() += 1;
        }
    }
    kinds
}

#[test]
fn effects_are_what_they_are_said_to_be() {
    let bench = Bench::new("effects", "http://127.0.0.1:1");
    let mut wrong = Vec::new();
    let mut checked = BTreeMap::new();
    for sample in collect::commands(&BUILT_IN) {
        let Some(said) = sample.effect else { continue };
        let is = if sample.argv[0] == "sh" {
            let mut all: Vec<Effect> = bench
                .inside(&sample)
                .iter()
                .map(|inner| effects::of(&inner.argv))
                .collect();
            if effects::redirects(&sample.argv[2]) {
                all.push(Effect::Changes);
            }
            all.into_iter()
                .max_by_key(|effect| effects::rank(*effect))
                .unwrap_or(Effect::ReadOnly)
        } else {
            effects::of(&sample.argv)
        };
        *checked.entry(said.as_str()).or_insert(0) += 1;
        // What changes something may disrupt because of what it is used for; what reads cannot.
        let agree = match is {
            Effect::ReadOnly => said == Effect::ReadOnly,
            Effect::Changes => said != Effect::ReadOnly,
            Effect::Disrupts => said == Effect::Disrupts,
        };
        if !agree {
            wrong.push(format!(
                "{}: said to be {}, is {}: {:?}",
                sample.of,
                said.as_str(),
                is.as_str(),
                sample.argv
            ));
        }
    }
    println!("{checked:?}");
    for (line, is) in [
        ("kubectl -n shop delete pod cart", Effect::Disrupts),
        ("kubectl delete pod cart --dry-run=server", Effect::ReadOnly),
        ("kubectl scale deployment cart --replicas=0", Effect::Disrupts),
        ("kubectl auth can-i delete pods", Effect::ReadOnly),
        ("aws iam detach-role-policy --role-name r", Effect::Changes),
        ("docker stop cart", Effect::Disrupts),
        ("docker image rm cart", Effect::Changes),
        ("systemctl stop cart.service", Effect::Disrupts),
        ("kill -STOP 1", Effect::Disrupts),
        ("gh api repos/a/b -f private=true", Effect::Changes),
        ("rm -r /srv/cart", Effect::Changes),
        ("find /srv -delete", Effect::Disrupts),
    ] {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(effects::of(&argv), is, "{line}");
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}
