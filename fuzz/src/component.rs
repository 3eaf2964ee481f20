//! The component, through wasmtime, beside the library: any bytes as a batch and as one record.

use std::cell::RefCell;

use bewit::{Annotator, Outcome, annotate_batch};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::annotators::{configurations, of};

#[allow(missing_docs, unreachable_pub, reason = "as generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}
use bindings::Plugin;
use bindings::exports::bewit::plugin::annotator::Error;

/// The component under a configuration.
struct Face {
    store: Store<()>,
    plugin: Plugin,
}

thread_local! {
    static FACES: Vec<(Annotator, RefCell<Face>)> = faces();
}

fn faces() -> Vec<(Annotator, RefCell<Face>)> {
    let path = std::env::var("BEWIT_COMPONENT").expect("`cargo xtask fuzz` says where it is");
    let engine = Engine::default();
    let component = Component::from_file(&engine, path).unwrap();
    let face = |config: bewit::Config| {
        let mut store = Store::new(&engine, ());
        let plugin = Plugin::instantiate(&mut store, &component, &Linker::new(&engine)).unwrap();
        let json = serde_json::to_vec(&config).unwrap();
        let configured = plugin.bewit_plugin_annotator().call_configure(&mut store, &json);
        configured.unwrap().unwrap();
        (Annotator::new(config), RefCell::new(Face { store, plugin }))
    };
    configurations().into_iter().map(face).collect()
}

/// The body of the target.
pub fn check(bytes: &[u8]) {
    FACES.with(|faces| {
        for (annotator, face) in of(faces, bytes) {
            let Face { store, plugin } = &mut *face.borrow_mut();
            let face = plugin.bewit_plugin_annotator();

            let mut out = Vec::new();
            let stats = annotate_batch(annotator, bytes, &mut out);
            let batch = face.call_annotate_batch(&mut *store, bytes).unwrap();
            assert_eq!(batch.lines, out);
            let its = batch.statistics;
            let theirs = (its.lines, its.alerts, its.passed, its.dropped, its.failed);
            assert_eq!(
                theirs,
                (stats.lines, stats.alerts, stats.passed, stats.dropped, stats.failed)
            );

            out.clear();
            let outcome = annotator.try_annotate(bytes, &mut out);
            match face.call_annotate(&mut *store, bytes).unwrap() {
                Ok(alert) => assert_eq!((outcome, &alert.json), (Outcome::Alert, &out)),
                Err(error @ Error::Internal(_)) => panic!("{error:?}"),
                Err(error) => assert_ne!(outcome, Outcome::Alert, "{error:?}"),
            }
        }
    });
}
