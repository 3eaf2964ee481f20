//! Templates filled with an event's values, each place with its own encoding.

use std::borrow::Cow;

use bewit_catalog::model::{Command, Hole, Manifest, ParamType, Piece, Template, Tuning, TuningKind, Undo};

use bumpalo::collections::Vec as ArenaVec;

use super::shell;
use super::values::{Found, Values};
use crate::json::escape;

/// Characters of one value that prose shows.
const PROSE: usize = 160;
/// Bytes that most commands and most of their words have: for these memory is taken once.
const LINE: usize = 256;
const WORD: usize = 32;

/// A command as the alert shows it.
pub(crate) struct Filled<'v> {
    pub(crate) argv: ArenaVec<'v, ArenaVec<'v, u8>>,
    /// One shell line that means exactly `argv`.
    pub(crate) line: ArenaVec<'v, u8>,
    /// Parameters without a usable value; they stand in the line as `'<name>'`.
    pub(crate) missing: Vec<&'v str>,
}

/// Text with places for values, filled; `missing` names those that had none.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Snippet<'v> {
    pub(crate) text: Vec<u8>,
    pub(crate) missing: Vec<&'v str>,
}

/// Text that grows.
pub(super) trait Text {
    fn add(&mut self, text: &[u8]);
    fn is_empty(&self) -> bool;
}

impl Text for Vec<u8> {
    #[inline]
    fn add(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl Text for ArenaVec<'_, u8> {
    #[inline]
    fn add(&mut self, text: &[u8]) {
        self.extend_from_slice_copy(text);
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

/// A part of a template that is written.
enum Part<'t> {
    Text(&'t str),
    Hole(&'t Hole),
}

/// Walks over what a template says, without the optional parts in which a hole has nothing. Returns whether there
/// were any.
#[inline]
fn walk<'t>(template: &'t Template, has: impl Fn(&Hole) -> bool, mut write: impl FnMut(Part<'t>)) -> bool {
    let mut left_out = false;
    for piece in template.0.iter() {
        match piece {
            Piece::Text(text) => write(Part::Text(text)),
            Piece::Hole(hole) => write(Part::Hole(hole)),
            Piece::Optional(pieces) => {
                let whole = pieces.iter().all(|piece| match piece {
                    Piece::Hole(hole) => has(hole),
                    Piece::Text(_) | Piece::Optional(_) => true,
                });
                left_out |= !whole;
                for piece in pieces.iter().filter(|_| whole) {
                    match piece {
                        Piece::Text(text) => write(Part::Text(text)),
                        Piece::Hole(hole) => write(Part::Hole(hole)),
                        // They do not nest.
                        Piece::Optional(_) => {}
                    }
                }
            }
        }
    }
    left_out
}

/// Appends prose as it stands inside JSON quotes: a missing value is its fallback, or `unknown`. `literal` appends
/// what is no value.
pub(crate) fn prose(
    template: &Template,
    values: &Values<'_>,
    out: &mut Vec<u8>,
    literal: impl Fn(&mut Vec<u8>, &[u8]),
) {
    let has = |hole: &Hole| hole.fallback.is_some() || shown(hole, values).is_some();
    walk(template, has, |part| match part {
        Part::Text(text) => literal(out, text.as_bytes()),
        Part::Hole(hole) => match shown(hole, values) {
            Some(found) => found.write_clipped(PROSE, out),
            None => literal(out, hole.fallback.as_deref().unwrap_or("unknown").as_bytes()),
        },
    });
}

/// A template, its literal text as it stands inside JSON quotes.
pub(crate) fn escaped(template: &Template) -> Template {
    fn text(literal: &str) -> Cow<'static, str> {
        let mut escaped = Vec::new();
        escape(&mut escaped, literal);
        Cow::Owned(String::from_utf8_lossy(&escaped).into_owned())
    }
    fn escaped(piece: &Piece) -> Piece {
        match piece {
            Piece::Text(literal) => Piece::Text(text(literal)),
            Piece::Hole(hole) => Piece::Hole(Hole {
                fallback: hole.fallback.as_deref().map(text),
                ..hole.clone()
            }),
            Piece::Optional(pieces) => Piece::Optional(pieces.iter().map(escaped).collect()),
        }
    }
    Template(template.0.iter().map(escaped).collect())
}

/// A value for people to read. A name of an unexpected form is still a name; a container id, an address or a
/// number that is none would only mislead (`container.id` is `host` on a host).
fn shown<'v, 'e>(hole: &Hole, values: &'v Values<'e>) -> Option<&'v Found<'e>> {
    let lenient = matches!(
        values.param(hole.param)?.kind,
        ParamType::Text | ParamType::Word | ParamType::UserName | ParamType::K8sUser | ParamType::Image
    );
    if lenient {
        values.any(hole.param)
    } else {
        values.valid(hole.param)
    }
}

/// A command, quoted for a POSIX shell.
pub(crate) fn command<'v>(command: &Command, values: &'v Values<'_>) -> Filled<'v> {
    argv(&command.argv, values)
}

/// The way back from a command, as it stands inside JSON quotes: a shell line, or words.
pub(crate) fn undo(undo: &Undo, values: &Values<'_>, out: &mut Vec<u8>) {
    match undo {
        Undo::Nothing => {}
        Undo::Argv(words) => escape(out, argv(words, values).line),
        Undo::Note(note) => prose(note, values, out, |out, text| escape(out, text)),
    }
}

fn argv<'v>(words: &[Template], values: &'v Values<'_>) -> Filled<'v> {
    let arena = values.arena;
    let mut filled = Filled {
        argv: ArenaVec::with_capacity_in(words.len(), arena),
        line: ArenaVec::with_capacity_in(LINE, arena),
        missing: Vec::new(),
    };
    let mut options_end = false;
    for template in words {
        let mut text = ArenaVec::with_capacity_in(WORD, arena);
        let missing = |name| note(&mut filled.missing, name);
        if !word(template, values, options_end, &mut text, missing) {
            continue;
        }
        options_end |= text.as_slice() == b"--";
        if !filled.line.is_empty() {
            filled.line.push(b' ');
        }
        shell::quote(&mut filled.line, &text);
        filled.argv.push(text);
    }
    filled
}

/// Writes one word of a command; tells `missing` what has no value. False where the word is an optional part without a
/// value, and so is none.
#[inline]
fn word<'v>(
    template: &Template,
    values: &'v Values<'_>,
    options_end: bool,
    text: &mut impl Text,
    mut missing: impl FnMut(&'v str),
) -> bool {
    let has = |hole: &Hole| values.valid(hole.param).is_some();
    let left_out = walk(template, has, |part| match part {
        Part::Text(literal) => text.add(literal.as_bytes()),
        Part::Hole(hole) => match values.valid(hole.param) {
            // A value at the beginning of a word must not become an option.
            Some(found) if options_end || !text.is_empty() || found.text.first() != Some(&b'-') => {
                text.add(found.text);
            }
            _ => missing(write_name(hole, values, text)),
        },
    });
    !text.is_empty() || !left_out
}

/// Writes the name of a hole that has no value.
fn write_name<'v>(hole: &Hole, values: &'v Values<'_>, text: &mut impl Text) -> &'v str {
    let name = values.param(hole.param).map_or("", |param| param.name.as_ref());
    text.add(b"<");
    text.add(name.as_bytes());
    text.add(b">");
    name
}

fn note<'v>(missing: &mut Vec<&'v str>, name: &'v str) {
    if !missing.contains(&name) {
        missing.push(name);
    }
}

/// A command whose fixed words are quoted already, as they stand inside JSON quotes.
pub(crate) struct Line(Vec<Word>);

enum Word {
    /// Words without holes, and how many bytes they have outside of JSON.
    Fixed {
        json: Vec<u8>,
        len: usize,
    },
    Open {
        template: Template,
        options_end: bool,
    },
}

impl Line {
    /// Prepares a command; none where it has more than `most` bytes whatever the values are.
    pub(crate) fn of(command: &Command, most: usize) -> Option<Self> {
        let mut words = Vec::new();
        let mut least = 0;
        let mut options_end = false;
        for template in command.argv.iter() {
            if let [] | [Piece::Text(_)] = template.0.as_ref() {
                let text = match template.0.first() {
                    Some(Piece::Text(text)) => text.as_bytes(),
                    _ => b"",
                };
                options_end |= text == b"--";
                let mut quoted = Vec::new();
                if let Some(Word::Fixed { json, len }) = words.last_mut() {
                    quoted.push(b' ');
                    shell::quote(&mut quoted, text);
                    escape(json, &quoted);
                    *len += quoted.len();
                } else {
                    let mut json = Vec::new();
                    shell::quote(&mut quoted, text);
                    escape(&mut json, &quoted);
                    let len = quoted.len();
                    words.push(Word::Fixed { json, len });
                }
                least += quoted.len();
            } else {
                let template = template.clone();
                words.push(Word::Open { template, options_end });
            }
        }
        (least <= most).then_some(Self(words))
    }

    /// Appends the command as it stands inside JSON quotes. False, and nothing is appended, where a value is missing or
    /// it has more than `most` bytes. `text` is room to work in.
    pub(crate) fn write(
        &self,
        values: &Values<'_>,
        most: usize,
        text: &mut ArenaVec<'_, u8>,
        out: &mut Vec<u8>,
    ) -> bool {
        let begin = out.len();
        let mut whole = 0;
        for part in &self.0 {
            let before = out.len();
            if before > begin {
                out.push(b' ');
                whole += 1;
            }
            match part {
                Word::Fixed { json, len } => {
                    out.extend_from_slice(json);
                    whole += len;
                }
                Word::Open { template, options_end } => {
                    let mut ready = true;
                    text.clear();
                    if !word(template, values, *options_end, text, |_| ready = false) {
                        whole -= out.len() - before;
                        out.truncate(before);
                        continue;
                    }
                    if !ready {
                        out.truncate(begin);
                        return false;
                    }
                    if shell::is_plain(text) {
                        out.extend_from_slice(text);
                        whole += text.len();
                    } else {
                        let mut quoted = Vec::with_capacity(text.len() + 2);
                        shell::quote(&mut quoted, text);
                        escape(out, &quoted);
                        whole += quoted.len();
                    }
                }
            }
        }
        if whole > most {
            out.truncate(begin);
            return false;
        }
        true
    }
}

/// A manifest: a value is a YAML scalar there, or part of one that the author may have quoted, so only what needs
/// no quoting is let in.
pub(crate) fn manifest<'v>(manifest: &Manifest, values: &'v Values<'_>) -> Snippet<'v> {
    snippet(&manifest.body, values, |text| {
        text.iter().all(|b| b.is_ascii_alphanumeric() || b"._:/@+-".contains(b))
    })
}

/// A tuning snippet: values are strings in Falco's condition language, inside YAML. Falco has no escape that
/// all its versions read, so a value that would need one is refused; items of a list stand in conditions
/// unquoted, so those are single words.
pub(crate) fn tuning<'v>(tuning: &Tuning, values: &'v Values<'_>) -> Snippet<'v> {
    let list = tuning.kind == TuningKind::List;
    snippet(&tuning.snippet, values, |text| {
        text.iter().all(|b| match b {
            b'"' | b'\\' => false,
            _ if list => b.is_ascii_alphanumeric() || b"._:/@+-".contains(b),
            _ => matches!(b, b' '..=b'~'),
        })
    })
}

fn snippet<'v>(template: &Template, values: &'v Values<'_>, safe: impl Fn(&[u8]) -> bool) -> Snippet<'v> {
    let usable = |hole: &Hole| values.valid(hole.param).filter(|found| safe(found.text));
    let Snippet { mut text, mut missing } = Snippet::default();
    walk(
        template,
        |hole| usable(hole).is_some(),
        |part| match part {
            Part::Text(literal) => text.extend_from_slice(literal.as_bytes()),
            Part::Hole(hole) => {
                // A JSON string is a YAML string: a pod named `null` or `1e3` stays a name. A value that is safe here
                // needs no escapes.
                let quote = hole.scalar.then_some(b'"');
                text.extend(quote);
                match usable(hole) {
                    Some(found) => escape(&mut text, found.text),
                    None => note(&mut missing, write_name(hole, values, &mut text)),
                }
                text.extend(quote);
            }
        },
    );
    Snippet { text, missing }
}
