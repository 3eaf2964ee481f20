//! Pages about the catalog for people, in Markdown or for a terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};

use crate::cli::Format;

/// Columns of a page in a terminal that is wider: longer lines are hard to read.
const WIDEST: usize = 100;

/// One part of a page, in plain text.
pub(crate) enum Block {
    /// Of this level; 1 is the title.
    Heading(usize, String),
    Paragraph(String),
    /// A term and what it is.
    Fact(&'static str, String),
    Item(String),
    /// To copy.
    Code(&'static str, String),
}

/// How a page is written.
pub(crate) enum Writer {
    Markdown,
    Terminal { width: usize, colour: bool },
}

impl Writer {
    /// The one that was asked for, or the one that fits where the page goes: standard output or, if not
    /// `to_output`, a file.
    pub(crate) fn new(format: Option<Format>, to_output: bool) -> Self {
        let terminal = to_output && stdout().is_terminal();
        match format {
            Some(Format::Markdown) => Self::Markdown,
            None if !terminal => Self::Markdown,
            Some(Format::Terminal) | None => {
                let (_, width) = console::Term::stdout().size();
                let width = if terminal { usize::from(width) } else { WIDEST };
                Self::Terminal {
                    width: width.clamp(40, WIDEST),
                    colour: terminal && console::colors_enabled(),
                }
            }
        }
    }

    /// The page as text.
    pub(crate) fn write(&self, blocks: &[Block]) -> String {
        let mut text = String::new();
        for (index, block) in blocks.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| blocks.get(before));
            let runs_on = matches!(
                (before, block),
                (Some(Block::Item(_)), Block::Item(_)) | (Some(Block::Fact(..)), Block::Fact(..))
            );
            if index > 0 && !runs_on {
                text.push('\n');
            }
            match self {
                Self::Markdown => markdown(block, &mut text),
                Self::Terminal { width, colour } => terminal(block, *width, *colour, &mut text),
            }
        }
        text
    }
}

fn markdown(block: &Block, text: &mut String) {
    let _ = match block {
        Block::Heading(level, title) => writeln!(text, "{} {}", "#".repeat(*level), escape(title)),
        Block::Paragraph(paragraph) => writeln!(text, "{}", escape(paragraph)),
        Block::Fact(name, value) => writeln!(text, "- **{name}:** {}", escape(value)),
        Block::Item(item) => writeln!(text, "- {}", escape(item)),
        Block::Code(language, code) => {
            let fence = "`".repeat(longest_run(code).max(2) + 1);
            writeln!(text, "{fence}{language}\n{}\n{fence}", code.trim_end_matches('\n'))
        }
    };
}

/// The catalog is prose without markup: what looks like some is meant letter by letter, above all `<name>`.
fn escape(prose: &str) -> String {
    let mut text = String::with_capacity(prose.len());
    for c in prose.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '|' | '~' | '&'
        ) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The longest run of backticks.
fn longest_run(code: &str) -> usize {
    code.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn terminal(block: &Block, width: usize, colour: bool, text: &mut String) {
    let style = |style: console::Style, part: &str| style.force_styling(colour).apply_to(part).to_string();
    match block {
        Block::Heading(level, title) => {
            let heading = console::Style::new().bold();
            let heading = if *level < 3 { heading.underlined() } else { heading };
            let _ = writeln!(text, "{}", style(heading, title));
        }
        Block::Paragraph(paragraph) => wrap(paragraph, "", "", width, text),
        Block::Fact(name, value) => wrap(value, &format!("{name:<12}"), &" ".repeat(12), width, text),
        Block::Item(item) => wrap(item, "  - ", "    ", width, text),
        Block::Code(_, code) => {
            for line in code.lines() {
                let _ = writeln!(text, "    {}", style(console::Style::new().cyan(), line));
            }
        }
    }
}

/// Words in lines of at most `width` columns; a longer word stays whole.
fn wrap(prose: &str, first: &str, others: &str, width: usize, text: &mut String) {
    text.push_str(first);
    let mut column = first.len();
    let mut begins = true;
    for word in prose.split_whitespace() {
        let length = console::measure_text_width(word);
        if !begins && column + 1 + length > width {
            text.push('\n');
            text.push_str(others);
            column = others.len();
            begins = true;
        }
        if !begins {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
        begins = false;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> [Block; 5] {
        [
            Block::Heading(1, "Write to <fd.name>".to_owned()),
            Block::Item("one two three".to_owned()),
            Block::Item("four".to_owned()),
            Block::Code("sh", "echo ```".to_owned()),
            Block::Paragraph("a_b".to_owned()),
        ]
    }

    #[test]
    fn holes_are_no_markup() {
        assert_eq!(
            Writer::Markdown.write(&page()),
            "# Write to \\<fd.name\\>\n\n- one two three\n- four\n\n````sh\necho ```\n````\n\na\\_b\n"
        );
    }

    #[test]
    fn terminals_get_wrapped_text() {
        let writer = Writer::Terminal {
            width: 12,
            colour: false,
        };
        assert_eq!(
            writer.write(&page()),
            "Write to <fd.name>\n\n  - one two\n    three\n  - four\n\n    echo ```\n\na_b\n"
        );
    }
}
