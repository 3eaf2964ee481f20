//! Reports on alerts whose values try to act in them.

use arbitrary::{Result, Unstructured};
use bewit::report::{Format, Terminal, page};
use bewit::schema::Alert;
use bewit::{Annotator, Config, Detail, Outcome};
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::make;

thread_local! {
    static ANNOTATORS: [Annotator; 2] =
        [Detail::Full, Detail::Brief].map(|detail| Annotator::new(Config { detail, ..Config::default() }));
}

/// What GitHub's Markdown has.
const GFM: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_GFM)
    .union(Options::ENABLE_MATH);

/// The SGR sequences that reports may use.
const SGR: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"];

/// The body of the target.
pub fn check(data: &[u8]) {
    let Ok((lines, width)) = lines(&mut Unstructured::new(data)) else {
        return;
    };
    ANNOTATORS.with(|annotators| {
        for annotator in annotators {
            let alerts: Vec<Alert> = lines.iter().filter_map(|line| alert(annotator, line)).collect();
            let page = page(&alerts);
            check_markdown(&page.write(Format::Markdown));
            let plain = page.write(Format::Terminal(Terminal { width, colour: false }));
            let coloured = page.write(Format::Terminal(Terminal { width, colour: true }));
            assert!(!plain.contains(acts), "{plain:?}");
            let uncoloured = SGR.iter().fold(coloured, |text, sgr| text.replace(sgr, ""));
            assert_eq!(uncoloured, plain, "colours change more than colours");
        }
    });
}

fn lines(u: &mut Unstructured<'_>) -> Result<(Vec<String>, usize)> {
    let width = u.int_in_range(0..=160)?;
    let mut lines = Vec::new();
    for _ in 0..u.int_in_range(1..=3)? {
        lines.push(if u.arbitrary()? {
            make::json_alert(u)?
        } else {
            make::text_alert(u)?.line
        });
    }
    Ok((lines, width))
}

/// An annotated alert; none where Falco's own keys have other types than reports know.
fn alert(annotator: &Annotator, line: &str) -> Option<Alert> {
    let mut out = Vec::new();
    let outcome = annotator.annotate(line.as_bytes(), &mut out);
    (outcome == Outcome::Alert).then(|| serde_json::from_slice(&out).ok())?
}

/// What a terminal obeys, or shows as what it is not.
fn acts(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
}

/// Nothing but what reports are made of.
fn check_markdown(report: &str) {
    assert!(!report.contains(acts), "{report:?}");
    for event in Parser::new_ext(report, GFM) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => assert!(dest_url.starts_with("https://"), "{dest_url}"),
            Event::Start(
                Tag::Heading { .. }
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::List(_)
                | Tag::Item
                | Tag::Paragraph
                | Tag::CodeBlock(_)
                | Tag::Strong,
            )
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::Rule
            | Event::SoftBreak => {}
            event => panic!("{event:?} in\n{report}"),
        }
    }
}
