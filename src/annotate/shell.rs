//! Words of a POSIX shell.

use super::class;
use super::fill::Text;

/// Whether a word stands in a shell line as it is.
#[inline]
pub(crate) fn is_plain(word: &[u8]) -> bool {
    // zsh expands `=cmd` at the beginning of a word.
    !word.is_empty() && word.first() != Some(&b'=') && class::all(class::PLAIN, word)
}

/// Appends a word so that any POSIX shell reads exactly it: as it stands where nothing in it means anything
/// to a shell, else in single quotes, inside which nothing does.
pub(crate) fn quote(line: &mut impl Text, word: &[u8]) {
    if is_plain(word) {
        line.add(word);
        return;
    }
    line.add(b"'");
    for (i, part) in word.split(|byte| *byte == b'\'').enumerate() {
        if i > 0 {
            line.add(b"'\\''");
        }
        line.add(part);
    }
    line.add(b"'");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(word: &str) -> String {
        let mut line = Vec::new();
        quote(&mut line, word.as_bytes());
        String::from_utf8(line).unwrap()
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
