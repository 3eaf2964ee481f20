//! A page as a tree, by a tokenizer of the WHATWG's. It is strict: a page with a mistake or a comment in it, or with an
//! element that is not closed, is none.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// Elements without an end.
const VOID: [&str; 1] = ["meta"];

#[derive(Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    children: Vec<Node>,
}

enum Node {
    Element(Element),
    Text(String),
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The whole page; its element has no name.
pub(crate) fn parse(page: &str) -> Element {
    let mut emitter = DefaultEmitter::default();
    // Of title, style and script, as browsers do.
    emitter.naively_switch_states(true);
    let mut open = vec![Element::default()];
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter();
                let element = Element {
                    name: string(&tag.name),
                    attributes: attributes.map(|(name, value)| (string(name), string(value))).collect(),
                    children: Vec::new(),
                };
                if VOID.contains(&element.name.as_str()) {
                    open.last_mut().unwrap().children.push(Node::Element(element));
                } else {
                    open.push(element);
                }
            }
            Token::EndTag(tag) => {
                let element = open.pop().unwrap();
                assert_eq!(element.name, string(&tag.name));
                open.last_mut().unwrap().children.push(Node::Element(element));
            }
            Token::String(text) => open.last_mut().unwrap().children.push(Node::Text(string(&text))),
            Token::Doctype(doctype) => assert!(!doctype.force_quirks),
            token => panic!("{token:?}"),
        }
    }
    assert_eq!(open.len(), 1, "all is closed");
    open.pop().unwrap()
}

impl Element {
    /// It and all elements inside, in their order.
    pub(crate) fn all(&self) -> Vec<&Self> {
        let inside = self.children.iter().flat_map(|child| match child {
            Node::Element(element) => element.all(),
            Node::Text(_) => Vec::new(),
        });
        std::iter::once(self).chain(inside).collect()
    }

    /// All elements of this name, in their order.
    pub(crate) fn named(&self, name: &str) -> Vec<&Self> {
        let all = self.all().into_iter();
        all.filter(|element| element.name == name).collect()
    }

    /// All elements of this class, in their order.
    pub(crate) fn of_class(&self, class: &str) -> Vec<&Self> {
        let all = self.all().into_iter();
        all.filter(|element| element.attribute("class") == Some(class))
            .collect()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// All text inside.
    pub(crate) fn text(&self) -> String {
        let children = self.children.iter();
        let texts = children.map(|child| match child {
            Node::Element(element) => element.text(),
            Node::Text(text) => text.clone(),
        });
        texts.collect()
    }
}
