//! Writing a flow file, so that whoever reads it at any moment, also after a crash, reads the old text or the new one.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Puts `text` in place of what `path` holds.
///
/// # Errors
/// When the folder or the file cannot be written; the old text is there then.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A name that begins with a dot is no flow file, whatever becomes of it.
    let beside = folder.join(format!(".{}.new", name.to_string_lossy()));
    let written = write(&beside, path, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What cannot be removed is in nobody's way: the next try writes over it.
        std::fs::remove_file(&beside).ok();
        return written;
    }
    File::open(folder)?.sync_all()
}

fn write(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(beside)?;
    if let Ok(before) = path.metadata() {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_replaced_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.yaml");
        std::fs::write(&file, "old").unwrap();
        replace(&file, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(replace(&dir.path().join("gone/b.yaml"), "x").is_err());
    }
}
