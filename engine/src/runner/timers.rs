//! Timers: the near future in memory, the far one in the database.
//!
//! A wait is one row; the timer is only a hint. When it is early, late or double, the mailbox's turn sees that the wait is not
//! armed or not due, and does nothing.
//!
//! However many fall due at once (a server that was off for a week finds a week of them), memory holds [`MOST`] of them, and mailboxes
//! get no more than they work off.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::core::Core;
use crate::clock::At;
use crate::handle::Input;
use crate::ids::{MailboxId, WaitId};
use crate::store::{FIRST_WAIT, Reads, Store};

/// How far ahead waits are kept in memory.
const HORIZON: Duration = Duration::from_secs(60);
/// How long before the horizon's end it is moved on.
const MARGIN: Duration = Duration::from_secs(20);
/// Waits read at a time.
const PAGE: u32 = 5_000;
/// Waits in memory from which on no more are read, about 2 MB.
const MOST: usize = 50_000;
/// Waits that fell due and are not handled yet from which on no more fire: a few groups of commits.
const BACKLOG: i64 = 2_000;
/// Mailboxes whose waits are promises to people: all of them are in memory, and they fire whatever else is overdue.
const PROMPT: [MailboxId; 2] = [MailboxId::DESK, MailboxId::ALARMS];
/// How soon reading is tried again after it failed.
const AGAIN: Duration = Duration::from_secs(1);
/// How soon it is looked again whether mailboxes have worked some of it off.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Behind every wait that falls due at the same time.
const LAST: WaitId = WaitId(i64::MAX);

/// A wait that was armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Armed {
    /// When it falls due.
    pub(super) due_at: At,
    /// Which.
    pub(super) id: WaitId,
    /// Whom it wakes.
    pub(super) mailbox: MailboxId,
}

/// What of the waits is in memory.
struct Waits {
    /// Those of [`PROMPT`]; `None` until they were read.
    prompt: Option<BTreeSet<Armed>>,
    /// Of the others, those up to `loaded`.
    near: BTreeSet<Armed>,
    loaded: (At, WaitId),
}

/// Wakes mailboxes when their waits fall due, until the engine closes.
pub(super) async fn run<S: Store + Reads>(core: Arc<Core<S>>, mut armed: mpsc::UnboundedReceiver<Armed>) {
    let mut waits = Waits { prompt: None, near: BTreeSet::new(), loaded: (At(i64::MIN), FIRST_WAIT.1) };
    let mut closing = core.closing.subscribe();
    loop {
        let read = waits.load(&core).await;
        waits.fire(&core, core.parts.clock.now());
        let pause = match read {
            Ok(()) => waits.pause(core.parts.clock.now()),
            Err(problem) => {
                tracing::error!(%problem, "waits could not be read; tried again in a second");
                AGAIN
            }
        };
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return,
            received = armed.recv() => match received {
                Some(wait) => waits.insert(wait),
                None => return,
            },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Waits {
    /// Reads what falls due soon and was not read yet, as far as there is room.
    async fn load<S: Store + Reads>(&mut self, core: &Core<S>) -> Result<(), crate::store::Error> {
        if self.prompt.is_none() {
            let mut prompt = BTreeSet::new();
            for mailbox in PROMPT {
                let rows = core.parts.store.mailbox(mailbox).await?.waits;
                prompt.extend(rows.into_iter().map(|row| Armed { due_at: row.due_at, id: row.id, mailbox }));
            }
            self.prompt = Some(prompt);
        }
        let now = core.parts.clock.now();
        let mut wanted = self.loaded.0 < now.plus(MARGIN);
        while wanted && self.near.len() < MOST {
            let until = now.plus(HORIZON);
            let page = core.parts.store.due(self.loaded, until, PAGE).await?;
            wanted = page.len() == PAGE as usize;
            self.loaded = match page.last() {
                Some(last) if wanted => (last.due_at, last.id),
                _ => (until, LAST),
            };
            let others = page.into_iter().filter(|row| !PROMPT.contains(&row.mailbox));
            self.near.extend(others.map(|row| Armed { due_at: row.due_at, id: row.id, mailbox: row.mailbox }));
        }
        Ok(())
    }

    fn insert(&mut self, wait: Armed) {
        if PROMPT.contains(&wait.mailbox) {
            // Before they were read this one is on the disk already: it was committed.
            self.prompt.as_mut().map(|prompt| prompt.insert(wait));
        } else if (wait.due_at, wait.id) <= self.loaded {
            self.near.insert(wait);
        }
    }

    fn fire<S: Store + Reads>(&mut self, core: &Arc<Core<S>>, now: At) {
        while let Some(wait) = self.prompt.as_mut().and_then(|prompt| take_due(prompt, now)) {
            core.post(wait.mailbox, Input::Due(wait.id), None);
        }
        while core.boxes.due() < BACKLOG {
            let Some(wait) = take_due(&mut self.near, now) else { break };
            core.post(wait.mailbox, Input::Due(wait.id), None);
        }
    }

    fn pause(&self, now: At) -> Duration {
        let reload = self.loaded.0.minus(MARGIN).since(now).max(Duration::from_secs(1));
        if self.near.first().is_some_and(|first| first.due_at <= now) {
            return LOOK_AGAIN;
        }
        let prompt = self.prompt.as_ref().and_then(BTreeSet::first);
        let firsts = [prompt, self.near.first()].into_iter().flatten().map(|first| first.due_at.since(now));
        // A timer never fires early: half a millisecond more, as sleeping is counted in whole ones.
        firsts.min().map_or(reload, |first| first.min(reload) + Duration::from_micros(500))
    }
}

/// The first of `waits`, once it is due.
fn take_due(waits: &mut BTreeSet<Armed>, now: At) -> Option<Armed> {
    waits.first().filter(|first| first.due_at <= now)?;
    waits.pop_first()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_to_people_is_in_memory_even_when_others_are_overdue_and_unread() {
        let (overdue, now) = (At(1_000), At(900_000));
        let near = BTreeSet::from([Armed { due_at: overdue, id: WaitId(1), mailbox: MailboxId(77) }]);
        let mut waits = Waits { prompt: Some(BTreeSet::new()), near, loaded: (overdue, WaitId(1)) };
        let later = |id, mailbox| Armed { due_at: now.plus(Duration::from_secs(8)), id: WaitId(id), mailbox };
        waits.insert(later(2, MailboxId::DESK));
        waits.insert(later(3, MailboxId(78)));
        assert_eq!(waits.near.len(), 1, "it is read when its time comes");
        let mut prompt = waits.prompt.clone().unwrap();
        assert_eq!(take_due(&mut prompt, now), None);
        assert_eq!(take_due(&mut prompt, now.plus(Duration::from_secs(8))), Some(later(2, MailboxId::DESK)));
        assert_eq!(waits.pause(now), LOOK_AGAIN);
        waits.near.clear();
        waits.loaded = (now.plus(HORIZON), LAST);
        assert_eq!(waits.pause(now), Duration::from_micros(8_000_500));
    }
}
