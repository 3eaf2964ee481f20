//! What must hold for bewit whatever comes in: each module is one fuzz target.
//!
//! A body is an ordinary function of bytes that panics where something does not hold. cargo-fuzz calls it with bytes
//! that it makes up (`targets/`), tests with those that are kept in `corpus/` (`tests/replay.rs`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target says that something is wrong by panicking"
)]
#![warn(missing_docs, unreachable_pub)]

mod annotators;
pub mod batch;
pub mod catalog;
pub mod commands;
#[cfg(feature = "plugins")]
pub mod component;
pub mod config;
pub mod envelope;
#[cfg(feature = "plugins")]
pub mod fluent_bit;
mod json;
pub mod json_event;
pub mod line;
mod make;
pub mod overlay;
mod record;
pub mod report;
mod shell;
pub mod text;

/// What fuzzing and replaying know of a target.
#[derive(Debug)]
pub struct Target {
    /// Its name, which is that of its folder below `corpus/`.
    pub name: &'static str,
    /// What checks an input.
    pub body: fn(&[u8]),
    /// Inputs are log lines as they are, and not bytes of which some are made.
    pub lines: bool,
}

impl Target {
    const fn of(name: &'static str, body: fn(&[u8])) -> Self {
        let lines = false;
        Self { name, body, lines }
    }

    const fn of_lines(name: &'static str, body: fn(&[u8])) -> Self {
        let lines = true;
        Self { name, body, lines }
    }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target::of_lines("line", line::check),
    Target::of_lines("batch", batch::check),
    Target::of_lines("json_event", json_event::check),
    Target::of("text", text::check),
    Target::of("envelope", envelope::check),
    Target::of("commands", commands::check),
    Target::of("report", report::check),
    Target::of("config", config::check),
    Target::of("overlay", overlay::check),
    Target::of("catalog", catalog::check),
];
