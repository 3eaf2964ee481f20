//! Lines, a JSON array, or one JSON object: what a body is, and the answer in the same form.

use std::borrow::Cow;

use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::value::RawValue;

use crate::input::{self, Batch, Bounds};

/// The records of an answer, in the form in which those of the request came.
pub(crate) struct Records {
    pub(crate) bytes: Vec<u8>,
    /// What the form is called.
    pub(crate) content_type: HeaderValue,
    /// There is none: the configuration dropped all.
    pub(crate) none: bool,
}

impl Records {
    /// Puts the batches of a body through `work`.
    pub(crate) fn of(body: &[u8], headers: &HeaderMap, bounds: Bounds, work: &mut dyn FnMut(Batch) -> Vec<u8>) -> Self {
        let (shape, lines) = Shape::of(body, headers);
        let mut out = Vec::new();
        input::cut(&lines, bounds, &mut |batch| out.extend(work(batch)));
        Self {
            none: out.is_empty(),
            bytes: shape.write(out),
            content_type: shape.content_type(headers),
        }
    }
}

/// The form in which records come, and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// One record a line.
    Lines,
    /// The records are the elements of one JSON array.
    Array,
    /// The body is one record, which may be written over several lines.
    Object,
}

impl Shape {
    /// What a body is, and its records as lines.
    ///
    /// What is no JSON as a whole is lines, whatever the client calls it: each that is no alert passes as it came,
    /// and none is refused.
    fn of<'b>(body: &'b [u8], headers: &HeaderMap) -> (Self, Cow<'b, [u8]>) {
        if !says_lines(headers) {
            let text = body.trim_ascii();
            match text.first() {
                Some(b'[') => {
                    if let Ok(records) = serde_json::from_slice::<Vec<&RawValue>>(text) {
                        return (Self::Array, records.into_iter().flat_map(line).collect());
                    }
                }
                Some(b'{') => {
                    if let Ok(record) = serde_json::from_slice::<&RawValue>(text) {
                        return (Self::Object, line(record).collect());
                    }
                }
                _ => {}
            }
        }
        (Self::Lines, Cow::Borrowed(body))
    }

    /// The lines that came out, in this form.
    fn write(self, mut lines: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Lines => lines,
            Self::Object => {
                if lines.ends_with(b"\n") {
                    lines.pop();
                }
                lines
            }
            Self::Array => {
                let mut array = Vec::with_capacity(lines.len() + 2);
                array.push(b'[');
                for record in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    if array.len() > 1 {
                        array.push(b',');
                    }
                    array.extend_from_slice(record);
                }
                array.push(b']');
                array
            }
        }
    }

    /// What an answer in this form is called. Lines keep the name they came with.
    fn content_type(self, headers: &HeaderMap) -> HeaderValue {
        match self {
            Self::Array | Self::Object => HeaderValue::from_static("application/json"),
            Self::Lines => headers
                .get(CONTENT_TYPE)
                .cloned()
                .unwrap_or(HeaderValue::from_static("application/x-ndjson")),
        }
    }
}

/// Whether the client says that these are lines: then one that looks like an array is a line all the same.
fn says_lines(headers: &HeaderMap) -> bool {
    let Some(Ok(name)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let essence = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "text/plain"
    )
}

/// Valid JSON on one line: line breaks in it can only be white space between tokens.
fn line(json: &RawValue) -> impl Iterator<Item = u8> {
    let bytes = json.get().bytes();
    bytes
        .map(|byte| if byte == b'\n' || byte == b'\r' { b' ' } else { byte })
        .chain([b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))])
    }

    fn of(body: &str) -> (Shape, String) {
        let headers = headers("application/json");
        let (shape, lines) = Shape::of(body.as_bytes(), &headers);
        (shape, String::from_utf8(lines.into_owned()).unwrap())
    }

    #[test]
    fn one_value_is_told_from_lines() {
        for (body, shape, lines) in [
            ("{\"a\":1}", Shape::Object, "{\"a\":1}\n"),
            (" {\n \"a\": 1\r\n}\n", Shape::Object, "{  \"a\": 1  }\n"),
            ("[{\"a\":\n1},2]", Shape::Array, "{\"a\": 1}\n2\n"),
            ("[]", Shape::Array, ""),
            ("{\"a\":1}\n{\"a\":2}\n", Shape::Lines, "{\"a\":1}\n{\"a\":2}\n"),
            ("[1,2]\n[3]\n", Shape::Lines, "[1,2]\n[3]\n"),
            ("{\"a\":", Shape::Lines, "{\"a\":"),
            ("[2024] text", Shape::Lines, "[2024] text"),
            ("", Shape::Lines, ""),
        ] {
            assert_eq!(of(body), (shape, lines.to_owned()), "{body}");
        }
    }

    #[test]
    fn a_client_that_says_lines_is_believed() {
        for name in ["application/x-ndjson", "text/plain; charset=utf-8", "Application/JSONL"] {
            let headers = headers(name);
            let (shape, lines) = Shape::of(b"[1]", &headers);
            assert_eq!((shape, &*lines), (Shape::Lines, &b"[1]"[..]), "{name}");
            assert_eq!(shape.content_type(&headers), name);
        }
    }

    #[test]
    fn numbers_and_escapes_stay_as_they_came() {
        let text = r#"{"n":1.0e+400,"i":18446744073709551616,"s":"\u0041\n"}"#;
        assert_eq!(of(text).1.trim_end(), text);
        assert_eq!(
            Shape::Array.write(of(&format!("[{text}, {text}]")).1.into()),
            format!("[{text},{text}]").into_bytes()
        );
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let body = format!("{{\"a\":{deep}}}");
        assert_eq!(of(&body).0, Shape::Object);
    }

    #[test]
    fn an_answer_has_the_form_of_its_request() {
        for (shape, lines, body) in [
            (Shape::Lines, "a\nb\n", "a\nb\n"),
            (Shape::Array, "{}\n1\n", "[{},1]"),
            (Shape::Array, "", "[]"),
            (Shape::Object, "{}\n", "{}"),
            (Shape::Object, "", ""),
        ] {
            assert_eq!(shape.write(lines.into()), body.as_bytes());
        }
    }
}
