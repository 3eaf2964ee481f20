//! Components that do something bad.

use std::fs;
use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::folder;

/// A component of bewit's own world that passes every line, but does something bad for a batch with a `!` in it.
/// It refuses to work unless it was configured.
pub(crate) fn hostile(test: &str, bad: &str) -> PathBuf {
    lying(test, bad, "")
}

/// The same, and it changes its answer for such a batch. The bytes of the answer are named at 32 (where) and 36 (how
/// many); lines are counted at 40, alerts at 48, passed at 56, dropped at 64, failed at 72.
pub(crate) fn lying(test: &str, bad: &str, answer: &str) -> PathBuf {
    let wat = format!(
        r#"(module
            (memory (export "memory") 2)
            (global $next (mut i32) (i32.const 1024))
            (global $configured (mut i32) (i32.const 0))
            (global $seen (mut i32) (i32.const 0))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
                    (then (drop (memory.grow (i32.const 64)))))
                (local.get $at))
            (func (export "bewit:plugin/annotator@0.1.0#configure") (param i32 i32) (result i32)
                (global.set $configured (i32.const 1))
                (i32.store8 (i32.const 16) (i32.const 0))
                (i32.const 16))
            (func (export "bewit:plugin/annotator@0.1.0#load-catalog") (param i32 i32) (result i32) unreachable)
            (func (export "bewit:plugin/annotator@0.1.0#annotate") (param i32 i32) (result i32) unreachable)
            (func (export "bewit:plugin/annotator@0.1.0#describe") (result i32) unreachable)
            (func $bad {bad})
            (func (export "bewit:plugin/annotator@0.1.0#annotate-batch") (param $lines i32) (param $length i32) (result i32)
                (local $at i32) (local $byte i32) (local $count i64)
                (if (i32.eqz (global.get $configured)) (then unreachable))
                (block $end
                    (loop $next
                        (br_if $end (i32.ge_u (local.get $at) (local.get $length)))
                        (local.set $byte (i32.load8_u (i32.add (local.get $lines) (local.get $at))))
                        (if (i32.eq (local.get $byte) (i32.const 33)) 
                            (then (global.set $seen (i32.const 1)) (call $bad)))
                        (if (i32.eq (local.get $byte) (i32.const 10))
                            (then (local.set $count (i64.add (local.get $count) (i64.const 1)))))
                        (local.set $at (i32.add (local.get $at) (i32.const 1)))
                        (br $next)))
                (if (i32.and (i32.ne (local.get $byte) (i32.const 10)) (i32.ne (local.get $length) (i32.const 0)))
                    (then (local.set $count (i64.add (local.get $count) (i64.const 1)))))
                (i32.store (i32.const 32) (local.get $lines))
                (i32.store (i32.const 36) (local.get $length))
                (i64.store (i32.const 40) (local.get $count))
                (i64.store (i32.const 48) (i64.const 0))
                (i64.store (i32.const 56) (local.get $count))
                (i64.store (i32.const 64) (i64.const 0))
                (i64.store (i32.const 72) (i64.const 0))
                (if (global.get $seen) (then {answer}))
                (i32.const 32)))"#
    );
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit")))
        .unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    let mut module = wat::parse_str(wat).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap();
    let file = folder(test).join("hostile.wasm");
    fs::write(&file, component).unwrap();
    file
}
