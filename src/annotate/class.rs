//! Sets of bytes, one bit each.

pub(super) const DIGIT: u16 = 1;
pub(super) const HEX: u16 = 2;
pub(super) const DNS: u16 = 4;
pub(super) const USER: u16 = 8;
pub(super) const K8S_USER: u16 = 16;
pub(super) const IMAGE: u16 = 32;
pub(super) const WORD: u16 = 64;
/// What means nothing to a shell.
pub(super) const PLAIN: u16 = 128;
/// What YAML takes without quotes.
pub(super) const YAML: u16 = 256;
/// What Kubernetes draws random ends of names from, to avoid words.
pub(super) const RANDOM: u16 = 512;
/// What it draws the hash of a pod's template from, in all its versions.
pub(super) const TEMPLATE: u16 = 1024;

static CLASSES: [u16; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let alphanumeric = byte.is_ascii_alphanumeric();
        classes[byte as usize] = set(DIGIT, byte.is_ascii_digit())
            | set(HEX, byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
            | set(DNS, byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-')
            | set(USER, alphanumeric || is_one_of(byte, b"._@$+-"))
            | set(K8S_USER, alphanumeric || is_one_of(byte, b"._@$+-:/"))
            | set(IMAGE, alphanumeric || is_one_of(byte, b"._:/@-"))
            | set(WORD, alphanumeric || is_one_of(byte, b"._:/@+=-"))
            | set(PLAIN, alphanumeric || is_one_of(byte, b"_@%+=:,./-"))
            | set(YAML, alphanumeric || is_one_of(byte, b"._:/@+-"))
            | set(RANDOM, is_one_of(byte, b"bcdfghjklmnpqrstvwxz2456789"))
            | set(TEMPLATE, is_one_of(byte, b"bcdfghjklmnpqrstvwxz0123456789abcdef"));
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

const fn set(class: u16, holds: bool) -> u16 {
    if holds { class } else { 0 }
}

const fn is_one_of(byte: u8, bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether all bytes are of a class.
#[inline]
pub(super) fn all(class: u16, bytes: &[u8]) -> bool {
    bytes
        .iter()
        .fold(class, |common, byte| common & CLASSES[usize::from(*byte)])
        != 0
}
