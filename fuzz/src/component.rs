//! The component in wasmtime: of any batch it makes the bytes that the library makes.

use bewit::{Annotator, Config, Detail, annotate_batch};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

/// Where the built component is.
pub const BUILT: &str = "BEWIT_COMPONENT";

#[allow(missing_docs, unreachable_pub, reason = "as generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}

/// An instance, and the library with the same configuration.
struct Pair {
    store: Store<()>,
    plugin: bindings::Plugin,
    annotator: Annotator,
}

thread_local! {
    static PAIRS: std::cell::RefCell<Vec<Pair>> = std::cell::RefCell::new(pairs());
}

fn pairs() -> Vec<Pair> {
    let file = std::env::var_os(BUILT).expect(BUILT);
    let mut config = wasmtime::Config::new();
    config.concurrency_support(false);
    let engine = Engine::new(&config).unwrap();
    let component = Component::from_file(&engine, file).unwrap();
    let pair = |detail| {
        let config = Config {
            detail,
            ..Config::default()
        };
        let mut store = Store::new(&engine, ());
        let plugin = bindings::Plugin::instantiate(&mut store, &component, &Linker::new(&engine)).unwrap();
        let json = serde_json::to_vec(&config).unwrap();
        let configured = plugin
            .bewit_plugin_annotator()
            .call_configure(&mut store, &json)
            .unwrap();
        assert!(configured.is_ok());
        Pair {
            store,
            plugin,
            annotator: Annotator::new(config),
        }
    };
    [Detail::Full, Detail::Brief].map(pair).into()
}

/// The body of the target.
pub fn check(batch: &[u8]) {
    PAIRS.with_borrow_mut(|pairs| {
        for Pair {
            store,
            plugin,
            annotator,
        } in pairs
        {
            let answer = plugin
                .bewit_plugin_annotator()
                .call_annotate_batch(store, batch)
                .expect("a trap");
            let mut out = Vec::new();
            let stats = annotate_batch(annotator, batch, &mut out);
            assert!(answer.lines == out, "the component makes other bytes than the library");
            let said = answer.statistics;
            assert_eq!(
                [said.lines, said.alerts, said.passed, said.dropped, said.failed],
                [stats.lines, stats.alerts, stats.passed, stats.dropped, stats.failed],
            );
        }
    });
}
