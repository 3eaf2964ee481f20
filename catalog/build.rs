//! Lists the catalog's files for `src/files.rs`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=.");
    let root = env::current_dir()?;
    let mut paths = Vec::new();
    walk(&root, "", &mut paths)?;
    paths.sort();
    let mut source = String::from("static FILES: &[(&str, &str)] = &[\n");
    for path in paths {
        let file = root.join(&path);
        let _ = writeln!(
            source,
            "    ({path:?}, include_str!({:?})),",
            file.display().to_string()
        );
    }
    source.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::write(Path::new(&out).join("files.rs"), source)
}

fn walk(folder: &Path, below: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{below}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), paths)?;
        } else if name.ends_with(".yaml") || path == "fields.txt" {
            paths.push(path);
        }
    }
    Ok(())
}
