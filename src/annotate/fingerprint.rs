//! What tells one alert from another, and one cause from another.

use std::hash::Hasher as _;

use bewit_catalog::model::Cause;
use siphasher::sip128::{Hasher128 as _, SipHasher13, SipHasher24};

use super::values::Values;

/// A UUID of version 8 from the alert's own text: the same line has the same id everywhere.
pub(crate) fn id(alert: &[u8]) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(alert);
    let mut bytes = hasher.finish128().as_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(&mut text, *byte);
    }
    text
}

/// The same for the same cause: over time, hosts, process ids and the random ends of pod names.
pub(crate) fn fingerprint(rule: &str, values: &Values<'_>) -> String {
    let mut hasher = SipHasher24::new();
    let mut write = |text: &str| {
        hasher.write(text.as_bytes());
        // No text holds this byte, so two texts never run together.
        hasher.write(&[0xff]);
    };
    write(rule);
    for (param, found) in values.iter() {
        let Some(cause) = param.cause else {
            continue;
        };
        write(&param.name);
        match cause {
            Cause::Exact => write(&found.text),
            Cause::Shape => write(&shape(&found.text)),
            Cause::Workload => write(workload(&found.text)),
        }
    }
    let mut text = String::with_capacity(32);
    for byte in hasher.finish128().as_bytes() {
        push_hex(&mut text, byte);
    }
    text
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.extend(char::from_digit(u32::from(digit), 16));
    }
}

/// Text with `#` for each number and each run of eight or more hex digits.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |f: fn(&u8) -> bool| rest.bytes().take_while(f).count();
        let (hex, digits) = (run(u8::is_ascii_hexdigit), run(u8::is_ascii_digit));
        let len = if hex >= 8 { hex } else { digits };
        if len > 0 {
            shape.push('#');
            rest = &rest[len..];
        } else {
            shape.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shape
}

/// `cart-7f9c6d5b8-x2x4k` -> `cart`, `redis-0` -> `redis`, `falco-x7k2p` -> `falco`.
fn workload(pod: &str) -> &str {
    // Kubernetes draws random ends from these, to avoid words.
    let random = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
    };
    let hash = |text: &str| {
        (6..=10).contains(&text.len())
            && text
                .bytes()
                .all(|b| b"bcdfghjklmnpqrstvwxz0123456789abcdef".contains(&b))
            && text.bytes().any(|b| b.is_ascii_digit())
    };
    let Some((head, end)) = pod.rsplit_once('-') else {
        return pod;
    };
    if !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()) {
        return head;
    }
    if !random(end, 5..=5) {
        return pod;
    }
    match head.rsplit_once('-') {
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
            assert_eq!(workload(pod), name, "{pod}");
        }
    }

    #[test]
    fn numbers_and_hex_do_not_count() {
        assert_eq!(shape("/proc/4711/fd/3"), "/proc/#/fd/#");
        assert_eq!(shape("runc --root /run/64fac540e48f9a init"), "runc --root /run/# init");
        assert_eq!(shape("cat a-facade"), "cat a-facade");
    }

    #[test]
    fn ids_are_uuids_of_version_8() {
        let id = id(b"x");
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "8");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }
}
