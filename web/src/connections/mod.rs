//! The accounts that are open: those of the connections file, and those made in the editor.
//!
//! The file wins: what it declares is read-only in the editor, and a row with the same id is a problem that is told, never used.

mod made;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use engine::account::ConnectionRow;
use engine::connector::{Open, Registry};
use engine::flow::ConnectionInfo;

use self::made::Made;
pub(crate) use self::made::{Given, assembled, place_of, stored};
use crate::accounts::Seal;

/// Opened accounts by id.
type ById = BTreeMap<Arc<str>, Open>;

/// The accounts that are open.
pub struct Connections {
    /// What can be opened.
    pub(crate) registry: Registry,
    open: RwLock<Arc<ById>>,
    /// Those that the file declares.
    file: BTreeSet<Arc<str>>,
    /// What is wrong with a stored one, by id.
    troubles: RwLock<BTreeMap<String, String>>,
}

impl Connections {
    /// Those of the file, already opened, and those made in the editor, as far as they can be opened.
    pub(crate) fn new(
        registry: Registry,
        of_file: &[Open],
        made: &[ConnectionRow],
        seal: &Seal,
        public_url: &str,
    ) -> Self {
        let made = Made::open(made, of_file, seal, &registry, public_url);
        let file = of_file.iter().map(|open| Arc::clone(&open.id)).collect();
        let open = of_file.iter().cloned().chain(made.open).map(|open| (Arc::clone(&open.id), open)).collect();
        for (connection, why) in &made.troubles {
            tracing::error!(connection, why, "a connection made in the editor is not open");
        }
        Self { registry, open: RwLock::new(Arc::new(open)), file, troubles: RwLock::new(made.troubles) }
    }

    /// All of them, by id.
    #[must_use]
    pub fn all(&self) -> Arc<ById> {
        Arc::clone(&self.open.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Open> {
        self.all().get(id).cloned()
    }

    /// Whether the file declares it.
    pub(crate) fn is_of_file(&self, id: &str) -> bool {
        self.file.contains(id)
    }

    /// What is wrong with stored ones, by id.
    pub(crate) fn troubles(&self) -> BTreeMap<String, String> {
        self.troubles.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes one in that was opened, in the place of what had its id.
    pub(crate) fn put(&self, open: Open) {
        self.change(&Arc::clone(&open.id), Some(open));
    }

    /// Takes one out.
    pub(crate) fn remove(&self, id: &str) -> Option<Open> {
        let gone = self.get(id);
        self.change(&id.into(), None);
        gone
    }

    fn change(&self, id: &Arc<str>, to: Option<Open>) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = ById::clone(&open);
        match to {
            Some(account) => drop(next.insert(Arc::clone(id), account)),
            None => drop(next.remove(id)),
        }
        *open = Arc::new(next);
        self.troubles.write().unwrap_or_else(PoisonError::into_inner).remove(&**id);
    }

    /// What flows are checked against.
    pub(crate) fn infos(&self) -> Vec<ConnectionInfo> {
        infos(self.all().values())
    }
}

/// What flows are checked against.
pub(crate) fn infos<'a>(open: impl IntoIterator<Item = &'a Open>) -> Vec<ConnectionInfo> {
    let info = |open: &Open| ConnectionInfo { id: open.id.to_string(), connector: open.connector.to_owned() };
    open.into_iter().map(info).collect()
}
