//! One process at a time works in a data folder: whoever holds `DIR/lock`.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::private;

/// The held lock; let go when dropped, also when the process is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else has it.
    #[error("another switchboard (process {pid}) works in {}: stop it, or give this one its own --data folder", dir.display())]
    Held {
        /// The folder.
        dir: PathBuf,
        /// Who, as far as it is written there.
        pid: String,
    },
    /// The folder or the file cannot be made.
    #[error("cannot use the data folder {}: {why}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// Makes the data folder, readable by its owner only, if it is not there.
///
/// # Errors
/// When it cannot be used.
pub fn folder(dir: &Path) -> Result<(), Error> {
    let failed = |why| Error::Folder { dir: dir.to_owned(), why };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    private::warn_when_open(dir, "chmod 700 the data folder").map_err(failed)
}

impl Lock {
    /// Takes the lock of `dir`, which is made if it is not there.
    ///
    /// # Errors
    /// When another process holds it, or the folder cannot be used.
    pub fn take(dir: &Path) -> Result<Self, Error> {
        folder(dir)?;
        let failed = |why| Error::Folder { dir: dir.to_owned(), why };
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = open.open(dir.join("lock")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(failed)?;
                return Err(Error::Held { dir: dir.to_owned(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(why)) => return Err(failed(why)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_to_come_is_told_who_was_first() {
        let dir = tempfile::tempdir().unwrap();
        let held = Lock::take(dir.path()).unwrap();
        let message = Lock::take(dir.path()).unwrap_err().to_string();
        assert!(message.contains(&std::process::id().to_string()), "{message}");
        drop(held);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn a_new_data_folder_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("new/data");
        let _held = Lock::take(&data).unwrap();
        assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
