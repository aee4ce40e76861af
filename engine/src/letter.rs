//! Letters: what mailboxes tell each other, as none touches the rows of another.
//!
//! A letter is written in the work that wants it said, posted after the commit, and consumed by the work that handles it: it
//! arrives once, also when the process ends in between. Letters are about gates, where the runs of one flow and key are counted,
//! and go to and from the [desk](crate::desk). Those about gates hold ids and numbers only; what a key says stays with the run.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::alarm::ToAlarms;
use crate::desk::{FromDesk, ToDesk};
use crate::flow::Busy;
use crate::ids::{InputId, MailboxId, RunId, WaitId};
use crate::merge::ToContact;
use crate::store::{InputKind, InputRow, Lane};

/// One letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Letter {
    /// A run asks a gate to let it in.
    Ask(Ask),
    /// It needs its place no more.
    Leave {
        /// Which.
        run: RunId,
        /// The ticket it asked with.
        ticket: WaitId,
    },
    /// What the gate says.
    Answer {
        /// To which run.
        run: RunId,
        /// The ticket it asked with.
        ticket: WaitId,
        /// What.
        answer: Answer,
    },
    /// Something for the desk.
    Desk(ToDesk),
    /// Something of the desk's.
    FromDesk(FromDesk),
    /// Something needs a person who works here, or does no longer.
    Alarm(ToAlarms),
    /// Something of another contact, which became one with this one or parts from it.
    Contact(ToContact),
}

/// A run that asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Which.
    pub run: RunId,
    /// The trigger that started it; empty for one that a person or another flow began.
    pub trigger: Arc<str>,
    /// Its own row at its mailbox.
    pub ticket: WaitId,
    /// Its mailbox.
    pub from: MailboxId,
    /// The gate.
    pub gate: MailboxId,
    /// What the gate lets in.
    pub rule: Rule,
    /// Whether it has done something already, and only waited: then it is never turned away.
    pub begun: bool,
}

/// What a gate lets in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// So many runs that work at once.
    AtOnce {
        /// How many.
        limit: u32,
        /// What becomes of one more.
        busy: Busy,
    },
    /// So many starts in a time.
    InTime {
        /// How many.
        limit: u32,
        /// The time, in milliseconds.
        every_ms: u64,
    },
}

impl Rule {
    /// At most `limit` starts in `every`.
    #[must_use]
    pub fn in_time(limit: u32, every: Duration) -> Self {
        Self::InTime { limit, every_ms: u64::try_from(every.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Go on.
    Enter,
    /// It does not begin.
    Refused(Refusal),
    /// A newer run wants its place: it ends.
    Yield,
}

/// Why a run does not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// As many work as may.
    Busy,
    /// As many wait as may.
    QueueFull,
    /// It waited, and a newer one took its place.
    Replaced,
    /// As many started in that time as may.
    Throttled,
}

impl Refusal {
    /// Its code, as the journal and `flow misses` show it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::QueueFull => "queue_full",
            Self::Replaced => "replaced",
            Self::Throttled => "throttled",
        }
    }

    /// The same in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Busy => "as many runs of this flow and key work as may",
            Self::QueueFull => "as many runs of this flow and key wait for their turn as may",
            Self::Replaced => "a newer run took its place",
            Self::Throttled => "as many runs of this flow and key started in that time as may",
        }
    }
}

impl Letter {
    /// The stored form, to `mailbox`.
    #[must_use]
    pub fn to_row(&self, id: InputId, mailbox: MailboxId) -> InputRow {
        let (lane, reference) = match self {
            Self::Ask(Ask { run, .. }) | Self::Leave { run, .. } | Self::Answer { run, .. } => {
                (Lane::Interactive, run.0)
            }
            Self::Desk(letter) => (Lane::Escalation, letter.about()),
            Self::FromDesk(letter) => (Lane::Escalation, letter.about()),
            Self::Alarm(_) | Self::Contact(_) => (Lane::Interactive, RunId::NONE.0),
        };
        InputRow {
            id,
            shard: mailbox.shard(),
            mailbox,
            lane,
            kind: InputKind::Letter,
            reference,
            body: serde_json::to_vec(self).ok(),
        }
    }

    /// The letter of a stored input.
    ///
    /// # Errors
    /// When it was written by a newer build or is damaged.
    pub fn from_row(row: &InputRow) -> Result<Self, String> {
        serde_json::from_slice(row.body.as_deref().unwrap_or_default())
            .map_err(|error| format!("the letter {} cannot be read: {error}", row.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_reads_back_as_it_was_written() {
        let rule = Rule::AtOnce { limit: 2, busy: Busy::Replace };
        let (run, ticket, gate) = (RunId(7), WaitId(8), MailboxId(-9));
        let ask = Ask { run, trigger: "call".into(), ticket, from: MailboxId(5), gate, rule, begun: false };
        let refused = Letter::Answer { run, ticket, answer: Answer::Refused(Refusal::QueueFull) };
        for letter in [Letter::Ask(ask), Letter::Leave { run, ticket }, refused] {
            let row = letter.to_row(InputId(1), gate);
            assert_eq!((row.mailbox, row.shard, row.reference), (gate, gate.shard(), 7));
            assert_eq!(Letter::from_row(&row), Ok(letter));
        }
    }
}
