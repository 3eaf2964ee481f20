//! What most lines of a cluster show at once: that no alert is in them.
//!
//! Falco writes an alert in two forms, and each leaves a mark that no wrapper changes: JSON has the key `priority`, and
//! text the clock `.nnnnnnnnn: `, with a zone before the colon where Falco writes dates. So a line with neither is not
//! taken apart. A writer of JSON may spell a letter as `\u0070`; Falco does not, nor does anything that passes its
//! lines on, and a key spelled so is none of Falco's.

use crate::json::word;

/// The key of a JSON alert.
const KEY: &[u8; 8] = b"priority";
/// Digits of the fraction of a second.
const FRACTION: usize = 9;
/// Bytes of a zone, `+0000`.
const ZONE: usize = 5;

/// Whether there may be an alert in a line, however it is wrapped.
///
/// Only two of each seven bytes are looked at: a mark has eight or more, so two of them are its own.
pub(crate) fn may_hold(line: &[u8]) -> bool {
    let mut rest = line;
    // Four steps at a time: what counts in an interpreter are the instructions.
    while let Some((block, behind)) = rest.split_first_chunk::<{ 4 * STEP }>() {
        let marked = |step: usize| {
            let [first, second] = [block[step + STEP - 2], block[step + STEP - 1]];
            places(first, second) != 0 && is_marked(line, line.len() - rest.len() + step + STEP - 2)
        };
        if marked(0) || marked(STEP) || marked(2 * STEP) || marked(3 * STEP) {
            return true;
        }
        rest = behind;
    }
    let behind = line.len() - rest.len() + STEP - 2;
    (behind..line.len()).step_by(STEP).any(|at| is_marked(line, at))
}

/// Of so many bytes two are looked at.
const STEP: usize = KEY.len() - 1;

/// Places in a mark that two bytes may have, one bit each.
#[inline(always)]
fn places(first: u8, second: u8) -> u8 {
    FIRST[usize::from(first)] & SECOND[usize::from(second)]
}

/// The bit of two digits. The others are of the key's bytes: two that follow each other have the bit of the first one's
/// place in common.
const DIGITS: u8 = 1 << 7;
static FIRST: [u8; 256] = bits(0);
static SECOND: [u8; 256] = bits(1);

const fn bits(offset: usize) -> [u8; 256] {
    let mut bits = [0; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        bits[digit as usize] = DIGITS;
        digit += 1;
    }
    let mut place = 0;
    while place < STEP {
        bits[KEY[place + offset] as usize] |= 1 << place;
        place += 1;
    }
    bits
}

/// Whether the byte at an offset and the next one stand in a mark.
#[inline(never)]
fn is_marked(line: &[u8], at: usize) -> bool {
    let Some([first, second]) = line.get(at..).and_then(<[u8]>::first_chunk) else {
        return false;
    };
    let mut places = places(*first, *second);
    if places == DIGITS {
        return is_clock(line, at);
    }
    while places != 0 {
        let begin = at.wrapping_sub(places.trailing_zeros() as usize);
        if word::load(line, begin) == Some(u64::from_le_bytes(*KEY)) {
            return true;
        }
        places &= places - 1;
    }
    false
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
        (0..line.len()).any(|at| line[at..].starts_with(KEY) || is_clock(at))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn sees_what_a_simple_search_sees(pieces in proptest::collection::vec(0usize..16, 0..24), cut in 0usize..8) {
            const PIECES: [&str; 16] = [
                "priority", "prior", "ity", "p", "ri", "y", ".", "1", "23", "456789012", ": ", ":", "+0000", "x", "é", "\"",
            ];
            let line: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
            let line = &line.as_bytes()[cut.min(line.len())..];
            prop_assert_eq!(may_hold(line), simple(line), "{}", String::from_utf8_lossy(line));
        }

        #[test]
        fn sees_a_mark_wherever_it_stands(before in "[a-z0-9.: ]{0,20}", mark in 0usize..3, behind in "[a-z0-9.: ]{0,20}") {
            let mark = ["priority", ".012345678: ", ".012345678-0130: "][mark];
            let line = format!("{before}{mark}{behind}");
            prop_assert_eq!(may_hold(line.as_bytes()), simple(line.as_bytes()), "{}", line);
        }
    }
}
