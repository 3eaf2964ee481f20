//! Catalog files of a user's own, laid over the built-in catalog.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bewit::catalog::{BUILT_IN, with_overlays};
use bewit_catalog::compile::{Input, Mistake};
use bewit_catalog::model::Catalog;
use bewit_catalog::wire;

use crate::misuse::Misuse;
use crate::output;

/// The catalog with these files laid over it, as the component takes it; none where there are no files.
pub(crate) fn load(overlays: &[PathBuf]) -> Result<Option<Arc<[u8]>>> {
    if overlays.is_empty() {
        return Ok(None);
    }
    let catalog = compile(overlays)?;
    let bytes = wire::encode(catalog).context("the catalog cannot be handed to the component")?;
    Ok(Some(bytes.into()))
}

/// Paths in a configuration are meant from where it stands.
pub(crate) fn beside(config: Option<&Path>, overlays: &[String]) -> Vec<PathBuf> {
    let folder = config.and_then(Path::parent).unwrap_or(Path::new(""));
    overlays.iter().map(|file| folder.join(file)).collect()
}

/// `bewit catalog check`
pub(crate) fn check(overlays: &[PathBuf]) -> Result<()> {
    let catalog = compile(overlays)?;
    let names: Vec<String> = overlays.iter().map(|file| file.display().to_string()).collect();
    output::print(&format!(
        "{}: no mistakes (catalog {})\n",
        names.join(", "),
        catalog.version
    ))
}

/// The built-in catalog with these files laid over it, with all its guidance.
pub(crate) fn catalog(overlays: &[PathBuf]) -> Result<Cow<'static, Catalog>> {
    if overlays.is_empty() {
        return Ok(Cow::Borrowed(&BUILT_IN));
    }
    compile(overlays).map(Cow::Owned)
}

fn compile(overlays: &[PathBuf]) -> Result<Catalog> {
    let read = |file: &PathBuf| {
        let path = file.display().to_string();
        match fs::read_to_string(file) {
            Ok(text) => Ok(Input { path, text }),
            Err(error) => Err(Misuse(format!("cannot read the catalog file {path}: {error}"))),
        }
    };
    let overlays = overlays.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    with_overlays(&overlays).map_err(|mistakes| Misuse(list(&mistakes)).into())
}

fn list(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
