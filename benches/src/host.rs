//! The local host.

use std::fs;
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
const ROUNDS: usize = 3;

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
    let (mut first, mut single, mut double, mut memory) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..15 {
        first.push(run(&built.host, &[], &one)?.wall.as_secs_f64() * 1e3);
    }
    for _ in 0..ROUNDS {
        single.push(run(&built.host, &["--jobs", "1"], &large)?.wall.as_secs_f64());
        let run = run(&built.host, &["--jobs", "2"], &large)?;
        double.push(run.wall.as_secs_f64());
        memory = memory.max(run.memory);
    }
    let bytes = fs::metadata(&large)?.len() as f64;
    fs::remove_dir_all(&folder)?;
    let (first, single, double) = (median(first), median(single), median(double));
    let speed = |seconds: f64| format!("{:.0} MB/s", bytes / seconds / 1e6);
    report.say(&format!(
        "`bewit annotate --detail brief` on {} MB of the corpus: {} with one job, {} with two. The order of the output is that of the input in both; tests compare it.",
        bytes as u64 / 1_000_000, speed(single), speed(double)
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
