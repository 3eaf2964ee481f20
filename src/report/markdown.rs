//! Reports as GitHub-flavoured Markdown.

use super::chart::{Matrix, Timeline};
use super::escape::{self, Piece};
use super::page::{Block, Page, Span, Step, Text};

/// A page in GitHub-flavoured Markdown. What alerts say appears in it as text and as code, never as markup.
pub(super) fn write(page: &Page) -> String {
    let mut out = String::new();
    heading(1, &page.title, &mut out);
    blocks(&page.blocks, &mut out);
    out
}

fn blocks(blocks: &[Block], out: &mut String) {
    for block in blocks {
        match block {
            Block::Folded { blocks: inside, .. } => self::blocks(inside, out),
            // It cannot be folded away, and the alert's fields stand in a table of their own.
            Block::Record { .. } => {}
            block => {
                out.push('\n');
                self::block(block, out);
            }
        }
    }
}

fn heading(level: usize, text: &Text, out: &mut String) {
    let marks = "#".repeat(level);
    line(out, &format!("{marks} "), &inline(text, Within::Line));
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Heading { level, text, .. } => heading(*level, text, out),
        Block::Paragraph(text) => line(out, "", &started(text)),
        Block::Bullets(items) => {
            for item in items {
                line(out, "- ", &started(item));
            }
        }
        Block::Steps(steps) => {
            for (index, step) in steps.iter().enumerate() {
                if index > 0 {
                    out.push('\n');
                }
                write_step(index + 1, step, out);
            }
        }
        Block::Table { head, rows } => table(head, rows, out),
        Block::Code { language, text } => out.push_str(&escape::fenced(language, text)),
        Block::Timeline(timeline) => {
            line(out, "", &started(&timeline.caption().into()));
            out.push('\n');
            table(&Timeline::HEAD, &timeline.rows(), out);
        }
        Block::Matrix(matrix) => table(&Matrix::HEAD, &matrix.rows(), out),
        Block::Folded { .. } | Block::Record { .. } => {}
    }
}

fn table(head: &[&str], rows: &[Vec<Text>], out: &mut String) {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    row(out, &head);
    row(out, &vec!["---".to_owned(); head.len()]);
    for cells in rows {
        let cells: Vec<String> = cells.iter().map(|cell| inline(cell, Within::Cell)).collect();
        row(out, &cells);
    }
}

fn line(out: &mut String, before: &str, text: &str) {
    out.push_str(before);
    out.push_str(text.trim());
    out.push('\n');
}

fn row(out: &mut String, cells: &[String]) {
    for cell in cells {
        out.push_str("| ");
        out.push_str(cell);
        out.push(' ');
    }
    out.push_str("|\n");
}

fn write_step(number: usize, step: &Step, out: &mut String) {
    let marker = format!("{number}. ");
    let indent = " ".repeat(marker.len());
    line(
        out,
        &format!("{marker}**"),
        &[inline(&step.title, Within::Strong).trim(), "**"].concat(),
    );
    for paragraph in &step.paragraphs {
        out.push('\n');
        line(out, &indent, &started(paragraph));
    }
    if !step.bullets.is_empty() {
        out.push('\n');
    }
    for bullet in &step.bullets {
        line(out, &format!("{indent}- "), &started(bullet));
    }
}

/// Where a text stands.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Line,
    Cell,
    /// It is strong as a whole.
    Strong,
}

/// A text at the beginning of a block.
fn started(text: &Text) -> String {
    escape::guarded(inline(text, Within::Line).trim())
}

fn inline(text: &Text, within: Within) -> String {
    let mut out = Inline {
        out: String::new(),
        code: String::new(),
        within,
    };
    for span in &text.0 {
        out.span(span);
    }
    out.flush();
    out.out
}

/// One line that is being written.
struct Inline {
    out: String,
    /// Code spans side by side would run into each other, so code is held back until something else comes.
    code: String,
    within: Within,
}

impl Inline {
    fn span(&mut self, span: &Span) {
        match span {
            Span::Prose(text) => self.prose(text),
            Span::Strong(text) if self.within == Within::Strong => self.prose(text),
            Span::Strong(text) => self.strong(text),
            Span::Code(text) | Span::Line(text) => self.code.push_str(text),
            Span::Level(level) if self.within == Within::Strong => self.plain(level.as_str()),
            Span::Level(level) => self.strong(level.as_str()),
            Span::Link { title, url } => self.link(title, url),
            Span::Sibling { title, page } if escape::is_page_name(page) => {
                self.titled(title, &format!("{page}.md"));
            }
            // Where a heading is to be found depends on who renders it.
            Span::Sibling { title, .. } | Span::Jump { title, .. } => self.prose(title),
        }
    }

    fn link(&mut self, title: &str, url: &str) {
        if escape::is_web_address(url) {
            return self.titled(title, &url.replace('&', "&amp;"));
        }
        self.prose(title);
        self.plain(": ");
        self.code.push_str(url);
    }

    /// A link to an address that is safe.
    fn titled(&mut self, title: &str, address: &str) {
        // With a bracket, even in code, this may read as the definition of a link: "[`]: x`](y)".
        if title.contains(['[', ']']) {
            self.prose(title);
            return self.plain(&format!(": [link]({address})"));
        }
        self.plain("[");
        self.prose(title);
        self.plain(&format!("]({address})"));
    }

    fn prose(&mut self, text: &str) {
        for piece in escape::prose(text) {
            match piece {
                Piece::Plain(text) => self.plain(&text),
                Piece::Code(text) => self.code.push_str(&text),
            }
        }
    }

    fn strong(&mut self, text: &str) {
        let inner = text.trim_matches(' ');
        if inner.is_empty() {
            return self.plain(text);
        }
        let before = &text[..text.len() - text.trim_start_matches(' ').len()];
        let after = &text[text.trim_end_matches(' ').len()..];
        self.plain(before);
        self.plain("**");
        self.prose(inner);
        self.plain("**");
        self.plain(after);
    }

    /// Markdown as it is.
    fn plain(&mut self, markdown: &str) {
        self.flush();
        self.out.push_str(markdown);
    }

    fn flush(&mut self) {
        if self.code.is_empty() {
            return;
        }
        let code = std::mem::take(&mut self.code);
        self.out.push_str(&match self.within {
            Within::Cell => escape::cell_code_span(&code),
            Within::Line | Within::Strong => escape::code_span(&code),
        });
    }
}
