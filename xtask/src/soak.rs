//! A long run: many records through the component and through the mirror of Fluent Bit, memory watched, records counted.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::files;

/// How the host is run.
const RUNS: [(&str, &[&str]); 2] = [
    ("component", &["annotate", "--detail", "brief"]),
    ("Fluent Bit's mirror", &["annotate", "--host", "fluent-bit"]),
];

/// Lines that are no alerts for each line of the corpus: a cluster logs more than Falco does.
const OTHERS: usize = 4;

/// One run.
pub(crate) struct Soaked {
    /// What was run.
    pub(crate) name: &'static str,
    /// Records in, and as many out.
    pub(crate) records: u64,
    /// Bytes in.
    pub(crate) bytes: u64,
    pub(crate) time: Duration,
    /// Resident bytes of the process, evenly spaced.
    pub(crate) memory: Vec<u64>,
}

impl Soaked {
    /// Most memory in the first and in the second half of the run, but for its first tenth.
    pub(crate) fn halves(&self) -> (u64, u64) {
        let settled = self.memory.get(self.memory.len() / 10..).unwrap_or_default();
        let (first, second) = settled.split_at(settled.len() / 2);
        let most = |part: &[u64]| part.iter().copied().max().unwrap_or_default();
        (most(first), most(second))
    }
}

/// Runs `host` on so many records, both ways.
pub(crate) fn run(host: &Path, records: u64) -> Result<Vec<Soaked>> {
    let block = block()?;
    RUNS.into_iter()
        .map(|(name, args)| {
            eprintln!("{records} records through the {name}");
            soak(host, name, args, &block, records)
        })
        .collect()
}

/// The corpus, as lines of a cluster's log.
fn block() -> Result<Vec<Vec<u8>>> {
    let lines = |path: &Path| -> Result<Vec<Vec<u8>>> {
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(<[u8]>::to_vec)
            .collect())
    };
    let others = lines(Path::new("tests/corpus/falcosecurity__falco-website/startup.log"))?;
    let mut others = others.iter().cycle();
    // Pieces of a line are one record, or several, by where a batch ends.
    let whole = |name: &str| (name.ends_with(".log") || name.ends_with(".jsonl")) && !name.contains("partial");
    let mut block = Vec::new();
    for sample in files::corpus()?.iter().filter(|sample| whole(&sample.name)) {
        for line in lines(&sample.path)? {
            block.push(line);
            block.extend(others.by_ref().take(OTHERS).cloned());
        }
    }
    Ok(block)
}

fn soak(host: &Path, name: &'static str, args: &[&str], block: &[Vec<u8>], records: u64) -> Result<Soaked> {
    let mut child = Command::new(host)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", host.display()))?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let mut stdout = child.stdout.take().context("no standard output")?;
    let joined: Vec<u8> = block.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    let block = block.to_vec();
    let began = Instant::now();
    let writer = thread::spawn(move || -> Result<u64> {
        let size = block.len() as u64;
        let mut bytes = 0;
        for _ in 0..records / size {
            stdin.write_all(&joined)?;
            bytes += joined.len() as u64;
        }
        for line in block.iter().take(usize::try_from(records % size)?) {
            stdin.write_all(line)?;
            stdin.write_all(b"\n")?;
            bytes += line.len() as u64 + 1;
        }
        Ok(bytes)
    });
    let (ended, end) = channel::<()>();
    let reader = thread::spawn(move || -> Result<u64> {
        let mut buffer = vec![0; 1 << 20];
        let mut count = 0;
        loop {
            let read = stdout.read(&mut buffer)?;
            if read == 0 {
                drop(ended);
                return Ok(count);
            }
            let read = buffer.get(..read).unwrap_or_default();
            count += memchr::memchr_iter(b'\n', read).count() as u64;
        }
    });
    let mut memory = Vec::new();
    while end.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
        memory.extend(resident(&child));
    }
    let lost = |_| anyhow::anyhow!("a thread ended before its work");
    let bytes = writer.join().map_err(lost)??;
    let out = reader.join().map_err(lost)??;
    let status = child.wait()?;
    ensure!(out == records, "{name}: {records} records in, {out} out");
    // Records that it had to pass on with an error make it end with another code.
    ensure!(status.success(), "{name}: {status}");
    Ok(Soaked {
        name,
        records,
        bytes,
        time: began.elapsed(),
        memory,
    })
}

fn resident(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// The memory of the runs as a picture; time goes to the right, each run over its own.
pub(crate) fn picture(runs: &[Soaked]) -> String {
    const WIDTH: f64 = 720.0;
    const HEIGHT: f64 = 200.0;
    let most = runs.iter().flat_map(|run| &run.memory).copied().max().unwrap_or(1) as f64 * 1.1;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Resident memory of the host over each run</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <path d=\"M50 10V{HEIGHT}H{}\" fill=\"none\" stroke=\"#555\"/>\n",
        WIDTH + 60.0,
        HEIGHT + 50.0,
        WIDTH + 50.0,
    );
    let y = |bytes: f64| HEIGHT - bytes / most * (HEIGHT - 10.0);
    for part in [0.5, 1.0] {
        let bytes = most / 1.1 * part;
        let _ = writeln!(
            svg,
            "<text x=\"46\" y=\"{:.0}\" text-anchor=\"end\">{:.0} MiB</text>",
            y(bytes) + 4.0,
            bytes / f64::from(1 << 20),
        );
    }
    for (run, (colour, dash)) in runs.iter().zip([("#0b5394", "none"), ("#b45f06", "6 3")]) {
        let step = WIDTH / (run.memory.len().max(2) - 1) as f64;
        let points: String = run
            .memory
            .iter()
            .enumerate()
            .map(|(i, bytes)| format!("{:.1},{:.1} ", 50.0 + i as f64 * step, y(*bytes as f64)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" stroke-dasharray=\"{dash}\"/>",
            points.trim_end(),
        );
    }
    for (i, (run, colour)) in runs.iter().zip(["#0b5394", "#b45f06"]).enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"{colour}\">{}: {} records, {:.0} s</text>",
            50 + i * 360,
            HEIGHT + 30.0,
            run.name,
            run.records,
            run.time.as_secs_f64(),
        );
    }
    svg + "</svg>\n"
}
