//! Configurations in the classic form.

use super::{File, Section};

pub(super) fn read(text: &str) -> Result<File, String> {
    let mut file = File::default();
    // Sections that are no filters are looked at for mistakes in their form only.
    let mut in_filter = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if word.eq_ignore_ascii_case("@include") {
            file.includes.push(rest.to_owned());
        } else if word.eq_ignore_ascii_case("@set") {
            let pair = rest
                .split_once('=')
                .ok_or_else(|| format!("line {number}: @SET without `=`"))?;
            file.variables
                .push((pair.0.trim().to_owned(), pair.1.trim().to_owned()));
        } else if let Some(name) = line.strip_prefix('[') {
            in_filter = name.trim_end_matches(']').eq_ignore_ascii_case("filter");
            if in_filter {
                file.sections.push(Section {
                    place: format!("the [FILTER] in line {number}"),
                    properties: Vec::new(),
                    processor: false,
                });
            }
        } else if rest.is_empty() {
            return Err(format!("line {number}: `{word}` has no value"));
        } else if let (true, Some(section)) = (in_filter, file.sections.last_mut()) {
            section.properties.push((word.to_ascii_lowercase(), rest.to_owned()));
        }
    }
    Ok(file)
}
