// Generated from the alert's JSON Schema: `cargo xtask schemas`.

/** A record that bewit annotated: Falco's keys, keys of wrappers, and bewit's. */
export interface Alert {
  /** What bewit adds. */
  bewit: Bewit;
  /** Falco's host name. */
  hostname?: string | null;
  /** Falco's `<time>: <Priority> <message>`. */
  output?: string | null;
  /** Falco's fields. */
  output_fields?: Record<string, unknown> | null;
  /** Falco's priority as it came: a name in any case, or 0 to 7 from Falco's former gRPC output. */
  priority: unknown;
  /** Falco's rule. Missing for a text alert whose message tells none. */
  rule?: string | null;
  /** Event source. */
  source?: string | null;
  /** Falco's tags. */
  tags?: Array<unknown> | null;
  /** When it happened, in UTC. Missing where a text alert has no date and its wrapper settles none. */
  time?: unknown;
  [key: string]: unknown;
}

/** What an alert most likely is. */
export interface Assessment {
  /** How sure. */
  confidence: Confidence;
  /** What. */
  disposition: Disposition;
  /** What speaks for it, and what would speak for another one. */
  reasons?: Array<Reason>;
}

/** An ATT&CK technique, or a tactic where no technique is known. */
export interface Attack {
  /** Who says so. Only with `detail: full`. */
  from?: From | null;
  /** Its name. */
  name?: string | null;
  /** The id that replaced it in a later version. */
  superseded_by?: string | null;
  /** Names of its tactics. Only with `detail: full`. */
  tactics?: Array<string>;
  /** `T1059.004`, as tagged or as the catalog says. */
  technique?: string | null;
  /** Version of ATT&CK in which this holds. Only with `detail: full`. */
  version?: string | null;
}

/** What bewit adds to an alert. */
export interface Bewit {
  /** How likely innocent. */
  assessment: Assessment;
  /** ATT&CK. */
  attack: Array<Attack>;
  /** Who and what, whatever rule set it came from. Only with `detail: full`. */
  entities?: Entities | null;
  /** 32 hex digits, the same for the same cause: over time, process ids, pod suffixes and hosts. */
  fingerprint: string;
  /** Where the guidance comes from. */
  guidance: Guidance;
  /** falcosidekick's UUID, or one of version 8 derived from Falco's line. */
  id: string;
  /** What form the line came in. */
  input: Input;
  /** What to do, in order. With `detail: brief` one for each phase, with its first ready command. */
  mitigations: Array<Mitigation>;
  /** Ids of the mitigations that `detail: brief` leaves out. There, an id that begins with `/` is that of a block of the entry's own: `guidance.entry` stands before it. */
  more?: Array<string>;
  /** From the configuration. */
  organisation?: Record<string, string>;
  /** `bewit.alert/1` */
  schema: string;
  /** How urgent. */
  severity: Severity;
  /** What happened, in one sentence with the event's values. */
  summary: string;
  /** How to quiet it in Falco. Only with `detail: full`. */
  tuning?: Tuning | null;
}

/** A command to paste. With `detail: brief` only `line` and `effect`. */
export interface Command {
  /** Its words. */
  argv?: Array<string>;
  /** What it changes. */
  effect: Effect;
  /** The words as one line, quoted for any POSIX shell. */
  line: string;
  /** Names of the holes. */
  missing?: Array<string>;
  /** Every value was there and safe; else the line is a template with `'<name>'` for each hole. */
  ready?: boolean | null;
  /** What it does. */
  title?: string | null;
  /** The way back, a shell line or words; `null` where there is nothing to undo. */
  undo?: string | null;
  /** Where it is typed. */
  where?: Place | null;
}

/** How sure something is. */
export type Confidence = "low" | "medium" | "high";

/** What an alert most likely is. */
export type Disposition = "suspicious" | "likely_benign" | "expected" | "test" | "operational";

/** What a command changes. */
export type Effect = "read-only" | "changes" | "disrupts";

/** Who and what took part. A key is there where the event has the value. */
export interface Entities {
  /** Cloud: account, region. */
  cloud?: Record<string, unknown>;
  /** Container. */
  container?: Record<string, unknown>;
  /** File: path. */
  file?: Record<string, unknown>;
  /** Kubernetes: namespace, pod, node, and for audit events user, verb, target. */
  kubernetes?: Record<string, unknown>;
  /** Network: client and server. */
  network?: Record<string, unknown>;
  /** Process: name, exe, cmdline, pid, parent. */
  process?: Record<string, unknown>;
  /** User: name, uid. */
  user?: Record<string, unknown>;
}

/** How Falco printed an alert. */
export type Format = "json" | "text";

/** Who maps an alert to ATT&CK. */
export type From = "tag" | "catalog" | "both";

/** Where the guidance comes from. */
export interface Guidance {
  /** Version of the catalog. */
  catalog: string;
  /** How sure the match is. */
  confidence: Confidence;
  /** Id of the catalog's entry. */
  entry: string;
  /** What made the alert, where that is no component: `vrl`. Only with `limits`. */
  host?: string | null;
  /** Innocent causes in general, most frequent first. Only with `detail: full`. */
  innocent?: Array<string>;
  /** Keys of `bewit` that the component would have made otherwise. */
  limits?: Array<string>;
  /** How the rule was recognised. */
  matched_by: MatchedBy;
  /** Where to read on. */
  references?: Array<Reference>;
  /** The catalog's name for the rule, or the title of the class it was put in. */
  rule: string;
  /** Why such an alert matters. Only with `detail: full`. */
  why?: string | null;
}

/** What form the line came in. */
export interface Input {
  /** Fields that came twice in a text alert with different values, and were left out. */
  ambiguous?: Array<string>;
  /** `HH:MM:SS.nnnnnnnnn` of a text alert whose date is not known, in the host's time zone. */
  clock?: string | null;
  /** Parameters whose value is a log shipper's metadata of the event's container, because Falco gave none. */
  enriched?: Array<string>;
  /** Wrappers that were taken off, the outermost first. */
  envelope: Array<string>;
  /** How Falco printed it. */
  format: Format;
  /** Top-level keys that text lacks: from the catalog, `time` from the wrapper's. */
  inferred?: Array<string>;
  /** What looked like a credential and was masked, with `mask_secrets`. */
  masked?: Array<Masked>;
  /** Parts of textual wrappers, and members of others that gave way to Falco's. */
  outer?: Record<string, unknown>;
  /** The whole line, with `keep_raw`. */
  raw?: string | null;
  /** `utf-8`: bytes that are none became U+FFFD. */
  repaired?: Array<string>;
}

/** How urgent. */
export type Level = "low" | "medium" | "high" | "critical";

/** A file to apply. */
export interface Manifest {
  /** How to apply it. */
  apply?: string | null;
  /** Its text. */
  body: string;
  /** Kubernetes kind, or a file type. */
  kind: string;
  /** As for a command. */
  missing: Array<string>;
  /** As for a command. */
  ready: boolean;
  /** What it is. */
  title: string;
}

/** A value that looked like a credential. */
export interface Masked {
  /** The field's name, or the keys that lead to it with dots between. */
  field: string;
  /** What it looked like. */
  what: string;
}

/** How an entry was found, most telling first. */
export type MatchedBy = "rule" | "former_name" | "message" | "behaviour" | "technique" | "source" | "generic";

/** Something to do. With `detail: brief` only `id`, `phase` and one command. */
export interface Mitigation {
  /** ATT&CK mitigations that MITRE lists for the event's techniques. */
  attack_mitigations?: Array<string>;
  /** Controls of benchmarks. */
  benchmarks?: Array<string>;
  /** To type. */
  commands?: Array<Command>;
  /** Stable id. */
  id: string;
  /** To apply. */
  manifests?: Array<Manifest>;
  /** When. */
  phase: Phase;
  /** Where to read on. */
  references?: Array<Reference>;
  /** In words. */
  steps?: Array<string>;
  /** Falco Talon's action that does the same. */
  talon?: string | null;
  /** An imperative; in the phase `inspect` a question. */
  title?: string | null;
  /** Why, with limits and side effects. */
  why?: string | null;
}

/** Something that moved the score. */
export interface Moved {
  /** By how much. */
  add: number;
  /** A noun phrase. */
  text: string;
}

/** When a mitigation is due. The order is the order in alerts. */
export type Phase = "inspect" | "contain" | "eradicate" | "harden";

/** Where a command is typed. */
export type Place = "workstation" | "node" | "falco";

/** Something that speaks for a disposition. With `detail: brief` only `text`. */
export interface Reason {
  /** What else would settle it. */
  confirm?: string | null;
  /** The Falco fields it rests on. */
  fields?: Array<string>;
  /** The release of upstream's rules that excludes it. */
  fixed_in?: string | null;
  /** Id of an innocent cause of the catalog. */
  id?: string | null;
  /** Where people report it. */
  source?: string | null;
  /** For which disposition it speaks. */
  suggests?: Disposition | null;
  /** In one sentence. */
  text: string;
  /** Sum of what is convincing; below 60 it is a possibility only, from 100 on it is certain. */
  weight?: number | null;
}

/** A page to read. */
export interface Reference {
  /** Its title. */
  title: string;
  /** Its address. */
  url: string;
}

/** How urgent an alert is. */
export interface Severity {
  /** Level. */
  level: Level;
  /** 0 to 100. */
  score: number;
  /** What made the score; the first is the base. Only with `detail: full`. */
  why?: Array<Moved>;
}

/** How to quiet this in Falco. */
export interface Tuning {
  /** Upstream's macro or list. */
  hook?: string | null;
  /** What the snippet overrides. */
  kind: TuningKind;
  /** As for a command. */
  missing: Array<string>;
  /** How narrow to stay. */
  note?: string | null;
  /** As for a command. */
  ready: boolean;
  /** YAML for a rules file that is loaded after upstream's. */
  snippet: string;
}

/** What a tuning snippet overrides. */
export type TuningKind = "macro" | "list" | "exception";
