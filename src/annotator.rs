//! One line in, one record out.

use std::cell::Cell;
use std::rc::Rc;

use bewit_catalog::library::Library;
use bewit_catalog::mapping::{Mapping, Mark};
use bumpalo::Bump;

use crate::annotate::{self, Alert, Kinds};
use crate::catalog::{LIBRARY, Messages};
use crate::config::{Config, Detail, MinPriority, Schema};
use crate::envelope::{self, Carrier, Layer};
use crate::event::{self, Event, Forms, Key, Priority, Record, TextKeys};
use crate::json::{self, Seen, Value, word};
use crate::mask::{Masked, Masker};
use crate::render::mapped;
use crate::render::native::{self, Input};
use crate::repeat::{self, Lesson, Repeats};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A Falco alert; its annotated form was written.
    Alert,
    /// No Falco alert, or one that is annotated already; it was written as it came.
    Passed,
    /// An alert that the configuration asked to drop; nothing was written.
    Dropped,
    /// Something was over a limit; the record was written with `bewit.error`, or as it came where it is no
    /// JSON object.
    Failed,
}

/// Annotates lines. It does no I/O, reads no clock, and gives the same bytes for the same line and
/// configuration, always: what it keeps between lines saves work and decides nothing.
pub struct Annotator {
    shelf: Shelf,
    config: Config,
    min_priority: Option<Priority>,
    /// What templates may say of the organisation.
    organisation: Vec<(String, String)>,
    /// Taken out while a line is worked on: should that end in a trap, the next line finds none and makes a new one.
    kept: Cell<Option<Box<Kept>>>,
}

/// Where the catalog is. The built-in one is read when the first line comes: a host may only want to configure.
enum Shelf {
    BuiltIn,
    Own(Box<Library>),
}

impl Shelf {
    fn library(&self) -> &Library {
        match self {
            Self::BuiltIn => &LIBRARY,
            Self::Own(library) => library,
        }
    }
}

/// What is kept between lines.
struct Kept {
    kinds: Kinds,
    forms: Forms,
    repeats: Repeats,
    text_keys: TextKeys,
    /// The table of the schema, and room for the native alerts it reads; none for the native one.
    mapped: Option<(Mapping, Vec<u8>)>,
    /// Whatever is made for one line is made here.
    arena: Bump,
}

impl Kept {
    fn new(library: &Library, schema: Schema) -> Self {
        let catalog = &library.tables.index;
        let messages = Rc::new(Messages::of(catalog));
        let mapping = library.schema(schema.as_str());
        Self {
            kinds: Kinds::new(library, Rc::clone(&messages)),
            forms: Forms::default(),
            repeats: Repeats::new(Rc::clone(&messages)),
            text_keys: TextKeys::of(catalog, messages),
            mapped: mapping.map(|mapping| (mapping, Vec::new())),
            arena: Bump::new(),
        }
    }
}

/// Bytes of the arena that are kept, so that one huge line does not hold its memory for ever.
const ARENA: usize = 256 << 10;
/// As much of the room for native alerts.
const ROOM: usize = 256 << 10;

impl Default for Annotator {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Annotator {
    /// With the built-in catalog.
    pub fn new(config: Config) -> Self {
        Self::over(Shelf::BuiltIn, config)
    }

    /// With another catalog: the built-in one with a user's files laid over it.
    pub fn with_library(config: Config, library: Library) -> Self {
        Self::over(Shelf::Own(Box::new(library)), config)
    }

    /// The same catalog under another configuration.
    pub fn configured(self, config: Config) -> Self {
        Self::over(self.shelf, config)
    }

    fn over(shelf: Shelf, mut config: Config) -> Self {
        if let Shelf::Own(library) = &shelf {
            config.organisation = config.organisation.or(&library.tables.index.organisation);
        }
        Self {
            min_priority: config.min_priority.map(|p| match p {
                MinPriority::Emergency => Priority::Emergency,
                MinPriority::Alert => Priority::Alert,
                MinPriority::Critical => Priority::Critical,
                MinPriority::Error => Priority::Error,
                MinPriority::Warning => Priority::Warning,
                MinPriority::Notice => Priority::Notice,
                MinPriority::Informational => Priority::Informational,
                MinPriority::Debug => Priority::Debug,
            }),
            organisation: config.organisation.values(),
            config,
            shelf,
            kept: Cell::default(),
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The catalog in use.
    pub fn library(&self) -> &Library {
        self.shelf.library()
    }

    /// Annotates one record, without a line break at its end, and appends what becomes of it to `out`.
    /// A JSON record may hold line breaks between its tokens.
    pub fn annotate(&self, line: &[u8], out: &mut Vec<u8>) -> Outcome {
        let outcome = self.try_annotate(line, out);
        if outcome == Outcome::Passed {
            out.extend_from_slice(line);
        }
        outcome
    }

    /// As [`Self::annotate`], but [`Outcome::Passed`] appends nothing: the caller has the line.
    pub fn try_annotate(&self, line: &[u8], out: &mut Vec<u8>) -> Outcome {
        self.look_at(line, self.config.schema, out).0
    }

    /// As [`Self::try_annotate`], in the configured schema or the native one; says, too, what there was in the JSON of
    /// an alert.
    pub(crate) fn look_at(&self, line: &[u8], schema: Schema, out: &mut Vec<u8>) -> (Outcome, Seen) {
        let limit = self.config.limits.line_bytes;
        if line.len() > limit {
            let message = format!(
                "the line has {} bytes, the limit `limits.line_bytes` is {limit}",
                line.len()
            );
            fault(line, "line-too-long", &message, out);
            return (Outcome::Failed, Seen::default());
        }
        if !event::may_hold(line) {
            return (Outcome::Passed, Seen::default());
        }
        let mut kept = self
            .kept
            .take()
            .unwrap_or_else(|| Box::new(Kept::new(self.library(), self.config.schema)));
        if kept.arena.allocated_bytes() > ARENA {
            kept.arena = Bump::new();
        } else {
            kept.arena.reset();
        }
        let before = out.len();
        let is_native = schema == Schema::Native;
        let catalog = &self.library().tables.index;
        if is_native && let Some(seen) = kept.repeats.write(line, catalog, &kept.arena, out) {
            self.kept.set(Some(kept));
            return (Outcome::Alert, seen);
        }
        let mut work = self.work(&mut kept, line, schema, out);
        let outcome = work.line(line).unwrap_or(Outcome::Passed);
        let (seen, fields, unknown) = (work.seen, work.fields, work.unknown);
        // Not where a mark was taken off the line, or bytes of it were replaced.
        let lesson = work.lesson.filter(|_| std::ptr::eq(work.raw, line));
        for object in unknown {
            kept.forms.learn(&object, catalog);
        }
        if let Some(lesson) = lesson {
            let (marked, mut foretold) = (lesson.marked(line), Vec::new());
            self.work(&mut kept, &marked.line, schema, &mut foretold)
                .line(&marked.line);
            let written = out.get(before..).unwrap_or_default();
            kept.repeats.learn(&lesson, (line, written, seen), (&marked, &foretold));
        }
        self.kept.set(Some(kept));
        match outcome {
            Outcome::Passed => out.truncate(before),
            Outcome::Failed => {
                let limit = self.config.limits.fields;
                let message = format!("the alert has {fields} keys, the limit `limits.fields` is {limit}");
                fault(line, "too-many-fields", &message, out);
            }
            Outcome::Alert | Outcome::Dropped => {}
        }
        (outcome, seen)
    }

    /// What is known of alerts that repeat.
    #[cfg(test)]
    pub(crate) fn repeats<T>(&self, look: impl FnOnce(&mut Repeats) -> T) -> T {
        let new = || Box::new(Kept::new(self.library(), self.config.schema));
        let mut kept = self.kept.take().unwrap_or_else(new);
        let seen = look(&mut kept.repeats);
        self.kept.set(Some(kept));
        seen
    }

    /// Work on a line that is to be begun.
    fn work<'a, 'w>(&'a self, kept: &'a mut Kept, line: &'a [u8], schema: Schema, out: &'w mut Vec<u8>) -> Work<'a, 'w>
    where
        'a: 'w,
    {
        Work {
            library: self.library(),
            config: &self.config,
            mapped: kept.mapped.as_mut().filter(|_| schema != Schema::Native),
            min_priority: self.min_priority,
            organisation: &self.organisation,
            kinds: &mut kept.kinds,
            forms: &kept.forms,
            repeats: &mut kept.repeats,
            unknown: Vec::new(),
            text_keys: &kept.text_keys,
            arena: &kept.arena,
            raw: line,
            lossy: false,
            seen: Seen::default(),
            fields: 0,
            lesson: None,
            out,
        }
    }
}

/// Work on one line.
struct Work<'a, 'w> {
    library: &'a Library,
    config: &'a Config,
    /// The table of another schema, and room for the native alert that it reads.
    mapped: Option<&'w mut (Mapping, Vec<u8>)>,
    min_priority: Option<Priority>,
    organisation: &'a [(String, String)],
    kinds: &'w mut Kinds,
    forms: &'a Forms,
    repeats: &'w mut Repeats,
    /// Objects of forms that are to be learned.
    unknown: Vec<Box<[u8]>>,
    text_keys: &'w TextKeys,
    arena: &'a Bump,
    /// The whole line, as text.
    raw: &'a [u8],
    /// Bytes that are no UTF-8 became U+FFFD, as Falco itself does from 0.44 on.
    lossy: bool,
    seen: Seen,
    /// Keys of the alert and of what wraps it.
    fields: usize,
    /// What may differ in the line, where it is to be learned.
    lesson: Option<Lesson>,
    out: &'w mut Vec<u8>,
}

impl<'a> Work<'a, '_> {
    /// None where there is no alert in the line.
    #[inline(never)] // It is called from two places, and the module for Fluent Bit must be small.
    fn line(&mut self, line: &'a [u8]) -> Option<Outcome> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let text = line.trim_ascii();
        self.raw = line;
        // An object tells in passing whether all of it is ASCII.
        let object = text.first() == Some(&b'{');
        if !object && std::str::from_utf8(line).is_err() {
            return self.repaired(line);
        }
        match self.unwrap(text, Known::Nothing, None, 0) {
            Err(NotUtf8) => self.repaired(line),
            Ok(found) => self.emit(found?),
        }
    }

    fn repaired(&mut self, line: &[u8]) -> Option<Outcome> {
        let line = self.arena.alloc_str(&String::from_utf8_lossy(line)).as_bytes();
        self.raw = line;
        self.lossy = true;
        let found = self.unwrap(line.trim_ascii(), Known::Nothing, None, 0).ok()?;
        self.emit(found?)
    }

    /// Finds the alert in a line, one wrapper at a time. None where there is none.
    ///
    /// It calls itself for each wrapper, and an interpreter has little stack for what a function keeps: Fluent Bit's has
    /// 8 KiB. So the work of a level is done in functions that are not inlined and have returned by then, and what is
    /// found is only worked on when all of this has returned.
    fn unwrap(
        &mut self,
        text: &'a [u8],
        known: Known<'a>,
        layer: Option<&'a Layer<'a>>,
        depth: usize,
    ) -> Result<Option<&'a mut Found<'a>>, NotUtf8> {
        if depth > envelope::DEPTH {
            return Ok(None);
        }
        if text.first() == Some(&b'{') {
            let read = match known {
                Known::Record(record) => Some(record),
                Known::Nothing | Known::Plain => self.record(text)?,
            };
            let Some(record) = read else {
                return Ok(None);
            };
            if is_native(record) {
                return Ok(None);
            }
            if let Some(event) = record.event(self.arena) {
                return Ok(Some(self.found(text, event, Some(record), layer)));
            }
            for carrier in envelope::carriers(record) {
                // Other schemas have Falco's line in keys that wrappers have, too.
                if is_marked(record, &self.library.tables.index.marks, self.arena) {
                    return Ok(None);
                }
                let found = self.carried(record, &carrier, layer, depth)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            return Ok(None);
        }
        let plain = matches!(known, Known::Plain);
        let catalog = &self.library.tables.index;
        if let Some(event) = event::parse_text(text, plain, self.text_keys, catalog, self.arena) {
            return Ok(Some(self.found(text, event, None, layer)));
        }
        let Some(prefix) = std::str::from_utf8(text).ok().and_then(envelope::prefix) else {
            return Ok(None);
        };
        let parts = bumpalo::collections::Vec::from_iter_in(prefix.parts, self.arena);
        let wrapped = self.arena.alloc(Layer {
            name: prefix.name,
            around: layer,
            kept: envelope::Kept::Parts {
                text,
                parts: parts.into_bump_slice(),
                time: prefix.time,
            },
        });
        // The rest of a text that needs no escapes needs none.
        self.unwrap(prefix.line.as_bytes().trim_ascii(), known, Some(wrapped), depth + 1)
    }

    /// The object of a text, if it is one.
    #[inline(never)]
    fn record(&mut self, text: &'a [u8]) -> Result<Option<&'a Record<'a>>, NotUtf8> {
        let record = match self.forms.read(text, self.arena) {
            Some(record) => record,
            None => {
                let Ok(record) = Record::read(text, self.arena) else {
                    return Ok(None);
                };
                self.unknown.push(text.into());
                record
            }
        };
        if !record.seen.is_ascii() && std::str::from_utf8(text).is_err() {
            return Err(NotUtf8);
        }
        self.seen.add(record.seen);
        Ok(Some(self.arena.alloc(record)))
    }

    fn carried(
        &mut self,
        record: &'a Record<'a>,
        carrier: &Carrier<'a>,
        layer: Option<&'a Layer<'a>>,
        depth: usize,
    ) -> Result<Option<&'a mut Found<'a>>, NotUtf8> {
        let (text, known) = match (record.carried(carrier.index), carrier.load) {
            (Some(record), _) => {
                self.seen.add(record.seen);
                (record.text, Known::Record(record))
            }
            (None, Value::String(text)) if text.is_json() => (text.raw(), Known::Plain),
            (None, Value::String(text)) => (text.decode(self.arena), Known::Nothing),
            (None, Value::Object(text)) => (text, Known::Nothing),
            _ => return Ok(None),
        };
        let wrapped = self.arena.alloc(Layer {
            name: carrier.name,
            around: layer,
            kept: envelope::Kept::Members {
                record,
                carrier: carrier.index,
            },
        });
        self.unwrap(text.trim_ascii(), known, Some(wrapped), depth + 1)
    }

    #[inline(never)]
    fn found(
        &self,
        text: &'a [u8],
        event: Event<'a>,
        record: Option<&'a Record<'a>>,
        layer: Option<&'a Layer<'a>>,
    ) -> &'a mut Found<'a> {
        self.arena.alloc(Found {
            text,
            event,
            record,
            layer,
        })
    }

    #[inline(never)]
    fn emit(&mut self, found: &'a mut Found<'a>) -> Option<Outcome> {
        let masked = if self.config.mask_secrets {
            self.mask(found)
        } else {
            &[]
        };
        let Found {
            text,
            ref mut event,
            record,
            layer,
        } = *found;
        if self.min_priority.is_some_and(|lowest| event.priority > lowest) {
            return Some(Outcome::Dropped);
        }
        let records = record.into_iter().chain(layer.into_iter().flat_map(Layer::records));
        self.fields = event.fields.len() + records.map(Record::len).sum::<usize>();
        if self.fields > self.config.limits.fields {
            return Some(Outcome::Failed);
        }
        self.add_metadata(event, record, layer);
        if !self.organisation.is_empty() {
            let organisation = self
                .organisation
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()));
            let known = event.metadata.iter().copied().chain(organisation);
            event.metadata = bumpalo::collections::Vec::from_iter_in(known, self.arena).into_bump_slice();
        }
        let alert = Alert::new(self.library, self.kinds, event, self.arena)?;
        let input = Input {
            text,
            record,
            layer,
            raw: self
                .config
                .keep_raw
                .then_some(if masked.is_empty() { self.raw } else { text }),
            lossy: self.lossy,
            masked,
        };
        let begin = self.out.len();
        // A table reads what there is, whatever of it goes out.
        let (detail, out) = match &mut self.mapped {
            None => (self.config.detail, &mut *self.out),
            Some((_, room)) => (Detail::Full, room),
        };
        native::write(&alert, &input, self.config, detail, out);
        if let Some((mapping, room)) = &mut self.mapped {
            let brief = self.config.detail == Detail::Brief;
            mapped::write(mapping, room, brief, self.arena, self.out);
            if room.capacity() > ROOM {
                *room = Vec::new();
            }
            room.clear();
        }
        if self.seen.breaks {
            json::join_lines(self.out, begin);
        }
        // What looks like a credential may be in any value.
        if self.mapped.is_none() && !self.config.mask_secrets && self.repeats.may_learn(self.raw) {
            self.lesson = repeat::lesson(self.raw, &alert, (text, record, layer), detail);
        }
        Some(Outcome::Alert)
    }

    /// Takes what looks like a credential out of an alert and its wrappers, and says what that was.
    #[inline(never)]
    fn mask(&self, found: &mut Found<'a>) -> &'a [Masked<'a>] {
        let arena = self.arena;
        let index = &self.library.tables.index;
        let mut masker = Masker::new(&index.secrets, arena);
        // Whatever cannot be read again stays as it is: it was not changed, then.
        let again = match found.record {
            Some(_) => masker.record(found.text).and_then(|text| {
                let record = &*arena.alloc(Record::read(text, arena).ok()?);
                Some((text, record.event(arena)?, Some(record)))
            }),
            None => masker.text(b"output", found.text).and_then(|text| {
                let event = event::parse_text(text, false, self.text_keys, index, arena)?;
                Some((text, event, None))
            }),
        };
        if let Some((text, event, record)) = again {
            (found.text, found.event, found.record) = (text, event, record);
        }
        found.layer = found.layer.and_then(|layer| masker.layers(layer)).or(found.layer);
        masker.masked.into_bump_slice()
    }

    /// Adds what the objects around an event know of its container.
    fn add_metadata(&self, event: &mut Event<'a>, record: Option<&'a Record<'a>>, layer: Option<&'a Layer<'a>>) {
        let mut all = record.into_iter().chain(layer.into_iter().flat_map(Layer::records));
        let mut informed = all
            .by_ref()
            .filter(|record| record.known(Key::Kubernetes).is_some())
            .peekable();
        if informed.peek().is_none() {
            return;
        }
        let Some(Value::String(container)) = event.fields.get("container.id") else {
            return;
        };
        let container = container.decode(self.arena);
        let metadata = informed.find_map(|record| envelope::metadata(record, container, self.arena));
        event.metadata = metadata.unwrap_or_default();
    }
}

/// An alert, and where it was found.
struct Found<'a> {
    /// Falco's own line, without wrappers.
    text: &'a [u8],
    event: Event<'a>,
    /// The line as an object, if it is JSON.
    record: Option<&'a Record<'a>>,
    /// The innermost wrapper.
    layer: Option<&'a Layer<'a>>,
}

/// What is known of a text before it is looked at.
#[derive(Clone, Copy)]
enum Known<'a> {
    Nothing,
    /// It stands in JSON as it is.
    Plain,
    /// The object that it is.
    Record(&'a Record<'a>),
}

/// Some bytes are no UTF-8.
struct NotUtf8;

/// Passes a record on that could not be annotated, and says why in one added key. What is no JSON object
/// goes out as it came: there is no place to say it.
pub fn fault(line: &[u8], code: &str, message: &str, out: &mut Vec<u8>) {
    let arena = Bump::new();
    let object = std::str::from_utf8(line)
        .ok()
        .map(|line| line.trim().as_bytes())
        .filter(|text| text.first() == Some(&b'{'))
        .and_then(|text| Record::read(text, &arena).ok());
    match object {
        Some(record) if record.known(Key::Bewit).is_none() && !is_annotated(line) => {
            let begin = out.len();
            native::write_fault(&record, code, message, out);
            if record.seen.breaks {
                json::join_lines(out, begin);
            }
        }
        _ => out.extend_from_slice(line),
    }
}

/// Whether bewit wrote this line, in any schema, now or in an earlier pass: as an alert, or with `bewit.error`.
pub fn is_annotated(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    // Most lines of a log are no alerts, and are known by this alone.
    if !word::contains(line, b"bewit") {
        return false;
    }
    let marks = &LIBRARY.tables.index.marks;
    if line.first() != Some(&b'{') {
        let of_lines = marks.iter().filter(|mark| is_of_lines(mark));
        return of_lines
            .into_iter()
            .any(|mark| annotate::any(std::slice::from_ref(&mark.is), line));
    }
    let arena = Bump::new();
    Record::read(line, &arena).is_ok_and(|record| is_native(&record) || is_marked(&record, marks, &arena))
}

/// A schema of lines stands in objects under its own name.
fn is_of_lines(mark: &Mark) -> bool {
    *mark.at == [mark.schema.as_ref()]
}

/// bewit wrote this record in one of the schemas that have such marks.
#[inline(never)]
fn is_marked<'a>(record: &Record<'a>, marks: &[Mark], arena: &'a Bump) -> bool {
    if !record.may_be_marked() {
        return false;
    }
    marks.iter().any(|mark| {
        let mut keys = mark.at.iter();
        let mut value = keys.next().and_then(|key| record.get(key));
        for key in keys {
            value = match value {
                Some(Value::Object(text)) => Record::read(text, arena).ok().and_then(|record| record.get(key)),
                _ => None,
            };
        }
        matches!(value, Some(Value::String(text))
            if annotate::any(std::slice::from_ref(&mark.is), text.decode(arena)))
    })
}

/// bewit wrote this record: a second pass changes nothing.
fn is_native(record: &Record<'_>) -> bool {
    matches!(record.known(Key::Bewit), Some(Value::Object(text))
        if word::contains(text, b"\"bewit.alert/1\""))
}
