//! Pages in a real browser: nothing is loaded, no value runs, and nobody is kept from reading them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bewit::report::{Format, Report, report};
use bewit::schema::Alert;

use crate::events::{TRICKS, attacked, infested, seed, several};
use crate::golden::instructive;

/// Writes a page for the browser.
fn page(name: &str, alerts: &[Alert]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, report(alerts, Report::Page(Format::Html))).unwrap();
    path
}

#[test]
fn pages_load_nothing_run_nothing_and_are_accessible() {
    let hostile: Vec<Alert> = TRICKS
        .iter()
        .filter(|trick| trick.contains('<') || trick.contains("alert"))
        .flat_map(|trick| [infested(trick), attacked(trick)])
        .collect();
    let pages = [
        page("one.html", &[seed()]),
        page("several.html", &several()),
        page("instructive.html", &instructive()),
        page("hostile.html", &hostile),
        page("none.html", &[]),
    ];
    let node = Command::new("node")
        .arg("tests/browser/report.mjs")
        .args(&pages)
        .output();
    let Ok(node) = node else {
        eprintln!("skipped: node");
        return;
    };
    let said = String::from_utf8_lossy(&node.stdout);
    let failed = String::from_utf8_lossy(&node.stderr);
    assert!(node.status.success(), "{said}{failed}");
    if said.starts_with("skipped: ") {
        eprint!("{said}");
    }
}
