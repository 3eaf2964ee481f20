//! Templates filled with an event's values, each place with its own encoding.

use std::borrow::Cow;

use bewit_catalog::model::{Command, Hole, Manifest, ParamType, Piece, Template, Tuning, TuningKind, Undo};

use super::shell;
use super::values::{Found, Values};

/// Characters of one value that prose shows.
const PROSE: usize = 160;

/// A command as the alert shows it.
#[derive(Debug, PartialEq)]
pub(crate) struct Filled {
    pub(crate) argv: Vec<String>,
    /// One shell line that means exactly `argv`.
    pub(crate) line: String,
    /// Parameters without a usable value; they stand in the line as `'<name>'`.
    pub(crate) missing: Vec<String>,
}

/// Text with places for values, filled; `missing` names those that had none.
#[derive(Debug, PartialEq)]
pub(crate) struct Snippet {
    pub(crate) text: String,
    pub(crate) missing: Vec<String>,
}

/// Prose: a missing value is its fallback, or `unknown`.
pub(crate) fn prose(template: &Template, values: &Values<'_>) -> String {
    let mut text = String::new();
    for piece in template.0.iter() {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Hole(hole) => match shown(hole, values) {
                Some(found) => push_clipped(&mut text, &found.text),
                None => text.push_str(hole.fallback.as_deref().unwrap_or("unknown")),
            },
            Piece::Optional(pieces) => {
                let mut part = String::new();
                let whole = pieces.iter().all(|piece| match piece {
                    Piece::Text(literal) => {
                        part.push_str(literal);
                        true
                    }
                    Piece::Hole(hole) => match (shown(hole, values), &hole.fallback) {
                        (Some(found), _) => {
                            push_clipped(&mut part, &found.text);
                            true
                        }
                        (None, Some(fallback)) => {
                            part.push_str(fallback);
                            true
                        }
                        (None, None) => false,
                    },
                    Piece::Optional(_) => true,
                });
                if whole {
                    text.push_str(&part);
                }
            }
        }
    }
    text
}

/// A value for people to read. A name of an unexpected form is still a name; a container id, an address or a
/// number that is none would only mislead (`container.id` is `host` on a host).
fn shown<'v, 'e>(hole: &Hole, values: &'v Values<'e>) -> Option<&'v Found<'e>> {
    let found = values.any(hole.param)?;
    let lenient = matches!(
        values.param(hole.param)?.kind,
        ParamType::Text | ParamType::Word | ParamType::UserName | ParamType::K8sUser | ParamType::Image
    );
    (found.valid || lenient).then_some(found)
}

fn push_clipped(text: &mut String, value: &str) {
    match value.char_indices().nth(PROSE) {
        Some((end, _)) => {
            text.push_str(&value[..end]);
            text.push('…');
        }
        None => text.push_str(value),
    }
}

/// A command, quoted for a POSIX shell.
pub(crate) fn command(command: &Command, values: &Values<'_>) -> Filled {
    argv(&command.argv, values)
}

/// Bytes that a command's line has at least: those of its literal text.
pub(crate) fn least_len(command: &Command) -> usize {
    let literal = |piece: &Piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Hole(_) | Piece::Optional(_) => 0,
    };
    command.argv.iter().flat_map(|word| word.0.iter()).map(literal).sum()
}

/// The way back from a command: a shell line, or words.
pub(crate) fn undo(undo: &Undo, values: &Values<'_>) -> Option<String> {
    match undo {
        Undo::Nothing => None,
        Undo::Argv(words) => Some(argv(words, values).line),
        Undo::Note(note) => Some(prose(note, values)),
    }
}

fn argv(words: &[Template], values: &Values<'_>) -> Filled {
    let mut filled = Filled {
        argv: Vec::with_capacity(words.len()),
        line: String::new(),
        missing: Vec::new(),
    };
    let mut options_end = false;
    for template in words {
        let Some(word) = word(template, values, options_end, &mut filled.missing) else {
            continue;
        };
        options_end |= word == "--";
        if !filled.line.is_empty() {
            filled.line.push(' ');
        }
        shell::quote(&mut filled.line, &word);
        filled.argv.push(word);
    }
    filled
}

/// One word of a command; none where it is an optional part without a value.
fn word(template: &Template, values: &Values<'_>, options_end: bool, missing: &mut Vec<String>) -> Option<String> {
    let mut text = String::new();
    let mut left_out = false;
    for piece in template.0.iter() {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Hole(hole) => {
                let begins = text.is_empty() && !options_end;
                push_word(&mut text, hole, values, begins, missing);
            }
            Piece::Optional(pieces) => {
                let has = |piece: &Piece| match piece {
                    Piece::Hole(hole) => values.valid(hole.param).is_some(),
                    Piece::Text(_) | Piece::Optional(_) => true,
                };
                if !pieces.iter().all(has) {
                    left_out = true;
                    continue;
                }
                for piece in pieces.iter() {
                    match piece {
                        Piece::Text(literal) => text.push_str(literal),
                        Piece::Hole(hole) => {
                            let begins = text.is_empty() && !options_end;
                            push_word(&mut text, hole, values, begins, missing);
                        }
                        Piece::Optional(_) => {}
                    }
                }
            }
        }
    }
    (!text.is_empty() || !left_out).then_some(text)
}

fn push_word(text: &mut String, hole: &Hole, values: &Values<'_>, begins: bool, missing: &mut Vec<String>) {
    match values.valid(hole.param) {
        // A value at the beginning of a word must not become an option.
        Some(found) if !(begins && found.text.starts_with('-')) => text.push_str(&found.text),
        _ => {
            let name = name(hole, values);
            text.push('<');
            text.push_str(&name);
            text.push('>');
            note(missing, name);
        }
    }
}

fn name(hole: &Hole, values: &Values<'_>) -> String {
    values
        .param(hole.param)
        .map_or_else(String::new, |p| p.name.to_string())
}

fn note(missing: &mut Vec<String>, name: String) {
    if !missing.contains(&name) {
        missing.push(name);
    }
}

/// A manifest: a value is a YAML scalar there, or part of one that the author may have quoted, so only what needs
/// no quoting is let in.
pub(crate) fn manifest(manifest: &Manifest, values: &Values<'_>) -> Snippet {
    snippet(&manifest.body, values, |text| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:/@+-".contains(&b))
    })
}

/// A tuning snippet: values are strings in Falco's condition language, inside YAML. Falco has no escape that
/// all its versions read, so a value that would need one is refused; items of a list stand in conditions
/// unquoted, so those are single words.
pub(crate) fn tuning(tuning: &Tuning, values: &Values<'_>) -> Snippet {
    let list = tuning.kind == TuningKind::List;
    snippet(&tuning.snippet, values, |text| {
        text.bytes().all(|b| match b {
            b'"' | b'\\' => false,
            _ if list => b.is_ascii_alphanumeric() || b"._:/@+-".contains(&b),
            _ => matches!(b, b' '..=b'~'),
        })
    })
}

fn snippet(template: &Template, values: &Values<'_>, safe: impl Fn(&str) -> bool + Copy) -> Snippet {
    let mut filled = Snippet {
        text: String::new(),
        missing: Vec::new(),
    };
    for piece in template.0.iter() {
        match piece {
            Piece::Text(literal) => filled.text.push_str(literal),
            Piece::Hole(hole) => push_yaml(&mut filled, hole, values, safe),
            Piece::Optional(pieces) => {
                let has = |piece: &Piece| match piece {
                    Piece::Hole(hole) => values.valid(hole.param).is_some_and(|f| safe(&f.text)),
                    Piece::Text(_) | Piece::Optional(_) => true,
                };
                if pieces.iter().all(has) {
                    for piece in pieces.iter() {
                        match piece {
                            Piece::Text(literal) => filled.text.push_str(literal),
                            Piece::Hole(hole) => push_yaml(&mut filled, hole, values, safe),
                            Piece::Optional(_) => {}
                        }
                    }
                }
            }
        }
    }
    filled
}

fn push_yaml(filled: &mut Snippet, hole: &Hole, values: &Values<'_>, safe: impl Fn(&str) -> bool) {
    let value: Cow<'_, str> = match values.valid(hole.param) {
        Some(found) if safe(&found.text) => Cow::Borrowed(found.text.as_ref()),
        _ => {
            let name = name(hole, values);
            let shown = format!("<{name}>");
            note(&mut filled.missing, name);
            Cow::Owned(shown)
        }
    };
    if hole.scalar {
        // A JSON string is a YAML string: a pod named `null` or `1e3` stays a name.
        let mut quoted = b"\"".to_vec();
        crate::json::escape(&mut quoted, &value);
        quoted.push(b'"');
        filled.text.push_str(&String::from_utf8_lossy(&quoted));
    } else {
        filled.text.push_str(&value);
    }
}
