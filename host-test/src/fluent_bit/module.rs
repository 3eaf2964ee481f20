//! Where a module comes from.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The module that `cargo xtask build` put into this binary; empty if it did not.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bewit-fluent-bit.wasm"));

/// A module, not looked at yet.
pub(super) struct Module {
    /// How messages call it.
    pub(super) name: String,
    pub(super) bytes: Cow<'static, [u8]>,
}

impl Module {
    /// The module of a file, or the one in this binary.
    pub(super) fn load(file: Option<&Path>) -> Result<Self> {
        match file {
            Some(file) => Self::read(file),
            None if EMBEDDED.is_empty() => bail!(
                "this binary was built without the module for Fluent Bit.\nBuild it with `cargo xtask build`, which puts \
                 both into dist/, or name one with `--module FILE`."
            ),
            None => Ok(Self {
                name: "the built-in module".to_owned(),
                bytes: Cow::Borrowed(EMBEDDED),
            }),
        }
    }

    fn read(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let bytes = fs::read(file).with_context(|| format!("cannot read the module {name}"))?;
        Ok(Self {
            name,
            bytes: Cow::Owned(bytes),
        })
    }
}
