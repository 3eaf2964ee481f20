//! Pages as HTML: one file that loads nothing, whose own style and script are the only ones that run.

mod chart;
mod markup;

use markup::{Address, Html, class, fixed, href, numbered};

use super::escape::visible_lines;
use super::page::{Block, Page, Span, Step, Text};
use crate::schema::Level;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Nothing is loaded and nothing runs but [`STYLE`] and [`SCRIPT`], by their SHA-256; a test holds it to that.
const POLICY: &str = "default-src 'none'; script-src 'sha256-45vlleXScxSDGr3qnC8fO1jIrpbBr25BuBfgRL7u+WM='; \
    style-src 'sha256-ICtxwqW1zm0w04VAQAbAvSBZU7e40b45XKjcdRgNQZo='; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Elements of headings.
const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

/// From so many chapters on, a page has a list of them.
const CHAPTERS: usize = 3;

/// A page as HTML. What alerts say is text in it, and never markup, an attribute or a script.
pub(super) fn write(page: &Page) -> String {
    let mut html = Html::default();
    html.own("<!doctype html>\n");
    html.element("html", &[fixed("lang", "en")], |html| {
        html.element("head", &[], |html| head(html, page));
        html.line_break();
        html.element("body", &[], |html| body(html, page));
    });
    html.line_break();
    html.finish()
}

fn head(html: &mut Html, page: &Page) {
    html.void("meta", &[fixed("charset", "utf-8")]);
    html.void(
        "meta",
        &[fixed("http-equiv", "Content-Security-Policy"), fixed("content", POLICY)],
    );
    for (name, content) in [
        ("viewport", "width=device-width, initial-scale=1"),
        ("color-scheme", "light dark"),
        // Whoever follows a link tells nobody that there was an alert.
        ("referrer", "no-referrer"),
    ] {
        html.void("meta", &[fixed("name", name), fixed("content", content)]);
    }
    html.element("title", &[], |html| {
        for span in &page.title.0 {
            html.text(words(span));
        }
    });
    html.element("style", &[], |html| html.own(STYLE));
}

fn body(html: &mut Html, page: &Page) {
    html.element("a", &[class("skip"), href(Address::place("report", 0))], |html| {
        html.text("To the report");
    });
    html.element("div", &[class("frame")], |html| {
        html.element("header", &[], |html| {
            html.element("h1", &[], |html| text(html, &page.title));
        });
        let (before, chapters) = chapters(&page.blocks);
        let listed = chapters.len() >= CHAPTERS;
        html.element("div", &[class(if listed { "beside" } else { "alone" })], |html| {
            if listed {
                html.element("nav", &[fixed("aria-label", "Contents")], |html| {
                    contents(html, &chapters)
                });
            }
            html.element("main", &[numbered("id", "report", 0)], |html| {
                blocks(html, before);
                for (index, (heading, inside)) in chapters.iter().enumerate() {
                    chapter(html, index, heading, inside);
                }
            });
        });
        html.element("footer", &[], |html| {
            html.element("p", &[], |html| {
                html.text("Values of events are shown letter by letter. What could not be seen is spelled out, as in ");
                html.element("code", &[], |html| html.text("\u{202e}"));
                html.text(".");
            });
        });
        html.element(
            "p",
            &[class("aloud"), numbered("id", "said", 0), fixed("role", "status")],
            |_| {},
        );
    });
    html.element("script", &[], |html| html.own(SCRIPT));
}

/// A heading of level 2 and what stands under it.
type Chapter<'p> = (&'p Block, &'p [Block]);

/// What stands before the first chapter, and the chapters.
fn chapters(blocks: &[Block]) -> (&[Block], Vec<Chapter<'_>>) {
    let (before, mut rest) = blocks.split_at(until(blocks, 2));
    let mut chapters = Vec::new();
    while let Some((heading, behind)) = rest.split_first() {
        let (inside, others) = behind.split_at(until(behind, 2));
        chapters.push((heading, inside));
        rest = others;
    }
    (before, chapters)
}

/// How many blocks come before a heading of this level or above.
fn until(blocks: &[Block], wanted: usize) -> usize {
    let ends = |block: &Block| matches!(block, Block::Heading { level, .. } if *level <= wanted);
    blocks.iter().position(ends).unwrap_or(blocks.len())
}

fn contents(html: &mut Html, chapters: &[Chapter<'_>]) {
    html.element("ul", &[], |html| {
        for (index, (heading, _)) in chapters.iter().enumerate() {
            if let Block::Heading { text, .. } = heading {
                html.element("li", &[], |html| {
                    html.element("a", &[href(Address::place("part-", index))], |html| {
                        self::text(html, text);
                    });
                });
            }
        }
    });
}

fn chapter(html: &mut Html, index: usize, heading: &Block, inside: &[Block]) {
    let name = numbered("aria-labelledby", "part-", index);
    html.line_break();
    if let Block::Heading { text, target, .. } = heading {
        let place: Vec<markup::Attribute> = target.iter().map(|target| numbered("id", "no-", *target)).collect();
        html.element("div", &place, |html| {
            html.element("section", &[name], |html| {
                html.element("h2", &[numbered("id", "part-", index)], |html| self::text(html, text));
                blocks(html, inside);
            });
        });
    }
}

fn blocks(html: &mut Html, blocks: &[Block]) {
    for block in blocks {
        html.line_break();
        self::block(html, block);
    }
}

fn block(html: &mut Html, block: &Block) {
    match block {
        Block::Heading { level, text, .. } => {
            let name = level.checked_sub(1).and_then(|index| HEADINGS.get(index));
            html.element(name.unwrap_or(&"h6"), &[], |html| self::text(html, text));
        }
        Block::Paragraph(text) => html.element("p", &[], |html| self::text(html, text)),
        Block::Bullets(items) => bullets(html, items),
        Block::Steps(steps) => html.element("ol", &[class("steps")], |html| {
            for step in steps {
                html.element("li", &[], |html| self::step(html, step));
            }
        }),
        Block::Table { head, rows } => table(html, head, rows),
        Block::Code { text, .. } => code(html, text),
        Block::Timeline(timeline) => chart::timeline(html, timeline),
        Block::Matrix(matrix) => chart::matrix(html, matrix),
        Block::Folded { summary, blocks } => {
            folded(html, |html| text(html, summary), |html| self::blocks(html, blocks))
        }
        Block::Record { summary, text } => folded(html, |html| html.text(summary), |html| code(html, text)),
    }
}

fn folded(html: &mut Html, summary: impl FnOnce(&mut Html), inside: impl FnOnce(&mut Html)) {
    html.element("details", &[], |html| {
        html.element("summary", &[], summary);
        inside(html);
    });
}

fn bullets(html: &mut Html, items: &[Text]) {
    html.element("ul", &[], |html| {
        for item in items {
            html.element("li", &[], |html| text(html, item));
        }
    });
}

fn step(html: &mut Html, step: &Step) {
    html.element("span", &[class("title")], |html| text(html, &step.title));
    for paragraph in &step.paragraphs {
        html.element("p", &[], |html| text(html, paragraph));
    }
    if !step.bullets.is_empty() {
        bullets(html, &step.bullets);
    }
}

/// From so many columns on, a table is not for narrow windows: there each row becomes a list.
const MANY: usize = 5;

fn table(html: &mut Html, head: &[&'static str], rows: &[Vec<Text>]) {
    match head.len() {
        2 => html.element("table", &[class("pairs")], |html| cells(html, head, rows)),
        MANY.. => {
            // Whoever has no mouse can scroll it, too.
            let scrolls = [
                class("many"),
                fixed("tabindex", "0"),
                fixed("role", "group"),
                fixed("aria-label", "Table"),
            ];
            html.element("div", &scrolls, |html| {
                html.element("table", &[], |html| cells(html, head, rows));
            });
        }
        _ => html.element("table", &[], |html| cells(html, head, rows)),
    }
}

fn cells(html: &mut Html, head: &[&'static str], rows: &[Vec<Text>]) {
    html.element("thead", &[], |html| {
        html.element("tr", &[], |html| {
            for name in head {
                html.element("th", &[fixed("scope", "col")], |html| html.text(name));
            }
        });
    });
    html.element("tbody", &[], |html| {
        for row in rows {
            html.line_break();
            html.element("tr", &[], |html| {
                for (index, (name, cell)) in head.iter().zip(row).enumerate() {
                    let inside = |html: &mut Html| text(html, cell);
                    match (head.len(), index) {
                        (2, 0) => html.element("th", &[fixed("scope", "row")], inside),
                        (MANY.., _) => html.element("td", &[fixed("data-name", name)], inside),
                        _ => html.element("td", &[], inside),
                    }
                }
            });
        }
    });
}

/// To copy. What is not shown letter by letter is not to be pasted, so there is no button for it.
fn code(html: &mut Html, text: &str) {
    let text = text.trim_end_matches('\n');
    html.element("div", &[class("code")], |html| {
        html.element("pre", &[], |html| html.element("code", &[], |html| html.lines(text)));
        if visible_lines(text) == text {
            let button = [class("copy"), fixed("type", "button"), fixed("hidden", "")];
            html.element("button", &button, |html| html.text("Copy"));
        }
    });
}

/// A text with all that stands out in it.
fn text(html: &mut Html, text: &Text) {
    for span in &text.0 {
        self::span(html, span);
    }
}

fn span(html: &mut Html, span: &Span) {
    let address = match span {
        Span::Prose(text) => return html.text(text),
        Span::Strong(text) => return html.element("strong", &[], |html| html.text(text)),
        Span::Code(text) | Span::Line(text) => return html.element("code", &[], |html| html.text(text)),
        Span::Level(level) => return self::level(html, *level, level.as_str()),
        Span::Link { url, .. } => Address::web(url),
        Span::Sibling { page, .. } => Address::sibling(page),
        Span::Jump { target, .. } => Some(Address::place("no-", *target)),
    };
    match (address, span) {
        (Some(address), span) => html.element("a", &[href(address)], |html| html.text(words(span))),
        (None, Span::Link { title, url }) => {
            html.text(title);
            html.text(": ");
            html.element("code", &[], |html| html.text(url));
        }
        (None, span) => html.text(words(span)),
    }
}

/// Words on the colour of a level.
fn level(html: &mut Html, level: Level, words: &str) {
    let class = class(match level {
        Level::Low => "level low",
        Level::Medium => "level medium",
        Level::High => "level high",
        Level::Critical => "level critical",
    });
    html.element("span", &[class], |html| html.text(words));
}

/// What a part of a text says.
fn words(span: &Span) -> &str {
    match span {
        Span::Prose(text) | Span::Strong(text) | Span::Code(text) | Span::Line(text) => text,
        Span::Level(level) => level.as_str(),
        Span::Link { title, .. } | Span::Sibling { title, .. } | Span::Jump { title, .. } => title,
    }
}
