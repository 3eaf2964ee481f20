//! Templates: `{name}`, `{name|fallback}`, `{? optional part ?}`, `{{`, `}}`.

use std::borrow::Cow;

use crate::model::{Hole, ParamId, Piece, Template};

/// Parses a template; `param` finds (or declares) the parameter of a name.
pub(crate) fn parse(text: &str, param: &mut dyn FnMut(&str) -> Result<ParamId, String>) -> Result<Template, String> {
    let mut rest = text;
    let pieces = pieces(&mut rest, param, false)?;
    Ok(Template(Cow::Owned(pieces)))
}

/// What a template may look like when it is filled in: a letter in each place.
pub(crate) fn sample(template: &Template) -> String {
    fn write(pieces: &[Piece], text: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Hole(_) => text.push('x'),
                Piece::Optional(inner) => write(inner, text),
            }
        }
    }
    let mut text = String::new();
    write(&template.0, &mut text);
    text
}

fn pieces(
    rest: &mut &str,
    param: &mut dyn FnMut(&str) -> Result<ParamId, String>,
    optional: bool,
) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let flush = |literal: &mut String, pieces: &mut Vec<Piece>| {
        if !literal.is_empty() {
            pieces.push(Piece::Text(Cow::Owned(std::mem::take(literal))));
        }
    };
    loop {
        if rest.is_empty() {
            if optional {
                return Err("`{?` without `?}`".into());
            }
            break;
        }
        if optional && rest.starts_with("?}") {
            *rest = &rest[2..];
            break;
        }
        if let Some(tail) = rest.strip_prefix("{{") {
            literal.push('{');
            *rest = tail;
        } else if let Some(tail) = rest.strip_prefix("}}") {
            literal.push('}');
            *rest = tail;
        } else if let Some(tail) = rest.strip_prefix("{?") {
            if optional {
                return Err("an optional part inside an optional part".into());
            }
            flush(&mut literal, &mut pieces);
            *rest = tail;
            let inner = self::pieces(rest, param, true)?;
            if !inner.iter().any(|p| matches!(p, Piece::Hole(_))) {
                return Err("an optional part without a hole".into());
            }
            pieces.push(Piece::Optional(Cow::Owned(inner)));
        } else if let Some(tail) = rest.strip_prefix('{') {
            let end = tail.find('}').ok_or("`{` without `}` (a literal brace is `{{`)")?;
            let (name, fallback) = match tail[..end].split_once('|') {
                Some((name, fallback)) => (name, Some(fallback)),
                None => (&tail[..end], None),
            };
            flush(&mut literal, &mut pieces);
            let starts_line = |text: &str| text.ends_with(": ") || text.ends_with("- ");
            let opens = match pieces.last() {
                Some(Piece::Text(text)) => starts_line(text),
                _ => false,
            };
            let after = &tail[end + 1..];
            pieces.push(Piece::Hole(Hole {
                param: param(name)?,
                fallback: fallback.map(|f| Cow::Owned(f.to_owned())),
                scalar: opens && (after.is_empty() || after.starts_with('\n')),
            }));
            *rest = after;
        } else if rest.starts_with('}') {
            return Err("`}` without `{` (a literal brace is `}}`)".into());
        } else {
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(i, c)| matches!(c, '{' | '}') || (optional && rest[*i..].starts_with("?}")))
                .map_or(rest.len(), |(i, _)| i);
            literal.push_str(&rest[..end]);
            *rest = &rest[end..];
        }
    }
    flush(&mut literal, &mut pieces);
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_names(text: &str) -> Result<(Template, Vec<String>), String> {
        let mut names = Vec::new();
        let template = parse(text, &mut |name| {
            names.push(name.to_owned());
            Ok((names.len() - 1) as ParamId)
        })?;
        Ok((template, names))
    }

    #[test]
    fn holes_fallbacks_optional_parts_and_braces() {
        let (template, names) = parse_names("{user.name|somebody} ran {{x}}{? in {k8s.ns.name}?}.").unwrap();
        assert_eq!(names, ["user.name", "k8s.ns.name"]);
        assert_eq!(template.0.len(), 4);
        assert!(matches!(&template.0[1], Piece::Text(t) if t == " ran {x}"));
        assert!(matches!(&template.0[2], Piece::Optional(inner) if inner.len() == 2));
    }

    #[test]
    fn a_hole_that_is_a_whole_yaml_scalar_is_known_as_one() {
        let (template, _) = parse_names("a: {x}\nb: p-{y}\n").unwrap();
        let scalars: Vec<bool> = template
            .0
            .iter()
            .filter_map(|p| match p {
                Piece::Hole(hole) => Some(hole.scalar),
                _ => None,
            })
            .collect();
        assert_eq!(scalars, [true, false]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("{x", "without `}`"),
            ("x}", "without `{`"),
            ("{? {x}", "without `?}`"),
            ("{? x ?}", "without a hole"),
            ("{?{x}{?{y}?}?}", "inside an optional part"),
        ] {
            let error = parse_names(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
