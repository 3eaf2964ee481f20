//! Alerts made up from the catalog's names and values that try to get out of their place.

use arbitrary::{Result, Unstructured};
use bewit::catalog::LIBRARY;
use bewit_catalog::compile::PRIORITIES;
use bewit_catalog::model::Catalog;

/// Values that break out of quotes, expand, become options, end lines or show what they are not.
const HOSTILE: [&str; 44] = [
    "",
    "<NA>",
    "host",
    "null",
    "true",
    "1e3",
    "-1",
    "0x10",
    "~",
    "*",
    "=ls",
    "x=1",
    "\\",
    "'",
    "\"",
    "''",
    "#",
    "!!",
    "--help",
    "-rf",
    "--",
    "-",
    "$(id)",
    "`id`",
    "${IFS}",
    "'; id; '",
    "\"; id; \"",
    "a'b\"c`d$e\\f",
    "a b\tc",
    "a;b&c|d>e<f",
    "{a,b}",
    "[a-z]?",
    "a\nb",
    "a\r\nb",
    "a\0b",
    "\u{1b}[31mred",
    "a\u{202e}b",
    "\u{feff}",
    "\u{85}",
    "a: b",
    "- a",
    "{{.}}",
    "<script>",
    "](http://x)",
];

/// Values that are what some type of parameter asks for.
const GOOD: [&str; 24] = [
    "4cc4da328699",
    "64fac540e48f64fac540e48f64fac540e48f64fac540e48f64fac540e48f64fa",
    "cart-7f9c6d5b8-x2x4k",
    "shop-eu",
    "node-1.example",
    "kube-system",
    "4711",
    "0",
    "443",
    "65536",
    "10.0.0.7",
    "2001:db8::1",
    "root",
    "jane@acme.example",
    "system:serviceaccount:shop:cart",
    "quay.io/acme/cart",
    "docker.io/library/redis:7",
    "/etc/shadow",
    "/tmp/a b'c",
    "172.17.0.9:43812->10.96.0.1:443",
    "EXE_WRITABLE|EXE_LOWER_LAYER",
    "pods/exec",
    "sh",
    "sh -c id",
];

/// Numbers as nobody writes them.
const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "-1",
    "4711",
    "18446744073709551615",
    "-9223372036854775808",
    "1e3",
    "1.50",
    "1E+400",
    "0.1e-7",
    "123456789012345678901234567890",
    "1730209225978642167",
];

pub(crate) fn catalog() -> &'static Catalog {
    &LIBRARY.tables.index
}

/// Any value.
pub(crate) fn value(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=9)? {
        0..=2 => (*u.choose(&HOSTILE)?).to_owned(),
        3..=5 => (*u.choose(&GOOD)?).to_owned(),
        6 => format!("{}{}", u.choose(&GOOD)?, u.choose(&HOSTILE)?),
        7 => format!("{} {}={}", u.choose(&GOOD)?, text_key(u)?, u.choose(&GOOD)?),
        8 => u.choose(&HOSTILE)?.repeat(u.int_in_range(0..=400)?),
        _ => u.arbitrary::<&str>()?.to_owned(),
    })
}

/// A key of Falco's text output.
pub(crate) fn text_key(u: &mut Unstructured<'_>) -> Result<&'static str> {
    Ok(u.choose(&catalog().text_keys)?.key.as_ref())
}

/// A Falco field, most often one that the catalog knows.
fn field(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 16)? {
        return value(u);
    }
    let fields = &catalog().fields;
    let name = u.choose(fields)?.name.as_ref();
    Ok(name.strip_prefix('@').unwrap_or(name).to_owned())
}

/// A rule's name, most often one of the catalog's.
fn rule(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 8)? {
        value(u)
    } else {
        Ok(u.choose(&catalog().names)?.name.to_string())
    }
}

/// JSON text of a value: text, a number with its digits, a list.
fn json(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=11)? {
        0 => (*u.choose(&NUMBERS)?).to_owned(),
        1 => (*u.choose(&["null", "true", "false", "[]", "{}", "{\"a\" : [1, {}]}"])?).to_owned(),
        2 => format!("[{},{}]", string(&value(u)?), u.choose(&NUMBERS)?),
        // As no serialiser writes it.
        3 => {
            value(u)?
                .encode_utf16()
                .fold(String::from("\""), |text, unit| text + &format!("\\u{unit:04x}"))
                + "\""
        }
        _ => string(&value(u)?),
    })
}

pub(crate) fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// An alert as Falco writes it with `json_output: true`, with fields that the catalog knows.
pub(crate) fn json_alert(u: &mut Unstructured<'_>) -> Result<String> {
    let mut members = vec![
        format!("\"rule\":{}", string(&rule(u)?)),
        format!("\"priority\":\"{}\"", u.choose(&PRIORITIES)?),
        "\"time\":\"2026-04-13T17:57:43.700000000Z\"".to_owned(),
    ];
    if u.ratio(3, 4)? {
        members.push(format!(
            "\"source\":{}",
            string(u.choose(&["syscall", "k8s_audit", "aws_cloudtrail", "okta", "x"])?)
        ));
    }
    if u.ratio(1, 4)? {
        members.push(format!("\"hostname\":{}", json(u)?));
    }
    if u.ratio(1, 4)? {
        members.push(format!("\"tags\":[{},\"T1059\",\"mitre_execution\"]", json(u)?));
    }
    if u.ratio(1, 4)? {
        members.push(format!("\"output\":{}", string(&text_alert(u)?.line)));
    }
    if u.ratio(1, 8)? {
        members.push(format!("{}:{}", string(&value(u)?), json(u)?));
    }
    let mut fields = Vec::new();
    for _ in 0..u.int_in_range(0..=24)? {
        fields.push(format!("{}:{}", string(&field(u)?), json(u)?));
    }
    let fields = format!("\"output_fields\":{{{}}}", fields.join(","));
    members.insert(u.int_in_range(0..=members.len())?, fields);
    Ok(format!("{{{}}}", members.join(",")))
}

/// A text alert, and what was put into it.
pub(crate) struct TextAlert {
    pub(crate) line: String,
    /// What stands behind the priority.
    pub(crate) message: String,
}

/// An alert as Falco writes it by default.
pub(crate) fn text_alert(u: &mut Unstructured<'_>) -> Result<TextAlert> {
    let message = message(u)?;
    let time = u.choose(&["13:40:25.978642167", "2026-04-13T17:57:43.728694426+0000"])?;
    let line = format!("{time}: {} {message}", u.choose(&PRIORITIES)?);
    Ok(TextAlert { line, message })
}

/// A rule's message with keys and values in any of the styles that rules have had.
fn message(u: &mut Unstructured<'_>) -> Result<String> {
    let begin = u.choose(&catalog().messages)?;
    let mut message = begin.prefix.to_string();
    if let Some(tail) = &begin.tail {
        message += "word";
        message += tail;
    }
    message += u.choose(&["", " ", " (", " | ", ", "])?;
    for _ in 0..u.int_in_range(0..=10)? {
        message += text_key(u)?;
        message += "=";
        message += &value(u)?;
        message += u.choose(&[" ", " ", " ", ", ", ") ", ")", "  ", "|", " ("])?;
    }
    Ok(message)
}
