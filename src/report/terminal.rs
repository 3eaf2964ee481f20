//! Reports for a terminal.

use super::chart::{Bin, Matrix, Timeline};
use super::escape::{columns, visible, visible_lines};
use super::page::{Block, Page, Span, Step, Text};
use crate::schema::Level;

/// Nothing can be laid out in less.
const NARROWEST: usize = 20;

/// What a report is printed on.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Its columns.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
}

/// A page for a terminal, wrapped to its width. Commands and manifests stand on lines of their own, as they are, to be
/// copied. No control character gets through but line breaks and, with colour, the page's own.
pub(super) fn write(page: &Page, terminal: Terminal) -> String {
    let mut screen = Screen {
        out: String::new(),
        width: terminal.width.max(NARROWEST),
        colour: terminal.colour,
    };
    screen.heading(1, &page.title);
    screen.blocks(&page.blocks);
    screen.out
}

/// How a character looks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Plain,
    Strong,
    Code,
    Low,
    Medium,
    High,
}

impl Style {
    const fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\x1b[1m",
            Self::Code => "\x1b[36m",
            Self::Low => "\x1b[32m",
            Self::Medium => "\x1b[33m",
            Self::High => "\x1b[1;31m",
        }
    }

    const fn of(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High | Level::Critical => Self::High,
        }
    }
}

const RESET: &str = "\x1b[0m";

#[derive(Clone, Copy, Debug)]
struct Glyph {
    c: char,
    style: Style,
}

/// A part of a text as it is laid out.
enum Part {
    /// To wrap.
    Glyphs(Vec<Glyph>),
    /// To copy: on a line of its own, with nothing before it.
    Line(String),
    /// On a line of its own.
    Address(String),
}

struct Screen {
    out: String,
    width: usize,
    colour: bool,
}

impl Screen {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Folded { blocks, .. } => self.blocks(blocks),
                // It cannot be folded away, and the alert's fields stand there one by one.
                Block::Record { .. } => {}
                block => {
                    self.out.push('\n');
                    self.block(block);
                }
            }
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level, text, .. } => self.heading(*level, text),
            Block::Paragraph(text) => self.text("", text),
            Block::Bullets(items) => {
                for item in items {
                    self.text("- ", item);
                }
            }
            Block::Steps(steps) => {
                for (index, step) in steps.iter().enumerate() {
                    if index > 0 {
                        self.out.push('\n');
                    }
                    self.step(index + 1, step);
                }
            }
            Block::Table { head, rows } if head.len() == 2 => self.pairs(rows.iter().map(|row| pair(row))),
            Block::Table { head, rows } => self.records(head, rows),
            Block::Code { text, .. } => {
                for line in visible_lines(text.trim_end_matches('\n')).split('\n') {
                    self.code_line(line);
                }
            }
            Block::Timeline(timeline) => self.timeline(timeline),
            Block::Matrix(matrix) => self.records(&Matrix::HEAD, &matrix.rows()),
            Block::Folded { .. } | Block::Record { .. } => {}
        }
    }

    /// A record a row, one below the other.
    fn records(&mut self, head: &[&str], rows: &[Vec<Text>]) {
        let names: Vec<Text> = head.iter().map(|name| Text::from(*name)).collect();
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            self.pairs(names.iter().zip(row));
        }
    }

    /// A line for each bin, with a bar where there is room for one.
    fn timeline(&mut self, timeline: &Timeline) {
        self.text("", &timeline.caption().into());
        self.out.push('\n');
        let most = timeline.bins.iter().map(Bin::count).max().unwrap_or_default().max(1);
        let digits = most.to_string().len();
        for bin in &timeline.bins {
            let count = bin.count();
            let room = self.width.saturating_sub(bin.from.len() + digits + 4);
            // What happened is to be seen, also beside what happened often.
            let bar = (room * count / most).max(usize::from(count > 0)).min(room);
            let style = bin.worst().map_or(Style::Plain, Style::of);
            let mut line = styled(&format!("{}  {count:>digits$}  ", bin.from), Style::Plain);
            line.extend(styled(&"█".repeat(bar), style));
            self.line("", &line);
        }
    }

    fn heading(&mut self, level: usize, text: &Text) {
        let glyphs: Vec<Glyph> = flat(text)
            .into_iter()
            .map(|glyph| Glyph {
                style: Style::Strong,
                ..glyph
            })
            .collect();
        let lines = wrap(&glyphs, self.width);
        let longest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
        for line in lines {
            self.line("", line);
        }
        let underline = match level {
            1 => "=",
            2 => "-",
            _ => return,
        };
        self.out.push_str(&underline.repeat(longest));
        self.out.push('\n');
    }

    fn step(&mut self, number: usize, step: &Step) {
        let marker = format!("{number}. ");
        let indent = " ".repeat(marker.len());
        self.text(&marker, &step.title.clone().stressed());
        for paragraph in &step.paragraphs {
            self.text_behind(&indent, &indent, paragraph);
        }
        for bullet in &step.bullets {
            self.text_behind(&format!("{indent}- "), &format!("{indent}  "), bullet);
        }
    }

    /// Names and what they stand for, in two columns.
    fn pairs<'t>(&mut self, pairs: impl Iterator<Item = (&'t Text, &'t Text)>) {
        let pairs: Vec<(Vec<Glyph>, &Text)> = pairs.map(|(name, value)| (flat(name), value)).collect();
        let column = pairs
            .iter()
            .map(|(name, _)| width(name))
            .max()
            .unwrap_or(0)
            .min(self.width / 3);
        let indent = " ".repeat(column + 2);
        for (name, value) in pairs {
            let taken = width(&name);
            if taken > column {
                for line in wrap(&name, self.width) {
                    self.line("", line);
                }
                self.text_behind(&indent, &indent, value);
                continue;
            }
            self.glyphs(&name);
            self.text_behind(&" ".repeat(column + 2 - taken), &indent, value);
        }
    }

    fn text(&mut self, marker: &str, text: &Text) {
        self.text_behind(marker, &" ".repeat(marker.len()), text);
    }

    /// A text whose first line has something before it. `indent` is as wide as all that stands there.
    fn text_behind(&mut self, marker: &str, indent: &str, text: &Text) {
        let room = self.width.saturating_sub(indent.len()).max(1);
        let mut before = Some(marker);
        for part in parts(text) {
            match part {
                Part::Glyphs(glyphs) => {
                    for line in wrap(&glyphs, room) {
                        self.line(before.take().unwrap_or(indent), line);
                    }
                }
                Part::Line(line) => {
                    if let Some(marker) = before.take() {
                        self.line(marker, &[]);
                    }
                    self.code_line(&visible(&line));
                }
                Part::Address(url) => {
                    self.line(before.take().unwrap_or(indent), &styled(&url, Style::Code));
                }
            }
        }
        if let Some(marker) = before {
            self.line(marker, &[]);
        }
    }

    fn line(&mut self, before: &str, glyphs: &[Glyph]) {
        // Blanks in colours end with what ends those.
        let glyphs = trim_end(glyphs);
        self.out.push_str(before);
        self.glyphs(glyphs);
        if glyphs.is_empty() {
            let written = self.out.trim_end_matches(' ').len();
            self.out.truncate(written);
        }
        self.out.push('\n');
    }

    fn glyphs(&mut self, glyphs: &[Glyph]) {
        for run in glyphs.chunk_by(|one, other| one.style == other.style) {
            let style = run.first().map_or(Style::Plain, |glyph| glyph.style);
            let coloured = self.colour && style != Style::Plain;
            if coloured {
                self.out.push_str(style.sgr());
            }
            self.out.extend(run.iter().map(|glyph| glyph.c));
            if coloured {
                self.out.push_str(RESET);
            }
        }
    }

    /// A line to copy.
    fn code_line(&mut self, line: &str) {
        let coloured = self.colour && !line.is_empty();
        if coloured {
            self.out.push_str(Style::Code.sgr());
        }
        self.out.push_str(line);
        if coloured {
            self.out.push_str(RESET);
        }
        self.out.push('\n');
    }
}

fn pair(row: &[Text]) -> (&Text, &Text) {
    const NONE: &Text = &Text(Vec::new());
    (row.first().unwrap_or(NONE), row.get(1).unwrap_or(NONE))
}

/// All of a text to wrap, without blanks at its end.
fn flat(text: &Text) -> Vec<Glyph> {
    let glyphs = |part| match part {
        Part::Glyphs(glyphs) => glyphs,
        Part::Line(line) | Part::Address(line) => styled(&line, Style::Code),
    };
    let mut glyphs: Vec<Glyph> = parts(text).into_iter().flat_map(glyphs).collect();
    glyphs.truncate(trim_end(&glyphs).len());
    glyphs
}

fn parts(text: &Text) -> Vec<Part> {
    let mut parts = Vec::new();
    for span in &text.0 {
        let (words, style) = match span {
            Span::Prose(words) => (words.as_str(), Style::Plain),
            Span::Strong(words) => (words.as_str(), Style::Strong),
            Span::Code(words) => (words.as_str(), Style::Code),
            Span::Level(level) => (level.as_str(), Style::of(*level)),
            Span::Line(line) => {
                parts.push(Part::Line(line.clone()));
                continue;
            }
            Span::Sibling { title, .. } | Span::Jump { title, .. } => (title.as_str(), Style::Plain),
            Span::Link { title, url } => {
                push(&mut parts, styled(title, Style::Plain));
                parts.push(Part::Address(url.clone()));
                continue;
            }
        };
        push(&mut parts, styled(words, style));
    }
    parts
}

fn push(parts: &mut Vec<Part>, glyphs: Vec<Glyph>) {
    match parts.last_mut() {
        Some(Part::Glyphs(all)) => all.extend(glyphs),
        _ => parts.push(Part::Glyphs(glyphs)),
    }
}

fn styled(text: &str, style: Style) -> Vec<Glyph> {
    visible(text).chars().map(|c| Glyph { c, style }).collect()
}

fn width(glyphs: &[Glyph]) -> usize {
    glyphs.iter().map(|glyph| columns(glyph.c)).sum()
}

/// Lines of at most this width, broken at spaces, and inside a word only where it is wider than a line.
fn wrap(glyphs: &[Glyph], room: usize) -> Vec<&[Glyph]> {
    let mut lines = Vec::new();
    let mut rest = trim_start(glyphs);
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(fitting(rest, room));
        lines.push(line);
        rest = trim_start(behind);
    }
    lines
}

/// How many glyphs stand on the first line.
fn fitting(glyphs: &[Glyph], room: usize) -> usize {
    let mut taken = 0;
    let mut space = None;
    for (index, glyph) in glyphs.iter().enumerate() {
        if glyph.c == ' ' {
            space = Some(index);
        }
        taken += columns(glyph.c);
        if taken > room {
            // At least one, or there is no end.
            return space.unwrap_or(index).max(1);
        }
    }
    glyphs.len()
}

fn trim_start(glyphs: &[Glyph]) -> &[Glyph] {
    let spaces = glyphs.iter().take_while(|glyph| glyph.c == ' ').count();
    &glyphs[spaces..]
}

fn trim_end(glyphs: &[Glyph]) -> &[Glyph] {
    let spaces = glyphs.iter().rev().take_while(|glyph| glyph.c == ' ').count();
    &glyphs[..glyphs.len() - spaces]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, room: usize) -> Vec<String> {
        let glyphs = styled(text, Style::Plain);
        wrap(&glyphs, room)
            .into_iter()
            .map(|line| line.iter().map(|glyph| glyph.c).collect())
            .collect()
    }

    #[test]
    fn lines_break_at_spaces_and_count_columns() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one  two", 4), ["one ", "two"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("日本語日本語", 4), ["日本", "語日", "本語"]);
        assert_eq!(wrapped("日", 1), ["日"]);
        assert_eq!(wrapped("cafe\u{301} x", 4), ["cafe\u{301}", "x"]);
        assert!(wrapped("  ", 4).is_empty());
    }
}
