//! What is written: what came in through a door, what a mailbox's turns changed, what became of effects.

use crate::clock::At;
use crate::connector::{Party, StatusReport};
use crate::erasure::Family;
use crate::event::{EventKey, Origin};
use crate::first_hour::HourRow;
use crate::handle::sweep::Sweep;
use crate::ids::{BadItemId, ContactId, ConversationId, EffectId, EscalationId, EventId, InputId, MailboxId, WaitId};
use crate::inbox::{RatingRow, SaidOp};
use crate::publication::PublicationOp;
use crate::run::Reply;
use crate::stops::StopOp;

use super::{
    BadItemRow, ClosingRow, ContactRow, ConversationRow, EditOp, EffectRow, EscalationRow, EventRow, InputRow,
    JournalRow, Lane, MergeOp, MessageRow, RuleHit, RunRow, TagRow, UnmatchedRow, VersionRow, WaitRow, WaitState,
};

/// One thing from a door, with the ids and random bytes it may need: a driver makes neither.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// Something happened.
    Event(Box<EventArrival>),
    /// What became of a message.
    Status {
        /// Through which connection.
        connection: String,
        /// SHA-256(connection ‖ provider's id), first 16 bytes.
        external_key: [u8; 16],
        /// The report.
        report: StatusReport,
        /// Id for the message row if there is none, and for the input that proof of an effect in doubt makes.
        id: i64,
        /// When it came.
        at: At,
        /// The event that it is when somebody listens: of the mailbox and the contact of the run whose message it is about,
        /// one deeper than what started that run. `None` when nobody does.
        event: Option<Box<EventArrival>>,
    },
    /// An event of the engine's own for the mailbox of a contact that is known.
    Own(Box<Stored>),
    /// It could not be read.
    Bad(BadItemRow),
}

/// An event from a door, before it is known whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct EventArrival {
    /// Its id, if its key is new.
    pub id: EventId,
    /// Id of the input it becomes.
    pub input: InputId,
    /// What a repeated delivery repeats.
    pub key: EventKey,
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
    /// Its own fields, encoded.
    pub body: Vec<u8>,
    /// How urgent.
    pub lane: Lane,
    /// With whom: the conversation (number, address) is found or created, and its contact; a new conversation joins the
    /// contact that has the same phone.
    pub party: Option<NewParty>,
    /// The mailbox when there is no party.
    pub mailbox: MailboxId,
    /// The message it brings, if it is one: id, external key, text and normalised text.
    pub message: Option<MessageRow>,
}

/// A party with what is needed to create its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct NewParty {
    /// Who.
    pub party: Party,
    /// Id of the contact if it is new.
    pub contact: ContactId,
    /// Its salt if it is new.
    pub salt: [u8; 16],
    /// Id of the conversation if it is new.
    pub conversation: ConversationId,
}

/// What became of one arrival.
#[derive(Clone, Debug, PartialEq)]
pub enum Receipt {
    /// Stored.
    New(Box<Stored>),
    /// The same delivery came before; nothing was written.
    Seen,
    /// A status was noted. The input is there when it proves that an effect in doubt (or parked for that reason) happened.
    Noted(Option<InputRow>),
    /// The same, and it became an event.
    Told(Box<Stored>, Option<InputRow>),
    /// A bad item was kept.
    Kept,
}

/// An event that was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its row.
    pub event: EventRow,
    /// The input it became.
    pub input: InputRow,
    /// Contact and conversation when this event created both: such a mailbox holds nothing else and need not be read.
    pub fresh: Option<(ContactRow, ConversationRow)>,
}

/// All that the handled inputs of one mailbox change. Atomic. Nothing else writes runs, waits, contacts, journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Whose turns made it.
    pub mailbox: MailboxId,
    /// When.
    pub at: At,
    /// Stored inputs that were handled.
    pub consumed: Vec<InputId>,
    /// Events the engine itself made (a silence, a slot). One whose key is stored already is dropped together with nothing
    /// else: whoever makes one checks first.
    pub events: Vec<EventRow>,
    /// Runs begun or changed: inserted, or the row with the same id replaced.
    pub runs: Vec<RunRow>,
    /// What is told about it.
    pub journal: Vec<JournalRow>,
    /// Effects planned, withdrawn, finished.
    pub effects: Vec<EffectOp>,
    /// Waits armed and closed.
    pub waits: Vec<WaitOp>,
    /// The contact, changed or (by the engine itself) new.
    pub contact: Option<ContactRow>,
    /// Conversations, changed or new.
    pub conversations: Vec<ConversationRow>,
    /// Tags.
    pub tags: Vec<TagOp>,
    /// Contacts that become one, and two again.
    pub merges: Vec<MergeOp>,
    /// What people here said to the customer and to each other.
    pub said: Vec<SaidOp>,
    /// What customers answered to the question about a conversation.
    pub ratings: Vec<RatingRow>,
    /// Sessions that people closed.
    pub closings: Vec<ClosingRow>,
    /// Messages that went out. Joined with a row a status made before, by `external_key`; the greater status stays.
    pub messages: Vec<MessageRow>,
    /// Escalations, new or changed.
    pub escalations: Vec<EscalationRow>,
    /// Messages that nothing understood; the store keeps the newest 10 000.
    pub unmatched: Vec<UnmatchedRow>,
    /// Tag rules that held.
    pub hits: Vec<RuleHit>,
    /// Versions, new or changed. At most one of a flow may be live afterwards: making one live makes the others old.
    pub versions: Vec<VersionRow>,
    /// Someone whose data are to be erased: salt, name, phone, addresses, event bodies, messages' texts, journal data, effects,
    /// states, tags, fields; the structure stays and the chain remains valid.
    pub erase: Option<ContactId>,
    /// The same for events that are nobody's, with what they started: bodies, messages' texts, journal data, effects, waits,
    /// states, reasons of escalations.
    pub forget: Vec<Family>,
    /// Unreadable items whose bytes are to be deleted.
    pub forget_items: Vec<BadItemId>,
    /// What is stopped and released.
    pub stops: Vec<StopOp>,
    /// Publications that begin and are over.
    pub publications: Vec<PublicationOp>,
    /// First hours of triggers that began or went on: see [`HourRow`].
    pub hours: Vec<HourRow>,
    /// Letters to other mailboxes: stored here, posted after the commit, and consumed by the work that handles each.
    pub letters: Vec<InputRow>,
    /// Drafts, publications, labels, reviews.
    pub edits: Vec<EditOp>,
    /// Answers that callers of webhooks wait for: given after the commit, stored nowhere but in the journal.
    pub replies: Vec<Reply>,
    /// Conversations in which something was said or got further: whoever watches is told after the commit, stored nowhere.
    pub touched: Vec<ConversationId>,
    /// Whether the flows' sends of this mailbox are held no more: their lines are told after the commit, stored nowhere.
    pub released: bool,
    /// Escalations that will be missed unless somebody takes them soon: told after the commit, stored nowhere but in the journal.
    pub predicted: Vec<EscalationId>,
    /// Pages of segments to go over now, each with the mailbox of its sweep: read after the commit, stored nowhere.
    pub pages: Vec<(MailboxId, Sweep)>,
}

/// What a turn does to effects.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectOp {
    /// A new one, state planned.
    Plan(Box<EffectRow>),
    /// Not wanted any more: deleted if planned, in doubt or parked. In flight it stays, until its outcome is known.
    Withdraw(EffectId),
    /// Its outcome was taken: deleted.
    Finish(EffectId),
    /// Any state -> parked: a person must decide until `deadline`.
    Park {
        /// Which.
        id: EffectId,
        /// Why, a stable code: `tries_used_up`, `refused`, `may_have_happened`.
        why: String,
        /// When the person's time is over.
        deadline: At,
        /// All attempts so far, encoded.
        attempts: Vec<u8>,
    },
}

/// What the owner of a connection does to effects. Every one applies only from the state named.
#[derive(Clone, Debug, PartialEq)]
pub enum DispatchOp {
    /// Planned -> in flight, if its window (when it needs one) is open at `at`, and, if it yields, no person talks with the
    /// contact then.
    Start {
        /// Which.
        id: EffectId,
        /// Now.
        at: At,
    },
    /// In flight or in doubt -> planned again, after a failed attempt or because the connection is down.
    Again {
        /// Which.
        id: EffectId,
        /// Failed attempts so far.
        attempt: u16,
        /// Not before.
        not_before: At,
        /// All attempts so far, encoded.
        attempts: Vec<u8>,
    },
    /// In flight -> in doubt until `until`.
    Doubt {
        /// Which.
        id: EffectId,
        /// Until when proof is awaited.
        until: At,
        /// All attempts so far, encoded.
        attempts: Vec<u8>,
    },
}

/// What a turn does to waits.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitOp {
    /// A new one, armed. For kinds with a key, an armed one with the same key is replaced.
    Arm(Box<WaitRow>),
    /// Armed -> `to`; one that is not armed any more stays as it is.
    Close {
        /// Which.
        id: WaitId,
        /// What became of it.
        to: WaitState,
    },
}

/// What a turn does to tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagOp {
    /// Adds one source of a tag; the same source twice is once.
    Add(TagRow),
    /// Removes one source of a tag.
    Remove(TagRow),
}
