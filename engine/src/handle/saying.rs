//! What people here say: a message to the customer is a call without a run, planned, sent and settled as a flow's; a note goes
//! to nobody.

use serde_json::{Value, json};

use super::Handling;
use super::own::OwnCall;
use crate::capability::file::{FileKind, SendMedia};
use crate::capability::whatsapp::{SendChoices, SendTemplate, SendText};
use crate::connector::{Action, Problem, Verdict};
use crate::contact::Conversation;
use crate::ids::{ConversationId, EffectId, MessageId, UserId};
use crate::inbox::{MAX_NOTE_CHARS, Said, SaidKind, SaidOp, SaidRow, SaidState, Say, Words};
use crate::order::{Actor, Error};
use crate::run::plan::{Handler, Plan, WINDOW_CLOSED};
use crate::run::{Attempt, Entry, What};
use crate::sentence;
use crate::store::{JournalKind, Lane};

/// How long a message of a person's may take to go out: later it is stale, and the person sends it again.
const EXPIRES: std::time::Duration = std::time::Duration::from_secs(10 * 60);
/// Pauses before it is tried again, in milliseconds: somebody looks on.
const PAUSES_MS: [u64; 2] = [1_000, 5_000];
/// Messages a mailbox remembers by their keys.
const REMEMBERED: usize = 32;
/// Longest key of a client, in characters.
const MAX_KEY_CHARS: usize = 100;
/// Most people that a note mentions.
const MAX_MENTIONS: usize = 50;

impl Handling<'_> {
    /// A person says something to the customer. Answers the message's id, that of the first one when the key was used before.
    pub(super) fn say(&mut self, id: ConversationId, actor: Actor, say: Say) -> Result<Value, Error> {
        if say.key.is_empty() || say.key.chars().count() > MAX_KEY_CHARS {
            let most = MAX_KEY_CHARS;
            return Err(Error::Refused(sentence!("key: 1 to {most} characters, made anew for each message", most)));
        }
        let known = self.mail.said.iter().find(|(talk, key, _)| *talk == id && *key == say.key);
        if let Some((_, _, message)) = known {
            return Ok(json!({ "conversation": id, "message": message }));
        }
        let Some(talk) = self.mail.facts.conversation(id) else { return Err(Error::Gone(id.to_string().into())) };
        if say.words.needs_window() && !talk.window_open(self.now) {
            return Err(Error::Hindered {
                code: WINDOW_CLOSED,
                words: sentence!("24 hours have passed since the customer's last message: send a template"),
                details: json!({ "window_closes_at": talk.window_closes_at.map(|at| at.to_string()) }),
            });
        }
        let talk = talk.clone();
        let message = self.put_said(&talk, actor.agent, &say);
        self.human_spoke(id, actor.agent, self.now);
        self.mail.facts.change_contact(|contact| contact.unread_count = 0);
        Ok(json!({ "conversation": id, "message": message }))
    }

    /// Plans the call and keeps what is said.
    pub(super) fn put_said(&mut self, talk: &Conversation, by: Option<UserId>, say: &Say) -> MessageId {
        let message = MessageId(self.next_id());
        let body = Said { words: Some(say.words.clone()), quote: say.quote.clone(), mentions: Vec::new() };
        self.work.said.push(SaidOp::Put(Box::new(SaidRow {
            id: message,
            conversation_id: talk.id,
            kind: say.words.kind(),
            by,
            at: self.now,
            key: Some(say.key.clone()),
            text: Some(say.words.shown()),
            body: serde_json::to_string(&body).ok(),
            state: SaidState::Sending,
            error: None,
        })));
        self.plan_said(talk, message, say);
        if self.mail.said.len() == REMEMBERED {
            self.mail.said.pop_front();
        }
        self.mail.said.push_back((talk.id, say.key.clone(), message));
        self.note_talk(talk.id, "conversation.message", json!({ "message": message }));
        message
    }

    fn plan_said(&mut self, talk: &Conversation, message: MessageId, say: &Say) {
        let quote = say.quote.as_ref().map(|(_, external_id)| external_id.clone());
        let (action, input) = say.words.call(quote);
        let phone = self.mail.facts.contact.as_ref().and_then(|contact| contact.phone.as_deref());
        let plan = Plan {
            input,
            pauses_ms: PAUSES_MS.to_vec(),
            handler: Handler::Nobody,
            resend_unknown: false,
            address: Some(talk.address.as_str().into()),
            phone: phone.map(Into::into),
            step: "inbox".into(),
            flow: "".into(),
        };
        let id = self.next_id();
        self.call_own(OwnCall {
            id: EffectId(id),
            n: -message.0,
            key: SaidRow::effect_key(message),
            connection: &talk.connection,
            // A lane of its own: nothing that flows wait with holds up a person.
            lane: Lane::Escalation,
            action,
            window: say.words.needs_window().then_some(talk.id),
            lives: EXPIRES,
            plan: &plan,
        });
    }

    /// What became of the call that sends `message`.
    pub(super) fn said_settled(&mut self, message: MessageId, attempts: &[Attempt], verdict: &Verdict, erased: bool) {
        let n = -message.0;
        let done = matches!(verdict, Verdict::Done(_));
        let mut entries: Vec<Entry> = attempts.iter().map(|attempt| attempt.entry(n)).collect();
        entries.push(Entry::bare(What::Told { n, done }));
        if erased {
            // A service may repeat what it was given in its error.
            entries.iter_mut().for_each(|entry| entry.data = Value::Null);
        }
        self.journal(message.0, None, JournalKind::Change, &entries);
        if erased {
            return;
        }
        let words = |problem: &Problem| format!("{} {}", problem.code, problem.message);
        let state = if done { SaidState::Sent } else { SaidState::Failed };
        self.work.said.push(SaidOp::Move { id: message, state, error: verdict.problem().map(words) });
        // Who looks at it is told; of several conversations with one person, any may be the one.
        self.work.touched.extend(self.mail.facts.conversations.iter().map(|talk| talk.id));
    }

    /// A person writes something that only people here see.
    pub(super) fn take_note(
        &mut self,
        id: ConversationId,
        actor: Actor,
        text: String,
        mentions: Vec<UserId>,
    ) -> Result<Value, Error> {
        if text.trim().is_empty() || text.chars().count() > MAX_NOTE_CHARS || mentions.len() > MAX_MENTIONS {
            let words = sentence!(
                "text: 1 to {most} characters, and at most {people} people mentioned",
                most = MAX_NOTE_CHARS,
                people = MAX_MENTIONS
            );
            return Err(Error::Refused(words));
        }
        let mut mentions = mentions;
        mentions.sort_unstable();
        mentions.dedup();
        let note = MessageId(self.next_id());
        let data = json!({ "note": note, "mentions": mentions });
        let body = Said { mentions, ..Said::default() };
        self.work.said.push(SaidOp::Put(Box::new(SaidRow {
            id: note,
            conversation_id: id,
            kind: SaidKind::Note,
            by: actor.agent,
            at: self.now,
            key: None,
            text: Some(text),
            body: serde_json::to_string(&body).ok(),
            state: SaidState::Sent,
            error: None,
        })));
        self.note_talk(id, "conversation.note", data);
        self.work.touched.push(id);
        Ok(json!({ "conversation": id, "message": note }))
    }

    /// Whoever is named has looked.
    pub(super) fn see_mentions(&mut self, id: ConversationId, actor: Actor) {
        let Some(agent) = actor.agent else { return };
        self.work.said.push(SaidOp::Seen { conversation: id, agent });
        self.work.touched.push(id);
    }
}

impl Words {
    /// Whether it may be sent inside the 24-hour window only.
    #[must_use]
    pub fn needs_window(&self) -> bool {
        !matches!(self, Self::Template { .. })
    }

    fn kind(&self) -> SaidKind {
        match self {
            Self::Text(_) => SaidKind::Text,
            Self::Template { .. } => SaidKind::Template,
            Self::Choices { .. } => SaidKind::Choices,
            Self::File { .. } => SaidKind::File,
        }
    }

    /// As the conversation shows it.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Template { name, params, .. } => {
                let values: Vec<&str> = params.values().map(String::as_str).collect();
                format!("[{name}] {}", values.join(", ")).trim_end().to_owned()
            }
            Self::File { caption, .. } => caption.clone().unwrap_or_default(),
            Self::Choices { text, choices } => {
                let lines = choices.iter().zip(1..).map(|(choice, n)| format!("\n{n}. {choice}"));
                format!("{text}{}", lines.collect::<String>())
            }
        }
    }

    /// The action that sends it, and its input.
    fn call(&self, quote: Option<String>) -> (&'static str, Value) {
        let json = |input: serde_json::Result<Value>| input.unwrap_or_default();
        match self.clone() {
            Self::Text(text) => (SendText::NAME, json(serde_json::to_value(SendText { text, to: None, quote }))),
            Self::Template { name, language, params } => {
                let during_human = crate::capability::whatsapp::DuringHuman::default();
                let input = SendTemplate { template: name, language, params, to: None, during_human };
                (SendTemplate::NAME, json(serde_json::to_value(input)))
            }
            Self::File { media, kind, name, caption, .. } => {
                let name = Some(name).filter(|name| kind == FileKind::Document && !name.is_empty());
                let input = SendMedia { kind, link: None, media: Some(media), caption, name, to: None, quote };
                (SendMedia::NAME, json(serde_json::to_value(input)))
            }
            Self::Choices { text, choices } => {
                let input = SendChoices { text, choices, button: None, to: None };
                (SendChoices::NAME, json(serde_json::to_value(input)))
            }
        }
    }
}
