//! What was erased, noted outside the database: a backup is older than some erasures, and is told of them when it is restored.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use engine::erasure::Erased;

/// The list in a folder: of a data folder, and beside backups.
pub(crate) const NAME: &str = "erased.jsonl";

/// A list cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", file.display())]
pub struct Error {
    file: PathBuf,
    why: String,
}

/// The lists of an installation.
#[derive(Debug)]
pub(crate) struct Erasures(Vec<PathBuf>);

impl Erasures {
    /// The one in the data folder and, if one is named, another outside it.
    pub(crate) fn new(data: &Path, outside: Option<PathBuf>) -> Self {
        Self(std::iter::once(data.join(NAME)).chain(outside).collect())
    }

    /// Notes what was just erased, on disk before it returns.
    ///
    /// # Errors
    /// When one of the lists cannot be written; the others were.
    pub(crate) fn note(&self, erased: &Erased) -> Result<(), Error> {
        let mut failed = None;
        for file in &self.0 {
            failed = append(file, erased).err().or(failed);
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Adds a line to a list.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn append(file: &Path, erased: &Erased) -> Result<(), Error> {
    let append = || -> io::Result<()> {
        let mut line = serde_json::to_string(erased)?;
        line.push('\n');
        let mut list = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
        // One write, so that lines of several processes do not mix.
        list.write_all(line.as_bytes())?;
        list.sync_all()
    };
    append().map_err(|why| Error { file: file.to_owned(), why: why.to_string() })
}

/// All that a list holds; nothing when there is none.
///
/// # Errors
/// When it cannot be read, or a line is damaged: which.
pub(crate) fn read(file: &Path) -> Result<Erased, Error> {
    let wrong = |why: String| Error { file: file.to_owned(), why };
    let list = match File::open(file).and_then(io::read_to_string) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Erased::default()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let mut erased = Erased::default();
    for (n, line) in list.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        erased.add(serde_json::from_str(line).map_err(|error| wrong(format!("line {}: {error}", n + 1)))?);
    }
    Ok(erased)
}

#[cfg(test)]
mod tests {
    use engine::ids::{ContactId, EventId};

    use super::*;

    #[test]
    fn lines_add_up_and_a_damaged_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside.jsonl");
        let erasures = Erasures::new(dir.path(), Some(outside.clone()));
        let one = Erased { contacts: [ContactId(1)].into(), ..Erased::default() };
        let other = Erased { events: [EventId(2)].into(), ..Erased::default() };
        erasures.note(&one).unwrap();
        erasures.note(&other).unwrap();
        let both = Erased { events: other.events, ..one };
        assert_eq!(read(&dir.path().join(NAME)).unwrap(), both);
        assert_eq!(read(&outside).unwrap(), both);
        assert_eq!(read(&dir.path().join("none")).unwrap(), Erased::default());
        std::fs::write(&outside, "{}\n{\"contacts\":[7]}\n").unwrap();
        assert!(read(&outside).unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn a_list_that_cannot_be_written_is_told_and_the_others_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let erasures = Erasures::new(dir.path(), Some(dir.path().join("no/such/folder")));
        let one = Erased { contacts: [ContactId(1)].into(), ..Erased::default() };
        assert!(erasures.note(&one).is_err());
        assert_eq!(read(&dir.path().join(NAME)).unwrap(), one);
    }
}
