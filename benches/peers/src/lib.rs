//! Filters for Fluent Bit's `filter_wasm`, to measure bewit's against: what the host itself takes, and what a filter
//! costs that reads a record with serde.
//!
//! All have the same ABI as bewit's module; `docs/fluent-bit.md` has the facts.
#![allow(clippy::missing_safety_doc, reason = "every function is called as Fluent Bit calls it")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

thread_local! {
    static OUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

const HEADER: usize = 16;

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size + HEADER, HEADER) else {
        return std::ptr::null_mut();
    };
    // SAFETY: the layout's size is not zero, and the header lies inside the block.
    unsafe {
        let block = alloc(layout);
        if !block.is_null() {
            block.cast::<usize>().write(layout.size());
        }
        block.add(HEADER)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(address: *mut u8) {
    // SAFETY: the address came from `malloc`, which wrote the size before it.
    unsafe {
        let block = address.sub(HEADER);
        let size = block.cast::<usize>().read();
        if let Ok(layout) = Layout::from_size_align(size, HEADER) {
            dealloc(block, layout);
        }
    }
}

/// Keeps what is returned until the next call.
fn keep(mut out: Vec<u8>) -> *const u8 {
    out.push(0);
    let address = out.as_ptr();
    OUT.set(out);
    address
}

/// Returns the record's own pointer: nothing is done at all.
#[unsafe(no_mangle)]
extern "C" fn echo(_: u32, _: u32, _: u32, _: u32, record: *const u8, _: u32) -> *const u8 {
    record
}

/// Returns the same object always: what the host takes to hand over a record and to read an answer of that size.
///
/// The size stands in the tag, as in `answer.1600`: Fluent Bit hands a filter nothing else that a test can choose.
#[unsafe(no_mangle)]
unsafe extern "C" fn constant(tag: *const u8, tag_len: u32, _: u32, _: u32, _: *const u8, _: u32) -> *const u8 {
    let out = OUT.take();
    if out.is_empty() {
        // SAFETY: by the ABI.
        let tag = unsafe { std::slice::from_raw_parts(tag, tag_len as usize) };
        let digits = tag.iter().filter(|byte| byte.is_ascii_digit());
        return keep(object(digits.fold(0, |size, digit| size * 10 + usize::from(digit - b'0'))));
    }
    let address = out.as_ptr();
    OUT.set(out);
    address
}

/// An object of so many bytes with some members of text, as an alert has.
fn object(bytes: usize) -> Vec<u8> {
    let mut object = b"{\"a\":\"".to_vec();
    let mut member = 0;
    while object.len() + 60 < bytes {
        object.extend_from_slice(&[b'x'; 32]);
        object.extend_from_slice(format!("\",\"k{member:02}\":\"").as_bytes());
        member += 1;
    }
    object.resize(bytes.saturating_sub(2), b'x');
    object.extend_from_slice(b"\"}");
    object
}

/// The fields that an annotation would look at, borrowed.
#[derive(Deserialize)]
struct Alert<'a> {
    #[serde(borrow)]
    rule: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    priority: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    output_fields: Option<&'a RawValue>,
}

/// Reads the record into a type and adds two members.
#[unsafe(no_mangle)]
unsafe extern "C" fn typed(_: u32, _: u32, _: u32, _: u32, record: *const u8, len: u32) -> *const u8 {
    // SAFETY: by the ABI.
    let line = unsafe { std::slice::from_raw_parts(record, len as usize) };
    let Ok(alert) = serde_json::from_slice::<Alert<'_>>(line) else {
        return record;
    };
    let (Some(rule), Some(priority), Some(_)) = (alert.rule, alert.priority, alert.output_fields) else {
        return record;
    };
    let mut out = line.get(..line.len() - 1).unwrap_or_default().to_vec();
    out.extend_from_slice(format!(",\"bewit\":{{\"rule\":{rule:?},\"priority\":{priority:?}}}}}").as_bytes());
    keep(out)
}

/// Reads the record into `serde_json::Value`, adds a member, and writes it again, as Fluent Bit's own Rust example does.
#[unsafe(no_mangle)]
unsafe extern "C" fn value(_: u32, _: u32, _: u32, _: u32, record: *const u8, len: u32) -> *const u8 {
    // SAFETY: by the ABI.
    let line = unsafe { std::slice::from_raw_parts(record, len as usize) };
    let Ok(mut value) = serde_json::from_slice::<Value>(line) else {
        return record;
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("bewit".to_owned(), Value::from("x"));
    }
    keep(serde_json::to_vec(&value).unwrap_or_default())
}
