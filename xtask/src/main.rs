//! Everything a developer or CI runs: `cargo xtask <task>`.

mod build;
mod check;
mod mapping;
mod run;
mod schema;
mod tools;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <task>

  demo      build the component and annotate examples/falco.log
  test      run all tests, with the real tools they check against
  tools     get the tools that tests check against, as test does
  build     put every artefact into dist/
  catalog   check catalog/ and say how much it covers
  schemas   write the JSON Schemas and docs/schemas.md again
  bench     measure bewit and its peers side by side, and write docs/performance.md
  lint      formatting, clippy, documentation
";

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    match run_task(&task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_task(task: &str) -> Result<()> {
    // All paths below are relative to the workspace.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))?;
    match task {
        "demo" => build::demo(),
        "test" => check::test(),
        "tools" => tools::install(),
        "build" => build::dist(),
        "catalog" => check::catalog(),
        "schemas" => schema::write(),
        "bench" => build::bench(),
        "lint" => check::lint(),
        _ => bail!("there is no such task\n\n{USAGE}"),
    }
}
