//! Values that look like credentials, replaced before anything is made of an alert.
//!
//! What is masked in Falco's own line is masked everywhere: commands, summary and fingerprint are made of what is left.
//! What looks like a credential is data: `catalog/secrets.yaml`.

use bewit_catalog::model::{Secrets, Token};
use bumpalo::Bump;
use bumpalo::collections::Vec;

use crate::catalog::LIBRARY;
use crate::envelope::{Kept, Layer};
use crate::event::{Member, Record};
use crate::json::{Cursor, Value, Writer, word};
use crate::schema::{self, Alert};

/// What stands in the place of a credential.
const MASK: &[u8] = b"***";
/// Objects inside of strings that are looked into, and objects inside of objects.
const DEPTH: usize = 6;
/// Falco's own words: a rule is found by them, and they hold no value of an event.
const FALCO: [&[u8]; 6] = [b"rule", b"priority", b"time", b"source", b"tags", b"uuid"];

/// Masks an alert that was annotated already, for a report. What was masked is added to what it says of that.
pub fn mask(alert: &str) -> Result<Alert, serde_json::Error> {
    let arena = Bump::new();
    let mut masker = Masker::new(&LIBRARY.tables.index.secrets, &arena);
    let masked = masker.record(arena.alloc_str(alert).as_bytes());
    // Read one way, as elsewhere: all that reads an alert would be in a module twice.
    let mut alert: Alert = serde_json::from_slice(masked.unwrap_or(alert.as_bytes()))?;
    alert
        .bewit
        .input
        .masked
        .extend(masker.masked.iter().map(|masked| schema::Masked {
            field: String::from_utf8_lossy(masked.field).into_owned(),
            what: masked.what.to_owned(),
        }));
    Ok(alert)
}

/// What was masked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Masked<'a> {
    /// The field's name, or the keys that lead to it with dots between.
    pub(crate) field: &'a [u8],
    /// What it looked like.
    pub(crate) what: &'a str,
}

/// Finds credentials and replaces them.
pub(crate) struct Masker<'a> {
    secrets: &'a Secrets,
    arena: &'a Bump,
    pub(crate) masked: Vec<'a, Masked<'a>>,
}

impl<'a> Masker<'a> {
    pub(crate) fn new(secrets: &'a Secrets, arena: &'a Bump) -> Self {
        Self {
            secrets,
            arena,
            masked: Vec::new_in(arena),
        }
    }

    /// An alert or a wrapper as one JSON object, masked; nothing where there is nothing to mask.
    pub(crate) fn record(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        self.object(b"", text, DEPTH)
    }

    #[inline(never)]
    fn object(&mut self, prefix: &'a [u8], text: &'a [u8], depth: usize) -> Option<&'a [u8]> {
        let depth = depth.checked_sub(1)?;
        let mut cursor = Cursor::new(text);
        cursor.enter_object().ok()?;
        let mut copy = Copy::new(text, self.arena);
        let mut first = true;
        while let Ok(Some((key, _))) = cursor.key(&mut first) {
            let key = key.decode(self.arena);
            cursor.peek();
            let begin = cursor.at();
            let value = cursor.value().ok()?;
            if prefix.is_empty() && FALCO.contains(&key) {
                continue;
            }
            let field = self.path(prefix, key);
            if let Some(masked) = self.value(field, value, depth) {
                copy.replace(begin, cursor.at(), masked);
            }
        }
        copy.end()
    }

    #[inline(never)]
    fn array(&mut self, field: &'a [u8], text: &'a [u8], depth: usize) -> Option<&'a [u8]> {
        let depth = depth.checked_sub(1)?;
        let mut cursor = Cursor::new(text);
        cursor.enter_array().ok()?;
        let mut copy = Copy::new(text, self.arena);
        let mut first = true;
        while let Ok(Some(value)) = cursor.element(&mut first) {
            let end = cursor.at();
            let length = match value {
                Value::String(text) => text.raw().len() + 2,
                Value::Object(text) | Value::Array(text) => text.len(),
                _ => continue,
            };
            if let Some(masked) = self.value(field, value, depth) {
                copy.replace(end - length, end, masked);
            }
        }
        copy.end()
    }

    /// One value as JSON, masked.
    fn value(&mut self, field: &'a [u8], value: Value<'a>, depth: usize) -> Option<&'a [u8]> {
        let whole = self
            .secrets
            .fields
            .iter()
            .find(|secret| secret.name.as_bytes() == field);
        if let (Some(secret), Value::String(_) | Value::Object(_) | Value::Array(_)) = (whole, value) {
            self.note(field, &secret.what);
            return Some(self.string(MASK));
        }
        match value {
            Value::String(text) => {
                let text = text.decode(self.arena);
                let inner = match text.trim_ascii().first() {
                    Some(b'{') => self.object(field, text.trim_ascii(), depth),
                    _ => None,
                };
                let masked = inner.or_else(|| self.text(field, text))?;
                Some(self.string(masked))
            }
            Value::Object(text) => self.object(field, text, depth),
            Value::Array(text) => self.array(field, text, depth),
            _ => None,
        }
    }

    /// A text as a JSON string.
    fn string(&self, text: &[u8]) -> &'a [u8] {
        let mut string = std::vec::Vec::new();
        Writer::new(&mut string).string(text);
        self.arena.alloc_slice_copy(&string)
    }

    /// A wrapper and those around it, masked; nothing where there is nothing to mask.
    pub(crate) fn layers(&mut self, layer: &Layer<'a>) -> Option<&'a Layer<'a>> {
        let chain: std::vec::Vec<&Layer<'a>> = layer.outward().collect();
        let before = self.masked.len();
        let mut around = None;
        for layer in chain.into_iter().rev() {
            let kept = match layer.kept {
                Kept::Members { record, carrier } => Kept::Members {
                    record: self.arena.alloc(record.with(self.members(record, carrier))),
                    carrier,
                },
                parts @ Kept::Parts { .. } => parts,
            };
            let name = layer.name;
            around = Some(&*self.arena.alloc(Layer { name, around, kept }));
        }
        around.filter(|_| self.masked.len() > before)
    }

    /// The members of a wrapper, but for the one that has the line: it does not go out.
    fn members(&mut self, record: &Record<'a>, carrier: usize) -> &'a [Member<'a>] {
        let arena = self.arena;
        let mut members = Vec::with_capacity_in(record.len(), arena);
        for (index, member) in record.members().enumerate() {
            let masked = if index == carrier {
                None
            } else {
                self.value(member.key.decode(arena), member.value, DEPTH)
            };
            let changed = masked.and_then(|json| {
                let text = arena.alloc_slice_copy(&[b"\"", member.key.raw(), b"\":", json].concat());
                let value = Cursor::new(json).value().ok()?;
                Some(Member {
                    key: member.key,
                    value,
                    text,
                })
            });
            members.push(changed.unwrap_or(member));
        }
        members.into_bump_slice()
    }

    /// `output_fields` is where fields are; elsewhere keys are joined.
    fn path(&self, prefix: &'a [u8], key: &'a [u8]) -> &'a [u8] {
        if prefix.is_empty() || prefix == b"output_fields" {
            return key;
        }
        self.arena.alloc_slice_copy(&[prefix, b".", key].concat())
    }

    fn note(&mut self, field: &'a [u8], what: &'a str) {
        let masked = Masked { field, what };
        if !self.masked.contains(&masked) {
            self.masked.push(masked);
        }
    }

    /// A text, masked; nothing where there is nothing to mask.
    pub(crate) fn text(&mut self, field: &'a [u8], text: &'a [u8]) -> Option<&'a [u8]> {
        let mut copy = Copy::new(text, self.arena);
        let mut at = 0;
        while at < text.len() {
            let Some((what, begin, end)) = self.secret(text, at) else {
                at += 1;
                continue;
            };
            self.note(field, what);
            copy.replace(begin, end, MASK);
            at = end.max(at + 1);
        }
        copy.end()
    }

    /// The credential that is told by what stands at a place: where it begins and ends.
    fn secret(&self, text: &[u8], at: usize) -> Option<(&'a str, usize, usize)> {
        let secrets = self.secrets;
        match text.get(at)? {
            b'=' | b':' | b' ' => {
                let (begin, end) = self.keyed(text, at)?;
                Some((&secrets.key, begin, end))
            }
            byte if secrets.first.contains(byte) && !before(text, at).is_ascii_alphanumeric() => {
                let rest = text.get(at..)?;
                let found = secrets
                    .tokens
                    .iter()
                    .find_map(|token| Some((token, length(token, rest)?)));
                found.map(|(token, length)| (token.id.as_ref(), at, at + length))
            }
            _ => None,
        }
    }

    /// The value behind a name that says what it is, or between `://user:` and `@`.
    fn keyed(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let head = text.get(..at)?;
        let rest = text.get(at + 1..)?;
        if let Some(authority) = rest.strip_prefix(b"//") {
            return password(authority).map(|(begin, end)| (at + 3 + begin, at + 3 + end));
        }
        let bare = head
            .strip_suffix(b"\"")
            .or_else(|| head.strip_suffix(b"'"))
            .unwrap_or(head);
        let bare = bare.strip_suffix(b"\\").unwrap_or(bare);
        let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let name = bare.get(bare.len() - bare.iter().rev().take_while(|b| name(b)).count()..)?;
        let option = name.starts_with(b"--");
        if (text.get(at) == Some(&b' ') && !option) || !self.is_key(name) {
            return None;
        }
        let blanks = match text.get(at) {
            Some(b'=') => 0,
            _ => rest.iter().take_while(|byte| **byte == b' ').count(),
        };
        let mut begin = at + 1 + blanks;
        let mut quote = None;
        let value = text.get(begin..)?;
        let opening = value.strip_prefix(b"\\").unwrap_or(value);
        if let Some(mark @ (b'"' | b'\'')) = opening.first() {
            quote = Some(*mark);
            begin += value.len() - opening.len() + 1;
        }
        for scheme in self.secrets.schemes.iter() {
            let value = text.get(begin..)?;
            let has = value.get(..scheme.len());
            if has.is_some_and(|has| has.eq_ignore_ascii_case(scheme.as_bytes()))
                && value.get(scheme.len()) == Some(&b' ')
            {
                begin += scheme.len() + 1;
                break;
            }
        }
        let value = text.get(begin..)?;
        let ends = |byte: &u8| match quote {
            Some(mark) => *byte == mark || *byte == b'\\',
            None => byte.is_ascii_whitespace() || b"\"'&;,|)\\".contains(byte),
        };
        let length = value.iter().position(ends).unwrap_or(value.len());
        // A variable's name is no secret, nor is what Falco prints for nothing, nor a mask; and prose has colons, too.
        let told = value.first().is_some_and(|byte| !b"$<*%".contains(byte));
        let prose = quote.is_none() && text.get(at..at + 2) == Some(b": ");
        if prose && value.get(..length)?.iter().all(u8::is_ascii_lowercase) {
            return None;
        }
        (length > 0 && told).then_some((begin, begin + length))
    }

    /// Whether a name ends with one of the keys: as a word of its own, unless the key is long.
    fn is_key(&self, name: &[u8]) -> bool {
        self.secrets.keys.iter().any(|key| {
            let Some(at) = name.len().checked_sub(key.len()) else {
                return false;
            };
            let same = name
                .get(at..)
                .is_some_and(|end| end.eq_ignore_ascii_case(key.as_bytes()));
            same && (key.len() > 5 || !before(name, at).is_ascii_alphanumeric())
        })
    }
}

/// The byte before a place; a blank at the beginning.
fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ')
}

/// The length of a token that a text begins with.
fn length(token: &Token, text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(token.begins.as_bytes())?;
    if let Some(ends) = &token.ends {
        let end = word::position(rest, ends.as_bytes());
        let body = rest.get(..end.unwrap_or(rest.len()))?;
        word::position(body, token.with.as_deref()?.as_bytes())?;
        let tail = end.map_or(0, |end| {
            let tail = rest.get(end..).unwrap_or_default();
            tail.iter().position(|byte| *byte == b'\n').unwrap_or(tail.len())
        });
        return Some(token.begins.len() + body.len() + tail);
    }
    let of = |byte: &u8| token.of.iter().any(|(low, high)| (low..=high).contains(&byte));
    let length = rest.iter().take_while(|byte| of(byte)).count();
    (length >= usize::from(token.least)).then_some(token.begins.len() + length)
}

/// Where the password of `user:password@host` is.
fn password(authority: &[u8]) -> Option<(usize, usize)> {
    let end = authority
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || b"/\"'\\?#".contains(byte));
    let authority = authority.get(..end.unwrap_or(authority.len()))?;
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    let colon = authority.get(..at)?.iter().position(|byte| *byte == b':')?;
    let told = authority.get(colon + 1).is_some_and(|byte| !b"$<*%".contains(byte));
    (colon + 1 < at && told).then_some((colon + 1, at))
}

/// A copy that is made when something is replaced.
struct Copy<'a> {
    text: &'a [u8],
    done: usize,
    out: Vec<'a, u8>,
}

impl<'a> Copy<'a> {
    fn new(text: &'a [u8], arena: &'a Bump) -> Self {
        Self {
            text,
            done: 0,
            out: Vec::new_in(arena),
        }
    }

    fn replace(&mut self, begin: usize, end: usize, by: &[u8]) {
        let between = self.text.get(self.done..begin).unwrap_or_default();
        self.out.extend_from_slice_copy(between);
        self.out.extend_from_slice_copy(by);
        self.done = end;
    }

    fn end(mut self) -> Option<&'a [u8]> {
        if self.done == 0 {
            return None;
        }
        let rest = self.text.get(self.done..).unwrap_or_default();
        self.out.extend_from_slice_copy(rest);
        Some(self.out.into_bump_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(text: &str) -> (String, std::vec::Vec<String>) {
        let arena = Bump::new();
        let mut masker = Masker::new(&LIBRARY.tables.index.secrets, &arena);
        let text = arena.alloc_str(text);
        let out = masker.text(b"x", text.as_bytes()).unwrap_or(text.as_bytes());
        let what = masker.masked.iter().map(|masked| masked.what.to_owned()).collect();
        (String::from_utf8_lossy(out).into_owned(), what)
    }

    #[test]
    fn credentials_are_masked_and_the_rest_stays() {
        for (text, after) in [
            ("mysql --password=hunter2 -h db", "mysql --password=*** -h db"),
            ("mysql --password hunter2 -h db", "mysql --password *** -h db"),
            ("DB_PASSWORD=hunter2 PWD=/srv ./run", "DB_PASSWORD=*** PWD=/srv ./run"),
            (
                "curl -H 'Authorization: Bearer abc.def' https://x",
                "curl -H 'Authorization: Bearer ***' https://x",
            ),
            (
                "curl https://bob:hunter2@db.example.com/x",
                "curl https://bob:***@db.example.com/x",
            ),
            (r#"{"api_key": "abc", "n": 1}"#, r#"{"api_key": "***", "n": 1}"#),
            (
                r#"sh -c "echo \"token\": \"abc\"""#,
                r#"sh -c "echo \"token\": \"***\"""#,
            ),
            ("aws AKIAIOSFODNN7EXAMPLE x", "aws *** x"),
            ("csrftoken=abc", "csrftoken=abc"),
            ("xtoken=abc x-token=abc", "xtoken=abc x-token=***"),
            (
                "--token $TOKEN token=<NA> password=",
                "--token $TOKEN token=<NA> password=",
            ),
            ("password authentication failed", "password authentication failed"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest",
                "***\nrest",
            ),
        ] {
            assert_eq!(masked(text).0, after);
        }
        let (_, what) = masked("token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghij");
        assert_eq!(what, ["a value that its name calls secret"]);
        let (_, what) = masked("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghij");
        assert_eq!(what, ["JSON Web Token"]);
    }

    proptest! {
        #[test]
        fn a_second_pass_finds_nothing(text in "[ -~é\n]{0,80}((password|api_key)[=:] ?[\"']?[a-z$*]{0,9}|--token [a-z]{0,5}|x://[a-z:@/]{0,9}){0,3}[ -~]{0,9}") {
            let (once, _) = masked(&text);
            let (twice, what) = masked(&once);
            prop_assert_eq!(once, twice, "{:?}", what);
        }

        #[test]
        fn a_record_stays_the_json_that_it_was(text in any::<String>(), secret in "[a-z]{1,9}[0-9]", key in "[a-z.]{1,9}") {
            let record = serde_json::json!({"rule": "password=x", "n": 18_446_744_073_709_551_615_u64,
                "output_fields": {key: format!("{text} password={secret}")},
                "log": serde_json::json!({"a": [format!("token: {secret}"), null]}).to_string()});
            let json = record.to_string();
            let arena = Bump::new();
            let mut masker = Masker::new(&LIBRARY.tables.index.secrets, &arena);
            let out = masker.record(arena.alloc_str(&json).as_bytes()).expect("there are two secrets");
            let out: serde_json::Value = serde_json::from_slice(out).unwrap();
            prop_assert_eq!(&out["rule"], "password=x");
            prop_assert_eq!(&out["n"], &record["n"]);
            prop_assert_eq!(&out["log"], r#"{"a":["token: ***",null]}"#);
            let field = out["output_fields"].as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
            prop_assert!(field.ends_with("password=***"), "{}", field);
            prop_assert!(masker.masked.len() >= 2);
        }
    }
}
