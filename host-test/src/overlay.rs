//! Catalog files of a user's own, laid over the built-in catalog.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bewit::Limits;
use bewit::catalog::{BUILT_IN, with_overlays};
use bewit_catalog::compile::{Input, Mistake};
use bewit_catalog::model::Catalog;
use bewit_catalog::wire;

use crate::misuse::Misuse;
use crate::output;

/// The catalog with these files laid over it, as the component takes it; none where there are no files.
pub(crate) fn load(overlays: &[PathBuf], limits: &Limits) -> Result<Option<Arc<[u8]>>> {
    if overlays.is_empty() {
        return Ok(None);
    }
    let catalog = compile(overlays, limits)?;
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
    let catalog = compile(overlays, &Limits::default())?;
    let names: Vec<String> = overlays.iter().map(|file| file.display().to_string()).collect();
    output::print(&format!(
        "{}: no mistakes (catalog {})\n",
        names.join(", "),
        catalog.version
    ))
}

/// The built-in catalog with these files laid over it, with all its guidance.
pub(crate) fn catalog(overlays: &[PathBuf], limits: &Limits) -> Result<Cow<'static, Catalog>> {
    if overlays.is_empty() {
        return Ok(Cow::Borrowed(&BUILT_IN));
    }
    compile(overlays, limits).map(Cow::Owned)
}

fn compile(overlays: &[PathBuf], limits: &Limits) -> Result<Catalog> {
    let mut bytes = 0;
    let mut read = |file: &PathBuf| {
        let path = file.display().to_string();
        let mistake = |error: &dyn Display| Misuse(format!("cannot read the catalog file {path}: {error}"));
        // One byte more than may be, or what has no end would be read to its end.
        let most = limits.overlay_bytes.saturating_add(1) as u64;
        let mut text = Vec::new();
        let read = File::open(file).and_then(|file| file.take(most).read_to_end(&mut text));
        bytes += read.map_err(|error| mistake(&error))?;
        limits.check_overlays(bytes).map_err(|error| mistake(&error))?;
        let text = String::from_utf8(text).map_err(|_| mistake(&"it is no UTF-8"))?;
        Ok(Input { path, text })
    };
    let overlays = overlays.iter().map(&mut read).collect::<Result<Vec<_>, Misuse>>()?;
    with_overlays(&overlays).map_err(|mistakes| Misuse(list(&mistakes)).into())
}

fn list(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
