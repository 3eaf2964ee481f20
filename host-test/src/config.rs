//! `bewit.yaml`: reading it, and saying exactly what is wrong with it.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Result;
use bewit::Config;

use crate::misuse::Misuse;
use crate::output;
use crate::overlay;
use bewit_catalog::nearest::nearest;

/// Generated from [`Config`] by `cargo xtask schemas`.
const SCHEMA: &str = include_str!("../../schema/config.schema.json");

/// Reads a configuration file.
pub(crate) fn read(file: &Path) -> Result<Config> {
    let text = fs::read_to_string(file)
        .map_err(|error| Misuse(format!("cannot read the configuration {}: {error}", file.display())))?;
    parse(&text).map_err(|mistake| Misuse(format!("{}{mistake}", file.display())).into())
}

/// `bewit config check`
pub(crate) fn check(file: &Path) -> Result<()> {
    let config = read(file)?;
    overlay::load(&overlay::beside(Some(file), &config.overlays), &config.limits)?;
    output::print(&format!("{} is valid\n", file.display()))
}

/// `bewit config schema`
pub(crate) fn schema() -> Result<()> {
    output::print(SCHEMA)
}

/// A value of the configuration by its name in the file, as the command line gives it.
pub(crate) fn value<T: serde::de::DeserializeOwned>(name: String) -> Result<T, String> {
    serde_json::from_value(name.into()).map_err(|error| error.to_string())
}

/// A mistake in a file. It prints what follows the file's name.
#[derive(Debug)]
struct Mistake {
    /// Line and column from 1, and the line.
    place: Option<(usize, usize, String)>,
    message: String,
    meant: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column, _)) = &self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some((line, column, text)) = &self.place {
            let margin = " ".repeat(line.to_string().len());
            write!(
                f,
                "\n {margin} |\n {line} | {text}\n {margin} | {}^",
                " ".repeat(column - 1)
            )?;
        }
        match &self.meant {
            Some(meant) => write!(f, "\ndid you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

fn parse(text: &str) -> Result<Config, Mistake> {
    // Through an option: an empty file, or one of comments, is a configuration.
    let config: Option<Config> = serde_yaml_ng::from_str(text).map_err(|error| Mistake::of(&error, text))?;
    let config = config.unwrap_or_default();
    check_values(&config).map_err(|(key, message)| Mistake {
        place: find_key(text, key),
        message,
        meant: None,
    })?;
    Ok(config)
}

/// What the types cannot say.
fn check_values(config: &Config) -> Result<(), (&'static str, String)> {
    let limits = &config.limits;
    for (key, value) in [
        ("line_bytes", limits.line_bytes),
        ("fields", limits.fields),
        ("batch_bytes", limits.batch_bytes),
        ("batch_lines", limits.batch_lines),
        ("overlay_bytes", limits.overlay_bytes),
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
                Some((location.line(), location.column().max(1), line.to_owned()))
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
fn find_key(text: &str, key: &str) -> Option<(usize, usize, String)> {
    text.lines().enumerate().find_map(|(index, line)| {
        let trimmed = line.trim_start_matches([' ', '-', '{', '"', '\'']);
        let rest = trimmed.strip_prefix(key)?.trim_start_matches(['"', '\'']);
        let column = line.len() - trimmed.len() + 1;
        rest.trim_start()
            .starts_with(':')
            .then(|| (index + 1, column, line.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn nothing_is_a_configuration() {
        for text in ["", "\n", "# nothing yet\n", "---\n", "{}"] {
            assert_eq!(parse(text).unwrap(), Config::default(), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_shown_with_the_one_that_was_meant() {
        assert_eq!(
            mistake("detail: brief\nlimits:\n  line_byte: 1\n"),
            ":3:3: limits: unknown key `line_byte`, expected one of `line_bytes`, `fields`, `batch_bytes`, \
             `batch_lines`, `overlay_bytes`\n   |\n 3 |   line_byte: 1\n   |   ^\ndid you mean `line_bytes`?"
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
