//! What is in folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// What is in a folder, sorted.
pub(crate) fn of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// All files in a folder and in those in it, sorted.
pub(crate) fn all(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in of(folder)? {
        if path.is_dir() {
            files.extend(all(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// A file of `tests/corpus`.
pub(crate) struct Sample {
    /// The folder's name: where it comes from.
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// All of them.
pub(crate) fn corpus() -> Result<Vec<Sample>> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut samples = Vec::new();
    for folder in of(Path::new("tests/corpus"))?.iter().filter(|path| path.is_dir()) {
        samples.extend(of(folder)?.into_iter().map(|path| Sample {
            folder: name(folder),
            name: name(&path),
            path,
        }));
    }
    ensure!(!samples.is_empty(), "tests/corpus is empty");
    Ok(samples)
}
