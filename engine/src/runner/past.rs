//! Runs that are over, read back from their journal for whoever wants them once more.

use std::sync::Arc;

use super::core::Core;
use crate::book::Published;
use crate::flow::Version;
use crate::handle::event_from_row;
use crate::ids::{RunId, VersionId};
use crate::order::{Error, Told};
use crate::run::{What, journal};
use crate::sentence;
use crate::store::{JournalKind, Reads, Store};

impl<S: Store + Reads> Core<S> {
    /// A run as its journal tells it; `None` when there is none, or what started it is gone.
    ///
    /// # Errors
    /// When the store fails, or the run was written by a newer build.
    pub(super) async fn told(&self, run: RunId) -> Result<Option<Told>, Error> {
        let store = &self.parts.store;
        let Some(row) = store.run(run).await? else { return Ok(None) };
        let Some(event) = store.event(row.event_id).await? else { return Ok(None) };
        let mut entries = Vec::new();
        for told in store.journal(run.0).await? {
            if told.kind == JournalKind::Turn {
                entries.extend(journal::decode(&told).map_err(|error| Error::Refused(error.to_string().into()))?);
            }
        }
        let version = self.version(row.version_id).await?;
        let mut earlier = Vec::new();
        for entry in &entries {
            if let What::Moved { from, .. } = entry.what {
                earlier.push(self.version(from).await?);
            }
        }
        Ok(Some(Told { row, version, earlier, event: event_from_row(event), entries }))
    }

    /// A version, brought back into the book if it is in it no more: the new run stays on it after a restart, too.
    async fn version(&self, id: VersionId) -> Result<Arc<Version>, Error> {
        if let Some(version) = self.book.load().versions.get(&id) {
            return Ok(Arc::clone(version));
        }
        let _alone = self.publishing.lock().await;
        let row = self.parts.store.version(id).await?.ok_or_else(|| Error::Gone(id.to_string().into()))?;
        let Published::Flow(version) = (self.parts.compile)(&row).map_err(|why| Error::Refused(why.into()))? else {
            return Err(Error::Refused(sentence!("{id} is no version of a flow", id)));
        };
        let mut book = (*self.book.load_full()).clone();
        book.versions.insert(id, Arc::clone(&version));
        self.book.store(Arc::new(book));
        Ok(version)
    }
}
