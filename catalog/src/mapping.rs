//! How an alert looks in a schema that is not bewit's own: tables of what goes where.
//!
//! A table maps the full native alert (`docs/alert.md`), one JSON object, to one object or line of another schema. It
//! knows few operations, so that whoever interprets it, or generates a program from it, has little to do:
//!
//! - A value that is `null`, empty (text, list or object) or Falco's `<NA>` is as if it were not there.
//! - A part that finds nothing is left out, and so is an object, list or text in which nothing but constants is left
//!   that have no condition.
//! - Of rows with one key, which stand together, the first that finds something counts.
//! - The first path that finds a value which its [`Form`] accepts counts.

use serde::{Deserialize, Serialize};

use crate::model::{List, Pattern, Str};

/// A schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Its name in the configuration: `ocsf`.
    pub name: Str,
    /// For people: `OCSF Detection Finding`.
    pub title: Str,
    /// Its version.
    pub version: Str,
    /// What is written: a [`Node::Object`], or a [`Node::Cef`].
    pub body: Node,
}

/// How a record tells that bewit wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// [`Mapping::name`].
    pub schema: Str,
    /// Keys that lead to a text.
    pub at: List<Str>,
    /// What the text is.
    pub is: Pattern,
}

/// A part of what is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its key in an object; empty elsewhere.
    pub key: Str,
    /// All must hold.
    pub when: List<When>,
    /// Without it, all of the object, list or text it stands in is left out.
    pub need: bool,
    /// It is left out with `detail: brief`.
    pub full: bool,
    /// What stands there.
    pub node: Node,
}

/// What a part is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Node {
    /// JSON, as it stands. In a text, a string's content.
    Constant(Str),
    /// A value of the alert.
    Value(Value),
    /// An object of its rows.
    Object(List<Row>),
    /// A list of its rows; what comes twice is written once.
    List(List<Row>),
    /// Text of its rows, with the first between them. An object or a list is JSON there, and so it is in [`Node::Cef`].
    Text(Str, List<Row>),
    /// A line of CEF.
    Cef(Cef),
    /// The rows once for each element of an array, or each value of an object; in a list or a text. They are elements
    /// or parts of it as if they stood there themselves.
    Each(Path, List<Row>),
    /// What no row before has written whole, in an object or a list.
    Rest(Rest),
}

/// A value of the alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// Where it may be. The first that is there and has the form counts.
    pub from: List<Path>,
    /// Which part of its text.
    pub part: Part,
    /// How it is written.
    pub form: Form,
    /// JSON to write where there is none; a constant.
    pub otherwise: Option<Str>,
}

/// Part of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// All of it.
    Whole,
    /// Up to the first such text; all of it where there is none.
    Before(Str),
    /// Behind the first such text; nothing where there is none.
    After(Str),
    /// Up to the last such text; nothing where there is none, or nothing before it.
    BeforeLast(Str),
    /// Behind the last such text; all of it where there is none.
    AfterLast(Str),
    /// All of it, where there is such a text in it.
    With(Str),
}

/// How a value is written. What has not the form is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Form {
    /// Text. A number, truth value, array or object becomes text with its JSON.
    String,
    /// A whole number of 64 bits with its sign; also from text that is one.
    Integer,
    /// `0` to `65535`.
    Port,
    /// An IPv4 or IPv6 address, as text.
    Ip,
    /// As it came, whatever it is.
    Json,
    /// A time (RFC 3339, or a number of nanoseconds since 1970) as whole milliseconds since 1970.
    Millis,
    /// The same as nanoseconds, as text.
    Nanos,
    /// The same as RFC 3339 in UTC with nanoseconds.
    Time,
    /// OpenTelemetry's `AnyValue`: an object with one key that names the type.
    Any,
    /// JSON from a table, by text, whatever the case of its ASCII letters. What is not in it is not there.
    Table(List<(Str, Str)>),
}

impl Form {
    /// Whether all of a value is still there, so that it is none of [`Rest`].
    pub fn keeps(&self) -> bool {
        !matches!(self, Self::Millis | Self::Table(_))
    }
}

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// From the alert, or from the element that so many [`Node::Each`] further out are at (0 for the innermost).
    pub base: Option<u8>,
    /// Keys. Below `output_fields` there is one, Falco's name for the field: where a pipeline has unfolded
    /// `container.id` to objects, they are folded again.
    pub keys: List<Str>,
}

/// A condition on the alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct When {
    /// What is looked at, as text.
    pub path: Path,
    /// One of these; any value at all where there are none.
    pub any: List<Pattern>,
    /// The condition holds where that does not.
    pub not: bool,
}

/// `CEF:0|..|..`: a header of fields and `key=value` pairs.
///
/// In a header `\` stands before `\` and `|`, and a blank for a line break. In a pair's value `\` stands before `\` and
/// `=`, and line breaks are `\n` and `\r`. Other control characters but the tabulator become blanks: CEF has no escapes
/// for them, and syslog ends at some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cef {
    /// The fields of the header behind the version, in order; all of them are there.
    pub header: List<Row>,
    /// The pairs, by their keys.
    pub extension: List<Row>,
}

/// Members of an object that no row before has written whole: no [`Value`] and no other rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// The object.
    pub of: Path,
    /// Keys that are left out in any case, among them those of other rows in the same object.
    pub except: List<Str>,
    /// For a list: each as an attribute of OpenTelemetry, `{"key": .., "value": AnyValue}`, its key behind this.
    pub attributes: Option<Str>,
}
