//! Environment variables in a Vector configuration.

/// Fills in `$NAME`, `${NAME}` and `${NAME:-default}`, before anything else is read, as Vector does. `$$` is a `$`.
pub(super) fn fill(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            filled.push('$');
            rest = after;
            continue;
        }
        let (name, default, after) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, after)) => {
                // `:-` also stands in for an empty value, `-` only for none.
                let end = inner.find([':', '-', '?']).unwrap_or(inner.len());
                let (name, default) = inner.split_at(end);
                let value = variable(name);
                let default = match default.strip_prefix(":-") {
                    Some(default) if value.as_deref().unwrap_or_default().is_empty() => Some(default),
                    Some(_) => None,
                    None => default.strip_prefix('-').filter(|_| value.is_none()),
                };
                (name, default, after)
            }
            None => {
                let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
                let (name, after) = after.split_at(end.unwrap_or(after.len()));
                (name, None, after)
            }
        };
        rest = after;
        if name.is_empty() {
            filled.push('$');
            continue;
        }
        let value = match default {
            Some(default) => Some(default.to_owned()),
            None => variable(name),
        };
        filled.push_str(&value.ok_or_else(|| format!("the variable {name} is not set"))?);
    }
    Ok(filled + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let variable = |name: &str| match name {
            "A" | "a.b" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, filled) in [
            ("$A-${A} $a.b", "1-1 1"),
            ("${B:-2}${B-3}${EMPTY:-4}${EMPTY-5}${A:-6}", "2341"),
            ("$$A 5$ a", "$A 5$ a"),
            ("", ""),
        ] {
            assert_eq!(fill(text, variable).unwrap(), filled, "{text}");
        }
        for text in ["$B", "${B}", "${B:?why}"] {
            assert_eq!(fill(text, variable).unwrap_err(), "the variable B is not set");
        }
    }
}
