//! `bewit.yaml`: reading it.

use std::fs;
use std::path::Path;

use anyhow::Result;
use bewit::Config;

use crate::misuse::Misuse;
use crate::output;
use crate::overlay;

/// Generated from [`Config`] by `cargo xtask schemas`.
const SCHEMA: &str = include_str!("../../schema/config.schema.json");

/// Reads a configuration file.
pub(crate) fn read(file: &Path) -> Result<Config> {
    let text = fs::read_to_string(file)
        .map_err(|error| Misuse(format!("cannot read the configuration {}: {error}", file.display())))?;
    Config::from_yaml(&text).map_err(|mistake| Misuse(format!("{}{mistake}", file.display())).into())
}

/// `bewit config check`
pub(crate) fn check(file: &Path) -> Result<()> {
    let config = read(file)?;
    overlay::load(&overlay::beside(Some(file), &config.overlays))?;
    output::print(&format!("{} is valid\n", file.display()))
}

/// `bewit config schema`
pub(crate) fn schema() -> Result<()> {
    output::print(SCHEMA)
}

/// A value of the configuration by its name in the file, as the command line gives it.
pub(crate) fn value<T: serde::de::DeserializeOwned>(name: String) -> Result<T, String> {
    serde_json::from_value(name.into()).map_err(|error| error.to_string())
}
