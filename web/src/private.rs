//! The data folder is its owner's alone: it holds conversations, and the keys beside them.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What the group and others may do.
const OTHERS: u32 = 0o077;

/// Makes the database `file` if there is none, and takes group and others their rights on it and on its log. SQLite gives the files
/// that it makes beside a database the same rights. Source: sqlite.org/wal.html and `findCreateFileMode` in its os_unix.c.
///
/// # Errors
/// When the system refuses.
pub(crate) fn database(file: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    for end in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        match close(&PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn close(file: &Path) -> io::Result<()> {
    let mode = mode(file)?;
    if mode & OTHERS != 0 {
        std::fs::set_permissions(file, Permissions::from_mode(mode & !OTHERS))?;
    }
    Ok(())
}

/// Tells the operator when others than its owner may get at `path`, and what to do.
///
/// # Errors
/// When it cannot be looked at.
pub(crate) fn warn_when_open(path: &Path, advice: &str) -> io::Result<()> {
    let mode = mode(path)?;
    if mode & OTHERS != 0 {
        tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "others may get at this: {advice}");
    }
    Ok(())
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_and_one_that_was_open_to_others_are_the_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (new, old) = (dir.path().join("new.db"), dir.path().join("old.db"));
        let log = dir.path().join("old.db-wal");
        for file in [&old, &log] {
            std::fs::write(file, "kept").unwrap();
            std::fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
        }
        database(&new).unwrap();
        database(&old).unwrap();
        let modes = [&new, &old, &log].map(|file| mode(file).unwrap());
        assert_eq!(modes, [0o600; 3]);
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "kept");
    }
}
