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
/// Inputs of mailboxes from which on no more waits fire: a few groups of commits.
const BACKLOG: i64 = 2_000;
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

/// Wakes mailboxes when their waits fall due, until the engine closes.
pub(super) async fn run<S: Store + Reads>(core: Arc<Core<S>>, mut armed: mpsc::UnboundedReceiver<Armed>) {
    let mut near = BTreeSet::new();
    let mut loaded = (At(i64::MIN), FIRST_WAIT.1);
    let mut closing = core.closing.subscribe();
    loop {
        let now = core.parts.clock.now();
        if loaded.0 < now.plus(MARGIN) && near.len() < MOST {
            let read = load(&core, &mut loaded, now.plus(HORIZON), &mut near).await;
            read.unwrap_or_else(
                |problem| tracing::error!(%problem, "waits could not be read; tried again in a second"),
            );
        }
        fire(&core, &mut near, core.parts.clock.now());
        let pause = pause(&near, loaded.0, core.parts.clock.now());
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return,
            received = armed.recv() => match received {
                Some(wait) => {
                    if (wait.due_at, wait.id) <= loaded {
                        near.insert(wait);
                    }
                }
                None => return,
            },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Reads what falls due after `loaded` up to `until`, as far as there is room, and moves `loaded` on.
async fn load<S: Store + Reads>(
    core: &Core<S>,
    loaded: &mut (At, WaitId),
    until: At,
    near: &mut BTreeSet<Armed>,
) -> Result<(), crate::store::Error> {
    while near.len() < MOST {
        let page = core.parts.store.due(*loaded, until, PAGE).await?;
        let full = page.len() == PAGE as usize;
        *loaded = match page.last() {
            Some(last) if full => (last.due_at, last.id),
            _ => (until, LAST),
        };
        near.extend(page.into_iter().map(|row| Armed { due_at: row.due_at, id: row.id, mailbox: row.mailbox }));
        if !full {
            break;
        }
    }
    Ok(())
}

fn fire<S: Store + Reads>(core: &Arc<Core<S>>, near: &mut BTreeSet<Armed>, now: At) {
    while core.boxes.queued() < BACKLOG {
        let Some(first) = near.first().copied().filter(|first| first.due_at <= now) else { break };
        near.remove(&first);
        core.post(first.mailbox, Input::Due(first.id), None);
    }
}

fn pause(near: &BTreeSet<Armed>, loaded_until: At, now: At) -> Duration {
    let reload = loaded_until.minus(MARGIN).since(now).max(Duration::from_secs(1));
    match near.first() {
        // A timer never fires early: half a millisecond more, as sleeping is counted in whole ones.
        Some(first) if first.due_at > now => first.due_at.since(now).min(reload) + Duration::from_micros(500),
        Some(_) => LOOK_AGAIN,
        None => reload,
    }
}
