//! Tables of other schemas: from YAML (`schemas/`) to the model.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::condition::pattern;
use crate::mapping::{Cef, Form, Mapping, Mark, Node, Part, Path, Rest, Row, Value, When};
use crate::model::{Attack, List, Str};
use crate::source::{Condition, Conditions, OneOrMany};

/// A file of `schemas/`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) schema: String,
    title: String,
    version: String,
    /// One path, and what the text there is.
    mark: BTreeMap<String, String>,
    #[serde(default)]
    object: Vec<SourceRow>,
    #[serde(default)]
    cef: Option<SourceCef>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceCef {
    header: Vec<SourceRow>,
    extension: Vec<SourceRow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SourceRow {
    to: String,
    attribute: Option<String>,
    from: Option<OneOrMany>,
    part: BTreeMap<String, String>,
    #[serde(rename = "as")]
    form: Option<SourceForm>,
    table: Option<SourceTable>,
    otherwise: Option<Json>,
    value: Option<Json>,
    object: Option<Vec<SourceRow>>,
    list: Option<Vec<SourceRow>>,
    text: Option<Vec<SourceRow>>,
    between: String,
    each: Option<String>,
    rows: Vec<SourceRow>,
    rest: Option<String>,
    except: Vec<String>,
    attributes: Option<String>,
    when: Conditions,
    need: bool,
    full: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceForm {
    String,
    Integer,
    Port,
    Ip,
    Json,
    Millis,
    Nanos,
    Time,
    Any,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a table is one of `attack.yaml`, several of these, or text and what stands for it"
)]
enum SourceTable {
    Of(OfAttack),
    /// What one table has for a text is looked up in the next.
    Chain(Vec<OfAttack>),
    Own(BTreeMap<String, Json>),
}

/// Tables that `attack.yaml` has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OfAttack {
    /// Ids of tactics by their names.
    Tactics,
    /// Names of mitigations by their ids.
    Mitigations,
    /// The id of a technique's first mitigation by the technique's id.
    FirstMitigation,
}

impl OfAttack {
    /// Its rows.
    fn rows(self, attack: &Attack) -> Vec<(&Str, &Str)> {
        let techniques = attack.techniques.iter();
        match self {
            Self::Tactics => attack.tactics.iter().map(|tactic| (&tactic.name, &tactic.id)).collect(),
            Self::Mitigations => attack.mitigations.iter().map(|m| (&m.id, &m.name)).collect(),
            Self::FirstMitigation => techniques
                .filter_map(|t| Some((&t.id, t.mitigations.first()?)))
                .collect(),
        }
    }
}

/// Compiles a file. A mistake comes with text that stands near it.
pub(crate) fn compile(source: &Source, attack: &Attack) -> Result<(Mapping, Mark), (String, String)> {
    let compiler = Compiler { attack };
    let body = match (&source.cef, source.object.as_slice()) {
        (None, rows) if !rows.is_empty() => Node::Object(compiler.object(rows, 0)?),
        (Some(cef), []) => Node::Cef(Cef {
            header: compiler.plain(&cef.header, 0)?,
            extension: compiler.keyed(&cef.extension, 0)?,
        }),
        _ => return Err((source.schema.clone(), "either `object` or `cef` must be there".into())),
    };
    let mut marks = source.mark.iter();
    let (Some((at, is)), None) = (marks.next(), marks.next()) else {
        return Err(("mark".into(), "`mark` has one path".into()));
    };
    let mark = Mark {
        schema: owned(&source.schema),
        at: path(at, 0).map_err(|message| (at.clone(), message))?.keys,
        is: pattern(is),
    };
    let mapping = Mapping {
        name: owned(&source.schema),
        title: owned(&source.title),
        version: owned(&source.version),
        body,
    };
    Ok((mapping, mark))
}

fn owned(text: &str) -> Str {
    Cow::Owned(text.to_owned())
}

/// `/a/b` from the alert; `.`, `./a` from the element of the innermost `each`, `^/a` from that of the one around it.
fn path(text: &str, depth: u8) -> Result<Path, String> {
    let (base, keys) = if let Some(keys) = text.strip_prefix('/') {
        (None, keys)
    } else {
        let outer = text.bytes().take_while(|byte| *byte == b'^').count();
        let keys = &text[outer..];
        let (begin, outer) = if outer == 0 { (".", 0) } else { ("", outer as u8) };
        let Some(keys) = keys.strip_prefix(begin) else {
            return Err(format!("`{text}` is no path: it begins with `/`, `.` or `^`"));
        };
        if outer >= depth {
            return Err(format!("`{text}` is in no such `each`"));
        }
        (Some(outer), keys.strip_prefix('/').unwrap_or(keys))
    };
    let keys = keys.split('/').filter(|key| !key.is_empty());
    let keys = keys.map(|key| Cow::Owned(key.replace("~1", "/").replace("~0", "~")));
    Ok(Path {
        base,
        keys: keys.collect(),
    })
}

struct Compiler<'a> {
    attack: &'a Attack,
}

type Compiled<T> = Result<T, (String, String)>;

impl Compiler<'_> {
    /// Rows of an object; a dotted key is objects in objects.
    fn object(&self, rows: &[SourceRow], depth: u8) -> Compiled<List<Row>> {
        let mut compiled: Vec<Row> = Vec::new();
        for row in rows {
            let mut place = &mut compiled;
            let mut keys = row.to.split('.').filter(|key| !key.is_empty());
            // The rest goes into the object that it names.
            let last = match row.rest {
                Some(_) => "",
                None => keys.next_back().unwrap_or_default(),
            };
            for key in keys {
                let at = match place.iter().position(|row| row.key == key) {
                    Some(at) => at,
                    None => {
                        place.push(Row {
                            key: owned(key),
                            when: List::default(),
                            need: false,
                            full: false,
                            node: Node::Object(List::default()),
                        });
                        place.len() - 1
                    }
                };
                let Node::Object(inner) = &mut place[at].node else {
                    return Err((row.to.clone(), format!("`{key}` of `{}` is no object", row.to)));
                };
                place = inner.to_mut();
            }
            self.push(place, row, last, depth)?;
        }
        exclude(&mut compiled);
        Ok(compiled.into())
    }

    /// Rows with keys in which a dot means nothing.
    fn keyed(&self, rows: &[SourceRow], depth: u8) -> Compiled<List<Row>> {
        let mut compiled = Vec::new();
        for row in rows {
            self.push(&mut compiled, row, &row.to, depth)?;
        }
        Ok(compiled.into())
    }

    fn push(&self, rows: &mut Vec<Row>, row: &SourceRow, key: &str, depth: u8) -> Compiled<()> {
        if key.is_empty() != row.rest.is_some() {
            return Err((
                row.to.clone(),
                "a row of an object has a key, and only `rest` has none".into(),
            ));
        }
        // Rows of one key stand together: the first that finds something counts.
        if !key.is_empty() && rows.iter().rev().skip(1).any(|known| known.key == key) {
            return Err((row.to.clone(), format!("`{}` stands in two places", row.to)));
        }
        rows.push(self.row(row, key, depth)?);
        Ok(())
    }

    /// Rows without keys.
    fn plain(&self, rows: &[SourceRow], depth: u8) -> Compiled<List<Row>> {
        rows.iter()
            .map(|row| match &row.attribute {
                _ if !row.to.is_empty() => Err((row.to.clone(), format!("`{}` is in no object", row.to))),
                Some(name) => self.attribute(row, name, depth),
                None => self.row(row, "", depth),
            })
            .collect()
    }

    /// An attribute of OpenTelemetry.
    fn attribute(&self, row: &SourceRow, name: &str, depth: u8) -> Compiled<Row> {
        let simple = |key: &str, node: Node, need: bool| Row {
            key: owned(key),
            when: List::default(),
            need,
            full: false,
            node,
        };
        let mut value = self.row(row, "value", depth)?;
        let name = simple("key", Node::Constant(owned(&Json::from(name).to_string())), false);
        let (when, full) = (std::mem::take(&mut value.when), std::mem::take(&mut value.full));
        // What has no form of its own is text or a list.
        let inner = match &value.node {
            Node::Value(of) if of.form == Form::Any => value.node,
            Node::List(_) => {
                let list = simple("values", value.node, true);
                let list = Node::Object(vec![list].into());
                Node::Object(vec![simple("arrayValue", list, true)].into())
            }
            _ => Node::Object(vec![simple("stringValue", value.node, true)].into()),
        };
        let value = simple("value", inner, true);
        Ok(Row {
            key: Str::default(),
            when,
            need: false,
            full,
            node: Node::Object(vec![name, value].into()),
        })
    }

    fn row(&self, row: &SourceRow, key: &str, depth: u8) -> Compiled<Row> {
        let path = |text: &str| path(text, depth).map_err(|message| (text.to_owned(), message));
        let node = match row {
            SourceRow { value: Some(json), .. } => Node::Constant(Cow::Owned(json.to_string())),
            SourceRow { object: Some(rows), .. } => Node::Object(self.object(rows, depth)?),
            SourceRow { list: Some(rows), .. } => Node::List(self.plain(rows, depth)?),
            SourceRow { text: Some(rows), .. } => Node::Text(owned(&row.between), self.plain(rows, depth)?),
            SourceRow { each: Some(each), .. } => Node::Each(path(each)?, self.plain(&row.rows, depth + 1)?),
            SourceRow { rest: Some(rest), .. } => Node::Rest(Rest {
                of: path(rest)?,
                except: row.except.iter().map(|key| owned(key)).collect(),
                attributes: row.attributes.as_deref().map(owned),
            }),
            SourceRow { from: Some(from), .. } => {
                let from = match from {
                    OneOrMany::One(one) => std::slice::from_ref(one),
                    OneOrMany::Many(many) => many,
                };
                Node::Value(Value {
                    from: from.iter().map(|text| path(text)).collect::<Result<_, _>>()?,
                    part: part(&row.part).map_err(|message| (row.to.clone(), message))?,
                    form: self.form(row),
                    otherwise: row.otherwise.as_ref().map(|json| Cow::Owned(json.to_string())),
                })
            }
            _ => {
                let message = format!("`{}` has none of from, value, object, list, text, each, rest", row.to);
                return Err((row.to.clone(), message));
            }
        };
        Ok(Row {
            key: owned(key),
            when: when(&row.when, depth)?,
            need: row.need,
            full: row.full,
            node,
        })
    }

    fn form(&self, row: &SourceRow) -> Form {
        match (&row.table, row.form) {
            (Some(SourceTable::Own(table)), _) => {
                let rows = table
                    .iter()
                    .map(|(text, json)| (owned(text), Cow::Owned(json.to_string())));
                Form::Table(rows.collect())
            }
            (Some(SourceTable::Of(table)), _) => self.of_attack(&[*table]),
            (Some(SourceTable::Chain(tables)), _) => self.of_attack(tables),
            (None, None) if row.attribute.is_some() => Form::Any,
            (None, None | Some(SourceForm::String)) => Form::String,
            (None, Some(SourceForm::Integer)) => Form::Integer,
            (None, Some(SourceForm::Port)) => Form::Port,
            (None, Some(SourceForm::Ip)) => Form::Ip,
            (None, Some(SourceForm::Json)) => Form::Json,
            (None, Some(SourceForm::Millis)) => Form::Millis,
            (None, Some(SourceForm::Nanos)) => Form::Nanos,
            (None, Some(SourceForm::Time)) => Form::Time,
            (None, Some(SourceForm::Any)) => Form::Any,
        }
    }

    /// Tables of `attack.yaml` as one.
    fn of_attack(&self, tables: &[OfAttack]) -> Form {
        let mut tables = tables.iter().map(|table| table.rows(self.attack));
        let mut rows = tables.next().unwrap_or_default();
        for next in tables {
            let found = |key: &Str| next.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
            rows = rows
                .into_iter()
                .filter_map(|(key, value)| Some((key, found(value)?)))
                .collect();
        }
        let rows = rows.into_iter();
        Form::Table(
            rows.map(|(key, value)| (key.clone(), owned(&Json::from(value.as_ref()).to_string())))
                .collect(),
        )
    }
}

/// No key comes twice: the rest leaves out what the object has from other rows.
fn exclude(rows: &mut [Row]) {
    let keys: Vec<Str> = rows.iter().map(|row| row.key.clone()).collect();
    for row in rows {
        match &mut row.node {
            Node::Rest(rest) => {
                let other = keys.iter().filter(|key| !key.is_empty());
                rest.except.to_mut().extend(other.cloned());
            }
            Node::Object(rows) => exclude(rows.to_mut()),
            _ => {}
        }
    }
}

fn part(source: &BTreeMap<String, String>) -> Result<Part, String> {
    let mut parts = source.iter();
    let part = match parts.next() {
        None => Part::Whole,
        Some((name, text)) => {
            let text = owned(text);
            match name.as_str() {
                "before" => Part::Before(text),
                "after" => Part::After(text),
                "before_last" => Part::BeforeLast(text),
                "after_last" => Part::AfterLast(text),
                "with" => Part::With(text),
                _ => {
                    return Err(format!(
                        "`{name}` is no part: before, after, before_last, after_last, with"
                    ));
                }
            }
        }
    };
    match parts.next() {
        None => Ok(part),
        Some(_) => Err("`part` has one key".into()),
    }
}

/// Conditions as elsewhere in the catalog, on paths.
fn when(conditions: &[Condition], depth: u8) -> Compiled<List<When>> {
    let mut compiled = Vec::new();
    let mut add = |name: &str, patterns: &[String]| -> Compiled<()> {
        let (not, name) = match name.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, name),
        };
        compiled.push(When {
            path: path(name, depth).map_err(|message| (name.to_owned(), message))?,
            any: patterns.iter().map(|text| pattern(text)).collect(),
            not,
        });
        Ok(())
    };
    for condition in conditions {
        match condition {
            Condition::Presence(name) => add(name, &[])?,
            Condition::Match(pairs) => {
                for (name, patterns) in pairs {
                    match patterns {
                        OneOrMany::One(one) => add(name, std::slice::from_ref(one))?,
                        OneOrMany::Many(many) => add(name, many)?,
                    }
                }
            }
        }
    }
    Ok(compiled.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttackMitigation, Technique};

    fn compiled(rows: &str) -> Result<Node, String> {
        let text = format!("schema: x\ntitle: X\nversion: '1'\nmark: {{/a: b}}\nobject:\n{rows}");
        let source: Source = serde_yaml_ng::from_str(&text).map_err(|error| error.to_string())?;
        let compiled = compile(&source, &Attack::default());
        compiled
            .map(|(mapping, _)| mapping.body)
            .map_err(|(_, message)| message)
    }

    #[test]
    fn dotted_keys_are_objects_in_objects() {
        let Ok(Node::Object(rows)) = compiled("- {to: a.b, value: 1}\n- {to: c, value: 2}\n- {to: a.d, from: /x}\n")
        else {
            panic!("it is right");
        };
        let keys = |rows: &[Row]| rows.iter().map(|row| row.key.to_string()).collect::<Vec<_>>();
        assert_eq!(keys(&rows), ["a", "c"]);
        let Node::Object(inner) = &rows[0].node else {
            panic!("{:?}", rows[0]);
        };
        assert_eq!(keys(inner), ["b", "d"]);
    }

    #[test]
    fn the_rest_leaves_out_what_other_rows_write() {
        let Ok(Node::Object(rows)) = compiled("- {to: a, value: 1}\n- {rest: /, except: [b]}\n") else {
            panic!("it is right");
        };
        let Node::Rest(rest) = &rows[1].node else {
            panic!("{:?}", rows[1]);
        };
        assert_eq!(*rest.except, ["b", "a"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (rows, message) in [
            ("- {to: a, from: x}", "is no path"),
            ("- {to: a, from: ./x}", "is in no such `each`"),
            ("- {to: a}", "has none of from"),
            ("- {value: 1}", "has a key"),
            (
                "- {to: a, value: 1}\n- {to: b, value: 1}\n- {to: a, value: 1}",
                "in two places",
            ),
            ("- {to: a, value: 1}\n- {to: a.b, value: 1}", "is no object"),
            ("- {to: a, list: [{to: b, value: 1}]}", "is in no object"),
            ("- {to: a, from: /x, part: {middle: y}}", "is no part"),
            ("- {to: a, from: /x, as: float}", "unknown variant"),
        ] {
            match compiled(rows) {
                Err(said) => assert!(said.contains(message), "{rows}: {said}"),
                Ok(body) => panic!("{rows}: {body:?}"),
            }
        }
    }

    #[test]
    fn tables_of_attack_follow_each_other() {
        let technique = |id: &str, mitigations: &[&str]| Technique {
            id: owned(id),
            name: Str::default(),
            tactics: List::default(),
            mitigations: mitigations.iter().map(|id| owned(id)).collect(),
            superseded_by: None,
        };
        let mitigation = |id: &str, name: &str| AttackMitigation {
            id: owned(id),
            name: owned(name),
            d3fend: List::default(),
        };
        let attack = Attack {
            techniques: vec![technique("T1", &["M2", "M1"]), technique("T2", &[])].into(),
            mitigations: vec![mitigation("M1", "One"), mitigation("M2", "Two")].into(),
            ..Attack::default()
        };
        let compiler = Compiler { attack: &attack };
        for (tables, found) in [
            (&[OfAttack::FirstMitigation][..], "\"M2\""),
            (&[OfAttack::FirstMitigation, OfAttack::Mitigations], "\"Two\""),
        ] {
            let expected = Form::Table(vec![(owned("T1"), owned(found))].into());
            assert_eq!(compiler.of_attack(tables), expected);
        }
    }

    #[test]
    fn keys_of_paths_may_hold_slashes() {
        let path = path("/output_fields/json.value[~1a]", 0);
        let keys = path.map(|path| path.keys.iter().map(|key| key.to_string()).collect::<Vec<_>>());
        assert_eq!(keys, Ok(vec!["output_fields".to_owned(), "json.value[/a]".to_owned()]));
    }
}
