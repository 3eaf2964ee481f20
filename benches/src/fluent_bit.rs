//! A real Fluent Bit, where one is on PATH.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use wait4::Wait4 as _;

use crate::Built;
use crate::load::Load;
use crate::measure::median;
use crate::native::{BRIEF, answer_size};
use crate::report::{Goal, Report, times};

/// Records of a run.
const RECORDS: usize = 50_000;
const ROUNDS: usize = 3;

/// One run after the other, over the same file.
struct Bench {
    folder: PathBuf,
    records: usize,
    tag: String,
}

impl Bench {
    fn new(folder: &Path, load: &Load) -> Result<Self> {
        let rounds = RECORDS.div_ceil(load.records.len());
        fs::write(folder.join("in.log"), load.lines().repeat(rounds))?;
        fs::write(folder.join("parsers.conf"), "[PARSER]\n    name json\n    format json\n")?;
        let tag = format!("answer.{}", answer_size(load)?);
        Ok(Self { folder: folder.to_owned(), records: rounds * load.records.len(), tag })
    }

    /// Nanoseconds of CPU time for a record, of all of Fluent Bit, behind this filter.
    fn run(&self, filter: &str) -> Result<f64> {
        let Self { folder, tag, .. } = self;
        let (pipeline, folder) = (folder.join("fluent-bit.conf"), folder.display());
        let text = format!(
            "[SERVICE]\n    flush 1\n    log_level error\n    parsers_file {folder}/parsers.conf\n\
             [INPUT]\n    name tail\n    tag {tag}\n    path {folder}/in.log\n    parser json\n    read_from_head true\n    \
             exit_on_eof true\n    buffer_chunk_size 1m\n    buffer_max_size 8m\n\
             {filter}[OUTPUT]\n    name null\n    match *\n"
        );
        fs::write(&pipeline, text)?;
        let mut child = Command::new("fluent-bit")
            .arg("-c")
            .arg(&pipeline)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run fluent-bit")?;
        let used = child.wait4()?;
        ensure!(used.status.success(), "fluent-bit failed: {}", used.status);
        Ok((used.rusage.utime + used.rusage.stime).as_secs_f64() * 1e9 / self.records as f64)
    }
}

fn wasm(module: &Path, function: &str) -> String {
    let module = module.display();
    format!("[FILTER]\n    name wasm\n    match *\n    wasm_path {module}\n    function_name {function}\n    wasm_stack_size 64k\n")
}

/// A module compiled ahead of time, as Fluent Bit loads it. None where its compiler is not on PATH.
fn compiled(module: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    let name = module.file_stem().context("a module has a name")?;
    let file = folder.join(name).with_extension("aot");
    // Fluent Bit builds `flb-wamrc` from WAMR's `wamrc`.
    for tool in ["flb-wamrc", "wamrc"] {
        let mut command = Command::new(tool);
        if cfg!(target_arch = "x86_64") {
            command.args(["--target=x86_64", "--cpu=x86-64"]);
        }
        if let Ok(output) = command.arg("-o").arg(&file).arg(module).output() {
            ensure!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stdout));
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Runs with CPU time of under this are over before Fluent Bit has read its input.
const LEAST: f64 = 100.0;

pub(crate) fn measure(built: &Built, loads: &[Load], report: &mut Report) -> Result<()> {
    report.heading("A real Fluent Bit");
    let Ok(version) = Command::new("fluent-bit").arg("--version").output() else {
        report.say("skipped: no `fluent-bit` on PATH.");
        return Ok(());
    };
    let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or_default().to_owned();
    report.say(&format!("{version}. `tail` and the JSON parser into `null`, thousands of records for a second of CPU time of the whole process, medians of {ROUNDS} runs."));
    let folder = std::env::temp_dir().join(format!("bewit-bench-fluent-bit-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let (packed, config) = (folder.join("bewit.wasm"), folder.join("bewit.json"));
    fs::write(&config, BRIEF)?;
    let status = Command::new(&built.host).arg("pack").arg("--config").arg(&config).arg("-o").arg(&packed).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "bewit pack failed: {status}");
    let lua = fs::canonicalize("benches/peers/annotate.lua")?;
    let mut filters = vec![
        ("no filter", String::new()),
        ("echo", wasm(&built.peers, "echo")),
        ("constant", wasm(&built.peers, "constant")),
        ("bewit", wasm(&packed, "bewit")),
        ("Lua", format!("[FILTER]\n    name lua\n    match *\n    script {}\n    call annotate\n", lua.display())),
        ("typed serde", wasm(&built.peers, "typed")),
        ("`Value`", wasm(&built.peers, "value")),
    ];
    match (compiled(&packed, &folder)?, compiled(&built.peers, &folder)?) {
        (Some(packed), Some(peers)) => filters.extend([
            ("echo, AOT", wasm(&peers, "echo")),
            ("constant, AOT", wasm(&peers, "constant")),
            ("bewit, AOT", wasm(&packed, "bewit")),
        ]),
        _ => report.say("skipped: ahead of time, no `flb-wamrc` on PATH."),
    }
    let (mut rows, mut goals) = (Vec::new(), Vec::new());
    for load in loads {
        let bench = Bench::new(&folder, load)?;
        let mut runs = vec![Vec::new(); filters.len()];
        for _ in 0..ROUNDS {
            for ((name, filter), runs) in filters.iter().zip(&mut runs) {
                let time = bench.run(filter)?;
                ensure!(time > LEAST, "fluent-bit read nothing with {name}");
                runs.push(time);
            }
        }
        let measured: Vec<f64> = runs.into_iter().map(median).collect();
        rows.push(std::iter::once(load.name.to_owned()).chain(measured.iter().map(|ns| format!("{:.1}", 1e6 / ns))).collect());
        let [_, echo, constant, bewit, lua, _, value, ref ahead @ ..] = measured[..] else {
            unreachable!("seven were measured")
        };
        let mut goal = |what: &str, most: f64, ratio: f64| {
            goals.push(Goal { what: format!("{}: {what}", load.name), goal: times(most), reached: times(ratio), met: ratio <= most });
        };
        if load.name == "no alert" {
            goal("of a filter that returns its input", 1.15, bewit / echo);
        } else {
            goal("of a constant answer of the same size", 1.5, bewit / constant);
            goal("of a Lua filter that adds a table", 1.0, bewit / lua);
            goal("of a filter that reads and writes with `Value`", 0.1, bewit / value);
        }
        if let [echo, constant, bewit] = *ahead {
            let limit = if load.name == "no alert" { echo } else { constant };
            goal("of the same limit, ahead of time", 1.15, bewit / limit);
        }
    }
    fs::remove_dir_all(&folder)?;
    let head: Vec<&str> = std::iter::once("load").chain(filters.iter().map(|(name, _)| *name)).collect();
    report.table(&head, &rows);
    report.goals(&goals);
    Ok(())
}
