//! Puts the component into the binary.
//!
//! `cargo xtask build` and `cargo xtask test` build the component first and name it in `BEWIT_COMPONENT`. A plain
//! `cargo build` has none: the binary then says how to come by one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BEWIT_COMPONENT");
    let embedded = PathBuf::from(env::var("OUT_DIR")?).join("bewit.wasm");
    let Some(component) = env::var_os("BEWIT_COMPONENT").filter(|path| !path.is_empty()) else {
        // Empty stands for none: the source then needs no condition.
        fs::write(&embedded, "")?;
        return Ok(());
    };
    let component = Path::new(&component);
    println!("cargo::rerun-if-changed={}", component.display());
    let bytes = fs::read(component).with_context(|| format!("BEWIT_COMPONENT: cannot read {}", component.display()))?;
    fs::write(&embedded, bytes)?;
    Ok(())
}
