//! `bewit vector export`: what bewit does to Falco's JSON alerts, as a program that an unmodified Vector runs.
//!
//! The catalog becomes data ([`data`]) and conditions that are worked out once an event ([`conditions`]); `program/`
//! has what is the same for every catalog. [docs/vector.md] says what is not the component's.
//!
//! [docs/vector.md]: ../../../docs/vector.md

mod bundle;
mod choice;
mod conditions;
mod data;
mod mapped;
mod program;
mod text;
mod values;

pub(crate) use bundle::export;
pub(crate) use program::Form;
