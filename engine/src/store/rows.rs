//! Rows as they are stored. Blobs are made and read by the engine alone (`format` says how); a driver never looks inside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::connector::Status;
use crate::desk::{AskKind, Stage};
use crate::event::{EventKey, Origin};
use crate::flow::Kind;
use crate::ids::{
    BadItemId, ContactId, ConversationId, EffectId, EscalationId, EventId, InputId, MailboxId, MessageId, RunId,
    UserId, VersionId, WaitId,
};
use crate::inbox::Inbox;

/// A stored text of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// Its id.
    pub id: VersionId,
    /// What the document is.
    pub kind: Kind,
    /// The document's id, unique among all kinds: a flow's, or that of a file of rules.
    pub flow: String,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// Counts texts of the same meaning, from 1.
    pub text_no: i64,
    /// The language version it is written in (`format: 1`).
    pub language: i64,
    /// The YAML, verbatim.
    pub source: String,
    /// Where it stands.
    pub state: VersionState,
    /// Who owns it: `file:<name>` for one loaded from `--flows`, `db` for an import.
    pub owner: String,
    /// Who put it there.
    pub by: String,
    /// When.
    pub at: At,
}

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum VersionState {
    /// Not published.
    Draft = 0,
    /// Events start it. One per flow.
    Live = 1,
    /// Published once; runs that began on it stay on it.
    Old = 2,
    /// The flow is switched off.
    Off = 3,
}

/// A stored contact. `fields` is a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactRow {
    /// Its id.
    pub id: ContactId,
    /// 16 random bytes; `None` once the person was erased.
    pub salt: Option<Vec<u8>>,
    /// Name shown.
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    /// Language.
    pub language: String,
    /// 0 low, 1 medium, 2 high.
    pub priority: i64,
    /// Code of the last order's status.
    pub order_status: String,
    /// JSON object.
    pub fields: String,
    /// JSON object: what the person agreed to or refused.
    pub consent: String,
    /// When the person last did anything.
    pub last_at: Option<At>,
    /// Unanswered messages.
    pub unread: i64,
    /// Counts changes.
    pub rev: i64,
    /// When the person's data were erased.
    pub erased_at: Option<At>,
}

/// A stored conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// With whom.
    pub contact_id: ContactId,
    /// Our number as the provider names it.
    pub number: String,
    /// The customer's address as the provider names it.
    pub address: String,
    /// The connection it last ran over.
    pub connection: String,
    /// Until when free text may be sent.
    pub window_closes_at: Option<At>,
    /// Customer's messages in the present session.
    pub session_messages: i64,
    /// When the session opened.
    pub session_opened_at: Option<At>,
    /// When the customer last wrote.
    pub last_in_at: Option<At>,
    /// When we last wrote.
    pub last_out_at: Option<At>,
    /// What it is among people here.
    pub inbox: Inbox,
    /// Counts changes.
    pub rev: i64,
}

/// One tag of one contact from one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagRow {
    /// Whose.
    pub contact_id: ContactId,
    /// The tag.
    pub tag: String,
    /// Kind of source: see [`crate::contact::TagSourceKind`].
    pub source: i64,
    /// Which flow, rule or user.
    pub source_id: String,
    /// The event that caused it.
    pub event_id: Option<EventId>,
    /// Since when.
    pub at: At,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Unique.
    pub key: EventKey,
    /// Whose turn handles it.
    pub mailbox: MailboxId,
    /// Whom it concerns.
    pub contact_id: Option<ContactId>,
    /// In which conversation.
    pub conversation_id: Option<ConversationId>,
    /// Through which connection.
    pub connection: String,
    /// Its type.
    pub kind: String,
    /// Whose doing.
    pub origin: Origin,
    /// When received.
    pub at: At,
    /// When it happened.
    pub provider_at: Option<At>,
    /// Cause depth.
    pub depth: u8,
    /// Encoding of `body`: 1 = JSON.
    pub format: i64,
    /// Its own fields; `None` once erased or past retention.
    pub body: Option<Vec<u8>>,
}

/// A message in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// In which conversation; `None` for a status of a message we know nothing else of.
    pub conversation_id: Option<ConversationId>,
    /// Whether it came in.
    pub inbound: bool,
    /// The event it came with.
    pub event_id: Option<EventId>,
    /// The effect that sent it, `<run>/<n>`.
    pub effect_key: Option<String>,
    /// SHA-256(connection ‖ provider's id), first 16 bytes: ids hold phone numbers.
    pub external_key: [u8; 16],
    /// How far it got; only ever rises.
    pub status: Status,
    /// When it got there.
    pub status_at: Option<At>,
    /// Code and words of a failure.
    pub error: Option<String>,
    /// Its text.
    pub text: Option<String>,
    /// Its text normalised for search and back-tests.
    pub norm: Option<String>,
    /// What it cost, JSON as the provider reports it.
    pub cost: Option<String>,
}

/// What waits in a mailbox. Deleted when consumed, so the table stays tiny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRow {
    /// Its id; the order within the mailbox.
    pub id: InputId,
    /// The mailbox's shard.
    pub shard: u8,
    /// Whose.
    pub mailbox: MailboxId,
    /// How urgent.
    pub lane: Lane,
    /// What kind.
    pub kind: InputKind,
    /// The row it is about: an event's or effect's id.
    pub reference: i64,
    /// What its kind needs besides.
    pub body: Option<Vec<u8>>,
}

/// Kinds of stored inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum InputKind {
    /// An event; `reference` is its id.
    Event = 0,
    /// Proof that an effect in doubt happened; `reference` is its id, `body` the provider's message id.
    Evidence = 1,
    /// A letter of another mailbox; `reference` is the run it is about, `body` the [`crate::letter::Letter`] as JSON.
    Letter = 2,
}

/// How urgent an input or an effect is. Escalations overtake, bulk gives way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Lane {
    /// A human is waited for.
    Escalation = 0,
    /// A customer waits.
    #[default]
    Interactive = 1,
    /// Nobody waits: schedules, broadcasts.
    Bulk = 2,
}

/// A stored run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// The version it is on.
    pub version_id: VersionId,
    /// The flow's id (joined from the version when read).
    pub flow: String,
    /// Whose turns run it.
    pub mailbox: MailboxId,
    /// The mailbox's shard.
    pub shard: u8,
    /// Whom it concerns.
    pub contact_id: Option<ContactId>,
    /// In which conversation.
    pub conversation_id: Option<ConversationId>,
    /// What started it.
    pub event_id: EventId,
    /// Where it stands.
    pub status: RunStatus,
    /// Encoding of `state`.
    pub format: i64,
    /// What it resumes from; empty once it ended.
    pub state: Vec<u8>,
    /// Turns so far; the next journal row's `seq`.
    pub turns: i64,
    /// Effects so far.
    pub effects: i64,
    /// When it began.
    pub started_at: At,
    /// When it ended.
    pub ended_at: Option<At>,
    /// Why it failed, in one line without personal data.
    pub error: Option<String>,
}

/// Where a run stands. From 10 on it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RunStatus {
    /// A call is planned or under way.
    Working = 0,
    /// It waits for a time or an event.
    Waiting = 1,
    /// A person must decide.
    NeedsAttention = 2,
    /// It ended as it should.
    Done = 10,
    /// It ended in an error.
    Failed = 11,
    /// A person ended it.
    Cancelled = 12,
}

impl RunStatus {
    /// Whether it is over.
    #[must_use]
    pub fn ended(self) -> bool {
        self as u8 >= 10
    }
}

/// An outgoing call that is not settled. Deleted when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRow {
    /// Its id.
    pub id: EffectId,
    /// The run that wants it.
    pub run_id: RunId,
    /// Counts the run's effects, from 1.
    pub n: i64,
    /// `<run>/<n>`: names it to the provider.
    pub key: String,
    /// The run's mailbox.
    pub mailbox: MailboxId,
    /// The mailbox's shard.
    pub shard: u8,
    /// The connection it goes through.
    pub connection: String,
    /// How urgent.
    pub lane: Lane,
    /// The action's full name.
    pub action: String,
    /// The conversation whose window must be open when it starts; `None` when it needs none.
    pub window: Option<ConversationId>,
    /// Whether it is held while a person talks with the contact whose mailbox this is.
    pub yields: bool,
    /// Where it stands.
    pub state: EffectState,
    /// Failed attempts so far.
    pub attempt: u16,
    /// Not to start before.
    pub not_before: At,
    /// Not to start after.
    pub deadline: At,
    /// In doubt until.
    pub settle_until: Option<At>,
    /// When it was planned.
    pub planned_at: At,
    /// When the last attempt started.
    pub sent_at: Option<At>,
    /// How it may be repeated and what becomes of a failure: [`crate::run::Plan`] as JSON, with the rendered input.
    pub input: Vec<u8>,
    /// Attempts so far: [`crate::run::Attempt`]s as JSON.
    pub attempts: Vec<u8>,
    /// Why it is parked, one line; else empty.
    pub error: String,
}

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EffectState {
    /// To be called.
    Planned = 0,
    /// A call is under way, or was when the process ended.
    InFlight = 1,
    /// It may have happened; proof is awaited.
    InDoubt = 2,
    /// A person must decide.
    Parked = 3,
}

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

/// A demand that a human takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationRow {
    /// Its id.
    pub id: EscalationId,
    /// The mailbox that owns it.
    pub mailbox: MailboxId,
    /// The run that asked; [`RunId::NONE`] when a tag rule did.
    pub run_id: RunId,
    /// For whom.
    pub contact_id: Option<ContactId>,
    /// Where.
    pub conversation_id: Option<ConversationId>,
    /// Who should take it.
    pub team: String,
    /// Why (personal; erased with the person).
    pub reason: String,
    /// When the event that caused it was received: the 20 s count from here.
    pub received_at: At,
    /// When it was offered.
    pub offered_at: At,
    /// Until when it must be taken.
    pub deadline: At,
    /// When it was taken.
    pub accepted_at: Option<At>,
    /// By whom.
    pub accepted_by: Option<String>,
    /// Whether the deadline passed before it was taken.
    pub missed: bool,
    /// What is asked.
    pub kind: AskKind,
    /// Where it stands.
    pub stage: Stage,
    /// The customer's name and number (personal; erased with the person).
    pub customer: String,
    /// When what caused it happened, as the provider says.
    pub provider_at: Option<At>,
    /// Who took it, if that is a user.
    pub accepted_user: Option<UserId>,
    /// When a human first answered the customer after that.
    pub answered_at: Option<At>,
    /// When a fallback channel was told.
    pub fallback_at: Option<At>,
    /// When the customer was told that nobody comes at once.
    pub told_at: Option<At>,
    /// Whether nobody worked when it came: then it is not counted as missed.
    pub out_of_hours: bool,
    /// Whether the desk is done with it.
    pub done: bool,
}

/// A customer's message that no rule, wait or flow understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedRow {
    /// The event that brought it.
    pub event_id: EventId,
    /// Whose; erased with the person.
    pub contact_id: ContactId,
    /// When.
    pub at: At,
    /// Its text normalised, at most 200 characters: what such messages are grouped by.
    pub norm: String,
    /// Its text, at most 200 characters.
    pub text: String,
}

/// A received item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadItemRow {
    /// Its id.
    pub id: BadItemId,
    /// Through which connection.
    pub connection: String,
    /// When.
    pub at: At,
    /// Its bytes as received.
    pub raw: String,
    /// What is wrong with it.
    pub why: String,
}
