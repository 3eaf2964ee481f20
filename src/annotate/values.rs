//! The typed values of an event: what the catalog's parameters are in it.

use std::cell::{Cell, RefCell};

use bewit_catalog::model::{Catalog, Cond, Feed, Field, Operand, Param, ParamId, ParamType, Pattern, Str, Take, Test};
use bumpalo::Bump;
use bumpalo::collections::Vec;

use super::class;
use super::kind::{Common, Kind};
use super::shell;
use super::sketch::{Asked, Form, Hole, Notes, Place, Question};
use crate::catalog;
use crate::event::Event;
use crate::json::{Cursor, Text, Value, escape, word};

/// A parameter's value in an event.
///
/// What its text says may decide what is written only through [`Values`], which notes what was asked.
#[derive(Clone, Debug)]
pub(crate) struct Found<'e> {
    pub(super) text: &'e [u8],
    /// Whose value it is, and where it comes from.
    code: u32,
    /// The text stands inside JSON quotes as it is.
    json: bool,
    /// The value is a JSON number there.
    pub(crate) number: bool,
    /// Whether it looks like what its type asks for, once somebody has asked.
    valid: Cell<Option<bool>>,
    /// The Falco field it came from.
    pub(crate) field: &'e [u8],
}

impl<'e> Found<'e> {
    fn new(text: Text<'e>, number: bool, field: &'e [u8], arena: &'e Bump) -> Self {
        let text = text.decoded(arena);
        Self {
            text: text.raw(),
            code: 0,
            json: text.is_json(),
            number,
            valid: Cell::new(None),
            field,
        }
    }

    /// Part of the value: it needs no escapes where the whole needs none.
    fn part(&self, text: &'e [u8]) -> Self {
        Self {
            text,
            number: false,
            valid: Cell::new(None),
            ..*self
        }
    }

    /// The same as what feeds a parameter.
    fn of(self, feed: &Feed) -> Self {
        let form = u32::from(self.number) << 1 | u32::from(self.text.is_empty());
        Self {
            code: u32::from(feed.param) << 16 | u32::from(feed.rank) << 8 | form,
            ..self
        }
    }

    fn rank(&self) -> u8 {
        (self.code >> 8) as u8
    }

    /// Whether it looks like this.
    #[inline]
    fn is(&self, kind: ParamType) -> bool {
        if let Some(valid) = self.valid.get() {
            return valid;
        }
        let valid = is_valid(kind, self.text);
        self.valid.set(Some(valid));
        valid
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends it as it stands inside JSON quotes.
    #[inline]
    fn write_json(&self, out: &mut std::vec::Vec<u8>) {
        if self.json {
            out.extend_from_slice(self.text);
        } else {
            escape(out, self.text);
        }
    }

    /// As [`Self::write_json`], but so many characters at most.
    #[inline]
    fn write_clipped(&self, most: usize, out: &mut std::vec::Vec<u8>) {
        if self.text.len() <= most {
            return self.write_json(out);
        }
        // Bytes that begin a character.
        let begins = |(_, byte): &(usize, &u8)| (**byte as i8) >= -0x40;
        match self.text.iter().enumerate().filter(begins).nth(most) {
            Some((end, _)) => {
                let shown = self.part(self.text.get(..end).unwrap_or_default());
                shown.write_json(out);
                out.extend_from_slice("…".as_bytes());
            }
            None => self.write_json(out),
        }
    }
}

/// Characters of one value that prose shows.
const PROSE: usize = 160;

/// All of an event's parameters, and what its kind knows: tags and the words of its rule's name.
pub(crate) struct Values<'e> {
    params: &'e [Param],
    /// For each parameter its place in `found` and one, or 0. An event has few of the many.
    places: &'e mut [u8],
    found: Vec<'e, Found<'e>>,
    kind: &'e Kind,
    common: &'e Common,
    /// What is asked and written, while it is noted.
    notes: RefCell<Option<Notes>>,
    pub(super) arena: &'e Bump,
}

/// Where what stands beside Falco's fields is among the fields of a catalog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    rule: Option<u16>,
    source: Option<u16>,
    priority: Option<u16>,
    hostname: Option<u16>,
    message: Option<u16>,
}

impl Beside {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let find = |name: &str| catalog::field(catalog, name.as_bytes());
        Self {
            rule: find("@rule"),
            source: find("@source"),
            priority: find("@priority"),
            hostname: find("@hostname"),
            message: find("@message"),
        }
    }
}

impl<'e> Values<'e> {
    /// Reads every parameter of the catalog from an event.
    pub(crate) fn new(
        catalog: &'e Catalog,
        event: &Event<'e>,
        (kind, common): (&'e Kind, &'e Common),
        arena: &'e Bump,
    ) -> Self {
        let mut values = Self {
            params: &catalog.params,
            places: arena.alloc_slice_fill_copy(catalog.params.len(), 0),
            found: Vec::with_capacity_in(48, arena),
            kind,
            common,
            notes: RefCell::new(None),
            arena,
        };
        // Fields that feed under conditions come later, when what the conditions look at is there.
        let mut later: Vec<'e, (&'e Feed, Found<'e>)> = Vec::new_in(arena);
        let beside = common.beside;
        let field = |at: Option<u16>| catalog.fields.get(usize::from(at?));
        if let (Some(field), Some(name)) = (field(beside.rule), &kind.name) {
            values.feed(field, b"rule", Text::plain(name.as_bytes()), false, &mut later);
        }
        if let (Some(field), Some(source)) = (field(beside.source), event.source) {
            values.feed(field, b"source", source, false, &mut later);
        }
        if let Some(field) = field(beside.priority) {
            let text = Text::plain(event.priority.as_str());
            values.feed(field, b"priority", text, false, &mut later);
        }
        if let (Some(field), Some(hostname)) = (field(beside.hostname), event.hostname) {
            values.feed(field, b"hostname", hostname, false, &mut later);
        }
        if let Some(field) = field(beside.message)
            && let Some(message) = event.message
        {
            values.feed(field, b"output", Text::plain(message), false, &mut later);
        }
        for (name, text) in event.metadata {
            if let Some(field) = field(catalog::field(catalog, name.as_bytes())) {
                values.feed(field, name.as_bytes(), Text::plain(*text), false, &mut later);
            }
        }
        for given in event.fields.iter() {
            let position = given.known.unwrap_or_else(|| catalog::field(catalog, given.name));
            let Some(field) = field(position) else {
                continue;
            };
            let (text, number) = match given.value {
                Value::Null | Value::Object(_) => continue,
                Value::Bool(true) => (Text::plain("true"), false),
                Value::Bool(false) => (Text::plain("false"), false),
                Value::Number(number) => (Text::plain(number), true),
                Value::String(text) => (text, false),
                Value::Array(text) => (Text::plain(list(text, arena)), false),
            };
            values.feed(field, field.name.as_bytes(), text, number, &mut later);
        }
        for (feed, found) in later {
            if values.hold(&feed.when) {
                values.keep(feed, found);
            }
        }
        values
    }

    #[inline]
    fn feed(
        &mut self,
        field: &'e Field,
        name: &'e [u8],
        text: Text<'e>,
        number: bool,
        later: &mut Vec<'e, (&'e Feed, Found<'e>)>,
    ) {
        let whole = Found::new(text, number, name, self.arena);
        if whole.text.is_empty() || word::same(whole.text, b"<NA>") {
            return;
        }
        for feed in field.feeds.iter() {
            let found = match feed.take {
                Take::Whole => whole.clone(),
                part => match take(part, whole.text) {
                    Some(part) => whole.part(part),
                    None => continue,
                },
            };
            if feed.when.is_empty() {
                self.keep(feed, found);
            } else {
                later.push((feed, found));
            }
        }
    }

    /// Keeps the best value of a parameter: one that looks like its type, then the field named first.
    #[inline(always)]
    fn keep(&mut self, feed: &Feed, found: Found<'e>) {
        let (Some(param), Some(place)) = (
            self.params.get(usize::from(feed.param)),
            self.places.get_mut(usize::from(feed.param)),
        ) else {
            return;
        };
        match usize::from(*place).checked_sub(1).and_then(|at| self.found.get_mut(at)) {
            Some(known) => {
                if (!found.is(param.kind), feed.rank) <= (!known.is(param.kind), known.rank()) {
                    *known = found.of(feed);
                }
            }
            None => {
                self.found.push(found.of(feed));
                *place = u8::try_from(self.found.len()).unwrap_or(0);
            }
        }
    }

    /// The value of a parameter, whatever it looks like.
    #[inline]
    pub(crate) fn any(&self, id: ParamId) -> Option<&Found<'e>> {
        let place = usize::from(*self.places.get(usize::from(id))?).checked_sub(1)?;
        self.found.get(place)
    }

    /// The value of a parameter, if it looks like its type.
    #[inline]
    pub(crate) fn valid(&self, id: ParamId) -> Option<&Found<'e>> {
        let found = self.any(id)?;
        let valid = found.is(self.params.get(usize::from(id))?.kind);
        self.note(valid, || Question::Valid(id));
        valid.then_some(found)
    }

    /// Whether the value of a parameter, which looks like its type, may stand in a place.
    pub(crate) fn suits(&self, id: ParamId, place: Place) -> bool {
        if self.param(id).is_some_and(|param| always_suits(param.kind, place)) {
            return true;
        }
        let suits = self.any(id).is_some_and(|found| suits(found.text, place));
        self.note(suits, || Question::Suits(id, place));
        suits
    }

    /// Whether these values have so many bytes at most, each with or without quotes of a shell around all of it.
    pub(crate) fn fit(&self, values: &[(ParamId, bool)], most: usize) -> bool {
        let fit = self.fits(values, most);
        self.note(fit, || Question::Fits(values.into(), most));
        fit
    }

    fn fits(&self, values: &[(ParamId, bool)], most: usize) -> bool {
        let len = |(id, quoted): &(ParamId, bool)| match self.any(*id) {
            Some(found) if *quoted => shell::quoted_len(found.text),
            Some(found) => found.text.len(),
            None => 0,
        };
        values.iter().map(len).sum::<usize>() <= most
    }

    /// A parameter's name and type.
    pub(crate) fn param(&self, id: ParamId) -> Option<&'e Param> {
        self.params.get(usize::from(id))
    }

    /// All parameters that have a value, in the catalog's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ParamId, &'e Param, &Found<'e>)> {
        let present = (0..).zip(self.places.iter()).filter(|(_, place)| **place > 0);
        present.filter_map(|(id, _)| Some((id, self.param(id)?, self.any(id)?)))
    }

    /// Which parameters have a value, and where each came from.
    pub(super) fn signature(&self) -> impl Iterator<Item = u32> {
        self.found.iter().map(|found| found.code)
    }

    /// Whether all conditions hold.
    #[inline]
    pub(crate) fn hold(&self, conditions: &[Cond]) -> bool {
        conditions.iter().all(|condition| self.holds(condition))
    }

    /// Whether a condition holds.
    #[inline]
    pub(crate) fn holds(&self, condition: &Cond) -> bool {
        match condition.operand {
            // An event has few of the many parameters.
            Operand::Param(id) if self.any(id).is_none() => matches!(condition.test, Test::Absent),
            _ => self.holds_indeed(condition),
        }
    }

    #[inline(never)]
    fn holds_indeed(&self, condition: &Cond) -> bool {
        match (&condition.operand, &condition.test) {
            (Operand::Tag, asked) => test(asked, &self.kind.tags),
            (Operand::Word, asked) => test(asked, &self.kind.words),
            (Operand::Param(id), Test::Present) => self.valid(*id).is_some(),
            (Operand::Param(id), Test::Absent) => self.valid(*id).is_none(),
            (Operand::Param(id), asked) => {
                let holds = self.matches(*id, asked);
                self.note(holds, || Question::Holds(self.common.condition(condition)));
                holds
            }
        }
    }

    /// Whether the value of a parameter looks like its type, and like what a test asks for.
    fn matches(&self, id: ParamId, test: &Test) -> bool {
        let of_type = |found: &&Found<'e>| self.param(id).is_some_and(|param| found.is(param.kind));
        let Some(found) = self.any(id).filter(of_type) else {
            return false;
        };
        match test {
            Test::AnyOf(patterns) => any(patterns, found.text),
            Test::NoneOf(patterns) => !any(patterns, found.text),
            Test::Present => true,
            Test::Absent => false,
        }
    }

    /// What is asked and written from now on is noted, until [`Self::noted`].
    pub(super) fn take_notes(&self) {
        self.notes.replace(Some(Notes::default()));
    }

    pub(super) fn noted(&self) -> Notes {
        self.notes.take().unwrap_or_default()
    }

    #[inline]
    fn note(&self, answer: bool, question: impl FnOnce() -> Question) {
        if let Some(notes) = &mut *self.notes.borrow_mut() {
            let question = question();
            if notes.asked.iter().all(|asked| asked.question != question) {
                notes.asked.push(Asked { question, answer });
            }
        }
    }

    /// The answer to a question.
    pub(super) fn answer(&self, question: &Question) -> bool {
        match question {
            Question::Valid(id) => self.valid(*id).is_some(),
            Question::Suits(id, place) => self.any(*id).is_some_and(|found| suits(found.text, *place)),
            Question::Holds(condition) => match condition.operand {
                Operand::Param(id) => self.matches(id, &condition.test),
                Operand::Tag | Operand::Word => false,
            },
            Question::Fits(values, most) => self.fits(values, *most),
        }
    }

    /// Leaves a place for the value of a parameter: a byte stands there for it.
    pub(crate) fn hole(&self, param: ParamId, form: Form, out: &mut std::vec::Vec<u8>) {
        if let Some(notes) = &mut *self.notes.borrow_mut() {
            let at = u32::try_from(out.len()).unwrap_or(u32::MAX);
            notes.holes.push(Hole { at, param, form });
        }
        out.push(b'0');
    }

    /// Appends the value that belongs into a place.
    #[inline]
    pub(super) fn fill(&self, hole: &Hole, out: &mut std::vec::Vec<u8>) {
        let Some(found) = self.any(hole.param) else {
            return;
        };
        match hole.form {
            Form::Whole => found.write_json(out),
            Form::Prose => found.write_clipped(PROSE, out),
            Form::Quoted => shell::write_inside(found.text, out),
        }
    }
}

/// Whether a place takes a value.
pub(super) fn suits(text: &[u8], place: Place) -> bool {
    match place {
        Place::Argument => text.first() != Some(&b'-'),
        Place::Word => class::all(class::PLAIN, text),
        // zsh expands `=cmd` there.
        Place::WordBegin => text.first() != Some(&b'=') && class::all(class::PLAIN, text),
        Place::Yaml => class::all(class::YAML, text),
        // Falco has no escape that all its versions read.
        Place::Condition => text
            .iter()
            .all(|b| matches!(b, b' '..=b'~' if !matches!(b, b'"' | b'\\'))),
    }
}

/// Whether a place takes every value of a type.
fn always_suits(kind: ParamType, place: Place) -> bool {
    use ParamType as T;
    match place {
        Place::Argument => kind != T::Text,
        Place::Word | Place::WordBegin => !matches!(kind, T::Text | T::Path | T::UserName | T::K8sUser),
        Place::Yaml => !matches!(kind, T::Text | T::Path | T::UserName | T::K8sUser | T::Word),
        Place::Condition => !matches!(kind, T::Text | T::Path),
    }
}

/// Whether any of these texts is what a test asks for, or none where it asks for that.
pub(super) fn test(test: &Test, texts: &[Box<str>]) -> bool {
    let is_any = |patterns: &[Pattern]| texts.iter().any(|text| any(patterns, text.as_bytes()));
    match test {
        Test::Present => !texts.is_empty(),
        Test::Absent => texts.is_empty(),
        Test::AnyOf(patterns) => is_any(patterns),
        Test::NoneOf(patterns) => !texts.is_empty() && !is_any(patterns),
    }
}

/// A list field, as Falco prints it in text but without parentheses.
fn list<'a>(array: &'a [u8], arena: &'a Bump) -> &'a [u8] {
    let mut cursor = Cursor::new(array);
    let mut first = true;
    let mut items = Vec::new_in(arena);
    if cursor.enter_array().is_ok() {
        while let Ok(Some(value)) = cursor.element(&mut first) {
            let item = match value {
                Value::String(text) => text.decode(arena),
                Value::Number(number) => number,
                _ => continue,
            };
            if !items.is_empty() {
                items.push(b',');
            }
            items.extend_from_slice_copy(item);
        }
    }
    items.into_bump_slice()
}

/// Splits a text at its last colon.
fn split_last_colon(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let place = text.iter().rposition(|b| *b == b':')?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

fn take(part: Take, text: &[u8]) -> Option<&[u8]> {
    let end = |server: bool| match word::split(text, b"->") {
        Some((client, behind)) => Some(if server { behind } else { client }),
        None => (!server).then_some(text),
    };
    match part {
        Take::Whole => Some(text),
        Take::Path => text.starts_with(b"/").then_some(text),
        Take::ClientIp => Some(split_last_colon(end(false)?)?.0),
        Take::ClientPort => Some(split_last_colon(end(false)?)?.1),
        Take::ServerIp => Some(split_last_colon(end(true)?)?.0),
        Take::ServerPort => Some(split_last_colon(end(true)?)?.1),
        Take::ImageRepository => Some(image(text).0),
        Take::ImageTag => image(text).1,
    }
}

/// Repository and tag of `registry:5000/name:tag@sha256:..`.
fn image(reference: &[u8]) -> (&[u8], Option<&[u8]>) {
    let name = word::split(reference, b"@").map_or(reference, |(name, _)| name);
    match split_last_colon(name) {
        Some((repository, tag)) if !tag.contains(&b'/') => (repository, Some(tag)),
        _ => (name, None),
    }
}

/// Whether a value may be what its type says. Control characters and characters that change how text is
/// shown (bidirectional overrides, zero-width) never may.
pub(crate) fn is_valid(kind: ParamType, text: &[u8]) -> bool {
    let starts = || text.first().is_some_and(u8::is_ascii_alphanumeric);
    let no_option = || text.first() != Some(&b'-');
    match kind {
        ParamType::Text => text.len() <= 4096 && is_plain(text),
        ParamType::Path => text.first() == Some(&b'/') && text.len() <= 4096 && is_plain(text),
        ParamType::ContainerId => (12..=64).contains(&text.len()) && class::all(class::HEX, text),
        ParamType::DnsLabel => is_dns_label(text),
        ParamType::DnsSubdomain => text.len() <= 253 && text.split(|b| *b == b'.').all(is_dns_label),
        ParamType::Integer => (1..=20).contains(&text.len()) && class::all(class::DIGIT, text),
        ParamType::Port => {
            (1..=5).contains(&text.len())
                && class::all(class::DIGIT, text)
                && (1..=65535).contains(&text.iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0')))
        }
        ParamType::Ip => {
            text.len() <= 45 && std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok())
        }
        ParamType::UserName => text.len() <= 256 && no_option() && class::all(class::USER, text),
        ParamType::K8sUser => text.len() <= 256 && no_option() && class::all(class::K8S_USER, text),
        ParamType::Image => text.len() <= 512 && starts() && class::all(class::IMAGE, text),
        ParamType::Word => text.len() <= 512 && starts() && class::all(class::WORD, text),
    }
}

fn is_dns_label(text: &[u8]) -> bool {
    (1..=63).contains(&text.len())
        && text.first() != Some(&b'-')
        && text.last() != Some(&b'-')
        && class::all(class::DNS, text)
}

/// Nothing in a text misleads who reads it.
fn is_plain(text: &[u8]) -> bool {
    word::is_printable(text) || std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(misleads))
}

/// Characters that a terminal or a reader would not see as what they are.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text is what one of the patterns says.
pub(crate) fn any(patterns: &[Pattern], text: &[u8]) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

#[inline]
fn matches(pattern: &Pattern, text: &[u8]) -> bool {
    let ends = |tail: &Str| {
        let begin = text.len().checked_sub(tail.len());
        begin.is_some_and(|at| word::same(text.get(at..).unwrap_or_default(), tail.as_bytes()))
    };
    match pattern {
        Pattern::Is(whole) => word::same(text, whole.as_bytes()),
        Pattern::Begins(head) => word::begins(text, head.as_bytes()),
        Pattern::Ends(tail) => ends(tail),
        Pattern::Holds(part) => word::position(text, part.as_bytes()).is_some(),
        Pattern::Glob(pattern) => glob(pattern.as_bytes(), text),
    }
}

/// Whether text is what a pattern says, `*` standing for any run.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let Some((head, mut rest)) = word::split(pattern, b"*") else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    while let Some((part, behind)) = word::split(rest, b"*") {
        let Some((_, left)) = word::split(text, part) else {
            return false;
        };
        text = left;
        rest = behind;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("*b*", "abc", true),
            ("a*b*c", "aXbYc", true),
            ("a*c", "ac", true),
            ("ab*b", "ab", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn types_refuse_what_is_not_theirs() {
        use ParamType as T;
        for (kind, good, bad) in [
            (T::ContainerId, "4cc4da328699", "host"),
            (T::DnsLabel, "shop-eu", "shop_eu"),
            (T::DnsSubdomain, "node-1.example", "-x"),
            (T::Integer, "4294967295", "-1"),
            (T::Port, "65535", "65536"),
            (T::Ip, "2001:db8::1", "10.0.0"),
            (T::UserName, "jane@acme.example", "-rf"),
            (T::K8sUser, "system:serviceaccount:a:b", "a b"),
            (T::Image, "quay.io/acme/x:1@sha256-a", "$(id)"),
            (T::Word, "a=b", "--all"),
            (T::Path, "/etc/a b'c", "etc"),
            (T::Text, "$(id); `x`", "a\nb"),
            (T::Text, "é", "a\u{202e}b"),
        ] {
            assert!(is_valid(kind, good.as_bytes()), "{kind:?} {good}");
            assert!(!is_valid(kind, bad.as_bytes()), "{kind:?} {bad}");
        }
    }

    /// What is not asked of a value must be so of every value of its type.
    #[test]
    fn places_take_what_they_are_said_to_take() {
        use ParamType as T;
        let places = [
            Place::Argument,
            Place::Word,
            Place::WordBegin,
            Place::Yaml,
            Place::Condition,
        ];
        let kinds = [
            (T::ContainerId, "4cc4da328699"),
            (T::DnsLabel, "shop-eu"),
            (T::DnsSubdomain, "node-1.example"),
            (T::Integer, "4294967295"),
            (T::Port, "1"),
            (T::Ip, "::1"),
            (T::UserName, "jane"),
            (T::K8sUser, "a"),
            (T::Image, "x"),
            (T::Word, "a"),
            (T::Path, "/etc"),
            (T::Text, "x"),
        ];
        for (kind, good) in kinds {
            for (byte, at) in (0..=255_u8).flat_map(|byte| (0..=good.len()).map(move |at| (byte, at))) {
                let text = [&good.as_bytes()[..at], &[byte], &good.as_bytes()[at..]].concat();
                for place in places.into_iter().filter(|place| always_suits(kind, *place)) {
                    assert!(
                        !is_valid(kind, &text) || suits(&text, place),
                        "{kind:?} {place:?} {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn words_of_a_shell_are_quoted_where_they_mean_something() {
        for (word, plain) in [
            ("quay.io/acme/x:1.2", true),
            ("$(id)", false),
            ("~/x", false),
            ("a=b", true),
            ("=ls", false),
        ] {
            assert_eq!(suits(word.as_bytes(), Place::WordBegin), plain, "{word}");
        }
        assert!(suits(b"=ls", Place::Word));
    }

    #[test]
    fn parts_of_connections_and_images() {
        let connection = b"172.17.0.9:43812->10.96.0.1:443";
        assert_eq!(take(Take::ClientIp, connection), Some(&b"172.17.0.9"[..]));
        assert_eq!(take(Take::ServerPort, connection), Some(&b"443"[..]));
        assert_eq!(
            take(Take::ServerIp, b"2001:db8::1:80->2001:db8::2:443"),
            Some(&b"2001:db8::2"[..])
        );
        assert_eq!(take(Take::Path, connection), None);
        assert_eq!(image(b"registry:5000/a/b"), (&b"registry:5000/a/b"[..], None));
        assert_eq!(image(b"a/b:1@sha256:00"), (&b"a/b"[..], Some(&b"1"[..])));
    }
}
