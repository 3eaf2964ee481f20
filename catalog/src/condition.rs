//! Conditions: from YAML to the model.

use std::borrow::Cow;

use crate::model::{Cond, List, Operand, ParamId, Test};
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
                    let patterns: List<_> = match patterns {
                        OneOrMany::One(one) => vec![Cow::Owned(one.clone())],
                        OneOrMany::Many(many) => many.iter().cloned().map(Cow::Owned).collect(),
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
