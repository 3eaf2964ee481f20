//! The filter for Fluent Bit's `filter_wasm`: a core module with a C ABI.
//!
//! Facts that shape it (Fluent Bit 5.1, read and measured; `docs/fluent-bit.md` has the details):
//! - A record comes as a NUL-terminated JSON object, in memory that this module's `malloc` gave out.
//! - What is returned must be exactly one JSON object, NUL-terminated: anything else loses the record, and
//!   invalid JSON behind a valid record crashes Fluent Bit. The module keeps the memory.
//! - Returning the record's own pointer passes it on without a copy.
//! - A trap loses the record and leaks stack, so nothing here may panic, and memory is asked for before work
//!   starts, while there is still a record to pass on.
#![allow(unsafe_code, reason = "a C ABI is made of raw pointers")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::RefCell;
use std::ffi::CStr;
use std::ptr;

use crate::{Annotator, Config, Outcome};

/// What is kept between calls: Fluent Bit has one instance for each filter and calls it from one thread.
struct State {
    annotator: Annotator,
    /// What was returned last; Fluent Bit has copied it when it calls again.
    out: Vec<u8>,
    /// The configuration in force, as JSON, for `bewit inspect`.
    config: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State {
        annotator: Annotator::default(),
        out: Vec::new(),
        config: b"{}\0".to_vec(),
    });
}

/// What stands for a record that Fluent Bit could not place in this module's memory: it is lost already, and an empty
/// return would not even leave a trace.
const NO_RECORD: &CStr = c"{\"bewit\":{\"schema\":\"bewit.alert/1\",\"error\":{\"code\":\"no-memory\",\"message\":\"Fluent Bit could not hand over the record\"}}}";

/// Output buffers above this are given back, so one huge record does not hold its memory for ever.
const KEPT: usize = 256 << 10;
/// Room that annotating takes beside the record and its output.
const HEADROOM: usize = 64 << 10;
/// Bytes before each block that `malloc` gives out; they hold its size and keep it aligned.
const HEADER: usize = 16;

/// Allocates `size` bytes, aligned to 16; null when there are none.
#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut u8 {
    let Some(layout) = size
        .checked_add(HEADER)
        .and_then(|whole| Layout::from_size_align(whole, HEADER).ok())
    else {
        return ptr::null_mut();
    };
    // SAFETY: the layout's size is not zero; the header lies inside the block.
    unsafe {
        let block = alloc(layout);
        if block.is_null() {
            return block;
        }
        block.cast::<usize>().write(layout.size());
        block.add(HEADER)
    }
}

/// Frees what [`malloc`] gave out.
///
/// # Safety
/// `address` is null or came from [`malloc`] and was not freed since.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(address: *mut u8) {
    if address.is_null() {
        return;
    }
    // SAFETY: by the contract the header is there and says the size of the block.
    unsafe {
        let block = address.sub(HEADER);
        let size = block.cast::<usize>().read();
        if let Ok(layout) = Layout::from_size_align(size, HEADER) {
            dealloc(block, layout);
        }
    }
}

/// `function_name bewit`: annotates a record under the module's configuration.
///
/// # Safety
/// `record` is null or points to `record_len` readable bytes, as Fluent Bit guarantees.
#[unsafe(no_mangle)]
unsafe extern "C" fn bewit(
    _tag: *const u8,
    _tag_len: u32,
    _seconds: u32,
    _nanoseconds: u32,
    record: *const u8,
    record_len: u32,
) -> *const u8 {
    if record.is_null() {
        return NO_RECORD.as_ptr().cast();
    }
    // SAFETY: by the contract.
    let line = unsafe { std::slice::from_raw_parts(record, record_len as usize) };
    STATE.with(|state| match state.try_borrow_mut() {
        Ok(mut state) => annotate(&mut state, line).unwrap_or(record),
        Err(_) => record,
    })
}

/// What to return instead of the record; none to pass it on.
fn annotate(state: &mut State, line: &[u8]) -> Option<*const u8> {
    let State { annotator, out, .. } = state;
    out.clear();
    if out.capacity() > KEPT {
        *out = Vec::new();
    }
    // An alert is at most its record, escaped once more, and the guidance.
    let room = line.len().checked_mul(2)?.checked_add(HEADROOM)?;
    out.try_reserve(room).ok()?;
    let mut spare: Vec<u8> = Vec::new();
    spare.try_reserve_exact(room).ok()?;
    drop(spare);
    match annotator.try_annotate(line, out) {
        Outcome::Alert | Outcome::Failed => {
            out.push(0);
            Some(out.as_ptr())
        }
        Outcome::Passed => None,
        // An empty string drops the record; the configuration asked for it.
        Outcome::Dropped => Some(c"".as_ptr().cast()),
    }
}

/// Sets the configuration from JSON and keeps it for [`bewit_config`]. `bewit pack` calls it once and snapshots the
/// memory, so that nothing is left to do when Fluent Bit starts. Returns 0, or 1 if the JSON is not valid.
///
/// # Safety
/// `json` points to `len` readable bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn bewit_configure(json: *const u8, len: usize) -> i32 {
    // SAFETY: by the contract.
    let json = unsafe { std::slice::from_raw_parts(json, len) };
    let Ok(config) = serde_json::from_slice::<Config>(json) else {
        return 1;
    };
    STATE.with(|state| {
        let Ok(mut state) = state.try_borrow_mut() else {
            return 1;
        };
        state.annotator = Annotator::new(config);
        state.config = json.to_vec();
        state.config.push(0);
        0
    })
}

/// The configuration in force, as NUL-terminated JSON.
#[unsafe(no_mangle)]
extern "C" fn bewit_config() -> *const u8 {
    STATE.with(|state| match state.try_borrow() {
        Ok(state) => state.config.as_ptr(),
        Err(_) => c"{}".as_ptr().cast(),
    })
}
