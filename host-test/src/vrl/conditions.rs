//! Conditions of the catalog. Each that is used has an id; the ids of those that hold are worked out once an event, in `h`.
//!
//! `h` is a text and no object, because the compiler of VRL follows every member of an object through every branch.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bewit::catalog::model::{Catalog, Cond, Operand, ParamId, Pattern, Test};

use super::text::{escaped, literal, path};

/// Those that the program asks for, by the code of what makes them hold.
pub(super) struct Conditions<'c> {
    catalog: &'c Catalog,
    /// What is looked at, and the test, with the id.
    ids: BTreeMap<(Subject, String), usize>,
}

/// What a text has before it, a run of any characters, and what it has behind it.
type Around = (&'static str, &'static str, &'static str);
/// All of a text.
pub(super) const WHOLE: Around = ("(?s)^", ".*", "$");

/// Whether a text is one of these.
pub(super) fn any(text: &str, patterns: &[Pattern], (begin, run, end): Around) -> String {
    let one = |pattern: &Pattern| match pattern {
        Pattern::Is(whole) => escaped(whole),
        Pattern::Begins(head) => escaped(head) + run,
        Pattern::Ends(tail) => run.to_owned() + &escaped(tail),
        Pattern::Holds(part) => format!("{run}{}{run}", escaped(part)),
        Pattern::Glob(glob) => glob.split('*').map(escaped).collect::<Vec<_>>().join(run),
    };
    let all: Vec<String> = patterns.iter().map(one).collect();
    format!("match({text}, r'{begin}(?:{}){end}')", all.join("|"))
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Tags,
    Words,
    Param(ParamId),
}

impl<'c> Conditions<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        Self {
            catalog,
            ids: BTreeMap::new(),
        }
    }

    /// The id of a condition: it is in `h` where it holds.
    pub(super) fn id(&mut self, condition: &Cond) -> String {
        let subject = match condition.operand {
            Operand::Param(id) => Subject::Param(id),
            Operand::Tag => Subject::Tags,
            Operand::Word => Subject::Words,
        };
        let next = self.ids.len();
        let id = self.ids.entry((subject, subject.code(&condition.test))).or_insert(next);
        format!("\"c{id}\":true")
    }

    /// The id of the condition that a parameter has a value of its form.
    pub(super) fn present(&mut self, param: ParamId) -> String {
        self.id(&Cond {
            operand: Operand::Param(param),
            test: Test::Present,
        })
    }

    pub(super) fn all(&mut self, conditions: &[Cond]) -> Vec<String> {
        conditions.iter().map(|condition| self.id(condition)).collect()
    }

    /// That all of these hold, as an expression.
    pub(super) fn expression(&mut self, conditions: &[Cond]) -> String {
        let all = self.all(conditions);
        let all: Vec<String> = all.iter().map(|id| format!("contains(h, {})", literal(id))).collect();
        if all.is_empty() {
            "true".to_owned()
        } else {
            all.join(" && ")
        }
    }

    /// That all of these hold, where `h` is not there yet. The text that they look at is in `t`.
    pub(super) fn at_once(&self, conditions: &[Cond]) -> String {
        let mut code = String::from("holds = true\n");
        for condition in conditions {
            let test = &condition.test;
            match condition.operand {
                Operand::Param(id) => {
                    let value = path("v", self.name(id));
                    let test = Subject::Param(id).code(test);
                    let test = if test.is_empty() {
                        format!("{value}.ok != true")
                    } else {
                        format!("{value}.ok == true && {test}")
                    };
                    let _ = writeln!(code, "t = string({value}.t) ?? \"\"\nholds = holds && {test}");
                }
                Operand::Tag => {
                    let _ = writeln!(code, "holds = holds && {}", Subject::Tags.code(test));
                }
                Operand::Word => {
                    let _ = writeln!(code, "holds = holds && {}", Subject::Words.code(test));
                }
            }
        }
        code
    }

    fn name(&self, param: ParamId) -> &'c str {
        self.catalog
            .params
            .get(usize::from(param))
            .map_or("", |param| &param.name)
    }

    /// Works out all that was asked for, with as few branches as can be.
    pub(super) fn code(&self) -> String {
        let mut code = String::from("h = \"\"\n");
        let mut ids = self.ids.iter().peekable();
        while let Some(((subject, first), id)) = ids.next() {
            let mut tests = vec![(first, id)];
            while let Some(((_, test), id)) = ids.next_if(|((next, _), _)| next == subject) {
                tests.push((test, id));
            }
            let absent = tests.iter().find(|(test, _)| test.is_empty());
            let there: Vec<String> = tests
                .iter()
                .filter(|(test, _)| !test.is_empty())
                .map(|(test, id)| format!("\"c{id}\": {test}"))
                .collect();
            let there = format!("h = h + encode_json({{{}}})", there.join(", "));
            match *subject {
                Subject::Param(param) => {
                    let value = path("v", self.name(param));
                    let _ = writeln!(
                        code,
                        "if {value}.ok == true {{\n  t = string({value}.t) ?? \"\"\n  {there}\n}}"
                    );
                    if let Some((_, id)) = absent {
                        let _ = writeln!(code, "h = h + encode_json({{\"c{id}\": {value}.ok != true}})");
                    }
                }
                Subject::Tags | Subject::Words => {
                    let _ = writeln!(code, "{there}");
                }
            }
        }
        code
    }
}

impl Subject {
    /// A test of it: of a parameter with a value that has its form in `t`, and empty where the test is that there is
    /// none.
    fn code(self, test: &Test) -> String {
        // Tags and words stand on lines of their own, with line breaks around all of them.
        const LINE: Around = (r"\n", r"[^\n]*", r"\n");
        let (text, around, present) = match self {
            Self::Tags => ("tagged", LINE, r"match(tagged, r'[^\n]')"),
            Self::Words => ("named", LINE, r"match(named, r'[^\n]')"),
            Self::Param(_) => ("t", WHOLE, "true"),
        };
        let any = |patterns: &[Pattern]| any(text, patterns, around);
        match (self, test) {
            (_, Test::Present) => present.to_owned(),
            (Self::Param(_), Test::Absent) => String::new(),
            (_, Test::Absent) => format!("!{present}"),
            (_, Test::AnyOf(patterns)) => any(patterns),
            (Self::Param(_), Test::NoneOf(patterns)) => format!("!{}", any(patterns)),
            (_, Test::NoneOf(patterns)) => format!("({present} && !{})", any(patterns)),
        }
    }
}
