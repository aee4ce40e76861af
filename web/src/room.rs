//! How much room is left on the volume of a folder.

use std::io;
use std::path::Path;

/// Bytes that whoever runs this process may still write to the volume of `path`; what only root may use does not count.
///
/// # Errors
/// When there is no such path, or the system does not say.
pub(crate) fn free(path: &Path) -> io::Result<u64> {
    let volume = rustix::fs::statvfs(path)?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_room_and_one_that_is_not_there_says_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free(dir.path()).unwrap() > 0);
        assert_eq!(free(&dir.path().join("missing")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
