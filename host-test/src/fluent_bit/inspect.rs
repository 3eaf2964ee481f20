//! `bewit inspect`: what a module is, what is inside, and whether Fluent Bit can use it.

use std::path::Path;

use anyhow::Result;
use bewit::Config;
use serde::Deserialize;

use super::examine::Examined;
use super::instance::{Instance, engine};
use super::module::Module;
use crate::output;

/// Bytes of a page of memory.
const PAGE: u64 = 64 << 10;

/// What `bewit_describe` says.
#[derive(Deserialize)]
struct Description {
    version: String,
    catalog: String,
    schema: String,
    attack: String,
}

/// `bewit inspect`. Returns whether Fluent Bit can use it.
pub(crate) fn run(file: Option<&Path>) -> Result<bool> {
    let module = Module::load(file)?;
    let examined = Examined::of(&module.bytes);
    let mut text = outside(&module, &examined);
    if examined.refusals.is_empty() && examined.imports.is_empty() {
        match inside(&module) {
            Ok(inside) => text.push_str(&inside),
            Err(error) => text.push_str(&format!("inside        unknown: {error:#}\n")),
        }
    }
    output::print(&text)?;
    Ok(examined.refusals.is_empty())
}

fn outside(module: &Module, examined: &Examined) -> String {
    let list = |items: &[String]| match items {
        [] => "none".to_owned(),
        items => items.join(", "),
    };
    let features = match examined.features.as_slice() {
        [] => "those of WebAssembly 1.0".to_owned(),
        features => features.join(", "),
    };
    let memory = match examined.memory {
        Some((first, most)) => format!(
            "{first} pages ({} KiB) at first, {}",
            first.saturating_mul(PAGE) >> 10,
            most.map_or_else(|| "no maximum".to_owned(), |most| format!("{most} at most"))
        ),
        None => "none".to_owned(),
    };
    let mut text = format!(
        "module        {}\nsize          {} bytes\n",
        module.name,
        module.bytes.len()
    );
    // Of what is no module there is nothing to say.
    if examined.memory.is_some() || !examined.exports.is_empty() {
        text.push_str(&format!(
            "imports       {}\nexports       {}\nfeatures      {features}\nmemory        {memory}\nentry points  {}\n",
            list(&examined.imports),
            list(&examined.exports),
            list(&examined.entry_points),
        ));
    }
    match examined.refusals.as_slice() {
        [] => text.push_str("Fluent Bit    loads it\n"),
        refusals => {
            for refusal in refusals {
                text.push_str(&format!("Fluent Bit    cannot use it: {refusal}\n"));
            }
        }
    }
    for warning in &examined.warnings {
        text.push_str(&format!("warning       {warning}\n"));
    }
    text
}

/// What the module says of itself, if it is one of bewit's.
fn inside(module: &Module) -> Result<String> {
    let mut instance = Instance::start(&engine()?, module)?;
    let mut text = String::new();
    if let Some(description) = instance.ask("bewit_describe")? {
        let Description {
            version,
            catalog,
            schema,
            attack,
        } = serde_json::from_str(&description)?;
        text.push_str(&format!(
            "version       {version}\ncatalog       {catalog}\nschema        {schema}\nATT&CK        {attack}\n"
        ));
    }
    if let Some(config) = instance.ask("bewit_config")? {
        let config: Config = serde_json::from_str(&config)?;
        let default = if config == Config::default() {
            " (all defaults)"
        } else {
            ""
        };
        text.push_str(&format!("configuration{default}\n"));
        for line in serde_yaml_ng::to_string(&config)?.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    Ok(text)
}
