//! The guidance that is compiled in, and looking things up in it.

use bewit_catalog::model::{Catalog, Entry, EntryKind, Name, Rule, Technique};

pub use bewit_catalog::model;

/// The catalog of this build, from `catalog/`.
pub static BUILT_IN: Catalog = {
    #[allow(clippy::wildcard_imports)]
    use bewit_catalog::model::*;
    use std::borrow::Cow;
    include!(concat!(env!("OUT_DIR"), "/catalog.rs"))
};

/// A known name, current or former.
pub(crate) fn name<'c>(catalog: &'c Catalog, name: &str) -> Option<&'c Name> {
    let at = catalog.names.binary_search_by(|n| n.name.as_ref().cmp(name)).ok()?;
    catalog.names.get(at)
}

/// Position of the beginning that a message has, the longest one.
pub(crate) fn told_by(catalog: &Catalog, message: &str) -> Option<u16> {
    let first = message.bytes().next();
    let begin = catalog.messages.partition_point(|m| m.prefix.bytes().next() < first);
    let candidates = catalog.messages.get(begin..)?;
    let found = candidates
        .iter()
        .take_while(|m| m.prefix.bytes().next() == first)
        .position(|m| match (message.strip_prefix(m.prefix.as_ref()), &m.tail) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(rest), Some(tail)) => {
                let word = rest.find(' ').unwrap_or(rest.len());
                rest.get(word..).is_some_and(|rest| rest.starts_with(tail.as_ref()))
            }
        })?;
    u16::try_from(begin + found).ok()
}

/// A technique of its id, or of its parent where only that is known.
pub(crate) fn technique<'c>(catalog: &'c Catalog, id: &str) -> Option<(u16, &'c Technique)> {
    let techniques = &catalog.attack.techniques;
    let at = techniques.binary_search_by(|t| t.id.as_ref().cmp(id)).ok()?;
    Some((u16::try_from(at).ok()?, techniques.get(at)?))
}

/// The entry at an index that the compiler wrote; the generic one should it be wrong.
pub(crate) fn entry(catalog: &Catalog, index: u16) -> Option<&Entry> {
    catalog.entries.get(usize::from(index))
}

/// The entry of a rule's name, for `bewit explain`: its own, or that of what it detects.
pub fn find<'c>(catalog: &'c Catalog, name: &str) -> Option<(&'c Rule, &'c Entry)> {
    let rule = catalog.rules.get(usize::from(self::name(catalog, name)?.rule))?;
    let index = rule.entry.or(rule.behaviour)?;
    Some((rule, entry(catalog, index)?))
}

/// How many rules have an entry of their own.
pub fn own_entries(catalog: &Catalog) -> usize {
    catalog.entries.iter().filter(|e| e.kind == EntryKind::Rule).count()
}
