//! What most lines of a cluster show at once: that no alert is in them.
//!
//! Falco writes an alert in two forms, and each leaves a mark that no wrapper changes: JSON has the key `"priority"`, and
//! text the clock `.nnnnnnnnn: `, with a zone before the colon where Falco writes dates. So a line with neither is not
//! taken apart. What wraps JSON may escape the quotes, as `\"` or `\u0022`, and those escapes once more. A writer of JSON
//! may spell a letter as `\u0070`; Falco does not, nor does anything that passes its lines on, and a key spelled so is
//! none of Falco's.

use crate::json::word;

/// The key of a JSON alert.
const KEY: &[u8; 8] = b"priority";
/// What ends a quote before it, escaped or not, and what begins one behind it.
const BEFORE: [u8; 2] = *b"\"2";
const BEHIND: [u8; 2] = *b"\"\\";
/// Digits of the fraction of a second.
const FRACTION: usize = 9;
/// Bytes of a zone, `+0000`.
const ZONE: usize = 5;

/// Whether there may be an alert in a line, however it is wrapped.
///
/// Only two of each nine bytes are looked at: a mark has ten or more, so two of them are its own.
pub(crate) fn may_hold(line: &[u8]) -> bool {
    let (blocks, rest) = line.as_chunks::<{ 4 * STEP }>();
    let mut left = blocks.iter();
    // Four steps at a time: what counts in an interpreter are the instructions.
    while let Some(block) = left.find(|block| (0..4).fold(0, |any, step| any | seen(block, step)) != 0) {
        let at = (blocks.len() - left.len() - 1) * block.len();
        if (0..4).any(|step| is_marked(line, at + step * STEP + STEP - 2, seen(block, step))) {
            return true;
        }
    }
    let behind = line.len() - rest.len() + STEP - 2;
    (behind..line.len().saturating_sub(1))
        .step_by(STEP)
        .any(|at| is_marked(line, at, places(line[at], line[at + 1])))
}

/// Places in a mark that the last two bytes of a step may have.
#[inline(always)]
fn seen(block: &[u8; 4 * STEP], step: usize) -> u8 {
    places(block[step * STEP + STEP - 2], block[step * STEP + STEP - 1])
}

/// Of so many bytes two are looked at.
const STEP: usize = KEY.len() + 1;

/// Places in a mark that two bytes may have, as bits.
#[inline(always)]
fn places(first: u8, second: u8) -> u8 {
    FIRST[usize::from(first)] & SECOND[usize::from(second)]
}

/// The bit of two bytes of a fraction. The others are of the key and its quotes: two bytes that follow each other have
/// the bit of the first one's place in common. There are more places than bits, so the last two share the first ones'.
const DIGITS: u8 = 1 << KEY_BITS;
const KEY_BITS: usize = 7;
static FIRST: [u8; 256] = bits(0);
static SECOND: [u8; 256] = bits(1);

const fn bits(offset: usize) -> [u8; 256] {
    let mut bits = [0; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        bits[digit as usize] = DIGITS;
        digit += 1;
    }
    if offset == 0 {
        bits[b'.' as usize] = DIGITS;
    }
    let mut place = 0;
    while place < STEP {
        let bit = 1 << (place % KEY_BITS);
        let at = place + offset;
        if at == 0 {
            bits[BEFORE[0] as usize] |= bit;
            bits[BEFORE[1] as usize] |= bit;
        } else if at <= KEY.len() {
            bits[KEY[at - 1] as usize] |= bit;
        } else {
            bits[BEHIND[0] as usize] |= bit;
            bits[BEHIND[1] as usize] |= bit;
        }
        place += 1;
    }
    bits
}

/// Whether the byte at an offset and the next one, which may have these places, stand in a mark.
#[inline(always)]
fn is_marked(line: &[u8], at: usize, places: u8) -> bool {
    places != 0 && is_marked_indeed(line, at, places)
}

#[inline(never)]
fn is_marked_indeed(line: &[u8], at: usize, mut places: u8) -> bool {
    if places & DIGITS != 0 {
        return is_clock(line, at + 1);
    }
    while places != 0 {
        let place = places.trailing_zeros() as usize;
        if is_key(line, at, place) || is_key(line, at, place + KEY_BITS) {
            return true;
        }
        places &= places - 1;
    }
    false
}

/// Whether a byte has this place in the key between its quotes.
fn is_key(line: &[u8], at: usize, place: usize) -> bool {
    at.checked_sub(place).is_some_and(|begin| {
        word::load(line, begin + 1) == Some(u64::from_le_bytes(*KEY))
            && line.get(begin).is_some_and(|byte| BEFORE.contains(byte))
            && line
                .get(begin + 1 + KEY.len())
                .is_some_and(|byte| BEHIND.contains(byte))
    })
}

/// Whether a digit is one of `.nnnnnnnnn: ` or `.nnnnnnnnn+0000: `.
fn is_clock(line: &[u8], at: usize) -> bool {
    let end = word::behind_digits(line, at);
    let ends = |at: usize| line.get(at..at + 2) == Some(b": ");
    let signed = || matches!(line.get(end), Some(b'+' | b'-'));
    if !(ends(end) || signed() && ends(end + ZONE)) {
        return false;
    }
    let Some(begin) = end.checked_sub(FRACTION + 1) else {
        return false;
    };
    let fraction = line.get(begin..end).unwrap_or_default();
    matches!(fraction, [b'.', digits @ ..] if digits.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same without skipping anything.
    fn simple(line: &[u8]) -> bool {
        let is_clock = |at: usize| {
            let fraction = line[at..]
                .strip_prefix(b".")
                .and_then(|rest| rest.split_at_checked(FRACTION));
            fraction.is_some_and(|(digits, behind)| {
                let colon = |at: usize| behind.get(at..).is_some_and(|behind| behind.starts_with(b": "));
                let signed = || matches!(behind.first(), Some(b'+' | b'-'));
                digits.iter().all(u8::is_ascii_digit) && (colon(0) || signed() && colon(ZONE))
            })
        };
        let is_key = |at: usize| {
            let behind = line[at + 1..].strip_prefix(KEY).and_then(<[u8]>::first);
            BEFORE.contains(&line[at]) && behind.is_some_and(|byte| BEHIND.contains(byte))
        };
        (0..line.len()).any(|at| is_key(at) || is_clock(at))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn sees_what_a_simple_search_sees(pieces in proptest::collection::vec(0usize..19, 0..24), cut in 0usize..8) {
            const PIECES: [&str; 19] = [
                "priority", "prior", "ity", "p", "ri", "y", ".", "1", "23", "456789012", ": ", ":", "+0000", "x", "é", "\"",
                "\"priority\"", "\\u0022", "\\",
            ];
            let line: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
            let line = &line.as_bytes()[cut.min(line.len())..];
            prop_assert_eq!(may_hold(line), simple(line), "{}", String::from_utf8_lossy(line));
        }

        #[test]
        fn sees_a_mark_wherever_it_stands(before in "[a-z0-9.: ]{0,20}", mark in 0usize..5, behind in "[a-z0-9.: ]{0,20}") {
            let mark = [
                "\"priority\"", r#"\"priority\"#, r"\u0022priority\u0022", ".012345678: ", ".012345678-0130: ",
            ][mark];
            let line = format!("{before}{mark}{behind}");
            prop_assert!(may_hold(line.as_bytes()) && simple(line.as_bytes()), "{}", line);
        }
    }
}
