//! What a page of messages needs besides them, and each message with it, as it is shown.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine::connector::{ApprovedTemplate, ShownTemplate};
use engine::event::EventKey;
use engine::ids::{EventId, MailboxId, MessageId, UserId};
use engine::inbox::{self, Said, SaidKind, SaidRow};
use engine::store::{EventRow, HeardMessage, HeardSaid, ListedTalk, MessageRow, Talks};

use super::super::colleagues::Names;
use super::super::told;
use super::super::view::{By, Direction, Progress, kind_of_said};
use super::{Failure, Quote, Reaction, Told};
use crate::api::view::{OrderMade, Words, maybe};
use crate::app::App;
use crate::error::ApiError;

/// What a page of messages needs besides: names, what they answer, how they were reacted to.
pub(super) struct Around {
    names: Names,
    /// Messages by the provider's id, as a digest.
    quoted: HashMap<[u8; 16], (MessageId, String)>,
    /// Texts of what people here quoted.
    texts: HashMap<MessageId, String>,
    reactions: HashMap<[u8; 16], BTreeMap<bool, String>>,
    connection: String,
    /// What the connection told of its templates.
    templates: Arc<[ApprovedTemplate]>,
}

/// The key of a message that the provider calls `id`.
fn key_of(connection: &str, id: &str) -> [u8; 16] {
    EventKey::new(connection, "message", id).0
}

fn connection_of<'a>(event: Option<&'a EventRow>, other: &'a str) -> &'a str {
    event.map_or(other, |event| &event.connection)
}

impl Around {
    pub(super) async fn of(
        app: &App,
        talk: &ListedTalk,
        heard: &[HeardMessage],
        said: &[HeardSaid],
    ) -> Result<Self, ApiError> {
        let store = app.engine.store();
        let bodies: Vec<Said> = said.iter().map(|one| told::body_of(&one.said)).collect();
        let mut people: Vec<UserId> = bodies.iter().flat_map(|body| body.mentions.clone()).collect();
        people.extend(said.iter().filter_map(|one| one.said.by));
        let names = Names::of(app, people).await?;
        let connection = talk.conversation.connection.clone();
        let answered = heard.iter().filter_map(|one| {
            let message = told::message_of(one.event.as_ref());
            Some(key_of(connection_of(one.event.as_ref(), &connection), told::answers(&message)?))
        });
        let answered: Vec<[u8; 16]> = answered.collect();
        let quoted = store.messages_by_key(answered).await?;
        // What people here said is shown under the id of what they said, not of the message that it became.
        let shown = |row: &MessageRow| row.effect_key.as_deref().and_then(SaidRow::of_effect_key).unwrap_or(row.id);
        let quoted = quoted.into_iter().map(|row| (row.external_key, (shown(&row), words_of(row))));
        let mut texts = HashMap::new();
        let quotes: Vec<MessageId> = bodies.into_iter().filter_map(|body| Some(body.quote?.0)).collect();
        for id in quotes {
            let row = store.heard(id).await?.map(|one| one.message);
            texts.insert(id, row.map(words_of).unwrap_or_default());
        }
        let account = app.connections.get(&connection);
        let templates = account.and_then(|open| open.connection.known_templates()).unwrap_or_default();
        let first = heard.iter().map(|one| one.message.id.0).chain(said.iter().map(|one| one.said.id.0)).min();
        let changes = match first {
            Some(first) => store.changes_since(MailboxId::of_contact(talk.contact.id), EventId(first)).await?,
            None => Vec::new(),
        };
        Ok(Self { names, quoted: quoted.collect(), texts, reactions: reactions(&changes), templates, connection })
    }

    pub(super) fn heard(&self, one: &HeardMessage) -> Told {
        let row = &one.message;
        let message = told::message_of(one.event.as_ref());
        let connection = connection_of(one.event.as_ref(), &self.connection);
        let quote = told::answers(&message).map(|id| match self.quoted.get(&key_of(connection, id)) {
            Some((id, text)) => Quote { id: Some(*id), text: text.clone() },
            None => Quote { id: None, text: String::new() },
        });
        let stored = row.text.clone().unwrap_or_default();
        let shown = match one.event {
            None => Words::of_sent(stored),
            Some(_) => Words { text: stored, template: None, buttons: Vec::new() },
        };
        let run = row.effect_key.as_deref().and_then(|key| key.split('/').next()?.parse().ok());
        Told {
            id: row.id,
            at: told::at(row.id),
            direction: if row.inbound { Direction::In } else { Direction::Out },
            by: told::by(one),
            agent: None,
            flow: one.flow.clone(),
            flow_name: one.flow.as_ref().and_then(|flow| self.names.flow(flow)),
            run,
            kind: told::kind(one),
            media: told::media(row.id, &message),
            quote,
            reactions: self.reactions_to(row),
            buttons: shown.buttons,
            template: shown.template,
            text: shown.text,
            order: one.event.as_ref().and_then(OrderMade::of),
            status: Progress::At(row.status),
            status_at: maybe(row.status_at),
            error: failure(row.error.as_deref()),
            mentions: Vec::new(),
        }
    }

    pub(super) fn said(&self, one: &HeardSaid) -> Told {
        let (row, message) = (&one.said, one.message.as_ref());
        let body = told::body_of(row);
        let media = told::media_said(row.id, body.words.as_ref());
        let quote =
            body.quote.map(|(id, _)| Quote { id: Some(id), text: self.texts.get(&id).cloned().unwrap_or_default() });
        let stored = told::text_of(one).cloned().unwrap_or_default();
        let shown = match &body.words {
            Some(words @ inbox::Words::Template { .. }) => Words::of_sent(self.with_words(words, stored)),
            Some(inbox::Words::Choices { choices, .. }) => {
                Words { text: stored, template: None, buttons: choices.clone() }
            }
            _ => Words { text: stored, template: None, buttons: Vec::new() },
        };
        let kind = kind_of_said(row);
        let note = row.kind == SaidKind::Note;
        let told_failure = message.and_then(|message| message.error.as_deref());
        Told {
            id: row.id,
            at: told::at(row.id),
            direction: if note { Direction::Note } else { Direction::Out },
            by: if row.by.is_some() || note { By::Agent } else { By::System },
            agent: row.by.map(|user| self.names.get(user)),
            flow: None,
            flow_name: None,
            run: None,
            kind: kind.to_owned(),
            text: shown.text,
            order: None,
            media,
            quote,
            reactions: message.map(|message| self.reactions_to(message)).unwrap_or_default(),
            buttons: shown.buttons,
            template: shown.template,
            status: Progress::of_said(row.state, message.map(|message| message.status)),
            status_at: maybe(message.and_then(|message| message.status_at).or(Some(row.at))),
            error: failure(told_failure.or(row.error.as_deref())),
            mentions: body.mentions.into_iter().map(|user| self.names.get(user)).collect(),
        }
    }

    /// The text of a template that has not left, or did not leave, with its words, as far as the connection told them.
    fn with_words(&self, words: &inbox::Words, stored: String) -> String {
        let inbox::Words::Template { name, language, params } = words else { return stored };
        if ShownTemplate::of(&stored).is_none_or(|shown| shown.whole) {
            return stored;
        }
        let fits = |known: &&ApprovedTemplate| {
            known.name == *name && language.as_ref().is_none_or(|language| known.language == *language)
        };
        let values: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match self.templates.iter().find(fits) {
            Some(known) => ShownTemplate::written(name, &known.words(&values), &known.buttons),
            None => stored,
        }
    }

    fn reactions_to(&self, row: &MessageRow) -> Vec<Reaction> {
        let found = self.reactions.get(&row.external_key).into_iter().flatten();
        let by = |ours: bool| if ours { By::App } else { By::Customer };
        found.map(|(ours, emoji)| Reaction { by: by(*ours), emoji: emoji.clone() }).collect()
    }
}

/// What a message says where it is quoted.
fn words_of(row: MessageRow) -> String {
    let text = row.text.unwrap_or_default();
    if row.inbound { text } else { Words::of_sent(text).text }
}

fn failure(error: Option<&str>) -> Option<Failure> {
    let (code, words) = told::failure(error?);
    Some(Failure { code: code.to_owned(), words: words.to_owned() })
}

/// The last reaction of each side to each message; one that was taken back is none.
fn reactions(changes: &[EventRow]) -> HashMap<[u8; 16], BTreeMap<bool, String>> {
    let mut found: HashMap<[u8; 16], BTreeMap<bool, String>> = HashMap::new();
    for event in changes {
        let message = told::message_of(Some(event));
        let reaction = &message["reaction"];
        let Some(to) = reaction["message_id"].as_str() else { continue };
        let ours = event.origin == engine::event::Origin::AppEcho;
        let both = found.entry(key_of(&event.connection, to)).or_default();
        match reaction["emoji"].as_str().filter(|emoji| !emoji.is_empty()) {
            Some(emoji) => drop(both.insert(ours, emoji.to_owned())),
            None => drop(both.remove(&ours)),
        }
    }
    found
}
