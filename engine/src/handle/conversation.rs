//! Whose a conversation is, as its contact's mailbox knows it.

use serde_json::json;

use super::Handling;
use crate::clock::At;
use crate::ids::{ConversationId, UserId};
use crate::run::{Entry, What};
use crate::store::JournalKind;

impl Handling<'_> {
    /// `agent` has it since `at`.
    pub(super) fn taken(&mut self, conversation: ConversationId, agent: UserId, at: At) {
        let what = What::Changed { what: "conversation.taken".into(), id: conversation.to_string().into() };
        let entry = Entry { what, data: json!({ "agent": agent, "at": at.to_string() }) };
        self.journal(conversation.0, None, JournalKind::Change, &[entry]);
    }

    /// Whoever took it kept silent: it is nobody's.
    pub(super) fn taken_back(&mut self, conversation: ConversationId) {
        let what = What::Changed { what: "conversation.taken_back".into(), id: conversation.to_string().into() };
        self.journal(conversation.0, None, JournalKind::Change, &[Entry::bare(what)]);
    }
}
