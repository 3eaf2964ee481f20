//! The filter for Fluent Bit's `filter_wasm`: a core module with a C ABI.
//!
//! Facts that shape it (Fluent Bit 5.1, read and measured; `docs/fluent-bit.md` has the details):
//! - A record comes as a NUL-terminated JSON object, in memory that this module's `malloc` gave out.
//! - What is returned must be exactly one JSON object, NUL-terminated: anything else loses the record, and
//!   invalid JSON behind a valid record crashes Fluent Bit. The module keeps the memory.
//! - Returning the record's own pointer passes it on without a copy.
//! - A trap loses the record and leaks stack, so nothing here may panic, and memory is asked for before work
//!   starts, while there is still a record to pass on.
//! - `event_format msgpack` reads what is returned up to its first zero byte: [`crate::msgpack`].
#![allow(unsafe_code, reason = "a C ABI is made of raw pointers")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::ptr;

use crate::json::Writer;
use crate::{Annotator, Config, Outcome, Schema, fault, msgpack, readable};

/// What is kept between calls: Fluent Bit has one instance for each filter and calls it from one thread.
///
/// A trap leaves whatever was borrowed borrowed. So a call borrows nothing but the annotator, to read, and takes the
/// output out while it works: should a trap ever happen, the next call still has all it needs.
struct State {
    annotator: RefCell<Annotator>,
    /// What was returned last; Fluent Bit has copied it when it calls again.
    out: Cell<Vec<u8>>,
    /// The configuration in force, as JSON, for `bewit inspect`.
    config: RefCell<Vec<u8>>,
}

thread_local! {
    static STATE: State = State {
        annotator: RefCell::default(),
        out: Cell::default(),
        config: RefCell::new(b"{}\0".to_vec()),
    };
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

/// Blocks up to this are kept when they are freed. Fluent Bit asks for two before each call and gives them back behind
/// it: the tag and the record.
const KEPT_BLOCK: usize = 16 << 10;
/// What a block that is kept has at least, so that it serves again.
const LEAST_BLOCK: usize = 1 << 10;

/// A block that was freed; null for none.
type Block = Cell<*mut u8>;

thread_local! {
    static BLOCKS: [Block; 2] = const { [Cell::new(ptr::null_mut()), Cell::new(ptr::null_mut())] };
}

/// Allocates `size` bytes, aligned to 16; null when there are none. A zero byte follows them: a MessagePack record,
/// which Fluent Bit hands over without one, can then be passed on by its pointer.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
extern "C" fn malloc(size: usize) -> *mut u8 {
    let kept = BLOCKS.with(|blocks| {
        blocks.iter().find_map(|place| {
            let block = place.get();
            // SAFETY: a block that is kept begins with its size.
            let fits = !block.is_null() && size < unsafe { block.cast::<usize>().read() } - HEADER;
            fits.then(|| place.replace(ptr::null_mut()))
        })
    });
    let block = match kept {
        Some(block) => block,
        None => new_block(size),
    };
    if block.is_null() {
        return block;
    }
    // SAFETY: the block has room for the header, `size` bytes and the zero byte.
    unsafe {
        let address = block.add(HEADER);
        address.add(size).write(0);
        address
    }
}

#[inline(never)]
fn new_block(size: usize) -> *mut u8 {
    let Some(layout) = size
        .max(LEAST_BLOCK)
        .checked_add(HEADER + 1)
        .and_then(|whole| Layout::from_size_align(whole, HEADER).ok())
    else {
        return ptr::null_mut();
    };
    // SAFETY: the layout's size is not zero, and the header lies inside the block.
    unsafe {
        let block = alloc(layout);
        if !block.is_null() {
            block.cast::<usize>().write(layout.size());
        }
        block
    }
}

/// Frees what [`malloc`] gave out.
///
/// # Safety
/// `address` is null or came from [`malloc`] and was not freed since.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
unsafe extern "C" fn free(address: *mut u8) {
    if address.is_null() {
        return;
    }
    // SAFETY: by the contract the header is there and says the size of the block.
    unsafe {
        let block = address.sub(HEADER);
        let size = block.cast::<usize>().read();
        let empty = |place: &&Block| place.get().is_null();
        let kept = size <= KEPT_BLOCK
            && BLOCKS.with(|blocks| blocks.iter().find(empty).map(|place| place.set(block)).is_some());
        if !kept && let Ok(layout) = Layout::from_size_align(size, HEADER) {
            dealloc(block, layout);
        }
    }
}

/// `function_name bewit`: annotates a record, in the schema and the detail of the module's configuration.
///
/// # Safety
/// `record` is null or points to `record_len` readable bytes, as Fluent Bit guarantees.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
unsafe extern "C" fn bewit(
    _tag: *const u8,
    _tag_len: u32,
    _seconds: u32,
    _nanoseconds: u32,
    record: *const u8,
    record_len: u32,
) -> *const u8 {
    // SAFETY: by the contract.
    unsafe { answer(record, record_len, annotate) }
}

/// `function_name bewit_native`: as `bewit`, in the schema `native` whatever the configuration says.
///
/// # Safety
/// As for [`bewit`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
unsafe extern "C" fn bewit_native(
    _tag: *const u8,
    _tag_len: u32,
    _seconds: u32,
    _nanoseconds: u32,
    record: *const u8,
    record_len: u32,
) -> *const u8 {
    // SAFETY: by the contract.
    unsafe { answer(record, record_len, annotate_native) }
}

/// `function_name bewit_msgpack`, for `event_format msgpack`: annotates nothing, keeps the record and says in it what
/// to change. The other entry points do the same when they get MessagePack.
///
/// # Safety
/// As for [`bewit`].
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
unsafe extern "C" fn bewit_msgpack(
    _tag: *const u8,
    _tag_len: u32,
    _seconds: u32,
    _nanoseconds: u32,
    record: *const u8,
    record_len: u32,
) -> *const u8 {
    // SAFETY: by the contract.
    unsafe { answer(record, record_len, refuse) }
}

/// Returns what `work` writes in place of a record, or the record's own pointer, which passes it on.
///
/// # Safety
/// As for [`bewit`].
unsafe fn answer(record: *const u8, record_len: u32, work: fn(&State, &[u8], &mut Vec<u8>) -> Option<()>) -> *const u8 {
    if record.is_null() {
        return NO_RECORD.as_ptr().cast();
    }
    // SAFETY: by the contract.
    let line = unsafe { std::slice::from_raw_parts(record, record_len as usize) };
    STATE.with(|state| {
        let mut out = state.out.take();
        let returned = match work(state, line, &mut out) {
            Some(()) => {
                out.push(0);
                out.as_ptr()
            }
            None => record,
        };
        state.out.set(out);
        returned
    })
}

/// Writes what to return instead of the record, in the configured schema; none to pass it on.
fn annotate(state: &State, line: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let schema = state.annotator.try_borrow().ok()?.config().schema;
    annotate_as(schema, state, line, out)
}

/// As [`annotate`], in the native schema.
fn annotate_native(state: &State, line: &[u8], out: &mut Vec<u8>) -> Option<()> {
    annotate_as(Schema::Native, state, line, out)
}

#[inline(never)] // The whole work is behind it, and stands in the module once.
fn annotate_as(schema: Schema, state: &State, line: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if msgpack::is_record(line) {
        return refuse(state, line, out);
    }
    // An alert is at most its record, escaped once more, and the guidance; other schemas are made from such a one.
    let times = if schema == Schema::Native { 2 } else { 6 };
    reserve(out, line.len().checked_mul(times)?)?;
    match state.annotator.try_borrow().ok()?.look_at(line, schema, out) {
        (Outcome::Alert, seen) => {
            if let Some(why) = readable::objection(seen) {
                out.clear();
                fault(line, "unreadable", why, out);
            } else if out.first() != Some(&b'{') {
                as_object(schema, out);
            }
            Some(())
        }
        // Nothing is written for a dropped record, and an empty text drops it: the configuration asked for it.
        (Outcome::Failed | Outcome::Dropped, _) => Some(()),
        (Outcome::Passed, _) => None,
    }
}

/// Makes an object of a line: the line under the name of its schema.
fn as_object(schema: Schema, out: &mut Vec<u8>) {
    let line = std::mem::take(out);
    let mut w = Writer::new(out);
    w.object(|w| w.foreign_key(schema.as_str()).string(line));
}

/// Writes what to return instead of a MessagePack record; none to pass it on.
fn refuse(_: &State, record: &[u8], out: &mut Vec<u8>) -> Option<()> {
    // A byte of text is at most six in JSON.
    reserve(out, record.len().checked_mul(6)?)?;
    msgpack::refuse(record, out)
}

/// Empties the output and makes sure of room for so many bytes of it and for the work on it. None if there is not
/// enough memory.
fn reserve(out: &mut Vec<u8>, bytes: usize) -> Option<()> {
    out.clear();
    let room = bytes.checked_add(HEADROOM)?;
    // Where there is room from the last record, the work on that one had as much.
    if (room..=KEPT).contains(&out.capacity()) {
        return Some(());
    }
    *out = Vec::new();
    out.try_reserve_exact(room.checked_next_power_of_two()?).ok()?;
    let mut spare: Vec<u8> = Vec::new();
    spare.try_reserve_exact(room).ok()
}

/// Sets the configuration from JSON and keeps it for [`bewit_config`]. `bewit pack` calls it once and snapshots the
/// memory, so that nothing is left to do when Fluent Bit starts. Returns 0, or 1 if the JSON is not valid.
///
/// # Safety
/// `json` points to `len` readable bytes.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
unsafe extern "C" fn bewit_configure(json: *const u8, len: usize) -> i32 {
    // SAFETY: by the contract.
    let json = unsafe { std::slice::from_raw_parts(json, len) };
    let Ok(config) = serde_json::from_slice::<Config>(json) else {
        return 1;
    };
    set(|annotator, kept| {
        *kept = [json, b"\0"].concat();
        annotator.configured(config)
    })
}

/// Replaces the built-in catalog, as `load-catalog` of the component does. For `bewit pack`, too. Returns 0, or 1 if
/// the bytes are no catalog of this version, or more than the configuration allows.
///
/// # Safety
/// `catalog` points to `len` readable bytes.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
unsafe extern "C" fn bewit_load_catalog(catalog: *const u8, len: usize) -> i32 {
    // SAFETY: by the contract.
    let catalog = unsafe { std::slice::from_raw_parts(catalog, len) };
    let limits = STATE.with(|state| Some(state.annotator.try_borrow().ok()?.config().limits.clone()));
    let Some(Ok(library)) = limits.map(|limits| crate::catalog::read(catalog, &limits)) else {
        return 1;
    };
    set(|annotator, _| Annotator::with_library(annotator.config().clone(), library))
}

/// Puts another annotator in place. Returns 0, or 1 if it is in use.
fn set(change: impl FnOnce(Annotator, &mut Vec<u8>) -> Annotator) -> i32 {
    STATE.with(|state| {
        let (Ok(mut annotator), Ok(mut config)) = (state.annotator.try_borrow_mut(), state.config.try_borrow_mut())
        else {
            return 1;
        };
        *annotator = change(std::mem::take(&mut *annotator), &mut config);
        0
    })
}

/// The configuration in force, as NUL-terminated JSON.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
extern "C" fn bewit_config() -> *const u8 {
    STATE.with(|state| match state.config.try_borrow() {
        Ok(config) => config.as_ptr(),
        Err(_) => c"{}".as_ptr().cast(),
    })
}

/// What this module is, as NUL-terminated JSON, for `bewit inspect`. Valid until the next call.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
extern "C" fn bewit_describe() -> *const u8 {
    STATE.with(|state| {
        let Ok(annotator) = state.annotator.try_borrow() else {
            return c"{}".as_ptr().cast();
        };
        let library = annotator.library();
        let catalog = &library.tables.index;
        let mut out = Vec::new();
        Writer::new(&mut out).object(|w| {
            w.key("version").string(env!("CARGO_PKG_VERSION"));
            w.key("catalog").string(catalog.version.as_ref());
            w.key("schema").string(crate::SCHEMA);
            w.key("attack").string(catalog.attack.version.as_ref());
        });
        out.push(0);
        let address = out.as_ptr();
        state.out.set(out);
        address
    })
}

/// What Miri looks at: `cargo xtask miri`.
#[cfg(test)]
mod tests {
    use super::*;

    const ALERT: &[u8] = br#"{"rule":"x","priority":"Notice","output":"x"}"#;

    /// Memory as Fluent Bit asks for it, freed as it does.
    struct Block(*mut u8);

    impl Block {
        fn new(bytes: &[u8]) -> Self {
            let address = malloc(bytes.len() + 1);
            assert!(!address.is_null());
            // SAFETY: it has so many bytes.
            unsafe {
                address.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                address.add(bytes.len()).write(0);
            }
            Self(address)
        }
    }

    impl Drop for Block {
        fn drop(&mut self) {
            // SAFETY: it came from `malloc`, and nothing else frees it.
            unsafe { free(self.0) }
        }
    }

    type Entry = unsafe extern "C" fn(*const u8, u32, u32, u32, *const u8, u32) -> *const u8;

    /// What an entry point answers; none where it passes the record on.
    fn answer(entry: Entry, record: &[u8]) -> Option<Vec<u8>> {
        let (tag, block) = (Block::new(b"falco"), Block::new(record));
        let length = u32::try_from(record.len()).unwrap();
        // SAFETY: the addresses are those of two live blocks of these lengths, and the answer ends with a zero byte.
        unsafe {
            let answer = entry(tag.0, 5, 0, 0, block.0, length);
            (answer != block.0.cast_const()).then(|| CStr::from_ptr(answer.cast()).to_bytes().to_vec())
        }
    }

    #[test]
    fn blocks_of_any_size_are_aligned_and_end_with_a_zero_byte() {
        let sizes = [
            0,
            1,
            15,
            16,
            1000,
            LEAST_BLOCK,
            LEAST_BLOCK + 1,
            KEPT_BLOCK - HEADER - 1,
            KEPT_BLOCK,
            100_000,
        ];
        for first in sizes {
            for second in sizes {
                let (first, second) = (Block::new(&vec![1; first]), Block::new(&vec![2; second]));
                assert!(first.0.addr().is_multiple_of(HEADER) && second.0.addr().is_multiple_of(HEADER));
                assert_ne!(first.0, second.0);
            }
        }
        let sizes = sizes.map(|size| (size, malloc(size)));
        for (size, address) in sizes {
            // SAFETY: the byte behind the block is `malloc`'s own; each is freed once.
            unsafe {
                assert_eq!(address.add(size).read(), 0);
                free(address);
            }
        }
    }

    #[test]
    fn what_nobody_has_is_null() {
        for size in [usize::MAX, usize::MAX - HEADER, isize::MAX as usize] {
            assert!(malloc(size).is_null());
        }
        // SAFETY: null is nothing to free.
        unsafe { free(ptr::null_mut()) }
    }

    #[test]
    fn two_blocks_are_kept_and_serve_again() {
        let (small, large) = (malloc(10), malloc(5000));
        // SAFETY: each came from `malloc` and is freed once.
        unsafe {
            free(small);
            free(large);
        }
        // The first that fits.
        let (again, other) = (malloc(2000), malloc(20));
        assert_eq!((again, other), (large, small));
        // SAFETY: as above.
        unsafe {
            free(again);
            free(other);
        }
    }

    #[test]
    fn every_entry_point_answers_or_passes_on() {
        for entry in [bewit as Entry, bewit_native] {
            for other in [&b"{}"[..], b"", b"no object", b"\x90"] {
                assert_eq!(answer(entry, other), None);
            }
            let mut out = Vec::new();
            Annotator::default().annotate(ALERT, &mut out);
            assert_eq!(answer(entry, ALERT).as_deref(), Some(&out[..]));
        }
        for entry in [bewit as Entry, bewit_msgpack] {
            assert!(
                answer(entry, b"\x81\xa3log\xa2ab")
                    .unwrap()
                    .starts_with(b"\x82\xa3log\xa2ab\xa5bewit")
            );
        }
        // SAFETY: null is a record that Fluent Bit could not place.
        let nothing = unsafe { CStr::from_ptr(bewit(ptr::null(), 0, 0, 0, ptr::null(), 0).cast()) };
        assert_eq!(nothing, NO_RECORD);
        serde_json::from_slice::<serde_json::Value>(nothing.to_bytes()).unwrap();
    }

    /// What such a function of no arguments says.
    fn said(function: extern "C" fn() -> *const u8) -> serde_json::Value {
        // SAFETY: it ends with a zero byte and is valid until the next call.
        let text = unsafe { CStr::from_ptr(function().cast()) };
        serde_json::from_slice(text.to_bytes()).unwrap()
    }

    #[test]
    fn a_configuration_is_taken_or_refused_whole() {
        let configure = |json: &[u8]| {
            let block = Block::new(json);
            // SAFETY: the block has so many bytes.
            unsafe { bewit_configure(block.0, json.len()) }
        };
        assert_eq!(said(bewit_config), serde_json::json!({}));
        assert_eq!(configure(br#"{"min_priority":"warning"}"#), 0);
        assert_eq!(configure(b"{"), 1);
        assert_eq!(said(bewit_config), serde_json::json!({"min_priority": "warning"}));
        // Dropped: nothing, and the record is not passed on.
        assert_eq!(answer(bewit, ALERT).as_deref(), Some(&b""[..]));
        let block = Block::new(b"no catalog");
        // SAFETY: the block has so many bytes.
        assert_eq!(unsafe { bewit_load_catalog(block.0, 10) }, 1);
        assert_eq!(said(bewit_describe)["schema"], crate::SCHEMA);
    }
}
