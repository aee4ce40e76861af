//! The desk: who is asked when a human is wanted, for how long, and whose it is then.
//!
//! … step -> **escalation** -> agent -> answer
//!
//! Pure: [`Desk`] is a function of what is stored, the staff, one input and the time. It is one mailbox
//! ([`MailboxId::DESK`](crate::ids::MailboxId::DESK)), whose turns are serial, so nothing is ever held by two. A demand climbs
//! rungs ([`ladder`]): one agent, the next one, then the whole team and the fallback channels; [`choose`] says whom and why.
//! [`press`] is what people do, [`news`] what conversations tell. `handle/desk.rs` reads and writes the rows.

mod agent;
mod case;
mod choose;
mod ladder;
mod letter;
mod news;
mod press;
mod staff;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Calendars;
use crate::clock::At;
use crate::ids::{EscalationId, MailboxId, UserId};
use crate::run::Entry;

pub use agent::{Agent, Presence, State};
pub use case::{Case, Progress, Stage};
pub use choose::Passed;
pub use letter::{Ask, AskKind, FromDesk, Missed, MissedWhy, Taken, ToDesk};
pub use press::{Refused, Taker};
pub use staff::{BadStaff, Member, Profile, ProfileBody, Staff, Team, TeamBody};

/// Everything that is open at the desk, at one moment.
#[derive(Debug)]
pub struct Desk<'a> {
    /// Who works here.
    pub(crate) staff: &'a Staff,
    /// When they work.
    pub(crate) calendars: &'a Calendars,
    /// Whether the installation has a connection that is told where a team names none.
    pub(crate) notify: bool,
    /// Now.
    pub(crate) now: At,
    /// People by what they chose and hold.
    pub(crate) agents: BTreeMap<UserId, Agent>,
    /// What is open, oldest first.
    pub(crate) cases: BTreeMap<EscalationId, Case>,
    /// What came of the input, in order.
    pub(crate) out: Vec<Out>,
    /// Agents that changed.
    pub(crate) moved: BTreeSet<UserId>,
    /// Cases that changed.
    pub(crate) touched: BTreeSet<EscalationId>,
}

/// What comes of an input besides changed rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Out {
    /// A line of a demand's story.
    Story(EscalationId, Entry),
    /// A line about an agent.
    Agent(UserId, Entry),
    /// Something is said to the mailbox that asked.
    Letter(MailboxId, FromDesk),
    /// The fallback channels are told that it stands so.
    Tell(EscalationId, &'static str),
    /// It will be missed unless somebody takes it soon.
    Predicted(EscalationId),
}

impl<'a> Desk<'a> {
    /// A desk at which nothing is open.
    pub(crate) fn new(staff: &'a Staff, calendars: &'a Calendars, notify: bool, now: At) -> Self {
        let (agents, cases, out) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { staff, calendars, notify, now, agents, cases, out, moved: BTreeSet::new(), touched: BTreeSet::new() }
    }

    /// How much an agent has: conversations held, and offers that are open to that one alone.
    pub(crate) fn load(&self, user: UserId) -> usize {
        let held = self.agents.get(&user).map_or(0, |agent| agent.held.len());
        held + self.cases.values().filter(|case| case.is_offered_to(user)).count()
    }

    fn agent(&mut self, user: UserId) -> &mut Agent {
        self.moved.insert(user);
        let now = self.now;
        self.agents.entry(user).or_insert_with(|| Agent::new(now))
    }
}
