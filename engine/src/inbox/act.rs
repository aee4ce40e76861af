//! What a person does in a conversation, as the order says it to the mailbox and as it is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::capability::file::FileKind;
use crate::contact::Priority;
use crate::ids::{MessageId, RunId, UserId};

/// What a person does with a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Says something to the customer.
    Say(Box<Say>),
    /// Writes a note that only people here see.
    Note {
        /// What.
        text: String,
        /// Who is to see it.
        mentions: Vec<UserId>,
    },
    /// Gives it to somebody, to a team, or to nobody.
    Assign {
        /// To whom.
        agent: Option<UserId>,
        /// To which team.
        team: Option<String>,
    },
    /// Closes it.
    Close {
        /// What the customer is asked, if anything.
        ask: Option<Question>,
    },
    /// Opens it again, for whoever does so.
    Reopen,
    /// Has read what the customer wrote.
    Read,
    /// Has looked at the notes that name them.
    SeeMentions,
    /// Holds the flows' sends until it is closed or handed back.
    Pause,
    /// Gives it back to the flows: what was held goes out.
    HandBack {
        /// Whether runs end instead of going on.
        end: bool,
        /// Which one ends; `None` = every run of this conversation.
        run: Option<RunId>,
    },
    /// Makes a ticket about it. A note says what became of that.
    Ticket {
        /// The CRM.
        connection: String,
        /// In one line.
        subject: String,
        /// What it is about; may be empty.
        text: String,
    },
    /// Says how urgent the contact is.
    Prioritise {
        /// How urgent.
        priority: Priority,
    },
    /// Notes how the contact's last order stands.
    OrderStatus {
        /// Its code; empty = none.
        status: String,
    },
}

/// A message to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Say {
    /// The client's key: the same one again is the same message.
    pub key: String,
    /// What.
    pub words: Words,
    /// Which message it answers, with the provider's id of that.
    #[serde(default)]
    pub quote: Option<(MessageId, String)>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    /// Free text, inside the 24-hour window.
    Text(String),
    /// An approved template.
    Template {
        /// Its name.
        name: String,
        /// Its language; `None` = the contact's, else the connection's.
        language: Option<String>,
        /// Values of its variables.
        params: BTreeMap<String, String>,
    },
    /// A file that the provider has, inside the window.
    File {
        /// The provider's id of it.
        media: String,
        /// What the customer gets it as.
        kind: FileKind,
        /// Its name.
        name: String,
        /// In bytes.
        size: u64,
        /// The words under it.
        caption: Option<String>,
    },
    /// A question with choices, inside the window: asked when a conversation was closed.
    Choices {
        /// The question.
        text: String,
        /// What may be chosen.
        choices: Vec<String>,
    },
}

/// What a customer is asked once a conversation is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The question.
    pub text: String,
    /// The answers, the best one last: 2 to 5.
    pub choices: Vec<String>,
    /// What is said to who answers; empty = nothing.
    pub thanks: String,
}
