//! Tests and checks.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use bewit_catalog::compile;
use bewit_catalog::model::EntryKind;

use crate::build;
use crate::fuzz;
use crate::playground;
use crate::run::{both, cargo, run};
use crate::schema;
use crate::tools;

/// All but this program. What it is made of was built to run it, and would be built again with what all others ask of
/// the same libraries.
pub(crate) const OTHERS: [&str; 4] = ["--workspace", "--exclude", "xtask", "--all-features"];
const THIS: [&str; 2] = ["--package", "xtask"];

/// All tests, on the component that was just built.
pub(crate) fn test() -> Result<()> {
    schemas_are_current()?;
    let ((), (component, fluent_bit, npm)) = both(tools::install, build::plugins)?;
    run(build::embed(
        cargo().arg("test").args(OTHERS).env("BEWIT_NPM", npm),
        &component,
        &fluent_bit,
    ))?;
    run(cargo().arg("test").args(THIS))?;
    both(playground::test, fuzz::replay).map(drop)
}

/// Formatting, clippy, documentation.
pub(crate) fn lint() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["fmt", "--manifest-path", fuzz::MANIFEST, "--check"]))?;
    let clippy = |packages: &[&str]| {
        let warnings = ["--all-targets", "--", "--deny", "warnings"];
        run(cargo().arg("clippy").args(packages).args(warnings))
    };
    let fuzz = ["--manifest-path", fuzz::MANIFEST, "--target-dir", fuzz::REPLAY];
    both(
        || clippy(&fuzz),
        || [&OTHERS[..], &THIS].into_iter().try_for_each(clippy),
    )?;
    // The faces exist for wasm only.
    build::add_target()?;
    run(cargo()
        .args(["clippy", "--package", "bewit", "--target", build::TARGET])
        .args([
            "--no-default-features",
            "--features",
            "component,fluent-bit,js,js-overlays",
        ])
        .args(["--", "--deny", "warnings"]))?;
    for packages in [&OTHERS[..], &THIS] {
        run(cargo()
            .args(["doc", "--no-deps"])
            .args(packages)
            .env("RUSTDOCFLAGS", "--deny warnings"))?;
    }
    Ok(())
}

/// The generated schemas are in the repository, so that tools can point at them.
fn schemas_are_current() -> Result<()> {
    for (path, text) in schema::all()? {
        let known = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        ensure!(known == text, "{path} is out of date: run `cargo xtask schemas`");
    }
    Ok(())
}

/// Checks the catalog and counts.
pub(crate) fn catalog() -> Result<()> {
    let files = compile::read_dir(Path::new("catalog"))?;
    let catalog = match compile::compile(&files, env!("CARGO_PKG_VERSION")) {
        Ok(catalog) => catalog,
        Err(mistakes) => {
            for mistake in &mistakes {
                eprintln!("catalog/{mistake}");
            }
            bail!("{} mistakes", mistakes.len());
        }
    };
    let entries = |kind| catalog.entries.iter().filter(|e| e.kind == kind).count();
    println!("catalog {}", catalog.version);
    println!("{:>5} rule names, {} rules", catalog.names.len(), catalog.rules.len());
    println!("{:>5} rules with guidance of their own", entries(EntryKind::Rule));
    println!("{:>5} behaviours", entries(EntryKind::Behaviour));
    println!("{:>5} mitigations", catalog.mitigations.len());
    println!("{:>5} innocent causes", catalog.innocent.len());
    println!(
        "{:>5} ATT&CK techniques ({})",
        catalog.attack.techniques.len(),
        catalog.attack.version
    );
    Ok(())
}
