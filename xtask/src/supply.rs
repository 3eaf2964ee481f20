//! What whoever installs an artefact wants to know: what is inside, whether these are the bytes, whether he gets the
//! same ones from the same sources.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use crate::build;
use crate::run::{cargo, run};
use crate::tools;

/// Writes `SHA256SUMS` of all files of a folder, as `sha256sum --check` reads it.
pub(crate) fn sums(folder: &Path) -> Result<()> {
    let mut lines = Vec::new();
    for file in files(folder)? {
        let name = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        if name != SUMS {
            lines.push(format!("{}  {name}\n", sum(&file)?));
        }
    }
    lines.sort_by(|a, b| a.get(66..).cmp(&b.get(66..)));
    fs::write(folder.join(SUMS), lines.concat())?;
    Ok(())
}

const SUMS: &str = "SHA256SUMS";

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    Ok(all)
}

fn sum(file: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut reader = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    io::copy(&mut reader, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Package, its features, its target and what its list of components is called.
const BILLS: [(&str, &str, Option<&str>, &str); 3] = [
    ("bewit", "component", Some(build::TARGET), "bewit.cdx.json"),
    ("bewit", "fluent-bit", Some(build::TARGET), "bewit-fluent-bit.cdx.json"),
    ("bewit-host", "", None, "bewit-host.cdx.json"),
];

/// Writes a bill of materials for each artefact, in CycloneDX's form.
pub(crate) fn bills(folder: &Path) -> Result<()> {
    let tool = tools::cargo_tool("cargo-cyclonedx")?;
    for (package, features, target, name) in BILLS {
        let manifest = match package {
            "bewit" => PathBuf::from("Cargo.toml"),
            _ => Path::new("host-test").join("Cargo.toml"),
        };
        let stem = name.trim_end_matches(".json");
        let mut command = Command::new(&tool);
        command
            .args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5"])
            .args(["--no-default-features", "--features", features])
            .args(["--override-filename", stem, "--manifest-path"])
            .arg(&manifest);
        // Without one, dependencies of other systems are in the list, too.
        command
            .arg("--target")
            .arg(target.map_or_else(host_triple, |t| Ok(t.to_owned()))?);
        // It has the time inside, and a random number, unless it is told one.
        command.env("SOURCE_DATE_EPOCH", "0");
        run(&mut command)?;
        // It writes one beside each manifest of the workspace.
        for member in [".", "catalog", "host-test", "xtask"] {
            let written = Path::new(member).join(name);
            if !written.exists() {
                continue;
            }
            if Some(Path::new(member))
                == manifest
                    .parent()
                    .map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })
            {
                fs::copy(&written, folder.join(name))?;
            }
            fs::remove_file(&written)?;
        }
        ensure!(folder.join(name).exists(), "cargo-cyclonedx wrote no {name}");
    }
    Ok(())
}

fn host_triple() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let triple = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(triple.context("rustc -vV names no host")?.to_owned())
}

/// Builds the plugins twice, in two places, with nothing kept, and compares the bytes.
pub(crate) fn reproducible() -> Result<()> {
    let root = std::env::current_dir()?;
    let scratch = root.join("target/reproducible");
    let mut sums: Vec<Vec<(String, String)>> = Vec::new();
    for place in ["one", "another/and/deeper"] {
        let copy = scratch.join(place);
        if copy.exists() {
            fs::remove_dir_all(&copy)?;
        }
        fs::create_dir_all(&copy)?;
        // What is not committed is no source.
        run(Command::new("git")
            .args(["clone", "--quiet", "--no-local", "."])
            .arg(&copy))?;
        run(cargo()
            .args(["run", "--quiet", "--package", "xtask", "--", "plugins"])
            .env("CARGO_TARGET_DIR", copy.join("target"))
            .current_dir(&copy))?;
        sums.push(
            files(&copy.join("dist"))?
                .iter()
                .map(|file| Ok((file.strip_prefix(&copy)?.to_string_lossy().into_owned(), sum(file)?)))
                .collect::<Result<_>>()?,
        );
    }
    for list in &mut sums {
        list.sort();
    }
    let [one, another] = sums.as_slice() else {
        bail!("there are not two builds");
    };
    ensure!(
        !one.is_empty() && one == another,
        "two builds differ:\n{one:#?}\n{another:#?}"
    );
    for (name, sum) in one {
        println!("figure: {sum} {name}, twice");
    }
    fs::remove_dir_all(scratch)?;
    Ok(())
}

/// Licences, sources and known faults of what bewit is made of.
pub(crate) fn deny() -> Result<()> {
    let tool = tools::cargo_tool("cargo-deny")?;
    let check = |what: &[&str]| {
        let mut command = Command::new(&tool);
        command.args(["--workspace", "--all-features", "check", "--hide-inclusion-graph"]);
        command.args(what);
        command
    };
    run(&mut check(&["licenses", "bans", "sources"]))?;
    // The list of advisories comes from the network.
    let advisories = check(&["advisories"]).output()?;
    let said = String::from_utf8_lossy(&advisories.stderr);
    if said.contains("failed to fetch advisory database") {
        println!("skipped: the database of advisories cannot be had");
        return Ok(());
    }
    ensure!(advisories.status.success(), "{said}");
    println!("figure: no advisory, every licence allowed");
    Ok(())
}
