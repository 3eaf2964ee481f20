//! bewit's local host: it runs the component in wasmtime, on files, pipes and standard input.
//!
//! [`input`] cuts what comes into batches, [`pipeline`] hands them to guarded instances of the component
//! ([`guard`]) and keeps the order, [`output`] writes. The component does all the annotating; what is here is
//! I/O, limits and messages. [`serve`] does the same for requests over HTTP.

mod annotate;
mod catalog;
mod cli;
mod component;
mod config;
mod console;
mod explain;
mod fault;
mod fluent_bit;
mod guard;
mod identity;
mod input;
mod misuse;
mod output;
mod overlay;
mod page;
mod pages;
mod pipeline;
mod reload;
mod report;
mod serve;
mod signals;
mod state;
mod stats;
mod vector;
mod vrl;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{CatalogCommand, Cli, Command, ConfigCommand, VectorCommand};
use crate::misuse::Misuse;

/// An input could not be read, or something failed.
const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FAILED),
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bewit: {error:#}");
            ExitCode::from(if error.is::<Misuse>() { MISUSED } else { FAILED })
        }
    }
}

/// Whether all went well. What did not and is no error has been said on standard error.
fn run(cli: Cli) -> anyhow::Result<bool> {
    let component = cli.component.as_deref();
    match cli.command {
        Command::Annotate(args) => annotate::run(&args, component),
        Command::Report(args) => report::run(&args, component),
        Command::Serve(args) => serve::run(&args, component),
        Command::Explain(args) => explain::run(&args).map(|()| true),
        Command::Catalog(CatalogCommand::List { json }) => catalog::list(json).map(|()| true),
        Command::Catalog(CatalogCommand::Check { files }) => overlay::check(&files).map(|()| true),
        Command::Catalog(CatalogCommand::Pages(args)) => pages::write(&args).map(|()| true),
        Command::Catalog(CatalogCommand::Schema) => catalog::schema().map(|()| true),
        Command::Describe => component::describe(component).map(|()| true),
        Command::Pack(args) => fluent_bit::pack(&args).map(|()| true),
        Command::Inspect { module } => fluent_bit::inspect(module.as_deref()),
        Command::Vector(VectorCommand::Export(args)) => vrl::export(&args).map(|()| true),
        Command::Config(ConfigCommand::Check { file }) => config::check(&file).map(|()| true),
        Command::Config(ConfigCommand::Schema) => config::schema().map(|()| true),
    }
}
