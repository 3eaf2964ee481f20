//! An alert of the native schema as data, for those who read what bewit writes.
//!
//! The JSON Schema in `schema/` is generated from these types, and tests hold the writer to them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bewit_catalog::model::{Disposition, Effect, Phase, Place, Reference, TuningKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{Confidence, MatchedBy};

macro_rules! alert_type {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_attr:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                $($(#[$field_attr])* pub $field: $type,)*
            }
        )*
    };
}

/// A record that bewit annotated: Falco's keys, keys of wrappers, and bewit's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alert {
    /// Falco's rule. Missing for a text alert whose message tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Falco's priority as it came: a name in any case, or 0 to 7 from Falco's former gRPC output.
    pub priority: Value,
    /// Falco's `<time>: <Priority> <message>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Falco's fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Map<String, Value>>"))]
    pub output_fields: Option<Box<RawValue>>,
    /// When it happened, in UTC. Missing where a text alert has no date and its wrapper settles none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Value>,
    /// Event source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Falco's tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Value>>,
    /// Falco's host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// What bewit adds.
    pub bewit: Bewit,
    /// Keys of wrappers, and whatever else stood there.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

alert_type! {
    /// What bewit adds to an alert.
    Bewit {
        /// `bewit.alert/1`
        schema: String,
        /// falcosidekick's UUID, or one of version 8 derived from Falco's line.
        id: String,
        /// 32 hex digits, the same for the same cause: over time, process ids, pod suffixes and hosts.
        fingerprint: String,
        /// What happened, in one sentence with the event's values.
        summary: String,
        /// How urgent.
        severity: Severity,
        /// Who and what, whatever rule set it came from. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entities: Option<Entities>,
        /// ATT&CK.
        attack: Vec<Attack>,
        /// How likely innocent.
        assessment: Assessment,
        /// What to do, in order. With `detail: brief` one for each phase, with its first ready command.
        mitigations: Vec<Mitigation>,
        /// Ids of the mitigations that `detail: brief` leaves out. There, an id that begins with `/` is that of a block of
        /// the entry's own: `guidance.entry` stands before it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<String>,
        /// How to quiet it in Falco. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tuning: Option<Tuning>,
        /// Where the guidance comes from.
        guidance: Guidance,
        /// From the configuration.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        organisation: BTreeMap<String, String>,
        /// What form the line came in.
        input: Input,
    }

    /// How urgent an alert is.
    Severity {
        /// Level.
        level: Level,
        /// 0 to 100.
        score: u8,
        /// What made the score; the first is the base. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        why: Vec<Moved>,
    }

    /// Something that moved the score.
    Moved {
        /// A noun phrase.
        text: String,
        /// By how much.
        add: i16,
    }

    /// Who and what took part. A key is there where the event has the value.
    Entities {
        /// Container.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        container: Map<String, Value>,
        /// Kubernetes: namespace, pod, node, and for audit events user, verb, target.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        kubernetes: Map<String, Value>,
        /// Process: name, exe, cmdline, pid, parent.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        process: Map<String, Value>,
        /// User: name, uid.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        user: Map<String, Value>,
        /// File: path.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        file: Map<String, Value>,
        /// Network: client and server.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        network: Map<String, Value>,
        /// Cloud: account, region.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        cloud: Map<String, Value>,
    }

    /// An ATT&CK technique, or a tactic where no technique is known.
    Attack {
        /// `T1059.004`, as tagged or as the catalog says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        technique: Option<String>,
        /// Its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Names of its tactics. Only with `detail: full`.
        #[serde(default)]
        tactics: Vec<String>,
        /// Version of ATT&CK in which this holds. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The id that replaced it in a later version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        superseded_by: Option<String>,
        /// Who says so. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<From>,
    }

    /// What an alert most likely is.
    Assessment {
        /// What.
        disposition: Disposition,
        /// How sure.
        confidence: Confidence,
        /// What speaks for it, and what would speak for another one.
        #[serde(default)]
        reasons: Vec<Reason>,
    }

    /// Something that speaks for a disposition. With `detail: brief` only `text`.
    Reason {
        /// Id of an innocent cause of the catalog.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// In one sentence.
        text: String,
        /// For which disposition it speaks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suggests: Option<Disposition>,
        /// Sum of what is convincing; below 60 it is a possibility only, from 100 on it is certain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<u16>,
        /// The Falco fields it rests on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<String>,
        /// What else would settle it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confirm: Option<String>,
        /// The release of upstream's rules that excludes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fixed_in: Option<String>,
        /// Where people report it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    }

    /// Something to do. With `detail: brief` only `id`, `phase` and one command.
    Mitigation {
        /// Stable id.
        id: String,
        /// When.
        phase: Phase,
        /// An imperative; in the phase `inspect` a question.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Why, with limits and side effects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// In words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<String>,
        /// To type.
        #[serde(default)]
        commands: Vec<Command>,
        /// To apply.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        manifests: Vec<Manifest>,
        /// ATT&CK mitigations that MITRE lists for the event's techniques.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attack_mitigations: Vec<String>,
        /// Falco Talon's action that does the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        talon: Option<String>,
        /// Controls of benchmarks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        benchmarks: Vec<String>,
        /// Where to read on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<Reference>,
    }

    /// A command to paste. With `detail: brief` only `line` and `effect`.
    Command {
        /// What it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Where it is typed.
        #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
        /// Its words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        argv: Vec<String>,
        /// The words as one line, quoted for any POSIX shell.
        line: String,
        /// What it changes.
        effect: Effect,
        /// The way back, a shell line or words; `null` where there is nothing to undo.
        #[serde(default)]
        undo: Option<String>,
        /// Every value was there and safe; else the line is a template with `'<name>'` for each hole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ready: Option<bool>,
        /// Names of the holes.
        #[serde(default)]
        missing: Vec<String>,
    }

    /// A file to apply.
    Manifest {
        /// What it is.
        title: String,
        /// Kubernetes kind, or a file type.
        kind: String,
        /// How to apply it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        apply: Option<String>,
        /// Its text.
        body: String,
        /// As for a command.
        ready: bool,
        /// As for a command.
        missing: Vec<String>,
    }

    /// How to quiet this in Falco.
    Tuning {
        /// Upstream's macro or list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hook: Option<String>,
        /// What the snippet overrides.
        kind: TuningKind,
        /// YAML for a rules file that is loaded after upstream's.
        snippet: String,
        /// As for a command.
        ready: bool,
        /// As for a command.
        missing: Vec<String>,
        /// How narrow to stay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    /// Where the guidance comes from.
    Guidance {
        /// How the rule was recognised.
        matched_by: MatchedBy,
        /// The catalog's name for the rule, or the title of the class it was put in.
        rule: String,
        /// Id of the catalog's entry.
        entry: String,
        /// How sure the match is.
        confidence: Confidence,
        /// Version of the catalog.
        catalog: String,
        /// Why such an alert matters. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Innocent causes in general, most frequent first. Only with `detail: full`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        innocent: Vec<String>,
        /// Where to read on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<Reference>,
        /// What made the alert, where that is no component: `vrl`. Only with `limits`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// Keys of `bewit` that the component would have made otherwise.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        limits: Vec<String>,
    }

    /// A value that looked like a credential.
    Masked {
        /// The field's name, or the keys that lead to it with dots between.
        field: String,
        /// What it looked like.
        what: String,
    }

    /// What form the line came in.
    Input {
        /// How Falco printed it.
        format: Format,
        /// Wrappers that were taken off, the outermost first.
        envelope: Vec<String>,
        /// Parts of textual wrappers, and members of others that gave way to Falco's.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outer: Map<String, Value>,
        /// `HH:MM:SS.nnnnnnnnn` of a text alert whose date is not known, in the host's time zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<String>,
        /// Top-level keys that text lacks: from the catalog, `time` from the wrapper's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        inferred: Vec<String>,
        /// Parameters whose value is a log shipper's metadata of the event's container, because Falco gave none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        enriched: Vec<String>,
        /// Fields that came twice in a text alert with different values, and were left out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ambiguous: Vec<String>,
        /// `utf-8`: bytes that are none became U+FFFD.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repaired: Vec<String>,
        /// What looked like a credential and was masked, with `mask_secrets`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        masked: Vec<Masked>,
        /// The whole line, with `keep_raw`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw: Option<String>,
    }
}

impl Bewit {
    /// A mitigation's id with the entry's before it, where `detail: brief` left that out.
    pub fn whole_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        if id.starts_with('/') {
            Cow::Owned(format!("{}{id}", self.guidance.entry))
        } else {
            Cow::Borrowed(id)
        }
    }
}

/// How urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Below 40.
    Low,
    /// 40 to 64.
    Medium,
    /// 65 to 84.
    High,
    /// From 85 on.
    Critical,
}

impl Level {
    /// From low to critical.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Who maps an alert to ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// The rule's author, by a tag.
    Tag,
    /// bewit's catalog.
    Catalog,
    /// Both.
    Both,
}

/// How Falco printed an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `json_output: true`
    Json,
    /// `json_output: false`
    Text,
}
