//! Programs that tests check against.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::run::run;

/// Program and the Debian package that has it.
const TOOLS: [(&str, &str); 4] = [
    ("bash", "bash"),
    ("dash", "dash"),
    ("busybox", "busybox"),
    ("shellcheck", "shellcheck"),
];

/// Installs what is missing, where that is possible; elsewhere the tests say what they skip.
pub(crate) fn install() -> Result<()> {
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|(program, _)| !is_installed(program))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_installed("apt-get") || !is_root() {
        eprintln!("not installed, so some tests will be skipped: {}", missing.join(" "));
        return Ok(());
    }
    eprintln!("installing {}", missing.join(" "));
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends", "-qq"])
        .args(missing)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null()))
}

fn is_installed(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$1\"", "sh", program])
        .stdout(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
