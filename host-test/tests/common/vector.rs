//! A real Vector, where one is on PATH, and the events that go through it or what stands in for it.

use std::process::{Command, Stdio};

use super::SEED;

pub(crate) const EVENTS: usize = 100_000;
pub(crate) const UUID: &str = "06dc3669-f1aa-47da-92bf-ae8723e1b9a6";
/// A configuration, so that so many alerts are no gigabyte.
pub(crate) const BRIEF: &str = "detail: brief\n";

/// Arguments that run `vector.yaml` until all that came in has gone out. By itself Vector drops after a minute what is
/// under way when the input ends, which a busy machine reaches.
pub(crate) const TO_THE_END: [&str; 4] = ["--quiet", "--no-graceful-shutdown-limit", "--config", "vector.yaml"];

/// An alert that is no other.
pub(crate) fn event(number: usize) -> String {
    SEED.replace(UUID, &format!("06dc3669-f1aa-47da-92bf-{number:012}"))
}

/// Which event an identifier was made for.
pub(crate) fn number(uuid: &str) -> usize {
    uuid.rsplit('-').next().unwrap().parse().unwrap()
}

/// Whether there is a Vector; says so if there is none.
pub(crate) fn vector() -> bool {
    let version = Command::new("vector").arg("--version").stdout(Stdio::null()).status();
    let there = version.is_ok_and(|status| status.success());
    if !there {
        eprintln!("skipped: no vector on PATH");
    }
    there
}
