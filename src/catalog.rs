//! The guidance that is compiled in, and looking things up in it.

use std::sync::LazyLock;

#[cfg(feature = "overlays")]
use bewit_catalog::compile::{Input, Mistake, compile_over};
#[cfg(feature = "overlays")]
use bewit_catalog::files::vocabulary;
use bewit_catalog::library::Library;
use bewit_catalog::model::{Catalog, Entry, EntryKind, Name, Rule, Technique};
use bewit_catalog::wire;

use crate::config::Limits;
use crate::json::word;
use crate::slots::Slots;

pub use bewit_catalog::model;

/// The catalog of this build, from `catalog/`, as an annotator holds it.
pub static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let tables = include_bytes!(concat!(env!("OUT_DIR"), "/tables.bin"));
    let packed = include_bytes!(concat!(env!("OUT_DIR"), "/guidance.bin"));
    // The build has just written them. Without a catalog, lines pass.
    Library::read(tables, packed).unwrap_or_default()
});

/// The catalog of this build with all its guidance, for those who read it.
pub static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| {
    // The build has just packed it.
    LIBRARY.unpack().unwrap_or_else(|| LIBRARY.tables.index.clone())
});

/// Why a catalog that a host compiled is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is of another version, or damaged.
    #[error(transparent)]
    Unreadable(#[from] wire::Unreadable),
    /// A user's files add more to the built-in catalog than [`Limits::overlay_bytes`].
    #[error("{0}")]
    TooLarge(String),
}

/// Bytes that the built-in catalog has when a host hands it over. Written by the build.
const BUILT_IN_BYTES: &str = env!("BEWIT_CATALOG_BYTES");

/// The catalog that a host compiled from the built-in one and a user's files.
///
/// # Errors
/// When it is of another version, damaged, or too large.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Library, Refused> {
    let own = bytes.len().saturating_sub(BUILT_IN_BYTES.parse().unwrap_or(0));
    limits.check_overlays(own).map_err(Refused::TooLarge)?;
    Ok(wire::decode(bytes)?)
}

/// The built-in catalog with a user's files laid over it; a later one wins over an earlier one.
///
/// # Errors
/// All mistakes that were found.
#[cfg(feature = "overlays")]
pub fn with_overlays(overlays: &[Input]) -> Result<Catalog, Vec<Mistake>> {
    lay_over(&BUILT_IN, overlays)
}

/// As [`with_overlays`], for those who have the built-in catalog from elsewhere.
#[cfg(feature = "overlays")]
pub(crate) fn lay_over(built_in: &Catalog, overlays: &[Input]) -> Result<Catalog, Vec<Mistake>> {
    compile_over(built_in, &vocabulary(), overlays, env!("CARGO_PKG_VERSION"))
}

/// A known name, current or former.
pub(crate) fn name<'c>(catalog: &'c Catalog, name: &str) -> Option<&'c Name> {
    let at = catalog.names.binary_search_by(|n| n.name.as_ref().cmp(name)).ok()?;
    catalog.names.get(at)
}

/// Position of a field.
pub(crate) fn field(catalog: &Catalog, name: &[u8]) -> Option<u16> {
    let at = catalog.field_index.find(name)?;
    let is_it = word::same(catalog.fields.get(at)?.name.as_bytes(), name);
    u16::try_from(at).ok().filter(|_| is_it)
}

/// Finds what the messages of rules begin with.
pub(crate) struct Messages {
    /// Bytes that all of them have; they are looked up by those.
    len: usize,
    slots: Slots,
}

impl Messages {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let prefixes = || catalog.messages.iter().map(|message| message.prefix.as_bytes());
        let len = prefixes().map(<[u8]>::len).min().unwrap_or(0);
        Self {
            len,
            slots: Slots::of(prefixes().map(|prefix| hash(prefix, len))),
        }
    }

    /// Position of the beginning that a message has, the longest one.
    pub(crate) fn told_by(&self, catalog: &Catalog, message: &[u8]) -> Option<u16> {
        // The catalog has the longer one first.
        let found = self.slots.at(hash(message, self.len)).find(|at| {
            let Some(known) = catalog.messages.get(*at) else {
                return false;
            };
            let prefix = known.prefix.as_bytes();
            if !word::begins(message, prefix) {
                return false;
            }
            known.tail.as_ref().is_none_or(|tail| {
                let behind = message.get(word::find(message, prefix.len(), b' ')..);
                behind.is_some_and(|behind| word::begins(behind, tail.as_bytes()))
            })
        })?;
        u16::try_from(found).ok()
    }
}

fn hash(text: &[u8], len: usize) -> usize {
    word::hash(text.get(..len).unwrap_or(text), Slots::BITS)
}

/// A technique of its id, or of its parent where only that is known.
pub(crate) fn technique<'c>(catalog: &'c Catalog, id: &str) -> Option<(u16, &'c Technique)> {
    let techniques = &catalog.attack.techniques;
    let at = techniques.binary_search_by(|t| t.id.as_ref().cmp(id)).ok()?;
    Some((u16::try_from(at).ok()?, techniques.get(at)?))
}

/// The entry of a rule's name, for `bewit explain`: its own, or that of what it detects.
pub fn find<'c>(catalog: &'c Catalog, name: &str) -> Option<(&'c Rule, &'c Entry)> {
    let rule = catalog.rules.get(usize::from(self::name(catalog, name)?.rule))?;
    let index = rule.entry.or(rule.behaviour)?;
    Some((rule, catalog.entries.get(usize::from(index))?))
}

/// How many rules have an entry of their own.
pub(crate) fn own_entries(library: &Library) -> usize {
    library
        .tables
        .heads
        .iter()
        .filter(|head| head.kind == EntryKind::Rule)
        .count()
}
