//! Changes of people, sessions, tokens and settings, and the log of who read what: journaled like everything else.

use getrandom::fill;

use super::Engine;
use crate::account::{Accounts, Change, Op, Refusal, Told};
use crate::run::journal;
use crate::store::{Error, Reads, Store};

impl<S: Store + Reads + Accounts> Engine<S> {
    /// Carries out `ops` in one commit with a row of the log for each of `told`; all or nothing.
    ///
    /// # Errors
    /// When the store fails. The inner error says why the change was refused; nothing changed in both cases.
    pub async fn account(&self, by: &str, told: Vec<Told>, ops: Vec<Op>) -> Result<Result<(), Refusal>, Error> {
        let at = self.core.parts.clock.now();
        let mut rows = Vec::with_capacity(told.len());
        for Told { what, id, data } in told {
            let mut row = self.core.change_row(by, what, &id, data, at);
            // Addresses of people stand in the values: their digest must prove nothing about anybody.
            let mut salt = [0; journal::SALT_BYTES];
            fill(&mut salt).map_err(|error| Error::Broken(format!("no randomness: {error}")))?;
            journal::salt(&mut row, salt);
            rows.push(row);
        }
        // Whom the desk may ask, and under which name.
        let staff = |op: &Op| matches!(op, Op::PutUser(_) | Op::PutTeam(_) | Op::EndTeam(..) | Op::PutProfile(_));
        let of_staff = ops.iter().any(staff);
        let done = self.core.watched(self.store().change(Change { ops, journal: rows, at }).await)?;
        if done.is_ok() && of_staff {
            self.refresh_staff().await?;
        }
        Ok(done)
    }
}
