//! What a page for people is written in.

use std::io::{IsTerminal as _, stdout};

use bewit::report::{Format, Terminal};

use crate::cli;

/// Columns of a page in a terminal that is wider: longer lines are hard to read.
const WIDEST: usize = 100;

/// The format that was asked for, or the one that fits where the page goes: standard output or, if not `to_output`, a
/// file.
pub(crate) fn format(wanted: Option<cli::Format>, to_output: bool) -> Format {
    let on_terminal = to_output && stdout().is_terminal();
    match wanted {
        Some(cli::Format::Markdown) => Format::Markdown,
        Some(cli::Format::Html) => Format::Html,
        None if !on_terminal => Format::Markdown,
        Some(cli::Format::Terminal) | None => {
            let (_, width) = console::Term::stdout().size();
            let width = if on_terminal { usize::from(width) } else { WIDEST };
            Format::Terminal(Terminal {
                width: width.clamp(40, WIDEST),
                colour: on_terminal && console::colors_enabled(),
            })
        }
    }
}
