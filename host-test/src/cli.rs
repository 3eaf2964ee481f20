//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use bewit::{Detail, MinPriority, Schema};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::{config, serve, vrl};

/// Falco log lines in, security alerts that say what to do out.
#[derive(Debug, Parser)]
#[command(name = "bewit", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// Run this component instead of the built-in one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Annotate Falco's log: one record a line in, one record a line out.
    ///
    /// What is no Falco alert passes through as it came.
    Annotate(Annotate),
    /// Write a report on the alerts in Falco's log, for people.
    ///
    /// Lines that bewit annotated already are taken as they are.
    Report(Report),
    /// Annotate what is sent over HTTP: records in a POST in, the same records annotated out, or on to `--forward`.
    Serve(serve::Args),
    /// Show what the catalog says about a rule: why it matters, what to ask, what to do.
    Explain(Explain),
    /// What is in the catalog.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Show what the component says of itself, and that it imports nothing.
    Describe,
    /// Configuration files.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Put a configuration into the module for Fluent Bit.
    Pack(Pack),
    /// What bewit does, without its component, in Vector.
    #[command(subcommand)]
    Vector(VectorCommand),
    /// Show what a module for Fluent Bit is, what is inside, and whether Fluent Bit can use it.
    Inspect {
        /// The module; without it, the built-in one.
        #[arg(value_name = "MODULE")]
        module: Option<PathBuf>,
    },
}

/// How lines are annotated, wherever they come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Annotating {
    /// Read the configuration from this file. The command line goes first.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Lay this catalog file of your own over the built-in catalog, behind those of the configuration.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    /// Drop alerts that are less urgent.
    #[arg(long, value_name = "PRIORITY", ignore_case = true, value_parser = PossibleValuesParser::new(PRIORITIES)
        .try_map(|name| config::value::<MinPriority>(name.to_lowercase())))]
    pub(crate) min_priority: Option<MinPriority>,
    /// Run this many instances of the component. The order stays.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,
    /// Seconds that a batch may take. Records that take longer pass on without annotation.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) batch_timeout: Duration,
}

/// What is read, and how it is annotated.
#[derive(Args, Clone, Debug)]
pub(crate) struct Input {
    /// Files with Falco's log; `-`, or none, is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) how: Annotating,
    /// Write here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Say at the end, on standard error, what became of the lines.
    #[arg(long)]
    pub(crate) stats: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Annotate {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Go on as the files grow, also after they are truncated or replaced, until SIGINT or SIGTERM.
    ///
    /// SIGHUP reads the configuration and its catalog files again; with a mistake in them the old ones stay.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Keep in this file how far the input was written out, and go on from there the next time.
    ///
    /// With it an output file is appended to. After a crash nothing is missing; the last batch may come twice.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Begin at the beginning of each file, whatever the state says, and write a new one.
    #[arg(long, requires = "state")]
    pub(crate) state_reset: bool,
    /// What alerts look like.
    #[arg(long, value_parser = PossibleValuesParser::new(["native", "ocsf", "ecs", "otel", "cef"]).try_map(config::value::<Schema>))]
    pub(crate) schema: Option<Schema>,
    /// How much of an alert goes out.
    #[arg(long, value_parser = PossibleValuesParser::new(["brief", "full"]).try_map(config::value::<Detail>))]
    pub(crate) detail: Option<Detail>,
    /// Write alerts only. Other lines are counted, and lines that failed are written.
    #[arg(long)]
    pub(crate) only_alerts: bool,
    /// Keep the raw line of every alert, in `bewit.input.raw`.
    #[arg(long, action = ArgAction::SetTrue)]
    pub(crate) keep_raw: bool,
    /// Mask what looks like a credential.
    #[arg(long, action = ArgAction::SetTrue)]
    pub(crate) mask_secrets: bool,
    /// Where bewit runs: here, or as it would inside Fluent Bit or beside Vector, with the same calls and the same fate
    /// of records.
    #[arg(long, value_enum, default_value_t = Host::Local)]
    pub(crate) host: Host,
    /// Run the wasm filters of this Fluent Bit configuration. Paths in it are meant from where it stands.
    #[arg(long, value_name = "FILE")]
    pub(crate) fluent_bit_config: Option<PathBuf>,
    /// Run the component where this Vector configuration names bewit: behind an `http` sink, or in an `exec` source.
    #[arg(long, value_name = "FILE")]
    pub(crate) vector_config: Option<PathBuf>,
    /// Run this module instead of the built-in one, or of the one that the Fluent Bit configuration names.
    #[arg(long, value_name = "FILE")]
    pub(crate) module: Option<PathBuf>,
    /// Tag of the records: only filters run that match it.
    #[arg(long)]
    pub(crate) tag: Option<String>,
}

/// Where bewit runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Host {
    /// The component, in this process.
    Local,
    /// The module for Fluent Bit, as Fluent Bit runs it.
    FluentBit,
    /// The component, as a Vector configuration stands it beside Vector.
    Vector,
}

#[derive(Args, Debug)]
pub(crate) struct Pack {
    /// The configuration. Without it, the defaults.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Lay this catalog file of your own over the built-in catalog, behind those of the configuration.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    /// Pack this module instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) module: Option<PathBuf>,
    /// Where the packed module goes.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) input: Input,
    /// What it is written in: terminal, if standard output is one, else Markdown.
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,
    /// Show values that look like credentials, which are masked otherwise.
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Report on this many alerts at most, the first ones.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) most: usize,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Name of the rule, current or former.
    #[arg(required = true, num_args = 1.., value_name = "RULE")]
    rule: Vec<String>,
    /// What it is written in: terminal, if standard output is one, else Markdown.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Lay this catalog file of your own over the built-in catalog.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
}

impl Explain {
    /// The name, whether it was quoted or came as words.
    pub(crate) fn rule(&self) -> String {
        self.rule.join(" ")
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List the rules that are known, and what guidance they have.
    List {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Check catalog files of your own, in the order in which they are laid over the built-in catalog.
    Check {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Write a page for each rule with guidance of its own, and an index by source, tactic and mitigation.
    Pages(Pages),
    /// Print the JSON Schema of the catalog's files.
    Schema,
}

#[derive(Args, Debug)]
pub(crate) struct Pages {
    /// The folder; it is made if it is not there, and pages in it are replaced.
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,
    /// What they are written in.
    #[arg(long, value_enum, default_value_t = PagesFormat::Markdown)]
    pub(crate) format: PagesFormat,
    /// Lay this catalog file of your own over the built-in catalog.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check a configuration file.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Print the JSON Schema of configuration files.
    Schema,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VectorCommand {
    /// Write a VRL program that annotates Falco's JSON alerts in an unmodified Vector, and a configuration around it.
    Export(VectorExport),
}

#[derive(Args, Debug)]
pub(crate) struct VectorExport {
    /// The folder; it is made if it is not there, and files in it are replaced.
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// The configuration. Without it, the defaults.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Lay this catalog file of your own over the built-in catalog, behind those of the configuration.
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    /// What alerts look like.
    #[arg(long, value_parser = PossibleValuesParser::new(["native", "ocsf", "ecs", "otel", "cef"]).try_map(config::value::<Schema>))]
    pub(crate) schema: Option<Schema>,
    /// Where the program looks things up: tables that only Vector has, or itself.
    #[arg(long, value_enum, default_value_t = vrl::Form::Tables)]
    pub(crate) form: vrl::Form,
}

/// What a page for people is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Markdown,
    /// One file for a browser, which loads nothing.
    Html,
    Terminal,
}

/// What a report is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Markdown,
    /// One file for a browser, which loads nothing.
    Html,
    Terminal,
    /// A layer for the ATT&CK Navigator.
    Navigator,
}

/// What the folder of all rules' pages is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PagesFormat {
    Markdown,
    Html,
}

const PRIORITIES: [&str; 9] = [
    "emergency",
    "alert",
    "critical",
    "error",
    "warning",
    "notice",
    "informational",
    "info",
    "debug",
];

/// A length of time, for people.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let expected = || "expected seconds, such as 10 or 0.5".to_owned();
    let seconds: f64 = text.parse().map_err(|_| expected())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && duration <= Duration::from_secs(86_400) => Ok(duration),
        _ => Err(expected() + ", more than 0 and at most 86400"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seconds_are_positive() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["0", "-1", "ten", "inf", "NaN", "1e9"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
