//! What people here said, to a customer or among themselves, and what customers answered to the question how it was: the rows.

use serde::{Deserialize, Serialize};

use super::Words;
use crate::clock::At;
use crate::ids::{ConversationId, EventId, MessageId, RunId, UserId};

/// Something that was said in a conversation by people here: to the customer, or among themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidRow {
    /// Its id; of what goes to the customer, the call's number is minus this.
    pub id: MessageId,
    /// Where.
    pub conversation_id: ConversationId,
    /// What it is.
    pub kind: SaidKind,
    /// Who said it; `None` = the engine, or a machine.
    pub by: Option<UserId>,
    /// When.
    pub at: At,
    /// The client's key, unique in the conversation.
    pub key: Option<String>,
    /// The words as people see them; `None` once erased.
    pub text: Option<String>,
    /// The rest: [`Said`] as JSON; `None` once erased.
    pub body: Option<String>,
    /// How far it got.
    pub state: SaidState,
    /// Code and words of a refusal.
    pub error: Option<String>,
}

impl SaidRow {
    /// The key of the call that sends it: that of no run, and minus its id.
    #[must_use]
    pub fn effect_key(id: MessageId) -> String {
        format!("{}/{}", RunId::NONE, -id.0)
    }

    /// Which message the call with this key sends, if it is one of people here.
    #[must_use]
    pub fn of_effect_key(key: &str) -> Option<MessageId> {
        let n: i64 = key.strip_prefix(&RunId::NONE.to_string())?.strip_prefix("/-")?.parse().ok()?;
        Some(MessageId(n))
    }
}

/// What it is. The number is what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SaidKind {
    /// A note among people here.
    Note = 0,
    /// Free text.
    Text = 1,
    /// A template.
    Template = 2,
    /// A question with choices.
    Choices = 3,
    /// A file.
    File = 4,
}

/// How far something said got. The number is what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SaidState {
    /// It is being sent.
    Sending = 0,
    /// The provider took it: what became of it stands in its message's row. A note is there at once.
    Sent = 1,
    /// It did not go out.
    Failed = 2,
}

/// What is kept of something said besides its columns. Fields are only ever added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What it was made of, so that it can be sent again.
    #[serde(default)]
    pub words: Option<Words>,
    /// What it answers, with the provider's id of that.
    #[serde(default)]
    pub quote: Option<(MessageId, String)>,
    /// Who is to see it.
    #[serde(default)]
    pub mentions: Vec<UserId>,
}

/// What a turn does to what people said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaidOp {
    /// Something was said.
    Put(Box<SaidRow>),
    /// How far it got.
    Move {
        /// Which.
        id: MessageId,
        /// How far.
        state: SaidState,
        /// Code and words of a refusal.
        error: Option<String>,
    },
    /// Somebody has looked at the notes of a conversation that name them.
    Seen {
        /// Which conversation.
        conversation: ConversationId,
        /// Who.
        agent: UserId,
    },
}

/// What a customer answered to the question about a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingRow {
    /// The event that brought the answer.
    pub id: EventId,
    /// About which conversation.
    pub conversation_id: ConversationId,
    /// When.
    pub at: At,
    /// Who had it last.
    pub agent: Option<UserId>,
    /// The team it was with.
    pub team: Option<String>,
    /// Which answer, from 1.
    pub stars: i64,
    /// Of how many: the last one is the best.
    pub of: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_message_names_it() {
        let key = SaidRow::effect_key(MessageId(77));
        assert_eq!(SaidRow::of_effect_key(&key), Some(MessageId(77)));
        assert_eq!(SaidRow::of_effect_key(&format!("{}/3", RunId(5))), None);
    }
}
