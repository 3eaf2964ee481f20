//! The local host.

use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::Built;
use crate::load::Load;
use crate::measure::median;
use crate::report::{Goal, Report, times};

/// Bytes of the file that the host works through.
const FILE: usize = 256 << 20;
const ROUNDS: usize = 5;

struct Run {
    wall: Duration,
    /// The most memory that was seen resident, in bytes.
    memory: u64,
}

fn run(host: &Path, arguments: &[&str], input: &Path) -> Result<Run> {
    let start = Instant::now();
    let mut child = Command::new(host)
        .args(["annotate", "--detail", "brief"])
        .args(arguments)
        .arg(input)
        .stdout(Stdio::null())
        .spawn()
        .context("cannot run the host")?;
    // The kernel's own high-water mark of a child begins with that of the process that started it, so it is asked for
    // while the child runs.
    let status = format!("/proc/{}/status", child.id());
    let watcher = thread::spawn(move || {
        let mut most = 0;
        while let Some(resident) = resident(&status) {
            most = most.max(resident);
            thread::sleep(Duration::from_millis(5));
        }
        most
    });
    let status = child.wait()?;
    let wall = start.elapsed();
    ensure!(status.success(), "the host failed: {status}");
    Ok(Run { wall, memory: watcher.join().unwrap_or_default() })
}

/// How long two hosts with one job each take, side by side.
fn both(host: &Path, input: &Path) -> Result<Duration> {
    let start = Instant::now();
    thread::scope(|scope| {
        let one = || run(host, &["--jobs", "1"], input);
        let other = scope.spawn(one);
        one()?;
        other.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    Ok(start.elapsed())
}

/// Bytes that a process has resident; none when it is gone.
fn resident(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

pub(crate) fn measure(built: &Built, loads: &[Load], report: &mut Report) -> Result<()> {
    report.heading("The host");
    let corpus = loads.iter().find(|load| load.name == "corpus").context("there is no corpus")?;
    let folder = std::env::temp_dir().join(format!("bewit-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let (large, one) = (folder.join("large.log"), folder.join("one.log"));
    let lines = corpus.lines();
    fs::write(&large, lines.repeat(FILE.div_ceil(lines.len())))?;
    fs::write(&one, loads[0].lines())?;

    // The first start compiles.
    run(&built.host, &[], &one)?;
    let (mut first, mut single, mut double, mut pair, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..15 {
        first.push(run(&built.host, &[], &one)?.wall.as_secs_f64() * 1e3);
    }
    for _ in 0..ROUNDS {
        single.push(run(&built.host, &["--jobs", "1"], &large)?.wall.as_secs_f64());
        let run = run(&built.host, &["--jobs", "2"], &large)?;
        double.push(run.wall.as_secs_f64());
        memory = memory.max(run.memory);
        pair.push(both(&built.host, &large)?.as_secs_f64());
    }
    let bytes = fs::metadata(&large)?.len() as f64;
    fs::remove_dir_all(&folder)?;
    let (first, single, double, pair) = (median(first), median(single), median(double), median(pair));
    let speed = |seconds: f64| format!("{:.0} MB/s", bytes / seconds / 1e6);
    report.say(&format!(
        "`bewit annotate --detail brief` on {} MB of the corpus: {} with one job, {} with two. The order of the output is that of the input in both; tests compare it. Two hosts with one job each, which share nothing and run at the same time, do {} what one does alone: more than that this machine does not give to two jobs.",
        bytes as u64 / 1_000_000, speed(single), speed(double), times(2.0 * single / pair)
    ));
    report.goals(&[
        Goal {
            what: "from 1 job to 2".to_owned(),
            goal: "at least 1.8 x".to_owned(),
            reached: times(single / double),
            met: single / double >= 1.8,
        },
        Goal {
            what: "first alert after start, with the compiled component cached".to_owned(),
            goal: "50 ms".to_owned(),
            reached: format!("{first:.0} ms"),
            met: first <= 50.0,
        },
        Goal {
            what: "memory of the host, two jobs".to_owned(),
            goal: "64 MiB".to_owned(),
            reached: format!("{} MiB", memory >> 20),
            met: memory <= 64 << 20,
        },
    ]);
    Ok(())
}
