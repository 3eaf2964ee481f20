//! HTML that can only be written encoded.
//!
//! Names of elements and attributes are words of this program. What an event says can become text, and nothing else:
//! no attribute takes it but an address, and an address is checked when it is made.

use std::fmt::Write as _;

use crate::report::escape::{is_page_name, is_web_address, visible, visible_lines};

/// Markup that is being written; every element that is opened is closed.
#[derive(Default)]
pub(super) struct Html(String);

/// An attribute.
#[derive(Debug)]
pub(super) struct Attribute {
    name: &'static str,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Fixed(&'static str),
    /// Words of this program and a number.
    Numbered(&'static str, usize),
    /// A corner at nought, width and height.
    Area(usize, usize),
    Address(Address),
}

impl Attribute {
    /// `viewBox`
    pub(super) const fn area(width: usize, height: usize) -> Self {
        Self {
            name: "viewBox",
            value: Value::Area(width, height),
        }
    }
}

/// Where a link leads.
#[derive(Debug)]
pub(super) struct Address(String);

impl Address {
    /// An address of the web; none for what is not certain to be one.
    pub(super) fn web(url: &str) -> Option<Self> {
        is_web_address(url).then(|| Self(url.to_owned()))
    }

    /// A page of the same folder.
    pub(super) fn sibling(page: &str) -> Option<Self> {
        is_page_name(page).then(|| Self(format!("{page}.html")))
    }

    /// A place in this page, by a word of this program and a number.
    pub(super) fn place(name: &str, number: usize) -> Self {
        Self(format!("#{name}{number}"))
    }
}

/// An attribute whose value is a word of this program.
pub(super) const fn fixed(name: &'static str, value: &'static str) -> Attribute {
    Attribute {
        name,
        value: Value::Fixed(value),
    }
}

/// `class`
pub(super) const fn class(name: &'static str) -> Attribute {
    fixed("class", name)
}

/// An attribute that ends in a number, such as an id.
pub(super) const fn numbered(name: &'static str, prefix: &'static str, number: usize) -> Attribute {
    Attribute {
        name,
        value: Value::Numbered(prefix, number),
    }
}

/// `href`
pub(super) const fn href(address: Address) -> Attribute {
    Attribute {
        name: "href",
        value: Value::Address(address),
    }
}

impl Html {
    /// An element and what is inside.
    pub(super) fn element(&mut self, name: &'static str, attributes: &[Attribute], inside: impl FnOnce(&mut Self)) {
        self.void(name, attributes);
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element that has no inside and no end.
    pub(super) fn void(&mut self, name: &'static str, attributes: &[Attribute]) {
        self.0.push('<');
        self.0.push_str(name);
        for Attribute { name, value } in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            match value {
                Value::Fixed(word) => self.encoded(word),
                Value::Numbered(prefix, number) => {
                    self.encoded(prefix);
                    let _ = write!(self.0, "{number}");
                }
                Value::Area(width, height) => {
                    let _ = write!(self.0, "0 0 {width} {height}");
                }
                Value::Address(address) => self.encoded(&address.0),
            }
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// Text on one line. What readers would not see as what it is, is spelled out.
    pub(super) fn text(&mut self, text: &str) {
        self.encoded(&visible(text));
    }

    /// Text whose line breaks stay.
    pub(super) fn lines(&mut self, text: &str) {
        self.encoded(&visible_lines(text));
    }

    /// Markup of this program's own.
    pub(super) fn own(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// A line break between elements.
    pub(super) fn line_break(&mut self) {
        self.0.push('\n');
    }

    /// All that was written.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn encoded(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_and_elements_are_closed() {
        let mut html = Html::default();
        html.element("p", &[class("a\"b"), numbered("id", "s", 3)], |html| {
            html.text("<b onclick='x'>&amp;\u{202e}\n");
        });
        assert_eq!(
            html.finish(),
            "<p class=\"a&quot;b\" id=\"s3\">&lt;b onclick=&#39;x&#39;&gt;&amp;amp;\\u{202e}\\n</p>"
        );
    }

    #[test]
    fn addresses_lead_to_the_web_or_beside_the_page() {
        assert!(Address::web("javascript:alert(1)").is_none());
        assert!(Address::web("https://a.example/?b=\"").is_none());
        assert!(Address::sibling("../x").is_none());
        let mut html = Html::default();
        html.void("a", &[href(Address::web("https://a.example/?b&c").unwrap())]);
        assert_eq!(html.finish(), "<a href=\"https://a.example/?b&amp;c\">");
    }
}
