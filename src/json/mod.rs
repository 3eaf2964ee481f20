//! JSON where it runs hot: a cursor that validates and borrows, a string that knows whether it is escaped,
//! and a writer.
//!
//! serde_json would do, but not in an interpreter: it looks at every byte of every string, and its values
//! cannot be copied out as they came. Tests hold this module to serde_json's verdict.

mod cursor;
mod text;
pub(crate) mod word;
mod write;

pub(crate) use cursor::{Cursor, Invalid, Seen, Value};
pub(crate) use text::Text;
pub(crate) use write::{Writer, escape, join_lines};
