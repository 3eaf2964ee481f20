//! Templates filled with an event's values, each place with its own encoding.

use bewit_catalog::model::{Hole, Manifest, ParamId, ParamType, Piece, Template, Tuning, TuningKind};

use super::shell;
use super::sketch::{Form, Place};
use super::values::{Values, suits};
use crate::json::escape;

/// A command as the alert shows it.
pub(crate) struct Filled<'v> {
    pub(crate) words: Vec<Word<'v>>,
    /// Parameters without a usable value; they stand in the line as `'<name>'`.
    pub(crate) missing: Vec<&'v str>,
}

/// A word of a command.
pub(crate) struct Word<'v> {
    bits: Vec<Bit<'v>>,
    /// It needs no quotes in a shell line.
    plain: bool,
}

#[derive(Clone, Copy)]
enum Bit<'v> {
    Text(&'v str),
    Value(ParamId),
}

/// A part of a template that is written.
enum Part<'t> {
    Text(&'t str),
    Hole(&'t Hole),
}

/// Walks over what a template says, without the optional parts in which a hole has nothing. Returns whether there
/// were any.
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

/// Appends prose as it stands inside JSON quotes: a missing value is its fallback, or `unknown`.
pub(super) fn prose(template: &Template, values: &Values<'_>, out: &mut Vec<u8>) {
    let has = |hole: &Hole| hole.fallback.is_some() || is_shown(hole, values);
    walk(template, has, |part| match part {
        Part::Text(text) => escape(out, text),
        Part::Hole(hole) if is_shown(hole, values) => values.hole(hole.param, Form::Prose, out),
        Part::Hole(hole) => escape(out, hole.fallback.as_deref().unwrap_or("unknown")),
    });
}

/// Whether there is a value for people to read. A name of an unexpected form is still a name; a container id, an address
/// or a number that is none would only mislead (`container.id` is `host` on a host).
fn is_shown(hole: &Hole, values: &Values<'_>) -> bool {
    let lenient = values.param(hole.param).is_some_and(|param| {
        matches!(
            param.kind,
            ParamType::Text | ParamType::Word | ParamType::UserName | ParamType::K8sUser | ParamType::Image
        )
    });
    if lenient {
        values.any(hole.param).is_some()
    } else {
        values.valid(hole.param).is_some()
    }
}

/// The words of a command.
pub(super) fn argv<'v>(words: &'v [Template], values: &'v Values<'_>) -> Filled<'v> {
    let mut filled = Filled {
        words: Vec::with_capacity(words.len()),
        missing: Vec::new(),
    };
    let mut options_end = false;
    for template in words {
        let Some(bits) = word(template, values, options_end, &mut filled.missing) else {
            continue;
        };
        options_end |= matches!(bits[..], [Bit::Text("--")]);
        let plain = is_plain(&bits, values);
        filled.words.push(Word { bits, plain });
    }
    filled
}

/// One word of a command. None where it is an optional part without a value, and so is none.
fn word<'v>(
    template: &'v Template,
    values: &'v Values<'_>,
    options_end: bool,
    missing: &mut Vec<&'v str>,
) -> Option<Vec<Bit<'v>>> {
    let mut bits = Vec::new();
    let has = |hole: &Hole| values.valid(hole.param).is_some();
    let left_out = walk(template, has, |part| match part {
        Part::Text("") => {}
        Part::Text(text) => bits.push(Bit::Text(text)),
        Part::Hole(hole) => match values.valid(hole.param) {
            Some(found) if found.is_empty() => {}
            // A value at the beginning of a word must not become an option.
            Some(_) if options_end || !bits.is_empty() || values.suits(hole.param, Place::Argument) => {
                bits.push(Bit::Value(hole.param));
            }
            _ => {
                let name = name(hole, values);
                bits.extend([Bit::Text("<"), Bit::Text(name), Bit::Text(">")]);
                note(missing, name);
            }
        },
    });
    (!bits.is_empty() || !left_out).then_some(bits)
}

/// Whether a shell reads a word as it is.
fn is_plain(bits: &[Bit<'_>], values: &Values<'_>) -> bool {
    let places = std::iter::once(Place::WordBegin).chain(std::iter::repeat(Place::Word));
    !bits.is_empty()
        && bits.iter().zip(places).all(|(bit, place)| match bit {
            Bit::Text(text) => suits(text.as_bytes(), place),
            Bit::Value(param) => values.suits(*param, place),
        })
}

/// The name of a hole that has no value.
fn name<'v>(hole: &Hole, values: &'v Values<'_>) -> &'v str {
    values.param(hole.param).map_or("", |param| param.name.as_ref())
}

fn note<'v>(missing: &mut Vec<&'v str>, name: &'v str) {
    if !missing.contains(&name) {
        missing.push(name);
    }
}

impl Word<'_> {
    /// Appends it as it stands inside JSON quotes.
    pub(crate) fn write(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        for bit in &self.bits {
            match bit {
                Bit::Text(text) => escape(out, text),
                Bit::Value(param) => values.hole(*param, Form::Whole, out),
            }
        }
    }

    /// As [`Self::write`], so that any POSIX shell reads exactly it: in single quotes, inside which nothing means anything,
    /// unless there is no need for them.
    fn write_shell(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        if self.plain {
            return self.write(values, out);
        }
        out.push(b'\'');
        for bit in &self.bits {
            match bit {
                Bit::Text(text) => shell::write_inside(text.as_bytes(), out),
                Bit::Value(param) => values.hole(*param, Form::Quoted, out),
            }
        }
        out.push(b'\'');
    }

    /// Bytes that it has in a shell line beside those of its values; adds those to `open`, and whether they are quoted.
    fn measure(&self, open: &mut Vec<(ParamId, bool)>) -> usize {
        let mut fixed = if self.plain { 0 } else { 2 };
        for bit in &self.bits {
            match bit {
                Bit::Text(text) if self.plain => fixed += text.len(),
                Bit::Text(text) => fixed += shell::quoted_len(text.as_bytes()),
                Bit::Value(param) => open.push((*param, !self.plain)),
            }
        }
        fixed
    }
}

impl Filled<'_> {
    /// Appends one shell line that means exactly these words, as it stands inside JSON quotes.
    pub(crate) fn write_line(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        for (at, word) in self.words.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            word.write_shell(values, out);
        }
    }
}

/// A command line whose fixed words are quoted already, as they stand inside JSON quotes.
pub(crate) struct Line(Box<[LineWord]>);

enum LineWord {
    /// Words without holes, and how many bytes they have outside of JSON.
    Fixed {
        json: Box<[u8]>,
        len: usize,
    },
    Open {
        template: Template,
        options_end: bool,
    },
}

impl Line {
    /// Prepares a command; none where it has more than `most` bytes whatever the values are.
    pub(crate) fn of(words: &[Template], most: usize) -> Option<Self> {
        let mut line = Vec::new();
        let mut least = 0;
        let mut options_end = false;
        let (mut json, mut len) = (Vec::new(), 0);
        let mut fixed = |json: &mut Vec<u8>, len: &mut usize| {
            least += *len;
            let (json, len) = (std::mem::take(json).into(), std::mem::take(len));
            LineWord::Fixed { json, len }
        };
        for template in words {
            let ([] | [Piece::Text(_)]) = template.0.as_ref() else {
                if !json.is_empty() {
                    line.push(fixed(&mut json, &mut len));
                }
                let template = template.clone();
                line.push(LineWord::Open { template, options_end });
                continue;
            };
            let text = match template.0.first() {
                Some(Piece::Text(text)) => text.as_ref(),
                _ => "",
            };
            options_end |= text == "--";
            if !json.is_empty() {
                json.push(b' ');
                len += 1;
            }
            if !text.is_empty() && suits(text.as_bytes(), Place::WordBegin) {
                escape(&mut json, text);
                len += text.len();
            } else {
                json.push(b'\'');
                shell::write_inside(text.as_bytes(), &mut json);
                json.push(b'\'');
                len += shell::quoted_len(text.as_bytes()) + 2;
            }
        }
        if !json.is_empty() {
            line.push(fixed(&mut json, &mut len));
        }
        (least <= most).then(|| Self(line.into()))
    }

    /// The line as an event fills it. None where a value is missing, or it has more than `most` bytes.
    pub(crate) fn ready<'l>(&'l self, values: &'l Values<'_>, most: usize) -> Option<Ready<'l>> {
        let mut parts = Vec::with_capacity(self.0.len());
        let (mut fixed, mut open) = (0, Vec::new());
        for part in &self.0 {
            match part {
                LineWord::Fixed { json, len } => {
                    fixed += len;
                    parts.push(ReadyWord::Fixed(json));
                }
                LineWord::Open { template, options_end } => {
                    let mut missing = Vec::new();
                    let Some(bits) = word(template, values, *options_end, &mut missing) else {
                        continue;
                    };
                    if !missing.is_empty() {
                        return None;
                    }
                    let plain = is_plain(&bits, values);
                    let word = Word { bits, plain };
                    fixed += word.measure(&mut open);
                    parts.push(ReadyWord::Open(word));
                }
            }
        }
        fixed += parts.len().saturating_sub(1);
        let fits = most.checked_sub(fixed).is_some_and(|most| values.fit(&open, most));
        fits.then_some(Ready(parts))
    }
}

/// A command line that can be pasted.
pub(crate) struct Ready<'l>(Vec<ReadyWord<'l>>);

enum ReadyWord<'l> {
    Fixed(&'l [u8]),
    Open(Word<'l>),
}

impl Ready<'_> {
    /// Appends it as it stands inside JSON quotes.
    pub(crate) fn write(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        for (at, word) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            match word {
                ReadyWord::Fixed(json) => out.extend_from_slice(json),
                ReadyWord::Open(word) => word.write_shell(values, out),
            }
        }
    }
}

/// Appends a manifest as it stands inside JSON quotes: a value is a YAML scalar there, or part of one that the author may
/// have quoted, so only what needs no quoting is let in.
pub(super) fn manifest<'v>(manifest: &Manifest, values: &'v Values<'_>, out: &mut Vec<u8>) -> Vec<&'v str> {
    snippet(&manifest.body, values, Place::Yaml, out)
}

/// Appends a tuning snippet as it stands inside JSON quotes: values are strings in Falco's condition language, inside
/// YAML. A value that would need an escape is refused; items of a list stand in conditions unquoted, so those are single
/// words.
pub(super) fn tuning<'v>(tuning: &Tuning, values: &'v Values<'_>, out: &mut Vec<u8>) -> Vec<&'v str> {
    let place = match tuning.kind {
        TuningKind::List => Place::Yaml,
        _ => Place::Condition,
    };
    snippet(&tuning.snippet, values, place, out)
}

/// Appends text with places for values; returns the names of those that have none.
fn snippet<'v>(template: &Template, values: &'v Values<'_>, place: Place, out: &mut Vec<u8>) -> Vec<&'v str> {
    let is_usable = |hole: &Hole| values.valid(hole.param).is_some() && values.suits(hole.param, place);
    let mut missing = Vec::new();
    walk(template, is_usable, |part| match part {
        Part::Text(literal) => escape(out, literal),
        Part::Hole(hole) => {
            // A JSON string is a YAML string: a pod named `null` or `1e3` stays a name. A value that is safe here
            // needs no escapes.
            let quote = if hole.scalar { "\"" } else { "" };
            escape(out, quote);
            if is_usable(hole) {
                values.hole(hole.param, Form::Whole, out);
            } else {
                let name = name(hole, values);
                escape(out, format!("<{name}>"));
                note(&mut missing, name);
            }
            escape(out, quote);
        }
    });
    missing
}
