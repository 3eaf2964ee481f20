//! The typed values of an event: what the catalog's parameters are in it.

use std::borrow::Cow;

use bewit_catalog::model::{Catalog, Cond, Feed, Field, List, Operand, Param, ParamId, ParamType, Pattern, Take, Test};

use crate::event::Event;
use crate::json::{Cursor, Text, Value};

/// A parameter's value in an event.
#[derive(Clone, Debug)]
pub(crate) struct Found<'e> {
    pub(crate) text: Cow<'e, str>,
    /// The value is a JSON number there.
    pub(crate) number: bool,
    /// It looks like what its type asks for.
    pub(crate) valid: bool,
    /// The Falco field it came from.
    pub(crate) field: &'e str,
}

/// All of an event's parameters, tags and the words of its rule's name.
pub(crate) struct Values<'e> {
    params: &'e [Param],
    /// For each parameter its place in `found` and one, or 0. An event has few of the many.
    places: Vec<u8>,
    found: Vec<(ParamId, u8, Found<'e>)>,
    tags: Vec<Cow<'e, str>>,
    words: Vec<String>,
}

impl<'e> Values<'e> {
    /// Reads every parameter of the catalog from an event. `rule` is the rule's name, also where it was
    /// only inferred.
    pub(crate) fn new(catalog: &'e Catalog, event: &'e Event<'_>, rule: Option<&'e str>) -> Self {
        let mut values = Self {
            params: &catalog.params,
            places: vec![0; catalog.params.len()],
            found: Vec::with_capacity(48),
            tags: event.tags.iter().map(|tag| tag.decode()).collect(),
            words: rule.map(words).unwrap_or_default(),
        };
        // Fields that feed under conditions come later, when what the conditions look at is there.
        let mut later: Vec<(&'e Feed, Found<'e>)> = Vec::new();
        let beside = |name: &str| match name {
            "rule" => rule.map(Cow::Borrowed),
            "source" => event.source.as_ref().map(Text::decode),
            "priority" => Some(Cow::Borrowed(event.priority.as_str())),
            "hostname" => event.hostname.as_ref().map(Text::decode),
            _ => event.message(),
        };
        for (name, shown) in [
            ("@rule", "rule"),
            ("@source", "source"),
            ("@priority", "priority"),
            ("@hostname", "hostname"),
            ("@message", "output"),
        ] {
            // Most catalogs feed nothing from some of these.
            if let Some(field) = find(catalog, name)
                && let Some(text) = beside(shown)
            {
                values.feed(field, shown, text, false, &mut later);
            }
        }
        for (name, text) in &event.metadata {
            if let Some(field) = find(catalog, name) {
                values.feed(field, name, Cow::Borrowed(text), false, &mut later);
            }
        }
        for (name, value) in event.fields.iter() {
            let Some(field) = find(catalog, name) else {
                continue;
            };
            let (text, number) = match value {
                Value::Null | Value::Object(_) => continue,
                Value::Bool(value) => (Cow::Borrowed(if *value { "true" } else { "false" }), false),
                Value::Number(number) => (Cow::Borrowed(*number), true),
                Value::String(text) => (text.decode(), false),
                Value::Array(text) => (Cow::Owned(list(text)), false),
            };
            values.feed(field, &field.name, text, number, &mut later);
        }
        for (feed, found) in later {
            if values.hold(&feed.when) {
                values.keep(feed, found);
            }
        }
        values
    }

    fn feed(
        &mut self,
        field: &'e Field,
        name: &'e str,
        text: Cow<'e, str>,
        number: bool,
        later: &mut Vec<(&'e Feed, Found<'e>)>,
    ) {
        if text.is_empty() || text == "<NA>" {
            return;
        }
        for feed in field.feeds.iter() {
            let (text, number) = match feed.take {
                Take::Whole => (text.clone(), number),
                part => match take(part, &text) {
                    Some(part) => (Cow::Owned(part.to_owned()), false),
                    None => continue,
                },
            };
            let found = Found {
                text,
                number,
                valid: false,
                field: name,
            };
            if feed.when.is_empty() {
                self.keep(feed, found);
            } else {
                later.push((feed, found));
            }
        }
    }

    /// Keeps the best value of a parameter: one that looks like its type, then the field named first.
    fn keep(&mut self, feed: &Feed, mut found: Found<'e>) {
        let (Some(param), Some(place)) = (
            self.params.get(usize::from(feed.param)),
            self.places.get_mut(usize::from(feed.param)),
        ) else {
            return;
        };
        found.valid = is_valid(param.kind, &found.text);
        match usize::from(*place).checked_sub(1).and_then(|at| self.found.get_mut(at)) {
            Some((_, rank, known)) => {
                if (!found.valid, feed.rank) <= (!known.valid, *rank) {
                    (*rank, *known) = (feed.rank, found);
                }
            }
            None => {
                self.found.push((feed.param, feed.rank, found));
                *place = u8::try_from(self.found.len()).unwrap_or(0);
            }
        }
    }

    /// The value of a parameter, whatever it looks like.
    pub(crate) fn any(&self, id: ParamId) -> Option<&Found<'e>> {
        let place = usize::from(*self.places.get(usize::from(id))?).checked_sub(1)?;
        self.found.get(place).map(|(_, _, found)| found)
    }

    /// The value of a parameter, if it looks like its type.
    pub(crate) fn valid(&self, id: ParamId) -> Option<&Found<'e>> {
        self.any(id).filter(|found| found.valid)
    }

    /// A parameter's name and type.
    pub(crate) fn param(&self, id: ParamId) -> Option<&'e Param> {
        self.params.get(usize::from(id))
    }

    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|t| t == tag)
    }

    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// All parameters that have a value, in the catalog's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'e Param, &Found<'e>)> {
        let present = self.places.iter().enumerate().filter(|(_, place)| **place > 0);
        present.filter_map(|(id, place)| {
            let (_, _, found) = self.found.get(usize::from(*place) - 1)?;
            Some((self.params.get(id)?, found))
        })
    }

    /// Whether all conditions hold.
    pub(crate) fn hold(&self, conditions: &List<Cond>) -> bool {
        conditions.iter().all(|condition| self.holds(condition))
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &Cond) -> bool {
        match condition.operand {
            Operand::Param(id) => test(
                &condition.test,
                self.valid(id).map(|found| found.text.as_ref()).into_iter(),
            ),
            Operand::Tag => test(&condition.test, self.tags.iter().map(AsRef::as_ref)),
            Operand::Word => test(&condition.test, self.words.iter().map(String::as_str)),
        }
    }
}

/// Whether any of these texts is what a test asks for, or none where it asks for that.
fn test<'t>(test: &Test, mut texts: impl Iterator<Item = &'t str> + Clone) -> bool {
    let some = texts.clone().next().is_some();
    let mut any = |patterns: &[Pattern]| texts.any(|text| patterns.iter().any(|p| matches(p, text)));
    match test {
        Test::Present => some,
        Test::Absent => !some,
        Test::AnyOf(patterns) => any(patterns),
        Test::NoneOf(patterns) => some && !any(patterns),
    }
}

/// A field of the catalog by its name.
fn find<'c>(catalog: &'c Catalog, name: &str) -> Option<&'c Field> {
    let field = catalog.fields.get(catalog.field_index.find(name.as_bytes())?)?;
    (field.name == name).then_some(field)
}

/// The lower-case words of a rule's name.
fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// A list field, as Falco prints it in text but without parentheses.
fn list(array: &str) -> String {
    let mut cursor = Cursor::new(array);
    let mut first = true;
    let mut items = Vec::new();
    if cursor.enter_array().is_ok() {
        while let Ok(Some(value)) = cursor.element(&mut first) {
            match value {
                Value::String(text) => items.push(text.decode().into_owned()),
                Value::Number(number) => items.push(number.to_owned()),
                _ => {}
            }
        }
    }
    items.join(",")
}

fn take(part: Take, text: &str) -> Option<&str> {
    let end = |server: bool| match text.split_once("->") {
        Some((client, behind)) => Some(if server { behind } else { client }),
        None => (!server).then_some(text),
    };
    match part {
        Take::Whole => Some(text),
        Take::Path => text.starts_with('/').then_some(text),
        Take::ClientIp => Some(end(false)?.rsplit_once(':')?.0),
        Take::ClientPort => Some(end(false)?.rsplit_once(':')?.1),
        Take::ServerIp => Some(end(true)?.rsplit_once(':')?.0),
        Take::ServerPort => Some(end(true)?.rsplit_once(':')?.1),
        Take::ImageRepository => Some(image(text).0),
        Take::ImageTag => image(text).1,
    }
}

/// Repository and tag of `registry:5000/name:tag@sha256:..`.
fn image(reference: &str) -> (&str, Option<&str>) {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (name, None),
    }
}

/// Whether a value may be what its type says. Control characters and characters that change how text is
/// shown (bidirectional overrides, zero-width) never may.
fn is_valid(kind: ParamType, text: &str) -> bool {
    let bytes = text.as_bytes();
    let all = |len: usize, extra: &[u8]| {
        bytes.len() <= len && bytes.iter().all(|b| b.is_ascii_alphanumeric() || extra.contains(b))
    };
    let starts = || bytes.first().is_some_and(u8::is_ascii_alphanumeric);
    match kind {
        ParamType::Text => text.len() <= 4096 && !text.chars().any(misleads),
        ParamType::Path => text.starts_with('/') && text.len() <= 4096 && !text.chars().any(misleads),
        ParamType::ContainerId => {
            (12..=64).contains(&bytes.len()) && bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        }
        ParamType::DnsLabel => is_dns_label(text),
        ParamType::DnsSubdomain => text.len() <= 253 && text.split('.').all(is_dns_label),
        ParamType::Integer => !bytes.is_empty() && bytes.len() <= 20 && bytes.iter().all(u8::is_ascii_digit),
        ParamType::Port => text.parse::<u16>().is_ok_and(|port| port > 0) && bytes.iter().all(u8::is_ascii_digit),
        ParamType::Ip => text.parse::<std::net::IpAddr>().is_ok(),
        ParamType::UserName => all(256, b"._@$+-") && !text.starts_with('-'),
        ParamType::K8sUser => all(256, b"._@$+-:/") && !text.starts_with('-'),
        ParamType::Image => all(512, b"._:/@-") && starts(),
        ParamType::Word => all(512, b"._:/@+=-") && starts(),
    }
}

fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// Characters that a terminal or a reader would not see as what they are.
pub(crate) fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn matches(pattern: &Pattern, text: &str) -> bool {
    match pattern {
        Pattern::Is(whole) => text == whole,
        Pattern::Begins(head) => text.starts_with(head.as_ref()),
        Pattern::Ends(tail) => text.ends_with(tail.as_ref()),
        Pattern::Holds(part) => text.contains(part.as_ref()),
        Pattern::Glob(pattern) => glob(pattern, text),
    }
}

/// Whether text is what a pattern says, `*` standing for any run.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    while let Some((part, behind)) = rest.split_once('*') {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
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
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
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
            assert!(is_valid(kind, good), "{kind:?} {good}");
            assert!(!is_valid(kind, bad), "{kind:?} {bad}");
        }
    }

    #[test]
    fn parts_of_connections_and_images() {
        let connection = "172.17.0.9:43812->10.96.0.1:443";
        assert_eq!(take(Take::ClientIp, connection), Some("172.17.0.9"));
        assert_eq!(take(Take::ServerPort, connection), Some("443"));
        assert_eq!(
            take(Take::ServerIp, "2001:db8::1:80->2001:db8::2:443"),
            Some("2001:db8::2")
        );
        assert_eq!(take(Take::Path, connection), None);
        assert_eq!(image("registry:5000/a/b"), ("registry:5000/a/b", None));
        assert_eq!(image("a/b:1@sha256:00"), ("a/b", Some("1")));
    }
}
