//! The door to the database, as a trait. A driver keeps rows; it knows nothing of flows.
//!
//! Used as a generic, never `dyn`. Every writing method joins with whatever else waits at that moment into one transaction
//! (group commit), and answers after that transaction is on disk. Each group is one block of the audit chain (see
//! [`crate::audit`]).

mod contacts;
mod editing;
mod figures;
mod hits;
mod log;
mod mentions;
mod pages;
mod read;
mod retags;
mod retention;
mod rows;
mod talks;
mod work;

use std::future::Future;
use std::time::Duration;

use crate::account::StaffRows;
use crate::audit::Anchor;
use crate::clock::At;
use crate::erasure::{Names, Traces};
use crate::event::EventKey;
use crate::first_hour::HourRow;
use crate::ids::{
    ContactId, ConversationId, EffectId, EscalationId, EventId, InputId, JournalId, MailboxId, RunId, VersionId, WaitId,
};
use crate::publication::Publication;
use crate::stops::Stop;

pub use contacts::*;
pub use editing::*;
pub use figures::*;
pub use hits::*;
pub use log::*;
pub use mentions::*;
pub use pages::*;
pub use read::*;
pub use retags::*;
pub use retention::*;
pub use rows::*;
pub use talks::*;
pub use work::*;

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The disk is full, or nearly. Nothing was written.
    #[error("the disk is full: free space in the data folder, then retry")]
    Full,
    /// The writer is behind; only [`Store::receive`] from a [`Sender::Retried`](crate::connector::Sender) says so. Nothing was written.
    #[error("the writer is behind; retry after {retry_after:?}")]
    Busy {
        /// When to come again.
        retry_after: Duration,
    },
    /// Whether the transaction is on disk is not known: the process must stop and start anew.
    #[error("the outcome of a commit is unknown: {0}")]
    InDoubt(String),
    /// Another process writes this database: nothing was written. A process that wrote it before must stop.
    #[error("another process writes this database: {0}")]
    Taken(String),
    /// The request itself cannot be stored: a constraint, a value that does not fit. Nothing was written; repeating is no use.
    #[error("the database refuses this: {0}")]
    Refused(String),
    /// The database has trouble: busy, an I/O error, no free reader. Nothing was written; repeating may help.
    #[error("database: {0}")]
    Broken(String),
}

/// The database behind the engine.
pub trait Store: Clone + Send + Sync + 'static {
    /// Stores what came in through a door, creating contacts and conversations that are new. A 2xx may go out after this.
    /// Receipts are in the order of `arrivals`.
    fn receive(&self, arrivals: Vec<Arrival>) -> impl Future<Output = Result<Vec<Receipt>, Error>> + Send;

    /// Stores all that the handled inputs of one mailbox changed. Atomic.
    fn commit(&self, work: Work) -> impl Future<Output = Result<(), Error>> + Send;

    /// Moves effects between their states. Answers those that really moved: an effect that a turn withdrew meanwhile, or whose
    /// window closed, does not, and nothing may be called for it.
    fn dispatch(&self, ops: Vec<DispatchOp>) -> impl Future<Output = Result<Vec<EffectId>, Error>> + Send;

    /// Appends an anchor to strand 0: a block over the heads of the strands that moved since the last one, sealed with
    /// `key`, which is kept outside the database. `None` when none moved.
    fn anchor(&self, at: At, key: [u8; 32]) -> impl Future<Output = Result<Option<Anchor>, Error>> + Send;

    /// Stored inputs after `after`, oldest first; read at start.
    fn inputs(&self, after: InputId, limit: u32) -> impl Future<Output = Result<Vec<InputRow>, Error>> + Send;

    /// Everything a mailbox's turns need.
    fn mailbox(&self, id: MailboxId) -> impl Future<Output = Result<MailboxRows, Error>> + Send;

    /// One event.
    fn event(&self, id: EventId) -> impl Future<Output = Result<Option<EventRow>, Error>> + Send;

    /// The event that has this key.
    fn event_by_key(&self, key: EventKey) -> impl Future<Output = Result<Option<EventRow>, Error>> + Send;

    /// Armed waits due at or before `until`, after `after`, in order of (due, id).
    fn due(
        &self,
        after: (At, WaitId),
        until: At,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DueRow>, Error>> + Send;

    /// Effects in `state`, after `after`, oldest first.
    fn effects(
        &self,
        state: EffectState,
        after: EffectId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<EffectRow>, Error>> + Send;

    /// One effect, unless it is settled and gone.
    fn effect(&self, id: EffectId) -> impl Future<Output = Result<Option<EffectRow>, Error>> + Send;

    /// Which of these effect keys came back in a status: proof that the call happened.
    fn evidence(&self, keys: Vec<String>) -> impl Future<Output = Result<Vec<Evidence>, Error>> + Send;

    /// Versions: the live one of every flow, and every one that an unfinished run is on.
    fn versions(&self) -> impl Future<Output = Result<Vec<VersionRow>, Error>> + Send;

    /// One version.
    fn version(&self, id: VersionId) -> impl Future<Output = Result<Option<VersionRow>, Error>> + Send;

    /// Everything whose sending is stopped.
    fn stops(&self) -> impl Future<Output = Result<Vec<Stop>, Error>> + Send;

    /// Publications that runs are still told of.
    fn publications(&self) -> impl Future<Output = Result<Vec<Publication>, Error>> + Send;

    /// The first hours of triggers.
    fn hours(&self) -> impl Future<Output = Result<Vec<HourRow>, Error>> + Send;

    /// Teams, agents' settings, and everybody's name: whom the desk may ask.
    fn staff(&self) -> impl Future<Output = Result<StaffRows, Error>> + Send;

    /// The greatest id stored anywhere, so that new ones are greater.
    fn last_id(&self) -> impl Future<Output = Result<i64, Error>> + Send;

    /// One run, finished or not.
    fn run(&self, id: RunId) -> impl Future<Output = Result<Option<RunRow>, Error>> + Send;
}

/// Reading for people: pages by key, newest first unless said otherwise. No read transaction lasts over 250 ms.
pub trait Reads: Store {
    /// Runs, newest first.
    fn runs(&self, filter: RunFilter) -> impl Future<Output = Result<Vec<RunRow>, Error>> + Send;

    /// The journal of one subject (a run, an event, a changed thing), oldest first.
    fn journal(&self, subject: i64) -> impl Future<Output = Result<Vec<JournalRow>, Error>> + Send;

    /// Effects of one run that are not settled, oldest first.
    fn effects_of(&self, run: RunId) -> impl Future<Output = Result<Vec<EffectRow>, Error>> + Send;

    /// Received items that could not be read, newest first.
    fn bad_items(&self, limit: u32) -> impl Future<Output = Result<Vec<BadItemRow>, Error>> + Send;

    /// Escalations, newest first.
    fn escalations(&self, filter: EscalationFilter) -> impl Future<Output = Result<Vec<EscalationRow>, Error>> + Send;

    /// One conversation.
    fn conversation(&self, id: ConversationId) -> impl Future<Output = Result<Option<ConversationRow>, Error>> + Send;

    /// The last message of the customer in each of these conversations, in any order; none where nothing was received.
    fn last_inbound(
        &self,
        conversations: Vec<ConversationId>,
    ) -> impl Future<Output = Result<Vec<MessageRow>, Error>> + Send;

    /// These contacts with their tags, in any order; those that are erased or unknown are left out.
    fn contacts(&self, ids: Vec<ContactId>) -> impl Future<Output = Result<Vec<ListedContact>, Error>> + Send;

    /// What the desk is not done with and who is there: its escalations and armed waits as of one moment, and nothing else of its
    /// mailbox.
    fn desk(&self) -> impl Future<Output = Result<MailboxRows, Error>> + Send;

    /// What became of the escalations that were received since.
    fn desk_day(&self, since: At) -> impl Future<Output = Result<DeskDay, Error>> + Send;

    /// One escalation.
    fn escalation(&self, id: EscalationId) -> impl Future<Output = Result<Option<EscalationRow>, Error>> + Send;

    /// The contact with this id, phone (E.164) or conversation address.
    fn find_contact(&self, who: &str) -> impl Future<Output = Result<Option<ContactRow>, Error>> + Send;

    /// Everybody who is one person with `contact`: itself, and those that became a part of it or that it became a part of. The one
    /// that stays comes first.
    fn same_person(&self, contact: ContactId) -> impl Future<Output = Result<Vec<ContactId>, Error>> + Send;

    /// Everything stored about one person.
    fn person(&self, contact: ContactId) -> impl Future<Output = Result<PersonRows, Error>> + Send;

    /// Message rows that went out under an effect key of this run.
    fn messages_of(&self, run: RunId) -> impl Future<Output = Result<Vec<MessageRow>, Error>> + Send;

    /// The version of each flow that is live or switched off, else its newest draft, by flow. Removed flows are left out.
    fn flows(&self) -> impl Future<Output = Result<Vec<VersionRow>, Error>> + Send;

    /// All texts of one flow, newest first.
    fn versions_of(&self, flow: &str) -> impl Future<Output = Result<Vec<VersionRow>, Error>> + Send;

    /// Blocks of the audit chain after (strand, n), in that order.
    fn blocks(&self, after: (i64, i64), limit: u32) -> impl Future<Output = Result<Vec<BlockRow>, Error>> + Send;

    /// Journal rows of one block, in the order of its leaves, each as of the same moment as the salt that goes with it.
    fn block_rows(&self, strand: i64, n: i64) -> impl Future<Output = Result<Vec<SaltedRow>, Error>> + Send;

    /// How many journal rows are stored, without those in blocks after these heads, each the (strand, n) of the last block
    /// that counts. All rows of a strand that is not named count, and so do rows that are in no block.
    fn journal_count(&self, heads: Vec<(i64, i64)>) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Rows of the journal that record removals, oldest first, in order of id after `after`.
    fn removals(&self, after: JournalId, limit: u32) -> impl Future<Output = Result<Vec<JournalRow>, Error>> + Send;

    /// Contacts with a conversation in which something was said at or after `since`, in order of id after `after`.
    fn active_contacts(
        &self,
        since: At,
        after: ContactId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ContactId>, Error>> + Send;

    /// Contacts that are not erased, in order of id after `after`; with `tag` only those that have it. At most 500 at a time.
    /// A page that is shorter than `limit` is the last one.
    fn members(
        &self,
        tag: Option<String>,
        after: ContactId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Member>, Error>> + Send;

    /// What tells of the person with these names although it is nobody's. Reads every such row: as slow as there are many.
    fn traces(&self, names: Names) -> impl Future<Output = Result<Traces, Error>> + Send;

    /// Messages that nothing understood, in groups of the same normalised text, the most frequent first.
    fn unmatched(&self, limit: u32) -> impl Future<Output = Result<Vec<UnmatchedGroup>, Error>> + Send;

    /// How often tag rules held on each UTC day from `day` on, which counts from 1970.
    fn rule_hits(&self, day: i64) -> impl Future<Output = Result<Vec<RuleHits>, Error>> + Send;

    /// Events of contacts after `range.0` up to `range.1`, oldest first, at most 5 000 at a time; with `facts` also what is known
    /// of each contact at that time.
    fn history(
        &self,
        range: (EventId, EventId),
        facts: bool,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<HistoryRow>, Error>> + Send;

    /// The first and the last event stored.
    fn event_range(&self) -> impl Future<Output = Result<Option<(EventId, EventId)>, Error>> + Send;

    /// Mailboxes with runs of `flow` that are not over, in order after `after`.
    fn mailboxes_of(
        &self,
        flow: &str,
        after: MailboxId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<MailboxId>, Error>> + Send;

    /// Where runs of `flow` wait, in mailboxes after `range.0` up to `range.1`: counted by version and place.
    fn waiting(
        &self,
        flow: &str,
        range: (MailboxId, MailboxId),
    ) -> impl Future<Output = Result<WaitingRows, Error>> + Send;

    /// Held starts whose key begins with `prefix`, in order of their keys after `after`: see [`HELD_KEY`].
    fn held(&self, prefix: &str, after: &str, limit: u32) -> impl Future<Output = Result<Vec<WaitRow>, Error>> + Send;

    /// How many rows the tables hold and how large the database is.
    fn figures(&self) -> impl Future<Output = Result<Figures, Error>> + Send;
}
