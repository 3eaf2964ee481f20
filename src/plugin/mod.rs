//! One thin file for each ABI: they convert types and hold no logic.

#[cfg(feature = "component")]
mod component;
#[cfg(feature = "fluent-bit")]
mod fluent_bit;
