//! bewit beside Vector, without Vector: a Vector configuration says where bewit stands, and events meet the fate there
//! that Vector gives them. `docs/vector-host.md` says what Vector does and how that was found out.

mod codec;
mod mirror;
mod settings;
mod variables;

pub(crate) use mirror::run as annotate;
