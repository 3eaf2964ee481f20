//! `bewit annotate --host vector`: events go out to the component and come back with the fate that Vector gives them.
//! To Vector bewit is a transform: one event in, none or more out, and an error concerns its own events alone.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use bewit::Limits;
use clap::Parser as _;

use super::codec::{Decoding, Encoding, Event, event, json};
use super::settings::{self, Found, Place};
use crate::annotate::{self, Settings, all_settings, sources};
use crate::cli::{Annotate, Cli, Command, Host};
use crate::console::Console;
use crate::input::{self, Batch, Bounds};
use crate::misuse::Misuse;
use crate::output::Output;
use crate::pipeline::{self, Keep, Worker};
use crate::serve::Records;
use crate::stats::{Counts, Reloads, Report};

/// `bewit annotate --host vector`. Returns whether all input could be read and no event met a fate that its user did
/// not ask for.
pub(crate) fn run(args: &Annotate, settings: Settings, component: Option<&Path>) -> Result<bool> {
    let misuse = |text: &str| Err(Misuse(text.to_owned()).into());
    if args.follow {
        return misuse("`--follow` does not go with `--host vector`: follow files with Vector itself");
    }
    if args.state.is_some() {
        return misuse("`--state` does not go with `--host vector`: Vector keeps places itself (`data_dir`)");
    }
    let Some(file) = &args.vector_config else {
        return misuse("`--host vector` needs `--vector-config`: where does bewit stand?");
    };
    let Found { place, remarks } = settings::read(file)?;
    let (way, keep, settings) = match place {
        Place::Http {
            encoding,
            decoding,
            sink,
            source,
        } => (
            Way::Http {
                encoding,
                decoding,
                sink,
                source,
            },
            Keep::All,
            settings,
        ),
        Place::Exec {
            source,
            command,
            folder,
            decoding,
        } => {
            let started = started(&command, &folder)
                .map_err(|error| Misuse(format!("{}: {source}.command: {error:#}", file.display())))?;
            let settings = all_settings(&started)?;
            let keep = annotate::keep(&started, &settings.config);
            (Way::Exec { decoding, source }, keep, settings)
        }
    };
    let files = sources(&args.input)?;
    let mut workers = annotate::workers(&args.input.how, &settings, keep, component)?;
    let (Some(worker), true) = (workers.pop(), workers.is_empty()) else {
        return misuse("`--jobs` does not go with `--host vector`: it shows one instance");
    };
    let console = Console::new(input::size(&files));
    for remark in remarks {
        console.say(format_args!("{}: {remark}", file.display()));
    }
    let mut mirror = Mirror {
        way,
        bounds: worker.bounds,
        worker,
        counts: Counts::default(),
        lost: false,
        console: console.clone(),
    };
    let mut output = Output::new(args.input.output.as_deref())?;
    let began = Instant::now();
    let all = annotate::mirror(files, &Limits::default(), &console, &mut output, &mut |batch| {
        let (Batch::Lines(bytes) | Batch::Piece { bytes, .. }) = batch;
        let mut out = Vec::new();
        for event in mirror.batch(&bytes) {
            let line = json(&event);
            if args.only_alerts && !bewit::is_annotated(line.as_bytes()) {
                mirror.counts.withheld += 1;
                continue;
            }
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        mirror.counts.written += out.len() as u64;
        Ok(out)
    })?;
    if args.input.stats {
        let (counts, time) = (mirror.counts, began.elapsed());
        let reloads = Reloads::default();
        eprintln!("{}", Report { counts, reloads, time });
    }
    Ok(all && !mirror.lost)
}

/// What an `exec` source starts.
fn started(command: &[String], folder: &Path) -> Result<Annotate> {
    let Command::Annotate(mut args) = Cli::try_parse_from(command)?.command else {
        return Err(Misuse("it is not `bewit annotate`".to_owned()).into());
    };
    if args.host != Host::Local {
        return Err(Misuse("it has another host than `local`".to_owned()).into());
    }
    let how = &mut args.input.how;
    let meant = |path: &PathBuf| folder.join(path);
    how.config = how.config.as_ref().map(meant);
    how.overlay = how.overlay.iter().map(meant).collect();
    Ok(args)
}

/// The way to the component and back.
enum Way {
    /// As the body of a request, and as that of another.
    Http {
        encoding: Encoding,
        decoding: Decoding,
        sink: String,
        source: String,
    },
    /// As lines that bewit reads itself.
    Exec { decoding: Decoding, source: String },
}

struct Mirror {
    way: Way,
    worker: Worker,
    bounds: Bounds,
    counts: Counts,
    /// An event is lost that nobody asked to drop.
    lost: bool,
    console: Console,
}

impl Mirror {
    /// What comes of some lines.
    fn batch(&mut self, lines: &[u8]) -> Vec<Event> {
        self.counts.read += lines.len() as u64;
        let Self {
            way,
            worker,
            bounds,
            counts,
            lost,
            console,
        } = self;
        let mut work = |batch| {
            let done = pipeline::one(worker, batch);
            counts.lines += done.counts.lines;
            counts.withheld += done.counts.withheld;
            done.say(console);
            done.bytes
        };
        let mut lose = |message: String| {
            *lost = true;
            console.say_once("lost", message);
        };
        match way {
            Way::Http {
                encoding,
                decoding,
                sink,
                source,
            } => {
                let text = lines.strip_suffix(b"\n").unwrap_or(lines);
                let events: Vec<Event> = text.split(|byte| *byte == b'\n').map(event).collect();
                let (with, without): (Vec<_>, Vec<_>) = match encoding {
                    Encoding::Text => events.into_iter().partition(|event| event.contains_key("message")),
                    _ => (events, Vec::new()),
                };
                if !without.is_empty() {
                    lose(format!(
                        "{sink}.encoding.codec: an event without `message` is an empty line, so all it has is lost"
                    ));
                }
                let body = encoding.body(&with);
                let records = Records::of(&body, &encoding.headers(), *bounds, &mut work);
                let lines = records.bytes.split(|byte| *byte == b'\n');
                match lines.map(|line| decoding.events(line)).collect::<Result<Vec<_>, _>>() {
                    Ok(events) => events.concat(),
                    Err(error) => {
                        lose(format!(
                            "{source}.decoding.codec: a record cannot be read ({error}); Vector answers 400, and the \
                             whole request is tried again for ever"
                        ));
                        Vec::new()
                    }
                }
            }
            Way::Exec { decoding, source } => {
                let mut events = Vec::new();
                let mut out = Vec::new();
                input::cut(lines, *bounds, &mut |batch| out.extend(work(batch)));
                for line in out.split(|byte| *byte == b'\n') {
                    match decoding.events(line) {
                        Ok(more) => events.extend(more),
                        Err(error) => lose(format!(
                            "{source}.decoding.codec: a line cannot be read ({error}); Vector drops it"
                        )),
                    }
                }
                events
            }
        }
    }
}
