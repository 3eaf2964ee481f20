//! The playground: a static page around the package for browsers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::files::{self, Sample};
use crate::npm;
use crate::run::run;
use crate::serve::Server;
use crate::tools;

/// The page, as it is in the repository.
const SOURCE: &str = "examples/playground";
/// The page with all it needs.
const SITE: &str = "dist/playground";
/// The lines behind the page's button.
const EXAMPLE: &str = "examples/falco.log";
/// Where the page is served, unless `--port` says otherwise.
const PORT: u16 = 8420;
/// What the native library makes of the corpus, for tests to compare with.
const EXPECTED: &str = "target/browser/expected";

/// Builds the page and serves it until it is stopped, or tests it.
pub(crate) fn run_task(arguments: &[String]) -> Result<()> {
    let port = match arguments {
        [] => PORT,
        [flag] if flag == "--test" => return test(),
        [flag, port] if flag == "--port" => port.parse().with_context(|| format!("{port} is no port"))?,
        _ => bail!("usage: cargo xtask playground [--port <port> | --test]"),
    };
    let server = serve(port)?;
    println!("the playground is at {}", server.url()?);
    server.run();
    Ok(())
}

/// Drives the page in a browser, where there is one.
pub(crate) fn test() -> Result<()> {
    if !tools::is_installed("node") {
        println!("skipped: node");
        return Ok(());
    }
    let server = serve(0)?;
    let url = server.url()?;
    std::thread::spawn(|| server.run());
    write_expected()?;
    run(Command::new("node")
        .args(["--test-reporter=spec", "tests/browser/playground.mjs"])
        .args([url.as_str(), EXPECTED]))
}

fn serve(port: u16) -> Result<Server> {
    let site = site()?;
    let page = fs::read_to_string(site.join("index.html"))?;
    Server::bind(&site, policy(&page)?, port)
}

/// Puts the page together.
fn site() -> Result<PathBuf> {
    let package = npm::package()?;
    let site = Path::new(SITE);
    if site.exists() {
        fs::remove_dir_all(site)?;
    }
    copy_files(Path::new(SOURCE), site)?;
    copy_files(&package, &site.join("bewit"))?;
    fs::copy(EXAMPLE, site.join("falco.log"))?;
    Ok(fs::canonicalize(site)?)
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// The content security policy that the page gives itself.
fn policy(page: &str) -> Result<&str> {
    page.split_once("http-equiv=\"Content-Security-Policy\" content=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(policy, _)| policy)
        .context("the page has no content security policy")
}

/// Writes what the native library makes of every file of the corpus.
fn write_expected() -> Result<()> {
    let annotator = bewit::Annotator::default();
    for Sample { folder, name, path } in files::corpus()? {
        let expected = Path::new(EXPECTED).join(folder);
        fs::create_dir_all(&expected)?;
        let (input, mut output) = (fs::read(&path)?, Vec::new());
        // A file with this ending is one alert over several lines.
        if path.extension().is_some_and(|end| end == "json") {
            annotator.annotate(&input, &mut output);
        } else {
            bewit::annotate_batch(&annotator, &input, &mut output);
        }
        fs::write(expected.join(name), output)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_page_allows_nothing_but_its_own_files() {
        let page = include_str!("../../examples/playground/index.html");
        let policy = policy(page).unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains("http"),
            "{policy}"
        );
    }
}
