//! `bewit annotate`, and the way from the command line into the pipeline that `bewit report` shares.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use bewit::{Config, Limits};

use crate::cli::{self, Annotate, Annotating, Host};
use crate::component::Plugin;
use crate::config;
use crate::console::Console;
use crate::fluent_bit;
use crate::guard::Guarded;
use crate::identity::same_file;
use crate::input::{self, Batch, Bounds, Closed, Following, Input, Sink};
use crate::misuse::Misuse;
use crate::output::{self, Output};
use crate::overlay;
use crate::pipeline::{self, Done, Keep, Reload, Reloaded, Worker};
use crate::reload;
use crate::signals::Signals;
use crate::state::{self, State};
use crate::stats::{Counts, Reloads, Report};
use crate::vector;

/// `bewit annotate`
pub(crate) fn run(args: &Annotate, component: Option<&Path>) -> Result<bool> {
    let settings = all_settings(args)?;
    match args.host {
        Host::FluentBit => return fluent_bit::annotate(args, &settings),
        Host::Vector => return vector::annotate(args, settings, component),
        Host::Local => {}
    }
    let mut run = Run::prepare(&args.input, &settings, keep(args, &settings.config), component)?;
    let places = args
        .state
        .as_deref()
        .map(|file| Places::open(file, args.state_reset, &run.inputs));
    let mut places = places.transpose()?;
    if let Some(places) = &places {
        places.resume(&mut run.inputs);
    }
    run.follow(args, places.is_some())?;
    // Only now: whatever is wrong above must not empty the file.
    let mut output = match &places {
        Some(places) => Output::resume(args.input.output.as_deref(), places.state.output())?,
        None => Output::new(args.input.output.as_deref())?,
    };
    run.start(&mut |done| {
        output.write(&done.bytes, done.goes_on)?;
        match (&mut places, done.mark) {
            (Some(places), Some(mark)) => {
                output.sync()?;
                places.save(mark, output.position())
            }
            _ => Ok(()),
        }
    })
}

/// The state, and what it calls the inputs.
struct Places {
    state: State,
    names: Vec<String>,
}

impl Places {
    fn open(file: &Path, reset: bool, inputs: &[Input]) -> Result<Self> {
        if inputs.iter().any(|input| input::is_standard_input(&input.path)) {
            let message = "`--state` keeps places in files: standard input has none to go back to";
            return Err(Misuse(message.to_owned()).into());
        }
        let names = inputs
            .iter()
            .map(|input| state::name(&input.path))
            .collect::<Result<_, _>>()?;
        let state = State::open(file, reset)?;
        Ok(Self { state, names })
    }

    /// Sets where to go on from.
    fn resume(&self, inputs: &mut [Input]) {
        for (input, name) in inputs.iter_mut().zip(&self.names) {
            input.position = self.state.input(name).cloned();
        }
    }

    fn save(&mut self, mark: input::Mark, output: Option<state::Position>) -> Result<()> {
        let Some(name) = self.names.get(mark.input) else {
            return Ok(());
        };
        self.state.save(name, mark.position, output)
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
    let catalog = overlay::load(&overlays, &config.limits)?;
    Ok(Settings { config, catalog })
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

/// Guarded instances of the component, as many as were asked for.
pub(crate) fn workers(
    how: &Annotating,
    settings: &Settings,
    keep: Keep,
    component: Option<&Path>,
) -> Result<Vec<Worker>> {
    Workshop::open(how, component)?.workers(settings, keep)
}

/// The component and how many instances of it there are.
#[derive(Clone)]
struct Workshop {
    plugin: Arc<Plugin>,
    jobs: u16,
    batch_timeout: Duration,
}

impl Workshop {
    fn open(how: &Annotating, component: Option<&Path>) -> Result<Self> {
        Ok(Self {
            plugin: Arc::new(Plugin::load(component)?),
            jobs: how.jobs,
            batch_timeout: how.batch_timeout,
        })
    }

    fn workers(&self, settings: &Settings, keep: Keep) -> Result<Vec<Worker>> {
        let Settings { config, catalog } = settings;
        let bounds = Bounds::new(&config.limits);
        (0..self.jobs)
            .map(|_| {
                Ok(Worker {
                    guarded: Guarded::new(&self.plugin, config, catalog.clone(), self.batch_timeout)?,
                    keep,
                    bounds,
                })
            })
            .collect()
    }
}

/// Everything that can be wrong before the first line is read has been looked at.
pub(crate) struct Run {
    inputs: Vec<Input>,
    workshop: Workshop,
    workers: Vec<Worker>,
    bounds: Bounds,
    /// Files are followed; else read once.
    following: Option<Following>,
    console: Console,
    signals: Signals,
    reload: Reload,
    reloads: Arc<Mutex<Reloads>>,
    stats: bool,
}

impl Run {
    pub(crate) fn prepare(
        input: &cli::Input,
        settings: &Settings,
        keep: Keep,
        component: Option<&Path>,
    ) -> Result<Self> {
        let files = sources(input)?;
        let workshop = Workshop::open(&input.how, component)?;
        Ok(Self {
            workers: workshop.workers(settings, keep)?,
            workshop,
            bounds: Bounds::new(&settings.config.limits),
            following: None,
            console: Console::new(input::size(&files)),
            inputs: files.into_iter().map(Input::from).collect(),
            signals: Signals::default(),
            reload: Box::new(|| None),
            reloads: Arc::default(),
            stats: input.stats,
        })
    }

    /// Ends in order when it is asked to; goes on as files grow, and reads the configuration again, if that is wanted.
    fn follow(&mut self, args: &Annotate, resumable: bool) -> Result<()> {
        self.signals.end_in_order()?;
        let on = args.follow && !only_standard_input(&self.inputs)?;
        if on || resumable {
            self.following = Some(Following {
                bounds: self.bounds,
                on,
                resumable,
            });
            self.console = Console::new(None);
        }
        if on {
            self.signals.reload()?;
            let (args, workshop) = (args.clone(), self.workshop.clone());
            self.reload = reload::on_signal(&self.signals, &self.console, &self.reloads, move || {
                let settings = all_settings(&args)?;
                Ok(Reloaded {
                    workers: workshop.workers(&settings, keep(&args, &settings.config))?,
                    bounds: Bounds::new(&settings.config.limits),
                })
            });
        }
        Ok(())
    }

    /// Reads, annotates, and writes with `write`. Returns whether all input could be read.
    pub(crate) fn start(self, write: &mut dyn FnMut(Done) -> Result<()>) -> Result<bool> {
        let Self {
            inputs,
            workers,
            bounds,
            following,
            console,
            signals,
            reload,
            reloads,
            stats,
            ..
        } = self;
        let began = Instant::now();
        let mut counts = Counts::default();
        let reader = console.clone();
        let read = move |sink: &mut dyn Sink| match following {
            Some(following) => input::follow(&inputs, following, &reader, &signals.stop, sink),
            None => input::read(&inputs, bounds, &reader, &signals.stop, sink),
        };
        let result = pipeline::run(read, workers, reload, &console, &mut |done| {
            let written = done.counts;
            write(done)?;
            counts += written;
            Ok(())
        });
        console.finish();
        if stats {
            let reloads = *reloads.lock().unwrap_or_else(PoisonError::into_inner);
            let report = Report {
                counts,
                reloads,
                time: began.elapsed(),
            };
            eprintln!("{report}");
        }
        result
    }
}

/// Puts files through `work`, batch by batch in this thread, and writes what it gives: for hosts that are only mirrored.
/// Returns whether all input could be read.
pub(crate) fn mirror(
    files: Vec<PathBuf>,
    limits: &Limits,
    console: &Console,
    output: &mut Output,
    work: &mut dyn FnMut(Batch) -> Result<Vec<u8>>,
) -> Result<bool> {
    let inputs: Vec<Input> = files.into_iter().map(Input::from).collect();
    let never = Arc::default();
    let mut failed = None;
    let read = input::read(&inputs, Bounds::new(limits), console, &never, &mut |batch, _| {
        let written = work(batch).and_then(|bytes| output.write(&bytes, false));
        written.map_err(|error| {
            failed = Some(error);
            Closed
        })
    });
    console.finish();
    match failed {
        Some(error) => Err(error),
        // Nobody else closes it.
        None => Ok(read.unwrap_or(false)),
    }
}

/// What is read: files, or standard input.
pub(crate) fn sources(input: &cli::Input) -> Result<Vec<PathBuf>> {
    let files = match input.files.as_slice() {
        [] => vec![PathBuf::from("-")],
        files => files.to_vec(),
    };
    refuse_own_output(&files, input.output.as_deref())?;
    Ok(files)
}

/// Standard input ends by itself, so there is nothing to follow; beside files nobody could say when.
fn only_standard_input(inputs: &[Input]) -> Result<bool> {
    let is_standard = |input: &&Input| input::is_standard_input(&input.path);
    let standard = inputs.iter().filter(is_standard).count();
    if standard > 0 && standard < inputs.len() {
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
    match files.iter().find(|file| same_file(file, &target)) {
        Some(file) => Err(Misuse(format!("{} is both input and output", file.display())).into()),
        None => Ok(()),
    }
}
