//! bewit: raw Falco log lines in, security alerts that say what to do out.
//!
//! Data flows one way: bytes -> [envelope](Split) -> event -> annotate -> render -> bytes. Nothing here does
//! I/O, reads a clock or draws a random number, so the same line and configuration give the same bytes in every
//! host: as a WebAssembly component, as a Fluent Bit filter, in a browser, or linked as a library.
//!
//! ```
//! let line = br#"{"rule":"Terminal shell in container","priority":"Notice","time":"2024-10-29T13:40:25.978642167Z"}"#;
//! let mut alert = Vec::new();
//! let outcome = bewit::Annotator::default().annotate(line, &mut alert);
//! assert_eq!(outcome, bewit::Outcome::Alert);
//! ```

mod annotate;
mod annotator;
mod batch;
pub mod catalog;
mod config;
mod describe;
mod envelope;
mod event;
mod few;
mod json;
mod mask;
#[cfg(any(test, all(target_family = "wasm", feature = "fluent-bit")))]
mod msgpack;
mod plugin;
#[cfg(any(test, all(target_family = "wasm", feature = "fluent-bit")))]
mod readable;
mod render;
mod repeat;
#[cfg(feature = "report")]
pub mod report;
pub mod schema;
mod slots;

pub use annotate::{Confidence, MatchedBy};
pub use annotator::{Annotator, Outcome, fault, is_annotated};
pub use batch::{Stats, annotate_batch};
pub use config::{Config, Detail, Limits, MinPriority, Organisation, Schema};
#[cfg(feature = "yaml")]
pub use config::{Mistake, Place};
pub use describe::Description;
pub use envelope::Split;
pub use event::{Format, Priority};
pub use mask::mask;
pub use render::native::SCHEMA;
