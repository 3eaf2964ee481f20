//! The catalog as Rust source: a serde serializer that writes literals.
//!
//! It knows the model only by serde's data model, so it needs no change when the model grows:
//! strings become `Cow::Borrowed("..")`, lists `Cow::Borrowed(&[..])`, the rest what it is.

use std::fmt::{self, Display, Write as _};

use serde::ser::{self, Serialize};

use crate::library::Tables;

/// An expression of type [`Tables`], for a place where [`crate::library`], [`crate::model`] and `std::borrow::Cow` are
/// in scope with all their names.
///
/// # Errors
/// When the model uses a type of serde's data model that has no literal form here, such as a map.
pub fn rust(tables: &Tables) -> Result<String, Unsupported> {
    let mut writer = Writer(String::new());
    tables.serialize(&mut writer)?;
    Ok(writer.0)
}

/// The model holds something that has no literal form here.
#[derive(Debug, thiserror::Error)]
#[error("no Rust literal for {0}")]
pub struct Unsupported(String);

impl ser::Error for Unsupported {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<fmt::Error> for Unsupported {
    fn from(error: fmt::Error) -> Self {
        Self(error.to_string())
    }
}

struct Writer(String);

type Result1 = Result<(), Unsupported>;

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result1 {
            Ok(write!(self.0, "{value:?}")?)
        })*
    };
}

macro_rules! unsupported {
    ($($method:ident($($type:ty),*) -> $ok:ty),*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$ok, Unsupported> {
            Err(Unsupported(stringify!($method).into()))
        })*
    };
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = ser::Impossible<(), Unsupported>;
    type SerializeTupleStruct = ser::Impossible<(), Unsupported>;
    type SerializeTupleVariant = ser::Impossible<(), Unsupported>;
    type SerializeMap = ser::Impossible<(), Unsupported>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = ser::Impossible<(), Unsupported>;

    plain!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64
    );

    unsupported!(
        serialize_f32(f32) -> (), serialize_f64(f64) -> (), serialize_char(char) -> (),
        serialize_bytes(&[u8]) -> (), serialize_unit() -> (), serialize_unit_struct(&'static str) -> (),
        serialize_tuple(usize) -> Self::SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant,
        serialize_map(Option<usize>) -> Self::SerializeMap,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant
    );

    fn serialize_str(self, value: &str) -> Result1 {
        Ok(write!(self.0, "Cow::Borrowed({value:?})")?)
    }

    fn serialize_none(self) -> Result1 {
        self.0.push_str("None");
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result1 {
        self.0.push_str("Some(");
        value.serialize(&mut *self)?;
        self.0.push(')');
        Ok(())
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result1 {
        Ok(write!(self.0, "{name}::{}", pascal(variant))?)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result1 {
        write!(self.0, "{name}(")?;
        value.serialize(&mut *self)?;
        self.0.push(')');
        Ok(())
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result1 {
        write!(self.0, "{name}::{}(", pascal(variant))?;
        value.serialize(&mut *self)?;
        self.0.push(')');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, Unsupported> {
        self.0.push_str("Cow::Borrowed(&[");
        Ok(Open(self, "])"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Open<'a>, Unsupported> {
        write!(self.0, "{name} {{ ")?;
        Ok(Open(self, "}"))
    }
}

/// What `rename_all` made of a variant's name, back: `read-only` -> `ReadOnly`.
fn pascal(name: &str) -> String {
    name.split(['_', '-'])
        .map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
                .unwrap_or_default()
        })
        .collect()
}

/// A list or a struct that is being written, and what closes it.
struct Open<'a>(&'a mut Writer, &'static str);

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result1 {
        value.serialize(&mut *self.0)?;
        self.0.0.push_str(", ");
        Ok(())
    }

    fn end(self) -> Result1 {
        self.0.0.push_str(self.1);
        Ok(())
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result1 {
        write!(self.0.0, "{name}: ")?;
        value.serialize(&mut *self.0)?;
        self.0.0.push_str(", ");
        Ok(())
    }

    fn end(self) -> Result1 {
        self.0.0.push_str(self.1);
        Ok(())
    }
}
