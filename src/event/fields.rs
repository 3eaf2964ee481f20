//! `output_fields`: flat as Falco writes them, or nested as de-dotting pipelines leave them.

use std::borrow::Cow;

use crate::json::{Cursor, Invalid, Text, Value};

/// Levels of nesting that are unfolded; `container.image.repository` has three.
const DEPTH: usize = 6;

/// Falco's fields by name, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Fields<'a> {
    /// The value of a field, also when it is `null`.
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        self.0.push((name, value));
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    /// Reads the object of `output_fields` at the cursor.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Invalid> {
        let mut fields = Self::default();
        fields.unfold(cursor, "", DEPTH)?;
        Ok(fields)
    }

    fn unfold(&mut self, cursor: &mut Cursor<'a>, prefix: &str, depth: usize) -> Result<(), Invalid> {
        cursor.enter_object()?;
        let mut first = true;
        while let Some(key) = cursor.key(&mut first)? {
            let name = name(prefix, key);
            match cursor.value()? {
                Value::Object(text) if depth > 0 => {
                    self.unfold(&mut Cursor::new(text), &name, depth - 1)?;
                }
                value => self.push(name, value),
            }
        }
        Ok(())
    }
}

/// A flat name keeps its borrow; a nested one is joined.
fn name<'a>(prefix: &str, key: Text<'a>) -> Cow<'a, str> {
    if prefix.is_empty() {
        key.into_decoded()
    } else {
        Cow::Owned(format!("{prefix}.{}", key.decode()))
    }
}
