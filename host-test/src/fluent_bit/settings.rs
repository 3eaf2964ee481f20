//! The wasm filters of a Fluent Bit configuration, and what is wrong with them.

mod classic;
mod yaml;

use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use anyhow::Result;

use crate::misuse::Misuse;
use bewit_catalog::nearest::nearest;

/// The least that Fluent Bit takes for heap and stack, and its default.
const LEAST: u64 = 8192;

/// Properties of the filter `wasm`, then those of every filter.
const PROPERTIES: [&str; 12] = [
    "wasm_path",
    "function_name",
    "event_format",
    "accessible_paths",
    "wasm_heap_size",
    "wasm_stack_size",
    "name",
    "match",
    "match_regex",
    "alias",
    "log_level",
    "log_suppress_interval",
];

/// A filter as it is configured.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// How messages call it.
    pub(super) place: String,
    /// Tags of the records that it gets.
    pub(super) tags: Tags,
    pub(super) wasm_path: PathBuf,
    pub(super) function_name: String,
}

/// Which records a filter gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// Those of its input.
    All,
    /// Those whose tag matches, `*` standing for anything.
    Match(String),
    /// Those whose tag matches a regular expression.
    Regex(String),
}

/// A plugin's section: where it stands, and its properties.
struct Section {
    place: String,
    properties: Vec<(String, String)>,
    /// It is a processor of an input, which needs no `match`.
    processor: bool,
}

/// What a file says.
#[derive(Default)]
struct File {
    /// Filters, and the processors that may stand for them, whatever their name.
    sections: Vec<Section>,
    /// `env` and `@SET`.
    variables: Vec<(String, String)>,
    /// Files that it includes. They are not read.
    includes: Vec<String>,
}

/// The wasm filters of a configuration file, in the order in which they run.
pub(super) fn read(file: &Path) -> Result<Vec<Filter>> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| Misuse(format!("cannot read the Fluent Bit configuration {name}: {error}")))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    filters(&text, is_yaml(file), folder).map_err(|mistake| Misuse(format!("{name}: {mistake}")).into())
}

/// Fluent Bit itself goes by the name.
fn is_yaml(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn filters(text: &str, is_yaml: bool, folder: &Path) -> Result<Vec<Filter>, String> {
    let File {
        sections,
        variables,
        includes,
    } = if is_yaml {
        yaml::read(text)?
    } else {
        classic::read(text)?
    };
    let filters = sections
        .into_iter()
        .filter(|section| {
            section
                .get("name")
                .is_some_and(|name| name.eq_ignore_ascii_case("wasm"))
        })
        .map(|section| section.filter(&variables, folder))
        .collect::<Result<Vec<_>, _>>()?;
    match (filters.as_slice(), includes.as_slice()) {
        ([], []) => Err("it has no filter `wasm`".to_owned()),
        ([], includes) => Err(format!(
            "it has no filter `wasm` of its own, and what it includes is not read ({}): name the file that has the filter",
            includes.join(", ")
        )),
        _ => Ok(filters),
    }
}

impl Section {
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    fn filter(&self, variables: &[(String, String)], folder: &Path) -> Result<Filter, String> {
        let fail = |what: String| Err(format!("{}: {what}", self.place));
        for (key, _) in &self.properties {
            if !PROPERTIES.contains(&key.as_str()) {
                let meant = nearest(key, PROPERTIES, 1);
                let meant = meant
                    .first()
                    .map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
                return fail(format!("the filter `wasm` has no property `{key}`{meant}"));
            }
        }
        let value = |key: &str| match self.get(key) {
            Some(value) => translate(value, variables)
                .map(Some)
                .map_err(|error| format!("{}: {key}: {error}", self.place)),
            None => Ok(None),
        };
        let format = value("event_format")?.unwrap_or_else(|| "json".to_owned());
        if format.eq_ignore_ascii_case("msgpack") {
            return fail(
                "event_format msgpack: Fluent Bit reads what a filter returns up to its first zero byte, which cuts \
                 records and loses others; use json, the default"
                    .to_owned(),
            );
        }
        if !format.eq_ignore_ascii_case("json") {
            return fail(format!("event_format {format}: unknown, expected json"));
        }
        for key in ["wasm_heap_size", "wasm_stack_size"] {
            let Some(text) = value(key)? else {
                continue;
            };
            match size(&text) {
                Some(LEAST..) => {}
                Some(_) => {
                    return fail(format!(
                        "{key} {text}: too small, Fluent Bit takes at least {LEAST}, its default"
                    ));
                }
                None => return fail(format!("{key} {text}: no size, expected bytes such as {LEAST} or 64k")),
            }
        }
        let tags = match (value("match")?, value("match_regex")?) {
            _ if self.processor => Tags::All,
            (_, Some(regex)) => Tags::Regex(regex),
            (Some(pattern), None) => Tags::Match(pattern),
            (None, None) => return fail("no `match`: the filter gets no record".to_owned()),
        };
        let Some(wasm_path) = value("wasm_path")? else {
            return fail("no `wasm_path`: which module?".to_owned());
        };
        let Some(function_name) = value("function_name")? else {
            return fail("no `function_name`: which function of the module? bewit's is `bewit`".to_owned());
        };
        Ok(Filter {
            place: self.place.clone(),
            tags,
            wasm_path: folder.join(wasm_path),
            function_name,
        })
    }
}

/// A value with its `${VARIABLES}` filled in.
fn translate(value: &str, variables: &[(String, String)]) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        let (name, default) = match name.split_once(":-") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (name, None),
        };
        let known = variables.iter().find(|(variable, _)| variable == name);
        let known = known.map(|(_, value)| value.clone()).or_else(|| env::var(name).ok());
        let known = known.filter(|value| default.is_none() || !value.is_empty()).or(default);
        text.push_str(before);
        text.push_str(&known.ok_or_else(|| format!("the variable {name} is not set"))?);
        rest = after;
    }
    Ok(text + rest)
}

/// Bytes, with the units of Fluent Bit.
fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_suffix('b').unwrap_or(&text);
    let (number, unit) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1000),
        b'm' => (&text[..text.len() - 1], 1_000_000),
        b'g' => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    number.trim().parse::<u64>().ok()?.checked_mul(unit)
}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Match(pattern) => write!(f, "match {pattern}"),
            Self::Regex(regex) => write!(f, "match_regex {regex}"),
        }
    }
}

impl Tags {
    /// Whether a filter gets the records of a tag. Regular expressions are not evaluated: they match.
    pub(super) fn take(&self, tag: &str) -> bool {
        match self {
            Self::All | Self::Regex(_) => true,
            Self::Match(pattern) => matches(pattern.as_bytes(), tag.as_bytes()),
        }
    }
}

/// Whether a pattern, in which `*` stands for anything, matches a whole tag.
fn matches(pattern: &[u8], tag: &[u8]) -> bool {
    let (mut pattern, mut tag) = (pattern, tag);
    // Where to go on if what follows the last star does not match here.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), tag.split_first()) {
            (Some((b'*', after)), _) => {
                star = Some((after, tag));
                pattern = after;
            }
            (Some((expected, after)), Some((byte, rest))) if expected == byte => (pattern, tag) = (after, rest),
            (None, None) => return true,
            _ => match star {
                Some((after, [_, rest @ ..])) => {
                    star = Some((after, rest));
                    (pattern, tag) = (after, rest);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "service:\n  flush: 1\npipeline:\n  inputs:\n    - name: dummy\n  filters:\n    - name: modify\n      match: '*'\n    - name: wasm\n      match: falco.*\n      wasm_path: bewit.wasm\n      function_name: bewit\n";
    const CLASSIC: &str = "[SERVICE]\n    Flush 1\n# a remark\n[FILTER]\n    Name    wasm\n    Match   falco.*\n    WASM_Path  bewit.wasm\n    Function_Name bewit\n";

    fn yaml(text: &str) -> Result<Vec<Filter>, String> {
        filters(text, true, Path::new("/etc/fluent-bit"))
    }

    fn mistake(text: &str) -> String {
        yaml(text).unwrap_err()
    }

    #[test]
    fn both_forms_are_read() {
        let filter = |place: &str| Filter {
            place: place.to_owned(),
            tags: Tags::Match("falco.*".to_owned()),
            wasm_path: "/etc/fluent-bit/bewit.wasm".into(),
            function_name: "bewit".to_owned(),
        };
        assert_eq!(yaml(YAML).unwrap(), [filter("pipeline.filters[1]")]);
        let classic = filters(CLASSIC, false, Path::new("/etc/fluent-bit"));
        assert_eq!(classic.unwrap(), [filter("the [FILTER] in line 4")]);
    }

    #[test]
    fn keys_may_be_written_in_camel_case_and_processors_count() {
        let text = "pipeline:\n  inputs:\n    - name: tail\n      processors:\n        logs:\n          - name: wasm\n            wasmPath: /b.wasm\n            functionName: bewit\n";
        let filters = yaml(text).unwrap();
        assert_eq!(filters[0].tags, Tags::All);
        assert_eq!(filters[0].wasm_path, Path::new("/b.wasm"));
        let said = mistake(&text.replace("inputs", "outputs"));
        assert!(
            said.contains("as a processor of an output, `wasm` drops every record"),
            "{said}"
        );
    }

    #[test]
    fn variables_are_filled_in() {
        let text = format!(
            "env:\n  MODULES: /modules\n{}",
            YAML.replace(": bewit.wasm", ": ${MODULES}/b.wasm")
        );
        assert_eq!(yaml(&text).unwrap()[0].wasm_path, Path::new("/modules/b.wasm"));
        let text = YAML.replace("bewit.wasm", "${BEWIT_NOT_SET:-/d}/b.wasm");
        assert_eq!(yaml(&text).unwrap()[0].wasm_path, Path::new("/d/b.wasm"));
        let said = mistake(&YAML.replace("bewit.wasm", "${BEWIT_NOT_SET}/b.wasm"));
        assert_eq!(
            said,
            "pipeline.filters[1]: wasm_path: the variable BEWIT_NOT_SET is not set"
        );
        let text = format!("@SET M=/m\n{}", CLASSIC.replace("bewit.wasm", "${M}/b.wasm"));
        let filters = filters(&text, false, Path::new("")).unwrap();
        assert_eq!(filters[0].wasm_path, Path::new("/m/b.wasm"));
    }

    #[test]
    fn misuse_is_named() {
        let with = |line: &str| mistake(&format!("{YAML}      {line}\n"));
        for (line, said) in [
            ("event_format: msgpack", "event_format msgpack: Fluent Bit reads"),
            ("event_format: xml", "event_format xml: unknown"),
            ("wasm_heap_size: 4k", "wasm_heap_size 4k: too small"),
            ("wasm_stack_size: lots", "wasm_stack_size lots: no size"),
            (
                "function: bewit",
                "no property `function`; did you mean `function_name`?",
            ),
        ] {
            let mistake = with(line);
            assert!(
                mistake.starts_with("pipeline.filters[1]: ") && mistake.contains(said),
                "{mistake}"
            );
        }
        for (line, said) in [
            ("      match: falco.*\n", "no `match`"),
            ("      wasm_path: bewit.wasm\n", "no `wasm_path`"),
            ("      function_name: bewit\n", "no `function_name`"),
        ] {
            let mistake = mistake(&YAML.replace(line, ""));
            assert!(mistake.contains(said), "{line}: {mistake}");
        }
        assert_eq!(
            mistake(&YAML.replace("name: wasm", "name: lua")),
            "it has no filter `wasm`"
        );
        let said = mistake("includes:\n  - filters.yaml\n");
        assert!(said.contains("is not read (filters.yaml)"), "{said}");
        assert!(mistake("a: [").contains("no YAML"));
        let said = filters("[FILTER]\n  Name\n", false, Path::new("")).unwrap_err();
        assert_eq!(said, "line 2: `Name` has no value");
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("8192", 8192),
            ("64k", 64_000),
            ("1M", 1_000_000),
            ("1MB", 1_000_000),
            ("2 G", 2_000_000_000),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "k", "-1", "1.5k", "auto"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn tags_match_as_a_whole() {
        for (pattern, tag) in [
            ("*", "falco"),
            ("*", ""),
            ("falco.*", "falco."),
            ("*.falco.*log", "kube.falco.x.log"),
            ("a*b*c", "a1b2b3c"),
        ] {
            assert!(matches(pattern.as_bytes(), tag.as_bytes()), "{pattern} {tag}");
        }
        for (pattern, tag) in [("falco", "falco.x"), ("falco.*", "falco"), ("a*b*c", "a1b2"), ("", "x")] {
            assert!(!matches(pattern.as_bytes(), tag.as_bytes()), "{pattern} {tag}");
        }
    }
}
