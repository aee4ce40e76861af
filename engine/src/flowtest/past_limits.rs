//! A flow's limits over past events, as far as the past tells.
//!
//! A throttle counts as in production where the contact's own mailbox counts. A burst starts its run at its first event, as what
//! follows is not known yet, and the others join it. Gates elsewhere and `concurrency` are left out: other contacts' events are
//! tried elsewhere, and how long runs work depends on calls that are not made.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::At;
use crate::event::Event;
use crate::expr::Scope;
use crate::flow::{Key, Limits};
use crate::handle::burst_ends;
use crate::ids::MailboxId;

/// What started, by mailbox and key.
#[derive(Debug, Default)]
pub(super) struct PastLimits {
    starts: HashMap<(MailboxId, String), Vec<At>>,
    bursts: HashMap<(MailboxId, String), Burst>,
}

#[derive(Debug)]
struct Burst {
    /// When there was quiet, if nothing more comes.
    due: At,
    /// When it ends, whatever comes.
    until: At,
}

impl PastLimits {
    /// Why `event`, on which a trigger matched, starts nothing, if it does not; else it counts as a start.
    pub(super) fn declines(&mut self, limits: &Limits, event: &Event, scope: &Scope) -> Option<&'static str> {
        if let Some(debounce) = &limits.debounce {
            let Some(key) = key(&debounce.key, event, scope) else { return Some("a key of its limits fails") };
            if self.joins(key, debounce.quiet, event.at) {
                return Some("it joins the burst before it");
            }
        }
        let throttle = limits.throttle.as_ref().filter(|throttle| throttle.key.own)?;
        let Some(key) = key(&throttle.key, event, scope) else { return Some("a key of its limits fails") };
        let starts = self.starts.entry(key).or_default();
        starts.retain(|at| event.at.since(*at) < throttle.every);
        if starts.len() >= throttle.limit as usize {
            return Some("too many starts in that time");
        }
        starts.push(event.at);
        None
    }

    /// Whether an event at `at` belongs to a burst that began before it.
    fn joins(&mut self, key: (MailboxId, String), quiet: Duration, at: At) -> bool {
        if let Some(burst) = self.bursts.get_mut(&key).filter(|burst| at < burst.due) {
            burst.due = burst.until.min(at.plus(quiet));
            return true;
        }
        let until = burst_ends(at, quiet);
        self.bursts.insert(key, Burst { due: until.min(at.plus(quiet)), until });
        false
    }
}

/// What is counted together within the event's mailbox; `None` when the key fails.
fn key(key: &Key, event: &Event, scope: &Scope) -> Option<(MailboxId, String)> {
    let value = key.script.as_ref().map(|script| script.value(scope)).transpose().ok()?;
    Some((event.mailbox, value.map(|value| value.to_string()).unwrap_or_default()))
}
