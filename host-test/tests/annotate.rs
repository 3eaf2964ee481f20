//! `bewit annotate`, as a filter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use common::{
    SEED, annotated, bewit, component, corpus_files, everything, folder, peak_memory, run, stderr, stdout, text,
};

fn seed_lines(count: usize) -> String {
    format!("{SEED}\nsome other line\n").repeat(count)
}

#[test]
fn the_seed_line_says_what_to_do() {
    if !component() {
        return;
    }
    let output = run(&["annotate"], SEED);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), annotated(SEED));
    let alert: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(alert["uuid"], "06dc3669-f1aa-47da-92bf-ae8723e1b9a6");
    assert_eq!(alert["output_fields"]["evt.time"], 1_730_209_225_978_642_167_u64);
    assert_eq!(alert["bewit"]["schema"], "bewit.alert/1");
    assert_eq!(alert["bewit"]["id"], alert["uuid"]);
    assert!(!alert["bewit"]["mitigations"].as_array().unwrap().is_empty());
}

#[test]
fn the_component_says_what_the_library_says() {
    if !component() {
        return;
    }
    let more = folder("everything").join("lines.log");
    fs::write(&more, everything().join(&b'\n')).unwrap();
    let mut files = corpus_files(&[""]);
    files.push(more);
    let (annotator, mut expected) = (bewit::Annotator::default(), Vec::new());
    for file in &files {
        if !expected.is_empty() && !expected.ends_with(b"\n") {
            expected.push(b'\n');
        }
        bewit::annotate_batch(&annotator, &fs::read(file).unwrap(), &mut expected);
    }
    for jobs in ["1", "2"] {
        let output = bewit()
            .args(["annotate", "--jobs", jobs])
            .args(&files)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let lines = |text: &'_ [u8]| {
            text.split(|byte| *byte == b'\n')
                .map(String::from_utf8_lossy)
                .map(String::from)
                .collect()
        };
        let (got, wanted): (Vec<String>, Vec<String>) = (lines(&output.stdout), lines(&expected));
        for (number, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            assert_eq!(got, wanted, "line {number}");
        }
        assert!(output.stdout == expected);
    }
}

#[test]
fn lines_of_docker_whose_breaks_were_stripped_are_no_pieces() {
    if !component() {
        return;
    }
    let log = serde_json::to_string(SEED).unwrap();
    let line = format!(r#"{{"log":{log},"stream":"stdout","time":"2024-10-29T13:40:26.000000000Z"}}"#) + "\n";
    let output = run(
        &["annotate", "--only-alerts", "--stats", "--detail", "brief"],
        line.repeat(20_000),
    );
    let said = stderr(&output);
    assert!(said.contains("alerts    20000\n") && !said.contains("bewit:"), "{said}");
}

#[test]
fn files_and_standard_input_are_read_in_turn() {
    if !component() {
        return;
    }
    let folder = folder("turn");
    let (one, two) = (folder.join("one.log"), folder.join("two.log"));
    fs::write(&one, "one, without a line break").unwrap();
    fs::write(&two, "two\n").unwrap();
    let output = run(&["annotate", text(&one), "-", text(&two)], "input\n");
    assert_eq!(stdout(&output), "one, without a line break\ninput\ntwo\n");
    let output = run(&["annotate", text(&two), text(&one)], "");
    assert_eq!(stdout(&output), "two\none, without a line break");
    let output = bewit()
        .args(["annotate"])
        .stdin(File::open(&one).unwrap())
        .output()
        .unwrap();
    assert_eq!(stdout(&output), "one, without a line break");
    let target = folder.join("out.log");
    let output = run(&["annotate", text(&two), "--output", text(&target)], "");
    assert_eq!(
        (stdout(&output).as_str(), fs::read_to_string(&target).unwrap().as_str()),
        ("", "two\n")
    );
}

#[test]
fn a_missing_file_is_reported_and_the_rest_is_read() {
    if !component() {
        return;
    }
    let folder = folder("missing");
    let there = folder.join("there.log");
    fs::write(&there, "there\n").unwrap();
    let missing = folder.join("missing.log");
    let output = run(&["annotate", text(&missing), text(&folder), text(&there)], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "there\n");
    let said = stderr(&output);
    assert!(said.contains("missing.log: No such file or directory"), "{said}");
    assert!(said.contains("Is a directory"), "{said}");
}

#[test]
fn an_output_that_is_also_input_is_refused() {
    if !component() {
        return;
    }
    let folder = folder("both");
    let file = folder.join("falco.log");
    fs::write(&file, "a\n").unwrap();
    let output = run(&["annotate", text(&file), "-o", text(&file)], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("falco.log is both input and output"),
        "{}",
        stderr(&output)
    );
    let append = File::options().append(true).open(&file).unwrap();
    let output = bewit().arg("annotate").arg(&file).stdout(append).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), "a\n");
}

#[test]
fn only_alerts_are_written_if_asked_for() {
    if !component() {
        return;
    }
    let already = annotated(SEED);
    let input = format!("start\n{SEED}\nmiddle\n{already}\n\nend");
    let output = run(&["annotate", "--only-alerts", "--stats"], input);
    assert_eq!(stdout(&output), format!("{already}\n{already}\n"));
    let said = stderr(&output);
    for count in [
        "lines     6\n",
        "alerts    1\n",
        "passed    5\n",
        "withheld  4\n",
        "dropped   0\n",
        "failed    0\n",
    ] {
        assert!(said.contains(count), "{said}");
    }
}

#[test]
fn options_beat_the_file_and_the_file_beats_defaults() {
    if !component() {
        return;
    }
    let folder = folder("options");
    let config = folder.join("bewit.yaml");
    fs::write(
        &config,
        "detail: brief\nmin_priority: critical\norganisation:\n  cluster: north\n",
    )
    .unwrap();
    let with = |args: &[&str]| {
        let mut all = vec!["annotate", "--config", text(&config)];
        all.extend(args);
        let output = run(&all, format!("{SEED}\nother\n"));
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    assert_eq!(with(&[]), "other\n");
    let brief = with(&["--min-priority", "WARNING"]);
    let full = with(&["--min-priority", "debug", "--detail", "full", "--keep-raw"]);
    assert!(brief.contains(r#""cluster":"north""#), "{brief}");
    assert!(
        !brief.contains(r#""entities""#) && full.contains(r#""entities""#),
        "{brief}"
    );
    assert!(!brief.contains(r#""raw""#) && full.contains(r#""raw""#), "{full}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    if !component() {
        return;
    }
    // Standard input stays open: like any filter it ends when nobody wants more, not when there is no more.
    let mut child = bewit()
        .arg("annotate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    writeln!(stdin, "{SEED}").unwrap();
    reader.read_line(&mut first).unwrap();
    assert!(first.contains("bewit.alert/1"));
    drop(reader);
    while child.try_wait().unwrap().is_none() {
        drop(stdin.write_all(seed_lines(10).as_bytes()));
        thread::sleep(Duration::from_millis(5));
    }
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn a_request_to_end_still_writes_what_the_pipe_holds() {
    if !component() {
        return;
    }
    for signal in ["-TERM", "-INT"] {
        let mut child = bewit()
            .arg("annotate")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        stdin.write_all(b"first\n").unwrap();
        let mut out = String::new();
        reader.read_line(&mut out).unwrap();
        let rest = format!("{}and a last one without end", seed_lines(20));
        stdin.write_all(rest.as_bytes()).unwrap();
        let sent = std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        // Standard input is still open: it ends because it was asked to.
        reader.read_to_string(&mut out).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
        assert_eq!(out, format!("first\n{}", annotated(&rest)));
        drop(stdin);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_was_not_read_to_its_end_is_said() {
    if !component() {
        return;
    }
    let file = folder("stopped").join("falco.log");
    let lines: String = (0..300_000).map(|number| format!("line {number}\n")).collect();
    fs::write(&file, &lines).unwrap();
    let mut child = bewit()
        .args(["annotate", text(&file)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has begun, and cannot go far as long as nobody reads on.
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut out = String::new();
    reader.read_line(&mut out).unwrap();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    reader.read_to_string(&mut out).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("falco.log: stopped before its end"),
        "{}",
        stderr(&output)
    );
    // What it read was written, in whole lines.
    assert!(lines.starts_with(&out) && out.ends_with('\n') && out.len() < lines.len());
}

#[test]
fn what_has_arrived_is_annotated_at_once() {
    if !component() {
        return;
    }
    let mut child = bewit()
        .arg("annotate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    for line in [SEED, "other", SEED] {
        writeln!(stdin, "{line}").unwrap();
        let mut answer = String::new();
        reader.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim_end(), annotated(line));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_split_line_that_arrives_in_two_writes_is_joined() {
    if !component() {
        return;
    }
    let (head, tail) = SEED.split_at(200);
    let piece = |tag: &str, text: &str| format!("2026-04-13T17:57:43.728694426Z stdout {tag} {text}\n");
    let mut child = bewit()
        .arg("annotate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(piece("P", head).as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(100));
    stdin.write_all(piece("F", tail).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(stdout(&output), annotated(piece("P", head) + &piece("F", tail)));
    assert!(stdout(&output).contains("bewit.alert/1"));
}

#[test]
fn the_order_does_not_depend_on_jobs() {
    if !component() {
        return;
    }
    let folder = folder("jobs");
    let file = folder.join("falco.log");
    let mut lines = String::new();
    for number in 0..3000 {
        lines += &format!("line {number}\n");
        if number % 7 == 0 {
            lines += SEED;
            lines += "\n";
        }
    }
    fs::write(&file, lines).unwrap();
    let with = |jobs: &str| run(&["annotate", "--detail", "brief", "--jobs", jobs, text(&file)], "").stdout;
    let one = with("1");
    assert!(one.len() > 500_000, "{}", one.len());
    assert!(one == with("2"), "two jobs give other bytes than one");
    assert!(one == with("5"), "five jobs give other bytes than one");
}

#[test]
fn memory_does_not_grow_with_the_input() {
    if !component() {
        return;
    }
    const SIZE: usize = 200 << 20;
    const MOST: u64 = 128 << 20;
    let folder = folder("memory");
    let file = folder.join("falco.log");
    // Half of it is lines, half one line without end.
    let mut target = File::create(&file).unwrap();
    let mut block = "a line of some other program, which passes through as it is\n".repeat(10_000);
    block += &seed_lines(50);
    while target.metadata().unwrap().len() < SIZE as u64 / 2 {
        target.write_all(block.as_bytes()).unwrap();
    }
    let endless = "x".repeat(1 << 20);
    while target.metadata().unwrap().len() < SIZE as u64 {
        target.write_all(endless.as_bytes()).unwrap();
    }
    target.write_all(b"\nthe end").unwrap();
    drop(target);

    let mut child = bewit()
        .args(["annotate", "--detail", "brief", "--stats", text(&file)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let (mut read, mut peak, mut end) = (0, 0, Vec::new());
    let mut buffer = vec![0; 1 << 20];
    loop {
        peak = peak.max(peak_memory(&child).unwrap_or(0));
        let length = output.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        read += length;
        end.extend_from_slice(&buffer[..length]);
        end.drain(..end.len().saturating_sub(16));
    }
    let ended = child.wait_with_output().unwrap();
    let said = stderr(&ended);
    fs::remove_file(&file).unwrap();
    assert!(ended.status.success(), "{said}");
    assert!(end.ends_with(b"xx\nthe end"));
    assert!(read > SIZE, "{read}");
    assert!(
        said.contains("failed    1\n") && said.contains("a line has more than 16777216 bytes"),
        "{said}"
    );
    assert!(peak > 0 && peak < MOST, "{peak} bytes");
    eprintln!("peak memory {} MiB\n{said}", peak >> 20);
}

#[test]
fn utf_16_is_read() {
    if !component() {
        return;
    }
    let folder = folder("utf16");
    let file = folder.join("falco.log");
    let text_16 = format!("\u{feff}{SEED}\r\ngrößer 🦅");
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = text_16.encode_utf16().flat_map(bytes).collect();
        fs::write(&file, bytes).unwrap();
        let output = run(&["annotate", text(&file)], "");
        assert_eq!(stdout(&output), annotated(text_16.trim_start_matches('\u{feff}')));
    }
}

#[test]
fn lines_over_the_limit_are_marked_where_they_can_be() {
    if !component() {
        return;
    }
    let folder = folder("limit");
    let config = folder.join("bewit.yaml");
    fs::write(&config, "limits: {line_bytes: 300, batch_bytes: 2000}").unwrap();
    let long = format!(r#"{{"rule":"{}"}}"#, "x".repeat(4000));
    let input = format!("{SEED}\n{long}\nend\n");
    let output = run(
        &["annotate", "--config", text(&config), "--only-alerts", "--stats"],
        input,
    );
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert!(lines[0].contains(r#""code":"line-too-long""#), "{}", lines[0]);
    assert_eq!(lines[1..], [long]);
    assert!(stderr(&output).contains("failed    2\n"), "{}", stderr(&output));
}
