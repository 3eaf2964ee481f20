//! ATT&CK, from the event's tags and from the catalog.

use std::borrow::Cow;

use bewit_catalog::library::Head;
use bewit_catalog::model::{Catalog, Tactic, Technique};

use crate::catalog;

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The rule's author, by a tag.
    Tag,
    /// bewit's catalog.
    Catalog,
    /// Both.
    Both,
}

impl Origin {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Catalog => "catalog",
            Self::Both => "both",
        }
    }
}

/// A technique or, where a tag names no more, a tactic.
#[derive(Debug)]
pub(crate) struct Attack<'c> {
    /// As tagged, or as the catalog says.
    pub(crate) id: Option<Cow<'c, str>>,
    /// What is known of it.
    pub(crate) technique: Option<&'c Technique>,
    pub(crate) tactics: Vec<&'c Tactic>,
    pub(crate) from: Origin,
}

/// The technique id in a tag: `T1059.004`, `T1562-impair-defenses`, `mitre_t1611_escape_to_host`.
fn technique_id(tag: &str) -> Option<String> {
    let tag = tag.strip_prefix("mitre_").unwrap_or(tag);
    let rest = tag.strip_prefix(['T', 't'])?;
    let id_len = rest
        .bytes()
        .position(|b| !b.is_ascii_digit() && b != b'.')
        .unwrap_or(rest.len());
    let (id, behind) = rest.split_at(id_len);
    let (technique, sub) = id.split_once('.').unwrap_or((id, ""));
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    let shaped = digits(technique, 4)
        && (digits(sub, 3) || (sub.is_empty() && !id.contains('.')))
        && (behind.is_empty() || behind.starts_with(['-', '_']));
    shaped.then(|| format!("T{id}"))
}

/// The tactic in a tag: `mitre_credential_access`, `TA0005`, `TA0005-defense-evasion`.
fn tactic<'c>(catalog: &'c Catalog, tag: &str) -> Option<&'c Tactic> {
    let tactics = &catalog.attack.tactics;
    if let Some(name) = tag.strip_prefix("mitre_") {
        let name = name.replace('_', "-");
        return tactics.iter().find(|t| t.shortname == name);
    }
    let id = tag.split('-').next()?;
    tactics.iter().find(|t| t.id == id)
}

/// Indices of the techniques among an event's tags.
pub(crate) fn tagged(catalog: &Catalog, tags: &[Box<str>]) -> Vec<u16> {
    tags.iter()
        .filter_map(|tag| technique_id(tag))
        .filter_map(|id| {
            let parent = id.split('.').next().unwrap_or(&id);
            catalog::technique(catalog, &id).or_else(|| catalog::technique(catalog, parent))
        })
        .map(|(index, _)| index)
        .collect()
}

/// Techniques and tactics of an event: the catalog's first where it is about this very rule, then the tags'.
pub(crate) fn attack<'c>(catalog: &'c Catalog, tags: &[Box<str>], head: &'c Head) -> Vec<Attack<'c>> {
    let tactics = |technique: &'c Technique| -> Vec<&'c Tactic> {
        let find = |name: &str| catalog.attack.tactics.iter().find(|t| t.shortname == name);
        technique.tactics.iter().filter_map(|name| find(name)).collect()
    };
    let mut all: Vec<Attack<'c>> = head
        .attack
        .iter()
        .filter_map(|index| catalog.attack.techniques.get(usize::from(*index)))
        .map(|technique| Attack {
            id: Some(Cow::Borrowed(technique.id.as_ref())),
            technique: Some(technique),
            tactics: tactics(technique),
            from: Origin::Catalog,
        })
        .collect();
    for tag in tags {
        let Some(id) = technique_id(tag) else {
            continue;
        };
        if let Some(known) = all.iter_mut().find(|a| a.id.as_deref() == Some(id.as_str())) {
            if known.from == Origin::Catalog {
                known.from = Origin::Both;
            }
            continue;
        }
        let technique = catalog::technique(catalog, &id).map(|(_, technique)| technique);
        all.push(Attack {
            technique,
            tactics: technique.map(tactics).unwrap_or_default(),
            id: Some(Cow::Owned(id)),
            from: Origin::Tag,
        });
    }
    for tag in tags {
        let Some(tactic) = tactic(catalog, tag) else {
            continue;
        };
        if !all.iter().any(|a| a.tactics.iter().any(|t| t.id == tactic.id)) {
            all.push(Attack {
                id: None,
                technique: None,
                tactics: vec![tactic],
                from: Origin::Tag,
            });
        }
    }
    all
}

/// The ATT&CK mitigations of a list that MITRE names for one of these techniques.
pub(crate) fn listed<'l>(
    attack: &'l [Attack<'_>],
    mitigations: &'l [Cow<'static, str>],
) -> impl Iterator<Item = &'l str> {
    mitigations
        .iter()
        .filter(|id| {
            attack
                .iter()
                .filter_map(|a| a.technique)
                .any(|t| t.mitigations.contains(id))
        })
        .map(AsRef::as_ref)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_in_all_spellings() {
        for (tag, id) in [
            ("T1059", Some("T1059")),
            ("T1059.004", Some("T1059.004")),
            ("T1562-impair-defenses", Some("T1562")),
            ("mitre_t1611_escape_to_host", Some("T1611")),
            ("TA0005-defense-evasion", None),
            ("T10590", None),
            ("T1059.04", None),
            ("test", None),
            ("mitre_execution", None),
            ("AML.T0051_llm_prompt_injection", None),
        ] {
            assert_eq!(technique_id(tag).as_deref(), id, "{tag}");
        }
    }
}
