//! The filter for Fluent Bit, without Fluent Bit: packing a configuration into the module, looking at one, and running
//! one exactly as Fluent Bit would. `docs/fluent-bit.md` says what Fluent Bit does and how that was found out.

mod answer;
mod examine;
mod inspect;
mod instance;
mod mirror;
mod module;
mod pack;
mod record;
mod settings;

pub(crate) use inspect::run as inspect;
pub(crate) use mirror::run as annotate;
pub(crate) use pack::run as pack;
