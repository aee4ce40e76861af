//! The shared inbox: what a conversation is among the people who work here, and what they do in it.
//!
//! All of it changes in turns of the contact's mailbox: an agent's message, a note, who holds the conversation. While a person
//! talks with a contact, the flows' sends to that contact are held (`DECISIONS/0024`).

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::file::FileKind;
use crate::clock::At;
use crate::contact::{Priority, SESSION_IDLE};
use crate::ids::{ConversationId, EventId, MessageId, RunId, UserId};

/// How long after a person's last message the flows' sends stay held.
pub const PAUSE: Duration = Duration::from_secs(30 * 60);
/// Longest note, in characters.
pub const MAX_NOTE_CHARS: usize = 4096;

/// In which box a conversation is. The number is what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Place {
    /// Closed, or nothing was said yet.
    #[default]
    Closed = 0,
    /// Open, nobody's, and the customer's last message was answered: the flows have it.
    Quiet = 1,
    /// Open, nobody's, and a human is wanted: a team was asked, or the customer's last message has no answer.
    Waits = 2,
    /// Somebody has it.
    Held = 3,
}

impl Place {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Closed, Self::Quiet, Self::Waits, Self::Held];
}

/// A conversation as the inbox sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// In which box.
    pub place: Place,
    /// Who has it.
    pub assignee: Option<UserId>,
    /// The team it was handed to.
    pub team: Option<String>,
    /// Who had it last.
    pub last_agent: Option<UserId>,
    /// Customer's messages that nobody answered or read.
    pub unread: i64,
    /// When something was last said; `None` before the first message.
    pub active_at: Option<At>,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<At>,
    /// Until when the flows' sends are held; [`At::NEVER`] = until a person says otherwise; `None` = they are not.
    pub paused_until: Option<At>,
}

impl Inbox {
    /// The customer wrote. What was closed is open again.
    pub fn customer_wrote(&mut self, at: At) {
        self.unread += 1;
        self.active_at = Some(at);
        self.closed_at = None;
        if self.assignee.is_none() {
            self.place = Place::Waits;
        }
    }

    /// One of us wrote, whether a flow or a person.
    pub fn answered(&mut self, at: At) {
        self.active_at = Some(at);
        self.read();
    }

    /// Somebody saw what the customer wrote, or answered it.
    pub fn read(&mut self) {
        self.unread = 0;
        if self.place == Place::Waits && self.team.is_none() {
            self.place = Place::Quiet;
        }
    }

    /// A person wrote: the flows' sends are held, and who wrote here has the conversation if nobody had it. `None` = somebody
    /// with the phone app.
    pub fn human_wrote(&mut self, agent: Option<UserId>, at: At) {
        self.closed_at = None;
        if self.place == Place::Closed {
            self.place = Place::Quiet;
        }
        if self.assignee.is_none() && agent.is_some() {
            self.give(agent, self.team.clone());
        }
        self.answered(at);
        self.pause(at);
    }

    /// Holds the flows' sends from `now` on for [`PAUSE`]; a longer pause stays.
    pub fn pause(&mut self, now: At) {
        self.paused_until = self.paused_until.max(Some(now.plus(PAUSE)));
    }

    /// It is somebody's, a team's, or nobody's.
    pub fn give(&mut self, agent: Option<UserId>, team: Option<String>) {
        if self.assignee.is_some() {
            self.last_agent = self.assignee;
        }
        self.assignee = agent;
        self.team = team;
        self.closed_at = None;
        self.place = match (&self.assignee, &self.team) {
            (Some(_), _) => Place::Held,
            (None, Some(_)) => Place::Waits,
            (None, None) if self.unread > 0 => Place::Waits,
            (None, None) => Place::Quiet,
        };
    }

    /// It is over: nobody has it, nothing is held.
    pub fn close(&mut self, at: At) {
        self.give(None, None);
        self.place = Place::Closed;
        self.unread = 0;
        self.closed_at = Some(at);
        self.paused_until = None;
    }

    /// Whether the flows' sends are held at `now`.
    #[must_use]
    pub fn is_paused(&self, now: At) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Whether it is open at `now`: what only flows have closes by itself after [`SESSION_IDLE`] without a message.
    #[must_use]
    pub fn is_open(&self, now: At) -> bool {
        match self.place {
            Place::Closed => false,
            Place::Quiet => self.active_at.is_some_and(|at| now.since(at) <= SESSION_IDLE),
            Place::Waits | Place::Held => true,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: At = At(1_795_000_000_000);
    const ANA: Option<UserId> = Some(UserId(1));

    fn waiting() -> Inbox {
        let mut inbox = Inbox::default();
        inbox.customer_wrote(NOW);
        inbox
    }

    #[test]
    fn a_customer_who_wrote_waits_until_somebody_answers() {
        let mut inbox = waiting();
        assert_eq!((inbox.place, inbox.unread), (Place::Waits, 1));
        inbox.answered(NOW);
        assert_eq!((inbox.place, inbox.unread, inbox.is_paused(NOW)), (Place::Quiet, 0, false));
    }

    #[test]
    fn a_flow_that_answers_takes_no_conversation_from_a_team() {
        let mut inbox = waiting();
        inbox.give(None, Some("care".into()));
        inbox.answered(NOW);
        assert_eq!(inbox.place, Place::Waits);
    }

    #[test]
    fn who_writes_first_has_it_and_the_flows_are_held_for_half_an_hour() {
        let mut inbox = waiting();
        inbox.human_wrote(ANA, NOW);
        assert_eq!((inbox.place, inbox.assignee), (Place::Held, ANA));
        inbox.human_wrote(Some(UserId(2)), NOW);
        assert_eq!(inbox.assignee, ANA);
        assert!(inbox.is_paused(NOW.plus(PAUSE - Duration::from_millis(1))) && !inbox.is_paused(NOW.plus(PAUSE)));
    }

    #[test]
    fn a_message_from_the_phone_app_holds_the_flows_and_gives_it_to_nobody() {
        let mut inbox = waiting();
        inbox.human_wrote(None, NOW);
        assert_eq!((inbox.place, inbox.assignee, inbox.is_paused(NOW)), (Place::Quiet, None, true));
    }

    #[test]
    fn closing_lets_go_of_everything_and_remembers_whose_it_was() {
        let mut inbox = waiting();
        inbox.human_wrote(ANA, NOW);
        inbox.close(NOW);
        let expected = Inbox { last_agent: ANA, active_at: Some(NOW), closed_at: Some(NOW), ..Inbox::default() };
        assert_eq!(inbox, expected);
        inbox.customer_wrote(NOW);
        assert_eq!((inbox.place, inbox.closed_at), (Place::Waits, None));
    }

    #[test]
    fn what_flows_have_closes_after_a_day_of_silence_and_what_waits_for_a_human_does_not() {
        let late = NOW.plus(SESSION_IDLE + Duration::from_secs(1));
        let mut inbox = waiting();
        assert!(inbox.is_open(late));
        inbox.answered(NOW);
        assert!(inbox.is_open(NOW.plus(SESSION_IDLE)) && !inbox.is_open(late));
    }

    #[test]
    fn a_pause_without_an_end_is_not_shortened_by_a_message() {
        let mut inbox = waiting();
        inbox.paused_until = Some(At::NEVER);
        inbox.human_wrote(ANA, NOW);
        assert_eq!(inbox.paused_until, Some(At::NEVER));
    }

    #[test]
    fn the_key_of_a_message_names_it() {
        let key = SaidRow::effect_key(MessageId(77));
        assert_eq!(SaidRow::of_effect_key(&key), Some(MessageId(77)));
        assert_eq!(SaidRow::of_effect_key(&format!("{}/3", RunId(5))), None);
    }
}
