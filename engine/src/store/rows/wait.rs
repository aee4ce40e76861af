//! Waits: what will wake a mailbox.

use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::ids::{EventId, MailboxId, RunId, WaitId};

/// Something armed that will wake a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitRow {
    /// Its id.
    pub id: WaitId,
    /// The mailbox's shard.
    pub shard: u8,
    /// Whom it wakes.
    pub mailbox: MailboxId,
    /// The run that waits.
    pub run_id: Option<RunId>,
    /// Where in the run's version it waits: the index of the step from 1; 0 = not said.
    pub cursor: i64,
    /// What kind.
    pub kind: WaitKind,
    /// Where it stands.
    pub state: WaitState,
    /// Event type awaited.
    pub on_kind: Option<String>,
    /// Unique among armed waits of its kind: a conversation for silences, a trigger for schedules, an escalation.
    pub key: Option<String>,
    /// Since which event id events count (look-back).
    pub since: EventId,
    /// When it falls due; [`At::NEVER`] for never.
    pub due_at: At,
    /// What its kind needs, JSON.
    pub data: Vec<u8>,
}

impl WaitRow {
    /// One that is armed: no run's, under no key, awaiting nothing but its time, and holding nothing.
    #[must_use]
    pub fn armed(id: WaitId, mailbox: MailboxId, kind: WaitKind, due_at: At) -> Self {
        Self {
            id,
            shard: mailbox.shard(),
            mailbox,
            run_id: None,
            cursor: 0,
            kind,
            state: WaitState::Armed,
            on_kind: None,
            key: None,
            since: EventId(0),
            due_at,
            data: Vec::new(),
        }
    }
}

/// Kinds of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum WaitKind {
    /// A run waits for a time.
    Timer = 0,
    /// A run waits for an event.
    Event = 1,
    /// A run's place at a gate: see [`crate::letter`].
    Slot = 2,
    /// An event that waits in a burst; `since` is the event.
    Debounce = 3,
    /// A silence that may cross a threshold.
    Silence = 4,
    /// A schedule's next slot.
    Cron = 5,
    /// How far an escalation is, at the desk: [`crate::desk::Progress`].
    Escalation = 6,
    /// The rest of a long turn.
    Continue = 7,
    /// The end of a tag that a rule gave for a time.
    Tag = 8,
    /// A deadline of a run or a step.
    Deadline = 12,
    /// A start that waits for a person, `<flow>/<trigger>/<event>`.
    Held = 13,
    /// How far a schedule's slot came in going over a segment.
    Sweep = 14,
    /// Starts that a throttle counted.
    Throttle = 9,
    /// An agent, at the desk: [`crate::desk::Agent`]; falls due when writing up is over.
    Agent = 15,
    /// What a mailbox asked the desk for, and whether a run waits for it.
    Human = 16,
    /// The end of a pause of the flows' sends; its key is the conversation.
    Pause = 20,
    /// A question to the customer that may be answered until then; its key is the conversation.
    Rating = 21,
    /// An alarm, or how alarms are told: see [`crate::alarm`].
    Alarm = 17,
}

/// Where a wait stands. Every change is compare-and-set from armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum WaitState {
    /// It waits.
    Armed = 0,
    /// Its time came.
    Fired = 1,
    /// Its event came.
    Answered = 2,
    /// Nobody waits any more.
    Cancelled = 3,
}
