//! How a component can fail, and how its records say so.

use std::time::Duration;

use wasmtime::Trap;

use crate::guard::MEMORY;

/// A failure of the component on a batch or a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It trapped, or broke the rules of the component model.
    Trap(String),
    /// It gave no answer in time.
    Timeout(Duration),
    /// It asked for more memory than it may have, and could not do without.
    OutOfMemory,
    /// Its answer accounts for other lines than it was given.
    WrongAnswer,
}

impl Fault {
    /// What a failed call was. `denied`: the component was refused memory.
    pub(crate) fn of(error: &wasmtime::Error, denied: bool, limit: Duration) -> Self {
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::Timeout(limit),
            // A Rust program that gets no memory aborts, which is a trap like any other.
            _ if denied => Self::OutOfMemory,
            Some(trap) => Self::Trap(trap.to_string()),
            None => Self::Trap(error.root_cause().to_string()),
        }
    }

    /// The code in `bewit.error`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Trap(_) => "trap",
            Self::Timeout(_) => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::WrongAnswer => "wrong-answer",
        }
    }

    /// The message in `bewit.error`.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Trap(trap) => format!("the component failed on this record: {trap}"),
            Self::Timeout(limit) => {
                format!(
                    "the component gave no answer for this record within {} s",
                    limit.as_secs_f64()
                )
            }
            Self::OutOfMemory => {
                format!(
                    "the component needs more than {} MiB of memory for this record",
                    MEMORY >> 20
                )
            }
            Self::WrongAnswer => "the component's answer for this record does not add up".to_owned(),
        }
    }
}
