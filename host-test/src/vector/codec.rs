//! Events of Vector, and the bytes they are on the way to bewit and back.

use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Number, Value};

/// A log event, in Vector's legacy namespace. Keys are sorted, as Vector sorts them.
pub(super) type Event = Map<String, Value>;

/// How an `http` sink writes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `codec: json`: one JSON array.
    JsonArray,
    /// `codec: json` and `framing.method: newline_delimited`.
    JsonLines,
    /// `codec: text` or `raw_message`: the message alone, a line each.
    Text,
}

/// How a source reads lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoding {
    /// `codec: json`
    Json,
    /// `codec: bytes`: a line is the message of an event.
    Bytes,
}

/// The event of a line: the one that it is, or the one that a `file` or `stdin` source makes of it.
pub(super) fn event(line: &[u8]) -> Event {
    if let Ok(Value::Object(event)) = serde_json::from_slice(line) {
        return normal(event);
    }
    message(line)
}

fn message(line: &[u8]) -> Event {
    let message = String::from_utf8_lossy(line).into_owned();
    Event::from_iter([("message".to_owned(), message.into())])
}

impl Encoding {
    /// The body of a request.
    pub(super) fn body(self, events: &[Event]) -> Vec<u8> {
        let text: Vec<String> = match self {
            Self::JsonArray | Self::JsonLines => events.iter().map(json).collect(),
            Self::Text => events
                .iter()
                .map(|event| event.get("message").map_or_else(String::new, text))
                .collect(),
        };
        match self {
            Self::JsonArray => format!("[{}]", text.join(",")).into_bytes(),
            Self::JsonLines => text.join("\n").into_bytes(),
            Self::Text => text
                .into_iter()
                .flat_map(|line| line.into_bytes().into_iter().chain([b'\n']))
                .collect(),
        }
    }

    /// What Vector says of the body.
    pub(super) fn headers(self) -> HeaderMap {
        let name = match self {
            Self::JsonArray => "application/json",
            Self::JsonLines => "application/x-ndjson",
            Self::Text => "text/plain",
        };
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(name))])
    }
}

/// An event as one line of JSON.
pub(super) fn json(event: &Event) -> String {
    // Keys are strings, so it cannot fail.
    serde_json::to_string(event).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Decoding {
    /// The events of a line, or why it has none.
    pub(super) fn events(self, line: &[u8]) -> Result<Vec<Event>, String> {
        if line.is_empty() {
            return Ok(Vec::new());
        }
        if self == Self::Bytes {
            return Ok(vec![message(line)]);
        }
        let value = serde_json::from_str(&String::from_utf8_lossy(line)).map_err(|error| error.to_string())?;
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        values
            .into_iter()
            .map(|value| match value {
                Value::Object(event) => Ok(normal(event)),
                _ => Err("a value that is no object is no event".to_owned()),
            })
            .collect()
    }
}

/// Vector has integers of 64 bits with a sign, and doubles.
fn normal(event: Event) -> Event {
    event
        .into_iter()
        .map(|(key, value)| (key, normal_value(value)))
        .collect()
}

fn normal_value(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none() => number
            .as_f64()
            .and_then(Number::from_f64)
            .map_or(Value::Null, Value::Number),
        Value::Object(event) => Value::Object(normal(event)),
        Value::Array(values) => Value::Array(values.into_iter().map(normal_value).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_events_as_vector_reads_them() {
        for (line, read) in [
            (
                &br#"{"b":1,"a":[18446744073709551615]}"#[..],
                r#"{"a":[1.8446744073709552e+19],"b":1}"#,
            ),
            (b"[1]", r#"{"message":"[1]"}"#),
            (b"text \xff", "{\"message\":\"text \u{fffd}\"}"),
        ] {
            assert_eq!(json(&event(line)), read);
        }
    }

    #[test]
    fn bodies_are_written_as_the_http_sink_does() {
        let events = [event(b"{\"message\":\"a\"}"), event(b"{\"b\":1}")];
        for (encoding, body) in [
            (Encoding::JsonArray, "[{\"message\":\"a\"},{\"b\":1}]"),
            (Encoding::JsonLines, "{\"message\":\"a\"}\n{\"b\":1}"),
        ] {
            assert_eq!(encoding.body(&events), body.as_bytes());
        }
        assert_eq!(Encoding::Text.body(&events[..1]), b"a\n");
    }

    #[test]
    fn what_is_no_object_is_no_event() {
        assert_eq!(Decoding::Json.events(b"[{\"a\":1},{}]").unwrap().len(), 2);
        assert_eq!(Decoding::Json.events(b"").unwrap().len(), 0);
        for line in [&b"1"[..], b"[1]", b"text", b"{"] {
            assert!(Decoding::Json.events(line).is_err());
            assert_eq!(Decoding::Bytes.events(line).unwrap().len(), 1);
        }
    }
}
