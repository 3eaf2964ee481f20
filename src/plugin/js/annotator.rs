//! The module that annotates.

use bewit_catalog::wire;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Wrong, error, no_catalog};
use crate::catalog::{self, LIBRARY};
use crate::{Config, Mistake, Outcome, Split, annotate_batch, report};

#[wasm_bindgen]
extern "C" {
    type TypeError;
    #[wasm_bindgen(constructor)]
    fn new(message: &str) -> TypeError;
}

impl From<Mistake> for Wrong {
    fn from(mistake: Mistake) -> Self {
        let (line, column) = mistake.place.map(|place| (place.line, place.column)).unzip();
        Self {
            message: mistake.message,
            line,
            column,
            suggestion: mistake.meant,
            ..Self::default()
        }
    }
}

/// Annotates Falco log lines under one configuration.
#[wasm_bindgen]
pub struct Annotator(crate::Annotator);

#[wasm_bindgen]
impl Annotator {
    /// `config` is the text of a `bewit.yaml`, as YAML or JSON; every key has a default. `catalog` is what
    /// `compileOverlays` of `bewit/overlays` made of catalog files of your own.
    ///
    /// Throws a `BewitError` that says what is wrong with them, and where.
    #[wasm_bindgen(constructor)]
    pub fn new(config: Option<String>, catalog: Option<Vec<u8>>) -> Result<Self, JsValue> {
        let config = config.map_or_else(|| Ok(Config::default()), |text| configuration(&text));
        let config = config.map_err(|mistake| error("config", [mistake]))?;
        Ok(Self(match catalog {
            None => crate::Annotator::new(config),
            Some(bytes) => {
                let library = catalog::read(&bytes, &config.limits).map_err(|refused| no_catalog(&refused))?;
                crate::Annotator::with_library(config, library)
            }
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

    /// A report on annotated alerts, which are JSON, one a line. Lines that are none are left out, and what looks like a
    /// credential is masked.
    ///
    /// Throws a `TypeError` for a format that there is not.
    pub fn report(
        &self,
        alerts: &str,
        #[wasm_bindgen(unchecked_param_type = "\"markdown\" | \"html\" | \"terminal\" | \"navigator\"")] format: &str,
    ) -> Result<String, JsValue> {
        let format = format
            .parse()
            .map_err(|error: report::UnknownReport| TypeError::new(&error.to_string()))?;
        let mut kept = report::Alerts::new(usize::MAX, true);
        kept.take(alerts.as_bytes());
        Ok(report::report(&kept.kept, format))
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
    let message =
        "overlays: there are no files here; give what `compileOverlays` makes of their texts to the annotator";
    Err(Mistake::at_key(text, "overlays", message.to_owned()))
}

/// The built-in catalog, for the module that compiles overlays.
#[wasm_bindgen(js_name = builtIn, skip_typescript)]
#[allow(unreachable_pub, reason = "wasm-bindgen exports what is public")]
pub fn built_in() -> Vec<u8> {
    // It has no type that the format lacks.
    wire::write(&LIBRARY).unwrap_or_default()
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
