//! Compiles `catalog/` into the static tables of the plugin.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use bewit_catalog::{compile, library, wire};

/// As small as DEFLATE can be, which takes its time: the module for Fluent Bit must fit into a ConfigMap.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    // Writing to a Vec does not fail, and damaged bytes fail every test.
    let _ = zopfli::compress(zopfli::Options::default(), zopfli::Format::Deflate, bytes, &mut packed);
    packed
}

fn main() -> Result<()> {
    let folder = Path::new("catalog");
    println!("cargo::rerun-if-changed=catalog");
    println!("cargo::rerun-if-changed=build.rs");
    let files = compile::read_dir(folder).context("cannot read catalog/")?;
    let version = env::var("CARGO_PKG_VERSION")?;
    let catalog = match compile::compile(&files, &version) {
        Ok(catalog) => catalog,
        Err(mistakes) => {
            for mistake in &mistakes {
                println!("cargo::error=catalog/{mistake}");
            }
            bail!("catalog/ has {} mistakes", mistakes.len());
        }
    };
    // A package is compressed as a whole when it is sent, and better so.
    let js = ["CARGO_FEATURE_JS", "CARGO_FEATURE_JS_OVERLAYS"]
        .iter()
        .any(|feature| env::var_os(feature).is_some());
    // Miri would unpack for hours.
    let stored = js || env::var_os("CARGO_CFG_MIRI").is_some();
    let deflate = if stored { library::stored } else { deflate };
    let library = library::pack(catalog.clone(), deflate).context("the catalog cannot be packed")?;
    // What is handed over with nothing laid over it: the rest of a catalog is a user's.
    let handed = if js {
        wire::write(&library)
    } else {
        wire::encode(catalog)
    };
    let handed = handed.context("the catalog cannot be packed")?;
    println!("cargo::rustc-env=BEWIT_CATALOG_BYTES={}", handed.len());
    let tables = library.tables.pack(deflate).context("the catalog cannot be packed")?;
    let out = env::var("OUT_DIR")?;
    for (name, bytes) in [("tables.bin", &*tables), ("guidance.bin", &*library.packed)] {
        let path = Path::new(&out).join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
