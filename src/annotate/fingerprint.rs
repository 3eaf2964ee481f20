//! What tells one alert from another, and one cause from another.

use bewit_catalog::model::{Cause, Param, ParamId};
use bumpalo::Bump;
use bumpalo::collections::Vec;
use xxhash_rust::xxh64::xxh64;

use super::class;
use super::values::Values;
use crate::json::word;

/// Stands before a text that is hashed a second time: all of it is then in another place.
const SHIFT: u8 = b'#';

/// 128 bits of a text behind [`SHIFT`]: XXH64 of the text, and XXH64 of all of it.
///
/// Every host must be able to make the same, and not all have a hash of 128 bits, or one that takes a seed.
fn hash(shifted: &[u8]) -> [u64; 2] {
    let text = shifted.split_first().map_or(&b""[..], |(_, text)| text);
    [xxh64(text, 0), xxh64(shifted, 0)]
}

/// Appends a UUID of version 8 made from the alert's own text: the same line has the same id everywhere.
pub(crate) fn id(alert: &[u8], arena: &Bump, out: &mut std::vec::Vec<u8>) {
    let mut shifted = Vec::with_capacity_in(alert.len() + 1, arena);
    shifted.push(SHIFT);
    shifted.extend_from_slice_copy(alert);
    let [first, second] = hash(&shifted);
    let digits = hex([first & !0xf000 | 0x8000, second & !(0b11 << 62) | 0b10 << 62]);
    for (part, dash) in [
        (0..8, false),
        (8..12, true),
        (12..16, true),
        (16..20, true),
        (20..32, true),
    ] {
        if dash {
            out.push(b'-');
        }
        out.extend_from_slice(digits.get(part).unwrap_or_default());
    }
}

/// A parameter that tells one cause from another.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    param: ParamId,
    cause: Cause,
    /// It stands for the parameter's name.
    mark: [u8; 4],
}

impl Counted {
    /// None for a parameter that tells nothing.
    pub(super) fn of(id: ParamId, param: &Param) -> Option<Self> {
        Some(Self {
            param: id,
            cause: param.cause?,
            mark: param.mark(),
        })
    }
}

/// Appends what is the same for the same cause: over time, hosts, process ids and the random ends of pod names.
///
/// `causes` are the parameters that have a value and count, with a mark for the name of each.
pub(crate) fn fingerprint(
    rule: &[u8],
    causes: &[Counted],
    values: &Values<'_>,
    arena: &Bump,
    out: &mut std::vec::Vec<u8>,
) {
    // No text holds this byte, so two texts never run together.
    const END: u8 = 0xff;
    let mut known = Vec::with_capacity_in(512, arena);
    known.push(SHIFT);
    known.extend_from_slice_copy(rule);
    known.push(END);
    for Counted { param, cause, mark } in causes {
        let Some(found) = values.any(*param) else {
            continue;
        };
        known.extend_from_slice_copy(mark);
        match cause {
            Cause::Exact => known.extend_from_slice_copy(found.text),
            Cause::Shape => shape(found.text, &mut known),
            Cause::Workload => known.extend_from_slice_copy(workload(found.text)),
        }
        known.push(END);
    }
    out.extend_from_slice(&hex(hash(&known)));
}

/// The hex digits of a hash, eight at a time.
fn hex(hash: [u64; 2]) -> [u8; 32] {
    let mut digits = [0; 32];
    let parts = hash.into_iter().flat_map(|half| [(half >> 32) as u32, half as u32]);
    for (four, eight) in parts.zip(digits.as_chunks_mut::<8>().0) {
        *eight = word::hex(four);
    }
    digits
}

/// Appends a text with `#` for each number and for each run of eight or more hex digits that has a number in it.
fn shape(text: &[u8], out: &mut Vec<'_, u8>) {
    let (mut done, mut at) = (0, 0);
    loop {
        at = word::digit(text, at);
        if at == text.len() {
            break;
        }
        let hex = |byte: &u8| byte.is_ascii_hexdigit();
        let before = text.get(done..at).unwrap_or_default();
        let begin = at - before.iter().rev().take_while(|byte| hex(byte)).count();
        let behind = text.get(at..).unwrap_or_default();
        let end = at + behind.iter().take_while(|byte| hex(byte)).count();
        let (begin, end) = if end - begin >= 8 {
            (begin, end)
        } else {
            (at, at + behind.iter().take_while(|byte| byte.is_ascii_digit()).count())
        };
        out.extend_from_slice_copy(text.get(done..begin).unwrap_or_default());
        out.push(b'#');
        (done, at) = (end, end);
    }
    out.extend_from_slice_copy(text.get(done..).unwrap_or_default());
}

/// Splits a name at its last dash.
fn split_last(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dash = name.iter().rposition(|byte| *byte == b'-')?;
    Some((name.get(..dash)?, name.get(dash + 1..)?))
}

/// `cart-7f9c6d5b8-x2x4k` -> `cart`, `redis-0` -> `redis`, `falco-x7k2p` -> `falco`.
fn workload(pod: &[u8]) -> &[u8] {
    let random = |text: &[u8]| text.len() == 5 && class::all(class::RANDOM, text);
    let hash = |text: &[u8]| {
        (6..=10).contains(&text.len()) && class::all(class::TEMPLATE, text) && text.iter().any(u8::is_ascii_digit)
    };
    let Some((head, end)) = split_last(pod) else {
        return pod;
    };
    if !end.is_empty() && end.iter().all(u8::is_ascii_digit) {
        return head;
    }
    if !random(end) {
        return pod;
    }
    match split_last(head) {
        Some((name, middle)) if hash(middle) => name,
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_of_one_workload_are_one() {
        for (pod, name) in [
            ("cart-7f9c6d5b8-x2x4k", "cart"),
            ("cart-7854ff8877-vrlrs", "cart"),
            ("redis-0", "redis"),
            ("falco-x7k2p", "falco"),
            ("kubecon", "kubecon"),
            ("mysql-db", "mysql-db"),
            ("alpine-deployment-77789455d6-m7flp", "alpine-deployment"),
        ] {
            assert_eq!(workload(pod.as_bytes()), name.as_bytes(), "{pod}");
        }
    }

    #[test]
    fn numbers_and_hex_do_not_count() {
        let arena = Bump::new();
        for (text, same) in [
            ("/proc/4711/fd/3", "/proc/#/fd/#"),
            ("runc --root /run/64fac540e48f9a init", "runc --root /run/# init"),
            ("run/abcdef12345678", "run/#"),
            ("4f1", "#f#"),
            ("cat a-facade defaced", "cat a-facade defaced"),
            ("", ""),
        ] {
            let mut shaped = Vec::new_in(&arena);
            shape(text.as_bytes(), &mut shaped);
            assert_eq!(String::from_utf8_lossy(&shaped), same, "{text}");
        }
    }

    /// Whoever makes fingerprints elsewhere needs to know these.
    #[test]
    fn the_hash_is_known() {
        assert_eq!(hash(b"#foo"), [3_728_699_739_546_630_719, xxh64(b"#foo", 0)]);
        assert_eq!(hex([0x0123, 0xfe << 56])[..], *b"0000000000000123fe00000000000000");
    }

    #[test]
    fn ids_are_uuids_of_version_8() {
        let mut text = std::vec::Vec::new();
        id(b"x", &Bump::new(), &mut text);
        let id = String::from_utf8(text).unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "8");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }
}
