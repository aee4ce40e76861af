//! Flow files as texts with their paths.

use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The file in a folder of flows that maps names to those of this installation; not a flow.
pub(crate) const BINDINGS: &str = "bindings.yaml";
/// The largest file read. One over [`engine::flow::MAX_BYTES`] is a problem with a place, one over this is no flow at all.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// One flow file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    /// Where it came from, for people.
    pub(crate) path: String,
    /// The text, verbatim.
    pub(crate) text: String,
}

/// Why files were not read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct Error {
    path: PathBuf,
    why: io::Error,
}

/// Reads files, and the `.yaml` and `.yml` files of folders and all folders below, in the order of their paths.
///
/// # Errors
/// When one cannot be read, or is no text.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Document>, Error> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |why| Error { path: path.clone(), why };
        if path.metadata().map_err(failed)?.is_dir() { collect(path, &mut files)? } else { files.push(path.clone()) }
    }
    let text = |path: PathBuf| {
        let read = || match path.metadata()?.len() {
            0..=MAX_FILE_BYTES => std::fs::read_to_string(&path),
            _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, "far too large for a flow")),
        };
        match read() {
            Ok(text) => Ok(Document { path: path.display().to_string(), text }),
            Err(why) => Err(Error { path, why }),
        }
    };
    files.into_iter().map(text).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |why| Error { path: folder.to_owned(), why };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || path.file_name().is_some_and(|name| name == BINDINGS) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_deep_in_order_and_without_bindings_and_hidden_files() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        for file in ["b.yaml", "a/c.yml", "bindings.yaml", ".b.yaml.swp", ".x.yaml", "FORMAT.md"] {
            std::fs::write(dir.path().join(file), file).unwrap();
        }
        let read = read(&[dir.path().to_owned()]).unwrap();
        let texts: Vec<&str> = read.iter().map(|document| document.text.as_str()).collect();
        assert_eq!(texts, ["a/c.yml", "b.yaml"]);
    }

    #[test]
    fn a_missing_path_is_named() {
        assert!(read(&["/nowhere/x.yaml".into()]).unwrap_err().to_string().starts_with("/nowhere/x.yaml: "));
    }
}
