//! The YAML files, as they are written. `README.md` in this folder says what the keys mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Cause, Disposition, Effect, ParamType, Phase, Place, Reference, Take, TuningKind};

/// Conditions: a list of names, or of `name: pattern(s)`.
pub type Conditions = Vec<Condition>;

/// One condition.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "a condition is a name (`container.id`, `\"!container.id\"`) or `name: pattern`"
)]
pub enum Condition {
    /// `container.id`, or `"!container.id"`.
    Presence(String),
    /// `proc.pname: calico-node`, or `"!proc.pname": [sshd, sudo]`.
    Match(BTreeMap<String, OneOrMany>),
}

/// A pattern or several.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a pattern is a text, or a list of texts")]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Any file of the catalog that people write: its folder says which, and so does its first key.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, clippy::large_enum_variant)]
pub enum AnyFile {
    /// In `rules/`, `behaviours/` and `sources/`.
    Entry(Entry),
    /// In `mitigations/`.
    Mitigation(Mitigation),
    /// In `innocent/`.
    Innocent(Innocent),
    /// A user's own.
    Overlay(Overlay),
}

/// A file of a user's own: what it names replaces what the catalog has under the same name, or is added.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Overlay {
    /// Names of rules, where their text alerts or their tags matter; a rule with guidance below needs none.
    pub names: Vec<Name>,
    /// Guidance for rules, whole.
    pub rules: Vec<Entry>,
    /// Additions to guidance that the catalog has.
    pub extend: Vec<Extension>,
    /// Guidance for classes of rules.
    pub behaviours: Vec<Entry>,
    /// Building blocks.
    pub mitigations: Vec<Mitigation>,
    /// Innocent causes.
    pub innocent: Vec<Innocent>,
    /// Values of the organisation that templates may use, as `{org.owner}`: `cluster`, `owner`, `runbook_url`, `on_call`,
    /// `registry`. The configuration goes before them.
    pub organisation: BTreeMap<String, String>,
}

/// Additions to the guidance of a rule or a behaviour. Lists are put before those of the catalog (questions behind
/// them), single values take their place.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The rule's exact current name.
    #[serde(default)]
    pub rule: Option<String>,
    /// Id of a behaviour.
    #[serde(default)]
    pub behaviour: Option<String>,
    /// Added to the score, -40 to 40.
    #[serde(default)]
    pub severity: Option<i8>,
    /// Why; required with `severity`.
    #[serde(default)]
    pub severity_why: Option<String>,
    /// Innocent causes.
    #[serde(default)]
    pub innocent: Vec<String>,
    /// Questions.
    #[serde(default)]
    pub decide: Vec<Decide>,
    /// What to do.
    #[serde(default)]
    pub mitigations: Vec<MitigationUse>,
    /// How to quiet it in Falco.
    #[serde(default)]
    pub tuning: Option<Tuning>,
    /// For alerts that your organisation expects: `expected`.
    #[serde(default)]
    pub disposition: Option<Disposition>,
    /// Where to read on: your own runbook.
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// Guidance for a rule, a behaviour or a source.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The rule's exact current name.
    #[serde(default)]
    pub rule: Option<String>,
    /// Id of a behaviour.
    #[serde(default)]
    pub behaviour: Option<String>,
    /// An event source, or `generic`.
    #[serde(default)]
    pub source_guidance: Option<String>,
    /// What a behaviour or source is about, a noun phrase.
    #[serde(default)]
    pub title: Option<String>,
    /// ATT&CK techniques.
    #[serde(default)]
    pub attack: Vec<String>,
    /// Added to the score, -40 to 40.
    #[serde(default)]
    pub severity: i8,
    /// Why; required with `severity`.
    #[serde(default)]
    pub severity_why: Option<String>,
    /// One sentence.
    pub summary: String,
    /// Why it matters.
    pub why: String,
    /// Innocent causes, most frequent first.
    #[serde(default)]
    pub innocent: Vec<String>,
    /// Questions; each becomes a mitigation of phase `inspect`.
    #[serde(default)]
    pub decide: Vec<Decide>,
    /// What to do.
    #[serde(default)]
    pub mitigations: Vec<MitigationUse>,
    /// How to quiet it in Falco.
    #[serde(default)]
    pub tuning: Option<Tuning>,
    /// Only for alerts that are never an attack by themselves.
    #[serde(default)]
    pub disposition: Option<Disposition>,
    /// Where to read on.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// Techniques that lead to a behaviour.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// How a behaviour is recognised.
    #[serde(default, rename = "match")]
    pub clauses: Vec<Clause>,
}

/// A question and how to answer it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The question.
    pub ask: String,
    /// How to read the answer.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Read-only commands.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// Left out unless these hold.
    #[serde(default)]
    pub when: Conditions,
}

/// A shared block, or one of the entry's own.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(untagged))]
#[allow(clippy::large_enum_variant)]
pub enum MitigationUse {
    /// A shared block.
    Shared(Shared),
    /// Its own.
    Own(Mitigation),
}

/// Which of the two is told by its keys, so that a mistake inside is named as what it is.
impl<'de> Deserialize<'de> for MitigationUse {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_yaml_ng::Value::deserialize(deserializer)?;
        let used = value.get("use").is_some();
        let read = if used {
            serde_yaml_ng::from_value(value).map(Self::Shared)
        } else {
            serde_yaml_ng::from_value(value).map(Self::Own)
        };
        read.map_err(serde::de::Error::custom)
    }
}

/// The id of a shared block.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// Its id.
    #[serde(rename = "use")]
    pub id: String,
}

/// Something to do.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = id_or_mitigation))]
#[serde(deny_unknown_fields)]
pub struct Mitigation {
    /// Its id: `mitigation` in a file of its own, `id` inside an entry.
    #[serde(alias = "mitigation")]
    pub id: String,
    /// When.
    pub phase: Phase,
    /// Imperative, no full stop.
    pub title: String,
    /// Why, with limits and side effects.
    #[serde(default)]
    pub why: Option<String>,
    /// Left out unless these hold.
    #[serde(default)]
    pub when: Conditions,
    /// In words.
    #[serde(default)]
    pub steps: Vec<String>,
    /// To type.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// To apply.
    #[serde(default)]
    pub manifests: Vec<Manifest>,
    /// `M1038`, ...
    #[serde(default)]
    pub attack_mitigations: Vec<String>,
    /// Falco Talon's action that does the same.
    #[serde(default)]
    pub talon: Option<String>,
    /// Controls of benchmarks.
    #[serde(default)]
    pub benchmarks: Vec<String>,
    /// Where to read on.
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// serde's alias for `id` is none of schemars' business.
#[cfg(feature = "schema")]
fn id_or_mitigation(schema: &mut schemars::Schema) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(properties) = members.get_mut("properties").and_then(|p| p.as_object_mut())
        && let Some(id) = properties.get("id").cloned()
    {
        properties.insert("mitigation".to_owned(), id);
    }
    if let Some(required) = members.get_mut("required").and_then(|r| r.as_array_mut()) {
        required.retain(|key| key != "id");
    }
    let either = ["id", "mitigation"].map(|key| serde_json::json!({"required": [key]}));
    members.insert("oneOf".to_owned(), either.to_vec().into());
}

/// A command to paste.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// What it does.
    pub title: String,
    /// Where it is typed.
    #[serde(rename = "where")]
    pub place: Place,
    /// One word an item.
    pub argv: Vec<String>,
    /// What it changes.
    pub effect: Effect,
    /// The command that takes it back.
    #[serde(default)]
    pub undo: Option<Vec<String>>,
    /// Instead of `undo`, in words.
    #[serde(default)]
    pub undo_note: Option<String>,
    /// Left out unless these hold.
    #[serde(default)]
    pub when: Conditions,
}

/// A file to apply.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What it is.
    pub title: String,
    /// Kubernetes kind, or a file type.
    pub kind: String,
    /// How to apply it.
    #[serde(default)]
    pub apply: Option<String>,
    /// Its text.
    pub body: String,
}

/// How to quiet a rule in Falco.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Upstream's macro or list.
    #[serde(default)]
    pub hook: Option<String>,
    /// What it is.
    pub kind: TuningKind,
    /// For a macro: the condition of the innocent case.
    #[serde(default)]
    pub condition: Option<String>,
    /// For a macro: how the condition joins what stands there. A macro that lists what is known to be innocent
    /// wants `or`; one that says what alerts wants `and`, with a condition that begins with `not`.
    #[serde(default)]
    pub append: Append,
    /// For a list: the items to add.
    #[serde(default)]
    pub items: Vec<String>,
    /// For an exception: the fields that must equal the event's.
    #[serde(default)]
    pub fields: Vec<String>,
    /// How narrow to stay.
    #[serde(default)]
    pub note: Option<String>,
    /// Instead of what the snippet is made of, where it was made before.
    #[serde(skip)]
    pub snippet: Option<String>,
}

/// How a condition joins another one.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Append {
    /// Either holds.
    #[default]
    Or,
    /// Both hold.
    And,
}

/// Evidence for a behaviour.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// 50 "may be", 80 "is".
    pub score: u8,
    /// Words of the rule's name.
    #[serde(default)]
    pub words: Vec<String>,
    /// Tags of the event.
    #[serde(default)]
    pub tags: Vec<String>,
    /// More conditions.
    #[serde(default)]
    pub when: Conditions,
}

/// An innocent cause.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Innocent {
    /// Its id.
    pub innocent: String,
    /// Rules it concerns; empty: any.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Must hold.
    #[serde(default)]
    pub all: Conditions,
    /// What makes it believable.
    #[serde(default)]
    pub convincing: Vec<Weighted>,
    /// What the alert then is.
    pub disposition: Disposition,
    /// The cause.
    pub reason: String,
    /// What else would settle it.
    #[serde(default)]
    pub confirm: Option<String>,
    /// The release in which upstream excludes it.
    #[serde(default)]
    pub fixed_in: Option<String>,
    /// Where people report it.
    pub source: String,
}

/// Conditions and what they weigh.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// 1 to 100.
    pub weight: u8,
    /// All must hold.
    pub when: Conditions,
}

/// A line of `names.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Current or last name.
    pub name: String,
    /// `stable`, `k8s_audit`, ...
    pub ruleset: String,
    /// Event source.
    pub source: String,
    /// Falco's priority in the newest release.
    #[serde(default)]
    pub priority: Option<String>,
    /// Tags in the newest release.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it detects.
    #[serde(default)]
    pub behaviour: Option<String>,
    /// Names it had.
    #[serde(default)]
    pub former: Vec<String>,
    /// Literal beginnings of its messages.
    #[serde(default)]
    pub messages: Vec<String>,
}

/// A line of `params.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it must look like.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// Where it comes from.
    pub from: Vec<From>,
    /// Its place in `entities`.
    #[serde(default)]
    pub entity: Option<String>,
    /// How it counts in the fingerprint.
    #[serde(default)]
    pub cause: Option<Cause>,
}

/// [`ParamType`] in YAML spelling.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParamKind {
    /// See [`ParamType::Text`].
    Text,
    /// See [`ParamType::Path`].
    Path,
    /// See [`ParamType::ContainerId`].
    ContainerId,
    /// See [`ParamType::DnsLabel`].
    DnsLabel,
    /// See [`ParamType::DnsSubdomain`].
    DnsSubdomain,
    /// See [`ParamType::Integer`].
    Integer,
    /// See [`ParamType::Port`].
    Port,
    /// See [`ParamType::Ip`].
    Ip,
    /// See [`ParamType::UserName`].
    UserName,
    /// See [`ParamType::K8sUser`].
    K8sUser,
    /// See [`ParamType::Image`].
    Image,
    /// See [`ParamType::Word`].
    Word,
}

impl std::convert::From<ParamKind> for ParamType {
    fn from(kind: ParamKind) -> Self {
        match kind {
            ParamKind::Text => Self::Text,
            ParamKind::Path => Self::Path,
            ParamKind::ContainerId => Self::ContainerId,
            ParamKind::DnsLabel => Self::DnsLabel,
            ParamKind::DnsSubdomain => Self::DnsSubdomain,
            ParamKind::Integer => Self::Integer,
            ParamKind::Port => Self::Port,
            ParamKind::Ip => Self::Ip,
            ParamKind::UserName => Self::UserName,
            ParamKind::K8sUser => Self::K8sUser,
            ParamKind::Image => Self::Image,
            ParamKind::Word => Self::Word,
        }
    }
}

/// A place a parameter may come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum From {
    /// A Falco field, or `@hostname`.
    Field(String),
    /// With conditions, or a part of it.
    Part(Part),
}

/// A place with conditions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// A Falco field.
    pub field: String,
    /// All must hold.
    #[serde(default)]
    pub when: Conditions,
    /// Which part.
    #[serde(default)]
    pub take: TakePart,
}

/// [`Take`] in YAML spelling.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakePart {
    /// See [`Take::Whole`].
    #[default]
    Whole,
    /// See [`Take::Path`].
    Path,
    /// See [`Take::ClientIp`].
    ClientIp,
    /// See [`Take::ClientPort`].
    ClientPort,
    /// See [`Take::ServerIp`].
    ServerIp,
    /// See [`Take::ServerPort`].
    ServerPort,
    /// See [`Take::ImageRepository`].
    ImageRepository,
    /// See [`Take::ImageTag`].
    ImageTag,
}

impl std::convert::From<TakePart> for Take {
    fn from(part: TakePart) -> Self {
        match part {
            TakePart::Whole => Self::Whole,
            TakePart::Path => Self::Path,
            TakePart::ClientIp => Self::ClientIp,
            TakePart::ClientPort => Self::ClientPort,
            TakePart::ServerIp => Self::ServerIp,
            TakePart::ServerPort => Self::ServerPort,
            TakePart::ImageRepository => Self::ImageRepository,
            TakePart::ImageTag => Self::ImageTag,
        }
    }
}

/// `severity.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// Score of each priority.
    pub base: BTreeMap<String, u8>,
    /// Lowest score of each level.
    pub levels: BTreeMap<String, u8>,
    /// What moves the score.
    pub modifiers: Vec<Modifier>,
    /// What a disposition adds.
    pub dispositions: BTreeMap<Disposition, i8>,
}

/// What moves the score.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modifier {
    /// By how much.
    pub add: i8,
    /// When all hold.
    pub when: Conditions,
    /// A noun phrase.
    pub why: String,
}

/// `secrets.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Texts that are a credential by their form.
    pub tokens: Vec<Token>,
    /// Names whose value is one.
    pub keys: Vec<String>,
    /// What such a value is called.
    pub key: String,
    /// Words that may stand between such a name and the value.
    pub schemes: Vec<String>,
    /// Falco fields that are one as a whole, and what they are.
    pub fields: BTreeMap<String, String>,
}

/// See [`crate::model::Token`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// A noun phrase.
    pub id: String,
    /// Its first bytes.
    pub begins: String,
    /// A class of bytes: `A-Za-z0-9_-`.
    #[serde(default)]
    pub of: String,
    /// How many of them at least.
    #[serde(default)]
    pub least: u8,
    /// What stands between beginning and end.
    pub with: Option<String>,
    /// The beginning of its last line.
    pub ends: Option<String>,
}

/// `attack.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// `18.1`.
    pub version: String,
    /// `19`.
    pub next_version: String,
    /// In the order of the matrix.
    pub tactics: Vec<Tactic>,
    /// Sorted by id.
    pub techniques: Vec<Technique>,
    /// Sorted by id.
    pub mitigations: Vec<AttackMitigation>,
}

/// See [`crate::model::Tactic`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tactic {
    /// `TA0002`.
    pub id: String,
    /// `Execution`.
    pub name: String,
    /// `execution`.
    pub shortname: String,
}

/// See [`crate::model::Technique`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technique {
    /// `T1059`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Short names of its tactics.
    pub tactics: Vec<String>,
    /// What MITRE lists against it; the first is what a schema shows that has room for one.
    pub mitigations: Vec<String>,
    /// Its id in the next version.
    #[serde(default)]
    pub superseded_by: Option<String>,
    /// Its name there.
    #[serde(default)]
    pub superseded_name: Option<String>,
    /// Revoked in `version` already.
    #[serde(default)]
    pub revoked: bool,
}

/// See [`crate::model::AttackMitigation`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttackMitigation {
    /// `M1038`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// D3FEND ids.
    #[serde(default)]
    pub d3fend: Vec<String>,
}

/// A line of `text_keys.yaml`: `key`, `number`, and a field for each source or for `any`.
#[derive(Clone, Debug, Deserialize)]
pub struct TextKey {
    /// As printed.
    pub key: String,
    /// The field is a number in JSON.
    #[serde(default)]
    pub number: bool,
    /// Field by source.
    #[serde(flatten)]
    pub fields: BTreeMap<String, String>,
}

/// What no command, manifest or step may say: one of `denied.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denied {
    /// Its id.
    pub denied: String,
    /// Regular expressions.
    pub pattern: Vec<String>,
    /// Where it is looked for; in commands, their undo and prose where nothing is said.
    #[serde(default, rename = "in")]
    pub places: Vec<DeniedIn>,
    /// Words of the same block that allow it.
    #[serde(default)]
    pub unless: Option<String>,
    /// What is wrong with it.
    pub why: String,
    /// What to do instead.
    pub instead: String,
    /// Examples that are refused.
    pub refuses: Vec<String>,
    /// Examples that look alike and are not.
    pub allows: Vec<String>,
}

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeniedIn {
    /// A command's words.
    Commands,
    /// The words of what undoes a command.
    Undo,
    /// The body of a manifest.
    Manifests,
    /// Steps and reasons.
    Prose,
}
