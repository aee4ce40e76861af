//! `--flows DIR`: loaded at start, and again when something in it changes. A bad change keeps what runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Checker, Owner, Plan, What, as_import, bring_in, problems, read};
use crate::app::App;

/// How long nothing must change before files are read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// Who changed it, in the journal.
const BY: &str = "files";

/// Why a folder was not loaded. Nothing changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] super::documents::Error),
    /// The flows have problems, or the store said no.
    #[error(transparent)]
    Flows(#[from] super::Error),
    /// The system does not watch.
    #[error("{}: cannot be watched for changes: {why}", path.display())]
    Watch {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: notify::Error,
    },
}

/// Checks all files of `dir` before there is an engine to load them.
///
/// # Errors
/// When a file cannot be read or has an error.
pub(crate) fn check(checker: &Checker, dir: &Path) -> Result<(), Error> {
    let plan = checker.plan(&as_import(&read(&[dir.to_owned()])?), &[]);
    if plan.possible() { Ok(()) } else { Err(super::Error::Problems(problems(&plan)).into()) }
}

/// Loads all files of `dir`, or changes nothing.
///
/// # Errors
/// When a file cannot be read or has an error.
pub(crate) async fn load(app: &App, dir: &Path) -> Result<Plan, Error> {
    let documents = read(&[dir.to_owned()])?;
    let plan = bring_in(app, &documents, Owner::Files, true, BY, true, &BTreeMap::new()).await?;
    for problem in &plan.problems {
        tracing::warn!("{problem}");
    }
    for change in plan.changes.iter().filter(|change| change.what != What::Same) {
        tracing::info!(flow = change.flow, version = %change.version, what = ?change.what, state = ?change.state, "flow loaded");
        for fate in change.waiting.iter().filter(|fate| fate.count > 0) {
            tracing::info!(flow = change.flow, step = fate.step, runs = fate.count, then = ?fate.then, why = fate.why, "runs wait");
        }
    }
    Ok(plan)
}

/// Files and folders that are watched. Dropping it ends that.
pub(crate) struct Watched {
    changes: mpsc::Receiver<()>,
    _watcher: RecommendedWatcher,
}

/// Starts watching files, and folders with all below them.
///
/// # Errors
/// When the system refuses.
pub(crate) fn watch(paths: &[PathBuf]) -> Result<Watched, Error> {
    let (tell, changes) = mpsc::channel(1);
    let on_event = move |event: notify::Result<notify::Event>| {
        let worth =
            event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_)) && concerns_flows(&event.paths));
        if worth {
            // A full channel holds a change already, which is all there is to tell.
            let _ = tell.try_send(());
        }
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |why| Error::Watch { path, why }
    };
    let mut watcher = notify::recommended_watcher(on_event).map_err(failed(Path::new("")))?;
    for path in paths {
        // A file is replaced, not written, by many editors: its folder sees that.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (watched, mode) = match path.is_dir() {
            true => (path.as_path(), RecursiveMode::Recursive),
            false => (parent, RecursiveMode::NonRecursive),
        };
        watcher.watch(watched, mode).map_err(failed(path))?;
    }
    Ok(Watched { changes, _watcher: watcher })
}

/// Whether flows, or folders that may hold some, are among `paths`; what an editor or a report writes beside them is not.
fn concerns_flows(paths: &[PathBuf]) -> bool {
    paths.is_empty() || paths.iter().any(|path| path.extension().is_none_or(|extension| extension == "yaml"))
}

impl Watched {
    /// Loads `dir` again after each change, until dropped.
    pub(crate) async fn reload(mut self, app: Arc<App>, dir: PathBuf) {
        while self.changed().await {
            match load(&app, &dir).await {
                Ok(_) => {}
                Err(error) => tracing::error!("the flows that run are kept: {error}"),
            }
        }
    }

    /// Waits for a change and for the quiet after it; false when there will be none.
    pub(crate) async fn changed(&mut self) -> bool {
        if self.changes.recv().await.is_none() {
            return false;
        }
        while let Ok(Some(())) = timeout(QUIET, self.changes.recv()).await {}
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_changed_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.yaml");
        std::fs::write(&file, "x").unwrap();
        for watched in [dir.path().to_owned(), file.clone()] {
            let mut watched = watch(&[watched]).unwrap();
            std::fs::write(&file, "y").unwrap();
            assert!(timeout(Duration::from_secs(20), watched.changed()).await.unwrap());
        }
    }
}
