//! What the rule, the source and the tags of an alert decide by themselves.
//!
//! Most alerts of a stream are of few kinds. Everything that is the same for all alerts of a kind is worked out once
//! and kept: which guidance may fit, the ATT&CK techniques, the parts of the alert that no value of the event changes.
//! What is kept decides nothing: without it the same bytes come out, only later.

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;

use bewit_catalog::library::Library;
use bewit_catalog::model::{Catalog, Cond, Operand};
use bumpalo::Bump;

use super::attack;
use super::guidance::{Confidence, Known, MatchedBy};
use super::plan::{Digest, Plan};
use super::sketch::Sketch;
use super::values::{Beside, Values, test};
use crate::catalog::Messages;
use crate::config::Detail;
use crate::event::{self, Event, Format, Priority};
use crate::few;
use crate::json::word;

/// A kind of alerts.
pub(crate) struct Kind {
    /// What it is told by.
    rule: Option<Box<[u8]>>,
    source: Option<Box<[u8]>>,
    raw_tags: Box<[u8]>,
    /// Position of the message's beginning in the catalog, where that told the rule; none where the rule's name did.
    pub(super) told: Option<u16>,

    pub(crate) known: Option<Known>,
    /// The rule's name, also where it was only inferred.
    pub(crate) name: Option<Box<str>>,
    /// The words of that name, lower case.
    pub(super) words: Vec<Box<str>>,
    pub(super) tags: Vec<Box<str>>,
    /// Positions of the innocent causes that may apply.
    pub(super) innocent: Vec<u16>,
    candidates: Vec<Candidate>,
    /// What was written of such alerts, the oldest first.
    sketches: RefCell<VecDeque<Sketch>>,
}

/// Guidance that fits if its conditions hold. The first that does is taken.
struct Candidate {
    when: Vec<Cond>,
    plan: Plan,
}

/// The kinds that were met.
pub(crate) struct Kinds {
    common: Common,
    /// By a hash of the rule's name, or by what the message begins with where there is no name; a few places on at most.
    slots: Vec<Option<Box<Kind>>>,
}

/// What is the same for all kinds of a catalog.
pub(crate) struct Common {
    pub(super) beside: Beside,
    messages: Rc<Messages>,
    pub(crate) digest: Digest,
    /// Conditions that sketches depend on, each once.
    conditions: RefCell<Vec<Rc<Cond>>>,
    /// Bytes of all sketches, and whether they are too many.
    sketched: Cell<usize>,
    is_full: Cell<bool>,
}

/// Kinds that are kept at once. More rules than these fire together nowhere.
const SLOTS: usize = 64;
/// Places that a kind may be at, so that some with the same hash have room.
const PROBES: usize = 8;
/// Bytes of sketches that are kept, about, and of those with all of the guidance. Beyond it all are made anew: few are
/// ever needed at once.
const BRIEF_SKETCHES: usize = 192 << 10;
const FULL_SKETCHES: usize = 512 << 10;
/// Sketches that are kept of a kind.
const OF_KIND: usize = 16;

impl Kinds {
    pub(crate) fn new(library: &Library, messages: Rc<Messages>) -> Self {
        let catalog = &library.tables.index;
        Self {
            common: Common {
                beside: Beside::of(catalog),
                messages,
                digest: Digest::of(&library.tables),
                conditions: RefCell::default(),
                sketched: Cell::new(0),
                is_full: Cell::new(false),
            },
            slots: std::iter::repeat_with(|| None).take(SLOTS + PROBES).collect(),
        }
    }

    /// The kind of an event.
    pub(crate) fn of(&mut self, library: &Library, event: &Event<'_>) -> Option<(&Kind, &Common)> {
        let Self { slots, common } = self;
        if common.is_full.take() {
            for kind in slots.iter().flatten() {
                common.forget(&kind.sketches.take());
            }
        }
        let catalog = &library.tables.index;
        let hash = match event.rule {
            Some(rule) => word::hash(rule.raw(), SLOTS.ilog2()),
            None => event.told.map_or(0, |told| (usize::from(told) + 1) % SLOTS),
        };
        let told = || match event.format {
            Format::Text => event.told,
            Format::Json => common.messages.told_by(catalog, event.message?),
        };
        let mut free = hash;
        for place in hash..hash + PROBES {
            match slots.get(place) {
                Some(Some(kind)) if kind.is_of(event) && (kind.is_named() || kind.told == told()) => {
                    return Some((slots.get(place)?.as_deref()?, common));
                }
                Some(Some(_)) => {}
                _ => {
                    free = place;
                    break;
                }
            }
        }
        let slot = slots.get_mut(free)?;
        if let Some(kind) = slot {
            common.forget(&kind.sketches.take());
        }
        *slot = Some(Box::new(Kind::new(library, event, told)));
        Some((slot.as_deref()?, common))
    }
}

impl Common {
    /// A condition that outlives the guidance it stands in.
    pub(super) fn condition(&self, condition: &Cond) -> Rc<Cond> {
        let mut all = self.conditions.borrow_mut();
        match all.iter().find(|known| ***known == *condition) {
            Some(known) => Rc::clone(known),
            None => {
                let new = Rc::new(condition.clone());
                all.push(Rc::clone(&new));
                new
            }
        }
    }

    fn forget<'s>(&self, sketches: impl IntoIterator<Item = &'s Sketch>) {
        let bytes: usize = sketches.into_iter().map(Sketch::bytes).sum();
        self.sketched.set(self.sketched.get().saturating_sub(bytes));
    }
}

impl Kind {
    /// What was written of an alert like this one.
    #[inline(never)] // It stands in two places, and the module for Fluent Bit must be small.
    pub(super) fn sketch(&self, detail: Detail, priority: Priority, values: &Values<'_>) -> Option<Ref<'_, Sketch>> {
        let known = |sketch: &&Sketch| sketch.is_of(detail, priority, values);
        Ref::filter_map(self.sketches.borrow(), |sketches| sketches.iter().find(known)).ok()
    }

    pub(super) fn keep_sketch(&self, sketch: Sketch, common: &Common) {
        let most = match sketch.detail {
            Detail::Brief => BRIEF_SKETCHES,
            Detail::Full => FULL_SKETCHES,
        };
        let bytes = common.sketched.get() + sketch.bytes();
        common.sketched.set(bytes);
        common.is_full.set(bytes > most);
        let mut sketches = self.sketches.borrow_mut();
        if sketches.len() == OF_KIND {
            common.forget(&sketches.pop_front());
        }
        sketches.push_back(sketch);
    }

    fn new(library: &Library, event: &Event<'_>, told: impl FnOnce() -> Option<u16>) -> Self {
        let catalog = &library.tables.index;
        let arena = Bump::new();
        let rule = event.rule.map(|rule| String::from_utf8_lossy(rule.raw()).into_owned());
        let named = rule.as_deref().and_then(|name| Known::by_name(catalog, name));
        let told = if named.is_some() { None } else { told() };
        let known = named.or_else(|| Known::by_message(catalog, told?));
        let known_rule = known.and_then(|known| known.rule(catalog));
        let name = rule.as_deref().or(known_rule.map(|rule| rule.name.as_ref()));
        let source = event.source.map(|source| source.raw());
        let mut kind = Self {
            rule: event.rule.map(|rule| rule.raw().into()),
            source: source.map(Into::into),
            raw_tags: event.tags.into(),
            told,
            known,
            name: name.map(Into::into),
            words: name.map(words).unwrap_or_default(),
            tags: event::tags(event.tags, &arena),
            innocent: Vec::new(),
            candidates: Vec::new(),
            sketches: RefCell::default(),
        };
        let of_rule = known_rule.map(|rule| rule.innocent.as_ref()).unwrap_or_default();
        let all = of_rule.iter().chain(catalog.innocent_of_any.iter()).copied();
        kind.innocent = all.filter(|index| kind.may_be_innocent(catalog, *index)).collect();
        kind.candidates = kind.candidates(library, source);
        kind
    }

    fn is_of(&self, event: &Event<'_>) -> bool {
        let same = |mine: &Option<Box<[u8]>>, theirs: Option<&[u8]>| match (mine, theirs) {
            (Some(mine), Some(theirs)) => word::same(mine, theirs),
            (None, None) => true,
            _ => false,
        };
        same(&self.rule, event.rule.map(|rule| rule.raw()))
            && same(&self.source, event.source.map(|source| source.raw()))
            && word::same(&self.raw_tags, event.tags)
    }

    pub(super) fn is_named(&self) -> bool {
        self.known.is_some() && self.told.is_none()
    }

    fn may_be_innocent(&self, catalog: &Catalog, index: u16) -> bool {
        let cause = catalog.innocent.get(usize::from(index));
        cause.is_some_and(|cause| cause.all.iter().all(|condition| self.may_hold(condition)))
    }

    /// Whether a condition holds, as far as the kind alone tells.
    fn may_hold(&self, condition: &Cond) -> bool {
        match condition.operand {
            Operand::Param(_) => true,
            Operand::Tag => test(&condition.test, &self.tags),
            Operand::Word => test(&condition.test, &self.words),
        }
    }

    fn candidates(&self, library: &Library, source: Option<&[u8]>) -> Vec<Candidate> {
        let catalog = &library.tables.index;
        let candidate = |matched_by, confidence, entry, when| Candidate {
            when,
            plan: Plan {
                matched_by,
                confidence,
                entry,
                guide: OnceCell::new(),
            },
        };
        let sure = |matched_by, confidence, entry| candidate(matched_by, confidence, entry, Vec::new());
        let rule = self.known.and_then(|known| known.rule(catalog));
        if let (Some(known), Some(rule)) = (self.known, rule) {
            if let Some(entry) = rule.entry {
                return vec![sure(known.by, known.confidence, entry)];
            }
            // The catalog says what the rule detects, so only the guidance is a class's, not the match.
            if let Some(entry) = rule.behaviour {
                let confidence = known.confidence.min(Confidence::Medium);
                return vec![sure(MatchedBy::Behaviour, confidence, entry)];
            }
        }
        let has = |list: &[Box<str>], text: &str| list.iter().any(|known| **known == *text);
        let mut scored: Vec<(u8, Candidate)> = Vec::new();
        for behaviour in catalog.behaviours.iter() {
            for clause in behaviour.clauses.iter().filter(|clause| clause.score >= 50) {
                let may = clause.words.iter().all(|word| has(&self.words, word))
                    && clause.tags.iter().all(|tag| has(&self.tags, tag))
                    && clause.when.iter().all(|condition| self.may_hold(condition));
                if may {
                    let of_event = |condition: &&Cond| matches!(condition.operand, Operand::Param(_));
                    let when = clause.when.iter().filter(of_event).cloned().collect();
                    let confidence = if clause.score >= 80 {
                        Confidence::Medium
                    } else {
                        Confidence::Low
                    };
                    let found = candidate(MatchedBy::Behaviour, confidence, behaviour.entry, when);
                    // The best evidence first; of equals the catalog's first.
                    few::put(&mut scored, (clause.score, found), |(score, _)| Reverse(*score));
                }
            }
        }
        let mut candidates: Vec<Candidate> = scored.into_iter().map(|(_, candidate)| candidate).collect();
        candidates.push(self.fallback(catalog, source, sure));
        candidates
    }

    /// The guidance for an event of which the name tells nothing.
    fn fallback(
        &self,
        catalog: &Catalog,
        source: Option<&[u8]>,
        sure: impl Fn(MatchedBy, Confidence, u16) -> Candidate,
    ) -> Candidate {
        let techniques = attack::tagged(catalog, &self.tags);
        let by_technique = catalog
            .behaviours
            .iter()
            .find(|b| techniques.iter().any(|t| b.techniques.contains(t)));
        if let Some(behaviour) = by_technique {
            return sure(MatchedBy::Technique, Confidence::Low, behaviour.entry);
        }
        let rule = self.known.and_then(|known| known.rule(catalog));
        let source = source.or(rule.map(|rule| rule.source.as_bytes()));
        // falcosidekick writes the plural where Falco gave no source.
        let source = source.map(|source| if source == b"syscalls" { b"syscall" } else { source });
        let by_source = catalog.sources.iter().find(|s| Some(s.source.as_bytes()) == source);
        match by_source {
            Some(source) => sure(MatchedBy::Source, Confidence::Low, source.entry),
            None => sure(MatchedBy::Generic, Confidence::Low, catalog.generic),
        }
    }

    /// The guidance that fits, made ready. None only for a catalog without entries.
    pub(crate) fn plan(&self, values: &Values<'_>) -> Option<&Plan> {
        let mut all = self.candidates.iter();
        let fits = all.find(|c| c.when.iter().all(|condition| values.holds(condition)))?;
        Some(&fits.plan)
    }
}

/// The lower-case words of a rule's name.
fn words(name: &str) -> Vec<Box<str>> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.to_ascii_lowercase().into())
        .collect()
}
