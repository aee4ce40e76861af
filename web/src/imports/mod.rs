//! Files of contacts: kept in memory while they are looked at and brought in, never on disk. What an import did is a row of the
//! database; the same file again changes nothing, so one that broke off is simply brought again.

mod columns;
mod look;
mod row;
mod run;
mod table;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::clock::At;
use engine::ids::ImportId;
use engine::sentence;
use engine::store::{self, ContactsOp, EditOp};

use crate::app::App;
use crate::error::ApiError;

pub(crate) use columns::{Column, Target};
pub(crate) use look::{Looked, columns, look};
pub(crate) use run::{Plan, begin};
pub(crate) use table::{Encoding, Reading, Table};

/// Largest file, in bytes.
pub(crate) const MOST_BYTES: usize = 50 * 1024 * 1024;
/// Most rows of a file.
pub(crate) const MOST_ROWS: u64 = 1_000_000;
/// Files in memory at once.
const MOST_FILES: usize = 3;
/// A file that nobody touched for so long makes room for another.
const IDLE_MS: i64 = 30 * 60 * 1_000;

/// A file in memory.
pub(crate) struct File {
    /// Its id, and that of the import it becomes.
    pub(crate) id: ImportId,
    /// Its name.
    pub(crate) name: String,
    bytes: Mutex<Arc<Vec<u8>>>,
    touched: Mutex<At>,
    begun: AtomicBool,
    stop: AtomicBool,
}

impl File {
    /// What has come of it so far.
    pub(crate) fn bytes(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_idle(&self, now: At) -> bool {
        let touched = *self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        !self.begun.load(Ordering::Acquire) && now.0 - touched.0 > IDLE_MS
    }

    fn touch(&self, now: At) {
        *self.touched.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

/// The files in memory.
#[derive(Default)]
pub(crate) struct Imports(Mutex<BTreeMap<ImportId, Arc<File>>>);

impl Imports {
    /// Makes room for a file.
    ///
    /// # Errors
    /// 409 while there are as many as may be.
    pub(crate) fn open(&self, id: ImportId, name: String, now: At) -> Result<(), ApiError> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|_, file| !file.is_idle(now));
        if files.len() >= MOST_FILES {
            return Err(ApiError::conflict("other files are being imported: wait until one of them is done"));
        }
        let file = File {
            id,
            name,
            bytes: Mutex::default(),
            touched: Mutex::new(now),
            begun: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        };
        files.insert(id, Arc::new(file));
        Ok(())
    }

    /// A file.
    ///
    /// # Errors
    /// 404 when it is not in memory (any more).
    pub(crate) fn file(&self, id: ImportId, now: At) -> Result<Arc<File>, ApiError> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = files.get(&id).cloned();
        let file = file.ok_or_else(|| ApiError::not_found("this file: it was kept for a while only; send it again"))?;
        file.touch(now);
        Ok(file)
    }

    /// Adds bytes that begin at `at`; answers how many there are then. The same bytes again change nothing.
    ///
    /// # Errors
    /// 413 when the file is too large, 409 when bytes before these are missing or it is being imported.
    pub(crate) fn add(&self, id: ImportId, at: usize, bytes: &[u8], now: At) -> Result<usize, ApiError> {
        let file = self.file(id, now)?;
        if file.begun.load(Ordering::Acquire) {
            return Err(ApiError::conflict("this file is being imported already"));
        }
        let mut known = file.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if at > known.len() {
            let have = known.len();
            return Err(ApiError::conflict(sentence!("bytes are missing: go on at {have}", have = have)));
        }
        if at + bytes.len() > MOST_BYTES {
            return Err(ApiError::too_large(MOST_BYTES));
        }
        let kept = Arc::make_mut(&mut known);
        kept.truncate(at);
        kept.extend_from_slice(bytes);
        Ok(kept.len())
    }

    /// Lets a file go.
    pub(crate) fn close(&self, id: ImportId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Ends an import behind the rows that are under way; whether it was under way.
    pub(crate) fn stop(&self, id: ImportId) -> bool {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = files.get(&id).filter(|file| file.begun.load(Ordering::Acquire));
        begun.inspect(|file| file.stop.store(true, Ordering::Release)).is_some()
    }
}

/// Says of imports that an earlier process began that they were interrupted: their files are gone.
///
/// # Errors
/// When the store fails.
pub(crate) async fn after_start(app: &App) -> Result<(), store::Error> {
    let interrupt = EditOp::Contacts(ContactsOp::Interrupt(app.clock.now()));
    app.engine.edit(vec![interrupt], None, "").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_in_parts_each_of_which_may_come_twice() {
        let (imports, id, now) = (Imports::default(), ImportId(1), At(1_800_000_000_000));
        imports.open(id, "a.csv".into(), now).unwrap();
        assert_eq!(imports.add(id, 0, b"abc", now).unwrap(), 3);
        assert_eq!(imports.add(id, 3, b"def", now).unwrap(), 6);
        assert_eq!(imports.add(id, 3, b"def", now).unwrap(), 6);
        assert!(imports.add(id, 7, b"x", now).is_err(), "a byte is missing");
        assert_eq!(**imports.file(id, now).unwrap().bytes(), *b"abcdef");
    }

    #[test]
    fn forgotten_files_make_room_and_others_do_not() {
        let (imports, now) = (Imports::default(), At(1_800_000_000_000));
        for id in 1..=3 {
            imports.open(ImportId(id), "a.csv".into(), now).unwrap();
        }
        assert!(imports.open(ImportId(4), "b.csv".into(), now).is_err());
        let later = At(now.0 + IDLE_MS + 1);
        imports.file(ImportId(2), later).unwrap();
        imports.open(ImportId(4), "b.csv".into(), later).unwrap();
        assert!(imports.file(ImportId(1), later).is_err() && imports.file(ImportId(2), later).is_ok());
    }
}
