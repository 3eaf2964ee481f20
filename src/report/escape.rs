//! Makes text inert for the place it goes to. Every value of an event is the attacker's, and prose has such
//! values in it, so nothing reaches a report but through here.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar as _;

/// Marks on one letter. Written languages need two; a pile of them paints over the lines around it.
const MARKS: usize = 2;

/// Columns that a character takes in a terminal.
pub(super) fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Text on one line, all that readers would not see as what it is written as Rust escapes it: `\n`,
/// `\u{202e}`.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    reveal(text, false)
}

/// As [`visible`], but lines stay lines.
pub(super) fn visible_lines(text: &str) -> Cow<'_, str> {
    reveal(text, true)
}

fn reveal(text: &str, keep_lines: bool) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    // At the beginning there is no letter that a mark could stand on.
    let mut marks = MARKS;
    for c in text.chars() {
        if c == '\n' && keep_lines {
            shown.push(c);
            marks = MARKS;
            continue;
        }
        let mark = !c.is_control() && columns(c) == 0;
        if hidden(c) || (mark && marks == MARKS) {
            shown.extend(c.escape_default());
            marks = MARKS;
        } else {
            shown.push(c);
            marks = if mark { marks + 1 } else { 0 };
        }
    }
    Cow::Owned(shown)
}

/// Characters that are not seen, look like a space, or move what stands around them.
fn hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A part of prose as Markdown shows it.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Markdown that reads as plain text.
    Plain(String),
    /// Text for a code span, not yet encoded.
    Code(String),
}

/// Prose for Markdown. A word that some renderer might take for more than a word becomes code: a backslash
/// or an entity does not keep GitHub from linking an address, an `@mention` or a `#1`, since it looks for
/// those in what it has rendered.
pub(super) fn prose(text: &str) -> Vec<Piece> {
    let text = visible(text);
    let mut pieces = Vec::new();
    for (index, word) in text.split(' ').enumerate() {
        let space = if index > 0 { " " } else { "" };
        let behind = word.trim_start_matches(['(', '"', '\'']);
        let before = &word[..word.len() - behind.len()];
        let core = behind.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '…']);
        let after = &behind[core.len()..];
        let odd = is_odd(core);
        match pieces.last_mut() {
            // What was code until here goes on: `a_b || c_d` is one thing.
            Some(Piece::Code(code)) if odd && before.is_empty() => {
                code.push_str(space);
                code.push_str(core);
            }
            _ => {
                let plain = [space, before, if odd { "" } else { core }].concat();
                push_plain(&mut pieces, &plain);
                if odd {
                    pieces.push(Piece::Code(core.to_owned()));
                }
            }
        }
        push_plain(&mut pieces, after);
    }
    pieces
}

fn push_plain(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    // `!` makes an image of a link that follows; `&` may begin an entity.
    let text = text.replace('!', "\\!").replace('&', "\\&");
    match pieces.last_mut() {
        Some(Piece::Plain(plain)) => plain.push_str(&text),
        _ => pieces.push(Piece::Plain(text)),
    }
}

/// A word that is more than letters, digits and harmless punctuation.
fn is_odd(word: &str) -> bool {
    let harmless = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || ",;'\"()/-%+?.&".contains(c);
    !word.chars().all(harmless) || word.contains("--") || is_domain(word) || is_issue(word)
}

/// `www.1`, `example.com`: renderers link these.
fn is_domain(word: &str) -> bool {
    let letters = |part: &str| part.chars().take(2).filter(|c| c.is_alphabetic()).count() == 2;
    word.split('.').skip(1).any(letters) || word.to_ascii_lowercase().contains("www")
}

/// `GH-1`: GitHub links these.
fn is_issue(word: &str) -> bool {
    word.to_ascii_lowercase()
        .split("gh-")
        .skip(1)
        .any(|behind| behind.starts_with(|c: char| c.is_ascii_digit()))
}

/// Plain Markdown at the beginning of a block, kept from beginning a list.
pub(super) fn guarded(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let at = match line[digits..].chars().next() {
        Some('-' | '+') if digits == 0 => 0,
        Some('.' | ')') if digits > 0 => digits,
        _ => return line.to_owned(),
    };
    let (before, behind) = line.split_at(at);
    [before, "\\", behind].concat()
}

/// A Markdown code span.
pub(super) fn code_span(text: &str) -> String {
    let text = visible(text);
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    // Renderers take one space from both ends where there is one at both.
    let spaced = text.starts_with(' ') && text.ends_with(' ') && text.bytes().any(|b| b != b' ');
    let pad = if spaced || text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    [&ticks, pad, &text, pad, &ticks].concat()
}

/// A code span in a cell of a table. Renderers disagree on `\\|`, so a pipe behind a backslash stands
/// outside of the code, as an entity.
pub(super) fn cell_code_span(text: &str) -> String {
    let mut cell = String::new();
    for (index, part) in text.split("\\|").enumerate() {
        let last = index == text.matches("\\|").count();
        if index > 0 {
            cell.push_str("&#124;");
        }
        let part = if last {
            Cow::Borrowed(part)
        } else {
            Cow::Owned([part, "\\"].concat())
        };
        if !part.is_empty() {
            cell.push_str(&code_span(&part).replace('|', "\\|"));
        }
    }
    cell
}

/// A fenced block of Markdown.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let text = visible_lines(text);
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    [&fence, language, "\n", &text, end, &fence, "\n"].concat()
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|c| c != wanted).map(str::len).max().unwrap_or(0)
}

/// Whether a link may lead there.
pub(super) fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority.starts_with(|c: char| c.is_ascii_alphanumeric())
            // `https://kubernetes.io@example.com` leads to example.com.
            && !authority.contains('@')
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'*+,;=%".contains(&b))
    })
}

/// Whether this is the name of a page, without folder and ending.
pub(super) fn is_page_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_spelled_out() {
        for (text, shown) in [
            ("plain ~ text", "plain ~ text"),
            ("a\x1b[31mb", "a\\u{1b}[31mb"),
            ("a\r\n\tb\u{8}\u{9b}", "a\\r\\n\\tb\\u{8}\\u{9b}"),
            ("evil\u{202e}txt\u{200b}", "evil\\u{202e}txt\\u{200b}"),
            ("a\u{a0}b\u{2028}", "a\\u{a0}b\\u{2028}"),
            ("é日本e\u{301}", "é日本e\u{301}"),
            ("e\u{301}\u{302}\u{303}\u{304}", "e\u{301}\u{302}\\u{303}\\u{304}"),
            ("\u{301}x", "\\u{301}x"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
        assert_eq!(visible_lines("a:\n\tb\r\n"), "a:\n\\tb\\r\n");
    }

    fn shown(text: &str) -> String {
        prose(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text,
                Piece::Code(text) => code_span(&text),
            })
            .collect()
    }

    #[test]
    fn odd_words_of_prose_become_code() {
        for (text, markdown) in [
            ("Somebody ran it, as root (uid 0).", "Somebody ran it, as root (uid 0)."),
            ("jane@acme.example asked: really?", "`jane@acme.example` asked: really?"),
            ("see (http://x.y/z), or www.1!", "see (`http://x.y/z`), or `www.1`\\!"),
            (
                "ip link del calico_tmp_A || true.",
                "ip link del `calico_tmp_A ||` true.",
            ),
            ("T1059.004 in 0.44, GH-1, #1", "T1059.004 in 0.44, `GH-1`, `#1`"),
            ("<b> **x** [a](b) ![i](j)", "`<b> **x** [a](b`) `![i](j`)"),
            ("ATT&CK &amp; x", "ATT\\&CK \\&amp; x"),
            ("", ""),
        ] {
            assert_eq!(shown(text), markdown, "{text}");
        }
    }

    #[test]
    fn code_spans_hold_any_text() {
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("a`b``c"), "```a`b``c```");
        assert_eq!(code_span("`"), "`` ` ``");
        assert_eq!(code_span(" a "), "`  a  `");
        assert_eq!(cell_code_span("a || b"), "`a \\|\\| b`");
        assert_eq!(cell_code_span("a\\|b"), "`a\\`&#124;`b`");
        assert_eq!(cell_code_span("\\|\\|"), "`\\`&#124;`\\`&#124;");
    }

    #[test]
    fn fences_are_longer_than_what_they_hold() {
        assert_eq!(fenced("sh", "ls"), "```sh\nls\n```\n");
        assert_eq!(fenced("yaml", "a: |\n  ```\n"), "````yaml\na: |\n  ```\n````\n");
    }

    #[test]
    fn a_block_begins_no_list() {
        for (line, markdown) in [
            ("- x", "\\- x"),
            ("1. x", "1\\. x"),
            ("12) x", "12\\) x"),
            ("1 x", "1 x"),
            ("", ""),
        ] {
            assert_eq!(guarded(line), markdown);
        }
    }

    #[test]
    fn addresses_of_links() {
        assert!(is_web_address("https://kubernetes.io/docs/x/?a=b#c"));
        for url in [
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "https://a@b/",
            "https://a/)x",
            "https://a/\"x",
        ] {
            assert!(!is_web_address(url), "{url}");
        }
    }
}
