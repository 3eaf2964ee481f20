//! Browsers and Node, by wasm-bindgen: two modules of one package, of which the second is loaded by those who have
//! catalog files of their own. What they throw is in `npm/error.js`.

#[cfg(feature = "js")]
mod annotator;
#[cfg(feature = "js-overlays")]
mod overlays;

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(raw_module = "./error.js")]
extern "C" {
    /// Makes an exception of mistakes, which are JSON.
    #[wasm_bindgen(js_name = bewitError)]
    fn bewit_error(code: &str, mistakes: &str) -> JsValue;
}

/// A mistake, as `npm/error.d.ts` has it.
#[derive(Default, Serialize)]
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

/// An exception for bytes that are no catalog of this version.
fn no_catalog(why: &impl ToString) -> JsValue {
    let message = why.to_string();
    error(
        "catalog",
        [Wrong {
            message,
            ..Wrong::default()
        }],
    )
}

fn error(code: &str, mistakes: impl IntoIterator<Item = impl Into<Wrong>>) -> JsValue {
    let mistakes: Vec<Wrong> = mistakes.into_iter().map(Into::into).collect();
    // Texts and numbers: always JSON.
    bewit_error(code, &serde_json::to_string(&mistakes).unwrap_or_default())
}
