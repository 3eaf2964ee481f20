//! Words of a POSIX shell.

/// Appends a word so that any POSIX shell reads exactly it: as it stands where nothing in it means anything
/// to a shell, else in single quotes, inside which nothing does.
pub(crate) fn quote(line: &mut String, word: &str) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    // zsh expands `=cmd` at the beginning of a word.
    if !word.is_empty() && word.bytes().all(plain) && !word.starts_with('=') {
        line.push_str(word);
        return;
    }
    line.push('\'');
    for (i, part) in word.split('\'').enumerate() {
        if i > 0 {
            line.push_str("'\\''");
        }
        line.push_str(part);
    }
    line.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(word: &str) -> String {
        let mut line = String::new();
        quote(&mut line, word);
        line
    }

    #[test]
    fn plain_words_stay_plain_and_others_are_quoted() {
        assert_eq!(quoted("quay.io/acme/x:1.2"), "quay.io/acme/x:1.2");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$(id)"), "'$(id)'");
        assert_eq!(quoted("<k8s.pod.name>"), "'<k8s.pod.name>'");
        assert_eq!(quoted("~/x"), "'~/x'");
        assert_eq!(quoted("=ls"), "'=ls'");
    }
}
