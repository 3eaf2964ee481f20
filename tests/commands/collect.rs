//! Every command and manifest of the catalog, filled with sample values.

use std::collections::HashSet;

use bewit_catalog::model::{
    Catalog, Command, Cond, Effect, Mitigation, Operand, ParamType, Pattern, Piece, Template, Test, Undo,
};

/// A process id that no process can have: Linux counts to 4194304.
pub(crate) const NO_PROCESS: &str = "4194305";

/// A command as an alert would show it, all values there.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Id of its mitigation.
    pub(crate) of: String,
    pub(crate) argv: Vec<String>,
    /// None for a way back.
    pub(crate) effect: Option<Effect>,
}

/// Each command and its undo, with all optional parts and with none.
pub(crate) fn commands(catalog: &Catalog) -> Vec<Sample> {
    let mut seen = HashSet::new();
    let mut samples = Vec::new();
    for mitigation in catalog.mitigations.iter() {
        for command in mitigation.commands.iter() {
            let sampler = Sampler::new(catalog, mitigation, command);
            let mut add = |words: &[Template], effect: Option<Effect>| {
                for optional in [true, false] {
                    let argv: Vec<String> = words.iter().filter_map(|word| sampler.word(word, optional)).collect();
                    if seen.insert((mitigation.id.to_string(), argv.clone(), effect)) {
                        let of = mitigation.id.to_string();
                        samples.push(Sample { of, argv, effect });
                    }
                }
            };
            add(&command.argv, Some(command.effect));
            if let Undo::Argv(words) = &command.undo {
                add(words, None);
            }
        }
    }
    samples
}

/// Kind, title and text of each manifest.
pub(crate) fn manifests(catalog: &Catalog) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for mitigation in catalog.mitigations.iter() {
        for manifest in mitigation.manifests.iter() {
            let sampler = Sampler {
                catalog,
                conditions: mitigation.when.iter().collect(),
            };
            let body = sampler.word(&manifest.body, true).unwrap();
            let title = format!("{}: {}", mitigation.id, manifest.title);
            all.push((manifest.kind.to_string(), title, body));
        }
    }
    all
}

/// Sample values that agree with the conditions of a command.
struct Sampler<'c> {
    catalog: &'c Catalog,
    conditions: Vec<&'c Cond>,
}

impl<'c> Sampler<'c> {
    fn new(catalog: &'c Catalog, mitigation: &'c Mitigation, command: &'c Command) -> Self {
        let conditions = mitigation.when.iter().chain(command.when.iter()).collect();
        Self { catalog, conditions }
    }

    /// One word; none where it is an optional part that is left out.
    fn word(&self, template: &Template, optional: bool) -> Option<String> {
        let mut text = String::new();
        let mut left_out = false;
        for piece in template.0.iter() {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Hole(hole) => text.push_str(&self.value(hole.param)),
                Piece::Optional(pieces) if optional => {
                    text.push_str(&self.word(&Template(pieces.clone()), true).unwrap());
                }
                Piece::Optional(_) => left_out = true,
            }
        }
        (!text.is_empty() || !left_out).then_some(text)
    }

    fn value(&self, param: u16) -> String {
        let declared = &self.catalog.params[usize::from(param)];
        let mut candidates: Vec<String> = named(&declared.name)
            .unwrap_or_else(|| typed(declared.kind))
            .iter()
            .map(|c| (*c).to_owned())
            .collect();
        let tests: Vec<&Test> = self
            .conditions
            .iter()
            .filter(|c| c.operand == Operand::Param(param))
            .map(|c| &c.test)
            .collect();
        for test in &tests {
            if let Test::AnyOf(patterns) = test {
                candidates.extend(patterns.iter().map(instance));
            }
        }
        let fits = |candidate: &String| {
            tests.iter().all(|test| match test {
                Test::AnyOf(patterns) => patterns.iter().any(|p| matches(p, candidate)),
                Test::NoneOf(patterns) => !patterns.iter().any(|p| matches(p, candidate)),
                Test::Present => true,
                Test::Absent => panic!("`{}` is asked for where it is absent", declared.name),
            })
        };
        candidates
            .into_iter()
            .find(fits)
            .unwrap_or_else(|| panic!("no sample value of {} for {:?}", declared.name, self.conditions))
    }
}

/// Values for parameters whose type says too little.
fn named(param: &str) -> Option<&'static [&'static str]> {
    Some(match param {
        "k8s.target.resource" => &["deployments"],
        "k8s.target.name" => &["cart"],
        "cloud.region" | "ct.region" => &["eu-west-1"],
        "cloud.account" => &["shop-prod"],
        "ct.user.accountid" => &["123456789012"],
        "github.repo.name" | "github.repo" => &["shop/cart"],
        "ct.user.accesskeyid" => &["AKIAIOSFODNN7EXAMPLE"],
        _ => return None,
    })
}

fn typed(kind: ParamType) -> &'static [&'static str] {
    match kind {
        ParamType::Text | ParamType::Word => &["sample"],
        ParamType::Path => &["/nonexistent/sample"],
        ParamType::ContainerId => &["4cc4da328699"],
        ParamType::DnsLabel => &["shop-eu"],
        ParamType::DnsSubdomain => &["cart-7f9c6d5b8-x2x4k"],
        ParamType::Integer => &[NO_PROCESS],
        ParamType::Port => &["4444"],
        ParamType::Ip => &["203.0.113.7", "2001:db8::7"],
        ParamType::UserName => &["alice", "cart@shop-prod.iam.gserviceaccount.com"],
        ParamType::K8sUser => &["system:serviceaccount:shop-eu:cart"],
        ParamType::Image => &["registry.example.com/shop/cart"],
    }
}

fn instance(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Is(text) => text.to_string(),
        Pattern::Begins(text) => format!("{text}sample"),
        Pattern::Ends(text) => format!("sample{text}"),
        Pattern::Holds(text) => format!("sample{text}sample"),
        Pattern::Glob(text) => text.replace('*', "sample"),
    }
}

fn matches(pattern: &Pattern, value: &str) -> bool {
    match pattern {
        Pattern::Is(text) => value == text,
        Pattern::Begins(text) => value.starts_with(text.as_ref()),
        Pattern::Ends(text) => value.ends_with(text.as_ref()),
        Pattern::Holds(text) => value.contains(text.as_ref()),
        Pattern::Glob(text) => {
            let mut rest = value;
            let mut parts = text.split('*').peekable();
            rest = match rest.strip_prefix(parts.next().unwrap_or_default()) {
                Some(rest) => rest,
                None => return false,
            };
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    return rest.ends_with(part);
                }
                match rest.find(part) {
                    Some(at) => rest = &rest[at + part.len()..],
                    None => return false,
                }
            }
            rest.is_empty()
        }
    }
}
