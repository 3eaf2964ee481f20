//! Other schemas: what a table of the catalog makes of the native alert, as code.
//!
//! The component interprets the table (`render::mapped`); this writes the same steps down, row by row and in the same
//! order. `alert` is the native alert, `fields` are Falco's fields, flat. A part of what is written is a variable, which
//! is `null` where there is nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bewit::catalog::model::{Catalog, Str};
use bewit_catalog::mapping::{Cef, Form, Mapping, Node, Part, Path, Rest, Row, Value, When};
use serde_json::Value as Json;

use super::conditions;
use super::text::{escaped, list, literal, search};
use super::values::IS_IP;

/// So many rows of a table are branches; more of them are lines of a text, each a key and JSON behind a tabulator.
const FEW: usize = 8;
/// The text of the value `c`.
const TEXT: &str = "string(c) ?? encode_json(c)";
/// Control characters that CEF has no escapes for, in a header and in the value of a pair.
const LOST: [&str; 2] = [r"[\x00-\x08\x0a-\x1f\x7f]", r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"];

/// Makes the event what `mapping` makes of the alert that the program `native` has in `result`.
pub(super) fn code(mapping: &Mapping, brief: bool, native: &str) -> String {
    let mut writer = Writer {
        brief,
        ..Writer::default()
    };
    writer.line("alert = map_values(object(get([result], [0]) ?? null) ?? {}) -> |value| {");
    writer.line("  if is_timestamp(value) { to_string(value) ?? \"\" } else { value }");
    writer.line("}");
    writer.line("fields = object(get([fields], [0]) ?? null) ?? {}");
    // The compiler compares the types of all variables at every call. Of those that are not needed any longer they are
    // small then.
    let variables = native.lines().filter_map(|line| line.split_once(" = "));
    let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let variables: BTreeSet<&str> = variables.map(|(name, _)| name).filter(plain).collect();
    for name in variables
        .into_iter()
        .filter(|name| !["nothing", "fields"].contains(name))
    {
        writer.line(&format!("{name} = null"));
    }
    // What is as if it were not there.
    writer.line(r#"absent = array(get([[null, "", "<NA>", [], {}]], [0]) ?? null) ?? []"#);
    find(&mapping.body, &mut writer);
    for number in 0..writer.tables.len() {
        let rows = writer.tables[number].iter();
        let rows: String = rows
            .map(|(text, json)| format!("{}\t{json}\n", text.to_lowercase()))
            .collect();
        writer.line(&format!("table{number} = {}", literal(&format!("\n{rows}"))));
    }
    for number in 0..writer.rests.len() {
        writer.line(&format!("taken{number} = array(nothing) ?? []"));
    }
    match &mapping.body {
        Node::Cef(cef) => {
            writer.cef(cef);
            writer.line(&format!(". = {{{}: cef}}", literal(&mapping.name)));
        }
        node => {
            writer.line("made = nothing");
            writer.node(node, "made", &[]);
            writer.line(". = object(made) ?? {}");
        }
    }
    writer.code
}

/// Takes what bewit wrote before, in whatever schema, out of `inner`.
pub(super) fn marks(catalog: &Catalog) -> String {
    let mut code = String::new();
    for mark in catalog.marks.iter() {
        let is = conditions::any("written", std::slice::from_ref(&mark.is), conditions::WHOLE);
        let _ = writeln!(
            code,
            "written = string({}) ?? \"\"\nif {is} {{\n  inner = object(nothing) ?? {{}}\n}}",
            below("inner", &mark.at)
        );
    }
    code
}

/// Whether what only has such parts in it is there.
enum Counts {
    /// A constant alone is no reason to write what it stands in.
    Never,
    /// It is, where this holds.
    Where(String),
}

#[derive(Default)]
struct Writer<'m> {
    code: String,
    margin: usize,
    brief: bool,
    /// Objects whose rest is written; which of their members were, is in `taken` and their position.
    rests: Vec<&'m Path>,
    /// Tables with many rows.
    tables: Vec<&'m [(Str, Str)]>,
    /// What the text that is written has no place for.
    lost: Option<&'static str>,
    /// The variable that says whether what is written now counts, where that is not always so. There are no blocks around
    /// rows: the compiler takes the longer the deeper a block stands.
    on: Option<String>,
    /// How many variables are in use. What a part needs is free again behind it: the compiler keeps the types of all of
    /// them at every branch.
    names: usize,
}

impl<'m> Writer<'m> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.code, "{:1$}{line}", "", self.margin * 2);
    }

    fn lines(&mut self, lines: &str) {
        lines.lines().for_each(|line| self.line(line));
    }

    fn open(&mut self, line: &str) {
        self.line(line);
        self.margin += 1;
    }

    fn close(&mut self) {
        self.margin -= 1;
        self.line("}");
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    /// A variable with a value to begin with.
    fn variable(&mut self, value: &str) -> String {
        let name = self.name();
        self.line(&format!("{name} = {value}"));
        name
    }

    /// Where a path leads, from the alert or from one of the elements `items`, the innermost last.
    fn place(path: &Path, items: &[String]) -> String {
        match (path.base, &*path.keys) {
            (None, [first, keys @ ..]) if first == "output_fields" && !keys.is_empty() => below("fields", keys),
            (None, keys) => below("alert", keys),
            (Some(outer), keys) => {
                let at = items.len().checked_sub(1 + usize::from(outer));
                below(at.and_then(|at| items.get(at)).map_or("nothing", String::as_str), keys)
            }
        }
    }

    /// Whether a row is written at all.
    fn is_written(&self, row: &Row) -> bool {
        !(row.full && self.brief)
    }

    /// Narrows down where what follows counts; returns where that was before.
    fn narrow(&mut self, so: &str) -> Option<String> {
        let on = self.all(&[so]);
        let on = self.variable(&on);
        self.on.replace(on)
    }

    /// That what is written now counts, and all of these, too.
    fn all(&self, conditions: &[&str]) -> String {
        let all: Vec<&str> = self
            .on
            .as_deref()
            .into_iter()
            .chain(conditions.iter().copied())
            .collect();
        all.join(" && ")
    }

    /// One row, into a variable that is `null` before.
    fn row(&mut self, row: &'m Row, target: &str, items: &[String]) -> Counts {
        if row.when.is_empty() {
            return self.node(&row.node, target, items);
        }
        self.when(&row.when, items);
        let before = self.narrow("holds");
        self.node(&row.node, target, items);
        self.on = before;
        // A constant counts where a condition lets it in.
        Counts::Where(format!("!is_null({target})"))
    }

    /// Whether all of these hold, in `holds`.
    fn when(&mut self, when: &[When], items: &[String]) {
        self.line("holds = true");
        for condition in when {
            self.line(&format!("c = {}", Self::place(&condition.path, items)));
            let mut test = "!includes(absent, c)".to_owned();
            if !condition.any.is_empty() {
                self.line(&format!("t = {TEXT}"));
                let any = conditions::any("t", &condition.any, conditions::WHOLE);
                test = format!("{test} && {any}");
            }
            let not = if condition.not { "!" } else { "" };
            self.line(&format!("holds = holds && {not}({test})"));
        }
    }

    /// `target = value`, where that counts and all of these hold.
    fn put(&mut self, conditions: &[&str], target: &str, value: &str) {
        let all = self.all(conditions);
        let put = format!("{target} = {value}");
        match all.as_str() {
            "" => self.line(&put),
            all => self.lines(&format!("if {all} {{\n  {put}\n}}")),
        }
    }

    /// A part, into a variable that is `null` before.
    fn node(&mut self, node: &'m Node, target: &str, items: &[String]) -> Counts {
        let names = self.names;
        match node {
            Node::Constant(json) => {
                self.put(&[], target, &constant(json));
                return Counts::Never;
            }
            Node::Value(value) => {
                self.value(value, target, items);
                if let Some(json) = &value.otherwise {
                    let found = self.variable(&format!("!is_null({target})"));
                    self.put(&[&format!("!{found}")], target, &constant(json));
                    return Counts::Where(found);
                }
            }
            Node::Object(rows) => self.object(rows, target, items),
            Node::List(rows) => self.list(rows, target, items),
            Node::Text(between, rows) => self.text(between, rows, target, items),
            // They stand in objects, lists and texts only.
            Node::Cef(_) | Node::Each(..) | Node::Rest(_) => {}
        }
        self.names = names;
        Counts::Where(format!("!is_null({target})"))
    }

    fn object(&mut self, rows: &'m [Row], target: &str, items: &[String]) {
        let there = self.variable("false");
        let mut members: Vec<(&str, String)> = Vec::new();
        let mut rests = Vec::new();
        let outside = self.on.clone();
        for row in rows {
            if !self.is_written(row) {
                continue;
            }
            let last = members.last().filter(|(key, _)| *key == row.key);
            // Of rows with one key the first that finds something counts.
            let again = last.map(|(_, member)| member.clone());
            match (&row.node, again) {
                (Node::Constant(json), None) if row.when.is_empty() => members.push((&row.key, constant(json))),
                (Node::Rest(rest), _) => {
                    let member = self.variable("null");
                    self.rest(rest, &member, items);
                    self.line(&format!("{there} = {there} || !is_null({member})"));
                    rests.push(member);
                }
                (_, again) => {
                    let before = self.on.clone();
                    if let Some(member) = &again {
                        self.narrow(&format!("is_null({member})"));
                    }
                    let member = match again {
                        Some(member) => member,
                        None => {
                            let member = self.variable("null");
                            members.push((&row.key, member.clone()));
                            member
                        }
                    };
                    if let Counts::Where(so) = self.row(row, &member, items) {
                        // What an earlier row of this key has found counted there.
                        let so = self.all(&[&so]);
                        self.line(&format!("{there} = {there} || ({so})"));
                    }
                    self.on = before;
                    if row.need {
                        self.narrow(&format!("!is_null({member})"));
                    }
                }
            }
        }
        let members = members
            .iter()
            .map(|(key, member)| format!("{}: {member}", literal(key)));
        let members = members.collect::<Vec<_>>().join(", ");
        self.put(
            &[&there],
            target,
            &format!("filter({{{members}}}) -> |_key, value| {{ !is_null(value) }}"),
        );
        for rest in rests {
            let merged = format!("merge(object({target}) ?? {{}}, object({rest}) ?? {{}})");
            self.put(&[&there], target, &merged);
        }
        self.on = outside;
    }

    fn list(&mut self, rows: &'m [Row], target: &str, items: &[String]) {
        let all = self.variable("array(nothing) ?? []");
        let there = self.variable("false");
        let lacks = self.variable("false");
        self.elements(rows, (&all, &there, &lacks), false, items);
        self.put(&[&there, &format!("!{lacks}")], target, &all);
    }

    /// Elements of the list `all`; `there` is set where something counts, `lacks` where one that must be there is not.
    fn elements(&mut self, rows: &'m [Row], list: (&str, &str, &str), let_in: bool, items: &[String]) {
        let (all, there, lacks) = list;
        let names = self.names;
        for row in rows {
            self.names = names;
            if !self.is_written(row) {
                continue;
            }
            match &row.node {
                Node::Each(of, inner) => {
                    let before = row.need.then(|| self.variable(&format!("length({all})")));
                    self.each(row, of, items, |writer, items| {
                        writer.elements(inner, list, let_in || !row.when.is_empty(), items);
                    });
                    if let Some(before) = before {
                        self.line(&format!("{lacks} = {lacks} || length({all}) == {before}"));
                    }
                }
                Node::Rest(rest) => self.attributes(rest, all, there, items),
                _ => {
                    let element = self.variable("null");
                    let counts = self.row(row, &element, items);
                    self.open(&format!("if !is_null({element}) && !includes({all}, {element}) {{"));
                    self.line(&format!("{all} = push({all}, {element})"));
                    self.close();
                    match counts {
                        Counts::Where(so) => self.line(&format!("{there} = {there} || {so}")),
                        Counts::Never if let_in => self.line(&format!("{there} = true")),
                        Counts::Never => {}
                    }
                    if row.need {
                        self.line(&format!("{lacks} = {lacks} || is_null({element})"));
                    }
                }
            }
        }
    }

    /// Code for each element of an array or value of an object, where a row's conditions hold.
    fn each(&mut self, row: &Row, of: &Path, items: &[String], inner: impl FnOnce(&mut Self, &[String])) {
        let before = self.on.clone();
        if !row.when.is_empty() {
            self.when(&row.when, items);
            self.narrow("holds");
        }
        self.line(&format!("c = {}", Self::place(of, items)));
        self.lines("if is_object(c) {\n  c = values(object(c) ?? {})\n}");
        if let Some(on) = self.on.take() {
            self.lines(&format!("if !{on} {{\n  c = null\n}}"));
        }
        let item = self.name();
        self.open(&format!("for_each(array(c) ?? []) -> |_index, {item}| {{"));
        let items: Vec<String> = items.iter().cloned().chain([item]).collect();
        inner(self, &items);
        self.close();
        self.on = before;
    }

    fn text(&mut self, between: &str, rows: &'m [Row], target: &str, items: &[String]) {
        let parts = self.variable("array(nothing) ?? []");
        let there = self.variable("false");
        let lacks = self.variable("false");
        let names = self.names;
        for row in rows {
            self.names = names;
            if !self.is_written(row) {
                continue;
            }
            let found = match &row.node {
                Node::Each(of, inner) => {
                    let found = self.variable("false");
                    self.each(row, of, items, |writer, items| {
                        let part = writer.variable("null");
                        writer.text(between, inner, &part, items);
                        writer.part(&part, &parts);
                        writer.line(&format!("{found} = {found} || !is_null({part})"));
                    });
                    self.line(&format!("{there} = {there} || {found}"));
                    found
                }
                Node::Constant(json) if row.when.is_empty() => {
                    self.line(&format!("{parts} = push({parts}, {})", literal(&said(json))));
                    "true".to_owned()
                }
                _ => {
                    let part = self.variable("null");
                    let counts = self.row(row, &part, items);
                    self.part(&part, &parts);
                    if let Counts::Where(so) = counts {
                        self.line(&format!("{there} = {there} || {so}"));
                    }
                    format!("!is_null({part})")
                }
            };
            if row.need {
                self.line(&format!("{lacks} = {lacks} || !({found})"));
            }
        }
        let joined = format!("join({parts}, {}) ?? \"\"", literal(between));
        self.put(&[&there, &format!("!{lacks}")], target, &joined);
    }

    /// Adds a part that is there to those of a text.
    fn part(&mut self, part: &str, parts: &str) {
        self.lines(&format!(
            "if !is_null({part}) {{\n  {parts} = push({parts}, string({part}) ?? encode_json({part}))\n}}"
        ));
    }

    fn cef(&mut self, cef: &'m Cef) {
        self.line("cef = \"CEF:0\"");
        self.lost = Some(LOST[0]);
        for row in cef.header.iter() {
            let part = self.variable("null");
            self.node(&row.node, &part, &[]);
            self.line(&format!("c = get([{part}], [0]) ?? null"));
            self.line(&format!("t = {TEXT}"));
            self.lines("if is_null(c) {\n  t = \"\"\n}");
            self.line(r#"t = replace(replace(t, "\\", "\\\\"), "|", "\\|")"#);
            self.line(&format!("cef = cef + \"|\" + replace(t, r'{}', \" \")", LOST[0]));
        }
        self.lost = Some(LOST[1]);
        self.line("pairs = array(nothing) ?? []");
        let mut last: Option<(&str, String)> = None;
        for row in cef.extension.iter() {
            if !self.is_written(row) {
                continue;
            }
            let again = last
                .as_ref()
                .filter(|(key, _)| *key == row.key)
                .map(|(_, pair)| pair.clone());
            let pair = match &again {
                Some(pair) => pair.clone(),
                None => self.variable("null"),
            };
            let before = self.on.clone();
            if again.is_some() {
                self.narrow(&format!("is_null({pair})"));
            }
            self.row(row, &pair, &[]);
            let found = self.all(&[&format!("!is_null({pair})")]);
            self.open(&format!("if {found} {{"));
            self.line(&format!("c = get([{pair}], [0]) ?? null"));
            self.line(&format!("t = {TEXT}"));
            if matches!(row.node, Node::Object(_) | Node::List(_)) {
                // JSON leaves one control character as it is, and has an escape for it.
                self.line(r#"t = replace(t, r'\x7f', "\\u007f")"#);
            }
            self.line(r#"t = replace(replace(t, "\\", "\\\\"), "=", "\\=")"#);
            self.line(r#"t = replace(replace(t, "\n", "\\n"), "\r", "\\r")"#);
            self.line(&format!(
                "pairs = push(pairs, {} + replace(t, r'{}', \" \"))",
                literal(&format!("{}=", row.key)),
                LOST[1]
            ));
            self.close();
            self.on = before;
            last = Some((&row.key, pair));
        }
        self.line("cef = cef + \"|\" + (join(pairs, \" \") ?? \"\")");
    }

    /// The first value that is there and has the form.
    fn value(&mut self, value: &Value, target: &str, items: &[String]) {
        for (number, path) in value.from.iter().enumerate() {
            self.line(&format!("c = {}", Self::place(path, items)));
            let still = format!("is_null({target})");
            let there = "!includes(absent, c)";
            let found = match number {
                0 => self.all(&[there]),
                _ => self.all(&[&still, there]),
            };
            self.open(&format!("if {found} {{"));
            self.line(&format!("t = {TEXT}"));
            let cut = value.part != Part::Whole;
            if cut {
                self.line("whole = t");
                self.lines(&part(&value.part));
                self.open("if t != \"\" {");
            }
            let table = self
                .tables
                .iter()
                .position(|known| matches!(&value.form, Form::Table(rows) if **known == **rows));
            match table {
                Some(number) => self.lines(
                    &include_str!("program/table.vrl")
                        .replace("#:table", &format!("table{number}"))
                        .replace("#:target", target),
                ),
                None => self.lines(&form(&value.form, target, cut)),
            }
            if cut {
                self.close();
            }
            if value.form.keeps()
                && let Some((key, of)) = self.taken(path)
            {
                let taken = format!("{of} = push({of}, {})", literal(key));
                let whole = if cut { " && t == whole" } else { "" };
                let kept = self
                    .lost
                    .map_or(String::new(), |lost| format!(" && !match(t, r'{lost}')"));
                match value.form {
                    // Whatever is there has the form.
                    Form::String | Form::Json | Form::Any if !cut && kept.is_empty() => self.line(&taken),
                    _ => self.lines(&format!("if !is_null({target}){whole}{kept} {{\n  {taken}\n}}")),
                }
            }
            self.close();
        }
    }

    /// Where it is written down that the member at a path was written, if a rest asks for it.
    fn taken<'p>(&self, path: &'p Path) -> Option<(&'p str, String)> {
        let (key, parent) = path.keys.split_last()?;
        let of = |rest: &&Path| rest.base == path.base && *rest.keys == *parent;
        let number = self.rests.iter().position(of)?;
        Some((key, format!("taken{number}")))
    }

    /// Members of an object that nothing took, in `left`.
    fn left(&mut self, rest: &Rest, items: &[String]) {
        let of = match &*rest.of.keys {
            [key] if rest.of.base.is_none() && key == "output_fields" => "fields".to_owned(),
            [] if rest.of.base.is_none() => "alert".to_owned(),
            _ => format!("object({}) ?? {{}}", Self::place(&rest.of, items)),
        };
        let number = self
            .rests
            .iter()
            .position(|known| **known == rest.of)
            .unwrap_or_default();
        self.line(&format!(
            "left = filter({of}) -> |key, _value| {{ !includes(taken{number}, key) && !includes({}, key) }}",
            list(rest.except.iter().map(AsRef::as_ref))
        ));
        if let Some(on) = self.on.clone() {
            self.lines(&format!("if !{on} {{\n  left = object(nothing) ?? {{}}\n}}"));
        }
        self.line(&format!("taken{number} = append(taken{number}, keys(left))"));
    }

    fn rest(&mut self, rest: &Rest, target: &str, items: &[String]) {
        self.left(rest, items);
        self.lines(&format!("if !is_empty(left) {{\n  {target} = left\n}}"));
    }

    /// The rest as attributes in the list `all`.
    fn attributes(&mut self, rest: &Rest, all: &str, there: &str, items: &[String]) {
        self.left(rest, items);
        self.open("for_each(left) -> |key, c| {");
        let value = self.variable("null");
        self.lines(&form(&Form::Any, &value, false));
        let prefix = literal(rest.attributes.as_deref().unwrap_or_default());
        self.line(&format!(
            "{all} = push({all}, {{\"key\": {prefix} + key, \"value\": {value}}})"
        ));
        self.line(&format!("{there} = true"));
        self.close();
    }
}

/// Finds all objects whose rest is written, and all tables with many rows.
fn find<'m>(node: &'m Node, writer: &mut Writer<'m>) {
    let rows: Vec<&'m Row> = match node {
        Node::Object(rows) | Node::List(rows) | Node::Text(_, rows) | Node::Each(_, rows) => rows.iter().collect(),
        Node::Cef(cef) => cef.header.iter().chain(cef.extension.iter()).collect(),
        Node::Rest(rest) => {
            if !writer.rests.contains(&&rest.of) {
                writer.rests.push(&rest.of);
            }
            Vec::new()
        }
        Node::Value(value) => {
            if let Form::Table(rows) = &value.form
                && rows.len() > FEW
                && !writer.tables.contains(&rows.as_ref())
            {
                writer.tables.push(rows);
            }
            Vec::new()
        }
        Node::Constant(_) => Vec::new(),
    };
    for row in rows {
        if writer.is_written(row) {
            find(&row.node, writer);
        }
    }
}

/// A place below a variable.
fn below(variable: &str, keys: &[Str]) -> String {
    let keys = keys.iter().map(|key| format!(".{}", literal(key)));
    keys.fold(variable.to_owned(), |place, key| place + &key)
}

/// JSON as an expression.
fn constant(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(json) => expression(&json),
        Err(_) => "null".to_owned(),
    }
}

fn expression(json: &Json) -> String {
    match json {
        Json::String(text) => literal(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(expression).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(key, value)| format!("{}: {}", literal(key), expression(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// What a string says, anything else as it stands.
fn said(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// Cuts `t`; it is empty where there is no such part.
fn part(part: &Part) -> String {
    let without = |of: &str, pattern: String, by: &str| {
        format!(
            "if contains(t, {}) {{\n  t = replace(t, r'(?s){pattern}', \"{by}\")\n}}",
            literal(of)
        )
    };
    let or_nothing = |code: String| format!("{code} else {{\n  t = \"\"\n}}");
    match part {
        Part::Whole => String::new(),
        Part::Before(of) => without(of, format!("{}.*$", escaped(of)), ""),
        Part::AfterLast(of) => without(of, format!("^.*{}", escaped(of)), ""),
        Part::After(of) => or_nothing(without(of, format!("^.*?{}", escaped(of)), "")),
        Part::BeforeLast(of) => or_nothing(without(of, format!("^(.*){}.*$", escaped(of)), "$1")),
        Part::With(of) => format!("if !contains(t, {}) {{\n  t = \"\"\n}}", literal(of)),
    }
}

/// Puts the value `c`, whose text is `t`, into `target` in a form; only the text counts where `cut`.
fn form(form: &Form, target: &str, cut: bool) -> String {
    let instant = |then: &str| {
        format!(
            "{}if !is_null(second) {{\n  second = int(second) ?? 0\n  {then}\n}}",
            include_str!("program/instant.vrl")
        )
    };
    match form {
        Form::Json if !cut => format!("{target} = c"),
        Form::Any if !cut => include_str!("program/any.vrl").replace("#:target", target),
        Form::Any => format!("{target} = {{\"stringValue\": t}}"),
        Form::String | Form::Json => format!("{target} = t"),
        Form::Integer => {
            format!("if match(t, r'^(?:0|-?[1-9][0-9]*)$') {{\n  {target} = parse_int(t, 10) ?? null\n}}")
        }
        Form::Port => format!(
            "number = parse_int(t, 10) ?? -1\nif match(t, r'^\\+?[0-9]+$') && number <= 65535 && number >= 0 {{\n  {target} = number\n}}"
        ),
        Form::Ip => format!("if {IS_IP} {{\n  {target} = t\n}}"),
        Form::Millis => instant(&format!(
            "{target} = second * 1000 + (parse_int(replace(fraction, r'.{{6}}$', \"\"), 10) ?? 0)"
        )),
        Form::Nanos => instant(&format!(
            "if second >= 0 {{ {target} = replace(to_string(second) + fraction, r'^0+(.)', \"$1\") }}"
        )),
        Form::Time => instant(&format!(
            "{target} = (format_timestamp(from_unix_timestamp(second) ?? t'1970-01-01T00:00:00Z', \"%Y-%m-%dT%H:%M:%S\") ?? \"\") + \".\" + fraction + \"Z\""
        )),
        Form::Table(rows) => {
            let cases = rows.iter();
            let cases = cases.map(|(text, json)| (text.to_lowercase(), format!("{target} = {}\n", constant(json))));
            format!("key = downcase(t)\n{}", search("key", cases.collect()))
        }
    }
}
