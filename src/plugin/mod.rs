//! One thin file for each ABI: they convert types and hold no logic.
//!
//! They exist for WebAssembly only: their exported names are none that a native linker takes, or ones (`malloc`) that
//! it must not. The one with pointers of its own is compiled for tests, too, without those names.

#[cfg(all(target_family = "wasm", feature = "component"))]
mod component;
#[cfg(any(test, all(target_family = "wasm", feature = "fluent-bit")))]
mod fluent_bit;
#[cfg(all(target_family = "wasm", any(feature = "js", feature = "js-overlays")))]
mod js;
