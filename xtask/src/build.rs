//! Artefacts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run::{cargo, run};

const TARGET: &str = "wasm32-unknown-unknown";
/// Where artefacts go.
const DIST: &str = "dist";

/// Adds the wasm target if rustup lacks it. Without rustup the build itself says what is missing.
fn add_target() -> Result<()> {
    let listed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let Ok(listed) = listed else {
        return Ok(());
    };
    if !String::from_utf8_lossy(&listed.stdout)
        .lines()
        .any(|line| line == TARGET)
    {
        eprintln!("adding the rustup target {TARGET}");
        run(Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    Ok(())
}

/// Builds `dist/bewit.wasm` and returns its absolute path.
///
/// The core is built without WASI and made a component here, so it imports nothing at all;
/// `wasm32-wasip2` would bring imports that nothing uses.
pub(crate) fn component() -> Result<PathBuf> {
    add_target()?;
    run(cargo()
        .args(["build", "--package", "bewit", "--profile", "plugin"])
        .args(["--target", TARGET, "--no-default-features", "--features", "component"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let core = target.join(TARGET).join("plugin/bewit.wasm");
    let module = fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .context("the core module is no component")?;
    fs::create_dir_all(DIST)?;
    let path = Path::new(DIST).join("bewit.wasm");
    // Written only when it changes: the host's build depends on its date.
    if fs::read(&path).ok().as_deref() != Some(&component) {
        fs::write(&path, &component).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(fs::canonicalize(&path)?)
}

/// Builds the component and annotates the example log with it.
pub(crate) fn demo() -> Result<()> {
    let component = component()?;
    run(cargo()
        .args(["run", "--quiet", "--package", "bewit-host", "--"])
        .args(["report", "--format", "terminal", "examples/falco.log"])
        .env("BEWIT_COMPONENT", &component))?;
    eprintln!("\nThe same as JSON, one alert a line: target/debug/bewit annotate examples/falco.log");
    Ok(())
}

/// Builds everything in release form into `dist/`.
pub(crate) fn dist() -> Result<()> {
    let component = component()?;
    run(cargo()
        .args(["build", "--release", "--package", "bewit-host"])
        .env("BEWIT_COMPONENT", &component))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let built = target.join("release/bewit");
    let host = Path::new(DIST).join("bewit");
    fs::copy(&built, &host).with_context(|| format!("cannot copy {}", built.display()))?;
    for artefact in [&component, &host] {
        println!("{:>10} {}", fs::metadata(artefact)?.len(), artefact.display());
    }
    Ok(())
}
