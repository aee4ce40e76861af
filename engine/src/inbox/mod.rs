//! The shared inbox: what a conversation is among the people who work here, and what they do in it.
//!
//! All of it changes in turns of the contact's mailbox: an agent's message, a note, who holds the conversation. While a person
//! talks with a contact, the flows' sends to that contact are held (`DECISIONS/0024`).

mod act;
mod said;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::contact::SESSION_IDLE;
use crate::ids::UserId;

pub use act::{Act, Question, Say, Words};
pub use said::{RatingRow, Said, SaidKind, SaidOp, SaidRow, SaidState};

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
}
