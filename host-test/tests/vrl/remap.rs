//! Runs what `bewit vector export` wrote, with the library that Vector runs it with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use vrl::compiler::prelude::*;
use vrl::compiler::runtime::Runtime;
use vrl::compiler::{Program, TargetValue, compile};
use vrl::diagnostic::Formatter;
use vrl::value::Secrets;

/// A compiled program, and what an event has been while it ran.
pub(crate) struct Vector {
    program: Program,
    runtime: Runtime,
}

/// What became of an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Fate {
    /// It goes on as this.
    Event(Json),
    /// The program asked to drop it.
    Dropped,
}

impl Vector {
    /// Compiles the program of a folder.
    pub(crate) fn load(folder: &Path) -> Self {
        let source = fs::read_to_string(folder.join("bewit.vrl")).unwrap();
        let tables = folder.join("tables");
        let mut functions = vrl::stdlib::all();
        if tables.exists() {
            functions.push(lookup(&tables));
        }
        let compiled = compile(&source, &functions).unwrap_or_else(|errors| {
            let errors = Formatter::new(&source, errors).to_string();
            panic!("{}", errors.chars().take(8000).collect::<String>());
        });
        // Vector logs them each time it starts.
        let warnings = Formatter::new(&source, compiled.warnings).to_string();
        assert_eq!(warnings, "", "{}", folder.display());
        Self {
            program: compiled.program,
            runtime: Runtime::default(),
        }
    }

    /// Runs the program on an event, as Vector does.
    pub(crate) fn remap(&mut self, event: &Json) -> Fate {
        let mut target = TargetValue {
            value: Value::from(event.clone()),
            metadata: Value::Object(ObjectMap::new()),
            secrets: Secrets::new(),
        };
        let done = self.runtime.resolve(&mut target, &self.program, &TimeZone::default());
        self.runtime.clear();
        match done {
            Ok(_) => Fate::Event(serde_json::to_value(&target.value).unwrap()),
            Err(vrl::compiler::runtime::Terminate::Abort(_)) => Fate::Dropped,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Looks up in the tables of a folder.
pub(crate) fn lookup(tables: &Path) -> Box<dyn Function> {
    Box::new(Lookup(Arc::new(read(tables))))
}

type Tables = BTreeMap<String, BTreeMap<String, String>>;

fn read(folder: &Path) -> Tables {
    let mut tables = Tables::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        tables.insert(format!("bewit_{name}"), rows(&fs::read_to_string(&path).unwrap()));
    }
    tables
}

/// Rows of two quoted columns, by the first.
fn rows(csv: &str) -> BTreeMap<String, String> {
    let rows = csv.strip_prefix("key,data\n").unwrap().lines();
    let rows = rows.map(|row| {
        let row = row.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let (key, data) = row.split_once("\",\"").unwrap();
        (key.replace("\"\"", "\""), data.replace("\"\"", "\""))
    });
    rows.collect()
}

/// Vector's `get_enrichment_table_record`, as far as the program uses it: that function is not in the library.
#[derive(Debug)]
struct Lookup(Arc<Tables>);

impl Function for Lookup {
    fn identifier(&self) -> &'static str {
        "get_enrichment_table_record"
    }

    fn usage(&self) -> &'static str {
        ""
    }

    fn category(&self) -> &'static str {
        "Enrichment"
    }

    fn return_kind(&self) -> u16 {
        kind::OBJECT
    }

    fn parameters(&self) -> &'static [Parameter] {
        const PARAMETERS: &[Parameter] = &[
            Parameter::required("table", kind::BYTES, ""),
            Parameter::required("condition", kind::OBJECT, ""),
        ];
        PARAMETERS
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn compile(&self, _: &TypeState, _: &mut FunctionCompileContext, arguments: ArgumentList) -> Compiled {
        Ok(LookupFn {
            tables: Arc::clone(&self.0),
            table: arguments.required("table"),
            condition: arguments.required("condition"),
        }
        .as_expr())
    }
}

#[derive(Debug, Clone)]
struct LookupFn {
    tables: Arc<Tables>,
    table: Box<dyn Expression>,
    condition: Box<dyn Expression>,
}

impl FunctionExpression for LookupFn {
    fn resolve(&self, ctx: &mut Context) -> Resolved {
        let table = self.table.resolve(ctx)?.try_bytes_utf8_lossy()?.into_owned();
        let condition = self.condition.resolve(ctx)?.try_object()?;
        let key = condition.get("key").cloned().unwrap_or(Value::Null);
        let key = key.try_bytes_utf8_lossy()?.into_owned();
        match self.tables.get(&table).and_then(|rows| rows.get(&key)) {
            Some(data) => Ok(Value::Object(ObjectMap::from([
                ("key".into(), key.into()),
                ("data".into(), data.clone().into()),
            ]))),
            None => Err("no rows found".into()),
        }
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        TypeDef::object(Collection::any()).fallible()
    }
}
