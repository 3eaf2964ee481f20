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

/// The module in the package.
pub(crate) const WASM: &str = "bewit_bg.wasm";
/// Bytes that it may have when a server sends it, compressed by brotli as well as that can. 600,000 was aimed at: the
/// compiler of a user's own files, which is in it, is what is above that.
const MOST: usize = 800_000;

/// Builds `dist/npm` and returns its absolute path.
pub(crate) fn package() -> Result<PathBuf> {
    build::add_target()?;
    // In a folder of its own: cargo would give it the same name as the component's core.
    let target = build::target_folder().join("npm");
    run(cargo_anywhere()?
        .args(["rustc", "--package", "bewit", "--lib", "--crate-type", "cdylib"])
        .args(["--profile", "npm", "--target", TARGET])
        .args(["--no-default-features", "--features", "js", "--target-dir"])
        .arg(&target))?;
    let folder = Path::new(build::DIST).join("npm");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Bindgen::new()
        .input_path(target.join(TARGET).join("npm/bewit.wasm"))
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .context("wasm-bindgen refuses the module")?;
    // The module's own interface is in bewit.d.ts.
    fs::remove_file(folder.join("bewit_bg.wasm.d.ts"))?;
    copy(Path::new(SOURCE), &folder)?;
    for notice in ["LICENSE", "NOTICE"] {
        fs::copy(notice, folder.join(notice))?;
    }
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
    ensure!(
        manifest["version"] == env!("CARGO_PKG_VERSION"),
        "{SOURCE}/package.json has another version than Cargo.toml"
    );
    weigh(&folder.join(WASM))?;
    Ok(fs::canonicalize(folder)?)
}

/// Says what the module weighs, and fails where that is too much.
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
    println!(
        "{WASM}: {} bytes, {gzip} by gzip -9, {brotli} by brotli -11",
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
