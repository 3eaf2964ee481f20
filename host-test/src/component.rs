//! The component: where it comes from, what it may not do, and what it says of itself.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use wasmtime::component::{Component, Linker};
use wasmtime::{Cache, CacheConfig, Engine, OptLevel};

use crate::guard::{self, Instance, Memory};

#[allow(unsafe_code, unreachable_pub, missing_docs)] // as generated
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}

pub(crate) use bindings::exports::bewit::plugin::annotator::{Batch, Description, Error};
pub(crate) use bindings::{Plugin as Exports, PluginPre};

/// How often the clock that stops endless calls ticks.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// The component that `cargo xtask build` put into this binary; empty if it did not.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bewit.wasm"));

/// A compiled component, of which instances are made.
pub(crate) struct Plugin {
    engine: Engine,
    pre: PluginPre<Memory>,
}

impl Plugin {
    /// The component of a file, or the one in this binary.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        Self::compile(&bytes(file)?, &name(file))
    }

    fn compile(bytes: &[u8], name: &str) -> Result<Self> {
        let mut config = wasmtime::Config::new();
        // Nothing here is asynchronous, and calls are three times as cheap without.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        config.cranelift_opt_level(OptLevel::Speed);
        // Traps are reported by their kind: an address in a stripped module helps nobody.
        config.wasm_backtrace_max_frames(None);
        // Compiling takes most of a short run. Where there is no place to keep the result, it is done each time.
        config.cache(Cache::new(CacheConfig::new()).ok());
        let engine = Engine::new(&config)?;
        let component = Component::from_binary(&engine, bytes)
            .map_err(anyhow::Error::from)
            .with_context(|| format!("{name} is no WebAssembly component"))?;
        refuse_imports(&component, &engine, name)?;
        let pre = Linker::new(&engine)
            .instantiate_pre(&component)
            .and_then(PluginPre::new)
            .map_err(anyhow::Error::from)
            .with_context(|| format!("{name} is no component of the world `plugin` in wit/bewit.wit"))?;
        tick(&engine);
        Ok(Self { engine, pre })
    }

    /// A fresh instance, without configuration.
    pub(crate) fn instance(&self) -> wasmtime::Result<Instance> {
        guard::instance(&self.engine, &self.pre)
    }
}

/// A component that imports nothing can reach nothing: that is the promise, so it is checked and not assumed.
fn refuse_imports(component: &Component, engine: &Engine, name: &str) -> Result<()> {
    let component = component.component_type();
    let imports: Vec<&str> = component.imports(engine).map(|(name, _)| name).collect();
    if !imports.is_empty() {
        bail!(
            "{name} imports {}; bewit runs only components that import nothing",
            imports.join(", ")
        );
    }
    Ok(())
}

/// Lets the engine's time go by, as long as there is one.
fn tick(engine: &Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
}

fn name(file: Option<&Path>) -> String {
    file.map_or_else(
        || "the built-in component".to_owned(),
        |file| file.display().to_string(),
    )
}

fn bytes(file: Option<&Path>) -> Result<Cow<'static, [u8]>> {
    match file {
        Some(file) => {
            Ok(Cow::Owned(fs::read(file).with_context(|| {
                format!("cannot read the component {}", file.display())
            })?))
        }
        None if !EMBEDDED.is_empty() => Ok(Cow::Borrowed(EMBEDDED)),
        None => bail!(
            "this binary was built without the component.\nBuild it with `cargo xtask build`, which puts both into \
             dist/, or name one with `--component FILE`."
        ),
    }
}

/// `bewit describe`
pub(crate) fn describe(file: Option<&Path>) -> Result<()> {
    let bytes = bytes(file)?;
    let plugin = Plugin::compile(&bytes, &name(file))?;
    let Description {
        version,
        catalog,
        schema,
        rules,
        attack,
    } = plugin.instance()?.describe()?;
    let from = file.map_or_else(|| "built in".to_owned(), |file| file.display().to_string());
    crate::output::print(&format!(
        "component  {from}\nsize       {} bytes\nimports    none\nversion    {version}\ncatalog    {catalog}\n\
         schema     {schema}\nrules      {rules} with guidance of their own\nATT&CK     {attack}\n",
        bytes.len()
    ))
}
