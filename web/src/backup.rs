//! Copies of the database, made while it is at work, and the way back from one.
//!
//! A copy is of one moment. It holds no keys: those of the data folder belong somewhere else. What came after it did happen all the
//! same, so a database that was restored sends nothing to customers until a person releases it, and erases again whom it forgot
//! to have erased. A PostgreSQL server makes its copies itself and puts them back itself; the rest is done here.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use engine::audit::{self, Report};
use engine::clock::At;
use engine::erasure::{Erased, Traces};
use engine::flow::Bindings;
use engine::ids::Ids;
use engine::secret::Secret;
use engine::stops::Scope;
use engine::store::{Reads, Store};
use engine_store::Database;

use crate::erasures::{self, NAME};
use crate::lock::{self, Lock};
use crate::start::{self, Started};
use crate::{config, keys, private, room};

/// How much more room there must be than the copy takes: its file is checked and renamed, others write meanwhile.
const ROOM: u64 = 2;
/// There from before a copy is in its place until all that goes with it is done: who starts in between would tell customers again
/// what they were told.
const UNDERWAY: &str = "restore-under-way";
/// Who is written down for what a restore does.
const BY: &str = "restore";

/// Why there is no copy, or no way back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody works in the folder.
    #[error(transparent)]
    Lock(#[from] lock::Error),
    /// A list of erasures is of no use.
    #[error(transparent)]
    Erasures(#[from] erasures::Error),
    /// A key is of no use.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// A database is of no use.
    #[error(transparent)]
    Store(#[from] engine::store::Error),
    /// What was restored does not start.
    #[error(transparent)]
    Start(#[from] start::Error),
    /// Erasing again failed.
    #[error("erasing again: {0}; `restore` is to be repeated, with --replace")]
    Erase(#[from] engine::order::Error),
    /// A file cannot be used.
    #[error("{}: {why}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It would not be safe.
    #[error("{0}")]
    Refused(String),
}

fn at(file: &Path) -> impl Fn(io::Error) -> Error + '_ {
    move |why| Error::File { file: file.to_owned(), why }
}

/// What a copy is.
#[derive(Debug)]
pub struct Copied {
    /// Its size in bytes.
    pub bytes: u64,
    /// The last moment it knows of.
    pub until: At,
    /// What its log says.
    pub report: Report,
}

/// Copies the database of the data folder `data` to the new file `to`, proves the copy's log, and notes beside it what was erased.
///
/// # Errors
/// When there is a file already, no room, or the copy is not whole; then there is none.
pub async fn copy(data: &Path, to: &Path) -> Result<Copied, Error> {
    let from = start::database(data);
    let size = fs::metadata(&from).map_err(at(&from))?.len();
    if to.exists() {
        return Err(Error::Refused(format!("{} is there already: a copy replaces nothing", to.display())));
    }
    let folder = folder_of(to);
    if room::free(folder).map_err(at(folder))? < size.saturating_mul(ROOM) {
        let why = format!("there is no room in {}: {} MB are wanted", folder.display(), size * ROOM / (1 << 20) + 1);
        return Err(Error::Refused(why));
    }
    let key = keys::audit_key(data, config::audit_key().as_ref())?;
    let partial = beside(to, ".partial");
    let copied = whole_copy(&from, &partial, key, &folder.join(NAME)).await;
    if copied.is_err() {
        // What is left of it is of no use; that it stays is no reason to tell of another error.
        fs::remove_file(&partial).ok();
    }
    let copied = copied?;
    fs::rename(&partial, to).map_err(at(to))?;
    sync_folder(folder)?;
    Ok(copied)
}

async fn whole_copy(from: &Path, partial: &Path, key: [u8; 32], list: &Path) -> Result<Copied, Error> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(partial).map_err(at(partial))?;
    Database::copy(from, partial).await?;
    Database::inspect(partial).await?;
    let store = Database::read_only(partial).await?;
    let proved = async {
        let report = audit::verify(&store, Some(key), &[]).await?;
        let known = erasures::read(list)?;
        let new = store.erased().await?.without(&known);
        if !new.is_empty() {
            erasures::append(list, &new)?;
        }
        Ok::<_, Error>((report, Ids::time_of(store.last_id().await?)))
    };
    let proved = proved.await;
    store.close().await;
    let (report, until) = proved?;
    let file = File::open(partial).map_err(at(partial))?;
    file.sync_all().map_err(at(partial))?;
    Ok(Copied { bytes: file.metadata().map_err(at(partial))?.len(), until, report })
}

/// Refuses a data folder in which a restore did not come to its end.
///
/// # Errors
/// When it is such a one: what to do.
pub(crate) fn expect_whole(data: &Path) -> Result<(), start::Error> {
    match data.join(UNDERWAY).exists() {
        true => Err(start::Error::Restoring { dir: data.to_owned() }),
        false => Ok(()),
    }
}

/// What came of a restore.
#[derive(Debug)]
pub struct Restored {
    /// The last moment the copy knows of.
    pub until: At,
    /// What its log says, after all was done.
    pub report: Report,
    /// How many people and things of nobody's were erased again.
    pub erased: usize,
    /// Where what was there before is now.
    pub kept: Option<PathBuf>,
}

/// Puts the copy `from` in the place of the database of the data folder `data`. What was there is kept beside; `lists` are more lists of
/// what was erased.
///
/// # Errors
/// When somebody works in the folder, a database is there and `replace` is not said, the keys are missing, or the copy is not whole:
/// then nothing changed. When erasing again fails: then nobody is to start it before it was repeated.
pub async fn restore(data: &Path, from: &Path, replace: bool, lists: &[PathBuf]) -> Result<Restored, Error> {
    let lock = Lock::take(data)?;
    expect_keys(data)?;
    Database::inspect(from).await?;
    let database = start::database(data);
    if database.exists() && !replace {
        let why = format!("{} is there already: --replace puts it aside", database.display());
        return Err(Error::Refused(why));
    }
    let erased = known_erased(data, from, lists).await?;
    let partial = beside(&database, ".partial");
    fs::copy(from, &partial).map_err(at(&partial))?;
    private::database(&partial).map_err(at(&partial))?;
    File::open(&partial).and_then(|file| file.sync_all()).map_err(at(&partial))?;
    let mark = data.join(UNDERWAY);
    File::create(&mark).and_then(|file| file.sync_all()).map_err(at(&mark))?;
    let kept = put_aside(data)?;
    fs::rename(&partial, &database).map_err(at(&database))?;
    sync_folder(data)?;
    let started = start::in_folder(lock, data, None, None, Bindings::default()).await?;
    let restored = settled(started, &erased).await?;
    fs::remove_file(&mark).map_err(at(&mark))?;
    sync_folder(data)?;
    Ok(Restored { kept, ..restored })
}

/// Does what else belongs to a restore after the tools of a PostgreSQL server put a copy back into `database`. `lists` are more lists of
/// what was erased, besides the one of the data folder `data`.
///
/// # Errors
/// When somebody works in the folder or on the database, nothing was put back, or the keys are missing: then nothing changed. When
/// erasing again fails: then nobody is to start it before it was repeated.
pub async fn put_back(data: &Path, database: Secret, lists: &[PathBuf]) -> Result<Restored, Error> {
    let lock = Lock::take(data)?;
    expect_keys(data)?;
    if !Database::begun(database.expose()).await? {
        return Err(Error::Refused(
            "the database is empty: put a copy back first, with the tools of its server".into(),
        ));
    }
    let mut erased = erasures::read(&data.join(NAME))?;
    for list in lists {
        erased.add(erasures::read(list)?);
    }
    let started = start::in_folder(lock, data, Some(database), None, Bindings::default()).await?;
    settled(started, &erased).await
}

/// Settles what was started for it, and stops it.
async fn settled(started: Started, erased: &Erased) -> Result<Restored, Error> {
    let done = settle(&started, erased).await;
    started.stop().await;
    done
}

/// Holds back what would go to customers, and erases again.
async fn settle(started: &Started, erased: &Erased) -> Result<Restored, Error> {
    let (app, store) = (&started.app, started.app.engine.store());
    let until = Ids::time_of(store.last_id().await?);
    app.engine.stop_sending(Scope::All, BY).await?;
    let forgotten = erased.without(&store.erased().await?);
    let families = store.families(forgotten.events).await?;
    let traces = Traces { families, bad_items: forgotten.items.into_iter().collect() };
    let mut again = traces.families.len() + traces.bad_items.len();
    app.engine.forget(traces, BY).await?;
    for contact in &forgotten.contacts {
        let there = store.find_contact(&contact.to_string()).await?.is_some_and(|row| row.erased_at.is_none());
        if there {
            app.engine.erase(&contact.to_string(), BY).await?;
            again += 1;
        }
    }
    if again > 0 {
        store.vacuum().await?;
    }
    let report = audit::verify(store, Some(app.audit_key), &[]).await?;
    Ok(Restored { until, report, erased: again, kept: None })
}

/// All that is known to have been erased: by the database that is replaced, and by the lists here, beside the copy and elsewhere.
async fn known_erased(data: &Path, from: &Path, lists: &[PathBuf]) -> Result<Erased, Error> {
    let mut erased = Erased::default();
    let lists = [data.join(NAME), folder_of(from).join(NAME)].into_iter().chain(lists.iter().cloned());
    for list in lists {
        erased.add(erasures::read(&list)?);
    }
    // A damaged one is why somebody restores: what it still tells is taken, that it cannot is no error.
    if let Ok(store) = Database::read_only(&start::database(data)).await {
        match store.erased().await {
            Ok(more) => erased.add(more),
            Err(error) => tracing::warn!(%error, "the replaced database does not tell whom it erased; the lists do"),
        }
        store.close().await;
    }
    Ok(erased)
}

/// Without the keys it was made with, a database cannot prove its log nor open its secrets.
fn expect_keys(data: &Path) -> Result<(), Error> {
    let given = [("audit.key", config::audit_key().is_some()), ("seal.key", config::seal_key().is_some())];
    match given.iter().find(|(name, given)| !given && !data.join(name).exists()) {
        None => Ok(()),
        Some((name, _)) => Err(Error::Refused(format!(
            "{} is not there: put the key of the installation that the copy was made of into the folder, or into the environment",
            data.join(name).display()
        ))),
    }
}

/// Moves the database of `data` and its log into a folder of their own.
fn put_aside(data: &Path) -> Result<Option<PathBuf>, Error> {
    let database = start::database(data);
    let files = ["", "-wal", "-shm"].map(|end| beside(&database, end));
    // A log that was left without its database must not meet another one.
    if files.iter().all(|file| !file.exists()) {
        return Ok(None);
    }
    let folder = (1..).map(|n| data.join(format!("before-restore-{n}"))).find(|folder| !folder.exists());
    let folder = folder.unwrap_or_else(|| data.join("before-restore"));
    fs::create_dir(&folder).map_err(at(&folder))?;
    for file in files {
        let name = file.file_name().unwrap_or_default();
        match fs::rename(&file, folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&file)(error)),
            _ => {}
        }
    }
    Ok(Some(folder))
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}
