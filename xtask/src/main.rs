//! Everything a developer or CI runs: `cargo xtask <task>`.

mod build;
mod check;
mod files;
mod fuzz;
mod mapping;
mod npm;
mod playground;
mod reliability;
mod run;
mod schema;
mod serve;
mod soak;
mod supply;
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
  schemas   write the JSON Schemas, the TypeScript types and docs/schemas.md again
  fuzz      look for inputs for which something does not hold: [target] [--seconds N] [--minimise]
  miri      look for undefined behaviour in what handles pointers
  bench     measure bewit and its peers side by side, and write docs/performance.md
  plugins   put the WebAssembly modules into dist/
  reliability  look into what is promised, and write docs/reliability.md: [--long] [PROMISE...]
  reproducible  build them twice, in two places, and compare the bytes
  deny      licences, sources and advisories of what bewit is made of
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
        "fuzz" => fuzz::fuzz(std::env::args().skip(2)),
        "miri" => fuzz::miri(),
        "bench" => build::bench(),
        "plugins" => build::plugins().map(|_| ()),
        "reliability" => reliability::look(&std::env::args().skip(2).collect::<Vec<_>>()),
        "reproducible" => supply::reproducible(),
        "deny" => supply::deny(),
        "lint" => check::lint(),
        _ => bail!("there is no such task\n\n{USAGE}"),
    }
}
