//! The program: parts written by hand, and what the catalog puts into them.
//!
//! In the parts a line `#: name argument..` is where a block of code comes, and `#:name` inside a line where an
//! expression comes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bewit::catalog::model::{Catalog, TuningKind};
use bewit::{Config, Detail, SCHEMA};
use bewit_catalog::mapping::Mapping;

use super::conditions::Conditions;
use super::data::{self, Table};
use super::text::{list, literal, search};
use super::{choice, mapped, values};

/// How the program comes to what it looks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// In enrichment tables, which only Vector has.
    Tables,
    /// In the program itself: for whatever runs VRL.
    Chain,
}

/// A program, and the tables that it looks up in where it has any beside it.
pub(super) struct Program {
    pub(super) source: String,
    pub(super) tables: Vec<Table>,
}

/// Values that a file has room for: letters, digits, and these.
const PLAIN: &str = r"match(t, r'^[0-9A-Za-z._:/@+-]*$')";
/// What needs no escape in Falco's condition language.
const UNESCAPED: &str = r#"match(t, r'^[ !#-\[\]-~]*$')"#;

/// Translates a catalog; `mapping` is another schema than the native one.
pub(super) fn write(catalog: &Catalog, config: &Config, mapping: Option<&Mapping>, form: Form) -> Program {
    let brief = config.detail == Detail::Brief;
    let mut conditions = Conditions::new(catalog);
    let mut late = values::Late::default();
    let mut tables = data::tables(catalog, &mut conditions);
    tables.push(("fields", values::fields(catalog, &mut late)));
    let mut writer = Writer {
        tables: &tables,
        form,
        inline: inline(catalog),
        blocks: blocks(catalog, config, &mut conditions),
    };
    writer.blocks.insert("late", late.code(&conditions));
    let mut source = format!("# Written by `bewit vector export` from catalog {}.\n", catalog.version);
    writer.part(include_str!("program/find.vrl"), "", &mut source);
    if let Some(lowest) = config.min_priority {
        let lowest = lowest as usize;
        let _ = writeln!(source, "if found && level > {lowest} {{\n  abort\n}}");
    }
    source.push_str("if !found {\n  return .\n}\n");
    for part in [
        include_str!("program/values.vrl"),
        include_str!("program/rule.vrl"),
        &conditions.code(),
        include_str!("program/entry.vrl"),
        include_str!("program/attack.vrl"),
        include_str!("program/assess.vrl"),
        include_str!("program/write.vrl"),
        // Other schemas are made of the full alert.
        if brief && mapping.is_none() {
            include_str!("program/brief.vrl")
        } else {
            include_str!("program/full.vrl")
        },
        include_str!("program/output.vrl"),
    ] {
        writer.part(part, "", &mut source);
    }
    match mapping {
        None => source.push_str(". = result\n"),
        Some(mapping) => source.push_str(&mapped::code(mapping, brief, &source)),
    }
    Program {
        source,
        tables: match form {
            Form::Tables => tables,
            Form::Chain => Vec::new(),
        },
    }
}

/// `2026-04-13T17:57:43.728694426Z`
const TIME: &str =
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)";
/// `host falco[21290]: line`
const TAGGED: &str = r"(?P<hostname>[^ ]+) (?P<appname>[^ ]+?)(?:\[(?P<procid>[^ ]*)\])?: (?P<line>(?s:.*))$";

/// Expressions for `#:name`.
fn inline(catalog: &Catalog) -> BTreeMap<&'static str, String> {
    let any = data::causes(catalog, &catalog.innocent_of_any);
    BTreeMap::from([
        ("head", choice::head()),
        ("schema", literal(SCHEMA)),
        (
            "rfc5424",
            r#"^<(?P<priority>[0-9]{1,3})>1 (?P<time>[^ ]+) (?P<hostname>[^ ]+) (?P<appname>[^ ]+) (?P<procid>[^ ]+) (?P<msgid>[^ ]+) (?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+) ?\u{feff}?(?P<line>(?s:.*))$"#.to_owned(),
        ),
        (
            "rfc3164",
            format!(
                "(?P<time>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9][0-9] .{{2}}:.{{2}}:.{{2}}|{TIME}) {TAGGED}"
            ),
        ),
        ("cri", format!(r"^(?P<time>{TIME}) (?P<stream>stdout|stderr) (?P<logtag>[PF](?::[^ ]*)?) (?P<line>(?s:.*))$")),
        ("rsyslog", format!("(?P<time>{TIME}) {TAGGED}")),
        ("attack_version", literal(&catalog.attack.version)),
        ("innocent_of_any", list(any)),
        ("catalog", literal(&catalog.version)),
    ])
}

/// Code for `#: name`.
fn blocks(catalog: &Catalog, config: &Config, conditions: &mut Conditions<'_>) -> BTreeMap<&'static str, String> {
    let organisation: BTreeMap<&str, &str> = config.organisation.given().collect();
    let shown = serde_json::json!(organisation);
    let shown = if organisation.is_empty() {
        String::new()
    } else {
        format!(
            "bewit.organisation = parse_json({}) ?? {{}}\n",
            literal(&shown.to_string())
        )
    };
    BTreeMap::from([
        ("levels", choice::levels(catalog)),
        ("marks", mapped::marks(catalog)),
        ("organisation", values::organisation(&organisation)),
        ("organisation_shown", shown),
        ("kinds", values::kinds()),
        ("keep", include_str!("program/keep.vrl").to_owned()),
        ("told", choice::told(catalog)),
        ("behaviours", choice::behaviours(catalog, conditions)),
        ("sources", choice::sources(catalog)),
        ("tactics", choice::tactics(catalog)),
        ("modifiers", choice::modifiers(catalog, conditions)),
        ("dispositions", choice::dispositions(catalog)),
        ("urgency", choice::urgency(catalog)),
        ("entities", values::entities(catalog)),
        ("enriched", values::enriched(catalog)),
        ("causes", values::causes(catalog)),
        ("hash", include_str!("program/hash.vrl").to_owned()),
        ("step", include_str!("program/step.vrl").to_owned()),
        ("commands", include_str!("program/commands.vrl").to_owned()),
    ])
}

struct Writer<'t> {
    tables: &'t [Table],
    form: Form,
    inline: BTreeMap<&'static str, String>,
    blocks: BTreeMap<&'static str, String>,
}

impl Writer<'_> {
    /// Writes a part, each line behind a margin.
    fn part(&self, part: &str, margin: &str, source: &mut String) {
        for line in part.lines() {
            let text = line.trim_start();
            let margin = format!("{margin}{}", &line[..line.len() - text.len()]);
            match text.strip_prefix("#: ") {
                Some(block) => self.part(&self.block(block), &margin, source),
                None => {
                    let _ = writeln!(source, "{margin}{}", self.filled(text));
                }
            }
        }
    }

    fn filled(&self, line: &str) -> String {
        let mut line = line.to_owned();
        if line.contains("#:") {
            for (name, text) in &self.inline {
                line = line.replace(&format!("#:{name}"), text);
            }
        }
        line
    }

    fn block(&self, block: &str) -> String {
        let words: Vec<&str> = block.split(' ').collect();
        match words.as_slice() {
            ["lookup", table, key] => self.lookup(table, key),
            ["prose", target] => include_str!("program/prose.vrl").replace("#:target", target),
            ["fill", "manifest", source] => snippet(source, PLAIN),
            ["fill", "tuning", source] => snippet(
                source,
                &format!(
                    "(tuning.kind == \"{}\" && {PLAIN}) || (tuning.kind != \"{0}\" && {UNESCAPED})",
                    TuningKind::List.as_str()
                ),
            ),
            [name] => self.blocks.get(name).cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Puts the row with a key into `data`, as JSON; an empty text where there is none.
    fn lookup(&self, table: &str, key: &str) -> String {
        if self.form == Form::Tables {
            return format!(
                "row = get_enrichment_table_record(\"bewit_{table}\", {{\"key\": {key}}}) ?? {{}}\ndata = string(row.data) ?? \"\"\n"
            );
        }
        let rows = self
            .tables
            .iter()
            .filter(|(name, _)| *name == table)
            .flat_map(|(_, rows)| rows);
        let cases = rows.map(|(key, row)| (key.clone(), format!("data = {}\n", literal(&row.to_string()))));
        format!("data = \"\"\n{}", search(key, cases.collect()))
    }
}

fn snippet(source: &str, safe: &str) -> String {
    include_str!("program/snippet.vrl")
        .replace("#:source", source)
        .replace("#:safe", safe)
}
