//! `output_fields`: flat as Falco writes them, or nested as de-dotting pipelines leave them.

use bumpalo::Bump;
use bumpalo::collections::Vec;

use super::shape::Shaped;
use crate::json::{Cursor, Invalid, Text, Value, word};

/// Levels of nesting that are unfolded; `container.image.repository` has three.
const DEPTH: usize = 6;

/// A field's name and value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: Value<'a>,
    /// Its position in the catalog, if it is there, where that was looked up before.
    pub(crate) known: Option<Option<u16>>,
}

impl<'a> Field<'a> {
    pub(super) fn new(name: &'a [u8], value: Value<'a>) -> Self {
        Self {
            name,
            value,
            known: None,
        }
    }
}

/// Falco's fields by name, in the order they came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fields<'a> {
    Read(&'a [Field<'a>]),
    /// Those of an object whose form is known.
    Shaped(Shaped<'a>),
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self::Read(&[])
    }
}

impl<'a> Fields<'a> {
    /// The value of a field, also when it is `null`.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        let name = name.as_bytes();
        self.iter()
            .find(|field| word::same(field.name, name))
            .map(|field| field.value)
    }

    #[inline]
    fn at(&self, at: usize) -> Option<Field<'a>> {
        match self {
            Self::Read(fields) => fields.get(at).copied(),
            Self::Shaped(shaped) => shaped.field(at),
        }
    }

    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = Field<'a>> {
        (0..self.len()).map_while(|at| self.at(at))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Read(fields) => fields.len(),
            Self::Shaped(shaped) => shaped.field_count(),
        }
    }

    /// Reads the object of `output_fields` at the cursor.
    pub(crate) fn read(cursor: &mut Cursor<'a>, arena: &'a Bump) -> Result<Self, Invalid> {
        let mut fields = Vec::with_capacity_in(32, arena);
        unfold(cursor, b"", DEPTH, arena, &mut fields)?;
        Ok(Self::Read(fields.into_bump_slice()))
    }
}

fn unfold<'a>(
    cursor: &mut Cursor<'a>,
    prefix: &[u8],
    depth: usize,
    arena: &'a Bump,
    fields: &mut Vec<'a, Field<'a>>,
) -> Result<(), Invalid> {
    cursor.enter_object()?;
    let mut first = true;
    while let Some((key, _)) = cursor.key(&mut first)? {
        let name = name(prefix, key, arena);
        match cursor.value()? {
            Value::Object(text) if depth > 0 => {
                unfold(&mut Cursor::new(text), name, depth - 1, arena, fields)?;
            }
            value => fields.push(Field::new(name, value)),
        }
    }
    Ok(())
}

/// A flat name keeps its borrow; a nested one is joined.
#[inline]
fn name<'a>(prefix: &[u8], key: Text<'a>, arena: &'a Bump) -> &'a [u8] {
    let key = key.decode(arena);
    if prefix.is_empty() {
        return key;
    }
    let mut name = Vec::with_capacity_in(prefix.len() + 1 + key.len(), arena);
    name.extend_from_slice_copy(prefix);
    name.push(b'.');
    name.extend_from_slice_copy(key);
    name.into_bump_slice()
}
