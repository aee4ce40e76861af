//! Alarms of the loops themselves, and what people see of all alarms.

use std::sync::Arc;

use super::Engine;
use super::core::Core;
use crate::alarm::{Alarm, Raise, ToAlarms};
use crate::handle::{Input, StoredPolicy, alarm_policy, alarms, mailbox_from};
use crate::ids::MailboxId;
use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::store::{self, Reads, Store};

impl<S: Store + Reads> Core<S> {
    /// Something needs a person. Kept in memory until it is handled: what is still so at the next start is noticed again.
    pub(super) fn raise(self: &Arc<Self>, raise: Raise) {
        self.tell_alarms(ToAlarms::Raise(Box::new(raise)));
    }

    /// It does no longer.
    pub(super) fn end_alarm(self: &Arc<Self>, key: String) {
        self.tell_alarms(ToAlarms::End { key });
    }

    fn tell_alarms(self: &Arc<Self>, letter: ToAlarms) {
        if self.book.load().alarms {
            let letter = Box::new(Letter::Alarm(letter));
            self.post(MailboxId::ALARMS, Input::Letter { letter, input: None }, None);
        }
    }

    /// Tells when the clock is not believed, and when it is again; whether it was `doubted` at the last look.
    pub(super) fn look_at_clock(self: &Arc<Self>, doubted: bool) -> bool {
        let ahead = self.parts.clock.doubted();
        match ahead {
            Some(ahead) if !doubted => self.raise(Raise::clock_jumped(ahead.as_secs())),
            None if doubted => self.end_alarm(Raise::clock_jumped(0).key),
            _ => {}
        }
        ahead.is_some()
    }
}

impl<S: Store + Reads> Engine<S> {
    /// Something outside the engine needs a person, such as the machine it runs on.
    pub fn raise_alarm(&self, raise: Raise) {
        self.core.raise(raise);
    }

    /// It does no longer: the alarm with this key is over, if there is one.
    pub fn end_alarm(&self, key: String) {
        self.core.end_alarm(key);
    }

    /// All alarms that are not forgotten, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, store::Error> {
        Ok(alarms(&self.alarms_mailbox().await?))
    }

    /// How alarms are told, and which revision of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn alarm_policy(&self) -> Result<StoredPolicy, store::Error> {
        Ok(alarm_policy(&self.alarms_mailbox().await?))
    }

    async fn alarms_mailbox(&self) -> Result<Mailbox, store::Error> {
        let rows = self.store().mailbox(MailboxId::ALARMS).await?;
        mailbox_from(MailboxId::ALARMS, rows, &self.core.book.load().versions).map_err(store::Error::Broken)
    }
}
