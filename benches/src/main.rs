//! bewit and its peers, side by side: `cargo xtask bench`.
//!
//! Times are CPU times of one thread, medians of rounds in which every contender has its turn; ratios say what they
//! are ratios of. What needs a program that is not there says `skipped`.

mod component;
mod filter;
mod fluent_bit;
mod host;
mod load;
mod measure;
mod modules;
mod native;
mod report;
mod vector;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use report::Report;

/// Where the artefacts are.
pub(crate) struct Built {
    /// `bewit.wasm`
    pub(crate) component: PathBuf,
    /// `bewit-fluent-bit.wasm`
    pub(crate) module: PathBuf,
    /// `bewit`
    pub(crate) host: PathBuf,
    /// The peers' module.
    pub(crate) peers: PathBuf,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = || arguments.next().context("usage: bewit-benches COMPONENT MODULE HOST PEERS REPORT");
    let built = Built { component: next()?, module: next()?, host: next()?, peers: next()? };
    let path = next()?;
    let loads = load::all()?;
    let mut report = Report::new(&loads)?;
    native::measure(&loads, &mut report)?;
    component::measure(&built, &loads, &mut report)?;
    modules::measure(&built, &loads, &mut report)?;
    fluent_bit::measure(&built, &loads, &mut report)?;
    vector::measure(&loads, &mut report)?;
    host::measure(&built, &loads, &mut report)?;
    report.write(&path)
}
