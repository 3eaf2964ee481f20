//! From YAML files to a checked [`Catalog`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use serde::Deserialize as _;
use serde::de::DeserializeOwned;

use crate::condition;
use crate::decompile::Decompiler;
use crate::denied::{Denials, Place};
use crate::mapping::{Mapping, Mark};
use crate::model::{
    Attack, AttackMitigation, Behaviour, Catalog, Clause, Command, Cond, DispositionScore, Effect, Entry, EntryKind,
    Feed, Field, Index, Innocent, List, Manifest, Message, Mitigation, Modifier, Name, ORGANISATION, Param, ParamId,
    ParamType, Phase, Piece, Rule, SecretField, Secrets, Setting, Severity, Source, Str, Tactic, Take, Technique,
    Template, TextField, TextKey, Token, Tuning, TuningKind, Undo, Weighted,
};
use crate::nearest::nearest;
use crate::source;
use crate::table;
use crate::template;

/// Falco's priorities, most urgent first.
pub const PRIORITIES: [&str; 8] = [
    "Emergency",
    "Alert",
    "Critical",
    "Error",
    "Warning",
    "Notice",
    "Informational",
    "Debug",
];

/// What conditions and parameters may name beside Falco's fields.
const ASIDE: [&str; 10] = [
    "@rule",
    "@source",
    "@priority",
    "@hostname",
    "@message",
    "@kubernetes.pod",
    "@kubernetes.namespace",
    "@kubernetes.node",
    "@kubernetes.container",
    "@kubernetes.image",
];

/// A file of the catalog.
#[derive(Clone, Debug)]
pub struct Input {
    /// Path below the catalog's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A mistake in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// Line and column, from 1, where known.
    pub at: Option<(usize, usize)>,
    /// What is wrong, with the value.
    pub message: String,
}

impl Mistake {
    /// The word that may have been meant, which the message asks for.
    pub fn meant(&self) -> Option<&str> {
        let (_, asked) = self.message.rsplit_once(MEANT)?;
        asked.split('`').next()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Reads all YAML files (and `fields.txt`) below `dir`, in the order of their paths.
///
/// # Errors
/// When a file cannot be read.
pub fn read_dir(dir: &Path) -> std::io::Result<Vec<Input>> {
    fn walk(dir: &Path, below: &str, files: &mut Vec<Input>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{below}{name}");
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &format!("{path}/"), files)?;
            } else if name.ends_with(".yaml") || path == "fields.txt" {
                let text = std::fs::read_to_string(entry.path())?;
                files.push(Input { path, text });
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(dir, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// `Terminal shell in container` -> `terminal-shell-in-container`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// Compiles a catalog; `version` is the project's, a hash of the content is added to it.
///
/// # Errors
/// All mistakes that were found.
pub fn compile(files: &[Input], version: &str) -> Result<Catalog, Vec<Mistake>> {
    Compiler::default().compile(files, None, &[], version)
}

/// Compiles files of a user's own (see [`source::Overlay`]) over a catalog that was compiled before; a later one wins over
/// an earlier one. `files` are the catalog's; those in folders may be missing.
///
/// # Errors
/// All mistakes that were found.
pub fn compile_over(
    base: &Catalog,
    files: &[Input],
    overlays: &[Input],
    version: &str,
) -> Result<Catalog, Vec<Mistake>> {
    Compiler::default().compile(files, Some(base), overlays, version)
}

fn owned(text: &str) -> Str {
    Cow::Owned(text.to_owned())
}

fn strings(texts: &[String]) -> List<Str> {
    texts.iter().map(|t| owned(t)).collect()
}

/// Where things stand that were compiled before.
static COMPILED: Input = Input {
    path: String::new(),
    text: String::new(),
};

/// Something that was read, and the file it stands in.
struct Part<'f, T> {
    file: &'f Input,
    /// It stands in a user's file, which may hold many things and have any name.
    overlay: bool,
    value: T,
}

impl<T> Part<'_, T> {
    fn compiled(value: T) -> Self {
        Self {
            file: &COMPILED,
            overlay: false,
            value,
        }
    }
}

/// All that was read, a user's own first.
#[derive(Default)]
struct Parts<'f> {
    mitigations: Vec<Part<'f, source::Mitigation>>,
    entries: Vec<Part<'f, source::Entry>>,
    names: Vec<Part<'f, source::Name>>,
    innocent: Vec<Part<'f, source::Innocent>>,
    organisation: BTreeMap<String, String>,
}

impl Parts<'_> {
    /// The guidance of a catalog that was compiled before.
    fn of(catalog: &Decompiler<'_>) -> Self {
        Self {
            mitigations: catalog.shared().map(Part::compiled).collect(),
            entries: catalog.entries().map(Part::compiled).collect(),
            innocent: catalog.innocent().map(Part::compiled).collect(),
            ..Self::default()
        }
    }
}

/// Puts parts of a user's own before the catalog's, of which those go that they replace.
fn prefer<'f, T>(parts: &mut Vec<Part<'f, T>>, own: Vec<T>, file: &'f Input, same: impl Fn(&T, &T) -> bool) {
    parts.retain(|part| !own.iter().any(|own| same(own, &part.value)));
    let own = own.into_iter().map(|value| Part {
        file,
        overlay: true,
        value,
    });
    parts.splice(0..0, own);
}

/// What an entry is about, as written: rule, behaviour or source.
fn subject(entry: &source::Entry) -> [&Option<String>; 3] {
    [&entry.rule, &entry.behaviour, &entry.source_guidance]
}

/// State while files are read: tables that grow, and the file at hand for messages.
#[derive(Default)]
struct Compiler {
    mistakes: Vec<Mistake>,
    file: String,
    text: String,
    overlay: bool,
    denials: Denials,
    /// The catalog's own files were looked at when it was built.
    overlays_only: bool,
    fields: BTreeSet<String>,
    /// Beginnings of names of fields that are lists in Falco, and whole names.
    lists: Vec<String>,
    params: Vec<Param>,
    feeds: BTreeMap<String, Vec<Feed>>,
    param_ids: HashMap<String, ParamId>,
    techniques: Vec<Technique>,
    attack_mitigations: BTreeSet<String>,
    shared: BTreeMap<String, u16>,
    mitigations: Vec<Mitigation>,
    entries: Vec<Entry>,
}

impl Compiler {
    /// Notes a mistake; `near` is text of the file that stands where it is.
    fn mistake(&mut self, near: &str, message: impl Into<String>) {
        let needle = near.lines().next().unwrap_or_default().trim();
        let at = (!needle.is_empty())
            .then(|| {
                self.text
                    .lines()
                    .enumerate()
                    .find_map(|(i, line)| line.find(needle).map(|column| (i + 1, column + 1)))
            })
            .flatten();
        self.mistakes.push(Mistake {
            file: self.file.clone(),
            at,
            message: message.into(),
        });
    }

    /// What is compiled now, for messages.
    fn at<T>(&mut self, part: &Part<'_, T>) {
        self.file.clone_from(&part.file.path);
        self.text.clone_from(&part.file.text);
        self.overlay = part.overlay;
    }

    fn read<T: DeserializeOwned>(&mut self, file: &Input) -> Option<T> {
        self.file.clone_from(&file.path);
        self.text.clone_from(&file.text);
        match serde_yaml_ng::from_str(&file.text) {
            Ok(value) => Some(value),
            Err(error) => {
                let text = error.to_string();
                let mut words = text.split('`').skip(1).step_by(2);
                let word = words.next().unwrap_or_default();
                // "unknown field `x`, expected one of `a`, `b`"
                let meant = if text.contains("unknown") {
                    meant(word, words)
                } else {
                    String::new()
                };
                match error.location() {
                    // Its own words end with the place.
                    Some(place) => self.mistakes.push(Mistake {
                        file: file.path.clone(),
                        at: Some((place.line(), place.column())),
                        message: text.clone() + &meant,
                    }),
                    None => self.mistake(word, text.clone() + &meant),
                }
                None
            }
        }
    }

    fn one<T: DeserializeOwned>(&mut self, files: &[Input], path: &str) -> Option<T> {
        match files.iter().find(|f| f.path == path) {
            Some(file) => self.read(file),
            None => {
                self.file = path.to_owned();
                self.text.clear();
                self.mistake("", "there is no such file");
                None
            }
        }
    }

    /// The parameter of a name; a Falco field that is not declared becomes one of type text.
    fn param(&mut self, name: &str) -> Result<ParamId, String> {
        if let Some(id) = self.param_ids.get(name) {
            return Ok(*id);
        }
        let base = name.split('[').next().unwrap_or(name);
        if !ASIDE.contains(&name) && !self.fields.contains(name) && !self.fields.contains(base) {
            let known = self.param_ids.keys().chain(&self.fields).map(String::as_str);
            let meant = meant(name, known);
            return Err(format!("`{name}` is neither a parameter nor a Falco field{meant}"));
        }
        let id = self.declare(Param {
            name: owned(name),
            kind: ParamType::Text,
            entity: None,
            cause: None,
        });
        self.feed(name, id, 0, List::default(), Take::Whole);
        Ok(id)
    }

    fn feed(&mut self, field: &str, param: ParamId, rank: u8, when: List<Cond>, take: Take) {
        let feed = Feed {
            param,
            rank,
            when,
            take,
        };
        self.feeds.entry(field.to_owned()).or_default().push(feed);
    }

    fn declare(&mut self, param: Param) -> ParamId {
        let id = self.params.len() as ParamId;
        self.param_ids.insert(param.name.to_string(), id);
        self.params.push(param);
        id
    }

    fn template(&mut self, text: &str) -> Template {
        let text = text.trim_end();
        match template::parse(text, &mut |name| self.param(name)) {
            Ok(template) => template,
            Err(message) => {
                let near = quoted(&message).map_or(text, |name| text.find(name).map_or(text, |at| &text[at..]));
                self.mistake(near, format!("{message} in {text:?}"));
                Template(List::default())
            }
        }
    }

    fn templates(&mut self, texts: &[String]) -> List<Template> {
        texts.iter().map(|text| self.template(text)).collect()
    }

    fn conditions(&mut self, conditions: &source::Conditions) -> List<Cond> {
        match condition::compile(conditions, &mut |name| self.param(name)) {
            Ok(conditions) => conditions,
            Err(message) => {
                let near = quoted(&message).unwrap_or("when:").to_owned();
                self.mistake(&near, message);
                List::default()
            }
        }
    }

    fn technique(&mut self, id: &str) -> Option<u16> {
        let found = self.techniques.iter().position(|t| t.id == id);
        if found.is_none() {
            let meant = meant(id, self.techniques.iter().map(|t| t.id.as_ref()));
            self.mistake(id, format!("`{id}` is no technique of attack.yaml{meant}"));
        }
        found.map(|i| i as u16)
    }

    /// Reads all files. What stands in `overlays` replaces what has the same name.
    fn gather<'f>(&mut self, files: &'f [Input], base: Option<&Catalog>, overlays: &'f [Input]) -> Parts<'f> {
        let mut parts = match base {
            Some(base) => Parts::of(&Decompiler(base)),
            None => self.guidance(files),
        };
        if let Some(file) = files.iter().find(|file| file.path == "names.yaml") {
            let names: Vec<source::Name> = self.read(file).unwrap_or_default();
            let overlay = false;
            parts.names = names.into_iter().map(|value| Part { file, overlay, value }).collect();
        }
        for file in overlays {
            if let Some(overlay) = self.read::<source::Overlay>(file) {
                self.lay_over(&mut parts, overlay, file);
            }
        }
        parts
    }

    /// Reads the files in folders.
    fn guidance<'f>(&mut self, files: &'f [Input]) -> Parts<'f> {
        let mut parts = Parts::default();
        for file in files.iter().filter(|f| f.path.ends_with(".yaml")) {
            let overlay = false;
            let folder = file.path.split_once('/').map(|(folder, _)| folder);
            match folder {
                Some("mitigations") => {
                    let read = self.read(file);
                    parts
                        .mitigations
                        .extend(read.map(|value| Part { file, overlay, value }));
                }
                Some("behaviours" | "sources" | "rules") => {
                    let read = self.read(file);
                    parts.entries.extend(read.map(|value| Part { file, overlay, value }));
                }
                Some("innocent") => {
                    let read = self.read(file);
                    parts.innocent.extend(read.map(|value| Part { file, overlay, value }));
                }
                _ => {}
            }
        }
        parts
    }

    fn lay_over<'f>(&mut self, parts: &mut Parts<'f>, overlay: source::Overlay, file: &'f Input) {
        for (key, value) in overlay.organisation {
            if !ORGANISATION.contains(&key.as_str()) {
                let meant = meant(&key, ORGANISATION);
                self.mistake(&key, format!("`{key}` is no value of an organisation{meant}"));
            } else if value.trim().is_empty() || value.chars().any(char::is_control) {
                self.mistake(&key, format!("`{key}` must be one line of text, not {value:?}"));
            }
            parts.organisation.insert(key, value);
        }
        prefer(&mut parts.mitigations, overlay.mitigations, file, |a, b| a.id == b.id);
        prefer(&mut parts.innocent, overlay.innocent, file, |a, b| {
            a.innocent == b.innocent
        });
        prefer(&mut parts.names, overlay.names, file, |a, b| a.name == b.name);
        let undeclared = |name: &String| !parts.names.iter().any(|n| n.value.name == *name);
        let names = overlay
            .rules
            .iter()
            .filter_map(|entry| entry.rule.clone())
            .filter(undeclared);
        let names = names.map(|name| source::Name {
            name,
            ruleset: "overlay".to_owned(),
            source: String::new(),
            priority: None,
            tags: Vec::new(),
            behaviour: None,
            former: Vec::new(),
            messages: Vec::new(),
        });
        let names = names.collect();
        prefer(&mut parts.names, names, file, |a, b| a.name == b.name);
        let entries = overlay.rules.into_iter().chain(overlay.behaviours).collect();
        prefer(&mut parts.entries, entries, file, |a, b| subject(a) == subject(b));
        for extension in overlay.extend {
            let named = [&extension.rule, &extension.behaviour, &None];
            match parts.entries.iter_mut().find(|part| subject(&part.value) == named) {
                Some(part) => {
                    // Mistakes of an extension are looked for where it stands.
                    (part.file, part.overlay) = (file, true);
                    extend(&mut part.value, extension);
                }
                None => {
                    let name = extension.rule.or(extension.behaviour).unwrap_or_default();
                    let known = parts.entries.iter().flat_map(|part| subject(&part.value)).flatten();
                    let meant = meant(&name, known.map(String::as_str));
                    self.mistake(
                        &name,
                        format!("the catalog has no guidance for {name:?} to extend{meant}"),
                    );
                }
            }
        }
    }

    fn compile(
        mut self,
        files: &[Input],
        base: Option<&Catalog>,
        overlays: &[Input],
        version: &str,
    ) -> Result<Catalog, Vec<Mistake>> {
        let catalog = self.run(files, base, overlays, version);
        if self.mistakes.is_empty() {
            Ok(catalog)
        } else {
            Err(self.mistakes)
        }
    }

    fn run(&mut self, files: &[Input], base: Option<&Catalog>, overlays: &[Input], version: &str) -> Catalog {
        if let Some(file) = files.iter().find(|f| f.path == "fields.txt") {
            self.fields = file.text.lines().map(str::to_owned).collect();
        }
        self.overlays_only = base.is_some();
        self.denied(files);
        self.lists = self.one(files, "list_fields.yaml").unwrap_or_default();
        self.params(files);
        let attack = self.attack(files);
        let parts = self.gather(files, base, overlays);
        for part in &parts.mitigations {
            self.at(part);
            self.shared_mitigation(&part.value);
        }
        let mut behaviours = Vec::new();
        let mut sources = Vec::new();
        let mut generic = 0;
        for part in &parts.entries {
            self.at(part);
            let Some(index) = self.entry(&part.value) else {
                continue;
            };
            match self.entries[usize::from(index)].kind {
                EntryKind::Rule => {}
                EntryKind::Generic => generic = index,
                EntryKind::Source => sources.push(Source {
                    source: self.entries[usize::from(index)].id.clone(),
                    entry: index,
                }),
                EntryKind::Behaviour => {
                    let behaviour = self.behaviour(&part.value, index);
                    behaviours.push(behaviour);
                }
            }
        }
        let (mut rules, names, messages) = self.names(&parts.names);
        let mut innocent = Vec::new();
        let mut innocent_of_any = Vec::new();
        for part in &parts.innocent {
            self.at(part);
            let index = innocent.len() as u16;
            if part.value.rules.is_empty() {
                innocent_of_any.push(index);
            }
            self.concern(&part.value, index, &mut rules);
            innocent.push(self.innocent(&part.value));
        }
        let severity = self.severity(files);
        let (schemas, marks): (List<Mapping>, List<Mark>) = match base {
            Some(base) => (base.schemas.clone(), base.marks.clone()),
            None => {
                let (schemas, marks): (Vec<_>, Vec<_>) = self.schemas(files, &attack).into_iter().unzip();
                (schemas.into(), marks.into())
            }
        };
        let text_keys = self.text_keys(files);
        let secrets = self.secrets(files);
        let fields: Vec<Field> = std::mem::take(&mut self.feeds)
            .into_iter()
            .map(|(name, feeds)| Field {
                name: Cow::Owned(name),
                feeds: feeds.into(),
            })
            .collect();
        let mut catalog = Catalog {
            version: owned(version),
            attack,
            params: std::mem::take(&mut self.params).into(),
            field_index: index(fields.iter().map(|f| f.name.as_ref())),
            fields: fields.into(),
            names: names.into(),
            rules: rules.into(),
            messages: messages.into(),
            entries: std::mem::take(&mut self.entries).into(),
            behaviours: behaviours.into(),
            sources: sources.into(),
            generic,
            mitigations: std::mem::take(&mut self.mitigations).into(),
            innocent: innocent.into(),
            innocent_of_any: innocent_of_any.into(),
            severity,
            text_keys,
            secrets,
            organisation: parts
                .organisation
                .into_iter()
                .map(|(key, value)| Setting {
                    key: key.into(),
                    value: value.into(),
                })
                .collect(),
            schemas,
            marks,
        };
        let hash = serde_json::to_vec(&catalog).map_or(0, |bytes| fnv(&bytes));
        catalog.version = Cow::Owned(format!("{version}+{:08x}", hash as u32));
        catalog
    }

    fn denied(&mut self, files: &[Input]) {
        let denied = self.one(files, "denied.yaml").unwrap_or_default();
        match Denials::new(denied) {
            Ok(denials) => self.denials = denials,
            Err((pattern, error)) => self.mistake(&pattern, format!("{pattern:?} is no regular expression: {error}")),
        }
    }

    /// What is compiled now is the catalog's own, and was looked at when that was built.
    fn was_checked(&self) -> bool {
        self.overlays_only && !self.overlay
    }

    /// Whether a file has another name than what stands in it asks for.
    fn is_misplaced(&self, expected: &str) -> bool {
        !self.overlay && !self.was_checked() && !self.file.ends_with(expected)
    }

    /// Looks for what is denied in everything that a block tells people to do.
    fn refuse_denied(&mut self, m: &source::Mitigation) {
        if self.was_checked() {
            return;
        }
        let undo = |c: &source::Command| Some((Place::Undo, c.undo.as_ref()?.join(" ")));
        let commands = m.commands.iter();
        let commands = commands.flat_map(|c| std::iter::once((Place::Commands, c.argv.join(" "))).chain(undo(c)));
        let notes = m.commands.iter().filter_map(|c| c.undo_note.as_ref());
        let prose: Vec<&String> = m.why.iter().chain(&m.steps).chain(notes).collect();
        let block = prose.iter().map(|text| text.as_str()).collect::<Vec<_>>().join("\n");
        let prose = prose.iter().map(|text| (Place::Prose, (*text).clone()));
        let manifests = m
            .manifests
            .iter()
            .map(|manifest| (Place::Manifests, manifest.body.clone()));
        for (place, text) in commands.chain(prose).chain(manifests) {
            if let Some(objection) = self.denials.objection(place, &text, &block) {
                // Words of a command stand apart in the file.
                let words = quoted(&objection).unwrap_or_default().split_whitespace();
                let near = words.max_by_key(|word| word.len()).unwrap_or_default().to_owned();
                self.mistake(&near, objection);
            }
        }
    }

    fn params(&mut self, files: &[Input]) {
        let Some(mut params) = self.one::<Vec<source::Param>>(files, "params.yaml") else {
            return;
        };
        // The alert writer walks the entities in this order and opens an object at each new first part.
        params.sort_by(|a, b| {
            let key = |p: &source::Param| (p.entity.is_none(), p.entity.clone());
            key(a).cmp(&key(b))
        });
        for param in &params {
            if self.param_ids.contains_key(&param.name) {
                self.mistake(&param.name, format!("`{}` is declared twice", param.name));
            }
            self.declare(Param {
                name: owned(&param.name),
                kind: param.kind.into(),
                entity: param.entity.as_deref().map(owned),
                cause: param.cause,
            });
        }
        for (id, param) in params.iter().enumerate() {
            for (rank, from) in param.from.iter().enumerate() {
                let (name, when, take) = match from {
                    source::From::Field(name) => (name, List::default(), Take::Whole),
                    source::From::Part(part) => (&part.field, self.conditions(&part.when), part.take.into()),
                };
                self.feed(name, id as ParamId, rank as u8, when, take);
            }
        }
    }

    fn attack(&mut self, files: &[Input]) -> Attack {
        let empty = Attack {
            version: Str::default(),
            next_version: Str::default(),
            tactics: List::default(),
            techniques: List::default(),
            mitigations: List::default(),
        };
        let Some(attack) = self.one::<source::Attack>(files, "attack.yaml") else {
            return empty;
        };
        let tactics: List<Tactic> = attack
            .tactics
            .iter()
            .map(|t| Tactic {
                id: owned(&t.id),
                name: owned(&t.name),
                shortname: owned(&t.shortname),
            })
            .collect();
        for technique in &attack.techniques {
            for tactic in &technique.tactics {
                if !tactics.iter().any(|t| t.shortname == *tactic) {
                    self.mistake(&technique.id, format!("`{tactic}` is no tactic"));
                }
            }
            for mitigation in &technique.mitigations {
                if !attack.mitigations.iter().any(|m| m.id == *mitigation) {
                    self.mistake(&technique.id, format!("`{mitigation}` is no mitigation"));
                }
            }
        }
        let mut techniques: Vec<Technique> = attack
            .techniques
            .iter()
            .map(|t| Technique {
                id: owned(&t.id),
                name: owned(&t.name),
                tactics: strings(&t.tactics),
                mitigations: strings(&t.mitigations),
                superseded_by: t.superseded_by.as_deref().map(owned),
            })
            .collect();
        techniques.sort_by(|a, b| a.id.cmp(&b.id));
        self.techniques.clone_from(&techniques);
        let mut mitigations: Vec<AttackMitigation> = attack
            .mitigations
            .iter()
            .map(|m| AttackMitigation {
                id: owned(&m.id),
                name: owned(&m.name),
                d3fend: strings(&m.d3fend),
            })
            .collect();
        mitigations.sort_by(|a, b| a.id.cmp(&b.id));
        self.attack_mitigations = mitigations.iter().map(|m| m.id.to_string()).collect();
        Attack {
            version: owned(&attack.version),
            next_version: owned(&attack.next_version),
            tactics,
            techniques: techniques.into(),
            mitigations: mitigations.into(),
        }
    }

    fn shared_mitigation(&mut self, mitigation: &source::Mitigation) {
        let expected = format!("mitigations/{}.yaml", mitigation.id);
        if self.is_misplaced(&expected) {
            self.mistake(&mitigation.id, format!("this file must be {expected}"));
        }
        let compiled = self.mitigation(mitigation, owned(&mitigation.id));
        let index = self.add_mitigation(compiled);
        self.shared.insert(mitigation.id.clone(), index);
    }

    fn add_mitigation(&mut self, mitigation: Mitigation) -> u16 {
        self.mitigations.push(mitigation);
        (self.mitigations.len() - 1) as u16
    }

    fn mitigation(&mut self, m: &source::Mitigation, id: Str) -> Mitigation {
        for id in &m.attack_mitigations {
            if !self.attack_mitigations.contains(id) {
                self.mistake(id, format!("`{id}` is no ATT&CK mitigation of attack.yaml"));
            }
        }
        if m.commands.is_empty() && m.steps.is_empty() && m.manifests.is_empty() && m.why.is_none() {
            self.mistake(&m.id, format!("`{}` has nothing to do", m.id));
        }
        self.refuse_denied(m);
        if m.phase == Phase::Inspect {
            for command in &m.commands {
                if command.effect != Effect::ReadOnly {
                    self.mistake(&command.title, "a command to inspect must be read-only");
                }
            }
        }
        Mitigation {
            id,
            phase: m.phase,
            title: self.template(&m.title),
            why: m.why.as_deref().map(|why| self.template(why)),
            when: self.conditions(&m.when),
            steps: self.templates(&m.steps),
            commands: m.commands.iter().map(|c| self.command(c)).collect(),
            manifests: m.manifests.iter().map(|manifest| self.manifest(manifest)).collect(),
            attack_mitigations: strings(&m.attack_mitigations),
            talon: m.talon.as_deref().map(owned),
            benchmarks: strings(&m.benchmarks),
            references: m.references.clone().into(),
        }
    }

    fn manifest(&mut self, manifest: &source::Manifest) -> Manifest {
        let body = self.template(&manifest.body);
        if !self.was_checked()
            && let Err(error) = kubernetes(&template::sample(&body))
        {
            let near = manifest.body.lines().next().unwrap_or_default();
            self.mistake(near, format!("the manifest {:?} is none: {error}", manifest.title));
        }
        Manifest {
            title: owned(&manifest.title),
            kind: owned(&manifest.kind),
            apply: manifest.apply.as_deref().map(owned),
            body,
        }
    }

    fn command(&mut self, command: &source::Command) -> crate::model::Command {
        let undo = match (&command.undo, &command.undo_note) {
            (Some(argv), None) => Undo::Argv(self.argv(argv)),
            (None, Some(note)) => Undo::Note(self.template(note)),
            (None, None) if command.effect == Effect::ReadOnly => Undo::Nothing,
            (None, None) => {
                self.mistake(
                    &command.title,
                    "a command that changes something needs `undo` or `undo_note`",
                );
                Undo::Nothing
            }
            (Some(_), Some(_)) => {
                self.mistake(&command.title, "`undo` and `undo_note` exclude each other");
                Undo::Nothing
            }
        };
        if command.effect == Effect::ReadOnly && undo != Undo::Nothing {
            self.mistake(&command.title, "a read-only command has nothing to undo");
        }
        Command {
            title: self.template(&command.title),
            place: command.place,
            argv: self.argv(&command.argv),
            effect: command.effect,
            undo,
            when: self.conditions(&command.when),
        }
    }

    /// Compiles the words of a command and checks that no value can become an option or code.
    fn argv(&mut self, argv: &[String]) -> List<Template> {
        let compiled = self.templates(argv);
        if argv
            .first()
            .is_none_or(|tool| tool.contains('{') || tool.starts_with('-'))
        {
            self.mistake(
                argv.first().map_or("argv", |s| s),
                "a command begins with the name of a tool",
            );
        }
        let mut behind_dashes = false;
        let mut script = false;
        for (word, template) in argv.iter().zip(compiled.iter()) {
            if script && template.0.iter().any(|p| !matches!(p, Piece::Text(_))) {
                self.mistake(word, format!("a hole inside a script: {word:?}; pass it as \"$1\""));
            }
            script = matches!(argv[0].as_str(), "sh" | "bash") && word == "-c";
            behind_dashes |= word == "--";
            let first = match template.0.first() {
                Some(Piece::Optional(inner)) => inner.first(),
                first => first,
            };
            if let Some(Piece::Hole(hole)) = first
                && self.params[usize::from(hole.param)].kind == ParamType::Text
                && !behind_dashes
                && argv[0] != "sh"
            {
                self.mistake(
                    word,
                    format!("{word:?} begins with a value of any form, which could be an option: put `--` before it, or a prefix"),
                );
            }
            let bad_fallback = |pieces: &[Piece]| {
                pieces
                    .iter()
                    .any(|p| matches!(p, Piece::Hole(h) if h.fallback.is_some()))
            };
            if bad_fallback(&template.0) {
                self.mistake(word, format!("a fallback in a command: {word:?}"));
            }
        }
        compiled
    }

    fn entry(&mut self, entry: &source::Entry) -> Option<u16> {
        let names = (&entry.rule, &entry.behaviour, &entry.source_guidance);
        let (kind, id, title) = match names {
            (Some(rule), None, None) => (EntryKind::Rule, slug(rule), rule.clone()),
            (None, Some(id), None) => (EntryKind::Behaviour, id.clone(), entry.title.clone()?),
            (None, None, Some(id)) if id == "generic" => (EntryKind::Generic, id.clone(), entry.title.clone()?),
            (None, None, Some(id)) => (EntryKind::Source, id.clone(), entry.title.clone()?),
            _ => {
                self.mistake("", "one of `rule`, `behaviour` and `source_guidance` is needed");
                return None;
            }
        };
        if self.is_misplaced(&format!("/{id}.yaml")) {
            self.mistake(&title, format!("this file must be named {id}.yaml"));
        }
        if self.entries.iter().any(|e| e.kind == kind && e.id == *id) {
            self.mistake(&title, format!("two entries for {title:?}"));
        }
        if (entry.severity != 0) != entry.severity_why.is_some() {
            self.mistake("severity", "`severity` and `severity_why` go together");
        }
        if !(-40..=40).contains(&entry.severity) {
            self.mistake("severity", format!("severity {} is not in -40..40", entry.severity));
        }
        let mut mitigations: Vec<u16> = Vec::new();
        for (i, decide) in entry.decide.iter().enumerate() {
            let question = source::Mitigation {
                id: format!("decide-{}", i + 1),
                phase: Phase::Inspect,
                title: decide.ask.clone(),
                why: None,
                when: decide.when.clone(),
                steps: decide.steps.clone(),
                commands: decide.commands.clone(),
                manifests: Vec::new(),
                attack_mitigations: Vec::new(),
                talon: None,
                benchmarks: Vec::new(),
                references: Vec::new(),
            };
            let compiled = self.mitigation(&question, Cow::Owned(format!("{id}/{}", question.id)));
            mitigations.push(self.add_mitigation(compiled));
        }
        for used in &entry.mitigations {
            match used {
                source::MitigationUse::Shared(shared) => match self.shared.get(&shared.id) {
                    Some(index) => mitigations.push(*index),
                    None => {
                        let meant = meant(&shared.id, self.shared.keys().map(String::as_str));
                        self.mistake(
                            &format!("use: {}", shared.id),
                            format!("there is no mitigations/{}.yaml{meant}", shared.id),
                        );
                    }
                },
                source::MitigationUse::Own(own) => {
                    let compiled = self.mitigation(own, Cow::Owned(format!("{id}/{}", own.id)));
                    mitigations.push(self.add_mitigation(compiled));
                }
            }
        }
        mitigations.sort_by_key(|m| self.mitigations[usize::from(*m)].phase);
        let mut seen = BTreeSet::new();
        for index in &mitigations {
            if !seen.insert(*index) {
                let id = self.mitigations[usize::from(*index)].id.clone();
                self.mistake(&format!("use: {id}"), format!("`{id}` is used twice"));
            }
        }
        let tuning = entry
            .tuning
            .as_ref()
            .and_then(|tuning| self.tuning(tuning, entry.rule.as_deref()));
        let compiled = Entry {
            kind,
            title: Cow::Owned(title),
            attack: entry.attack.iter().filter_map(|t| self.technique(t)).collect(),
            severity: entry.severity,
            severity_why: entry.severity_why.as_deref().map(owned),
            summary: self.template(&entry.summary),
            why: self.template(&entry.why),
            innocent: self.templates(&entry.innocent),
            mitigations: mitigations.into(),
            tuning,
            disposition: entry.disposition,
            references: entry.references.clone().into(),
            id: Cow::Owned(id),
        };
        self.entries.push(compiled);
        Some((self.entries.len() - 1) as u16)
    }

    fn tuning(&mut self, tuning: &source::Tuning, rule: Option<&str>) -> Option<Tuning> {
        let hook = tuning.hook.as_deref();
        let text = match (tuning.kind, hook) {
            _ if let Some(snippet) = &tuning.snippet => snippet.clone(),
            (TuningKind::Macro, Some(hook)) => {
                let Some(condition) = &tuning.condition else {
                    self.mistake("tuning:", "a macro needs a `condition`");
                    return None;
                };
                let join = match tuning.append {
                    source::Append::Or => "or",
                    source::Append::And => "and",
                };
                // Appended, so that what stands there, and other such snippets, stay.
                format!(
                    "- macro: {hook}\n  condition: >-\n    {join} ({condition})\n  override:\n    condition: append"
                )
            }
            (TuningKind::List, Some(hook)) if !tuning.items.is_empty() => {
                let items: String = tuning.items.iter().map(|i| format!("    - {i}\n")).collect();
                format!("- list: {hook}\n  items:\n{items}  override:\n    items: append")
            }
            (TuningKind::Exception, None) if !tuning.fields.is_empty() => {
                for field in &tuning.fields {
                    if self.is_list(field) {
                        self.mistake(
                            field,
                            format!("`{field}` is a list in Falco, and an exception compares with `=`"),
                        );
                    }
                }
                let rule = match rule {
                    Some(rule) => format!("{rule:?}"),
                    None => "{rule}".to_owned(),
                };
                let fields = tuning.fields.join(", ");
                let comps = vec!["\"=\""; tuning.fields.len()].join(", ");
                let values: String = tuning
                    .fields
                    .iter()
                    .enumerate()
                    .map(|(i, f)| format!("        {} - {{{f}}}\n", if i == 0 { "-" } else { " " }))
                    .collect();
                format!(
                    "- rule: {rule}\n  exceptions:\n    - name: expected_here\n      fields: [{fields}]\n      comps: [{comps}]\n      values:\n{values}  override:\n    exceptions: append"
                )
            }
            _ => {
                self.mistake(
                    "tuning:",
                    "a macro needs `hook` and `condition`, a list `hook` and `items`, an exception `fields` and no hook",
                );
                return None;
            }
        };
        Some(Tuning {
            hook: hook.map(owned),
            kind: tuning.kind,
            snippet: self.template(&text),
            note: tuning.note.as_deref().map(|note| self.template(note)),
        })
    }

    fn is_list(&self, field: &str) -> bool {
        self.lists.iter().any(|list| match list.strip_suffix('*') {
            Some(head) => field.starts_with(head),
            None => field == list,
        })
    }

    fn behaviour(&mut self, entry: &source::Entry, index: u16) -> Behaviour {
        Behaviour {
            entry: index,
            techniques: entry.techniques.iter().filter_map(|t| self.technique(t)).collect(),
            clauses: entry
                .clauses
                .iter()
                .map(|clause| Clause {
                    score: clause.score,
                    words: strings(&clause.words),
                    tags: strings(&clause.tags),
                    when: self.conditions(&clause.when),
                })
                .collect(),
        }
    }

    fn names(&mut self, parts: &[Part<'_, source::Name>]) -> (Vec<Rule>, Vec<Name>, Vec<Message>) {
        let mut rules = Vec::new();
        let mut names = Vec::new();
        let mut messages: Vec<Message> = Vec::new();
        let find = |entries: &[Entry], kind: EntryKind, id: &str| {
            entries
                .iter()
                .position(|e| e.kind == kind && e.id == *id)
                .map(|i| i as u16)
        };
        for part in parts {
            self.at(part);
            let name = &part.value;
            let rule = rules.len() as u16;
            let behaviour = name.behaviour.as_deref().and_then(|id| {
                let found = find(&self.entries, EntryKind::Behaviour, id);
                if found.is_none() {
                    self.mistake(&name.name, format!("`{}`: no behaviour `{id}`", name.name));
                }
                found
            });
            rules.push(Rule {
                name: owned(&name.name),
                ruleset: owned(&name.ruleset),
                source: owned(&name.source),
                tags: Cow::Owned(name.tags.join(" ")),
                entry: self
                    .entries
                    .iter()
                    .position(|e| e.kind == EntryKind::Rule && e.title == name.name)
                    .map(|i| i as u16),
                behaviour,
                innocent: List::default(),
            });
            for (text, former) in std::iter::once((&name.name, false)).chain(name.former.iter().map(|f| (f, true))) {
                names.push(Name {
                    name: owned(text),
                    rule,
                    former,
                });
            }
            for prefix in &name.messages {
                let (prefix, tail) = match prefix.split_once('*') {
                    Some((prefix, tail)) => (prefix, Some(owned(tail))),
                    None => (prefix.as_str(), None),
                };
                match messages.iter_mut().find(|m| m.prefix == prefix && m.tail == tail) {
                    // The names stand in the order stable, incubating, ...: the likelier rule first.
                    Some(message) => message.shared = true,
                    None => messages.push(Message {
                        prefix: owned(prefix),
                        tail,
                        rule,
                        shared: false,
                    }),
                }
            }
        }
        names.sort_by(|a, b| a.name.cmp(&b.name));
        for pair in names.windows(2) {
            if pair[0].name == pair[1].name {
                self.mistake(&pair[0].name, format!("{:?} stands here twice", pair[0].name));
            }
        }
        let key = |m: &Message| {
            let len = m.prefix.len() + m.tail.as_ref().map_or(0, |tail| tail.len());
            (
                m.prefix.bytes().next(),
                std::cmp::Reverse(len),
                m.prefix.clone(),
                m.tail.clone(),
            )
        };
        messages.sort_by_key(key);
        let orphans: Vec<Str> = self
            .entries
            .iter()
            .filter(|e| e.kind == EntryKind::Rule)
            .filter(|e| !rules.iter().any(|r: &Rule| r.name == e.title))
            .map(|e| e.title.clone())
            .collect();
        for title in orphans {
            self.mistake(
                "",
                format!("the entry {title:?} is for a rule that is not in names.yaml"),
            );
        }
        (rules, names, messages)
    }

    /// Notes a cause with the rules it concerns.
    fn concern(&mut self, cause: &source::Innocent, index: u16, rules: &mut [Rule]) {
        for name in &cause.rules {
            match rules.iter_mut().find(|r| r.name == *name) {
                Some(rule) => rule.innocent.to_mut().push(index),
                None => {
                    let known = rules.iter().map(|rule| rule.name.as_ref());
                    let meant = meant(name, known);
                    self.mistake(name, format!("{name:?} is no rule of names.yaml{meant}"));
                }
            }
        }
    }

    fn innocent(&mut self, cause: &source::Innocent) -> Innocent {
        let expected = format!("innocent/{}.yaml", cause.innocent);
        if self.is_misplaced(&expected) {
            self.mistake(&cause.innocent, format!("this file must be {expected}"));
        }
        if cause.all.is_empty() && cause.rules.is_empty() {
            self.mistake("", "a cause needs `rules` or conditions in `all`");
        }
        Innocent {
            id: owned(&cause.innocent),
            all: self.conditions(&cause.all),
            convincing: cause
                .convincing
                .iter()
                .map(|w| Weighted {
                    weight: w.weight,
                    when: self.conditions(&w.when),
                })
                .collect(),
            disposition: cause.disposition,
            reason: self.template(&cause.reason),
            confirm: cause.confirm.as_deref().map(|text| self.template(text)),
            fixed_in: cause.fixed_in.as_deref().map(owned),
            source: owned(&cause.source),
        }
    }

    fn severity(&mut self, files: &[Input]) -> Severity {
        let empty = Severity {
            base: List::default(),
            levels: List::default(),
            modifiers: List::default(),
            dispositions: List::default(),
        };
        let Some(severity) = self.one::<source::Severity>(files, "severity.yaml") else {
            return empty;
        };
        let mut pick = |table: &BTreeMap<String, u8>, keys: &[&str]| -> List<u8> {
            keys.iter()
                .map(|key| {
                    table.get(*key).copied().unwrap_or_else(|| {
                        self.mistake("", format!("`{key}` is missing"));
                        0
                    })
                })
                .collect()
        };
        let base = pick(&severity.base, &PRIORITIES);
        let levels = pick(&severity.levels, &["medium", "high", "critical"]);
        Severity {
            base,
            levels,
            modifiers: severity
                .modifiers
                .iter()
                .map(|m| Modifier {
                    add: m.add,
                    when: self.conditions(&m.when),
                    why: owned(&m.why),
                })
                .collect(),
            dispositions: severity
                .dispositions
                .iter()
                .map(|(disposition, add)| DispositionScore {
                    disposition: *disposition,
                    add: *add,
                })
                .collect(),
        }
    }

    /// Tables of other schemas.
    fn schemas(&mut self, files: &[Input], attack: &Attack) -> Vec<(Mapping, Mark)> {
        let mut schemas = Vec::new();
        for file in files.iter().filter(|file| file.path.starts_with("schemas/")) {
            let Some(source) = self.read::<table::Source>(file) else {
                continue;
            };
            let expected = format!("schemas/{}.yaml", source.schema);
            if self.file != expected {
                self.mistake(&source.schema, format!("this file must be {expected}"));
            }
            match table::compile(&source, attack) {
                Ok(schema) => schemas.push(schema),
                Err((near, message)) => self.mistake(&near, message),
            }
        }
        schemas
    }

    fn text_keys(&mut self, files: &[Input]) -> List<TextKey> {
        let keys = self
            .one::<Vec<source::TextKey>>(files, "text_keys.yaml")
            .unwrap_or_default();
        for key in keys.iter().filter(|key| key.key.contains('=')) {
            self.mistake(&key.key, format!("`{}` holds the sign that ends a key", key.key));
        }
        let mut compiled: Vec<TextKey> = keys
            .iter()
            .map(|key| TextKey {
                key: owned(&key.key),
                fields: key
                    .fields
                    .iter()
                    .map(|(source, field)| TextField {
                        source: if source == "any" { Str::default() } else { owned(source) },
                        field: owned(field),
                    })
                    .collect(),
                number: key.number,
            })
            .collect();
        compiled.sort_by(|a, b| b.key.len().cmp(&a.key.len()).then_with(|| a.key.cmp(&b.key)));
        compiled.into()
    }

    fn secrets(&mut self, files: &[Input]) -> Secrets {
        let Some(secrets) = self.one::<source::Secrets>(files, "secrets.yaml") else {
            return Secrets::default();
        };
        let texts = |texts: &[String]| texts.iter().map(|text| owned(text)).collect();
        let first: BTreeSet<u8> = secrets
            .tokens
            .iter()
            .filter_map(|token| token.begins.bytes().next())
            .collect();
        let tokens: Vec<Token> = secrets
            .tokens
            .iter()
            .map(|token| {
                let has_form = match (&token.with, &token.ends) {
                    (None, None) => !token.of.is_empty() && token.least > 0,
                    (Some(_), Some(_)) => token.of.is_empty(),
                    _ => false,
                };
                if token.begins.is_empty() || !has_form {
                    self.mistake(
                        &token.id,
                        "a token has `begins`, and `of` with `least`, or `with` and `ends`",
                    );
                }
                Token {
                    id: owned(&token.id),
                    begins: owned(&token.begins),
                    of: ranges(&token.of).into(),
                    least: token.least,
                    with: token.with.as_deref().map(owned),
                    ends: token.ends.as_deref().map(owned),
                }
            })
            .collect();
        for name in secrets.fields.keys() {
            if !self.fields.contains(name) {
                self.mistake(name, format!("Falco has no field `{name}`"));
            }
        }
        Secrets {
            tokens: tokens.into(),
            first: first.into_iter().collect(),
            keys: texts(&secrets.keys),
            key: owned(&secrets.key),
            schemes: texts(&secrets.schemes),
            fields: secrets
                .fields
                .iter()
                .map(|(name, what)| SecretField {
                    name: owned(name),
                    what: owned(what),
                })
                .collect(),
        }
    }
}

/// `A-Z0-9_` as ranges of bytes.
fn ranges(class: &str) -> Vec<(u8, u8)> {
    let mut ranges = Vec::new();
    let mut rest = class.as_bytes();
    while let [low, behind @ ..] = rest {
        let (high, behind) = match behind {
            [b'-', high, behind @ ..] => (high, behind),
            _ => (low, behind),
        };
        ranges.push((*low, *high));
        rest = behind;
    }
    ranges
}

/// Reads what is to be an object of Kubernetes. Any other file is of a form that nothing here knows.
fn kubernetes(body: &str) -> Result<(), String> {
    if !body.lines().any(|line| line.starts_with("apiVersion:")) {
        return Ok(());
    }
    for document in serde_yaml_ng::Deserializer::from_str(body) {
        let object = serde_yaml_ng::Value::deserialize(document).map_err(|error| error.to_string())?;
        for key in ["apiVersion", "kind"] {
            if !object.get(key).is_some_and(serde_yaml_ng::Value::is_string) {
                return Err(format!("an object has no `{key}`"));
            }
        }
    }
    Ok(())
}

/// The first text in backticks.
fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

/// What a question begins with; the word and a backtick follow.
const MEANT: &str = "; did you mean `";

/// A question behind a message that names an unknown word; empty where nothing is like it.
fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    match nearest(word, known, 1)[..] {
        [meant] => format!("{MEANT}{meant}`?"),
        _ => String::new(),
    }
}

/// Adds to an entry, as [`source::Extension`] says.
fn extend(entry: &mut source::Entry, extension: source::Extension) {
    entry.innocent.splice(0..0, extension.innocent);
    // Behind the catalog's, whose ids count them.
    entry.decide.extend(extension.decide);
    entry.mitigations.splice(0..0, extension.mitigations);
    entry.references.splice(0..0, extension.references);
    if let Some(severity) = extension.severity {
        (entry.severity, entry.severity_why) = (severity, extension.severity_why);
    }
    entry.tuning = extension.tuning.or(entry.tuning.take());
    entry.disposition = extension.disposition.or(entry.disposition);
}

/// Finds a factor that keeps all names apart.
fn index<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Index {
    let count = names.clone().count().max(1);
    let mut bits = (count * 4).ilog2() as u8 + 1;
    let mut factor: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut attempts = 0_u32;
    loop {
        // Any odd factor may do; after many that did not, more room makes it likelier.
        factor = factor.wrapping_mul(0xd129_0d3b_3ad1_b7f5) | 1;
        attempts += 1;
        if attempts.is_multiple_of(4096) {
            bits += 1;
        }
        let mut slots = vec![0_u16; 1 << bits];
        let apart = names.clone().enumerate().all(|(i, name)| {
            let slot = Index::slot(name.as_bytes(), factor, bits);
            std::mem::replace(&mut slots[slot], i as u16 + 1) == 0
        });
        if apart {
            let slots = slots.into();
            return Index { factor, bits, slots };
        }
    }
}

/// FNV-1a, to tell one content from another.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
