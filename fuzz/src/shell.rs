//! A POSIX shell's reading of a simple command, in which nothing but words may stand.

/// Words that mean something else at the beginning of a command.
const RESERVED: [&str; 16] = [
    "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while",
];

/// The words of a line. None where a shell would do anything with it but read words: expand, redirect, assign, end.
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '\\' => match chars.next()? {
                // A continued line.
                '\n' => return None,
                c => word.get_or_insert_default().push(c),
            },
            // At the beginning of a word zsh expands it.
            '=' if word.is_none() => return None,
            // An assignment stands before the command.
            '=' if words.is_empty() => return None,
            c if c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c) => word.get_or_insert_default().push(c),
            _ => return None,
        }
    }
    words.extend(word);
    let first: &String = words.first()?;
    (!RESERVED.contains(&first.as_str())).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_read() {
        let read = |line: &str| words(line).unwrap();
        assert_eq!(read("kubectl get pod"), ["kubectl", "get", "pod"]);
        assert_eq!(read(r"echo 'it'\''s' '' a'b c'd"), ["echo", "it's", "", "ab cd"]);
        assert_eq!(read("rm -- '$(id)' a=b"), ["rm", "--", "$(id)", "a=b"]);
    }

    #[test]
    fn whatever_is_more_than_words_is_refused() {
        for line in [
            "", "a $b", "a `b`", "a;b", "a|b", "a>b", "a*", "~/a", "a=b c", "if a", "a 'b", "a\nb", "a =b", "a #b",
        ] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
