//! The compiled catalog.
//!
//! The same types serve the catalog that is compiled in (all `Borrowed`, no start-up work) and one that a
//! host hands over at run time (all `Owned`, deserialised). References between tables are indices, written
//! by the compiler, which also checks them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::mapping::{Mapping, Mark};

/// A string that is static in the built-in catalog and owned in a loaded one.
pub type Str = Cow<'static, str>;
/// A list that is static in the built-in catalog and owned in a loaded one.
pub type List<T> = Cow<'static, [T]>;

/// Everything bewit knows about rules and what to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// Version of the data: the project's version and a hash of the content.
    pub version: Str,
    /// ATT&CK as far as it is used.
    pub attack: Attack,
    /// Typed values of an event, in the order of [`ParamId`]; those with an `entity` first, sorted by it.
    pub params: List<Param>,
    /// Falco's fields and the parameters they feed. Names that begin with `@` are what stands beside them in an
    /// alert: rule, source, priority, host name, message.
    pub fields: List<Field>,
    /// Finds one of `fields` by its name.
    pub field_index: Index,
    /// Every known rule name, sorted by [`Name::name`], current and former.
    pub names: List<Name>,
    /// The rules behind those names.
    pub rules: List<Rule>,
    /// Beginnings of messages that tell the rule of a text alert, sorted by their first byte, then longer ones
    /// first.
    pub messages: List<Message>,
    /// Guidance texts: of rules, behaviours, sources, and the generic one.
    pub entries: List<Entry>,
    /// How custom rules are recognised.
    pub behaviours: List<Behaviour>,
    /// Event source -> index into `entries`, for events nothing better is known of.
    pub sources: List<Source>,
    /// Index of the entry that fits any event.
    pub generic: u16,
    /// What entries tell people to do.
    pub mitigations: List<Mitigation>,
    /// Innocent causes that people keep meeting.
    pub innocent: List<Innocent>,
    /// Indices of those that concern any rule; the others stand with their rules.
    pub innocent_of_any: List<u16>,
    /// How urgent an alert is.
    pub severity: Severity,
    /// Keys of Falco's text output, longest first.
    pub text_keys: List<TextKey>,
    /// What a user's own catalog file says of the organisation.
    pub organisation: List<Setting>,
    /// What looks like a credential.
    pub secrets: Secrets,
    /// How alerts look in schemas that are not bewit's own.
    pub schemas: List<Mapping>,
    /// How records of those schemas tell that bewit wrote them, in the same order.
    pub marks: List<Mark>,
}

/// What looks like a credential.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Secrets {
    /// Texts that are one by their form.
    pub tokens: List<Token>,
    /// The bytes that tokens begin with, each once.
    pub first: List<u8>,
    /// Names whose value is one.
    pub keys: List<Str>,
    /// What such a value is called.
    pub key: Str,
    /// Words that may stand between such a name and the value.
    pub schemes: List<Str>,
    /// Falco fields that are one as a whole.
    pub fields: List<SecretField>,
}

/// A text that is a credential by its form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// A noun phrase.
    pub id: Str,
    /// Its first bytes.
    pub begins: Str,
    /// The bytes that follow, as ranges, both ends included.
    pub of: List<(u8, u8)>,
    /// How many of them at least.
    pub least: u8,
    /// What stands between beginning and end, where it has an end.
    pub with: Option<Str>,
    /// The beginning of its last line; then `of` does not count.
    pub ends: Option<Str>,
}

/// A Falco field whose value is a credential, whatever it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecretField {
    /// Its name.
    pub name: Str,
    /// A noun phrase.
    pub what: Str,
}

/// A value of the organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// One of [`ORGANISATION`].
    pub key: Str,
    /// As it was written.
    pub value: Str,
}

/// What an organisation can say of itself: who answers for the cluster, where its runbooks are, where people on call
/// talk, and where its images come from.
pub const ORGANISATION: [&str; 5] = ["cluster", "owner", "runbook_url", "on_call", "registry"];

/// ATT&CK Enterprise, as far as the catalog uses it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attack {
    /// Version of names, tactics and mitigations, such as `18.1`.
    pub version: Str,
    /// Version in which `superseded_by` holds, such as `19`.
    pub next_version: Str,
    /// Tactics in the order of the matrix.
    pub tactics: List<Tactic>,
    /// Techniques, sorted by id.
    pub techniques: List<Technique>,
    /// Mitigations, sorted by id.
    pub mitigations: List<AttackMitigation>,
}

/// One column of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tactic {
    /// `TA0002`.
    pub id: Str,
    /// `Execution`.
    pub name: Str,
    /// `execution`; Falco's tag is `mitre_` and this with `_` for `-`.
    pub shortname: Str,
}

/// A technique or sub-technique.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Technique {
    /// `T1059.004`.
    pub id: Str,
    /// `Command and Scripting Interpreter: Unix Shell`.
    pub name: Str,
    /// Short names of its tactics.
    pub tactics: List<Str>,
    /// Mitigations that MITRE lists for it.
    pub mitigations: List<Str>,
    /// The id that replaced it in `next_version`.
    pub superseded_by: Option<Str>,
}

/// `M1038`, `Execution Prevention`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackMitigation {
    /// `M1038`.
    pub id: Str,
    /// `Execution Prevention`.
    pub name: Str,
    /// D3FEND techniques that D3FEND relates to it.
    pub d3fend: List<Str>,
}

/// Index into [`Catalog::params`].
pub type ParamId = u16;

/// A typed value of an event, whatever field it came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name in templates and conditions.
    pub name: Str,
    /// What it must look like in a command or a manifest.
    pub kind: ParamType,
    /// Its place in the alert's `entities`, such as `container.id`.
    pub entity: Option<Str>,
    /// How it counts in the fingerprint; not at all where there is none.
    pub cause: Option<Cause>,
}

impl Param {
    /// Four printable characters that stand for its name in the fingerprint: every host can write them.
    pub fn mark(&self) -> [u8; 4] {
        let hash = self.name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        hash.to_le_bytes().map(|byte| b'0' + byte % 64)
    }
}

/// What of a value is the same whenever the cause of an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// All of it.
    Exact,
    /// All but numbers and long hex runs.
    Shape,
    /// A pod's name without the random end that its controller gave it.
    Workload,
}

/// A Falco field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// As in `output_fields`.
    pub name: Str,
    /// The parameters it feeds.
    pub feeds: List<Feed>,
}

/// A parameter that a field feeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// Which.
    pub param: ParamId,
    /// The lower, the sooner this field counts among those that feed the parameter.
    pub rank: u8,
    /// Conditions for it; they look at fields that feed without any.
    pub when: List<Cond>,
    /// Which part of the value counts.
    pub take: Take,
}

/// A perfect hash over the names of a list: one look, no collisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Factor that keeps the names apart.
    pub factor: u64,
    /// log2 of the number of slots.
    pub bits: u8,
    /// Position in the list and one, or 0, for each slot.
    pub slots: List<u16>,
}

impl Index {
    /// The only position at which this name may stand.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let slot = self.slots.get(Self::slot(name, self.factor, self.bits))?;
        usize::from(*slot).checked_sub(1)
    }

    /// The slot of a name: from its length and its first, last and middle bytes, for an interpreter pays for
    /// each byte it looks at.
    #[inline]
    pub fn slot(name: &[u8], factor: u64, bits: u8) -> usize {
        let word = |at: usize| match name.get(at..).and_then(<[u8]>::first_chunk) {
            Some(word) => u64::from_le_bytes(*word),
            None => name.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        let len = name.len();
        let last = len.saturating_sub(8);
        let mixed = word(0) ^ word(last).rotate_left(23) ^ word(last / 2).rotate_left(41) ^ len as u64;
        // No bits, or more than there are, stand in no index that was made here, but in bytes from outside.
        let shift = 64_u32.saturating_sub(u32::from(bits));
        mixed.wrapping_mul(factor).checked_shr(shift).unwrap_or(0) as usize
    }
}

/// Part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Take {
    /// All of it.
    Whole,
    /// All of it, if it is an absolute path.
    Path,
    /// Of `client:port->server:port`, or `client:port`.
    ClientIp,
    /// See `ClientIp`.
    ClientPort,
    /// See `ClientIp`.
    ServerIp,
    /// See `ClientIp`.
    ServerPort,
    /// Of an image reference, without tag and digest.
    ImageRepository,
    /// Of an image reference.
    ImageTag,
}

/// What a value must look like before it may stand in a command or a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamType {
    /// Any printable text; harmless only behind `--` or a prefix, quoted.
    Text,
    /// An absolute path without control characters.
    Path,
    /// 12 to 64 lower-case hex digits.
    ContainerId,
    /// RFC 1123 label: 1 to 63 of `a-z0-9-`, not at its ends `-`.
    DnsLabel,
    /// RFC 1123 subdomain: labels joined by dots, at most 253.
    DnsSubdomain,
    /// Decimal digits; for ids of processes and users.
    Integer,
    /// 1 to 65535.
    Port,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A Linux or cloud user name: `A-Za-z0-9._@$+-`, not starting with `-`, at most 256.
    UserName,
    /// A Kubernetes user or service account: as `UserName`, and `:` and `/`.
    K8sUser,
    /// An image reference: `A-Za-z0-9._:/@-`, starting alphanumeric.
    Image,
    /// One word of `A-Za-z0-9._:/@+=-`, starting alphanumeric, at most 512.
    Word,
}

/// A condition on an event. Lists of them must all hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cond {
    /// What is looked at.
    pub operand: Operand,
    /// What must be so.
    pub test: Test,
}

/// The left side of a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Operand {
    /// A parameter.
    Param(ParamId),
    /// Any of the event's tags.
    Tag,
    /// Any word of the rule's name, lower case.
    Word,
}

/// The right side of a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Test {
    /// There is a value.
    Present,
    /// There is none.
    Absent,
    /// There is one, and one of these patterns is it.
    AnyOf(List<Pattern>),
    /// There is one, and none of these patterns is it.
    NoneOf(List<Pattern>),
}

/// What a text may look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    /// `text`
    Is(Str),
    /// `text*`
    Begins(Str),
    /// `*text`
    Ends(Str),
    /// `*text*`
    Holds(Str),
    /// Any other, `*` standing for any run.
    Glob(Str),
}

/// Text with holes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template(pub List<Piece>);

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Piece {
    /// As it stands.
    Text(Str),
    /// A value of the event.
    Hole(Hole),
    /// Left out when a hole in it has no value. Holds no optional part itself.
    Optional(List<Piece>),
}

/// A place for a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hole {
    /// Whose value.
    pub param: ParamId,
    /// What stands there without one.
    pub fallback: Option<Str>,
    /// In YAML: the hole is a whole scalar and must be quoted.
    pub scalar: bool,
}

/// A known name of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Name {
    /// As Falco prints it.
    pub name: Str,
    /// Index into [`Catalog::rules`].
    pub rule: u16,
    /// The rule no longer has this name.
    pub former: bool,
}

/// A rule of upstream Falco or of a user's overlay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its current name.
    pub name: Str,
    /// `stable`, `k8s_audit`, ...
    pub ruleset: Str,
    /// Its event source.
    pub source: Str,
    /// Its tags, in the newest release, with blanks between.
    pub tags: Str,
    /// Its own guidance, index into `entries`.
    pub entry: Option<u16>,
    /// Guidance for what it detects, index into `entries`.
    pub behaviour: Option<u16>,
    /// Innocent causes of its alerts, indices into [`Catalog::innocent`].
    pub innocent: List<u16>,
}

/// The beginning of the messages of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Literal text behind the priority.
    pub prefix: Str,
    /// Literal text behind one word that follows the prefix.
    pub tail: Option<Str>,
    /// Index into [`Catalog::rules`].
    pub rule: u16,
    /// Other rules begin the same way: the rule is a guess.
    pub shared: bool,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// One rule.
    Rule,
    /// A class of rules.
    Behaviour,
    /// All of an event source.
    Source,
    /// Any event.
    Generic,
}

/// Guidance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Rule's slug, behaviour's or source's id.
    pub id: Str,
    /// What kind.
    pub kind: EntryKind,
    /// The rule's name, or a noun phrase.
    pub title: Str,
    /// Indices of ATT&CK techniques.
    pub attack: List<u16>,
    /// Added to the score.
    pub severity: i8,
    /// Why.
    pub severity_why: Option<Str>,
    /// One sentence with the event's values.
    pub summary: Template,
    /// Why it matters.
    pub why: Template,
    /// Innocent causes, in words.
    pub innocent: List<Template>,
    /// Indices into [`Catalog::mitigations`], in the order of phases.
    pub mitigations: List<u16>,
    /// How to quiet it.
    pub tuning: Option<Tuning>,
    /// For alerts that are never an attack by themselves.
    pub disposition: Option<Disposition>,
    /// Where to read on.
    pub references: List<Reference>,
}

/// A page to read.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Its title.
    pub title: Str,
    /// Its address.
    pub url: Str,
}

/// What an alert most likely is.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Not explained.
    Suspicious,
    /// An innocent cause is convincing.
    LikelyBenign,
    /// The organisation declared it so.
    Expected,
    /// Somebody tests the alerting.
    Test,
    /// Falco speaks of itself.
    Operational,
}

impl Disposition {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspicious => "suspicious",
            Self::LikelyBenign => "likely_benign",
            Self::Expected => "expected",
            Self::Test => "test",
            Self::Operational => "operational",
        }
    }
}

/// Evidence that a custom rule is about this behaviour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Behaviour {
    /// Index into [`Catalog::entries`].
    pub entry: u16,
    /// Indices of techniques that lead here.
    pub techniques: List<u16>,
    /// The best one that holds counts.
    pub clauses: List<Clause>,
}

/// Evidence for a behaviour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    /// 50 "may be", 80 "is".
    pub score: u8,
    /// Words that the rule's name must have, lower case.
    pub words: List<Str>,
    /// Tags that the event must have.
    pub tags: List<Str>,
    /// More conditions.
    pub when: List<Cond>,
}

/// Guidance by source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// `syscall`, ...
    pub source: Str,
    /// Index into [`Catalog::entries`].
    pub entry: u16,
}

/// When a mitigation is due. The order is the order in alerts.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Look, change nothing.
    Inspect,
    /// Stop the damage.
    Contain,
    /// Remove the cause.
    Eradicate,
    /// Make it impossible next time.
    Harden,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Inspect, Self::Contain, Self::Eradicate, Self::Harden];

    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inspect => "inspect",
            Self::Contain => "contain",
            Self::Eradicate => "eradicate",
            Self::Harden => "harden",
        }
    }
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mitigation {
    /// Its id: of the shared block, or the entry's id, a `/` and its own.
    pub id: Str,
    /// When.
    pub phase: Phase,
    /// Imperative; a question in the phase `inspect`.
    pub title: Template,
    /// Why, with limits and side effects.
    pub why: Option<Template>,
    /// Left out unless these hold.
    pub when: List<Cond>,
    /// What to do in words.
    pub steps: List<Template>,
    /// What to type.
    pub commands: List<Command>,
    /// What to apply.
    pub manifests: List<Manifest>,
    /// ATT&CK mitigations, shown where MITRE lists them for the event's techniques.
    pub attack_mitigations: List<Str>,
    /// Falco Talon's action that does the same.
    pub talon: Option<Str>,
    /// Controls of benchmarks.
    pub benchmarks: List<Str>,
    /// Where to read on.
    pub references: List<Reference>,
}

/// A command to paste.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// What it does.
    pub title: Template,
    /// Where it is typed.
    pub place: Place,
    /// One word an item.
    pub argv: List<Template>,
    /// What it changes.
    pub effect: Effect,
    /// The way back.
    pub undo: Undo,
    /// Left out unless these hold.
    pub when: List<Cond>,
}

/// Where a command is typed.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A client with credentials.
    Workstation,
    /// As root on the host of the event.
    Node,
    /// Where Falco's configuration is.
    Falco,
}

impl Place {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workstation => "workstation",
            Self::Node => "node",
            Self::Falco => "falco",
        }
    }
}

/// What a command changes.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing.
    ReadOnly,
    /// Something; no service stops and no data goes.
    Changes,
    /// A service stops, or data goes.
    Disrupts,
}

impl Effect {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Changes => "changes",
            Self::Disrupts => "disrupts",
        }
    }
}

/// The way back from a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Undo {
    /// There is nothing to undo.
    Nothing,
    /// This command.
    Argv(List<Template>),
    /// In words, also where there is none.
    Note(Template),
}

/// A file to apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// What it is.
    pub title: Str,
    /// Kubernetes kind, or a file type.
    pub kind: Str,
    /// How to apply it.
    pub apply: Option<Str>,
    /// Its text.
    pub body: Template,
}

/// A hook of upstream's rules, and its override.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Name of the macro or list; none for an exception.
    pub hook: Option<Str>,
    /// What the snippet overrides.
    pub kind: TuningKind,
    /// YAML for a rules file that is loaded after upstream's.
    pub snippet: Template,
    /// How narrow to stay.
    pub note: Option<Template>,
}

/// What a tuning snippet overrides.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TuningKind {
    /// A macro's condition.
    Macro,
    /// A list's items.
    List,
    /// The rule's exceptions.
    Exception,
}

impl TuningKind {
    /// As the alert says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Macro => "macro",
            Self::List => "list",
            Self::Exception => "exception",
        }
    }
}

/// An innocent cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Innocent {
    /// Its id.
    pub id: Str,
    /// Must hold.
    pub all: List<Cond>,
    /// What makes it believable.
    pub convincing: List<Weighted>,
    /// What the alert then is.
    pub disposition: Disposition,
    /// The cause, in one sentence.
    pub reason: Template,
    /// What else would settle it.
    pub confirm: Option<Template>,
    /// The release in which upstream excludes it.
    pub fixed_in: Option<Str>,
    /// Where people report it.
    pub source: Str,
}

/// Conditions and what they weigh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    /// 1 to 100.
    pub weight: u8,
    /// All must hold.
    pub when: List<Cond>,
}

/// How urgent an alert is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Severity {
    /// Score of each of Falco's priorities, Emergency first.
    pub base: List<u8>,
    /// Lowest score of `medium`, `high` and `critical`.
    pub levels: List<u8>,
    /// What moves the score.
    pub modifiers: List<Modifier>,
    /// What a disposition adds.
    pub dispositions: List<DispositionScore>,
}

/// Something that moves the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Modifier {
    /// By how much.
    pub add: i8,
    /// When all hold.
    pub when: List<Cond>,
    /// A noun phrase.
    pub why: Str,
}

/// What a disposition adds to the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DispositionScore {
    /// Which.
    pub disposition: Disposition,
    /// How much.
    pub add: i8,
}

/// A key of Falco's text output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextKey {
    /// As printed, without `=`.
    pub key: Str,
    /// Falco field by event source; an empty source stands for all others.
    pub fields: List<TextField>,
    /// The field is a number in JSON.
    pub number: bool,
}

/// The field that a text key prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextField {
    /// Event source, or empty.
    pub source: Str,
    /// Falco field.
    pub field: Str,
}
