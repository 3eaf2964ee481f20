//! Everything a developer or CI runs: `cargo xtask <task>`.

mod build;
mod check;
mod npm;
mod playground;
mod run;
mod schema;
mod serve;
mod tools;
mod typescript;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <task>

  demo      build the component and annotate examples/falco.log
  playground
            build the page that shows what bewit does, and serve it on this machine (--port, --test)
  test      run all tests, with the real tools they check against
  tools     get the tools that tests check against, as test does
  build     put every artefact into dist/
  npm       put the package for browsers and Node into dist/npm/
  catalog   check catalog/ and say how much it covers
  schemas   write the JSON Schemas and the TypeScript types again
  bench     measure bewit and its peers side by side, and write docs/performance.md
  lint      formatting, clippy, documentation
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    match run_task(&task, &arguments.collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_task(task: &str, arguments: &[String]) -> Result<()> {
    // All paths below are relative to the workspace.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))?;
    match task {
        "demo" => build::demo(),
        "playground" => playground::run_task(arguments),
        "test" => check::test(),
        "tools" => tools::install(),
        "build" => build::dist(),
        "npm" => npm::package().map(|_| ()),
        "catalog" => check::catalog(),
        "schemas" => schema::write(),
        "bench" => build::bench(),
        "lint" => check::lint(),
        _ => bail!("there is no such task\n\n{USAGE}"),
    }
}
