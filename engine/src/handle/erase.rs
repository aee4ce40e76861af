//! Erasing: a person whose mailbox this is, or what nobody's events and their runs tell of one.
//!
//! What runs is ended first, so that nothing goes on in memory; the data are deleted by the store in the same commit. What
//! comes later (a call that was under way, an event that waited) finds the mailbox's [`Erased`] and leaves no values.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Handling;
use crate::erasure::Family;
use crate::ids::RunId;
use crate::mailbox::{Erased, Mailbox};
use crate::order::Error;
use crate::run::{Entry, Wake, What};
use crate::store::JournalKind;

impl Handling<'_> {
    /// Ends what runs for the person, then deletes the person's data; the structure stays.
    pub(super) fn erase(&mut self) -> Result<Value, Error> {
        let Some(contact) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else {
            return Err(Error::Gone("this person".into()));
        };
        let runs: Vec<RunId> = self.mail.runs.keys().copied().collect();
        for run in &runs {
            self.wake(*run, Wake::Cancel);
        }
        self.note_erasure(contact.0);
        *self.mail = Mailbox { erased: Erased::Person, ..Mailbox::new(self.mail.id) };
        self.work.erase = Some(contact);
        Ok(json!({ "contact": contact, "runs_cancelled": runs.len() }))
    }

    /// Ends what these events started, then deletes what they and their runs tell; the structure stays.
    pub(super) fn forget(&mut self, families: Vec<Family>) -> Value {
        let mut cancelled = 0;
        let mut gone = BTreeSet::new();
        for mut family in families {
            // The list was made before this turn: the event may have started others meanwhile.
            let open: Vec<RunId> =
                self.mail.runs.values().filter(|run| run.event == family.event).map(|run| run.id).collect();
            cancelled += open.len();
            family.runs.extend(open.iter().filter(|run| !family.runs.contains(run)).collect::<Vec<_>>());
            for run in open {
                self.wake(run, Wake::Cancel);
            }
            self.note_erasure(family.event.0);
            gone.insert(family.event.0);
            for run in &family.runs {
                self.note_erasure(run.0);
                gone.insert(run.0);
            }
            self.work.forget.push(family);
        }
        self.mail.recent.retain(|event| !gone.contains(&event.id.0));
        self.mail.escalations.retain(|_, row| !gone.contains(&row.run_id.0));
        if let Erased::Some(erased) = &mut self.mail.erased {
            erased.append(&mut gone);
        }
        json!({ "runs_cancelled": cancelled })
    }

    /// Missing values count as erased when the journal says so of their subject or their person.
    fn note_erasure(&mut self, subject: i64) {
        self.journal(subject, None, JournalKind::Erasure, &[Entry::bare(What::Erased)]);
    }
}
