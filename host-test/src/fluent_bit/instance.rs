//! A running module, called as Fluent Bit calls it.
//!
//! The engine has the features that Fluent Bit's runtime has, and no others.

use anyhow::{Context as _, Result, anyhow, bail};
use wasmtime::{Config, Engine, Global, Linker, Memory, OptLevel, Store, TypedFunc, Val};

use super::examine::Examined;
use super::module::Module;

/// An exported function as `function_name` names it.
pub(super) type Entry = TypedFunc<(u32, u32, u32, u32, u32, u32), u32>;

/// A module's instance. Fluent Bit has one for each filter, as long as it runs.
pub(super) struct Instance {
    store: Store<()>,
    instance: wasmtime::Instance,
    memory: Memory,
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    stack_pointer: Option<Global>,
}

/// An engine that takes what Fluent Bit takes.
pub(super) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_multi_memory(false)
        .wasm_custom_page_sizes(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .wasm_threads(true)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_backtrace_max_frames(None)
        .concurrency_support(false);
    Ok(Engine::new(&config)?)
}

impl Instance {
    /// Starts a module, if Fluent Bit would.
    pub(super) fn start(engine: &Engine, module: &Module) -> Result<Self> {
        let name = &module.name;
        let examined = Examined::of(&module.bytes);
        if !examined.refusals.is_empty() {
            bail!("Fluent Bit cannot use {name}: {}", examined.refusals.join("; "));
        }
        if !examined.imports.is_empty() {
            bail!(
                "{name} imports {}: only modules that import nothing are run here",
                examined.imports.join(", ")
            );
        }
        Self::of(engine, &module.bytes).with_context(|| name.clone())
    }

    /// Starts a module without looking at it first.
    pub(super) fn of(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        let module = wasmtime::Module::from_binary(engine, bytes)?;
        let mut store = Store::new(engine, ());
        let instance = Linker::new(engine).instantiate(&mut store, &module)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .context("the module exports no `memory`")?;
        let allocator =
            "a module without `malloc` and `free` gets records over `wasm_heap_size` as NULL; it is not run here";
        let malloc = instance
            .get_typed_func(&mut store, "malloc")
            .map_err(|_| anyhow!(allocator))?;
        let free = instance
            .get_typed_func(&mut store, "free")
            .map_err(|_| anyhow!(allocator))?;
        let stack_pointer = instance.get_global(&mut store, "__stack_pointer");
        Ok(Self {
            store,
            instance,
            memory,
            malloc,
            free,
            stack_pointer,
        })
    }

    /// The function that a filter calls.
    pub(super) fn entry(&mut self, name: &str) -> Result<Entry> {
        let entry = self.instance.get_typed_func(&mut self.store, name);
        entry.map_err(|_| anyhow!("the module exports no function `{name}` that takes six i32 and returns one"))
    }

    /// Copies bytes and a zero byte into the module's memory. 0 if the module has no room.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<u32> {
        let length = u32::try_from(bytes.len() + 1).context("more than 4 GiB")?;
        let address = self.malloc.call(&mut self.store, length)?;
        if address != 0 {
            let at = usize::try_from(address)?;
            self.memory.write(&mut self.store, at, bytes)?;
            self.memory.write(&mut self.store, at + bytes.len(), &[0])?;
        }
        Ok(address)
    }

    /// Gives memory back to the module.
    pub(super) fn free(&mut self, address: u32) -> Result<()> {
        if address != 0 {
            self.free.call(&mut self.store, address)?;
        }
        Ok(())
    }

    pub(super) fn call(&mut self, entry: &Entry, arguments: (u32, u32, u32, u32, u32, u32)) -> Result<u32> {
        Ok(entry.call(&mut self.store, arguments)?)
    }

    /// What stands at an address, up to the first zero byte. None if there is none before the memory's end.
    pub(super) fn text(&self, address: u32) -> Option<&[u8]> {
        let memory = self.memory.data(&self.store).get(usize::try_from(address).ok()?..)?;
        let end = memchr::memchr(0, memory)?;
        memory.get(..end)
    }

    /// Hands bytes to a function of (address, length) that returns 0 if they are good.
    pub(super) fn give(&mut self, function: &str, bytes: &[u8]) -> Result<bool> {
        let take: TypedFunc<(u32, u32), u32> = self.instance.get_typed_func(&mut self.store, function)?;
        let address = self.put(bytes)?;
        if address == 0 {
            bail!("the module has no room for {} bytes", bytes.len());
        }
        let result = take.call(&mut self.store, (address, u32::try_from(bytes.len())?))?;
        self.free(address)?;
        Ok(result == 0)
    }

    /// What a function without arguments says. None if there is no such function.
    pub(super) fn ask(&mut self, function: &str) -> Result<Option<String>> {
        let Ok(ask) = self.instance.get_typed_func::<(), u32>(&mut self.store, function) else {
            return Ok(None);
        };
        let address = ask.call(&mut self.store, ())?;
        let text = self.text(address).context("the module's answer has no end")?;
        Ok(Some(String::from_utf8(text.to_vec())?))
    }

    /// Pages of memory.
    pub(super) fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }

    /// Where the module's own stack is; none if it does not export that.
    pub(super) fn stack_pointer(&mut self) -> Option<i32> {
        self.global(&self.stack_pointer?)
    }

    fn global(&mut self, global: &Global) -> Option<i32> {
        global.get(&mut self.store).i32()
    }

    /// An exported global, for a snapshot.
    pub(super) fn exported_global(&mut self, name: &str) -> Option<Val> {
        let global = self.instance.get_global(&mut self.store, name)?;
        Some(global.get(&mut self.store))
    }

    /// An exported memory, for a snapshot.
    pub(super) fn exported_memory(&mut self, name: &str) -> Option<&[u8]> {
        let memory = self.instance.get_memory(&mut self.store, name)?;
        Some(memory.data(&self.store))
    }
}
