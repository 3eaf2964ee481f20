//! Alerts as bytes.

mod brief;
pub(crate) mod mapped;
pub(crate) mod native;
