//! Catalog files of a user's own, of any text: what the compiler takes makes alerts as the catalog's own guidance does.

use bewit::catalog::with_overlays;
use bewit::{Annotator, Config, Outcome};
use bewit_catalog::compile::Input;
use bewit_catalog::wire;

use crate::commands::Options;
use crate::{commands, record};

/// The body of the target.
pub fn check(overlay: &[u8]) {
    let Ok(text) = std::str::from_utf8(overlay) else { return };
    let file = Input {
        path: "overlay.yaml".to_owned(),
        text: text.to_owned(),
    };
    let catalog = match with_overlays(&[file]) {
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
    // What the file is about; all else is as the catalog's own.
    let names = catalog.names.iter().map(|name| name.name.as_ref());
    let names = names.filter(|name| text.contains(name));
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
        commands::advice(&annotator, std::str::from_utf8(&out).unwrap(), &options);
    }
}
