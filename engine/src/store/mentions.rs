//! Notes that name somebody, as that one finds them again.

use crate::ids::{ContactId, ConversationId, MessageId, UserId};

/// A place in the list: whether those from here on were looked at, and the note behind which it goes on.
pub type MentionPlace = (bool, MessageId);

/// A note that names somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The note.
    pub note: MessageId,
    /// Where it stands.
    pub conversation: ConversationId,
    /// Who has that conversation.
    pub assignee: Option<UserId>,
    /// The team it was handed to.
    pub team: Option<String>,
    /// The customer there.
    pub contact: ContactId,
    /// Their name; may be empty.
    pub name: String,
    /// Their number.
    pub phone: Option<String>,
    /// Who wrote the note, if a person did.
    pub by: Option<UserId>,
    /// The note.
    pub text: String,
    /// Whether whoever is named has looked at it.
    pub seen: bool,
}

impl Mention {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> MentionPlace {
        (self.seen, self.note)
    }
}
