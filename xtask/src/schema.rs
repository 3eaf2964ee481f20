//! The JSON Schemas in `schema/` and `catalog/`, generated from the types, and the page of other schemas.

use std::fs;

use anyhow::{Context as _, Result};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::mapping;

/// Files and their text.
pub(crate) fn all() -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        (
            "schema/alert.schema.json",
            of::<bewit::schema::Alert>("bewit alert, native schema")?,
        ),
        ("schema/config.schema.json", of::<bewit::Config>("bewit.yaml")?),
        (
            "catalog/schema.json",
            of::<bewit_catalog::source::AnyFile>("A file of bewit's catalog")?,
        ),
        (mapping::PAGE, mapping::page()?),
    ])
}

fn of<T: JsonSchema>(title: &str) -> Result<String> {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
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
