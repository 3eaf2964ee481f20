//! Alerts as JSON objects.

use super::{Event, Fields, Format, Priority};
use crate::json::{Cursor, Invalid, Text, Value};

/// Any JSON object: a Falco alert, or what wraps one.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) members: Vec<Member<'a>>,
    fields: Option<Fields<'a>>,
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: Text<'a>,
    pub(crate) value: Value<'a>,
    /// Key, colon and value as they came.
    pub(crate) text: &'a str,
}

impl<'a> Record<'a> {
    /// Reads one object and nothing else.
    pub(crate) fn read(text: &'a str) -> Result<Self, Invalid> {
        let mut cursor = Cursor::new(text);
        cursor.enter_object()?;
        let mut members = Vec::with_capacity(16);
        let mut fields = None;
        let mut first = true;
        while let Some((key, begin)) = cursor.key_at(&mut first)? {
            let opens = cursor.peek() == Some(b'{');
            let at = cursor.at();
            let value = if opens && key.is("output_fields") {
                fields = Some(Fields::read(&mut cursor)?);
                Value::Object(&text[at..cursor.at()])
            } else {
                cursor.value()?
            };
            members.push(Member {
                key,
                value,
                text: &text[begin..cursor.at()],
            });
        }
        cursor.end()?;
        Ok(Self { members, fields })
    }

    /// The value of a member; of the last one where a key comes twice, as JSON readers do.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.members.iter().rev().find(|m| m.key.is(key)).map(|m| &m.value)
    }

    fn string(&self, key: &str) -> Option<Text<'a>> {
        match self.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// The alert this is, if it is one: a rule, a priority, and at least one of time, output and fields.
    pub(crate) fn event(&mut self) -> Option<Event<'a>> {
        let rule = self.string("rule")?.decoded();
        let priority = match self.get("priority")? {
            Value::String(text) => Priority::parse(&text.decode())?,
            Value::Number(number) => Priority::from_number(number)?,
            _ => return None,
        };
        if !["time", "output", "output_fields"]
            .iter()
            .any(|key| self.get(key).is_some())
        {
            return None;
        }
        let tags = match self.get("tags") {
            Some(Value::Array(text)) => tags(text),
            _ => Vec::new(),
        };
        Some(Event {
            format: Format::Json,
            rule: Some(rule),
            priority,
            output: self.string("output"),
            message: self.string("message").map(Text::into_decoded),
            source: self.string("source"),
            tags,
            hostname: self.string("hostname"),
            uuid: self.string("uuid"),
            time: self.string("time"),
            clock: None,
            fields: self.fields.take().unwrap_or_default(),
            metadata: Vec::new(),
            ambiguous: Vec::new(),
        })
    }
}

/// The strings of an array that was found valid.
fn tags(text: &str) -> Vec<Text<'_>> {
    let mut cursor = Cursor::new(text);
    let mut tags = Vec::new();
    let mut first = true;
    if cursor.enter_array().is_ok() {
        while let Ok(Some(value)) = cursor.element(&mut first) {
            if let Value::String(tag) = value {
                tags.push(tag);
            }
        }
    }
    tags
}
