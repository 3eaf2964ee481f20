//! Alerts as bytes.

mod brief;
pub(crate) mod native;
