//! Where a log went that was renamed or copied away, and what was written since.
//!
//! Rotation keeps old files in the same folder under names that begin with the log's own: `falco.log.1`,
//! `falco.log-20241029`, `falco-2024-10-29T13-40-25.log`. They are put in order by when they were last written to.

use std::cmp::Reverse;
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::identity::Identity;
use crate::state::Position;

/// Ends of names that say that a file is compressed.
const COMPRESSED: [&str; 6] = [".gz", ".zst", ".xz", ".bz2", ".lz4", ".lzma"];
/// Times that a folder is looked at while it changes.
const LOOKS: usize = 10;

/// What there is to read before the file that has the name now.
#[derive(Default)]
pub(super) struct Trail {
    /// The file that was read up to the position, or a copy of it.
    pub(super) old: Option<File>,
    /// Files that came behind it, in order.
    pub(super) next: Vec<File>,
    /// Files that came behind it, but are compressed by now.
    pub(super) compressed: Vec<PathBuf>,
}

/// A file beside the log.
struct Beside {
    path: PathBuf,
    file: File,
    identity: Option<Identity>,
    length: u64,
    written: SystemTime,
    number: Option<u16>,
    compressed: bool,
    /// Its name is one that rotation gives.
    rotated: bool,
}

/// Looks for what was read up to `position` and for what came between it and the file of this name, `current`.
///
/// `last_written`: of the file that was read, where it is still open. It tells what came later even when the file is
/// no longer there.
pub(super) fn trail(
    path: &Path,
    position: &Position,
    last_written: Option<SystemTime>,
    current: Option<Identity>,
) -> io::Result<Trail> {
    let mut all = settled(path, position.file)?;
    let is_current = |beside: &Beside| current.is_some() && beside.identity == current;
    let mut old = None;
    for (at, beside) in all.iter_mut().enumerate() {
        if beside.compressed || is_current(beside) || !position.fits(&mut beside.file)? {
            continue;
        }
        if beside.identity.is_some() && beside.identity == position.file {
            old = Some(at);
            break;
        }
        // A copy, as `copytruncate` makes it; the last one, if there are several.
        if beside.rotated && position.head.bytes > 0 {
            old = Some(at);
        }
    }
    let from = match (old, last_written) {
        (Some(at), _) => at + 1,
        (None, Some(time)) => all.partition_point(|beside| beside.written <= time),
        (None, None) => all.len(),
    };
    let mut trail = Trail::default();
    for (at, beside) in all.into_iter().enumerate() {
        if old == Some(at) {
            trail.old = Some(beside.file);
        } else if at >= from && beside.rotated {
            if current.is_some() && beside.identity == current {
                break;
            }
            if !beside.compressed {
                trail.next.push(beside.file);
            } else if beside.length > 0 {
                trail.compressed.push(beside.path);
            }
        }
    }
    Ok(trail)
}

/// Files beside the log, oldest first. They are open, so that what is done with their names no longer matters; and
/// they were looked at until two looks saw the same, because a folder that changes may show a file twice or not at all.
fn settled(path: &Path, old: Option<Identity>) -> io::Result<Vec<Beside>> {
    let seen = |all: &[Beside]| -> Vec<_> { all.iter().map(|b| (b.identity, b.path.clone())).collect() };
    let mut last = beside(path, old)?;
    for _ in 1..LOOKS {
        let now = beside(path, old)?;
        if seen(&now) == seen(&last) {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

fn beside(path: &Path, old: Option<Identity>) -> io::Result<Vec<Beside>> {
    // The name may be a link, as those of container logs are: files are rotated where they are.
    let path = fs::canonicalize(path).or_else(|_| std::path::absolute(path))?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        match look(&entry?, name, old) {
            Ok(beside) => all.extend(beside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    all.sort_by(|a, b| (a.written, Reverse(a.number), &a.path).cmp(&(b.written, Reverse(b.number), &b.path)));
    Ok(all)
}

fn look(entry: &DirEntry, name: &str, old: Option<Identity>) -> io::Result<Option<Beside>> {
    let found = entry.file_name();
    let found = found.to_string_lossy();
    let compressed = COMPRESSED.iter().find_map(|end| found.strip_suffix(end));
    let rest = rotated(compressed.unwrap_or(&found), name);
    let data = entry.metadata()?;
    let is_old = old.is_some() && Identity::of(&data) == old;
    if !data.is_file() || (rest.is_none() && !is_old) {
        return Ok(None);
    }
    let path = entry.path();
    let file = File::open(&path)?;
    let data = file.metadata()?;
    Ok(Some(Beside {
        identity: Identity::of(&data),
        length: data.len(),
        written: data.modified()?,
        number: rest.and_then(number),
        compressed: compressed.is_some(),
        rotated: rest.is_some(),
        path,
        file,
    }))
}

/// The number of names that are counted on: the highest one is the oldest. What is longer is a date.
fn number(rest: &str) -> Option<u16> {
    rest.strip_prefix('.')?.parse().ok()
}

/// What a name has that rotation adds: digits and what stands between the digits of times, at the end or before the
/// extension. None if it has anything else, or nothing.
fn rotated<'f>(found: &'f str, name: &str) -> Option<&'f str> {
    let at_end = found.strip_prefix(name);
    let before_extension = || {
        let (stem, extension) = name.rsplit_once('.')?;
        found.strip_prefix(stem)?.strip_suffix(extension)?.strip_suffix('.')
    };
    let is_added = |rest: &&str| {
        rest.starts_with(['.', '-', '_'])
            && rest.contains(|c: char| c.is_ascii_digit())
            && rest
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | ':' | '+' | 'T' | 'Z'))
    };
    at_end.filter(is_added).or_else(|| before_extension().filter(is_added))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotation_gives_are_known() {
        for (found, rest) in [
            ("falco.log.1", ".1"),
            ("falco.log-20241029", "-20241029"),
            ("falco.log.20241029-134025", ".20241029-134025"),
            ("falco-2024-10-29T13-40-25.978.log", "-2024-10-29T13-40-25.978"),
            ("falco.1.log", ".1"),
        ] {
            assert_eq!(rotated(found, "falco.log"), Some(rest), "{found}");
        }
        for other in [
            "falco.log",
            "falco.log.",
            "falco.log.bak",
            "falco-audit.log",
            "falco.log1",
            "falco2.log",
            "other.log.1",
            "falco-2-audit.log",
        ] {
            assert_eq!(rotated(other, "falco.log"), None, "{other}");
        }
        assert_eq!(rotated("0.log.20241029-134025", "0.log"), Some(".20241029-134025"));
    }
}
