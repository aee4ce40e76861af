//! A conversation among the people who work here: who has it, whether it is open, whether the flows' sends are held.
//!
//! A person who talks holds what flows send to this contact; the store looks again in the commit that puts a call in flight. The
//! hold ends when the conversation is closed or handed back, or [`PAUSE`](crate::inbox::PAUSE) after the person's last message
//! (`DECISIONS/0024`).

use serde_json::{Value, json};

use super::Handling;
use crate::clock::At;
use crate::contact::{Conversation, Priority};
use crate::desk::ToDesk;
use crate::ids::{ConversationId, MailboxId, RunId, UserId};
use crate::inbox::{Act, Inbox};
use crate::letter::Letter;
use crate::order::{Actor, Error};
use crate::run::{Entry, Wake, What};
use crate::sentence;
use crate::store::{ClosingRow, JournalKind, WaitKind, WaitRow, WaitState};

/// Longest code of an order's status, in characters.
const MAX_STATUS_CHARS: usize = 64;

impl Handling<'_> {
    /// A person does something with a conversation; answers its id and what there is to tell.
    pub(super) fn talk(&mut self, id: ConversationId, actor: Actor, act: Act) -> Result<Value, Error> {
        let Some(talk) = self.mail.facts.conversation(id) else { return Err(Error::Gone(id.to_string().into())) };
        if !matches!(act, Act::Read | Act::SeeMentions | Act::Note { .. }) {
            is_theirs(&talk.inbox, actor)?;
        }
        match act {
            Act::Say(say) => return self.say(id, actor, *say),
            Act::Note { text, mentions } => return self.take_note(id, actor, text, mentions),
            Act::Assign { agent, team } => self.assign(id, agent, team),
            Act::Close { ask } => self.close_talk(id, actor, ask.as_ref()),
            Act::Reopen => self.reopen(id, actor),
            Act::Read => self.read_by_human(id),
            Act::SeeMentions => self.see_mentions(id, actor),
            Act::Pause => self.pause_by_hand(id),
            Act::HandBack { end, run } => self.hand_back(id, end, run)?,
            Act::Ticket { connection, subject, text } => self.plan_ticket(id, actor, connection, subject, text),
            Act::Prioritise { priority } => self.prioritise(priority),
            Act::OrderStatus { status } => self.set_order_status(status)?,
        }
        Ok(json!({ "conversation": id }))
    }

    /// Somebody took an escalation: the conversation is theirs, and the flows are held for as long as if they had written.
    pub(super) fn taken(&mut self, id: ConversationId, agent: UserId, at: At) {
        self.change(id, |inbox| {
            inbox.give(Some(agent), inbox.team.clone());
            inbox.pause(at);
        });
        self.mind_pause(id);
        self.note_talk(id, "conversation.taken", json!({ "agent": agent }));
    }

    /// Whoever took it kept silent: it is nobody's, and flows may go on.
    pub(super) fn taken_back(&mut self, id: ConversationId) {
        self.change(id, |inbox| {
            inbox.give(None, inbox.team.clone());
            inbox.paused_until = None;
        });
        self.mind_pause(id);
        self.note_talk(id, "conversation.taken_back", Value::Null);
    }

    /// A person answered the customer, at `at`: in the inbox, or (`None`) with the phone app.
    pub(super) fn human_spoke(&mut self, id: ConversationId, agent: Option<UserId>, at: At) {
        let (now, before) = (self.now, self.holder(id));
        self.change(id, |inbox| {
            let paused = inbox.paused_until;
            inbox.human_wrote(agent, now);
            if at < now {
                // An echo that was long on its way holds nothing from today on.
                inbox.paused_until = paused;
                inbox.pause(at);
            }
        });
        self.mind_pause(id);
        if self.holder(id) != before {
            self.tell_held(id);
        }
        self.send(MailboxId::DESK, Letter::Desk(ToDesk::Answered { conversation: id, agent, at }));
    }

    /// Sees to it that a pause ends in time, and that what it held goes out once it is over.
    fn mind_pause(&mut self, id: ConversationId) {
        let Some(until) = self.mail.facts.conversation(id).map(|talk| talk.inbox.paused_until) else { return };
        let key = id.to_string();
        let armed = self.mail.waits.values().find(|wait| is_of(wait, &key)).map(|wait| (wait.id, wait.due_at));
        match (until, armed) {
            // One that falls due sooner looks again.
            (Some(until), Some((_, due_at))) if due_at <= until => {}
            (Some(due_at), _) => self.arm(WaitRow { key: Some(key), ..self.new_wait(WaitKind::Pause, due_at) }),
            (None, Some((wait, _))) => {
                self.disarm(wait, WaitState::Cancelled);
                self.work.released = true;
            }
            (None, None) => {}
        }
    }

    pub(super) fn pause_due(&mut self, wait: &WaitRow) {
        let Some(id) = wait.key.as_deref().and_then(|key| key.parse::<ConversationId>().ok()) else { return };
        self.disarm(wait.id, WaitState::Fired);
        let now = self.now;
        if self.mail.facts.conversation(id).is_some_and(|talk| talk.inbox.is_paused(now)) {
            return self.mind_pause(id);
        }
        self.change(id, |inbox| inbox.paused_until = None);
        self.work.released = true;
        self.note_talk(id, "conversation.resumed", Value::Null);
    }

    fn assign(&mut self, id: ConversationId, agent: Option<UserId>, team: Option<String>) {
        let now = self.now;
        let team = team.filter(|team| !team.is_empty());
        let data = json!({ "agent": agent, "team": team });
        self.change(id, |inbox| {
            inbox.give(agent, team);
            if agent.is_some() {
                inbox.pause(now);
            }
        });
        self.mind_pause(id);
        self.note_talk(id, "conversation.assigned", data);
        self.tell_held(id);
    }

    fn close_talk(&mut self, id: ConversationId, actor: Actor, ask: Option<&crate::inbox::Question>) {
        if let Some(question) = ask {
            self.ask_rating(id, question);
        }
        self.note_closing(id, actor);
        let now = self.now;
        self.change(id, |inbox| inbox.close(now));
        self.mail.facts.change_conversation(id, |talk| {
            // The customer's next message opens a session of its own.
            talk.session_opened_at = None;
            talk.session_messages = 0;
        });
        self.mail.facts.change_contact(|contact| contact.unread_count = 0);
        self.mind_pause(id);
        self.note_talk(id, "conversation.closed", Value::Null);
        self.tell_held(id);
    }

    /// How long it took, for the figures. What the customer did not open has no such time.
    fn note_closing(&mut self, id: ConversationId, actor: Actor) {
        let opened = |talk: &Conversation| talk.session_opened_at.map(|at| (at, talk.inbox.clone()));
        let Some((opened_at, inbox)) = self.mail.facts.conversation(id).and_then(opened) else { return };
        let (row, at) = (self.next_id(), self.now);
        let agent = inbox.assignee.or(actor.agent);
        self.work.closings.push(ClosingRow { id: row, conversation_id: id, opened_at, at, agent, team: inbox.team });
    }

    fn reopen(&mut self, id: ConversationId, actor: Actor) {
        self.change(id, |inbox| inbox.give(actor.agent, None));
        self.note_talk(id, "conversation.reopened", json!({ "agent": actor.agent }));
        self.tell_held(id);
    }

    fn read_by_human(&mut self, id: ConversationId) {
        if self.mail.facts.conversation(id).is_some_and(|talk| talk.inbox.unread > 0) {
            // It was seen, not answered: it still waits.
            self.change(id, |inbox| inbox.unread = 0);
            self.mail.facts.change_contact(|contact| contact.unread_count = 0);
        }
    }

    fn pause_by_hand(&mut self, id: ConversationId) {
        self.change(id, |inbox| inbox.paused_until = Some(At::NEVER));
        self.mind_pause(id);
        self.note_talk(id, "conversation.paused", Value::Null);
    }

    /// The flows have it again. Runs that are to end do so before anything of them goes out.
    fn hand_back(&mut self, id: ConversationId, end: bool, run: Option<RunId>) -> Result<(), Error> {
        let of_it = |known: &&crate::run::Run| known.conversation == Some(id) && run.is_none_or(|run| known.id == run);
        let runs: Vec<RunId> = self.mail.runs.values().filter(of_it).map(|run| run.id).collect();
        if let (Some(run), true) = (run, runs.is_empty()) {
            return Err(Error::Gone(run.to_string().into()));
        }
        for run in runs.iter().filter(|_| end) {
            self.wake(*run, Wake::Cancel);
        }
        self.change(id, |inbox| {
            inbox.give(None, None);
            inbox.paused_until = None;
        });
        self.mind_pause(id);
        let ended = if end { json!(runs) } else { Value::Null };
        self.note_talk(id, "conversation.handed_back", json!({ "ended": ended }));
        self.tell_held(id);
        Ok(())
    }

    fn prioritise(&mut self, priority: Priority) {
        self.mail.facts.change_contact(|contact| contact.priority = priority);
        self.note_contact("contact.priority", json!({ "priority": priority }));
    }

    fn set_order_status(&mut self, status: String) -> Result<(), Error> {
        if status.chars().count() > MAX_STATUS_CHARS || status.chars().any(char::is_control) {
            let most = MAX_STATUS_CHARS;
            return Err(Error::Refused(sentence!("status: at most {most} characters, on one line", most)));
        }
        let data = json!({ "status": status });
        self.mail.facts.change_contact(|contact| contact.order_status = status);
        self.note_contact("contact.order_status", data);
        Ok(())
    }

    pub(super) fn change(&mut self, id: ConversationId, change: impl FnOnce(&mut Inbox)) {
        let now = self.now;
        self.mail.facts.change_conversation(id, |talk| {
            // One in which nothing was said yet has a place in the lists from now on.
            talk.inbox.active_at.get_or_insert(now);
            change(&mut talk.inbox);
        });
    }

    fn holder(&self, id: ConversationId) -> Option<UserId> {
        self.mail.facts.conversation(id).and_then(|talk| talk.inbox.assignee)
    }

    /// The desk counts by it what each agent has.
    fn tell_held(&mut self, id: ConversationId) {
        let Some(talk) = self.mail.facts.conversation(id) else { return };
        let held = ToDesk::Held {
            conversation: id,
            contact: talk.contact,
            agent: talk.inbox.assignee,
            team: talk.inbox.team.clone(),
            closed: talk.inbox.closed_at.is_some(),
        };
        self.send(MailboxId::DESK, Letter::Desk(held));
    }

    /// Tells the log what was done with a conversation.
    pub(super) fn note_talk(&mut self, id: ConversationId, what: &'static str, data: Value) {
        let what = What::Changed { what: what.into(), id: id.to_string().into() };
        self.journal(id.0, None, JournalKind::Change, &[Entry { what, data }]);
    }

    fn note_contact(&mut self, what: &'static str, data: Value) {
        let Some(id) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else { return };
        let what = What::Changed { what: what.into(), id: id.to_string().into() };
        self.journal(id.0, None, JournalKind::Change, &[Entry { what, data }]);
    }
}

/// Refuses whoever works in another agent's conversation and may not.
fn is_theirs(inbox: &Inbox, actor: Actor) -> Result<(), Error> {
    match inbox.assignee {
        Some(holder) if !actor.everywhere && actor.agent != Some(holder) => Err(Error::Hindered {
            code: "not_yours",
            words: sentence!("another agent has this conversation: ask them or a team lead to give it to you"),
            details: json!({ "assignee": holder }),
        }),
        _ => Ok(()),
    }
}

/// Whether `wait` is the end of the pause of the conversation `key`.
fn is_of(wait: &WaitRow, key: &str) -> bool {
    wait.kind == WaitKind::Pause && wait.key.as_deref() == Some(key)
}
