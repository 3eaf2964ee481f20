//! The module that compiles catalog files of a user's own.

use bewit_catalog::compile::{Input, Mistake};
use bewit_catalog::library;
use bewit_catalog::wire::{self, Unreadable};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Wrong, error, no_catalog};
use crate::catalog;

impl From<Mistake> for Wrong {
    fn from(mistake: Mistake) -> Self {
        let (line, column) = mistake.at.unzip();
        Self {
            suggestion: mistake.meant().map(str::to_owned),
            message: mistake.message,
            line,
            column,
            file: Some(mistake.file),
        }
    }
}

/// Lays texts of catalog files over a catalog, which is the other module's: it is there already.
#[wasm_bindgen(skip_typescript)]
#[allow(unreachable_pub, reason = "wasm-bindgen exports what is public")]
pub fn compile(built_in: &[u8], overlays: Vec<String>) -> Result<Vec<u8>, JsValue> {
    let base = wire::decode(built_in).and_then(|library| library.unpack().ok_or(Unreadable::Damaged));
    let base = base.map_err(|unreadable| no_catalog(&unreadable))?;
    let overlays: Vec<Input> = overlays
        .into_iter()
        .enumerate()
        .map(|(index, text)| Input {
            path: format!("overlays[{index}]"),
            text,
        })
        .collect();
    let catalog = catalog::lay_over(&base, &overlays).map_err(|mistakes| error("overlay", mistakes))?;
    // It has no type that the format lacks.
    let library = library::pack(catalog, library::stored).unwrap_or_default();
    Ok(wire::write(&library).unwrap_or_default())
}
