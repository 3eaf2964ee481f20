//! Browsers and Node, by wasm-bindgen. What it throws is in `npm/error.js`.

use bewit_catalog::compile::{self, Input};
use bewit_catalog::library;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{Config, Mistake, Outcome, Split, annotate_batch, catalog, report, schema};

#[wasm_bindgen(raw_module = "./error.js")]
extern "C" {
    /// Makes an exception of mistakes, which are JSON.
    #[wasm_bindgen(js_name = bewitError)]
    fn bewit_error(code: &str, mistakes: &str) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    type TypeError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str) -> TypeError;
}

/// A mistake, as `npm/error.d.ts` has it.
#[derive(Serialize)]
struct Wrong {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

impl From<Mistake> for Wrong {
    fn from(mistake: Mistake) -> Self {
        let (line, column) = mistake.place.map(|place| (place.line, place.column)).unzip();
        Self {
            message: mistake.message,
            line,
            column,
            file: None,
            suggestion: mistake.meant,
        }
    }
}

impl From<compile::Mistake> for Wrong {
    fn from(mistake: compile::Mistake) -> Self {
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

fn error(code: &str, mistakes: impl IntoIterator<Item = impl Into<Wrong>>) -> JsValue {
    let mistakes: Vec<Wrong> = mistakes.into_iter().map(Into::into).collect();
    // Texts and numbers: always JSON.
    bewit_error(code, &serde_json::to_string(&mistakes).unwrap_or_default())
}

/// Annotates Falco log lines under one configuration.
#[wasm_bindgen]
pub struct Annotator(crate::Annotator);

#[wasm_bindgen]
impl Annotator {
    /// `config` is the text of a `bewit.yaml`, as YAML or JSON; every key has a default. `overlays` are the texts of
    /// catalog files of your own, as YAML; a later one wins over an earlier one.
    ///
    /// Throws a `BewitError` that says what is wrong with them, and where.
    #[wasm_bindgen(constructor)]
    pub fn new(config: Option<String>, overlays: Option<Vec<String>>) -> Result<Self, JsValue> {
        let config = config.map_or_else(|| Ok(Config::default()), |text| configuration(&text));
        let config = config.map_err(|mistake| error("config", [mistake]))?;
        let overlays = overlays.unwrap_or_default().into_iter().enumerate();
        let overlays: Vec<Input> = overlays
            .map(|(index, text)| Input {
                path: format!("overlays[{index}]"),
                text,
            })
            .collect();
        Ok(Self(if overlays.is_empty() {
            crate::Annotator::new(config)
        } else {
            let catalog = catalog::with_overlays(&overlays).map_err(|mistakes| error("overlay", mistakes))?;
            // It has no type that the format lacks.
            let library = library::pack(catalog, library::stored).unwrap_or_default();
            crate::Annotator::with_library(config, library)
        }))
    }

    /// The annotated alert as JSON, to the digit; `undefined` for a line that is no alert, or one that the configuration
    /// drops.
    pub fn annotate(&self, line: &str) -> Option<String> {
        let mut out = Vec::new();
        match self.0.try_annotate(line.as_bytes(), &mut out) {
            Outcome::Alert => {}
            // What is no JSON object has no place to say what failed.
            Outcome::Failed if out != line.as_bytes() => {}
            Outcome::Failed | Outcome::Passed | Outcome::Dropped => return None,
        }
        String::from_utf8(out).ok()
    }

    /// Annotates lines, separated by line feeds, and gives a record a line. A line that is no alert comes out as it
    /// came; pieces of a split line are joined if all of them are there.
    #[wasm_bindgen(js_name = annotateBatch)]
    pub fn annotate_batch(&self, lines: &[u8]) -> Vec<u8> {
        // An alert with all its guidance is some times the line's size.
        let mut out = Vec::with_capacity(lines.len() * 2);
        annotate_batch(&self.0, lines, &mut out);
        out
    }

    /// A report on annotated alerts, which are JSON, one a line. Lines that are none are left out.
    ///
    /// Throws a `TypeError` for a format that there is not.
    pub fn report(
        &self,
        alerts: &str,
        #[wasm_bindgen(unchecked_param_type = "\"markdown\" | \"html\"")] format: &str,
    ) -> Result<String, JsValue> {
        let write = match format {
            "markdown" => report::markdown,
            _ => {
                let message = format!("there is no report in the format {format:?}, only in \"markdown\"");
                return Err(TypeError::new(&message).into());
            }
        };
        let alerts = alerts.lines().filter_map(|line| serde_json::from_str(line).ok());
        Ok(write(&alerts.collect::<Vec<schema::Alert>>()))
    }

    /// Versions of bewit, its catalog, the alerts' schema and ATT&CK, and the number of rules with guidance of their
    /// own, as JSON.
    pub fn describe(&self) -> String {
        // Texts and a number: always JSON.
        serde_json::to_string(&self.0.describe()).unwrap_or_default()
    }
}

fn configuration(text: &str) -> Result<Config, Mistake> {
    let config = Config::from_yaml(text)?;
    if config.overlays.is_empty() {
        return Ok(config);
    }
    let message = "overlays: there are no files here; give their texts to the annotator beside the configuration";
    Err(Mistake::at_key(text, "overlays", message.to_owned()))
}

/// How many of these bytes are whole lines that no later line continues: what a stream can hand to `annotateBatch`.
#[wasm_bindgen(js_name = settledLength, skip_typescript)]
#[allow(unreachable_pub, reason = "wasm-bindgen exports what is public")]
pub fn settled_length(lines: &[u8]) -> usize {
    let mut split = Split::default();
    let mut end = 0;
    lines
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(|line| {
            let whole = line.strip_suffix(b"\n")?;
            end += line.len();
            (!split.goes_on(whole)).then_some(end)
        })
        .last()
        .unwrap_or(0)
}
