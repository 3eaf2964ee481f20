//! Reports on alerts for people: Markdown, HTML and text for a terminal; and what of them goes on to the ATT&CK
//! Navigator.
//!
//! A report is built once as a [`Page`] of blocks, and each format only writes those. Nothing that an alert says can
//! act in a report: `escape` and `html::markup` see to that, and all writers send every text through them.
//!
//! ```
//! use bewit::report::{Alerts, report};
//!
//! let log = br#"{"rule":"Terminal shell in container","priority":"Notice","output_fields":{"proc.name":"bash"}}"#;
//! let mut lines = Vec::new();
//! bewit::annotate_batch(&bewit::Annotator::default(), log, &mut lines);
//! let mut alerts = Alerts::new(1000, true);
//! alerts.take(&lines);
//! let page = report(&alerts.kept, "html".parse()?);
//! assert!(page.starts_with("<!doctype html>"));
//! # Ok::<(), bewit::report::UnknownReport>(())
//! ```

mod advice;
mod alert;
mod chart;
mod escape;
mod fields;
mod html;
mod lines;
mod markdown;
mod navigator;
mod overview;
mod page;
mod terminal;

pub use chart::{Matrix, Timeline};
pub use lines::Alerts;
pub use page::{Block, Page, Step, Text};
pub use terminal::Terminal;

use std::str::FromStr;

use crate::schema::Alert;

/// What a page is written in.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// GitHub-flavoured Markdown.
    Markdown,
    /// One file for a browser, which needs nothing else and reaches nothing else.
    Html,
    /// Text for a terminal.
    Terminal(Terminal),
}

impl Page {
    /// The page as text. Whatever texts in it say, they are only read in it: none of them is markup, a script or a
    /// control sequence.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Markdown => markdown::write(self),
            Format::Html => html::write(self),
            Format::Terminal(terminal) => terminal::write(self, terminal),
        }
    }
}

/// What a report on alerts can be.
#[derive(Clone, Copy, Debug)]
pub enum Report {
    /// A page for people.
    Page(Format),
    /// A layer for the ATT&CK Navigator.
    Navigator,
}

impl FromStr for Report {
    type Err = UnknownReport;

    /// `markdown`, `html`, `navigator`, or `terminal`, which is text of 100 columns without colour.
    fn from_str(name: &str) -> Result<Self, UnknownReport> {
        Ok(match name {
            "markdown" => Self::Page(Format::Markdown),
            "html" => Self::Page(Format::Html),
            "terminal" => Self::Page(Format::Terminal(Terminal {
                width: 100,
                colour: false,
            })),
            "navigator" => Self::Navigator,
            _ => return Err(UnknownReport(name.to_owned())),
        })
    }
}

/// Nothing that a report can be.
#[derive(Debug, thiserror::Error)]
#[error("there is no report `{0}`: markdown, html, terminal or navigator")]
pub struct UnknownReport(String);

/// A report on alerts as text.
pub fn report(alerts: &[Alert], report: Report) -> String {
    match report {
        Report::Page(format) => page(alerts).write(format),
        Report::Navigator => navigator::layer(alerts),
    }
}

/// A page on alerts: one alert in full, or an overview of several and one of each cause in full.
pub fn page(alerts: &[Alert]) -> Page {
    match alerts {
        [] => Page {
            title: "Alert report".into(),
            blocks: vec![Block::paragraph("No alerts.")],
        },
        [alert] => {
            let mut blocks = Vec::new();
            alert::sections(alert, 2, &mut blocks);
            Page {
                title: Text::from("Alert report: ").prose(alert::title(alert)),
                blocks,
            }
        }
        alerts => overview::page(alerts),
    }
}
