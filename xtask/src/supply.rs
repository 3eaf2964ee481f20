//! What whoever installs an artefact wants to know: what is inside, whether these are the bytes, whether he gets the
//! same ones from the same sources.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use crate::build;
use crate::files;
use crate::run::{cargo, run};
use crate::tools;

/// Writes `SHA256SUMS` of all files of a folder, as `sha256sum --check` reads it.
pub(crate) fn sums(folder: &Path) -> Result<()> {
    let mut lines = Vec::new();
    for file in files::all(folder)? {
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

fn sum(file: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut reader = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    io::copy(&mut reader, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Folder of the package, its features, its target where that is not this machine's, and what the list is called.
const BILLS: [(&str, &str, Option<&str>, &str); 3] = [
    (".", "component", Some(build::TARGET), "bewit.cdx"),
    (".", "fluent-bit", Some(build::TARGET), "bewit-fluent-bit.cdx"),
    ("host-test", "", None, "bewit-host.cdx"),
];

/// Writes a bill of materials for each artefact, in CycloneDX's form.
pub(crate) fn bills(folder: &Path) -> Result<()> {
    let tool = tools::cargo_tool("cargo-cyclonedx")?;
    let root = std::env::current_dir()?.display().to_string();
    for (member, features, target, name) in BILLS {
        let mut command = Command::new(&tool);
        command
            .args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5"])
            .args(["--no-default-features", "--features", features])
            .args(["--override-filename", name, "--manifest-path"])
            .arg(Path::new(member).join("Cargo.toml"))
            .args(target.iter().flat_map(|target| ["--target", target]))
            // It has the time inside, and a random number, unless it is told one.
            .env("SOURCE_DATE_EPOCH", "0");
        run(&mut command)?;
        let file = format!("{name}.json");
        let bill = fs::read_to_string(Path::new(member).join(&file))
            .with_context(|| format!("cargo-cyclonedx wrote no {file}"))?;
        // Packages of the workspace are named by where they are.
        fs::write(folder.join(&file), bill.replace(&root, "/bewit"))?;
        // It writes one beside the manifest of each member of the workspace.
        for member in [".", "catalog", "host-test", "xtask"] {
            let written = Path::new(member).join(&file);
            if written.exists() {
                fs::remove_file(written)?;
            }
        }
    }
    Ok(())
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
            files::all(&copy.join("dist"))?
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
    println!("figure: every licence allowed, every source known");
    // The list of advisories comes from the network.
    if !Command::new(&tool).args(["fetch", "db"]).status()?.success() {
        println!("skipped: the database of advisories cannot be had");
        return Ok(());
    }
    run(&mut check(&["advisories"]))?;
    println!("figure: no advisory");
    Ok(())
}
