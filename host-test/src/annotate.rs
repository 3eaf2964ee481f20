//! `bewit annotate`, and the way from the command line into the pipeline that `bewit report` shares.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context as _, Result};
use bewit::Config;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::{Annotate, Annotating, Host, Input};
use crate::component::Plugin;
use crate::config;
use crate::console::Console;
use crate::fluent_bit;
use crate::guard::Guarded;
use crate::input::{self, Bounds};
use crate::misuse::Misuse;
use crate::output::{self, Output};
use crate::overlay;
use crate::pipeline::{self, Done, Keep};
use crate::stats::{Counts, Report};
use crate::vector;

/// `bewit annotate`
pub(crate) fn run(args: &Annotate, component: Option<&Path>) -> Result<bool> {
    let settings = all_settings(args)?;
    match args.host {
        Host::FluentBit => return fluent_bit::annotate(args, &settings),
        Host::Vector => return vector::annotate(args, settings, component),
        Host::Local => {}
    }
    let Settings { config, catalog } = settings;
    let keep = keep(args, &config);
    let run = Run::prepare(&args.input, &config, catalog.as_ref(), component, args.follow)?;
    // Only now: whatever is wrong above must not empty the file.
    let mut output = Output::new(args.input.output.as_deref())?;
    run.start(keep, &mut |done| output.write(&done.bytes, done.goes_on))
}

/// Which records are written.
pub(crate) fn keep(args: &Annotate, config: &Config) -> Keep {
    if args.only_alerts {
        Keep::Alerts {
            line_bytes: config.limits.line_bytes,
        }
    } else {
        Keep::All
    }
}

/// What the component is told before the first line.
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The catalog with the user's files laid over it, if there are any.
    pub(crate) catalog: Option<Arc<[u8]>>,
}

/// As [`settings`], with the options of `bewit annotate`.
pub(crate) fn all_settings(args: &Annotate) -> Result<Settings> {
    let mut settings = settings(&args.input.how)?;
    let config = &mut settings.config;
    config.schema = args.schema.unwrap_or(config.schema);
    config.detail = args.detail.unwrap_or(config.detail);
    config.keep_raw |= args.keep_raw;
    config.mask_secrets |= args.mask_secrets;
    Ok(settings)
}

/// The configuration of the file and of the options that commands share.
pub(crate) fn settings(how: &Annotating) -> Result<Settings> {
    let mut config = how.config.as_deref().map(config::read).transpose()?.unwrap_or_default();
    config.min_priority = how.min_priority.or(config.min_priority);
    let mut overlays = overlay::beside(how.config.as_deref(), &config.overlays);
    overlays.extend_from_slice(&how.overlay);
    let catalog = overlay::load(&overlays)?;
    Ok(Settings { config, catalog })
}

/// Guarded instances of the component, as many as were asked for.
pub(crate) fn workers(
    how: &Annotating,
    config: &Config,
    catalog: Option<&Arc<[u8]>>,
    component: Option<&Path>,
) -> Result<Vec<Guarded>> {
    let plugin = Arc::new(Plugin::load(component)?);
    (0..how.jobs)
        .map(|_| Guarded::new(&plugin, config, catalog.cloned(), how.batch_timeout))
        .collect()
}

/// Everything that can be wrong before the first line is read has been looked at.
pub(crate) struct Run {
    files: Vec<PathBuf>,
    follow: bool,
    bounds: Bounds,
    workers: Vec<Guarded>,
    console: Console,
    stats: bool,
}

impl Run {
    pub(crate) fn prepare(
        input: &Input,
        config: &Config,
        catalog: Option<&Arc<[u8]>>,
        component: Option<&Path>,
        follow: bool,
    ) -> Result<Self> {
        let files = sources(input)?;
        let follow = follow && !only_standard_input(&files)?;
        let workers = workers(&input.how, config, catalog, component)?;
        let total = if follow { None } else { input::size(&files) };
        Ok(Self {
            files,
            follow,
            bounds: Bounds::new(&config.limits),
            workers,
            console: Console::new(total),
            stats: input.stats,
        })
    }

    /// Reads, annotates, and writes with `write`. Returns whether all input could be read.
    pub(crate) fn start(self, keep: Keep, write: &mut dyn FnMut(Done) -> Result<()>) -> Result<bool> {
        let Self {
            files,
            follow,
            bounds,
            workers,
            console,
            stats,
        } = self;
        let stop = Arc::new(AtomicBool::new(false));
        if follow {
            stop_on_signals(&stop)?;
        }
        let began = Instant::now();
        let mut counts = Counts::default();
        let reader = console.clone();
        let read = move |take: &mut input::Take<'_>| {
            if follow {
                input::follow(&files, bounds, &reader, &stop, take)
            } else {
                input::read(&files, bounds, &reader, take)
            }
        };
        let result = pipeline::run(read, workers, bounds, keep, &console, &mut |done| {
            counts += done.counts;
            write(done)
        });
        console.finish();
        if stats {
            eprintln!(
                "{}",
                Report {
                    counts,
                    time: began.elapsed()
                }
            );
        }
        result
    }
}

/// What is read: files, or standard input.
pub(crate) fn sources(input: &Input) -> Result<Vec<PathBuf>> {
    let files = match input.files.as_slice() {
        [] => vec![PathBuf::from("-")],
        files => files.to_vec(),
    };
    refuse_own_output(&files, input.output.as_deref())?;
    Ok(files)
}

/// Standard input ends by itself, so there is nothing to follow; beside files nobody could say when.
fn only_standard_input(files: &[PathBuf]) -> Result<bool> {
    let standard = files.iter().filter(|file| input::is_standard_input(file)).count();
    if standard > 0 && standard < files.len() {
        return Err(Misuse("`-` cannot be followed together with files".to_owned()).into());
    }
    Ok(standard > 0)
}

/// An output that is also read grows without end, or is empty before it is read.
fn refuse_own_output(files: &[PathBuf], output: Option<&Path>) -> Result<()> {
    let target = match output {
        Some(output) => std::fs::metadata(output).ok(),
        None => output::standard_output(),
    };
    let Some(target) = target else {
        return Ok(());
    };
    match files.iter().find(|file| input::same_file(file, &target)) {
        Some(file) => Err(Misuse(format!("{} is both input and output", file.display())).into()),
        None => Ok(()),
    }
}

/// The first signal ends the input, and what has been read is still written; the second one ends the process.
/// As the first process of a container it would otherwise get none of them.
fn stop_on_signals(stop: &Arc<AtomicBool>) -> Result<()> {
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 1, Arc::clone(stop))
            .and_then(|_| flag::register(signal, Arc::clone(stop)))
            .context("cannot handle signals")?;
    }
    Ok(())
}
