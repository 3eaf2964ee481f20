//! The filter for Fluent Bit, called as Fluent Bit calls it: of any record it makes what the library makes, or passes
//! it on.

use bewit::{Annotator, Config, Detail, Outcome};
use wasmtime::{Engine, Linker, Memory, Module, Store, TypedFunc};

use crate::json::Members;

/// Where the built module is.
pub const BUILT: &str = "BEWIT_FLUENT_BIT_MODULE";

/// Pages that an instance may have, however many records it has seen. No record here is longer than some KiB.
const PAGES: u64 = 1024;

/// How the answer to MessagePack ends.
const REFUSED: &[u8] = b"set event_format json, the default";

/// Address and length of the tag, the time, address and length of the record.
type Entry = TypedFunc<(u32, u32, u32, u32, u32, u32), u32>;

/// An instance, and the library with the same configuration.
struct Pair {
    store: Store<()>,
    memory: Memory,
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    bewit: Entry,
    annotator: Annotator,
}

thread_local! {
    static PAIRS: std::cell::RefCell<Vec<Pair>> = std::cell::RefCell::new(pairs());
}

fn pairs() -> Vec<Pair> {
    let file = std::env::var_os(BUILT).expect(BUILT);
    // What Fluent Bit's runtime has.
    let mut config = wasmtime::Config::new();
    config
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_multi_memory(false)
        .wasm_custom_page_sizes(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .concurrency_support(false);
    let engine = Engine::new(&config).unwrap();
    let module = Module::from_file(&engine, file).unwrap();
    [Detail::Full, Detail::Brief]
        .map(|detail| Pair::new(&engine, &module, detail))
        .into()
}

impl Pair {
    fn new(engine: &Engine, module: &Module, detail: Detail) -> Self {
        let config = Config {
            detail,
            ..Config::default()
        };
        let mut store = Store::new(engine, ());
        let instance = Linker::new(engine).instantiate(&mut store, module).unwrap();
        let mut pair = Self {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            malloc: instance.get_typed_func(&mut store, "malloc").unwrap(),
            free: instance.get_typed_func(&mut store, "free").unwrap(),
            bewit: instance.get_typed_func(&mut store, "bewit").unwrap(),
            store,
            annotator: Annotator::new(config),
        };
        let configure: TypedFunc<(u32, u32), u32> =
            instance.get_typed_func(&mut pair.store, "bewit_configure").unwrap();
        let json = serde_json::to_vec(pair.annotator.config()).unwrap();
        let address = pair.put(&json);
        let length = u32::try_from(json.len()).unwrap();
        assert_eq!(configure.call(&mut pair.store, (address, length)).unwrap(), 0);
        pair.free.call(&mut pair.store, address).unwrap();
        pair
    }

    /// Copies bytes into the module's memory, a zero byte behind them.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        let length = u32::try_from(bytes.len() + 1).unwrap();
        let address = self.malloc.call(&mut self.store, length).expect("a trap");
        assert!(address > 0 && address.is_multiple_of(16), "{address}");
        let at = usize::try_from(address).unwrap();
        self.memory.write(&mut self.store, at, bytes).unwrap();
        self.memory.write(&mut self.store, at + bytes.len(), &[0]).unwrap();
        address
    }

    /// What the filter answers; none where it passes the record on.
    fn answer(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let (tag, record_at) = (self.put(b"kube.falco"), self.put(record));
        let length = u32::try_from(record.len()).unwrap();
        let arguments = (tag, 10, 1_776_103_063, 0, record_at, length);
        let answer = self.bewit.call(&mut self.store, arguments).expect("a trap");
        let memory = self.memory.data(&self.store);
        let text = &memory[usize::try_from(answer).unwrap()..];
        let end = text
            .iter()
            .position(|byte| *byte == 0)
            .expect("an answer without an end");
        let text = (answer != record_at).then(|| text[..end].to_vec());
        for address in [tag, record_at] {
            self.free.call(&mut self.store, address).expect("a trap");
        }
        assert!(
            self.memory.size(&self.store) <= PAGES,
            "the module takes ever more memory"
        );
        text
    }
}

/// The body of the target.
pub fn check(record: &[u8]) {
    PAIRS.with_borrow_mut(|pairs| {
        for pair in pairs {
            let answer = pair.answer(record);
            if matches!(record.first(), Some(0x80..=0x8f | 0xde | 0xdf)) {
                assert!(answer.is_none_or(|answer| answer.ends_with(REFUSED)));
                continue;
            }
            let mut out = Vec::new();
            match pair.annotator.try_annotate(record, &mut out) {
                Outcome::Passed => assert_eq!(answer, None, "a record that is no alert changed"),
                Outcome::Alert => {
                    let answer = answer.expect("an alert was passed on");
                    assert!(
                        answer == out || is_fault(record, &answer),
                        "the filter makes other bytes than the library"
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

/// Fluent Bit could not read the annotated alert back: the record, and an error.
fn is_fault(record: &[u8], answer: &[u8]) -> bool {
    if answer == record {
        return true;
    }
    let answer = std::str::from_utf8(answer).ok().and_then(Members::of);
    let bewit = answer.and_then(|members| members.get("bewit"));
    bewit.is_some_and(|bewit| bewit.contains("\"code\":\"unreadable\""))
}
