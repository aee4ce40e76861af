//! A case: one demand for a human, as it stands at the desk.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ask, AskKind};
use crate::clock::At;
use crate::ids::{MailboxId, RunId, UserId, WaitId};
use crate::store::EscalationRow;

/// Share of the time after which a demand that nobody took is told to be missed soon, in percent.
const PREDICTED_AT: u64 = 60;
/// How long what nobody took stays on the board.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Where a demand stands. The number is what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "EscalationState")]
#[repr(u8)]
pub enum Stage {
    /// Nobody was asked yet.
    #[default]
    Waiting = 0,
    /// Offered to one agent.
    Offered = 1,
    /// Offered to the whole team, and the fallback channels were told.
    Team = 2,
    /// Somebody has it.
    Taken = 3,
    /// Nobody took it in time; anybody still may.
    Missed = 4,
    /// The team does not work now; anybody still may take it.
    OutOfHours = 5,
    /// It is over, and nobody took it.
    Closed = 6,
}

impl Stage {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Offered, Self::Team, Self::Taken, Self::Missed, Self::OutOfHours, Self::Closed];
}

/// How far a demand has climbed. Stored as `wait.data`; fields are only added. Nothing in it tells of the customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The mailbox that asked.
    pub from: MailboxId,
    /// The run that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<(RunId, WaitId)>,
    /// How deep its cause lies.
    #[serde(default)]
    pub depth: u8,
    /// What whoever takes it must be able to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// The language to be spoken; empty = any.
    #[serde(default)]
    pub language: String,
    /// The last agent of this contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefer: Option<UserId>,
    /// From when the rungs of this round count.
    pub base: At,
    /// How long the round lasts, in milliseconds.
    pub lasts_ms: u64,
    /// 0 = none yet, 1 and 2 = one agent, 3 = the whole team.
    #[serde(default)]
    pub rung: u8,
    /// To whom it is offered.
    #[serde(default)]
    pub offered: Vec<UserId>,
    /// Since when.
    #[serde(default)]
    pub since: At,
    /// When the rung ends.
    #[serde(default)]
    pub until: At,
    /// Who had it in this round.
    #[serde(default)]
    pub tried: Vec<UserId>,
    /// Whether it was told that it will be missed.
    #[serde(default)]
    pub predicted: bool,
    /// How often it was begun anew after somebody took it and kept silent.
    #[serde(default)]
    pub again: u32,
    /// The next time the desk looks at it; [`At::NEVER`] = not by itself.
    #[serde(default)]
    pub wake: At,
    /// Messages that told of it, by connection: the service's own id, to change them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, String>,
}

/// One demand: what is told of it, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its row.
    pub row: EscalationRow,
    /// How far it is.
    pub progress: Progress,
}

impl Case {
    /// A demand that has just come, to be taken within `within`.
    pub(super) fn new(ask: Ask, within: Duration, now: At) -> Self {
        let progress = Progress {
            from: ask.from,
            run: ask.wait.map(|wait| (ask.run, wait)),
            depth: ask.depth,
            skills: ask.skills,
            language: ask.language,
            prefer: ask.prefer,
            base: ask.received_at,
            lasts_ms: millis(within),
            since: now,
            ..Progress::default()
        };
        let row = EscalationRow {
            id: ask.escalation,
            mailbox: MailboxId::DESK,
            run_id: ask.run,
            contact_id: ask.contact,
            conversation_id: ask.conversation,
            team: ask.team,
            reason: ask.reason,
            received_at: ask.received_at,
            offered_at: now,
            deadline: ask.received_at.plus(within).max(now),
            accepted_at: None,
            accepted_by: None,
            missed: false,
            kind: ask.kind,
            stage: Stage::Waiting,
            customer: ask.customer,
            provider_at: ask.provider_at,
            accepted_user: None,
            answered_at: None,
            fallback_at: None,
            told_at: None,
            out_of_hours: false,
            done: false,
        };
        Self { row, progress }
    }

    /// How a stored demand stands; one that was stored before there was a desk is asked of everybody.
    pub(crate) fn stored(row: EscalationRow, data: Option<&[u8]>) -> Self {
        let known = data.and_then(|data| serde_json::from_slice(data).ok());
        let progress = known.unwrap_or_else(|| Progress {
            from: row.contact_id.map_or(MailboxId::SYSTEM, MailboxId::of_contact),
            base: row.received_at,
            lasts_ms: millis(row.deadline.since(row.received_at)),
            rung: 3,
            since: row.offered_at,
            until: row.deadline,
            predicted: true,
            wake: row.deadline,
            ..Progress::default()
        });
        Self { row, progress }
    }

    /// Whether it is offered to `user` alone.
    #[must_use]
    pub fn is_offered_to(&self, user: UserId) -> bool {
        self.row.stage == Stage::Offered && self.progress.offered.contains(&user)
    }

    /// Whether nobody has it, and somebody may.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.row.stage, Stage::Taken | Stage::Closed)
    }

    /// When its round ends.
    pub(super) fn round_ends(&self) -> At {
        let ends = self.progress.base.plus(Duration::from_millis(self.progress.lasts_ms));
        if self.progress.again == 0 && !self.row.out_of_hours { ends.max(self.row.deadline) } else { ends }
    }

    /// When it is told that it will be missed; `None` when it is not, or was.
    pub(super) fn predicted_at(&self) -> Option<At> {
        let counts = self.row.kind == AskKind::Escalation && !self.row.missed && !self.row.out_of_hours;
        let share = self.progress.lasts_ms.saturating_mul(PREDICTED_AT) / 100;
        (counts && !self.progress.predicted).then(|| self.progress.base.plus(Duration::from_millis(share)))
    }

    /// When it leaves the board although nobody took it.
    pub(super) fn given_up_at(&self) -> At {
        self.row.received_at.plus(KEPT)
    }
}

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
