//! The module in a real Fluent Bit, where there is one on the PATH, compared with the mirror.
//!
//! Every run reads its input twice: once past the filter, which shows what records Fluent Bit makes of it, and once
//! through it. The mirror gets the former and must give the latter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::filter::module;
use common::{SEED, corpus_lines, folder, resident_memory, run, stderr, stdout, text, wrapped};
use serde_json::Value;

/// How long a run may take that is not told its own time.
const PATIENCE: Duration = Duration::from_secs(120);

/// The module, if there is a Fluent Bit to run it; says so if there is none.
fn ready() -> Option<PathBuf> {
    let version = Command::new("fluent-bit").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no fluent-bit on PATH");
        return None;
    }
    module()
}

/// A pipeline that reads `input` past the filter and through it.
fn pipeline(folder: &Path, input: &str, module: &Path) -> PathBuf {
    let mut yaml = "service:\n  flush: 1\n  grace: 2\npipeline:\n  inputs:\n".to_owned();
    for tag in ["past", "through"] {
        yaml += &format!("    - tag: {tag}\n");
        for line in input.lines() {
            yaml += &format!("      {line}\n");
        }
    }
    yaml += &format!(
        "  filters:\n    - name: wasm\n      match: through\n      wasm_path: {}\n      function_name: bewit\n",
        module.display()
    );
    yaml += "  outputs:\n";
    for tag in ["past", "through"] {
        let folder = folder.display();
        yaml += &format!(
            "    - name: file\n      match: {tag}\n      path: {folder}\n      file: {tag}.json\n      format: plain\n"
        );
    }
    let config = folder.join("fluent-bit.yaml");
    fs::write(&config, yaml).unwrap();
    config
}

fn start(config: &Path) -> Child {
    let folder = config.parent().unwrap();
    Command::new("fluent-bit")
        .arg("-c")
        .arg(config)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(File::create(folder.join("stderr.log")).unwrap())
        .spawn()
        .unwrap()
}

fn lines(file: &Path) -> usize {
    File::open(file).map_or(0, |file| BufReader::new(file).split(b'\n').count())
}

/// Runs until both files have so many records.
fn fluent_bit(config: &Path, records: usize) {
    let folder = config.parent().unwrap();
    let mut child = start(config);
    let began = Instant::now();
    let missing = || {
        ["past.json", "through.json"]
            .iter()
            .any(|file| lines(&folder.join(file)) < records)
    };
    while missing() && began.elapsed() < PATIENCE && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(100));
    }
    drop(child.kill());
    child.wait().unwrap();
    let said = fs::read_to_string(folder.join("stderr.log")).unwrap();
    assert!(!said.contains("[error]"), "{said}");
    for file in ["past.json", "through.json"] {
        assert_eq!(lines(&folder.join(file)), records, "{file}\n{said}");
    }
}

fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Compares what came through the filter with what the mirror makes of what came past it; returns both.
fn compare(folder: &Path, config: &Path) -> (Vec<Value>, Vec<Value>) {
    let past = folder.join("past.json");
    let arguments = ["annotate", "--host", "fluent-bit", "--fluent-bit-config", text(config)];
    let mirror = run(&[&arguments[..], &[text(&past)]].concat(), "");
    assert!(mirror.status.success(), "{}", stderr(&mirror));
    let mirror = values(&stdout(&mirror));
    let through = values(&fs::read_to_string(folder.join("through.json")).unwrap());
    assert_eq!(mirror.len(), through.len());
    for (mirror, real) in mirror.iter().zip(&through) {
        assert!(mirror == real, "mirror: {mirror}\nreal: {real}");
    }
    (values(&fs::read_to_string(past).unwrap()), through)
}

fn alerts(records: &[Value]) -> usize {
    let annotated = |record: &&Value| record["bewit"]["id"].is_string();
    records.iter().filter(annotated).count()
}

fn tail(input: &Path, more: &str) -> String {
    format!(
        "name: tail\npath: {}\nread_from_head: true\nbuffer_max_size: 64M\nbuffer_chunk_size: 1M\n{more}",
        input.display()
    )
}

/// Sends lines through `in_tail`.
fn tailed(test: &str, input: &[u8], records: usize, more: &str) -> (Vec<Value>, Vec<Value>) {
    let Some(module) = ready() else {
        return (Vec::new(), Vec::new());
    };
    let folder = folder(test);
    let log = folder.join("falco.log");
    fs::write(&log, input).unwrap();
    let config = pipeline(&folder, &tail(&log, more), &module);
    fluent_bit(&config, records);
    compare(&folder, &config)
}

#[test]
fn the_corpus_through_tail() {
    let mut lines = corpus_lines();
    // The stack of the interpreter is small: every wrapper again, up to the deepest that is looked into, and beyond.
    let mut wrapped_again: Vec<Vec<u8>> = lines.iter().filter(|line| line.len() < 3_000).cloned().collect();
    for wrapper in [
        |line: &str| wrapped(line),
        |line: &str| format!("2026-04-13T17:57:43.728694426Z stdout F {line}"),
        |line: &str| serde_json::json!({ "message": line, "stream": "stdout" }).to_string(),
        |line: &str| format!("<133>1 2026-04-13T17:57:43.728Z node-1 falco 19460 - - {line}"),
    ] {
        for line in &mut wrapped_again {
            *line = wrapper(&String::from_utf8_lossy(line)).into_bytes();
        }
        lines.extend(wrapped_again.iter().cloned());
    }
    let (past, through) = tailed("real-tail", &(lines.join(&b'\n')), lines.len() - 1, "");
    // The last line has no line break, so tail waits for more.
    if !past.is_empty() {
        eprintln!("{} of {} records are alerts", alerts(&through), through.len());
        assert!(alerts(&through) > 600, "{}", alerts(&through));
    }
}

/// A module compiled for this processor, as the documents say; says so if there is no compiler.
fn ahead_of_time(module: &Path, folder: &Path) -> Option<PathBuf> {
    let compiled = folder.join("module.aot");
    let target: &[&str] = match cfg!(target_arch = "x86_64") {
        true => &["--target=x86_64", "--cpu=x86-64"],
        false => &[],
    };
    // Fluent Bit builds the one from WAMR's other.
    for compiler in ["flb-wamrc", "wamrc"] {
        let mut command = Command::new(compiler);
        command.args(target).arg("-o").arg(&compiled).arg(module);
        if let Ok(output) = command.output() {
            assert!(output.status.success(), "{}", stdout(&output));
            return Some(compiled);
        }
    }
    eprintln!("skipped: no flb-wamrc on PATH");
    None
}

#[test]
fn compiled_ahead_of_time_it_says_the_same() {
    let Some(module) = ready() else {
        return;
    };
    let folder = folder("real-aot");
    let Some(compiled) = ahead_of_time(&module, &folder) else {
        return;
    };
    let lines = corpus_lines();
    let log = folder.join("falco.log");
    fs::write(&log, lines.join(&b'\n')).unwrap();
    let [interpreted, compiled] = [module, compiled].map(|module| {
        let config = pipeline(&folder, &tail(&log, ""), &module);
        for file in ["past.json", "through.json"] {
            drop(fs::remove_file(folder.join(file)));
        }
        fluent_bit(&config, lines.len() - 1);
        fs::read_to_string(folder.join("through.json")).unwrap()
    });
    assert!(alerts(&values(&interpreted)) > 200);
    assert_eq!(interpreted, compiled);
}

#[test]
fn records_of_a_dummy_input() {
    let Some(module) = ready() else {
        return;
    };
    let folder = folder("real-dummy");
    let record = wrapped(SEED).replace('\'', "''");
    let config = pipeline(&folder, &format!("name: dummy\nsamples: 3\ndummy: '{record}'"), &module);
    fluent_bit(&config, 3);
    assert_eq!(alerts(&compare(&folder, &config).1), 3);
}

#[test]
fn split_lines_of_a_container_runtime() {
    let (head, rest) = SEED.split_at(200);
    let (middle, tail) = rest.split_at(200);
    let mut log = String::new();
    for (tag, piece) in [
        ("P", head),
        ("P", middle),
        ("F", tail),
        ("F", SEED),
        ("F", "another line"),
    ] {
        log += &format!("2026-04-13T17:57:43.728694426Z stdout {tag} {piece}\n");
    }
    let (past, through) = tailed("real-cri", log.as_bytes(), 3, "multiline.parser: cri\n");
    if !past.is_empty() {
        assert_eq!(alerts(&through), 2, "{through:?}");
        assert_eq!(through[2], past[2]);
    }
}

#[test]
fn a_record_of_10_mb() {
    let long = SEED.replace("ip link del", &"x".repeat(5_000_000));
    let noise = "y".repeat(10_000_000);
    let over = SEED.replace("ip link del", &"z".repeat(9_000_000));
    let log = format!("{long}\n{noise}\n{over}\n{SEED}\n");
    let (past, through) = tailed("real-long", log.as_bytes(), 4, "");
    if !past.is_empty() {
        assert_eq!(alerts(&through), 2);
        assert_eq!(through[2]["bewit"]["error"]["code"], "line-too-long");
    }
}

/// Alerts that Fluent Bit could not read back: it would crash, or lose what stands behind them.
#[test]
fn alerts_that_would_hurt() {
    let mut log = format!("{SEED}\n");
    let mut records = 1;
    for depth in [1, 10, 15, 20, 30, 70, 200, 10_000] {
        for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
            let deep = open.repeat(depth) + "1" + &close.repeat(depth);
            let alert = SEED.replace("\"user.name\":\"root\"", &format!("\"user.name\":{deep}"));
            log += &format!("{deep}\n{alert}\nafter\n");
            records += 3;
        }
    }
    for number in ["1e999", "-1e400", &"9".repeat(400)] {
        let alert = SEED.replace("1730209225978642167", number);
        log += &format!("{alert}\n{SEED}\n{alert}\n");
        records += 3;
    }
    let (past, through) = tailed("real-hurt", log.as_bytes(), records, "");
    if past.is_empty() {
        return;
    }
    // The first, eight that are not too deep, and those between the numbers.
    assert_eq!(alerts(&through), 1 + 8 + 3);
    let refused = through
        .iter()
        .filter(|record| record["bewit"]["error"]["code"] == "unreadable");
    assert_eq!(refused.count(), 8 + 6);
}

#[test]
fn bytes_that_are_no_utf_8() {
    let mut log = Vec::new();
    for bytes in [
        &b"\xff"[..],
        b"\xc3(",
        b"\xe2\x82(",
        b"\xf0\x9f\xa6",
        b"\x80\x81",
        b"\xed\xa0\x80",
        "ü🦅".as_bytes(),
    ] {
        let line = SEED.replace("calico", "CALICO").into_bytes();
        let at = memchr::memmem::find(&line, b"CALICO").unwrap();
        log.extend_from_slice(&line[..at]);
        log.extend_from_slice(bytes);
        log.extend_from_slice(&line[at..]);
        log.extend_from_slice(b"\nno alert: ");
        log.extend_from_slice(bytes);
        log.push(b'\n');
    }
    let (past, through) = tailed("real-bytes", &log, 14, "");
    if past.is_empty() {
        return;
    }
    assert_eq!(alerts(&through), 7);
    for record in through.iter().skip(1).step_by(2) {
        assert!(record["log"].as_str().unwrap().starts_with("no alert: "));
    }
}

#[test]
fn message_pack_is_refused_and_loses_nothing() {
    let Some(module) = ready() else {
        return;
    };
    let folder = folder("real-msgpack");
    let file = folder.join("falco.log");
    let lines: Vec<Vec<u8>> = corpus_lines();
    // Lengths of all kinds: some have a zero byte.
    let more = (200..1_100)
        .chain([70_000, 1_500_000])
        .map(|length| "x".repeat(length).into_bytes());
    let mut lines: Vec<Vec<u8>> = lines.into_iter().chain(more).collect();
    lines.push(Vec::new());
    fs::write(&file, lines.join(&b'\n')).unwrap();
    let records = lines.len() - 1;
    let config = pipeline(&folder, &tail(&file, ""), &module);
    let yaml = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        yaml.replace(
            "function_name: bewit\n",
            "function_name: bewit\n      event_format: msgpack\n",
        ),
    )
    .unwrap();
    fluent_bit(&config, records);
    let past = values(&fs::read_to_string(folder.join("past.json")).unwrap());
    let through = values(&fs::read_to_string(folder.join("through.json")).unwrap());
    let mut as_text = 0;
    for (past, through) in past.iter().zip(&through) {
        assert_eq!(through["bewit"]["error"]["code"], "event-format");
        if past["log"] == through["log"] {
            continue;
        }
        as_text += 1;
        let text = match &through["log"] {
            Value::Array(pieces) => pieces.iter().map(|piece| piece.as_str().unwrap()).collect(),
            text => text.as_str().unwrap().to_owned(),
        };
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *past);
    }
    eprintln!("{as_text} of {records} records went out as text");
    assert!(as_text > 3);
}

/// Records of the run that looks at memory: `BEWIT_FLUENT_BIT_RECORDS`.
fn many() -> usize {
    let set = std::env::var("BEWIT_FLUENT_BIT_RECORDS").ok();
    set.map_or(20_000, |records| records.parse().unwrap())
}

#[test]
fn memory_stays_flat_over_many_records() {
    let Some(module) = ready() else {
        return;
    };
    let folder = folder("real-many");
    let brief = folder.join("bewit.yaml");
    fs::write(&brief, "detail: brief\n").unwrap();
    let packed = folder.join("brief.wasm");
    let module = [
        "pack",
        "--config",
        text(&brief),
        "--module",
        text(&module),
        "-o",
        text(&packed),
    ];
    assert!(run(&module, "").status.success());
    let (records, file) = (many(), folder.join("falco.log"));
    let mut log = std::io::BufWriter::new(File::create(&file).unwrap());
    for number in 0..records {
        // One in ten is an alert.
        match number % 10 {
            0 => writeln!(log, "{SEED}").unwrap(),
            _ => writeln!(log, "line {number} of some program that has nothing to do with Falco").unwrap(),
        }
    }
    drop(log);
    let yaml = format!(
        "service:\n  flush: 1\n  grace: 5\npipeline:\n  inputs:\n    - name: tail\n      tag: through\n      path: {}\n      \
         read_from_head: true\n      exit_on_eof: true\n      mem_buf_limit: 20M\n  filters:\n    - name: wasm\n      match: '*'\n      \
         wasm_path: brief.wasm\n      function_name: bewit\n  outputs:\n    - name: file\n      match: '*'\n      path: {}\n      \
         file: through.json\n      format: plain\n",
        file.display(),
        folder.display()
    );
    let config = folder.join("fluent-bit.yaml");
    fs::write(&config, yaml).unwrap();
    let began = Instant::now();
    let mut child = start(&config);
    let mut memory = Vec::new();
    while child.try_wait().unwrap().is_none() {
        assert!(
            began.elapsed() < PATIENCE + Duration::from_millis(records as u64 / 2),
            "it does not end"
        );
        memory.extend(resident_memory(&child));
        thread::sleep(Duration::from_millis(50));
    }
    let said = fs::read_to_string(folder.join("stderr.log")).unwrap();
    assert!(!said.contains("[error]"), "{said}");
    let output = folder.join("through.json");
    assert_eq!(lines(&output), records);
    let annotated = BufReader::new(File::open(&output).unwrap())
        .lines()
        .filter(|line| line.as_ref().unwrap().contains("bewit.alert/1"))
        .count();
    assert_eq!(annotated, records.div_ceil(10));
    let most = |from: usize, to: usize| memory[from..to].iter().max().copied().unwrap_or_default() >> 20;
    let (early, late) = (most(0, memory.len() / 2), most(memory.len() / 2, memory.len()));
    eprintln!(
        "{records} records: {early} MiB in the first half, {late} MiB in the second, {:?}",
        began.elapsed()
    );
    assert!(late <= early + 16, "{early} MiB, then {late} MiB");
    fs::remove_file(output).unwrap();
    fs::remove_file(file).unwrap();
}
