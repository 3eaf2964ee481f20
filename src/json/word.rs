//! Eight bytes at a time, with plain 64-bit arithmetic: an interpreter has no SIMD, and its cost is the number of
//! instructions.

/// The lowest bit of each byte.
const LOW: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;

/// The eight bytes at an offset, if there are so many.
#[inline]
pub(crate) fn load(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

/// At most the first eight bytes; zeros where there are fewer.
#[inline]
pub(crate) fn first(bytes: &[u8]) -> u64 {
    match bytes.len() {
        8.. => load(bytes, 0).unwrap_or_default(),
        4.. => {
            let half = |at: usize| {
                bytes
                    .get(at..)
                    .and_then(<[u8]>::first_chunk)
                    .map_or(0, |b| u32::from_le_bytes(*b))
            };
            // The halves overlap; what both have is the same.
            let end = bytes.len() - 4;
            u64::from(half(0)) | u64::from(half(end)) << (8 * end)
        }
        _ => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// At most the last eight bytes; zeros where there are fewer.
#[inline]
pub(crate) fn last(bytes: &[u8]) -> u64 {
    match bytes.last_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => first(bytes),
    }
}

/// A short text as [`first`] reads it, for comparison.
pub(crate) const fn of(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (mut word, mut at) = (0, 0);
    while at < bytes.len() && at < 8 {
        word |= (bytes[at] as u64) << (8 * at);
        at += 1;
    }
    word
}

/// Whether two texts are the same. What the compiler makes of `==` goes byte by byte in wasm.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && same_of_length(a, b)
}

#[inline(never)] // It stands in many places, and the module for Fluent Bit must be small.
fn same_of_length(a: &[u8], b: &[u8]) -> bool {
    // The last bytes are looked at once more where they are no whole words.
    if let (Some(end), Some(other_end)) = (a.last_chunk::<16>(), b.last_chunk()) {
        let blocks = a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0);
        let mut each = blocks.map(|(a, b)| u128::from_le_bytes(*a) == u128::from_le_bytes(*b));
        return each.all(|same| same) && u128::from_le_bytes(*end) == u128::from_le_bytes(*other_end);
    }
    first(a) == first(b) && last(a) == last(b)
}

/// Whether a text begins with another.
#[inline]
pub(crate) fn begins(text: &[u8], head: &[u8]) -> bool {
    text.get(..head.len()).is_some_and(|begin| same(begin, head))
}

/// Whether a text holds another.
pub(crate) fn contains(text: &[u8], part: &[u8]) -> bool {
    position(text, part).is_some()
}

/// Where a text first holds another. It looks for the last byte of `part`: let that be a rare one.
pub(crate) fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    let Some((last, head)) = part.split_last() else {
        return Some(0);
    };
    let mut at = head.len();
    while at < text.len() {
        at = find(text, at, *last);
        let begin = at - head.len();
        if at < text.len() && same(text.get(begin..at).unwrap_or_default(), head) {
            return Some(begin);
        }
        at += 1;
    }
    None
}

/// Splits a text at the first such bytes.
pub(crate) fn split<'t>(text: &'t [u8], at: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let place = position(text, at)?;
    Some((text.get(..place)?, text.get(place + at.len()..)?))
}

/// Whether a text is of printable ASCII alone.
pub(crate) fn is_printable(text: &[u8]) -> bool {
    let unprintable = |word: u64| {
        let control = word.wrapping_sub(LOW * 0x20) & !word;
        // 0x7f is the only byte below 0x80 that one more makes high.
        let delete = word.wrapping_add(LOW);
        control | word | delete
    };
    let Some(end) = text.last_chunk() else {
        return text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    };
    let words = text.as_chunks::<8>().0.iter();
    let marks = words.fold(unprintable(u64::from_le_bytes(*end)), |marks, word| {
        marks | unprintable(u64::from_le_bytes(*word))
    });
    marks & HIGH == 0
}

/// Offset of the first such byte from `at` on, or the length.
#[inline]
pub(crate) fn find(text: &[u8], at: usize, byte: u8) -> usize {
    let mut rest = text.get(at..).unwrap_or_default();
    let found = loop {
        let Some((word, behind)) = rest.split_first_chunk() else {
            break rest.iter().position(|b| *b == byte).unwrap_or(rest.len());
        };
        let marks = equal(u64::from_le_bytes(*word), byte);
        if marks != 0 {
            break index(marks);
        }
        rest = behind;
    };
    text.len().max(at) - rest.len() + found
}

/// Offset of the first byte from `at` on that separates words of Falco's text output, or the length: a blank, `(`, `,` or
/// `|`.
pub(crate) fn separator(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = load(text, at) {
        let marks = equal(word, b' ') | equal(word, b'(') | equal(word, b',') | equal(word, b'|');
        if marks != 0 {
            return at + index(marks);
        }
        at += 8;
    }
    while text
        .get(at)
        .is_some_and(|byte| !matches!(byte, b' ' | b'(' | b',' | b'|'))
    {
        at += 1;
    }
    at
}

/// Offset of the first ASCII digit from `at` on, or the length.
pub(crate) fn digit(text: &[u8], mut at: usize) -> usize {
    while let Some(word) = load(text, at) {
        // Bytes below 0x80 that are at least `0`, and that are above `9`.
        let low = word & !HIGH;
        let from = low.wrapping_add(LOW * (0x80 - b'0' as u64));
        let above = low.wrapping_add(LOW * (0x80 - b':' as u64));
        let marks = from & !above & !word & HIGH;
        if marks != 0 {
            return at + index(marks);
        }
        at += 8;
    }
    while text.get(at).is_some_and(|byte| !byte.is_ascii_digit()) {
        at += 1;
    }
    at
}

/// Offset behind the ASCII digits from `at` on, of which there may be nine at most.
#[inline]
pub(crate) fn behind_digits(text: &[u8], at: usize) -> usize {
    let Some(word) = load(text, at) else {
        let digits = text.iter().skip(at).take_while(|byte| byte.is_ascii_digit());
        return at + digits.count();
    };
    // What a digit leaves of its byte is below ten.
    let left = word ^ (LOW * b'0' as u64);
    let others = (left.wrapping_add(LOW * (0x80 - 10)) | left) & HIGH;
    match others {
        0 => at + 8 + usize::from(text.get(at + 8).is_some_and(u8::is_ascii_digit)),
        _ => at + index(others),
    }
}

/// Offset behind all ASCII digits from `at` on.
pub(crate) fn behind_all_digits(text: &[u8], mut at: usize) -> usize {
    loop {
        let end = behind_digits(text, at);
        if end < at + 9 {
            return end;
        }
        at = end;
    }
}

/// Whether eight bytes are as in a sample, where `0` stands for any digit.
#[inline]
pub(crate) const fn is_like(word: u64, sample: [u8; 8]) -> bool {
    let sample = u64::from_le_bytes(sample);
    // A byte of the sample that is a `0` leaves room for ten, any other for one.
    let zeros = zeros(sample ^ (LOW * b'0' as u64)) >> 7;
    let left = word ^ sample;
    (left.wrapping_add(LOW * 0x7f - zeros * 9) | left) & HIGH == 0
}

/// A hash of so many bits for a table of names: of their length, and of their first and last eight bytes.
#[inline]
pub(crate) fn hash(name: &[u8], bits: u32) -> usize {
    let mixed = first(name) ^ last(name).rotate_left(29) ^ name.len() as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize
}

/// The eight hex digits of a number.
pub(crate) const fn hex(number: u32) -> [u8; 8] {
    // Each half byte to a byte of its own, the first lowest.
    let mut word = number.swap_bytes() as u64;
    word = (word | word << 16) & 0x0000_ffff_0000_ffff;
    word = (word | word << 8) & 0x00ff_00ff_00ff_00ff;
    word = (word >> 4 | word << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    // From ten on a letter.
    let letters = word.wrapping_add(LOW * 6) >> 4 & LOW;
    (word + LOW * b'0' as u64 + letters * (b'a' - b'0' - 10) as u64).to_le_bytes()
}

/// The high bit of each byte that is zero. A borrow can mark a byte above a true one, never the first.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// The high bit of each byte that is this one; only the first mark is sure.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (LOW * byte as u64))
}

/// Which byte the first mark is at.
#[inline]
const fn index(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The high bit of each byte that is a quote, a backslash or a control character; only the first mark is sure.
#[inline]
const fn specials(word: u64) -> u64 {
    // A quote is 0x20 then, and what is below 0x20 stays there.
    let turned = word ^ (LOW * 2);
    let backslash = word ^ (LOW * b'\\' as u64);
    (turned.wrapping_sub(LOW * 0x21) | backslash.wrapping_sub(LOW)) & !word & HIGH
}

/// Whether a text of few bytes stands in JSON as it is. Of a longer one this says nothing.
#[inline]
pub(crate) fn is_short_and_plain(text: &[u8]) -> bool {
    match text.len() {
        8..=16 => specials(first(text)) | specials(last(text)) == 0,
        // Behind the text are blanks.
        len @ 1..8 => specials(first(text) | (LOW * 0x20) << (8 * len)) == 0,
        _ => false,
    }
}

/// Offset of the first quote, backslash or control character from `at` on, or the length. The bits of all bytes
/// that were looked at are added to `seen`.
#[inline]
pub(crate) fn special(bytes: &[u8], from: usize, seen: &mut u64) -> usize {
    let mut bits = *seen;
    let mut rest = bytes.get(from..).unwrap_or_default();
    let found = loop {
        // Two at a time: what counts in an interpreter are the instructions.
        if let Some((block, behind)) = rest.split_first_chunk::<16>()
            && let ([first, second], _) = block.as_chunks()
        {
            let (first, second) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second));
            let marks = specials(first);
            if marks != 0 {
                bits |= first;
                break index(marks);
            }
            bits |= first | second;
            let marks = specials(second);
            if marks != 0 {
                break 8 + index(marks);
            }
            rest = behind;
            continue;
        }
        if let Some((word, behind)) = rest.split_first_chunk() {
            let word = u64::from_le_bytes(*word);
            bits |= word;
            let marks = specials(word);
            if marks != 0 {
                break index(marks);
            }
            rest = behind;
        }
        // Behind the last bytes are zeros, and so a mark.
        let word = first(rest);
        bits |= word;
        break index(specials(word));
    };
    *seen = bits;
    bytes.len().max(from) - rest.len() + found
}

/// Appends what JSON escapes stand for; the body of a string was found valid. Lone surrogates become U+FFFD.
///
/// `out` gets at most as many bytes as `body` has.
pub(crate) fn unescape(body: &[u8], out: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    loop {
        // Eight bytes are copied at once; behind an escape what was too much is written over.
        while let (Some(word), Some(place)) = (load(body, from), out.get_mut(to..to + 8)) {
            place.copy_from_slice(&word.to_le_bytes());
            let marks = equal(word, b'\\');
            if marks != 0 {
                let plain = index(marks);
                (from, to) = (from + plain, to + plain);
                break;
            }
            (from, to) = (from + 8, to + 8);
        }
        match (body.get(from), out.get_mut(to)) {
            (Some(b'\\'), Some(place)) => {
                match body.get(from + 1) {
                    Some(b'u') => {
                        let (char, len) = unicode(body.get(from + 2..).unwrap_or_default());
                        let mut buffer = [0; 4];
                        let bytes = char.encode_utf8(&mut buffer).as_bytes();
                        if let Some(places) = out.get_mut(to..to + bytes.len()) {
                            places.copy_from_slice(bytes);
                        }
                        (from, to) = (from + 2 + len, to + bytes.len());
                        continue;
                    }
                    Some(b'n') => *place = b'\n',
                    Some(b't') => *place = b'\t',
                    Some(b'r') => *place = b'\r',
                    Some(b'b') => *place = 8,
                    Some(b'f') => *place = 12,
                    Some(other) => *place = *other,
                    None => return to,
                }
                (from, to) = (from + 2, to + 1);
            }
            (Some(byte), Some(place)) => {
                *place = *byte;
                (from, to) = (from + 1, to + 1);
            }
            _ => return to,
        }
    }
}

/// What the four hex digits at the beginning of a text stand for, which follow `\u` in JSON.
pub(crate) fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

/// The character of `XXXX` or `XXXX\uXXXX`, and how many bytes that is.
fn unicode(hex: &[u8]) -> (char, usize) {
    let unit = |at: usize| unit(hex.get(at..)?).map(u32::from);
    let Some(first) = unit(0) else {
        return (char::REPLACEMENT_CHARACTER, hex.len().min(4));
    };
    if (0xd800..0xdc00).contains(&first)
        && hex.get(4..6) == Some(b"\\u")
        && let Some(second @ 0xdc00..0xe000) = unit(6)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn finds_the_same_byte_as_a_simple_loop(bytes in proptest::collection::vec(any::<u8>(), 0..40), at in 0usize..8) {
            let at = at.min(bytes.len());
            let simple = bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).map_or(bytes.len(), |i| at + i);
            let mut seen = 0;
            prop_assert_eq!(special(&bytes, at, &mut seen), simple);
            let high = bytes[at..simple].iter().any(|b| *b >= 0x80);
            prop_assert!(!high || seen & HIGH != 0);
        }

        #[test]
        fn short_texts_are_plain_as_a_simple_loop_has_it(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), b' '..=b'~'], 0..20)) {
            let plain = bytes.iter().all(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let short = (1..=16).contains(&bytes.len());
            prop_assert_eq!(is_short_and_plain(&bytes), plain && short);
        }

        #[test]
        fn finds_separators_as_a_simple_loop_does(text in "[a (,|~\u{80}-\u{ff}]{0,30}", at in 0usize..8) {
            let bytes = text.as_bytes();
            let simple = bytes.iter().skip(at).position(|b| matches!(b, b' ' | b'(' | b',' | b'|')).map(|i| at + i);
            prop_assert_eq!(separator(bytes, at), simple.unwrap_or(bytes.len().max(at)));
        }

        #[test]
        fn compares_as_slices_do(a in "[ab]{0,20}", b in "[ab]{0,20}") {
            let (a, b) = (a.as_bytes(), b.as_bytes());
            prop_assert!(same(a, a));
            prop_assert_eq!(same(a, b), a == b);
            prop_assert_eq!(begins(a, b), a.starts_with(b));
            let simple = (0..=a.len()).find(|at| a[*at..].starts_with(b));
            prop_assert_eq!(position(a, b), simple);
        }
    }

    #[test]
    fn hex_is_what_format_writes() {
        for number in [0, 1, 0xdead_beef, 0x0123_4567, 0x89ab_cdef, u32::MAX] {
            assert_eq!(hex(number), format!("{number:08x}").as_bytes(), "{number:x}");
        }
    }

    #[test]
    fn digits_are_found() {
        for byte in 0..=255_u8 {
            let mut text = *b"aaaaaaaaaaa";
            for at in 0..text.len() {
                text[at] = byte;
                assert_eq!(
                    digit(&text, 0),
                    if byte.is_ascii_digit() { at } else { 11 },
                    "{byte} at {at}"
                );
                text[at] = b'a';
            }
        }
    }

    #[test]
    fn a_sample_tells_what_is_like_it() {
        let is_like = |text: &[u8; 8]| is_like(u64::from_le_bytes(*text), *b"00:00:00");
        assert!(is_like(b"09:58:43"));
        for (at, byte) in (0..8).flat_map(|at| (0..=255_u8).map(move |byte| (at, byte))) {
            let mut text = *b"09:58:43";
            text[at] = byte;
            let good = if at % 3 == 2 {
                byte == b':'
            } else {
                byte.is_ascii_digit()
            };
            assert_eq!(is_like(&text), good, "{byte} at {at}");
        }
    }

    #[test]
    fn the_end_of_digits_is_found() {
        assert_eq!(behind_all_digits(&[b'7'; 30], 3), 30);
        for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
            for end in 0..=9 {
                let mut text = *b"0123456789012345";
                text[end] = byte;
                assert_eq!(behind_digits(&text, 0), end, "{byte} at {end}");
                assert_eq!(behind_digits(&text[..=end], 0), end, "{byte} at {end}");
                assert_eq!(behind_all_digits(&text, 0), end, "{byte} at {end}");
            }
        }
    }

    #[test]
    fn printable_is_what_can_be_printed() {
        for byte in 0..=255_u8 {
            let mut text = *b"0123456789";
            for at in 0..text.len() {
                text[at] = byte;
                assert_eq!(is_printable(&text), matches!(byte, b' '..=b'~'), "{byte} at {at}");
                text[at] = b'a';
            }
        }
    }

    #[test]
    fn short_texts_are_words() {
        for text in [
            "",
            "a",
            "abc",
            "rule",
            "bewit",
            "output",
            "message",
            "priority",
            "hostnames",
        ] {
            assert_eq!(first(text.as_bytes()), of(text), "{text}");
        }
    }
}
