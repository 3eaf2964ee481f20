//! Bytes that claim to be a compiled catalog: read or refused, and whatever is read loses no line.

use bewit::{Annotator, Config, Outcome};
use bewit_catalog::wire;

const LINES: [&str; 3] = [
    r#"{"rule":"Terminal shell in container","priority":"Notice","output_fields":{"proc.name":"sh","container.id":"4cc4da328699"},"tags":["T1059"]}"#,
    "13:40:25.978642167: Warning A shell was spawned (user=root command=sh -c id container_id=4cc4da328699)",
    "no alert",
];

/// The body of the target.
pub fn check(bytes: &[u8]) {
    // Nobody comes upon the version by chance, and without it nothing is read.
    let version = concat!("bewit-catalog ", env!("CARGO_PKG_VERSION"));
    let length = u8::try_from(version.len()).unwrap();
    let bytes = [&[length], version.as_bytes(), bytes].concat();
    let Ok(library) = wire::decode(&bytes) else { return };
    library.unpack();
    let annotator = Annotator::with_library(Config::default(), library);
    for line in LINES {
        let mut out = Vec::new();
        match annotator.annotate(line.as_bytes(), &mut out) {
            Outcome::Passed => assert_eq!(out, line.as_bytes()),
            Outcome::Alert => {
                serde_json::from_slice::<serde_json::Value>(&out).unwrap();
            }
            other => panic!("{other:?}: {line}"),
        }
    }
}
