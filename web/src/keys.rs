//! Keys that live in files beside the database: the ones that seal anchors and secrets, and the API's token.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use engine::secret::Secret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{config, private};

/// Why a key is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{}: {why}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It is not a key.
    #[error("{from}: a key must be 64 hexadecimal digits (make one with `openssl rand -hex 32`)")]
    Malformed {
        /// Where it came from.
        from: String,
    },
    /// No random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// The key that seals anchors: `given` (hexadecimal) if there is one, else the one in `DIR/audit.key`, which is made at the first start.
/// Kept beside the database it protects only against changes made through the database: set SWITCHBOARD_AUDIT_KEY for more.
///
/// # Errors
/// When the key is malformed or its file cannot be used.
pub(crate) fn audit_key(dir: &Path, given: Option<&Secret>) -> Result<[u8; 32], Error> {
    kept(dir, "audit.key", given, "SWITCHBOARD_AUDIT_KEY")
}

/// The key that seals secrets in the database (second factors, connections made in the editor): `given` (hexadecimal) if there is
/// one, else the one in `DIR/seal.key`, which is made at the first start. Without it they cannot be read again: back it up apart
/// from the database.
///
/// # Errors
/// When the key is malformed or its file cannot be used.
pub(crate) fn seal_key(dir: &Path, given: Option<&Secret>) -> Result<[u8; 32], Error> {
    kept(dir, "seal.key", given, "SWITCHBOARD_SEAL_KEY")
}

/// What tells the keys of this process from those of another, and nothing about them: both are 32 random bytes.
///
/// # Errors
/// When a key is malformed or its file cannot be used.
pub(crate) fn mark(dir: &Path) -> Result<String, Error> {
    let audit = audit_key(dir, config::audit_key().as_ref())?;
    let seal = seal_key(dir, config::seal_key().as_ref())?;
    let digest = Sha256::new().chain_update(audit).chain_update(seal).finalize();
    Ok(hex::encode(&digest[..16]))
}

fn kept(dir: &Path, name: &str, given: Option<&Secret>, variable: &str) -> Result<[u8; 32], Error> {
    if let Some(given) = given {
        return parse(given.expose(), variable);
    }
    let file = dir.join(name);
    let failed = |why| Error::File { file: file.clone(), why };
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            private::warn_when_open(&file, "chmod 600 it").map_err(failed)?;
            parse(&text, &file.display().to_string())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key: [u8; 32] = random()?;
            write_private(&file, &hex::encode(key)).map_err(failed)?;
            Ok(key)
        }
        Err(why) => Err(failed(why)),
    }
}

/// What the API asks scripts on this machine for. Made anew at each start.
pub struct Token(Secret);

impl Token {
    /// Makes one and leaves it in `DIR/api-token` for scripts of the same user.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn issue(dir: &Path) -> Result<Self, Error> {
        let token = hex::encode(random::<24>()?);
        let file = dir.join("api-token");
        write_private(&file, &token).map_err(|why| Error::File { file, why })?;
        Ok(Self(Secret::new(token)))
    }

    /// Whether `given` is it; takes the same time however much of it is right.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        self.0.expose().as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The token itself, for the one line printed at start.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn parse(text: &str, from: &str) -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| Error::Malformed { from: from.to_owned() })?;
    Ok(key)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(bytes)
}

/// Writes beside, then renames: no reader ever sees half of it, and nobody else may read it.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    writeln!(new, "{text}")?;
    new.sync_all()?;
    std::fs::rename(&beside, file)?;
    file.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_audit_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let first = audit_key(dir.path(), None).unwrap();
        assert_eq!(audit_key(dir.path(), None).unwrap(), first);
        let mode = std::fs::metadata(dir.path().join("audit.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_from_the_environment_wins_and_is_checked() {
        let dir = tempfile::tempdir().unwrap();
        let key = audit_key(dir.path(), Some(&Secret::new("ab".repeat(32)))).unwrap();
        assert_eq!(key, [0xab; 32]);
        assert!(!dir.path().join("audit.key").exists());
        let refused = audit_key(dir.path(), Some(&Secret::new("short"))).unwrap_err().to_string();
        assert!(refused.contains("SWITCHBOARD_AUDIT_KEY") && !refused.contains("short"), "{refused}");
    }

    #[test]
    fn a_token_is_recognised_and_a_start_of_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let token = Token::issue(dir.path()).unwrap();
        let written = std::fs::read_to_string(dir.path().join("api-token")).unwrap();
        assert!(token.is(written.trim()));
        assert!(!token.is(&written.trim()[..47]));
        assert!(!token.is(""));
        assert!(!Token::issue(dir.path()).unwrap().is(written.trim()), "each start has its own");
    }
}
