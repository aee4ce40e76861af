//! `DIR/control.sock`: the same router as on the network, for the command line of whoever may open it.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Bytes of a socket's path that Linux takes, without the final zero. Source: unix(7).
const MAX_PATH_BYTES: usize = 107;

/// Why the control socket is not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system does not take such paths.
    #[error("{}: a socket's path may have {MAX_PATH_BYTES} bytes at most: choose a shorter --data folder", .0.display())]
    TooLong(PathBuf),
    /// It cannot be made.
    #[error("{}: {why}", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// Where it is.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Makes it. The caller holds the folder's lock, so one that is there is left over from a process that was killed.
///
/// # Errors
/// When the path is too long or the system refuses.
pub(crate) fn bind(data: &Path) -> Result<UnixListener, Error> {
    let path = path(data);
    if path.as_os_str().len() > MAX_PATH_BYTES {
        return Err(Error::TooLong(path));
    }
    let bound = || {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // The folder is the owner's alone, so nobody gets in between these two lines.
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    bound().map_err(|why| Error::System { path: path.clone(), why })
}

/// Takes it away when nobody listens any more; one that stays is replaced at the next start.
pub(crate) fn remove(data: &Path) {
    let _ = std::fs::remove_file(path(data));
}

/// Calls whoever listens; `None` when nobody does.
pub(crate) async fn connect(data: &Path) -> Option<UnixStream> {
    UnixStream::connect(path(data)).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_left_over_is_replaced_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        drop(bind(dir.path()).unwrap());
        assert!(connect(dir.path()).await.is_none(), "nobody listens any more");
        let _listening = bind(dir.path()).unwrap();
        assert_eq!(std::fs::metadata(path(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(connect(dir.path()).await.is_some());
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_told_plainly() {
        let error = bind(Path::new(&format!("/tmp/{}", "x".repeat(120)))).unwrap_err();
        assert!(matches!(error, Error::TooLong(_)));
    }
}
