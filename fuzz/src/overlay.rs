//! Catalog files of a user's own, of any text: what the compiler takes makes alerts as the catalog's own guidance does.

use std::sync::LazyLock;

use bewit::{Annotator, Config, Outcome};
use bewit_catalog::compile::{Input, compile_with};
use bewit_catalog::{files, wire};

use crate::commands::Options;
use crate::{commands, record};

/// What an overlay is laid over: the catalog without its rules, which take long to compile.
static BASE: LazyLock<Vec<Input>> = LazyLock::new(|| {
    let mut files = files::built_in();
    files.retain(|file| !file.path.starts_with("rules/") && !file.path.starts_with("innocent/"));
    for file in files.iter_mut().filter(|file| file.path == "names.yaml") {
        file.text = "[]".to_owned();
    }
    files
});

/// The body of the target.
pub fn check(overlay: &[u8]) {
    let Ok(text) = std::str::from_utf8(overlay) else { return };
    let file = Input {
        path: "overlay.yaml".to_owned(),
        text: text.to_owned(),
    };
    let catalog = match compile_with(&BASE, &[file], "0") {
        Ok(catalog) => catalog,
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert_eq!(
                    mistake.file, "overlay.yaml",
                    "the catalog itself has a mistake: {mistake}"
                );
                let lines = text.lines().count().max(1) + 1;
                assert!(
                    mistake
                        .at
                        .is_none_or(|(line, column)| (1..=lines).contains(&line) && column > 0),
                    "{mistake}"
                );
            }
            return;
        }
    };
    let bytes = wire::encode(catalog.clone()).unwrap();
    let annotator = Annotator::with_library(Config::default(), wire::decode(&bytes).unwrap());
    let options = Options::of(&catalog);
    let names = catalog.names.iter().map(|name| name.name.as_ref());
    for rule in names.take(8).chain(["Shell of ours"]) {
        let alert = serde_json::json!({
            "rule": rule, "priority": "Warning", "time": "2026-04-13T17:57:43.700000000Z",
            "output": format!("17:57:43.700000000: Warning {rule}"), "tags": ["T1059", "container"],
            "output_fields": {
                "container.id": "4cc4da328699", "proc.cmdline": "--help '$(id)'", "proc.name": "-rf", "user.name": "a b",
                "fd.name": "/tmp/`id`", "k8s.ns.name": "shop-eu", "k8s.pod.name": "cart-7f9c6d5b8-x2x4k",
            },
        });
        let line = alert.to_string();
        let mut out = Vec::new();
        assert_eq!(annotator.annotate(line.as_bytes(), &mut out), Outcome::Alert);
        record::alert(&annotator, line.as_bytes(), &out);
        commands::advice(std::str::from_utf8(&out).unwrap(), &options);
    }
}
