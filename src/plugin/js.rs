//! Browsers and Node, by wasm-bindgen.

use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{Config, Outcome, annotate_batch};

/// Annotates Falco log lines under one configuration.
#[wasm_bindgen]
pub struct Annotator(crate::Annotator);

#[wasm_bindgen]
impl Annotator {
    /// With the keys of `bewit.yaml` as JSON; every key has a default.
    ///
    /// # Errors
    /// Throws what is wrong with the configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(config: Option<String>) -> Result<Self, JsError> {
        let config = match config {
            Some(json) => serde_json::from_str::<Config>(&json)?,
            None => Config::default(),
        };
        Ok(Self(crate::Annotator::new(config)))
    }

    /// The annotated alert as JSON; nothing for a line that is none, or that the configuration drops.
    pub fn annotate(&self, line: &str) -> Option<String> {
        let mut out = Vec::new();
        match self.0.try_annotate(line.as_bytes(), &mut out) {
            Outcome::Alert | Outcome::Failed => String::from_utf8(out).ok(),
            Outcome::Passed | Outcome::Dropped => None,
        }
    }

    /// Annotates lines, separated by line feeds: one record a line comes out.
    #[wasm_bindgen(js_name = annotateBatch)]
    pub fn annotate_batch(&self, lines: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        annotate_batch(&self.0, lines, &mut out);
        out
    }
}
