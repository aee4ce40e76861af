//! Demands for a human.

use crate::clock::At;
use crate::desk::{AskKind, Stage};
use crate::ids::{ContactId, ConversationId, EscalationId, MailboxId, RunId, UserId};

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
