//! What contacts' mailboxes and the desk tell each other. The desk alone decides who is offered what and who holds it.
//!
//! A letter is stored until it is handled, so its fields are only ever added to. What tells of a person (a reason, a name) is in
//! [`Ask`] and [`Missed`] alone; such a letter lives from one commit to the next.

use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::ids::{ContactId, ConversationId, EscalationId, MailboxId, RunId, UserId, WaitId};

/// To the desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "desk", rename_all = "snake_case")]
pub enum ToDesk {
    /// A flow, a rule or a person asks for a human.
    Ask(Box<Ask>),
    /// Who holds a conversation changed at the conversation (assigned by hand, closed): the desk counts load by it.
    Held {
        /// The conversation.
        conversation: ConversationId,
        /// With whom.
        contact: ContactId,
        /// Who holds it now; `None` = nobody.
        agent: Option<UserId>,
        /// The team it is with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<String>,
        /// Whether it is closed: what is still asked for there is asked for no more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        closed: bool,
    },
    /// A human answered the customer (inbox, or the WhatsApp app's echo).
    Answered {
        /// The conversation.
        conversation: ConversationId,
        /// Who; `None` when it is not known.
        agent: Option<UserId>,
        /// When.
        at: At,
    },
    /// A person was erased, or what nobody's runs told of one: nothing of that stays.
    Forget {
        /// Who, if it was a contact.
        contact: Option<ContactId>,
        /// The runs that told of the person.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        runs: Vec<RunId>,
    },
}

/// What is asked of a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum AskKind {
    /// Somebody must answer the customer within seconds.
    #[default]
    Escalation = 0,
    /// Somebody must take care of the contact from now on, within minutes.
    Lead = 1,
}

/// A demand for a human.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Its id, made by whoever asks.
    pub escalation: EscalationId,
    /// What is asked.
    #[serde(default)]
    pub kind: AskKind,
    /// The mailbox that asks and is answered.
    pub from: MailboxId,
    /// For whom.
    pub contact: Option<ContactId>,
    /// Where.
    pub conversation: Option<ConversationId>,
    /// The customer's name and number, as far as known.
    #[serde(default)]
    pub customer: String,
    /// Who should take it.
    pub team: String,
    /// Why.
    pub reason: String,
    /// What whoever takes it must be able to do; all of it.
    #[serde(default)]
    pub skills: Vec<String>,
    /// The language to be spoken, BCP 47; empty = any.
    #[serde(default)]
    pub language: String,
    /// When we received what caused it (a message, a timer): the promise counts from here.
    pub received_at: At,
    /// When it happened, as the provider says.
    #[serde(default)]
    pub provider_at: Option<At>,
    /// Within which time after `received_at` somebody must have taken it, in milliseconds; `None` = as the team says.
    #[serde(default)]
    pub accept_within_ms: Option<u64>,
    /// How deep its cause lies.
    #[serde(default)]
    pub depth: u8,
    /// The run that asked; [`RunId::NONE`] when a rule or a person did.
    #[serde(default)]
    pub run: RunId,
    /// The wait of that run for a human, if it waits.
    #[serde(default)]
    pub wait: Option<WaitId>,
    /// The last agent of this contact.
    #[serde(default)]
    pub prefer: Option<UserId>,
}

/// From the desk, to the mailbox that asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum FromDesk {
    /// Somebody took it: the conversation is theirs; flows' sends to this contact pause; a run that waits goes on.
    Taken(Box<Taken>),
    /// Nobody took it in time (the fallback was told), or nobody is on shift.
    Missed(Box<Missed>),
    /// Offered again because whoever took it kept silent: it is nobody's for now.
    TakenBack {
        /// Which.
        escalation: EscalationId,
        /// The conversation it is about.
        conversation: Option<ConversationId>,
    },
    /// It is over: the conversation was closed, or it waited too long. Nothing is open of it any more.
    Over {
        /// Which.
        escalation: EscalationId,
    },
}

/// Somebody took it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// Which.
    pub escalation: EscalationId,
    /// What was asked.
    #[serde(default)]
    pub kind: AskKind,
    /// The conversation it is about.
    pub conversation: Option<ConversationId>,
    /// Whose it is now; `None` when a machine took it in the name of somebody who is no user.
    pub agent: Option<UserId>,
    /// That one's name.
    pub name: String,
    /// The team that was asked.
    pub team: String,
    /// Why it was.
    pub reason: String,
    /// Until when somebody must have taken it.
    pub deadline: At,
    /// When it was taken.
    pub at: At,
    /// Milliseconds from our receipt of what caused it.
    pub after_ms: u64,
    /// How deep its cause lies.
    #[serde(default)]
    pub depth: u8,
    /// The run that waits for it.
    #[serde(default)]
    pub run: Option<(RunId, WaitId)>,
}

/// Why nobody took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedWhy {
    /// Its time passed.
    NobodyTook,
    /// The team does not work now.
    NobodyOnShift,
}

/// Nobody took it, so far: it stays on the board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// Which.
    pub escalation: EscalationId,
    /// Why.
    pub why: MissedWhy,
    /// The conversation it is about.
    pub conversation: Option<ConversationId>,
    /// The team that was asked.
    pub team: String,
    /// Why it was.
    pub reason: String,
    /// Until when somebody must have taken it.
    pub deadline: At,
    /// What the customer is told, if anything.
    #[serde(default)]
    pub tell: Option<String>,
    /// Whether that asks for number and time of a call-back.
    #[serde(default)]
    pub call_back: bool,
    /// How deep its cause lies.
    #[serde(default)]
    pub depth: u8,
    /// The run that waits for it.
    #[serde(default)]
    pub run: Option<(RunId, WaitId)>,
}

impl ToDesk {
    /// The id that an input with this letter refers to.
    #[must_use]
    pub fn about(&self) -> i64 {
        match self {
            Self::Ask(ask) => ask.escalation.0,
            Self::Held { conversation, .. } | Self::Answered { conversation, .. } => conversation.0,
            Self::Forget { contact, .. } => contact.map_or(0, |contact| contact.0),
        }
    }
}

impl FromDesk {
    /// The id that an input with this letter refers to.
    #[must_use]
    pub fn about(&self) -> i64 {
        match self {
            Self::Taken(taken) => taken.escalation.0,
            Self::Missed(missed) => missed.escalation.0,
            Self::TakenBack { escalation, .. } | Self::Over { escalation } => escalation.0,
        }
    }
}
