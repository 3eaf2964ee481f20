//! Puts the component and the module for Fluent Bit into the binary.
//!
//! `cargo xtask build` and `cargo xtask test` build them first and name them in `BEWIT_COMPONENT` and
//! `BEWIT_FLUENT_BIT_MODULE`. A plain `cargo build` has none: the binary then says how to come by them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    embed("BEWIT_COMPONENT", "bewit.wasm")?;
    embed("BEWIT_FLUENT_BIT_MODULE", "bewit-fluent-bit.wasm")
}

/// Copies the file that a variable names to where the source includes it.
fn embed(variable: &str, name: &str) -> Result<()> {
    println!("cargo::rerun-if-env-changed={variable}");
    let embedded = PathBuf::from(env::var("OUT_DIR")?).join(name);
    let Some(file) = env::var_os(variable).filter(|path| !path.is_empty()) else {
        // Empty stands for none: the source then needs no condition.
        fs::write(&embedded, "")?;
        return Ok(());
    };
    let file = Path::new(&file);
    println!("cargo::rerun-if-changed={}", file.display());
    let bytes = fs::read(file).with_context(|| format!("{variable}: cannot read {}", file.display()))?;
    fs::write(&embedded, bytes)?;
    Ok(())
}
