//! Artefacts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::npm;
use crate::run::{both, cargo, cargo_anywhere, run};
use crate::supply;

/// The target of every plugin.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Where artefacts go.
pub(crate) const DIST: &str = "dist";
/// Bytes of stack of the module for Fluent Bit. Unpacking a block of the catalog takes 70 KiB, everything else far less:
/// the corpus, records of 10 MB and nesting of 10,000 levels. It is at the bottom of the memory, so an overflow is a trap
/// and overwrites nothing.
const FLUENT_BIT_STACK: u32 = 128 << 10;

/// Adds the wasm target if rustup lacks it. Without rustup the build itself says what is missing.
pub(crate) fn add_target() -> Result<()> {
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
    run(cargo_anywhere()?
        .args(["build", "--package", "bewit", "--profile", "plugin"])
        .args(["--target", TARGET, "--no-default-features", "--features", "component"]))?;
    let core = target_folder().join(TARGET).join("plugin/bewit.wasm");
    let module = fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .context("the core module is no component")?;
    put("bewit.wasm", &component)
}

/// Builds `dist/bewit-fluent-bit.wasm` and returns its absolute path.
pub(crate) fn fluent_bit() -> Result<PathBuf> {
    add_target()?;
    // In a folder of its own: cargo would give it the same name as the component's core.
    let target = target_folder().join("fluent-bit");
    run(cargo_anywhere()?
        .args(["rustc", "--package", "bewit", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "plugin", "--target", TARGET])
        .args(["--no-default-features", "--features", "fluent-bit", "--target-dir"])
        .arg(&target)
        .arg("--")
        .arg(format!("-Clink-arg=-zstack-size={FLUENT_BIT_STACK}"))
        // Tests watch it.
        .arg("-Clink-arg=--export=__stack_pointer"))?;
    let built = target.join(TARGET).join("plugin/bewit.wasm");
    let module = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    put("bewit-fluent-bit.wasm", &module)
}

/// Puts an artefact into `dist/`. It is written only when it changes: the host's build depends on its date.
fn put(name: &str, bytes: &[u8]) -> Result<PathBuf> {
    fs::create_dir_all(DIST)?;
    let path = Path::new(DIST).join(name);
    if fs::read(&path).ok().as_deref() != Some(bytes) {
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(fs::canonicalize(&path)?)
}

pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Tells the build of the host what to put into it, and tests what to look at.
pub(crate) fn embed<'c>(host: &'c mut Command, component: &Path, fluent_bit: &Path) -> &'c mut Command {
    host.env("BEWIT_COMPONENT", component)
        .env("BEWIT_FLUENT_BIT_MODULE", fluent_bit)
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

/// Builds what is WebAssembly into `dist/`: the component, the module for Fluent Bit, and the package.
pub(crate) fn plugins() -> Result<(PathBuf, PathBuf, PathBuf)> {
    // Before all of them ask for it.
    add_target()?;
    let (npm, (component, fluent_bit)) = both(npm::package, || Ok((component()?, fluent_bit()?)))?;
    Ok((component, fluent_bit, npm))
}

/// Builds everything in release form into `dist/`.
pub(crate) fn dist() -> Result<()> {
    let (component, fluent_bit, _) = plugins()?;
    run(embed(
        cargo_anywhere()?.args(["build", "--release", "--package", "bewit-host"]),
        &component,
        &fluent_bit,
    ))?;
    let built = target_folder().join("release/bewit");
    let host = Path::new(DIST).join("bewit");
    fs::copy(&built, &host).with_context(|| format!("cannot copy {}", built.display()))?;
    supply::bills(Path::new(DIST))?;
    supply::sums(Path::new(DIST))?;
    for artefact in [&component, &fluent_bit, &host] {
        println!("{:>10} {}", fs::metadata(artefact)?.len(), artefact.display());
    }
    Ok(())
}

/// Builds the benchmark and what it measures, runs it, and writes `docs/performance.md`.
pub(crate) fn bench() -> Result<()> {
    dist()?;
    let target = target_folder().join("benches");
    let manifest = ["--manifest-path", "benches/Cargo.toml", "--target-dir"];
    run(cargo()
        .args([
            "build",
            "--package",
            "bewit-bench-peers",
            "--profile",
            "plugin",
            "--target",
            TARGET,
        ])
        .args(manifest)
        .arg(&target))?;
    let artefact = |name: &str| fs::canonicalize(Path::new(DIST).join(name));
    run(cargo()
        .args(["run", "--release", "--package", "bewit-benches"])
        .args(manifest)
        .arg(&target)
        .arg("--")
        .args([
            artefact("bewit.wasm")?,
            artefact("bewit-fluent-bit.wasm")?,
            artefact("bewit")?,
        ])
        .arg(fs::canonicalize(
            target.join(TARGET).join("plugin/bewit_bench_peers.wasm"),
        )?)
        .arg("docs/performance.md"))
}
