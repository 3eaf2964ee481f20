//! A module for Fluent Bit in an engine, called as Fluent Bit calls it.
//!
//! `wasmi` is the stand-in for the interpreter inside Fluent Bit: it can be had anywhere, and interprets too. `wasmtime`
//! stands in for a module compiled ahead of time.

use anyhow::{Context as _, Result, ensure};

/// What takes records.
pub(crate) trait Filter {
    /// Hands a record over, with its zero byte, calls, reads the answer up to its zero byte, gives the record back.
    fn call(&mut self, tag: &str, record: &[u8]) -> Result<usize>;
    /// Bytes of linear memory.
    fn memory(&self) -> usize;
}

macro_rules! filter {
    ($name:ident, $engine:ident, $config:expr) => {
        pub(crate) struct $name {
            store: $engine::Store<()>,
            memory: $engine::Memory,
            malloc: $engine::TypedFunc<u32, u32>,
            free: $engine::TypedFunc<u32, ()>,
            entry: $engine::TypedFunc<(u32, u32, u32, u32, u32, u32), u32>,
        }

        impl $name {
            /// `before`: an export that is called first, with one number or with a text.
            pub(crate) fn new(module: &[u8], entry: &str, before: Before) -> Result<Self> {
                let config: $engine::Config = $config;
                let engine = $engine!(engine config);
                let module = $engine::Module::new(&engine, module)?;
                let mut store = $engine::Store::new(&engine, ());
                let instance = $engine!(instance &engine, &mut store, &module);
                let missing = || format!("the module has no {entry}");
                let mut filter = Self {
                    memory: instance.get_memory(&mut store, "memory").context("the module has no memory")?,
                    malloc: instance.get_typed_func(&mut store, "malloc")?,
                    free: instance.get_typed_func(&mut store, "free")?,
                    entry: instance.get_typed_func(&mut store, entry).map_err(anyhow::Error::from).with_context(missing)?,
                    store,
                };
                match before {
                    Before::Nothing => {}
                    Before::Text(name, text) => {
                        let at = filter.put(text)?;
                        let function = instance.get_typed_func::<(u32, u32), u32>(&mut filter.store, name)?;
                        let length = u32::try_from(text.len())?;
                        function.call(&mut filter.store, (at, length))?;
                        filter.free.call(&mut filter.store, at)?;
                    }
                }
                Ok(filter)
            }

            fn put(&mut self, bytes: &[u8]) -> Result<u32> {
                let at = self.malloc.call(&mut self.store, u32::try_from(bytes.len() + 1)?)?;
                ensure!(at != 0, "the module has no memory left");
                let memory = self.memory.data_mut(&mut self.store);
                let place = memory.get_mut(at as usize..).context("outside of the memory")?;
                place[..bytes.len()].copy_from_slice(bytes);
                place[bytes.len()] = 0;
                Ok(at)
            }
        }

        impl Filter for $name {
            fn call(&mut self, tag: &str, record: &[u8]) -> Result<usize> {
                let (place, at) = (self.put(tag.as_bytes())?, self.put(record)?);
                let length = u32::try_from(record.len())?;
                let returned = self.entry.call(&mut self.store, (place, u32::try_from(tag.len())?, 1, 2, at, length))? as usize;
                let answer = self.memory.data(&self.store).get(returned..).context("outside of the memory")?;
                // As Fluent Bit's strdup.
                let answer = std::ffi::CStr::from_bytes_until_nul(answer).context("no zero byte")?.to_owned();
                self.free.call(&mut self.store, place)?;
                self.free.call(&mut self.store, at)?;
                Ok(answer.as_bytes().len())
            }

            fn memory(&self) -> usize {
                self.memory.data(&self.store).len()
            }
        }
    };
}

/// What is called before the first record.
#[derive(Clone, Copy)]
pub(crate) enum Before {
    Nothing,
    Text(&'static str, &'static [u8]),
}

macro_rules! wasmi {
    (engine $config:ident) => {
        wasmi::Engine::new(&$config)
    };
    (instance $engine:expr, $store:expr, $module:expr) => {
        wasmi::Linker::<()>::new($engine).instantiate_and_start($store, $module)?
    };
}

macro_rules! wasmtime {
    (engine $config:ident) => {
        wasmtime::Engine::new(&$config)?
    };
    (instance $engine:expr, $store:expr, $module:expr) => {
        wasmtime::Linker::<()>::new($engine).instantiate($store, $module)?
    };
}

filter!(Interpreted, wasmi, wasmi::Config::default());
filter!(Compiled, wasmtime, {
    let mut config = wasmtime::Config::new();
    // What WAMR's compiler does not have.
    config.wasm_simd(false).wasm_relaxed_simd(false);
    config
});
