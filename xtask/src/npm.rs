//! The package for browsers and Node.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::build::{self, TARGET};
use crate::run::{cargo_anywhere, run};

/// Written by hand, or from the schema, and taken over as they are.
const SOURCE: &str = "npm";

/// The modules in the package, by the feature that each has and the name of what wasm-bindgen makes of it.
const MODULES: [(&str, &str); 2] = [("js", "bewit"), ("js-overlays", "bewit_overlays")];
/// Bytes that a module may have when a server sends it, compressed by brotli as well as that can.
const MOST: usize = 600_000;
/// LLVM's measure for a function that it copies to where it is called. The smallest code has 5, and annotates 5 % slower
/// for less than 1 % of the module's bytes: browsers inline little of their own.
const INLINED: u32 = 25;

/// Builds `dist/npm` and returns its absolute path.
pub(crate) fn package() -> Result<PathBuf> {
    build::add_target()?;
    let folder = Path::new(build::DIST).join("npm");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for (feature, name) in MODULES {
        module(feature, name, &folder)?;
    }
    copy(Path::new(SOURCE), &folder)?;
    for notice in ["LICENSE", "NOTICE"] {
        fs::copy(notice, folder.join(notice))?;
    }
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
    ensure!(
        manifest["version"] == env!("CARGO_PKG_VERSION"),
        "{SOURCE}/package.json has another version than Cargo.toml"
    );
    Ok(fs::canonicalize(folder)?)
}

/// Builds a module and puts it into the folder, with the code that loads it.
fn module(feature: &str, name: &str, folder: &Path) -> Result<()> {
    // In a folder of its own: cargo would give it the same name as the component's core, and the other module.
    let target = build::target_folder().join("npm").join(feature);
    run(cargo_anywhere()?
        .args(["rustc", "--package", "bewit", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "npm", "--target", TARGET])
        .args(["--no-default-features", "--features", feature, "--target-dir"])
        .arg(&target)
        .arg("--")
        .arg(format!("-Cllvm-args=-inline-threshold={INLINED}")))?;
    Bindgen::new()
        .input_path(target.join(TARGET).join("npm/bewit.wasm"))
        .out_name(name)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .context("wasm-bindgen refuses the module")?;
    let wasm = format!("{name}_bg.wasm");
    // The module's own interface is in the other declarations.
    fs::remove_file(folder.join(format!("{wasm}.d.ts")))?;
    weigh(&folder.join(wasm))
}

/// Says what a module weighs, and fails where that is too much.
fn weigh(path: &Path) -> Result<()> {
    let module = fs::read(path)?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&module)?;
    let gzip = gzip.finish()?.len();
    let mut brotli = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: module.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut module.as_slice(), &mut brotli, &params)?;
    let brotli = brotli.len();
    let name = path.file_name().unwrap_or_default().display();
    println!(
        "{name}: {} bytes, {gzip} by gzip -9, {brotli} by brotli -11",
        module.len()
    );
    ensure!(brotli <= MOST, "that is more than {MOST} by brotli -11");
    Ok(())
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
