//! Sets of bytes, one bit each.

pub(super) const DIGIT: u8 = 1;
pub(super) const HEX: u8 = 2;
pub(super) const DNS: u8 = 4;
pub(super) const USER: u8 = 8;
pub(super) const K8S_USER: u8 = 16;
pub(super) const IMAGE: u8 = 32;
pub(super) const WORD: u8 = 64;
/// What means nothing to a shell.
pub(super) const PLAIN: u8 = 128;

static CLASSES: [u8; 256] = {
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
            | set(PLAIN, alphanumeric || is_one_of(byte, b"_@%+=:,./-"));
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

const fn set(class: u8, holds: bool) -> u8 {
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
pub(super) fn all(class: u8, bytes: &[u8]) -> bool {
    bytes
        .iter()
        .fold(class, |common, byte| common & CLASSES[usize::from(*byte)])
        != 0
}
