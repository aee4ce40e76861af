//! Timers: the near future in memory, the far one in the database.
//!
//! A wait is one row; the timer is only a hint. When it is early, late or double, the mailbox's turn sees that the wait is not
//! armed or not due, and does nothing.

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

/// Wakes mailboxes when their waits fall due, until the engine closes.
pub(super) async fn run<S: Store + Reads>(core: Arc<Core<S>>, mut armed: mpsc::UnboundedReceiver<Armed>) {
    let mut near = BTreeSet::new();
    let mut loaded_until = At(i64::MIN);
    let mut closing = core.closing.subscribe();
    loop {
        let now = core.parts.clock.now();
        if loaded_until < now.plus(MARGIN) {
            let until = now.plus(HORIZON);
            match load(&core, loaded_until, until, &mut near).await {
                Ok(()) => loaded_until = until,
                Err(problem) => tracing::error!(%problem, "waits could not be read; tried again in a second"),
            }
        }
        fire(&core, &mut near, core.parts.clock.now());
        let pause = pause(&near, loaded_until, core.parts.clock.now());
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return,
            received = armed.recv() => match received {
                Some(wait) => {
                    if wait.due_at <= loaded_until {
                        near.insert(wait);
                    }
                }
                None => return,
            },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Reads what falls due after `from` up to `until`.
async fn load<S: Store + Reads>(
    core: &Core<S>,
    from: At,
    until: At,
    near: &mut BTreeSet<Armed>,
) -> Result<(), crate::store::Error> {
    let mut after = (from, FIRST_WAIT.1);
    loop {
        let page = core.parts.store.due(after, until, PAGE).await?;
        let full = page.len() == PAGE as usize;
        if let Some(last) = page.last() {
            after = (last.due_at, last.id);
        }
        near.extend(page.into_iter().map(|row| Armed { due_at: row.due_at, id: row.id, mailbox: row.mailbox }));
        if !full {
            return Ok(());
        }
    }
}

fn fire<S: Store + Reads>(core: &Arc<Core<S>>, near: &mut BTreeSet<Armed>, now: At) {
    while let Some(first) = near.first().copied().filter(|first| first.due_at <= now) {
        near.remove(&first);
        core.post(first.mailbox, Input::Due(first.id), None);
    }
}

fn pause(near: &BTreeSet<Armed>, loaded_until: At, now: At) -> Duration {
    let reload = loaded_until.minus(MARGIN).since(now).max(Duration::from_secs(1));
    match near.first() {
        // A timer never fires early: half a millisecond more, as sleeping is counted in whole ones.
        Some(first) => first.due_at.since(now).min(reload) + Duration::from_micros(500),
        None => reload,
    }
}
