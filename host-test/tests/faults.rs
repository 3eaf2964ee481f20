//! Components that trap, run for ever or take all memory: no record is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{folder, run, stderr, stdout, text};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A component of bewit's own world that passes every line, but does something bad for a batch with a `!` in it.
/// It refuses to work unless it was configured.
fn hostile(test: &str, bad: &str) -> PathBuf {
    lying(test, bad, "")
}

/// The same, and it changes its answer for such a batch. The bytes of the answer are named at 32 (where) and 36 (how
/// many); lines are counted at 40, alerts at 48, passed at 56, dropped at 64, failed at 72.
fn lying(test: &str, bad: &str, answer: &str) -> PathBuf {
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

/// Runs lines of which two are bad, and returns what came out.
fn annotate(component: &Path, more: &[&str]) -> (Vec<String>, String) {
    let mut args = vec!["annotate", "--stats", "--component", text(component)];
    args.extend(more);
    let folder = component.parent().unwrap();
    let input = folder.join("input.log");
    fs::write(
        &input,
        "first\n{\"rule\":\"bad!\", \"n\":12345678901234567890}\nno JSON!\nlast",
    )
    .unwrap();
    args.push(text(&input));
    let output = run(&args, "");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stdout(&output).ends_with('\n'));
    (stdout(&output).lines().map(str::to_owned).collect(), stderr(&output))
}

fn assert_passed(lines: &[String], said: &str, code: &str) {
    let [first, bad, no_json, last] = lines else {
        panic!("{lines:?}");
    };
    assert_eq!([first.as_str(), no_json, last], ["first", "no JSON!", "last"]);
    assert!(
        bad.starts_with(r#"{"rule":"bad!","n":12345678901234567890,"bewit":{"#)
            && bad.contains(&format!(r#""code":"{code}""#)),
        "{bad}"
    );
    assert!(
        said.contains("failed    2\n") && said.contains(&format!("{code}: 2 in all")),
        "{said}"
    );
}

#[test]
fn a_trap_costs_no_record() {
    let component = hostile("trap", "unreachable");
    for jobs in ["1", "2"] {
        let (lines, said) = annotate(&component, &["--jobs", jobs]);
        assert_passed(&lines, &said, "trap");
    }
}

#[test]
fn an_endless_loop_costs_no_record() {
    let began = Instant::now();
    let (lines, said) = annotate(
        &hostile("loop", "(loop $for_ever (br $for_ever))"),
        &["--batch-timeout", "0.3"],
    );
    assert_passed(&lines, &said, "timeout");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_greedy_component_costs_no_record() {
    let greedy = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let (lines, said) = annotate(&hostile("greedy", greedy), &[]);
    assert_passed(&lines, &said, "out-of-memory");
}

#[test]
fn an_answer_that_does_not_add_up_costs_no_record() {
    let nothing = "(i32.store (i32.const 36) (i32.const 0))";
    let half = "(i32.store (i32.const 36) (i32.div_u (local.get $length) (i32.const 2)))";
    let no_lines = "(i64.store (i32.const 40) (i64.const 0)) (i64.store (i32.const 56) (i64.const 0))";
    let dropped = "(i64.store (i32.const 56) (i64.const 0)) (i64.store (i32.const 64) (local.get $count))";
    let endless = "(i64.store (i32.const 48) (i64.const -1)) (i64.store (i32.const 56) (i64.const 1))";
    for (name, answer) in [
        ("rubbish-nothing", nothing),
        (
            "rubbish-half",
            &format!("{half} (i64.store (i32.const 40) (i64.const 7))"),
        ),
        ("rubbish-no-lines", &format!("{nothing} {no_lines}")),
        ("rubbish-dropped", &format!("{nothing} {dropped}")),
        ("rubbish-counts", endless),
    ] {
        let (lines, said) = annotate(&lying(name, "", answer), &[]);
        assert_passed(&lines, &said, "wrong-answer");
    }
}

#[test]
fn an_answer_that_is_nowhere_costs_no_record() {
    let nowhere = "(i32.store (i32.const 32) (i32.const -65536))";
    let (lines, said) = annotate(&lying("nowhere", "", nowhere), &[]);
    assert_passed(&lines, &said, "trap");
}

#[test]
fn failed_lines_are_written_with_only_alerts() {
    let (lines, said) = annotate(&hostile("only", "unreachable"), &["--only-alerts"]);
    assert!(lines.iter().any(|line| line == "no JSON!"), "{lines:?} {said}");
}

#[test]
fn a_component_with_imports_is_refused() {
    let file = folder("imports").join("import.wasm");
    let component =
        wat::parse_str(r#"(component (import "example:secret/store@1.0.0" (instance)) (import "log" (func)))"#);
    fs::write(&file, component.unwrap()).unwrap();
    let output = run(&["annotate", "--component", text(&file)], "");
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("import.wasm imports example:secret/store@1.0.0, log; bewit runs only"),
        "{said}"
    );
}

#[test]
fn what_is_no_component_of_bewit_is_refused() {
    let folder = folder("foreign");
    for (name, bytes, said) in [
        (
            "module.wasm",
            wat::parse_str("(module)").unwrap(),
            "is no WebAssembly component",
        ),
        (
            "empty.wasm",
            wat::parse_str("(component)").unwrap(),
            "is no component of the world `plugin`",
        ),
        ("text.wasm", b"hello".to_vec(), "is no WebAssembly component"),
    ] {
        let file = folder.join(name);
        fs::write(&file, bytes).unwrap();
        let output = run(&["annotate", "--component", text(&file)], "");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(said), "{name}: {}", stderr(&output));
    }
}
