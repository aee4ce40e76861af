//! What is read: the rows of a mailbox, and pages for people.

use crate::clock::At;
use crate::connector::Status;
use crate::ids::{
    ContactId, ConversationId, EffectId, EscalationId, EventId, MailboxId, RunId, UserId, VersionId, WaitId,
};
use crate::inbox::SaidRow;

use super::{
    ContactRow, ConversationRow, EffectRow, EscalationRow, EventRow, JournalRow, MessageRow, RunRow, RunStatus, TagRow,
    WaitRow,
};

/// Everything a mailbox's turns need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MailboxRows {
    /// The contact whose mailbox it is, if it is one's.
    pub contact: Option<ContactRow>,
    /// Its conversations.
    pub conversations: Vec<ConversationRow>,
    /// Its tags.
    pub tags: Vec<TagRow>,
    /// Runs that are not over, with their state.
    pub runs: Vec<RunRow>,
    /// Armed waits.
    pub waits: Vec<WaitRow>,
    /// Effects of those runs that are not settled.
    pub effects: Vec<EffectRow>,
    /// Escalations that the desk is not done with.
    pub escalations: Vec<EscalationRow>,
    /// Its last 32 handled events, oldest first: for waits that look back.
    pub recent: Vec<EventRow>,
    /// Events that wait in bursts, oldest first.
    pub gathered: Vec<EventRow>,
    /// Ids of erased events and runs that were nobody's: nothing more is written about them.
    pub erased: Vec<i64>,
}

/// Which escalations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EscalationFilter {
    /// Only those that nobody has and somebody may take.
    pub open: bool,
    /// Only those that were missed.
    pub missed: bool,
    /// Only those asked of this team.
    pub team: Option<String>,
    /// Only those that this one took.
    pub taken_by: Option<UserId>,
    /// Only those received since.
    pub since: Option<At>,
    /// Only those older than this one.
    pub before: Option<EscalationId>,
    /// At most so many.
    pub limit: u32,
}

/// What became of escalations, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeskDay {
    /// Taken by somebody.
    pub taken: u64,
    /// Taken in time.
    pub kept: u64,
    /// Not taken in time; a fallback channel was told.
    pub fallback: u64,
    /// Not taken in time.
    pub missed: u64,
    /// Nobody worked when they came.
    pub out_of_hours: u64,
    /// Half of those that were taken were taken within so many milliseconds; nothing when none was.
    pub median_ms: Option<u64>,
}

/// A journal row with the salt of the person whose values it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaltedRow {
    /// The row.
    pub row: JournalRow,
    /// The salt: with it, [`crate::audit::data_digest`] of the row's values can be compared with what the chain holds of
    /// them. `None` when the row is nobody's, or its person was erased.
    pub salt: Option<Vec<u8>>,
}

/// A wait that falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueRow {
    /// When.
    pub due_at: At,
    /// Which.
    pub id: WaitId,
    /// Whom it wakes.
    pub mailbox: MailboxId,
}

/// The runs of a flow in some mailboxes that are not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingRows {
    /// How many there are.
    pub runs: u64,
    /// Where they wait.
    pub places: Vec<WaitingRow>,
}

/// Waits of runs at the same place of the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingRow {
    /// The version.
    pub version: VersionId,
    /// The place: see [`WaitRow::cursor`].
    pub cursor: i64,
    /// How many waits.
    pub count: u64,
    /// When the first of them falls due; [`At::NEVER`] when none does.
    pub next_due: At,
}

/// Proof that a call happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The effect's key.
    pub key: String,
    /// How far its message got.
    pub status: Status,
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this flow only.
    pub flow: Option<String>,
    /// In this status only.
    pub status: Option<RunStatus>,
    /// Of this contact only.
    pub contact: Option<ContactId>,
    /// Older than this one: the last of the page before.
    pub before: Option<RunId>,
    /// At most so many; 1 to 500.
    pub limit: u32,
}

/// Everything stored about one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonRows {
    /// The contact.
    pub contact: Option<ContactRow>,
    /// Conversations.
    pub conversations: Vec<ConversationRow>,
    /// Tags.
    pub tags: Vec<TagRow>,
    /// Events.
    pub events: Vec<EventRow>,
    /// Messages in and out.
    pub messages: Vec<MessageRow>,
    /// Runs, without their state.
    pub runs: Vec<RunRow>,
    /// Journal rows with the person's data.
    pub journal: Vec<JournalRow>,
    /// Escalations.
    pub escalations: Vec<EscalationRow>,
    /// What people here said in the conversations, notes too.
    pub said: Vec<SaidRow>,
}

/// A contact as a segment looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The contact.
    pub contact: ContactRow,
    /// Its tags.
    pub tags: Vec<TagRow>,
    /// The conversation in which something was said last.
    pub conversation: Option<ConversationId>,
}

/// Sizes, for `/metrics` and `doctor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of the database file and its log.
    pub bytes: u64,
    /// Inputs not handled yet.
    pub inputs: u64,
    /// Effects planned.
    pub planned: u64,
    /// Effects in doubt.
    pub in_doubt: u64,
    /// Effects parked: needs attention.
    pub parked: u64,
    /// Waits armed.
    pub waits: u64,
    /// Items that could not be read.
    pub bad_items: u64,
}

/// Messages of the same normalised text that nothing understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedGroup {
    /// The normalised text.
    pub norm: String,
    /// The text of the last one as it was written.
    pub text: String,
    /// The event that brought the last one.
    pub event: EventId,
    /// How many there are.
    pub messages: u64,
    /// From how many people.
    pub people: u64,
    /// When the first came.
    pub first_at: At,
    /// When the last came.
    pub last_at: At,
}

/// An event as a back-test reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The event.
    pub event: EventRow,
    /// What is known of the contact, when that was asked for.
    pub past: Option<Past>,
}

/// A contact when an event of it was handled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Journal data of the handling, with the row's format; `None` when there are none, or once erased.
    pub handled: Option<(i64, Vec<u8>)>,
    /// Its phone now.
    pub phone: Option<String>,
    /// Its name now.
    pub name: Option<String>,
    /// Its language now.
    pub language: Option<String>,
}

/// Where a page of effects starts.
pub const FIRST_EFFECT: EffectId = EffectId(i64::MIN);
/// Where a page of held starts starts.
pub const HELD_KEY: &str = "";
/// Where a page of waits starts.
pub const FIRST_WAIT: (At, WaitId) = (At(i64::MIN), WaitId(i64::MIN));
