//! Conditions: from YAML to the model.

use std::borrow::Cow;

use crate::model::{Cond, List, Operand, ParamId, Pattern, Test};
use crate::source::{Condition, OneOrMany};

/// Compiles a list of conditions; `param` finds (or declares) the parameter of a name.
pub(crate) fn compile(
    conditions: &[Condition],
    param: &mut dyn FnMut(&str) -> Result<ParamId, String>,
) -> Result<List<Cond>, String> {
    let mut compiled = Vec::new();
    let operand = |name: &str, param: &mut dyn FnMut(&str) -> Result<ParamId, String>| match name {
        "@tag" => Ok(Operand::Tag),
        "@words" => Ok(Operand::Word),
        _ => param(name).map(Operand::Param),
    };
    for condition in conditions {
        match condition {
            Condition::Presence(name) => {
                let (name, test) = match name.strip_prefix('!') {
                    Some(name) => (name, Test::Absent),
                    None => (name.as_str(), Test::Present),
                };
                let operand = operand(name, param)?;
                compiled.push(Cond { operand, test });
            }
            Condition::Match(pairs) => {
                for (name, patterns) in pairs {
                    let patterns: List<Pattern> = match patterns {
                        OneOrMany::One(one) => vec![pattern(one)],
                        OneOrMany::Many(many) => many.iter().map(|p| pattern(p)).collect(),
                    }
                    .into();
                    if patterns.is_empty() {
                        return Err(format!("`{name}`: no pattern"));
                    }
                    let (name, test) = match name.strip_prefix('!') {
                        Some(name) => (name, Test::NoneOf(patterns)),
                        None => (name.as_str(), Test::AnyOf(patterns)),
                    };
                    let operand = operand(name, param)?;
                    compiled.push(Cond { operand, test });
                }
            }
        }
    }
    Ok(compiled.into())
}

/// The cheapest form of a pattern.
pub(crate) fn pattern(text: &str) -> Pattern {
    let owned = |text: &str| Cow::Owned(text.to_owned());
    let literal = |text: &str| !text.contains('*');
    match (text.strip_prefix('*'), text.strip_suffix('*')) {
        _ if literal(text) => Pattern::Is(owned(text)),
        (None, Some(head)) if literal(head) => Pattern::Begins(owned(head)),
        (Some(tail), None) if literal(tail) => Pattern::Ends(owned(tail)),
        (Some(tail), Some(_)) if tail.strip_suffix('*').is_some_and(literal) => {
            Pattern::Holds(owned(tail.trim_end_matches('*')))
        }
        _ => Pattern::Glob(owned(text)),
    }
}
