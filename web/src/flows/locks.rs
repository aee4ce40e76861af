//! Who edits what: leases in memory, so that two people do not write over each other. Nothing that must outlive the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::clock::At;

/// How long a lease lasts that is not renewed.
const LEASE: Duration = Duration::from_secs(60);

/// Who edits: a person, and which of their windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Editor {
    /// The person.
    pub(crate) by: String,
    /// Their window; empty when it does not say.
    pub(crate) session: String,
}

/// A lease on a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Who has it.
    pub(crate) editor: Editor,
    /// Since when.
    pub(crate) since: At,
    until: At,
}

/// All leases.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    leases: Mutex<HashMap<String, Lease>>,
}

impl Editor {
    /// Whether this one may write what `other` has: it is the same window, or the same person where one window did not say which.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let unsaid = self.session.is_empty() || other.session.is_empty();
        self.by == other.by && (unsaid || self.session == other.session)
    }
}

impl Locks {
    fn leases(&self) -> MutexGuard<'_, HashMap<String, Lease>> {
        // Nothing in here can panic half way, so what a poisoned lock guards is whole.
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lease on a document, if it has not run out.
    pub(crate) fn of(&self, id: &str, now: At) -> Option<Lease> {
        self.leases().get(id).filter(|lease| lease.until > now).cloned()
    }

    /// Takes or renews the lease; from somebody else only with `take_over`.
    ///
    /// # Errors
    /// The lease of whoever has it.
    pub(crate) fn take(&self, id: &str, editor: Editor, take_over: bool, now: At) -> Result<Lease, Lease> {
        let mut leases = self.leases();
        leases.retain(|_, lease| lease.until > now);
        let since = match leases.get(id) {
            Some(lease) if editor.is(&lease.editor) => lease.since,
            Some(lease) if !take_over => return Err(lease.clone()),
            _ => now,
        };
        let lease = Lease { editor, since, until: now.plus(LEASE) };
        leases.insert(id.to_owned(), lease.clone());
        Ok(lease)
    }

    /// Gives it back, if it is this one's.
    pub(crate) fn release(&self, id: &str, editor: &Editor) {
        let mut leases = self.leases();
        if leases.get(id).is_some_and(|lease| editor.is(&lease.editor)) {
            leases.remove(id);
        }
    }

    /// The lease that keeps `editor` from writing, if there is one.
    pub(crate) fn against(&self, id: &str, editor: &Editor, now: At) -> Option<Lease> {
        self.of(id, now).filter(|lease| !editor.is(&lease.editor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(by: &str, session: &str) -> Editor {
        Editor { by: by.to_owned(), session: session.to_owned() }
    }

    #[test]
    fn a_lease_is_its_holders_until_it_runs_out_is_given_back_or_taken_over() {
        let (locks, anna, marco) = (Locks::default(), editor("anna", "1"), editor("marco", "1"));
        let at = |seconds: i64| At(seconds * 1000);
        let first = locks.take("a", anna.clone(), false, at(0)).unwrap();
        assert_eq!(locks.take("a", anna.clone(), false, at(50)).unwrap().since, first.since, "renewed");
        assert_eq!(locks.take("a", marco.clone(), false, at(100)).unwrap_err().editor, anna);
        assert_eq!(locks.against("a", &anna, at(100)), None);
        assert!(locks.against("a", &marco, at(100)).is_some());
        assert_eq!(locks.take("a", marco.clone(), false, at(110)).unwrap().since, at(110), "it ran out");
        assert_eq!(locks.take("a", anna.clone(), true, at(111)).unwrap().editor, anna, "taken over");
        locks.release("a", &marco);
        assert!(locks.of("a", at(112)).is_some(), "only its holder gives it back");
        locks.release("a", &anna);
        assert_eq!(locks.of("a", at(112)), None);
    }

    #[test]
    fn another_window_of_the_same_person_is_somebody_else() {
        let (locks, one, other) = (Locks::default(), editor("anna", "1"), editor("anna", "2"));
        locks.take("a", one.clone(), false, At(0)).unwrap();
        assert!(locks.against("a", &other, At(1)).is_some());
        assert_eq!(locks.against("a", &editor("anna", ""), At(1)), None);
    }
}
