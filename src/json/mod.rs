//! JSON where it runs hot: a cursor that validates and borrows, a string that knows whether it is escaped,
//! and a writer.
//!
//! serde_json would do, but not in an interpreter: it looks at every byte of every string, and its values
//! cannot be copied out as they came. Tests hold this module to serde_json's verdict.

mod cursor;
mod text;
mod write;

#[cfg(any(test, all(target_family = "wasm", feature = "fluent-bit")))]
pub(crate) use cursor::special;
pub(crate) use cursor::{Cursor, Invalid, Value};
pub(crate) use text::Text;
pub(crate) use write::{Writer, escape};
