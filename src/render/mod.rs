//! Alerts as bytes.

pub(crate) mod native;
