//! `bewit pack`: a module with a configuration inside.
//!
//! Fluent Bit hands a module no configuration. So the module is started here, is told its configuration, and what
//! its memory then holds becomes the module that Fluent Bit loads: nothing is parsed there, and nothing can fail.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Poll, Waker};
use std::{fs, process};

use anyhow::{Context as _, Result, bail};
use bewit::Config;
use wasmtime::Val;
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

use super::examine::Examined;
use super::instance::{Instance, engine};
use super::module::Module;
use crate::annotate::Settings;
use crate::cli::Pack;
use crate::{config, overlay};

/// `bewit pack`
pub(crate) fn run(args: &Pack) -> Result<()> {
    let config = args
        .config
        .as_deref()
        .map(config::read)
        .transpose()?
        .unwrap_or_default();
    let mut overlays = overlay::beside(args.config.as_deref(), &config.overlays);
    overlays.extend_from_slice(&args.overlay);
    let catalog = overlay::load(&overlays, &config.limits)?;
    let module = Module::load(args.module.as_deref())?;
    let packed = pack(&module, &Settings { config, catalog })?;
    write(&args.output, &packed)?;
    eprintln!("bewit: {}: {} bytes", args.output.display(), packed.len());
    Ok(())
}

/// The module with these settings in force.
pub(super) fn pack(module: &Module, settings: &Settings) -> Result<Vec<u8>> {
    let Module { name, bytes } = module;
    let examined = Examined::of(bytes);
    if !examined.refusals.is_empty() {
        bail!("{name} cannot be packed: {}", examined.refusals.join("; "));
    }
    if !examined.exports("bewit_configure") {
        bail!("{name} is no module of bewit: it exports no `bewit_configure`");
    }
    snapshot(bytes, settings).with_context(|| format!("cannot pack {name}"))
}

fn snapshot(bytes: &[u8], settings: &Settings) -> Result<Vec<u8>> {
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument(bytes)?;
    let mut instance = Instance::of(&engine()?, &instrumented)?;
    configure(&mut instance, &settings.config, settings.catalog.as_deref())?;
    let mut state = State {
        instance: &mut instance,
        complete: true,
    };
    let packed = finish(wizer.snapshot(&context, &mut state))??;
    if !state.complete {
        bail!("its memory cannot be read");
    }
    let refusals = Examined::of(&packed).refusals;
    if !refusals.is_empty() {
        bail!(
            "the packed module cannot be used by Fluent Bit: {}",
            refusals.join("; ")
        );
    }
    Ok(packed)
}

fn configure(instance: &mut Instance, config: &Config, catalog: Option<&[u8]>) -> Result<()> {
    if !instance.give("bewit_configure", &serde_json::to_vec(config)?)? {
        bail!("it refuses the configuration: it is of another version of bewit");
    }
    // Behind the configuration, which says how large it may be.
    if let Some(catalog) = catalog
        && !instance.give("bewit_load_catalog", catalog)?
    {
        bail!("it refuses the catalog: it is of another version of bewit");
    }
    Ok(())
}

/// What the snapshot reads of an instance.
struct State<'i> {
    instance: &'i mut Instance,
    /// Everything that was asked for was there.
    complete: bool,
}

impl InstanceState for State<'_> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        match self.instance.exported_global(name) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            _ => {
                self.complete = false;
                SnapshotVal::I32(0)
            }
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.exported_memory(name);
        self.complete &= memory.is_some();
        contents(memory.unwrap_or_default());
    }
}

/// The result of a future that never waits: everything in [`State`] is there.
fn finish<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => bail!("the snapshot waits for something"),
    }
}

/// Writes a file in whole or not at all: Fluent Bit may be about to load it.
fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(format!(".{}", process::id()));
    let unfinished = Path::new(&unfinished);
    let written = fs::write(unfinished, bytes).and_then(|()| fs::rename(unfinished, file));
    if written.is_err() {
        // It may not be there.
        drop(fs::remove_file(unfinished));
    }
    written.with_context(|| format!("cannot write {}", file.display()))
}
