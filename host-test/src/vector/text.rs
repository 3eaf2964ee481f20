//! Pieces of VRL.

use std::fmt::Write as _;

/// A string literal. `{` is escaped, too: two of them would begin a template.
pub(super) fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\0' => literal.push_str("\\0"),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

/// An array of string literals.
pub(super) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(literal).collect();
    format!("[{}]", texts.join(", "))
}

/// A literal text inside a regular expression literal.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == ' ' || !c.is_ascii() => escaped.push(c),
            c => {
                let _ = write!(escaped, "\\x{{{:x}}}", u32::from(c));
            }
        }
    }
    escaped
}

/// A place for a value below a variable: `v."container.id"`.
pub(super) fn path(variable: &str, name: &str) -> String {
    format!("{variable}.{}", literal(name))
}

/// Runs the code of the one key that a variable is, by narrowing down what is left; nothing where it is none of them.
///
/// VRL has no tables of its own: an object would be made anew for each event.
pub(super) fn search(variable: &str, mut cases: Vec<(String, String)>) -> String {
    cases.sort();
    cases.dedup_by(|second, first| second.0 == first.0);
    let mut code = String::new();
    narrow(variable, &cases, 0, &mut code);
    code
}

/// Branches beside each other. Compiling one takes the longer the deeper it stands, comparing takes time when it runs.
const WIDTH: usize = 8;

fn narrow(variable: &str, cases: &[(String, String)], depth: usize, code: &mut String) {
    let margin = "  ".repeat(depth);
    if cases.len() <= WIDTH {
        for (key, then) in cases {
            let _ = writeln!(code, "{margin}if {variable} == {} {{", literal(key));
            for line in then.lines() {
                let _ = writeln!(code, "{margin}  {line}");
            }
            let _ = writeln!(code, "{margin}}}");
        }
        return;
    }
    for part in cases.chunks(cases.len().div_ceil(WIDTH)) {
        if let (Some((first, _)), Some((last, _))) = (part.first(), part.last()) {
            let (first, last) = (literal(first), literal(last));
            let _ = writeln!(code, "{margin}if {variable} >= {first} && {variable} <= {last} {{");
            narrow(variable, part, depth + 1, code);
            let _ = writeln!(code, "{margin}}}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_hold_any_text() {
        assert_eq!(literal("a\"b\\{{c}}\n"), r#""a\"b\\\{\{c}}\n""#);
        assert_eq!(escaped("a.b'c"), r"a\x{2e}b\x{27}c");
    }

    #[test]
    fn a_search_has_a_place_for_each_key() {
        let cases = |keys: &[&str]| {
            keys.iter()
                .map(|key| ((*key).to_owned(), format!("found = {key}")))
                .collect()
        };
        assert_eq!(
            search("key", cases(&["b", "a"])),
            "if key == \"a\" {\n  found = a\n}\nif key == \"b\" {\n  found = b\n}\n"
        );
        let wide = search("key", cases(&["a", "b", "c", "d", "e", "f", "g", "h", "i"]));
        assert!(
            wide.starts_with("if key >= \"a\" && key <= \"b\" {\n  if key == \"a\" {\n    found = a\n  }\n"),
            "{wide}"
        );
    }
}
