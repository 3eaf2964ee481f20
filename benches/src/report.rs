//! What was measured, as a page.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::load::Load;

/// A page that grows. What is added is printed at once.
pub(crate) struct Report {
    text: String,
}

/// A goal of the project, and what was reached.
pub(crate) struct Goal {
    pub(crate) what: String,
    pub(crate) goal: String,
    pub(crate) reached: String,
    pub(crate) met: bool,
}

impl Report {
    pub(crate) fn new(loads: &[Load]) -> Result<Self> {
        let mut report = Self { text: String::new() };
        report.add("# Performance\n\nThis page is written by `cargo xtask bench`, which measures bewit and its peers side by side in one run. Times are CPU time of one thread for a record, medians of rounds in which every contender has its turn. A ratio above 1 means that bewit takes longer.\n\n");
        let machine = machine();
        report.add(&format!("Machine: {machine}. Compiler: {}. bewit {}.\n\n", rustc()?, bewit_version()?));
        report.add("| load | records | bytes a record |\n|---|--:|--:|\n");
        for load in loads {
            report.add(&format!("| {} | {} | {} |\n", load.name, load.records.len(), load.bytes()));
        }
        report.add("\n`alert` is one that comes again and again, as most of a cluster's do: at another time and with another id, but of the same container and command. Each `new alert` is of a container and a command of its own, so that nothing of it was met before. `corpus` is the project's corpus: every Falco version and wrapper, each line at four times, a third of it no alerts. `no alert` is what else a cluster logs, as Fluent Bit reads it from containers.\n");
        Ok(report)
    }

    pub(crate) fn heading(&mut self, title: &str) {
        self.add(&format!("\n## {title}\n\n"));
    }

    /// A paragraph.
    pub(crate) fn say(&mut self, text: &str) {
        self.add(&format!("{text}\n\n"));
    }

    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
        self.add(&line(head.to_vec()));
        self.add(&format!("|---|{}\n", "--:|".repeat(head.len() - 1)));
        for row in rows {
            self.add(&line(row.iter().map(String::as_str).collect()));
        }
        self.add("\n");
    }

    pub(crate) fn goals(&mut self, goals: &[Goal]) {
        let row = |goal: &Goal| {
            let met = if goal.met { "reached" } else { "**not reached**" };
            vec![goal.what.clone(), goal.goal.clone(), goal.reached.clone(), met.to_owned()]
        };
        let rows: Vec<_> = goals.iter().map(row).collect();
        self.table(&["goal", "at most or least", "measured", ""], &rows);
    }

    fn add(&mut self, text: &str) {
        print!("{text}");
        let _ = self.text.write_str(text);
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = self.text.trim_end().replace("\n\n\n", "\n\n");
        fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A time in microseconds.
pub(crate) fn us(nanoseconds: f64) -> String {
    format!("{:.2} us", nanoseconds / 1e3)
}

pub(crate) fn times(ratio: f64) -> String {
    format!("{ratio:.2} x")
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.map_or(std::env::consts::ARCH, |(_, model)| model.trim()))
}

fn rustc() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output().context("cannot run rustc")?;
    let version = String::from_utf8(output.stdout)?;
    Ok(version.split(" (").next().unwrap_or_default().trim().to_owned())
}

fn bewit_version() -> Result<String> {
    let manifest = fs::read_to_string("Cargo.toml").context("cannot read Cargo.toml")?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    Ok(version.unwrap_or_default().trim_matches('"').to_owned())
}
