//! A module for Fluent Bit, called as Fluent Bit calls it, without the host under test.

use std::path::PathBuf;

use wasmtime::{Config, Engine, Global, Instance, Linker, Memory, Module, Store, TypedFunc};

/// Where the module is; says so if it was not built.
pub(crate) fn module() -> Option<PathBuf> {
    let module = std::env::var_os("BEWIT_FLUENT_BIT_MODULE").filter(|path| !path.is_empty());
    if module.is_none() {
        eprintln!("skipped: no module for Fluent Bit (BEWIT_FLUENT_BIT_MODULE is not set)");
    }
    module.map(PathBuf::from)
}

type Entry = TypedFunc<(u32, u32, u32, u32, u32, u32), u32>;

/// What a call returned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// The record's own pointer.
    Same,
    Text(Vec<u8>),
}

pub(crate) struct Filter {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    stack_pointer: Global,
}

/// A module as WAMR takes one: with no proposal that it does not know.
pub(crate) fn compiled(bytes: &[u8], mut config: Config) -> Module {
    config
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_multi_memory(false)
        .wasm_custom_page_sizes(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false);
    let module = Module::from_binary(&Engine::new(&config).unwrap(), bytes).unwrap();
    assert_eq!(module.imports().count(), 0);
    module
}

impl Filter {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self::of(&compiled(bytes, Config::new()))
    }

    /// One that counts instructions: [`Self::instructions`].
    pub(crate) fn counting(bytes: &[u8]) -> Self {
        let mut config = Config::new();
        config.consume_fuel(true);
        Self::of(&compiled(bytes, config))
    }

    pub(crate) fn of(module: &Module) -> Self {
        let mut store = Store::new(module.engine(), ());
        // Where instructions are counted, none runs without.
        let _ = store.set_fuel(u64::MAX);
        let instance = Linker::new(module.engine()).instantiate(&mut store, module).unwrap();
        Self {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            malloc: instance.get_typed_func(&mut store, "malloc").unwrap(),
            free: instance.get_typed_func(&mut store, "free").unwrap(),
            stack_pointer: instance.get_global(&mut store, "__stack_pointer").unwrap(),
            instance,
            store,
        }
    }

    /// Sets the configuration, in JSON.
    pub(crate) fn configure(&mut self, json: &str) {
        let configure: TypedFunc<(u32, u32), i32> = self
            .instance
            .get_typed_func(&mut self.store, "bewit_configure")
            .unwrap();
        let at = self.put(json.as_bytes());
        let length = u32::try_from(json.len()).unwrap();
        assert_eq!(configure.call(&mut self.store, (at, length)).unwrap(), 0, "{json}");
        self.free.call(&mut self.store, at).unwrap();
    }

    /// Instructions that a call takes, those for the host's two blocks among them. An engine counts a bulk copy as one.
    pub(crate) fn instructions(&mut self, record: &[u8]) -> u64 {
        let before = self.store.get_fuel().unwrap();
        self.json(record);
        before - self.store.get_fuel().unwrap()
    }

    /// A call under `event_format json`.
    pub(crate) fn json(&mut self, record: &[u8]) -> Returned {
        self.call("bewit", record, true)
    }

    /// A call; `terminated`: with a zero byte behind the record, as in JSON.
    pub(crate) fn call(&mut self, function: &str, record: &[u8], terminated: bool) -> Returned {
        let before = self.stack();
        let tag = self.put(b"falco\0");
        let at = if terminated {
            self.put(&[record, b"\0"].concat())
        } else {
            self.put(record)
        };
        let length = u32::try_from(record.len()).unwrap();
        let returned = self.raw(function, tag, 5, at, length);
        let result = if returned == at {
            Returned::Same
        } else {
            Returned::Text(self.text(returned))
        };
        self.free.call(&mut self.store, tag).unwrap();
        self.free.call(&mut self.store, at).unwrap();
        assert_eq!(self.stack(), before, "the stack pointer has moved");
        result
    }

    /// A call with these very pointers.
    pub(crate) fn raw(&mut self, function: &str, tag: u32, tag_length: u32, record: u32, length: u32) -> u32 {
        let entry: Entry = self.instance.get_typed_func(&mut self.store, function).unwrap();
        entry
            .call(&mut self.store, (tag, tag_length, 1, 2, record, length))
            .unwrap()
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> u32 {
        let length = u32::try_from(bytes.len()).unwrap();
        let at = self.malloc.call(&mut self.store, length).unwrap();
        assert_ne!(at, 0);
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
        at
    }

    /// What stands there, up to the zero byte.
    pub(crate) fn text(&self, at: u32) -> Vec<u8> {
        let memory = &self.memory.data(&self.store)[at as usize..];
        memory[..memchr::memchr(0, memory).unwrap()].to_vec()
    }

    pub(crate) fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }

    fn stack(&mut self) -> i32 {
        self.stack_pointer.get(&mut self.store).unwrap_i32()
    }

    /// Overwrites the unused stack, so that [`Self::stack_used`] can see how far it was used since.
    pub(crate) fn mark_stack(&mut self) {
        let top = usize::try_from(self.stack()).unwrap();
        self.memory.data_mut(&mut self.store)[..top].fill(0xa5);
    }

    /// Bytes of stack that were used since it was marked.
    pub(crate) fn stack_used(&mut self) -> usize {
        let top = usize::try_from(self.stack()).unwrap();
        let untouched = self.memory.data(&self.store)[..top]
            .iter()
            .position(|byte| *byte != 0xa5);
        top - untouched.unwrap_or(top)
    }
}
