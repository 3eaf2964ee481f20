//! A page for people as blocks of text. Writers turn it into a format and encode every text on the way.

use super::chart::{Matrix, Timeline};
use crate::schema::Level;

/// A title and what stands under it.
#[derive(Debug)]
pub struct Page {
    /// Its heading.
    pub title: Text,
    /// The rest, from top to bottom. Headings are of level 2 and below.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug)]
pub enum Block {
    /// A heading.
    Heading {
        /// 2 and above; 1 is the page's title.
        level: usize,
        /// What it says.
        text: Text,
        /// The number by which `Span::Jump` leads here.
        target: Option<usize>,
    },
    /// A paragraph.
    Paragraph(Text),
    /// A list.
    Bullets(Vec<Text>),
    /// A numbered list.
    Steps(Vec<Step>),
    /// With two columns, a name and what it stands for; with more, a record a row.
    Table {
        /// Names of the columns.
        head: Vec<&'static str>,
        /// Rows, with a cell for each column.
        rows: Vec<Vec<Text>>,
    },
    /// To copy, so it is never wrapped.
    Code {
        /// As Markdown names it; empty where it is not known.
        language: &'static str,
        /// Letter by letter.
        text: String,
    },
    /// How many alerts there were when.
    Timeline(Timeline),
    /// What of the ATT&CK matrix was seen.
    Matrix(Matrix),
    /// What not every reader needs. Where a format cannot fold, it stands there like the rest.
    Folded {
        /// What is inside.
        summary: Text,
        /// The inside.
        blocks: Vec<Block>,
    },
    /// A record as it came, in formats that can fold it away.
    Record {
        /// What it is.
        summary: &'static str,
        /// Its text.
        text: String,
    },
}

impl Block {
    /// A heading to which nothing leads.
    pub fn heading(level: usize, text: impl Into<Text>) -> Self {
        Self::Heading {
            level,
            text: text.into(),
            target: None,
        }
    }

    /// A paragraph.
    pub fn paragraph(text: impl Into<Text>) -> Self {
        Self::Paragraph(text.into())
    }
}

/// Something to do, in words.
#[derive(Debug)]
pub struct Step {
    /// An imperative or a question.
    pub title: Text,
    /// What there is to know.
    pub paragraphs: Vec<Text>,
    /// In detail.
    pub bullets: Vec<Text>,
}

/// Text in one line, as it is: the writers encode it.
#[derive(Clone, Debug, Default)]
pub struct Text(pub(super) Vec<Span>);

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) enum Span {
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
    /// Another page of the same folder, by its name without an ending.
    Sibling {
        title: String,
        page: String,
    },
    /// To the heading with this target.
    Jump {
        title: String,
        target: usize,
    },
}

impl Text {
    /// Without anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With words behind.
    pub fn prose(self, text: impl Into<String>) -> Self {
        self.with(Span::Prose(text.into()))
    }

    /// With words behind that stand out.
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.with(Span::Strong(text.into()))
    }

    /// With a name or value behind, letter by letter.
    pub fn code(self, text: impl Into<String>) -> Self {
        self.with(Span::Code(text.into()))
    }

    /// With a shell line behind, which is never wrapped.
    pub fn line(self, text: impl Into<String>) -> Self {
        self.with(Span::Line(text.into()))
    }

    /// With a link behind. It leads to the web or nowhere.
    pub fn link(self, title: impl Into<String>, url: impl Into<String>) -> Self {
        let (title, url) = (title.into(), url.into());
        self.with(Span::Link { title, url })
    }

    /// With a link behind to another page of the same folder, by its name without an ending: letters, digits and
    /// hyphens, or it leads nowhere.
    pub fn sibling(self, title: impl Into<String>, page: impl Into<String>) -> Self {
        let (title, page) = (title.into(), page.into());
        self.with(Span::Sibling { title, page })
    }

    /// With a link behind to the heading with this target.
    pub(super) fn jump(self, title: impl Into<String>, target: usize) -> Self {
        let title = title.into();
        self.with(Span::Jump { title, target })
    }

    pub(super) fn level(self, level: Level) -> Self {
        self.with(Span::Level(level))
    }

    fn with(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    /// With another text behind.
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Names, as in `a, b`.
    pub fn codes<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        names.into_iter().enumerate().fold(self, |text, (index, name)| {
            let text = if index > 0 { text.prose(", ") } else { text };
            text.code(name)
        })
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same words, all of which stand out.
    pub(super) fn stressed(self) -> Self {
        let stress = |span| match span {
            Span::Prose(text) => Span::Strong(text),
            other => other,
        };
        Self(self.0.into_iter().map(stress).collect())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new().prose(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new().prose(text)
    }
}
