//! Components that trap, run for ever or take all memory: no record is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use common::hostile::{hostile, lying};
use common::{folder, run, stderr, stdout, text};
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
