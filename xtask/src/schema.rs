//! The JSON Schemas in `schema/` and `catalog/` and the TypeScript types in `npm/`, generated from the types.

use std::fs;

use anyhow::{Context as _, Result};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::typescript;

/// Files and their text.
pub(crate) fn all() -> Result<Vec<(&'static str, String)>> {
    let alert = of::<bewit::schema::Alert>("bewit alert, native schema");
    let types = typescript::declarations("Alert", alert.as_value())?;
    Ok(vec![
        ("schema/alert.schema.json", text(&alert)?),
        ("schema/config.schema.json", text(&of::<bewit::Config>("bewit.yaml"))?),
        (
            "catalog/schema.json",
            text(&of::<bewit_catalog::source::AnyFile>("A file of bewit's catalog"))?,
        ),
        ("npm/alert.d.ts", types),
    ])
}

fn of<T: JsonSchema>(title: &str) -> Schema {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema
}

fn text(schema: &Schema) -> Result<String> {
    Ok(serde_json::to_string_pretty(schema)? + "\n")
}

/// Writes them.
pub(crate) fn write() -> Result<()> {
    fs::create_dir_all("schema")?;
    for (path, text) in all()? {
        fs::write(path, text).with_context(|| format!("cannot write {path}"))?;
        println!("{path}");
    }
    Ok(())
}
