//! What the user can choose. The same keys in every host; `bewit.yaml` is this, as YAML.

use bewit_catalog::model::{ORGANISATION, Setting};
use serde::{Deserialize, Serialize};

#[cfg(feature = "yaml")]
mod yaml;

#[cfg(feature = "yaml")]
pub use yaml::{Mistake, Place};

/// Settings. Every key has a default, so an empty file is a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What alerts look like.
    pub schema: Schema,
    /// How much of an alert goes out.
    pub detail: Detail,
    /// Alerts less urgent than this are dropped, and counted. All are kept where there is none.
    pub min_priority: Option<MinPriority>,
    /// Keep the raw line of every alert, in `bewit.input.raw`.
    pub keep_raw: bool,
    /// Mask what looks like a credential, before anything is made of an alert. What was masked is named in
    /// `bewit.input.masked`.
    pub mask_secrets: bool,
    /// Bounds on input.
    pub limits: Limits,
    /// Who you are: values that show up in every alert.
    pub organisation: Organisation,
    /// Catalog files of your own, read by the host.
    pub overlays: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            schema: Schema::Native,
            detail: Detail::Full,
            min_priority: None,
            keep_raw: false,
            mask_secrets: false,
            limits: Limits::default(),
            organisation: Organisation::default(),
            overlays: Vec::new(),
        }
    }
}

/// What alerts look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Schema {
    /// Falco's own keys, and all that bewit adds in one object `bewit` beside them.
    Native,
    /// Detection Finding of the Open Cybersecurity Schema Framework.
    Ocsf,
    /// Elastic Common Schema.
    Ecs,
    /// A log record of OpenTelemetry, as OTLP writes it in JSON.
    Otel,
    /// ArcSight's Common Event Format: one line of text. Where a host needs an object, it is `{"cef": ".."}`.
    Cef,
}

impl Schema {
    /// As in a configuration; the tables of the catalog have the same names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
            Self::Otel => "otel",
            Self::Cef => "cef",
        }
    }
}

/// How much of an alert goes out: storage in a SIEM costs money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// What one must see at once: the first ready command of each phase, ids for the rest.
    Brief,
    /// Everything.
    Full,
}

/// Lowest priority that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum MinPriority {
    Emergency,
    Alert,
    Critical,
    Error,
    Warning,
    Notice,
    #[serde(alias = "info")]
    Informational,
    Debug,
}

/// Bounds on input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a line. A longer one passes through; one that is a JSON object gets `bewit.error`.
    pub line_bytes: usize,
    /// Keys of an alert, those of what wraps it and its `output_fields` among them. One with more passes through with
    /// `bewit.error`.
    pub fields: usize,
    /// Bytes of a batch, which the host cuts its input into.
    pub batch_bytes: usize,
    /// Lines of a batch.
    pub batch_lines: usize,
    /// Bytes of catalog files of your own, all together.
    pub overlay_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes: 16 << 20,
            fields: 4096,
            batch_bytes: 1 << 20,
            batch_lines: 256,
            overlay_bytes: 8 << 20,
        }
    }
}

impl Limits {
    /// Whether so many bytes of a user's catalog files are within bounds; else what is wrong.
    ///
    /// # Errors
    /// When they are more than [`Self::overlay_bytes`].
    pub fn check_overlays(&self, bytes: usize) -> Result<(), String> {
        let limit = self.overlay_bytes;
        if bytes <= limit {
            return Ok(());
        }
        Err(format!(
            "the catalog files have {bytes} bytes, the limit `limits.overlay_bytes` is {limit}"
        ))
    }
}

/// Who you are. What is set stands in every alert, and templates of the catalog may use it: `{org.owner}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Organisation {
    /// Name of the cluster or site the alerts come from.
    pub cluster: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where your own runbooks are.
    pub runbook_url: Option<String>,
    /// Where people on call talk.
    pub on_call: Option<String>,
    /// Your own registry of images, with its path: `registry.acme.example/shop`.
    pub registry: Option<String>,
}

impl Organisation {
    /// Keys and values that were given.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self {
            cluster,
            owner,
            runbook_url,
            on_call,
            registry,
        } = self;
        ORGANISATION
            .into_iter()
            .zip([cluster, owner, runbook_url, on_call, registry])
            .filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    /// What was given, and where nothing was, what a catalog file says of the organisation.
    pub fn or(self, settings: &[Setting]) -> Self {
        let said = |key: &str| {
            let setting = settings.iter().find(|setting| setting.key == key);
            setting.map(|setting| setting.value.to_string())
        };
        Self {
            cluster: self.cluster.or_else(|| said("cluster")),
            owner: self.owner.or_else(|| said("owner")),
            runbook_url: self.runbook_url.or_else(|| said("runbook_url")),
            on_call: self.on_call.or_else(|| said("on_call")),
            registry: self.registry.or_else(|| said("registry")),
        }
    }

    /// What templates may use, under the names that the catalog has for it.
    pub(crate) fn values(&self) -> Vec<(String, String)> {
        self.given()
            .map(|(key, value)| (format!("@organisation.{key}"), value.to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_configuration_is_the_default() {
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
    }

    #[test]
    fn unknown_keys_are_refused() {
        let error = serde_json::from_str::<Config>(r#"{"detial":"brief"}"#).unwrap_err();
        assert!(error.to_string().contains("detial"), "{error}");
    }
}
