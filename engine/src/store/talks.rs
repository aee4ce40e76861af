//! Reading the inbox: conversations by box, and what was said in one.

use std::future::Future;

use super::{ContactRow, ConversationRow, Error, EventRow, MessageRow, Reads, RunStatus, TagRow};
use super::{Mention, MentionPlace};
use crate::clock::At;
use crate::ids::{ContactId, ConversationId, EscalationId, EventId, MailboxId, MessageId, RunId, UserId};
use crate::inbox::{Place, RatingRow, SaidRow};

/// Where a page of conversations begins: the last one of the page before.
pub type TalkKey = (At, ConversationId);

/// How candidates are found; each way is an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TalkWay {
    /// In this box, something was said at or after the first time and before the second.
    Place(Place, At, At),
    /// Somebody's.
    Assignee(UserId),
    /// Handed to a team, whether somebody of it has it or nobody.
    Team(String),
}

/// Who looks, when not everything may be seen: own conversations, nobody's, and those of own teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Who.
    pub user: UserId,
    /// The teams.
    pub teams: Vec<String>,
}

impl Sight {
    /// Whether this one may be seen.
    #[must_use]
    pub fn sees(&self, assignee: Option<UserId>, team: Option<&str>) -> bool {
        let own = assignee == Some(self.user) || (assignee.is_none() && team.is_none());
        own || team.is_some_and(|team| self.teams.iter().any(|known| known == team))
    }
}

/// Which conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TalkQuery {
    /// Found by any of these.
    pub ways: Vec<TalkWay>,
    /// Only what this one may see.
    pub sight: Option<Sight>,
    /// Whose contact's name or number holds this: normalised, not empty.
    pub text: Option<String>,
    /// Whose contact has this tag.
    pub tag: Option<String>,
    /// Silent for longer than this one.
    pub before: Option<TalkKey>,
    /// At most so many; 1 to 500.
    pub limit: u32,
}

/// A conversation as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedTalk {
    /// The conversation.
    pub conversation: ConversationRow,
    /// With whom.
    pub contact: ContactRow,
    /// The contact's tags, each source of each.
    pub tags: Vec<TagRow>,
    /// The newest message of it, in or out, but those that people here sent.
    pub last_message: Option<HeardMessage>,
    /// The newest message that people here sent, with how far it got.
    pub last_said: Option<HeardSaid>,
    /// An escalation of the contact that nobody has taken.
    pub escalation: Option<EscalationId>,
    /// Its runs that are not over, oldest first.
    pub runs: Vec<TalkRun>,
}

/// A run in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TalkRun {
    /// Which.
    pub id: RunId,
    /// Of which flow.
    pub flow: String,
    /// Where it stands.
    pub status: RunStatus,
}

/// A message with the event that brought it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardMessage {
    /// The message.
    pub message: MessageRow,
    /// What the provider told of it; `None` for what we sent.
    pub event: Option<EventRow>,
    /// The flow whose run sent it.
    pub flow: Option<String>,
}

/// What people here said, with what the provider told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardSaid {
    /// What was said.
    pub said: SaidRow,
    /// Its message's row, once the provider took it or told something of it.
    pub message: Option<MessageRow>,
}

/// A conversation that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTalk {
    /// Which.
    pub conversation: ConversationId,
    /// With whom.
    pub contact: ContactId,
    /// Who holds it.
    pub agent: UserId,
    /// The team it was handed to.
    pub team: Option<String>,
}

/// How many conversations there are in a box; counting ends at [`MOST_COUNTED`].
pub const MOST_COUNTED: u32 = 1_000;

/// Reading the inbox.
pub trait Talks: Reads {
    /// Conversations, the one in which something was said last first. Those of erased people are left out.
    fn talk_page(
        &self,
        query: TalkQuery,
    ) -> impl Future<Output = Result<(Vec<ListedTalk>, Option<TalkKey>), Error>> + Send;

    /// How many are found by each way, up to [`MOST_COUNTED`], as far as `sight` sees them.
    fn talk_count(&self, ways: Vec<TalkWay>, sight: Option<Sight>) -> impl Future<Output = Result<u32, Error>> + Send;

    /// One conversation; `None` also when its person was erased.
    fn talk(&self, id: ConversationId) -> impl Future<Output = Result<Option<ListedTalk>, Error>> + Send;

    /// Messages of one conversation but those that people here sent, newest first, before `before`.
    fn heard_in(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<HeardMessage>, Error>> + Send;

    /// What people here said in one conversation, notes too, newest first, before `before`.
    fn said_in(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<HeardSaid>, Error>> + Send;

    /// The reactions, edits and deletions that came to a mailbox at or after `since`, oldest first, at most 500.
    fn changes_since(
        &self,
        mailbox: MailboxId,
        since: EventId,
    ) -> impl Future<Output = Result<Vec<EventRow>, Error>> + Send;

    /// Messages by [`MessageRow::external_key`].
    fn messages_by_key(&self, keys: Vec<[u8; 16]>) -> impl Future<Output = Result<Vec<MessageRow>, Error>> + Send;

    /// One message, with the event that brought it.
    fn heard(&self, id: MessageId) -> impl Future<Output = Result<Option<HeardMessage>, Error>> + Send;

    /// One thing that people here said.
    fn said(&self, id: MessageId) -> impl Future<Output = Result<Option<HeardSaid>, Error>> + Send;

    /// Notes that name `agent`: those that were not looked at first, newest first, behind `after`. What was erased is left out.
    fn mentions(
        &self,
        agent: UserId,
        after: Option<MentionPlace>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Mention>, Error>> + Send;

    /// How many of them were not looked at, in `conversation` or anywhere, up to [`MOST_COUNTED`].
    fn unseen_mentions(
        &self,
        agent: UserId,
        conversation: Option<ConversationId>,
    ) -> impl Future<Output = Result<u32, Error>> + Send;

    /// What customers answered about conversations at or after `from` and before `until`, oldest first, at most 10 000.
    fn ratings(&self, from: At, until: At) -> impl Future<Output = Result<Vec<RatingRow>, Error>> + Send;

    /// Every conversation that somebody holds, at most 10 000.
    fn held_talks(&self) -> impl Future<Output = Result<Vec<HeldTalk>, Error>> + Send;

    /// What was said in a conversation with this key.
    fn said_by_key(
        &self,
        conversation: ConversationId,
        key: &str,
    ) -> impl Future<Output = Result<Option<HeardSaid>, Error>> + Send;
}
