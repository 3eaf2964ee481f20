//! The tables of other schemas as Markdown: the end of `docs/schemas.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use bewit_catalog::compile;
use bewit_catalog::mapping::{Form, Mapping, Node, Part, Path as Source, Rest, Row, Value, When};
use bewit_catalog::model::Pattern;

/// The page; people write what stands above [`MARK`].
pub(crate) const PAGE: &str = "docs/schemas.md";
const MARK: &str = "<!-- What follows is written by `cargo xtask schemas` from catalog/schemas/. -->";

/// The page with its tables as the catalog has them now.
pub(crate) fn page() -> Result<String> {
    let page = fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
    let (head, _) = page
        .split_once(MARK)
        .with_context(|| format!("{PAGE} has no line {MARK}"))?;
    let files = compile::read_dir(Path::new("catalog"))?;
    let catalog = compile::compile(&files, "")
        .map_err(|mistakes| anyhow!("catalog/ has {} mistakes: run `cargo xtask catalog`", mistakes.len()))?;
    let mut text = format!("{head}{MARK}\n");
    for mapping in catalog.schemas.iter() {
        let _ = write!(text, "\n{}", table(mapping));
    }
    Ok(text)
}

fn table(mapping: &Mapping) -> String {
    let mut table = Table::default();
    match &mapping.body {
        Node::Object(rows) => table.rows(rows, "", &[]),
        Node::Cef(cef) => {
            const FIELDS: [&str; 6] = [
                "Device Vendor",
                "Device Product",
                "Device Version",
                "Device Event Class ID",
                "Name",
                "Severity",
            ];
            for (row, name) in cef.header.iter().zip(FIELDS) {
                table.node(row, name, &[], &[]);
            }
            table.rows(&cef.extension, "", &[]);
        }
        _ => {}
    }
    let Mapping {
        name, title, version, ..
    } = mapping;
    format!(
        "## `{name}`: {title} {version}\n\n| target | from | as | when |\n|---|---|---|---|\n{}",
        table.text
    )
}

/// Lines of a table.
#[derive(Default)]
struct Table {
    text: String,
}

impl Table {
    fn line(&mut self, target: &str, from: &str, form: &str, conditions: &[String]) {
        let conditions = conditions.join("; ");
        let _ = writeln!(self.text, "| `{target}` | {from} | {form} | {conditions} |");
    }

    /// `items` is what the elements around are of, the innermost last.
    fn rows(&mut self, rows: &[Row], prefix: &str, items: &[String]) {
        for row in rows {
            let target = match (prefix, row.key.as_ref()) {
                ("", key) => key.to_owned(),
                (prefix, "") => prefix.to_owned(),
                (prefix, key) => format!("{prefix}.{key}"),
            };
            self.node(row, &target, items, &[]);
        }
    }

    fn node(&mut self, row: &Row, target: &str, items: &[String], around: &[String]) {
        let mut conditions = around.to_vec();
        conditions.extend(row.when.iter().map(|condition| when(condition, items)));
        if row.full {
            conditions.push("`detail: full`".into());
        }
        match &row.node {
            Node::Constant(json) => self.line(target, &format!("constant `{json}`"), "", &conditions),
            Node::Value(value) => {
                self.line(target, &sources(value, items), &form(value), &conditions);
            }
            Node::Object(rows) => match attribute(rows) {
                Some((name, rows)) => {
                    let name = format!("{target}[\"{name}\"]");
                    for row in rows {
                        self.node(row, &format!("{name}.{}", row.key), items, &conditions);
                    }
                }
                None => {
                    for row in rows.iter() {
                        let target = match row.key.as_ref() {
                            "" => target.to_owned(),
                            key => format!("{target}.{key}"),
                        };
                        self.node(row, &target, items, &conditions);
                    }
                }
            },
            Node::List(rows) => {
                let target = if target.is_empty() {
                    String::new()
                } else {
                    format!("{target}[]")
                };
                for row in rows.iter() {
                    self.node(row, &target, items, &conditions);
                }
            }
            Node::Each(of, rows) => {
                let mut inner = items.to_vec();
                inner.push(format!("{}/*", path(of, items)));
                for row in rows.iter() {
                    self.node(row, target, &inner, &conditions);
                }
            }
            Node::Text(..) => {
                let mut parts = Vec::new();
                text_parts(row, items, &mut parts);
                self.line(target, &parts.join(", "), "joined to one text", &conditions);
            }
            Node::Rest(Rest { of, except, attributes }) => {
                let target = match attributes {
                    Some(prefix) => format!("{target}[\"{prefix}*\"]"),
                    None if target.is_empty() => "*".to_owned(),
                    None => format!("{target}.*"),
                };
                let except: Vec<String> = except.iter().map(|key| format!("`{key}`")).collect();
                let but = match except.as_slice() {
                    [] => String::new(),
                    except => format!(" but {}", except.join(", ")),
                };
                let from = format!(
                    "`{}/*` that no row above has{but}",
                    path(of, items).trim_end_matches('/')
                );
                self.line(&target, &from, "", &conditions);
            }
            Node::Cef(_) => {}
        }
    }
}

/// The name and the value of an attribute of OpenTelemetry.
fn attribute(rows: &[Row]) -> Option<(&str, &[Row])> {
    let [name, value] = rows else {
        return None;
    };
    let (Node::Constant(json), "key", "value") = (&name.node, name.key.as_ref(), value.key.as_ref()) else {
        return None;
    };
    Some((json.trim_matches('"'), std::slice::from_ref(value)))
}

fn text_parts(row: &Row, items: &[String], parts: &mut Vec<String>) {
    match &row.node {
        Node::Constant(json) => parts.push(format!("`{json}`")),
        Node::Value(value) => {
            let mut part = sources(value, items);
            if row.full {
                part.push_str(" (`detail: full`)");
            }
            parts.push(part);
        }
        Node::Text(_, rows) => rows.iter().for_each(|row| text_parts(row, items, parts)),
        Node::Each(of, rows) => {
            let mut inner = items.to_vec();
            inner.push(format!("{}/*", path(of, items)));
            rows.iter().for_each(|row| text_parts(row, &inner, parts));
        }
        _ => {}
    }
}

fn path(source: &Source, items: &[String]) -> String {
    let keys = source.keys.iter().map(|key| format!("/{key}"));
    let keys: String = keys.collect();
    match source.base {
        None if keys.is_empty() => "/".to_owned(),
        None => keys,
        Some(outer) => {
            let at = items.len().checked_sub(1 + usize::from(outer));
            let item = at.and_then(|at| items.get(at)).map(String::as_str);
            format!("{}{keys}", item.unwrap_or_default())
        }
    }
}

fn sources(value: &Value, items: &[String]) -> String {
    let from = value.from.iter().map(|source| format!("`{}`", path(source, items)));
    let from: Vec<String> = from.collect();
    let part = match &value.part {
        Part::Whole => String::new(),
        Part::Before(text) => format!(", before the first `{text}`"),
        Part::After(text) => format!(", behind the first `{text}`"),
        Part::BeforeLast(text) => format!(", before the last `{text}`"),
        Part::AfterLast(text) => format!(", behind the last `{text}`"),
        Part::With(text) => format!(", with a `{text}` in it"),
    };
    format!("{}{part}", from.join(", else "))
}

fn form(value: &Value) -> String {
    let form = match &value.form {
        Form::String => "text".to_owned(),
        Form::Integer => "integer".to_owned(),
        Form::Port => "port".to_owned(),
        Form::Ip => "IP address".to_owned(),
        Form::Json => "as it is".to_owned(),
        Form::Millis => "milliseconds since 1970".to_owned(),
        Form::Nanos => "nanoseconds since 1970, as text".to_owned(),
        Form::Time => "RFC 3339, UTC".to_owned(),
        Form::Any => "`AnyValue`".to_owned(),
        Form::Table(rows) if rows.len() > 12 => format!("by a table of {} rows", rows.len()),
        Form::Table(rows) => {
            let rows = rows.iter().map(|(text, json)| format!("{text} → `{json}`"));
            rows.collect::<Vec<_>>().join(", ")
        }
    };
    match &value.otherwise {
        Some(json) => format!("{form}; else `{json}`"),
        None => form,
    }
}

fn when(when: &When, items: &[String]) -> String {
    let path = path(&when.path, items);
    let any: Vec<String> = when.any.iter().map(|pattern| format!("`{}`", text(pattern))).collect();
    match (any.as_slice(), when.not) {
        ([], false) => format!("there is `{path}`"),
        ([], true) => format!("there is no `{path}`"),
        (any, false) => format!("`{path}` is {}", any.join(" or ")),
        (any, true) => format!("`{path}` is not {}", any.join(" or ")),
    }
}

fn text(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Is(text) | Pattern::Glob(text) => text.to_string(),
        Pattern::Begins(text) => format!("{text}*"),
        Pattern::Ends(text) => format!("*{text}"),
        Pattern::Holds(text) => format!("*{text}*"),
    }
}
