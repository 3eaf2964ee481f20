//! What needs a nightly compiler: fuzzing (`fuzz/` says what must hold) and Miri.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::build;
use crate::files::{self, Sample};
use crate::run::{cargo, run};

/// The crate's manifest.
pub(crate) const MANIFEST: &str = "fuzz/Cargo.toml";
/// Inputs that are kept in the repository, a folder for each target.
const KEPT: &str = "fuzz/corpus";
/// What Falco, its wrappers and bewit's configuration are made of.
const DICTIONARY: &str = "fuzz/dictionary.txt";
/// Where everything else goes.
const WORK: &str = "target/fuzz";
/// Where what replays them is built: beside the project's own, which cargo would take for one another.
pub(crate) const REPLAY: &str = "target/replay";
/// Longest input that is kept in the repository.
const KEPT_BYTES: usize = 2048;

/// What the command line asks for.
struct Asked {
    /// All where none is named.
    target: Option<String>,
    seconds: u64,
    /// Keep what the inputs so far reach in as few as possible, and do not look for more.
    minimise: bool,
}

impl Asked {
    fn of(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut asked = Self {
            target: None,
            seconds: 60,
            minimise: false,
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--seconds" => {
                    let seconds = args.next().context("--seconds takes a number")?;
                    asked.seconds = seconds.parse().with_context(|| format!("--seconds {seconds}"))?;
                }
                "--minimise" => asked.minimise = true,
                name if !name.starts_with('-') && asked.target.is_none() => asked.target = Some(arg),
                _ => bail!("usage: cargo xtask fuzz [target] [--seconds N] [--minimise]"),
            }
        }
        Ok(asked)
    }
}

/// Runs one target, or each for so many seconds, and stops at what does not hold.
pub(crate) fn fuzz(args: impl Iterator<Item = String>) -> Result<()> {
    let asked = Asked::of(args)?;
    install()?;
    let all = targets()?;
    let chosen: Vec<String> = match asked.target {
        Some(target) => {
            ensure!(
                all.contains(&target),
                "there is no target {target}, but {}",
                all.join(", ")
            );
            vec![target]
        }
        None => all,
    };
    let seeds = seeds()?;
    let (component, fluent_bit) = (build::component()?, build::fluent_bit()?);
    for target in chosen {
        let found = Path::new(WORK).join("corpus").join(&target);
        let kept = Path::new(KEPT).join(&target);
        fs::create_dir_all(&found)?;
        fs::create_dir_all(&kept)?;
        let mut fuzzer = Command::new("rustup");
        build::embed(&mut fuzzer, &component, &fluent_bit)
            .args(["run", "nightly", "cargo", "fuzz", "run", "--sanitizer", "none"])
            // Unpacking guidance is nothing but comparisons; what they would tell stands in a dictionary.
            .arg("--no-trace-compares")
            .args(["--fuzz-dir", "fuzz", "--features", "fuzzer,plugins", "--target-dir"])
            .arg(Path::new(WORK).join("build"))
            .arg(&target);
        if asked.minimise {
            minimise(&mut fuzzer, &found, &kept)?;
        } else {
            eprintln!("{target}, {} seconds", asked.seconds);
            fuzzer.args([&found, &kept, &seeds]).args(["--", "-timeout=20"]);
            // What alerts are made of takes some hundred bytes; libFuzzer would begin with few.
            fuzzer.args(["-len_control=0", "-max_len=4096"]);
            fuzzer.arg(format!("-dict={DICTIONARY}"));
            run(fuzzer.args([
                "-print_final_stats=1".to_owned(),
                format!("-max_total_time={}", asked.seconds),
            ]))?;
        }
    }
    Ok(())
}

/// Replaces the inputs that are kept by as few as reach all that inputs so far reach.
fn minimise(fuzzer: &mut Command, found: &Path, kept: &Path) -> Result<()> {
    let few = Path::new(WORK).join("few");
    if few.exists() {
        fs::remove_dir_all(&few)?;
    }
    fs::create_dir_all(&few)?;
    fuzzer.args([&few, found, kept]);
    run(fuzzer.args(["--", "-set_cover_merge=1", &format!("-max_len={KEPT_BYTES}")]))?;
    fs::remove_dir_all(kept)?;
    fs::create_dir_all(kept)?;
    for file in files::of(&few)? {
        let name = file.file_name().context("a file has a name")?;
        fs::copy(&file, kept.join(name))?;
    }
    Ok(())
}

/// All inputs that are kept, through the targets' bodies, with the compiler that everything else has.
pub(crate) fn replay() -> Result<()> {
    run(cargo().args(["test", "--manifest-path", MANIFEST, "--target-dir", REPLAY]))
}

/// Runs the tests of what handles pointers in Miri.
pub(crate) fn miri() -> Result<()> {
    let nightly = ["component", "add", "--toolchain", "nightly", "miri", "rust-src"];
    run(Command::new("rustup").args(nightly))?;
    run(Command::new("rustup")
        .args(["run", "nightly", "cargo", "miri", "test", "--package", "bewit", "--lib"])
        .args(["--target-dir", "target/miri", "--", "plugin::"])
        // Blocks that are kept are never given back: a module ends with its process.
        .env("MIRIFLAGS", "-Zmiri-ignore-leaks"))
}

/// Gets cargo-fuzz and the compiler that it needs.
fn install() -> Result<()> {
    let mut there = Command::new("rustup");
    there.args(["run", "nightly", "cargo", "fuzz", "--version"]);
    let there = there.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    eprintln!("getting a nightly compiler and cargo-fuzz");
    run(Command::new("rustup").args(["toolchain", "install", "nightly", "--profile", "minimal"]))?;
    run(cargo().args(["install", "--locked", "cargo-fuzz"]))
}

/// Names of all targets.
fn targets() -> Result<Vec<String>> {
    let mut names: Vec<String> = files::of(Path::new("fuzz/targets"))?
        .iter()
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Every line of `tests/corpus` in a file of its own.
fn seeds() -> Result<PathBuf> {
    let seeds = Path::new(WORK).join("seeds");
    fs::create_dir_all(&seeds)?;
    for Sample { folder, name, path } in files::corpus()? {
        let text = fs::read(&path)?;
        let lines: Vec<&[u8]> = match name.rsplit_once('.') {
            Some((_, "log" | "jsonl")) => text.split(|byte| *byte == b'\n').collect(),
            Some((_, "json")) => vec![&text],
            _ => continue,
        };
        for (number, line) in lines.into_iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            fs::write(seeds.join(format!("{folder}-{name}-{number}")), line)?;
        }
    }
    Ok(seeds)
}
