//! The module for Fluent Bit, and what the host does with it: pack, inspect, mirror.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::filter::{Filter, Returned, module};
use common::{SEED, corpus_lines, everything, folder, run, stderr, stdout, text, wrapped};
use serde_json::Value;

fn filter() -> Option<Filter> {
    Some(Filter::new(&fs::read(module()?).unwrap()))
}

/// The text that came back, which must be exactly one JSON object.
fn object(returned: &Returned) -> Value {
    let Returned::Text(text) = returned else {
        panic!("the record's own pointer came back");
    };
    let value: Value = serde_json::from_slice(text).unwrap();
    assert!(value.is_object());
    value
}

#[test]
fn it_imports_nothing_and_fits() {
    let Some(path) = module() else {
        return;
    };
    let output = run(&["inspect", text(&path)], "");
    let said = stdout(&output);
    assert!(output.status.success(), "{said}");
    for line in [
        "imports       none\n",
        "entry points  bewit, bewit_msgpack, bewit_native\n",
        "Fluent Bit    loads it\n",
        "configuration (all defaults)\n",
        "schema        bewit.alert/1\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let exports = said.lines().find(|line| line.starts_with("exports")).unwrap();
    let mut exports: Vec<&str> = exports["exports".len()..].trim().split(", ").collect();
    exports.sort_unstable();
    assert_eq!(
        exports,
        [
            "__data_end",
            "__heap_base",
            "__stack_pointer",
            "bewit",
            "bewit_config",
            "bewit_configure",
            "bewit_describe",
            "bewit_load_catalog",
            "bewit_msgpack",
            "bewit_native",
            "free",
            "malloc",
            "memory"
        ]
    );
    let pages = Filter::new(&fs::read(&path).unwrap()).pages();
    assert!(pages <= 32, "{pages} pages, more than 2 MiB");
    // What a ConfigMap can hold.
    let size = fs::metadata(&path).unwrap().len();
    assert!(size < 1 << 20, "{size} bytes");
}

#[test]
fn every_line_is_what_the_component_says() {
    let Some(mut filter) = filter() else {
        return;
    };
    let lines = everything();
    let records: Vec<String> = lines.iter().map(wrapped).collect();
    let input = records.join("\n");
    let local = run(&["annotate"], &input);
    let mirror = run(&["annotate", "--host", "fluent-bit", "--stats"], &input);
    assert!(mirror.status.success(), "{}", stderr(&mirror));
    let (local, mirror_out) = (stdout(&local), stdout(&mirror));
    let mut alerts = 0;
    for ((local, mirror), record) in local.lines().zip(mirror_out.lines()).zip(&records) {
        let returned = filter.json(record.as_bytes());
        if local != mirror {
            // The component's hosts read any JSON.
            assert!(mirror.contains(r#""error":{"code":"unreadable""#), "{mirror}");
            assert_eq!(returned, Returned::Text(mirror.as_bytes().to_vec()));
        } else if local == record {
            assert_eq!(
                returned,
                Returned::Same,
                "a line that is no alert comes back by its own pointer"
            );
        } else {
            assert_eq!(returned, Returned::Text(local.as_bytes().to_vec()));
            alerts += 1;
        }
    }
    assert_eq!(mirror_out.lines().count(), records.len());
    assert!(alerts > 200, "{alerts}");
    assert!(
        stderr(&mirror).contains(&format!("alerts    {alerts}\n")),
        "{}",
        stderr(&mirror)
    );
    // A bare line becomes the same record on its own.
    let text_alert = lines.iter().find(|line| line.starts_with(b"1")).unwrap();
    let bare = run(&["annotate", "--host", "fluent-bit"], text_alert);
    assert_eq!(stdout(&bare), stdout(&run(&["annotate"], wrapped(text_alert))) + "\n");
}

#[test]
fn other_functions_do_the_same_and_message_pack_is_refused() {
    let Some(mut filter) = filter() else {
        return;
    };
    let record = wrapped(SEED);
    let alert = filter.json(record.as_bytes());
    assert_eq!(object(&alert)["bewit"]["schema"], "bewit.alert/1");
    assert_eq!(filter.call("bewit_native", record.as_bytes(), true), alert);
    assert_eq!(filter.call("bewit_msgpack", b"{\"log\":\"a\"}", true), Returned::Same);
    // {"log": "a"} and {"log": 0}
    for (record, kept) in [
        (&b"\x81\xa3log\xa1a"[..], &b"\xa3log\xa1a"[..]),
        (b"\x81\xa3log\x00", b"{\"log\":0}"),
    ] {
        for function in ["bewit", "bewit_native", "bewit_msgpack"] {
            let Returned::Text(text) = filter.call(function, record, false) else {
                panic!("nothing was said");
            };
            assert_eq!(text[0], 0x82);
            let has = |part: &[u8]| memchr::memmem::find(&text, part).is_some();
            assert!(
                has(kept) && has(b"set event_format json"),
                "{}",
                String::from_utf8_lossy(&text)
            );
        }
    }
    // No room for one more key: as it came, up to its end.
    let full: Vec<u8> = [&[0x8f][..], &b"\xa1a\x01".repeat(15)].concat();
    assert_eq!(filter.call("bewit", &full, false), Returned::Same);
    let at = filter.put(&full);
    assert_eq!(filter.text(at), full, "a zero byte follows what was put");
}

#[test]
fn a_record_that_could_not_be_placed_is_survived() {
    let Some(mut filter) = filter() else {
        return;
    };
    let at = filter.raw("bewit", 0, 5, 0, 12_345);
    let said: Value = serde_json::from_slice(&filter.text(at)).unwrap();
    assert_eq!(said["bewit"]["error"]["code"], "no-memory");
    assert!(matches!(filter.json(wrapped(SEED).as_bytes()), Returned::Text(_)));
}

/// As the module judges it, but slowly.
fn unreadable(json: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(json).unwrap();
    let too_deep =
        memchr::memmem::find(json, b"[[[[[[[[[[[[[[[[[[[[[[[[[").is_some() || text.contains(&"{\"a\":".repeat(25));
    if too_deep {
        return Some("the alert is nested deeper than Fluent Bit reads");
    }
    let too_large = text.contains(":1e999,") || text.contains(&format!(":{},", "1".repeat(5_000)));
    too_large.then_some("the alert has a number larger than Fluent Bit reads")
}

#[test]
fn large_deep_and_hostile_records_are_survived() {
    let Some(mut filter) = filter() else {
        return;
    };
    filter.mark_stack();
    let mut expect = |record: &[u8]| {
        let mut expected = Vec::new();
        let mut outcome = bewit::Annotator::default().try_annotate(record, &mut expected);
        // What Fluent Bit could not read back: the module says so.
        if let Some(why) = unreadable(&expected) {
            outcome = bewit::Outcome::Failed;
            expected.clear();
            bewit::fault(record, "unreadable", why, &mut expected);
        }
        match (filter.json(record), outcome) {
            (Returned::Same, bewit::Outcome::Passed) => {}
            (Returned::Text(text), bewit::Outcome::Alert | bewit::Outcome::Failed) => {
                let differ = text
                    .iter()
                    .zip(&expected)
                    .position(|(a, b)| a != b)
                    .unwrap_or(text.len());
                let around = |text: &[u8]| {
                    let from = &text[differ.saturating_sub(100).min(text.len())..];
                    String::from_utf8_lossy(&from[..from.len().min(200)]).into_owned()
                };
                assert!(
                    text == expected,
                    "byte {differ}:\n{}\n{}",
                    around(&text),
                    around(&expected)
                );
            }
            (returned, outcome) => panic!("{outcome:?}, but {returned:?}"),
        }
    };
    // 10 MB: of one alert, of noise, and of a line that is over the limit.
    let long = |bytes: usize| SEED.replace("ip link del", &"x".repeat(bytes));
    expect(wrapped(long(5_000_000)).as_bytes());
    expect(wrapped("y".repeat(10_000_000)).as_bytes());
    expect(wrapped(long(9_000_000)).as_bytes());
    // Numbers that no double can hold, and 10,000 levels.
    for number in ["1e999", &"1".repeat(5_000)] {
        expect(wrapped(SEED.replace("1730209225978642167", number)).as_bytes());
    }
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let deep = open.repeat(10_000) + "1" + &close.repeat(10_000);
        expect(format!("{{\"log\":{deep}}}").as_bytes());
        expect(wrapped(SEED.replace("\"user.name\":\"root\"", &format!("\"user.name\":{deep}"))).as_bytes());
    }
    let mut inside = SEED.to_owned();
    for _ in 0..12 {
        inside = wrapped(&inside);
        expect(inside.as_bytes());
    }
    // Bytes of all kinds, and pieces of a record.
    let record = wrapped(SEED);
    for end in 0..record.len() {
        expect(&record.as_bytes()[..end]);
    }
    let mut state = 1_u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    for _ in 0..2_000 {
        let mut bytes = record.clone().into_bytes();
        for _ in 0..1 + random() % 5 {
            let at = random() as usize % bytes.len();
            // No zero byte: it would end the record.
            bytes[at] = 1 + (random() % 255) as u8;
        }
        if !matches!(bytes[0], 0x80..=0x8f | 0xde | 0xdf) {
            expect(&bytes);
        }
    }
    let used = filter.stack_used();
    eprintln!("{used} bytes of stack");
    assert!(used < 16 << 10, "{used} bytes of stack");
}

/// Pages that are in use after a fourth of so many records of the corpus, and at the end.
fn pages(config: &str, records: usize) -> Option<(u64, u64)> {
    let mut filter = filter()?;
    filter.configure(config);
    let corpus: Vec<String> = corpus_lines().iter().map(wrapped).collect();
    let rounds = records / corpus.len();
    let mut pages = 0;
    for round in 0..rounds {
        for record in &corpus {
            filter.json(record.as_bytes());
        }
        // What is kept between lines is complete, and evicted and made anew, after some rounds.
        if round == rounds / 4 {
            pages = filter.pages();
        }
    }
    Some((pages, filter.pages()))
}

#[test]
fn memory_stays_flat() {
    for (config, records) in [("{}", 100_000), (r#"{"detail":"brief"}"#, 200_000)] {
        let Some((early, late)) = pages(config, records) else {
            return;
        };
        eprintln!("{late} pages with {config}");
        assert_eq!(late, early, "{config}");
        // With guidance in full it is somewhat more.
        if config.contains("brief") {
            assert!(late <= 32, "{late} pages are more than 2 MiB");
        }
    }
}

fn pack(config: &Path, module: &Path) -> std::process::Output {
    run(&["pack", "--config", text(config), "-o", text(module)], "")
}

#[test]
fn a_packed_module_has_its_configuration() {
    if module().is_none() {
        return;
    }
    let folder = folder("pack");
    let (config, packed) = (folder.join("bewit.yaml"), folder.join("module.wasm"));
    fs::write(&config, "detail: brief\norganisation:\n  cluster: north\n").unwrap();
    let output = pack(&config, &packed);
    assert!(output.status.success(), "{}", stderr(&output));
    let record = wrapped(SEED);
    let expected = stdout(&run(&["annotate", "--config", text(&config)], &record));
    assert!(
        expected.contains(r#""cluster":"north""#) && !expected.contains(r#""entities""#),
        "{expected}"
    );
    let returned = Filter::new(&fs::read(&packed).unwrap()).json(record.as_bytes());
    assert_eq!(returned, Returned::Text(expected.into_bytes()));
    let said = stdout(&run(&["inspect", text(&packed)], ""));
    assert!(
        said.contains("imports       none\n")
            && said.contains("configuration\n")
            && said.contains("  detail: brief\n")
            && said.contains("    cluster: north\n"),
        "{said}"
    );
    // Packing again starts from what is inside.
    let again = folder.join("again.wasm");
    fs::write(&config, "min_priority: critical\n").unwrap();
    let output = run(
        &[
            "pack",
            "--config",
            text(&config),
            "--module",
            text(&packed),
            "-o",
            text(&again),
        ],
        "",
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let dropped = Filter::new(&fs::read(&again).unwrap()).json(record.as_bytes());
    assert_eq!(dropped, Returned::Text(Vec::new()));
}

#[test]
fn an_overlay_is_packed() {
    if module().is_none() {
        return;
    }
    let folder = folder("pack-overlay");
    let (overlay, packed) = (folder.join("ours.yaml"), folder.join("module.wasm"));
    let rule =
        "rules:\n  - rule: Acme till opened\n    summary: \"{proc.name|A till} was opened.\"\n    why: By hand only.\n";
    fs::write(&overlay, rule).unwrap();
    let output = run(&["pack", "--overlay", text(&overlay), "-o", text(&packed)], "");
    assert!(output.status.success(), "{}", stderr(&output));
    let line = r#"{"rule":"Acme till opened","priority":"Notice","time":"x","output_fields":{"proc.name":"till"}}"#;
    let mut filter = Filter::new(&fs::read(&packed).unwrap());
    let alert = object(&filter.json(wrapped(line).as_bytes()));
    assert_eq!(alert["bewit"]["summary"], "till was opened.");
    eprintln!(
        "{} bytes, {} pages",
        fs::metadata(&packed).unwrap().len(),
        filter.pages()
    );
}

#[test]
fn a_bad_configuration_is_not_packed() {
    let folder = folder("pack-bad");
    let (config, packed) = (folder.join("bewit.yaml"), folder.join("module.wasm"));
    for (yaml, said) in [
        ("detial: brief\n", "bewit.yaml:1:1: unknown key `detial`"),
        (
            "limits:\n  batch_lines: many\n",
            "bewit.yaml:2:16: limits.batch_lines: invalid type",
        ),
    ] {
        fs::write(&config, yaml).unwrap();
        let output = pack(&config, &packed);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert!(!packed.exists());
    }
}

/// A module whose function `f` returns this text whatever it gets.
fn returning(folder: &Path, answer: &str) -> PathBuf {
    let wat = format!(
        r#"(module
            (memory (export "memory") 1)
            (data (i32.const 16) "{}\00")
            (global $next (mut i32) (i32.const 4096))
            (func (export "malloc") (param i32) (result i32)
                (global.get $next)
                (global.set $next (i32.add (global.get $next) (local.get 0))))
            (func (export "free") (param i32) (global.set $next (i32.const 4096)))
            (func (export "trap") (param i32 i32 i32 i32 i32 i32) (result i32) unreachable)
            (func (export "nowhere") (param i32 i32 i32 i32 i32 i32) (result i32) i32.const -1)
            (func (export "null") (param i32 i32 i32 i32 i32 i32) (result i32) i32.const 0)
            (func (export "f") (param i32 i32 i32 i32 i32 i32) (result i32) i32.const 16))"#,
        answer.replace('"', "\\22")
    );
    let file = folder.join("returning.wasm");
    fs::write(&file, wat::parse_str(wat).unwrap()).unwrap();
    file
}

fn mirror(folder: &Path, function: &str) -> std::process::Output {
    let config = folder.join("fluent-bit.yaml");
    let yaml = format!(
        "pipeline:\n  filters:\n    - name: wasm\n      match: '*'\n      wasm_path: returning.wasm\n      function_name: {function}\n"
    );
    fs::write(&config, yaml).unwrap();
    run(
        &["annotate", "--host", "fluent-bit", "--fluent-bit-config", text(&config)],
        "a line\n",
    )
}

#[test]
fn the_mirror_gives_records_the_fate_that_fluent_bit_gives_them() {
    let folder = folder("fates");
    for (answer, function, code, out, said) in [
        ("{\"a\":1}", "f", 0, "{\"a\":1}\n", ""),
        ("", "f", 0, "", ""),
        ("", "null", 0, "", ""),
        ("{\"a\":1}{\"b\":2}", "f", 1, "{\"a\":1}\n", "loses all but the first"),
        ("[1]", "f", 1, "", "JSON that is no object"),
        ("{\"a\":", "f", 1, "", "this would crash Fluent Bit"),
        ("", "trap", 1, "", "trapped"),
        ("", "nowhere", 1, "", "returned no text"),
    ] {
        returning(&folder, answer);
        let output = mirror(&folder, function);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{answer} {function}: {}",
            stderr(&output)
        );
        assert_eq!(stdout(&output), out, "{answer} {function}");
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    let output = mirror(&folder, "g");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("fluent-bit.yaml: pipeline.filters[0]: ")
            && stderr(&output).contains("exports no function `g`"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_real_configuration_is_mirrored_or_refused() {
    let Some(module) = module() else {
        return;
    };
    let folder = folder("configuration");
    fs::copy(&module, folder.join("bewit.wasm")).unwrap();
    let classic = "[INPUT]\n    Name tail\n    Path /var/log/falco.log\n[FILTER]\n    Name wasm\n    Match falco*\n    Wasm_Path bewit.wasm\n    Function_Name bewit\n";
    let config = folder.join("fluent-bit.conf");
    fs::write(&config, classic).unwrap();
    let arguments = ["annotate", "--host", "fluent-bit", "--fluent-bit-config", text(&config)];
    let record = wrapped(SEED);
    let output = run(&arguments, &record);
    assert_eq!(
        stdout(&output),
        stdout(&run(&["annotate"], &record)) + "\n",
        "{}",
        stderr(&output)
    );
    for (change, more, said) in [
        (("bewit\n", "bewitt\n"), &[][..], "exports no function `bewitt`"),
        (("bewit.wasm", "none.wasm"), &[], "cannot read the module"),
        (
            ("    Match", "    Event_Format msgpack\n    Match"),
            &[],
            "event_format msgpack",
        ),
        (
            ("    Match", "    Wasm_Heap_Size 4k\n    Match"),
            &[],
            "wasm_heap_size 4k: too small",
        ),
        (
            ("falco*", "kube.*"),
            &["--tag", "falco.log"],
            "no filter matches the tag falco.log: match kube.*",
        ),
        (("", ""), &["--detail", "brief"], "set another one with `bewit pack`"),
        (("", ""), &["--jobs", "2"], "a filter has one instance"),
    ] {
        fs::write(&config, classic.replace(change.0, change.1)).unwrap();
        let output = run(&[&arguments[..], more].concat(), &record);
        assert_eq!(output.status.code(), Some(2), "{said}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

#[test]
fn what_fluent_bit_cannot_load_is_named() {
    let folder = folder("inspect");
    let file = folder.join("module.wasm");
    let entry =
        r#"(memory (export "memory") 1) (func (export "f") (param i32 i32 i32 i32 i32 i32) (result i32) i32.const 0)"#;
    for (body, said) in [
        (
            "(func (drop (v128.const i32x4 0 0 0 0)))",
            "cannot use it: it uses simd128",
        ),
        (
            r#"(import "env" "g" (global i32))"#,
            "it imports env.g, which is no function",
        ),
    ] {
        fs::write(&file, wat::parse_str(format!("(module {body} {entry})")).unwrap()).unwrap();
        let output = run(&["inspect", text(&file)], "");
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains(said), "{}", stdout(&output));
    }
    let component = std::env::var("BEWIT_COMPONENT").unwrap_or_default();
    if !component.is_empty() {
        let output = run(&["inspect", &component], "");
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("it is a component"), "{}", stdout(&output));
    }
}
