//! A real Vector, where one is on PATH.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wait4::Wait4 as _;

use crate::load::Load;
use crate::report::{Report, us};

/// Records of a run.
const RECORDS: usize = 200_000;

/// A Vector that reads lines from standard input and drops them behind one transform.
fn configuration(program: &str) -> String {
    let program = serde_json::Value::from(program);
    format!(
        r#"{{"sources":{{"in":{{"type":"stdin","max_length":1048576}}}},
"transforms":{{"annotate":{{"type":"remap","inputs":["in"],"source":{program}}}}},
"sinks":{{"out":{{"type":"blackhole","inputs":["annotate"],"print_interval_secs":0}}}}}}"#
    )
}

pub(crate) fn measure(loads: &[Load], report: &mut Report) -> Result<()> {
    report.heading("A real Vector");
    if Command::new("vector").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        report.say("skipped: no `vector` on PATH.");
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("bewit-bench-vector-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let program = fs::read_to_string("benches/peers/annotate.vrl").context("cannot read the VRL program")?;
    let (input, file) = (folder.join("in.log"), folder.join("vector.json"));
    let load = &loads[0];
    let mut lines = load.lines().repeat(RECORDS.div_ceil(load.records.len()));
    lines.truncate(RECORDS * (load.bytes() + 1));
    fs::write(&input, &lines)?;
    let mut rows = Vec::new();
    for (name, program) in [("no work", "."), ("annotate.vrl", &program)] {
        fs::write(&file, configuration(program))?;
        let mut child = Command::new("vector")
            .arg("--config-json")
            .arg(&file)
            .args(["--quiet", "--threads", "1"])
            .stdin(fs::File::open(&input)?)
            .stdout(Stdio::null())
            .spawn()?;
        let used = child.wait4()?;
        ensure!(used.status.success(), "vector failed with {name}: {}", used.status);
        let time = used.rusage.utime + used.rusage.stime;
        rows.push(vec![name.to_owned(), us(time.as_secs_f64() * 1e9 / RECORDS as f64)]);
    }
    fs::remove_dir_all(&folder)?;
    report.table(&["transform", "CPU time a record, all of Vector"], &rows);
    Ok(())
}
