//! `bewit.yaml` as people write it, and what exactly is wrong with it.

use std::fmt;

use bewit_catalog::nearest::nearest;

use super::Config;

/// A mistake in a configuration. It prints what follows the file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is, where that is known.
    pub place: Option<Place>,
    /// What is wrong, with the value.
    pub message: String,
    /// The key or value that may have been meant.
    pub meant: Option<String>,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// The whole line.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column, .. }) = &self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(Place { line, column, text }) = &self.place {
            let margin = " ".repeat(line.to_string().len());
            write!(
                f,
                "\n {margin} |\n {line} | {text}\n {margin} | {}^",
                " ".repeat(column.saturating_sub(1))
            )?;
        }
        match &self.meant {
            Some(meant) => write!(f, "\ndid you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

impl Config {
    /// Reads a configuration from YAML, or from JSON, which is YAML, too.
    ///
    /// # Errors
    /// The first mistake that was found.
    pub fn from_yaml(text: &str) -> Result<Self, Mistake> {
        // Through an option: an empty file, or one of comments, is a configuration.
        let config: Option<Self> = serde_yaml_ng::from_str(text).map_err(|error| Mistake::of(&error, text))?;
        let config = config.unwrap_or_default();
        check_values(&config).map_err(|(key, message)| Mistake::at_key(text, key, message))?;
        Ok(config)
    }
}

/// What the types cannot say.
fn check_values(config: &Config) -> Result<(), (&'static str, String)> {
    let limits = &config.limits;
    for (key, value) in [
        ("line_bytes", limits.line_bytes),
        ("batch_bytes", limits.batch_bytes),
        ("batch_lines", limits.batch_lines),
    ] {
        // The component counts in 32 bits.
        if value == 0 || u32::try_from(value).is_err() {
            return Err((
                key,
                format!("limits.{key}: {value} is out of range, expected 1 to {}", u32::MAX),
            ));
        }
    }
    Ok(())
}

impl Mistake {
    /// A mistake in what a key says.
    pub fn at_key(text: &str, key: &str, message: String) -> Self {
        Self {
            place: find_key(text, key),
            message,
            meant: None,
        }
    }

    fn of(error: &serde_yaml_ng::Error, text: &str) -> Self {
        let said = error.to_string();
        let message = match said.rsplit_once(" at line ") {
            Some((message, place)) if place.starts_with(|c: char| c.is_ascii_digit()) => message,
            _ => said.as_str(),
        };
        let word = between(message, "unknown field `").or_else(|| between(message, "unknown variant `"));
        let expected = message.split_once("expected ").map_or("", |(_, expected)| expected);
        let meant = word.and_then(|word| {
            nearest(word, expected.split('`').skip(1).step_by(2), 1)
                .first()
                .map(|meant| (*meant).to_owned())
        });
        // An unknown key is reported where its mapping begins, or where its value stands.
        let place = between(message, "unknown field `")
            .and_then(|key| find_key(text, key))
            .or_else(|| {
                let location = error.location()?;
                let line = text.lines().nth(location.line().checked_sub(1)?)?;
                Some(Place {
                    line: location.line(),
                    column: location.column().max(1),
                    text: line.to_owned(),
                })
            });
        Self {
            place,
            message: message.replace("unknown field", "unknown key"),
            meant,
        }
    }
}

/// What stands in `text` between `before` and the next backtick.
fn between<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once('`').map(|(word, _)| word)
}

/// Where a key stands.
fn find_key(text: &str, key: &str) -> Option<Place> {
    text.lines().enumerate().find_map(|(index, line)| {
        let trimmed = line.trim_start_matches([' ', '-', '{', '"', '\'']);
        let rest = trimmed.strip_prefix(key)?.trim_start_matches(['"', '\'']);
        rest.trim_start().starts_with(':').then(|| Place {
            line: index + 1,
            column: line.len() - trimmed.len() + 1,
            text: line.to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        Config::from_yaml(text).unwrap_err().to_string()
    }

    #[test]
    fn nothing_is_a_configuration() {
        for text in ["", "\n", "# nothing yet\n", "---\n", "{}"] {
            assert_eq!(Config::from_yaml(text).unwrap(), Config::default(), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_shown_with_the_one_that_was_meant() {
        assert_eq!(
            mistake("detail: brief\nlimits:\n  line_byte: 1\n"),
            ":3:3: limits: unknown key `line_byte`, expected one of `line_bytes`, `batch_bytes`, `batch_lines`\n   \
             |\n 3 |   line_byte: 1\n   |   ^\ndid you mean `line_bytes`?"
        );
    }

    #[test]
    fn a_wrong_value_is_shown_with_what_was_expected() {
        let said = mistake("# quiet\nmin_priority: warn\n");
        assert!(
            said.starts_with(":2:15: min_priority: unknown variant `warn`, expected one of `emergency`"),
            "{said}"
        );
        assert!(said.ends_with("did you mean `warning`?"), "{said}");
        let said = mistake("keep_raw: maybe\n");
        assert!(
            said.contains("1:11: keep_raw: invalid type: string \"maybe\", expected a boolean"),
            "{said}"
        );
        let said = mistake("limits: {line_bytes: 0}\n");
        assert!(
            said.contains("limits.line_bytes: 0 is out of range, expected 1 to 4294967295"),
            "{said}"
        );
    }

    #[test]
    fn broken_yaml_is_shown() {
        let said = mistake("limits: [\n");
        assert!(said.contains("expected"), "{said}");
    }
}
