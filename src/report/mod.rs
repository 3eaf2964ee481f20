//! Reports on alerts for people: Markdown, and text for a terminal.
//!
//! A report is built once as blocks, and each format only writes those. Nothing that an alert says can act
//! in a report: `escape` sees to that, and both writers send every text through it.

mod advice;
mod alert;
mod escape;
mod fields;
mod markdown;
mod overview;
mod terminal;

pub use markdown::markdown;
pub use terminal::{Terminal, terminal};

use crate::schema::{Alert, Level};

/// A report is a list of these.
#[derive(Debug)]
enum Block {
    /// Of this level; 1 is the title.
    Heading(usize, Text),
    Paragraph(Text),
    Bullets(Vec<Text>),
    /// Numbered.
    Steps(Vec<Step>),
    /// With two columns, a name and what it stands for; with more, a record a row.
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<Text>>,
    },
    /// To copy, so it is never wrapped.
    Code {
        language: &'static str,
        text: String,
    },
}

/// Something to do, in words.
#[derive(Debug)]
struct Step {
    title: Text,
    paragraphs: Vec<Text>,
    bullets: Vec<Text>,
}

/// Text in one line, as it is: the writers encode it.
#[derive(Clone, Debug, Default)]
struct Text(Vec<Span>);

/// A part of a text.
#[derive(Clone, Debug)]
enum Span {
    Prose(String),
    Strong(String),
    /// A name or value, letter by letter.
    Code(String),
    /// A shell line within prose. As code, but never wrapped.
    Line(String),
    Level(Level),
    Link {
        title: String,
        url: String,
    },
}

impl Text {
    fn new() -> Self {
        Self::default()
    }

    fn prose(self, text: impl Into<String>) -> Self {
        self.with(Span::Prose(text.into()))
    }

    fn strong(self, text: impl Into<String>) -> Self {
        self.with(Span::Strong(text.into()))
    }

    fn code(self, text: impl Into<String>) -> Self {
        self.with(Span::Code(text.into()))
    }

    fn with(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Names, as in `a, b`.
    fn codes<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        names.into_iter().enumerate().fold(self, |text, (index, name)| {
            let text = if index > 0 { text.prose(", ") } else { text };
            text.code(name)
        })
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new().prose(text)
    }
}

/// One alert in full, or an overview of several and one of each cause in full.
fn outline(alerts: &[Alert]) -> Vec<Block> {
    match alerts {
        [] => vec![
            Block::Heading(1, "Alert report".into()),
            Block::Paragraph("No alerts.".into()),
        ],
        [alert] => {
            let title = Text::from("Alert report: ").prose(alert::title(alert));
            let mut blocks = vec![Block::Heading(1, title)];
            alert::sections(alert, 2, &mut blocks);
            blocks
        }
        alerts => overview::overview(alerts),
    }
}
