//! What an annotator is.

use serde::Serialize;

use crate::{Annotator, SCHEMA, catalog};

/// Versions, and how much is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Version of bewit.
    pub version: &'static str,
    /// Version of the catalog in use; one with a user's own files has another than the built-in one.
    pub catalog: String,
    /// Schema of the alerts.
    pub schema: &'static str,
    /// Rules with guidance of their own.
    pub rules: usize,
    /// Version of ATT&CK.
    pub attack: String,
}

impl Annotator {
    /// What this annotator is.
    pub fn describe(&self) -> Description {
        let library = self.library();
        let catalog = &library.tables.index;
        Description {
            version: env!("CARGO_PKG_VERSION"),
            catalog: catalog.version.to_string(),
            schema: SCHEMA,
            rules: catalog::own_entries(library),
            attack: catalog.attack.version.to_string(),
        }
    }
}
