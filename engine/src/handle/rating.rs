//! The question about a conversation that was closed, and its answer (D5).
//!
//! An answer is taken for one for a day, when it is word for word one of the choices. It starts nothing and opens nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Handling;
use crate::contact::{Conversation, WINDOW};
use crate::event::Event;
use crate::expr::text::normalise;
use crate::ids::{ConversationId, UserId, WaitId};
use crate::inbox::{Question, RatingRow, Say, Words};
use crate::run::{Entry, What};
use crate::store::{JournalKind, WaitKind, WaitRow, WaitState};

/// For how long an answer counts.
const COUNTS_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What is stored of a question. Fields are only ever added.
#[derive(Serialize, Deserialize)]
struct Asked {
    choices: Vec<String>,
    thanks: String,
    agent: Option<UserId>,
    team: Option<String>,
}

impl Handling<'_> {
    /// Asks the customer how it was, if the window is open.
    pub(super) fn ask_rating(&mut self, id: ConversationId, question: &Question) {
        let Some(talk) = self.mail.facts.conversation(id).filter(|talk| talk.window_open(self.now)) else { return };
        let talk = talk.clone();
        let wait = WaitId(self.next_id());
        let words = Words::Choices { text: question.text.clone(), choices: question.choices.clone() };
        self.put_said(&talk, None, &Say { key: wait.to_string(), words, quote: None });
        let asked = Asked {
            choices: question.choices.clone(),
            thanks: question.thanks.clone(),
            agent: talk.inbox.assignee,
            team: talk.inbox.team.clone(),
        };
        let (key, data) = (Some(id.to_string()), serde_json::to_vec(&asked).unwrap_or_default());
        let row = WaitRow::armed(wait, self.mail.id, WaitKind::Rating, self.now.plus(COUNTS_FOR));
        self.arm(WaitRow { key, data, ..row });
    }

    /// Whether the customer's message is the answer to the question about the last conversation. Then it is noted, and nothing
    /// else happens because of it.
    pub(super) fn rated(&mut self, event: &Event) -> bool {
        let Some(conversation) = event.conversation.filter(|_| event.is_customer_message()) else { return false };
        let key = conversation.to_string();
        let asked = |wait: &&WaitRow| wait.kind == WaitKind::Rating && wait.key.as_deref() == Some(&key);
        let Some((wait, data)) = self.mail.waits.values().find(asked).map(|wait| (wait.id, wait.data.clone())) else {
            return false;
        };
        let Ok(asked) = serde_json::from_slice::<Asked>(&data) else { return false };
        let text = event.seen["text"].as_str().unwrap_or_default().trim();
        // Of a thumb nothing is left once it is normalised, as of every picture and every other sign.
        let said = normalise(text);
        let alike = |choice: &str| choice == text || (!said.is_empty() && normalise(choice) == said);
        let meant = |(n, choice): (usize, &String)| alike(choice) || (n + 1).to_string() == said;
        let Some(place) = asked.choices.iter().enumerate().position(meant) else {
            // Something else is on the customer's mind: what they write now is no answer any more.
            self.disarm(wait, WaitState::Cancelled);
            return false;
        };
        self.disarm(wait, WaitState::Answered);
        self.note_rating(event, conversation, &asked, place + 1);
        if let Some(talk) = self.mail.facts.conversation(conversation).cloned() {
            self.thank(&talk, &asked);
        }
        true
    }

    fn note_rating(&mut self, event: &Event, conversation: ConversationId, asked: &Asked, stars: usize) {
        let happened_at = event.provider_at.map_or(event.at, |at| at.min(event.at));
        self.mail.facts.change_contact(|contact| contact.last_interaction_at = Some(event.at));
        self.mail.facts.change_conversation(conversation, |talk| {
            talk.last_inbound_at = Some(event.at);
            talk.window_closes_at = talk.window_closes_at.max(Some(happened_at.plus(WINDOW)));
        });
        let count = |n: usize| i64::try_from(n).unwrap_or(0);
        let (stars, of) = (count(stars), count(asked.choices.len()));
        self.work.ratings.push(RatingRow {
            id: event.id,
            conversation_id: conversation,
            at: event.at,
            agent: asked.agent,
            team: asked.team.clone(),
            stars,
            of,
        });
        let what = What::Changed { what: "conversation.rated".into(), id: conversation.to_string().into() };
        let rated = Entry { what, data: json!({ "stars": stars, "of": of }) };
        let entries = [self.received(event), rated];
        self.journal(event.id.0, None, JournalKind::Handling, &entries);
    }

    fn thank(&mut self, talk: &Conversation, asked: &Asked) {
        if !asked.thanks.is_empty() && talk.window_open(self.now) {
            let key = WaitId(self.next_id()).to_string();
            self.put_said(talk, None, &Say { key, words: Words::Text(asked.thanks.clone()), quote: None });
        }
    }
}
