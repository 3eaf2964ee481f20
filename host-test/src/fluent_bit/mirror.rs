//! `bewit annotate --host fluent-bit`: records go through the very module, with the calls that Fluent Bit makes and
//! with the fate that Fluent Bit gives them.

use std::time::Instant;

use anyhow::{Context as _, Result};
use bewit::{Config, Limits};

use super::answer::{Answer, is_fault};
use super::instance::{Entry, Instance, engine};
use super::module::Module;
use super::settings::{self, Filter};
use super::{pack, record};
use crate::annotate::{self, Settings, sources};
use crate::cli::Annotate;
use crate::console::Console;
use crate::input::{self, Batch};
use crate::misuse::Misuse;
use crate::output::Output;
use crate::stats::{Counts, Reloads, Report};

/// Bytes of a line that is still read. Fluent Bit has no such limit; its inputs have lower ones.
const LINE: usize = 256 << 20;

/// The tag of records whose input is not known.
const TAG: &str = "falco";

/// `bewit annotate --host fluent-bit`. Returns whether all input could be read and no record met a fate that its user
/// did not ask for.
pub(crate) fn run(args: &Annotate, settings: &Settings) -> Result<bool> {
    refuse_options(args, settings)?;
    let mut chain = chain(args, settings)?;
    let files = sources(&args.input)?;
    let console = Console::new(input::size(&files));
    let mut output = Output::new(args.input.output.as_deref())?;
    let limits = Limits {
        line_bytes: LINE,
        ..Limits::default()
    };
    let mut tally = Tally::default();
    let began = Instant::now();
    let all = annotate::mirror(files, &limits, &console, &mut output, &mut |batch| {
        let mut written = Vec::new();
        match batch {
            Batch::Lines(lines) => {
                for line in lines.split_inclusive(|byte| *byte == b'\n') {
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    tally.line(line, &mut chain, args.only_alerts, &console, &mut written)?;
                }
            }
            Batch::Piece { bytes, first } => tally.too_long(&bytes, first, &console),
        }
        Ok(written)
    })?;
    if args.input.stats {
        let report = Report {
            counts: tally.counts,
            reloads: Reloads::default(),
            time: began.elapsed(),
        };
        eprintln!("{report}");
        for (filter, pages) in chain.iter().map(|filter| (filter, filter.instance.pages())) {
            let (name, first) = (&filter.name, filter.pages);
            eprintln!("memory    {first} pages at first, {pages} at last: {name}");
        }
    }
    Ok(all && tally.good())
}

/// What the mirror cannot do, because Fluent Bit does not.
fn refuse_options(args: &Annotate, settings: &Settings) -> Result<()> {
    let misuse = |text: &str| Err(Misuse(text.to_owned()).into());
    if args.follow {
        return misuse("`--follow` does not go with `--host fluent-bit`: follow files with Fluent Bit itself");
    }
    if args.state.is_some() {
        return misuse("`--state` does not go with `--host fluent-bit`: Fluent Bit keeps places itself (`DB`)");
    }
    if args.input.how.jobs != 1 {
        return misuse("`--jobs` does not go with `--host fluent-bit`: a filter has one instance");
    }
    let configured = settings.catalog.is_some() || settings.config != Config::default();
    if configured && (args.module.is_some() || args.fluent_bit_config.is_some()) {
        return misuse("the module has its configuration inside: set another one with `bewit pack`, not here");
    }
    Ok(())
}

/// The filters that a record goes through.
fn chain(args: &Annotate, settings: &Settings) -> Result<Vec<Running>> {
    let tag = args.tag.as_deref().unwrap_or(TAG);
    let engine = engine()?;
    let start = |module: &Module, function: &str, name: String| -> Result<Running> {
        let mut instance = Instance::start(&engine, module)?;
        let entry = instance.entry(function).with_context(|| module.name.clone())?;
        Ok(Running {
            name,
            tag: tag.to_owned(),
            pages: instance.pages(),
            instance,
            entry,
        })
    };
    let Some(file) = &args.fluent_bit_config else {
        let mut module = Module::load(args.module.as_deref())?;
        if settings.catalog.is_some() || settings.config != Config::default() {
            module.bytes = pack::pack(&module, settings)?.into();
        }
        return Ok(vec![start(&module, "bewit", module.name.clone())?]);
    };
    let filters: Vec<Filter> = settings::read(file)?;
    let patterns: Vec<String> = filters.iter().map(|filter| filter.tags.to_string()).collect();
    let chain: Vec<Running> = filters
        .into_iter()
        .filter(|filter| args.tag.is_none() || filter.tags.take(tag))
        .map(|filter| {
            let path = args.module.as_deref().unwrap_or(&filter.wasm_path);
            let place = format!("{}: {}", file.display(), filter.place);
            let module = Module::load(Some(path)).map_err(|error| Misuse(format!("{place}: {error:#}")))?;
            start(&module, &filter.function_name, filter.place.clone())
                .map_err(|error| Misuse(format!("{place}: {error:#}")).into())
        })
        .collect::<Result<_>>()?;
    if chain.is_empty() {
        return Err(Misuse(format!("no filter matches the tag {tag}: {}", patterns.join(", "))).into());
    }
    Ok(chain)
}

/// A filter with its instance.
struct Running {
    name: String,
    tag: String,
    instance: Instance,
    entry: Entry,
    /// Pages of memory at first.
    pages: u64,
}

/// What came of a call.
enum Called {
    /// The record's own pointer came back.
    Same,
    Text(Vec<u8>),
    /// The pointer is out of range, or no zero byte follows.
    Nowhere,
    /// The module gave up.
    Trap(String),
}

impl Running {
    /// One call, as Fluent Bit makes it. Also tells whether the module's stack was left as it was.
    fn call(&mut self, record: &[u8]) -> Result<(Called, bool)> {
        let Self {
            instance, entry, tag, ..
        } = self;
        let before = instance.stack_pointer();
        let tag_at = instance.put(tag.as_bytes())?;
        // 0, if the module has no room: Fluent Bit calls it all the same.
        let record_at = instance.put(record)?;
        let tag_length = u32::try_from(tag.len())?;
        let length = u32::try_from(record.len())?;
        // The time is fixed, so that equal input gives equal output.
        let called = match instance.call(entry, (tag_at, tag_length, 0, 0, record_at, length)) {
            Err(error) => Called::Trap(error.root_cause().to_string()),
            Ok(at) if at != 0 && at == record_at => Called::Same,
            Ok(0) => Called::Text(Vec::new()),
            Ok(at) => match instance.text(at) {
                Some(text) => Called::Text(text.to_vec()),
                None => Called::Nowhere,
            },
        };
        instance.free(tag_at)?;
        instance.free(record_at)?;
        let kept = instance.stack_pointer() == before;
        Ok((called, kept))
    }
}

/// What became of the records.
#[derive(Default)]
struct Tally {
    counts: Counts,
    /// Something happened that no user asks for.
    bad: bool,
}

impl Tally {
    fn good(&self) -> bool {
        !self.bad
    }

    fn bad(&mut self, console: &Console, kind: &'static str, message: &str) {
        self.bad = true;
        console.say_once(kind, message);
    }

    fn too_long(&mut self, bytes: &[u8], first: bool, console: &Console) {
        self.counts.read += bytes.len() as u64;
        if first {
            self.counts.lines.lines += 1;
            self.counts.lines.failed += 1;
            self.bad(
                console,
                "line-too-long",
                "a line is longer than 256 MiB; no input of Fluent Bit hands over such a line",
            );
        }
    }

    /// Sends a line through all filters, and appends the record that comes out.
    fn line(
        &mut self,
        line: &[u8],
        chain: &mut [Running],
        only_alerts: bool,
        console: &Console,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.counts.lines.lines += 1;
        self.counts.read += line.len() as u64 + 1;
        let mut record = record::of(line);
        let mut changed = false;
        for filter in chain {
            match self.filter(filter, &record, console)? {
                Fate::Same => {}
                Fate::New(new) => {
                    record = new;
                    changed = true;
                }
                Fate::Dropped => {
                    self.counts.lines.dropped += 1;
                    return Ok(());
                }
                Fate::Lost => {
                    self.counts.lines.failed += 1;
                    return Ok(());
                }
            }
        }
        let lines = &mut self.counts.lines;
        match (changed, is_fault(&record)) {
            (false, _) => lines.passed += 1,
            (true, false) => lines.alerts += 1,
            (true, true) => lines.failed += 1,
        }
        if only_alerts && !bewit::is_annotated(&record) {
            self.counts.withheld += 1;
            return Ok(());
        }
        // Line breaks between JSON tokens are white space, and would make two lines of one record.
        out.extend(record.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
        out.push(b'\n');
        self.counts.written += record.len() as u64 + 1;
        Ok(())
    }

    fn filter(&mut self, filter: &mut Running, record: &[u8], console: &Console) -> Result<Fate> {
        let (called, kept) = filter.call(record)?;
        let trapped = matches!(called, Called::Trap(_));
        if !kept && !trapped {
            self.bad(console, "stack", "the module did not give back its stack after a call");
        }
        let text = match called {
            Called::Same => return Ok(Fate::Same),
            Called::Text(text) => text,
            Called::Nowhere => {
                self.bad(
                    console,
                    "pointer",
                    "the module returned no text; Fluent Bit drops the record",
                );
                return Ok(Fate::Lost);
            }
            Called::Trap(why) => {
                let message = format!("the module trapped ({why}); Fluent Bit drops the record");
                self.bad(console, "trap", &message);
                return Ok(Fate::Lost);
            }
        };
        match Answer::of(&text) {
            Answer::Record { end } => Ok(Fate::New(head(text, end))),
            Answer::RecordAndMore { end } => {
                let message = "the module returned more than one JSON object; Fluent Bit loses all but the first";
                self.bad(console, "more", message);
                Ok(Fate::New(head(text, end)))
            }
            Answer::Dropped => Ok(Fate::Dropped),
            Answer::NoObject => {
                let message = "the module returned JSON that is no object; Fluent Bit drops the record with an error";
                self.bad(console, "no-object", message);
                Ok(Fate::Lost)
            }
            Answer::TooDeep => {
                let message =
                    "the module returned JSON that is nested too deep; Fluent Bit loses it and the records behind it";
                self.bad(console, "too-deep", message);
                Ok(Fate::Lost)
            }
            Answer::Invalid => {
                let message = "the module returned what Fluent Bit cannot read as JSON; this would crash Fluent Bit";
                self.bad(console, "crash", message);
                Ok(Fate::Lost)
            }
        }
    }
}

/// What a filter did with a record.
enum Fate {
    Same,
    New(Vec<u8>),
    /// As its configuration asks for.
    Dropped,
    /// As nobody asked for.
    Lost,
}

fn head(mut text: Vec<u8>, end: usize) -> Vec<u8> {
    text.truncate(end);
    text
}
