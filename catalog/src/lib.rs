//! The guidance catalog of bewit: what it is ([`model`]) and how YAML becomes it ([`compile`]).
//!
//! The plugin uses the model alone, as packed bytes that its build script writes; the compiler is for
//! build scripts and hosts. `README.md` in this folder describes the YAML.

#[cfg(feature = "compile")]
pub mod compile;
#[cfg(feature = "compile")]
mod condition;
#[cfg(feature = "compile")]
mod decompile;
#[cfg(feature = "compile")]
mod denied;
#[cfg(feature = "files")]
pub mod files;
pub mod library;
pub mod model;
#[cfg(feature = "compile")]
pub mod nearest;
#[cfg(feature = "compile")]
pub mod source;
#[cfg(feature = "compile")]
mod template;
pub mod wire;
