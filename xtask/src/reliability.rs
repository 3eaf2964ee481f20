//! The promises, what shows that they are kept, and with what figures: `docs/reliability.md`.
//!
//! A test that has a figure to show prints a line `figure: ...`; one that could not do its work prints `skipped: ...`.
//! Both are kept in `docs/reliability.json` with the day, so that a promise can be looked into alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::run::cargo;
use crate::{build, check, soak, tools};

/// What is promised, and how it is looked into.
struct Promise {
    /// Its name on the command line.
    id: &'static str,
    text: &'static str,
    shown_by: Proof,
}

enum Proof {
    /// Tests: package, test, names; and an amount, in CI and in a long run.
    Tests(&'static str, &'static str, &'static [&'static str], Option<Amount>),
    /// A task of this program.
    Task(&'static str),
    /// Records through the host, in a long run only.
    Soak,
}

/// An environment variable that says how much is tried.
struct Amount(&'static str, u64);

const RESULTS: &str = "docs/reliability.json";
const PAGE: &str = "docs/reliability.md";
const PICTURE: &str = "docs/soak.svg";
const SOAK: u64 = 50_000_000;

const PROMISES: &[Promise] = &[
    Promise {
        id: "quoting",
        text: "A command line is read as the very words that were meant, by every shell",
        shown_by: Proof::Tests(
            "bewit",
            "shell",
            &["every_line_is_its_words_in_every_shell"],
            Some(Amount("BEWIT_VALUES", 1_000_000)),
        ),
    },
    Promise {
        id: "options",
        text: "No value becomes an option",
        shown_by: Proof::Tests(
            "bewit",
            "shell",
            &["no_value_becomes_an_option"],
            Some(Amount("BEWIT_VALUES", 1_000_000)),
        ),
    },
    Promise {
        id: "yaml",
        text: "A manifest and a tuning snippet are the YAML that was meant",
        shown_by: Proof::Tests("bewit", "yaml", &[], None),
    },
    Promise {
        id: "pages",
        text: "Values are inert in Markdown, HTML and on terminals",
        shown_by: Proof::Tests("bewit", "report", &[], Some(Amount("PROPTEST_CASES", 5_000))),
    },
    Promise {
        id: "loss",
        text: "A record in is a record out, and Falco's own keys are what they were, in every host",
        shown_by: Proof::Tests("bewit-host", "loss", &[], Some(Amount("BEWIT_RECORDS", 2_000_000))),
    },
    Promise {
        id: "faults",
        text: "A component that traps, loops, takes all memory or lies costs no record",
        shown_by: Proof::Tests("bewit-host", "faults", &[], None),
    },
    Promise {
        id: "state",
        text: "A full disk or a closed pipe is said, and what was said to be written is there",
        shown_by: Proof::Tests("bewit-host", "state", &[], None),
    },
    Promise {
        id: "kill",
        text: "With `--state`, a process that is killed and started again loses nothing; the last batch may come twice",
        shown_by: Proof::Tests("bewit-host", "kill", &[], None),
    },
    Promise {
        id: "follow",
        text: "Files that are truncated or replaced while they are followed lose no line",
        shown_by: Proof::Tests("bewit-host", "follow", &[], None),
    },
    Promise {
        id: "reload",
        text: "A configuration that breaks on reload keeps the old one",
        shown_by: Proof::Tests("bewit-host", "reload", &[], None),
    },
    Promise {
        id: "limits",
        text: "Over a limit a record passes on with `bewit.error`",
        shown_by: Proof::Tests("bewit", "limits", &[], None),
    },
    Promise {
        id: "soak",
        text: "Memory stays flat, and a record in is a record out",
        shown_by: Proof::Soak,
    },
    Promise {
        id: "miri",
        text: "What handles pointers, all of it in `src/plugin`, does nothing undefined",
        shown_by: Proof::Task("miri"),
    },
    Promise {
        id: "reproducible",
        text: "The same sources give the same modules",
        shown_by: Proof::Task("reproducible"),
    },
    Promise {
        id: "deny",
        text: "What bewit is made of has allowed licences, known sources and no advisory",
        shown_by: Proof::Task("deny"),
    },
];

/// What was seen, and when.
#[derive(Serialize, Deserialize)]
struct Seen {
    figures: Vec<String>,
    date: String,
    long: bool,
}

/// `cargo xtask reliability [--long] [PROMISE...]`
pub(crate) fn look(args: &[String]) -> Result<()> {
    let long = args.iter().any(|arg| arg == "--long");
    let named: Vec<&str> = args.iter().map(String::as_str).filter(|arg| *arg != "--long").collect();
    for name in &named {
        let known: Vec<&str> = PROMISES.iter().map(|promise| promise.id).collect();
        ensure!(
            known.contains(name),
            "there is no promise {name}; there are {}",
            known.join(", ")
        );
    }
    tools::install()?;
    let (component, fluent_bit) = (build::component()?, build::fluent_bit()?);
    let mut results: BTreeMap<String, Seen> = match fs::read_to_string(RESULTS) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("cannot understand {RESULTS}"))?,
        Err(_) => BTreeMap::new(),
    };
    let mut broken = Vec::new();
    for promise in PROMISES
        .iter()
        .filter(|promise| named.is_empty() || named.contains(&promise.id))
    {
        eprintln!("\n{}", promise.text);
        let figures = match &promise.shown_by {
            Proof::Soak if !long => continue,
            Proof::Soak => soaked(),
            Proof::Task(task) => figures(cargo().args(["run", "--quiet", "--package", "xtask", "--", task])),
            Proof::Tests(_, test, names, amount) => {
                let mut command = tests(names, amount.as_ref().filter(|_| long), &["--test", test]);
                figures(build::embed(&mut command, &component, &fluent_bit))
            }
        };
        match figures {
            Ok(figures) => {
                let seen = Seen {
                    figures,
                    date: today()?,
                    long,
                };
                results.insert(promise.id.to_owned(), seen);
                fs::write(RESULTS, serde_json::to_string_pretty(&results)? + "\n")?;
                fs::write(PAGE, page(&results))?;
            }
            Err(error) => {
                eprintln!("{error:#}");
                broken.push(promise.id);
            }
        }
    }
    if !broken.is_empty() {
        bail!("not shown: {}", broken.join(", "));
    }
    Ok(())
}

fn tests(names: &[&str], amount: Option<&Amount>, which: &[&str]) -> Command {
    let mut command = cargo();
    // As the tests do: for another choice of packages cargo would build wasmtime anew.
    command
        .arg("test")
        .args(check::OTHERS)
        .args(which)
        .args(["--", "--nocapture"])
        .args(names);
    if let Some(Amount(variable, amount)) = amount {
        command.env(variable, amount.to_string());
    }
    command
}

/// Runs a command and returns the figures that it prints.
fn figures(command: &mut Command) -> Result<Vec<String>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    std::io::stderr().write_all(&output.stdout)?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut figures: Vec<String> = text
        .lines()
        .filter_map(|line| {
            // The test's name stands before what it prints first.
            let at = line
                .find("figure: ")
                .map(|at| at + "figure: ".len())
                .or_else(|| line.find("skipped: "))?;
            line.get(at..).map(str::to_owned)
        })
        .collect();
    if let Some(passed) = text
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .next_back()
    {
        figures.push(
            passed
                .split(';')
                .next()
                .unwrap_or(passed)
                .replace(" passed", " tests passed"),
        );
    }
    ensure!(!figures.is_empty(), "{command:?} shows nothing");
    Ok(figures)
}

fn soaked() -> Result<Vec<String>> {
    build::dist()?;
    let runs = soak::run(&fs::canonicalize("dist/bewit")?, SOAK)?;
    fs::write(PICTURE, soak::picture(&runs))?;
    Ok(runs
        .iter()
        .map(|run| {
            let (first, second) = run.halves();
            format!(
                "{}: {} records of {:.1} GB in and out in {:.0} s; at most {} MiB in the first half, {} MiB in the second",
                run.name,
                run.records,
                run.bytes as f64 / 1e9,
                run.time.as_secs_f64(),
                first >> 20,
                second >> 20,
            )
        })
        .collect())
}

fn today() -> Result<String> {
    let output = Command::new("date")
        .args(["-u", "+%F"])
        .output()
        .context("cannot run date")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn page(results: &BTreeMap<String, Seen>) -> String {
    let mut page = String::from(
        "# Reliability\n\n\
         What is promised, what shows it, and with what figures. `cargo xtask reliability` looks into all of it again, in \
         the amounts of CI; `--long` takes hours and more of everything; with names, only those. It writes this page.\n\n\
         | promise | shown by | figures | when |\n|---|---|---|---|\n",
    );
    for promise in PROMISES {
        let shown_by = match &promise.shown_by {
            Proof::Tests("bewit", test, ..) if Path::new("tests").join(test).is_dir() => {
                format!("[tests/{test}](../tests/{test})")
            }
            Proof::Tests("bewit", test, ..) => format!("[tests/{test}.rs](../tests/{test}.rs)"),
            Proof::Tests(_, test, ..) => format!("[host-test/tests/{test}.rs](../host-test/tests/{test}.rs)"),
            Proof::Task(task) => format!("`cargo xtask {task}`"),
            Proof::Soak => "`cargo xtask reliability --long soak`, [memory over time](soak.svg)".to_owned(),
        };
        let (figures, when) = match results.get(promise.id) {
            Some(seen) => {
                // Most are looked into in the same way always.
                let short = !seen.long && matches!(promise.shown_by, Proof::Tests(.., Some(_)));
                let how = if short { ", in the amounts of CI" } else { "" };
                (seen.figures.join("<br>"), format!("{}{how}", seen.date))
            }
            None => ("not looked into yet".to_owned(), String::new()),
        };
        let _ = writeln!(
            page,
            "| {} (`{}`) | {shown_by} | {figures} | {when} |",
            promise.text, promise.id
        );
    }
    page + FUZZING
}

const FUZZING: &str = "\nFuzzing has a table of its own: [fuzz/README.md](../fuzz/README.md).\n\
    The threat model is [SECURITY.md](../SECURITY.md).\n";
