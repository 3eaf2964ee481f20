//! One thin file for each ABI: they convert types and hold no logic.
//!
//! They exist for WebAssembly only: their exported names are none that a native linker takes, or ones (`malloc`) that
//! it must not.
#![cfg(target_family = "wasm")]

#[cfg(feature = "component")]
mod component;
#[cfg(feature = "fluent-bit")]
mod fluent_bit;
#[cfg(feature = "js")]
mod js;
