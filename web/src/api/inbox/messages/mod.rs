//! What was said in a conversation, notes between; saying something, and saying it again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use engine::connector::{ApprovedTemplate, ShownTemplate, Status};
use engine::event::EventKey;
use engine::ids::{ConversationId, EventId, MailboxId, MessageId, RunId, UserId};
use engine::inbox::{self, Act, Said, SaidKind, SaidRow, Say};
use engine::order::Order;
use engine::store::{EventRow, HeardMessage, HeardSaid, ListedTalk, MessageRow, Talks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::colleagues::{Colleague, Names};
use super::files::FileSent;
use super::view::{By, Direction, Progress, kind_of_said};
use super::{sight, told};
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Body, Id, Limit, Params};
use crate::api::view::{OrderMade, Time, Words, maybe};
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxMessagesPart")]
pub(crate) struct Part {
    /// `next` of the page before.
    before: Option<MessageId>,
    #[serde(default)]
    limit: Limit,
}

/// What was said, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxMessages")]
pub(crate) struct Messages {
    messages: Vec<Told>,
    next: Option<MessageId>,
}

/// A message, or a note.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxMessage")]
pub(crate) struct Told {
    id: MessageId,
    at: Time,
    direction: Direction,
    by: By,
    /// Who wrote it, of the people here.
    agent: Option<Colleague>,
    /// The flow that sent it.
    flow: Option<String>,
    /// The flow's name, while it is live.
    flow_name: Option<String>,
    run: Option<RunId>,
    /// The provider's word, `voice`, `order`, or `note`.
    #[serde(rename = "type")]
    kind: String,
    /// What was read; of a template whose words nobody here knew, `[name] values`.
    text: String,
    /// What was ordered.
    order: Option<OrderMade>,
    media: Option<told::Media>,
    quote: Option<Quote>,
    reactions: Vec<Reaction>,
    /// What could be chosen.
    buttons: Vec<String>,
    template: Option<String>,
    status: Progress,
    status_at: Option<Time>,
    error: Option<Failure>,
    /// Who is to see a note.
    mentions: Vec<Colleague>,
}

/// What a message answers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessageQuote")]
struct Quote {
    /// Nothing when it is not stored here.
    id: Option<MessageId>,
    text: String,
}

/// A reaction to a message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessageReaction")]
struct Reaction {
    by: By,
    emoji: String,
}

/// Why a message did not arrive.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessageFailure")]
struct Failure {
    /// The provider's code, or ours.
    code: String,
    words: String,
}

/// `GET /conversations/{id}/messages`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Params(part): Params<Part>,
) -> Answer<Messages> {
    let talk = sight::talk(&app, &who, id).await?;
    app.sign_in.reads(&app, &who, "conversation.read", id.to_string()).await?;
    let (limit, before) = (part.limit.get(), part.before.unwrap_or(MessageId(i64::MAX)));
    let store = app.engine.store();
    let mut heard = store.heard_in(id, before, limit).await?;
    let mut said = store.said_in(id, before, limit).await?;
    // What lies behind the end of a full list is not known yet.
    let full = limit as usize;
    let mut ids: Vec<MessageId> = heard.iter().map(|one| one.message.id).collect();
    ids.extend(said.iter().map(|one| one.said.id));
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    ids.truncate(full);
    let next = ids.last().copied().filter(|_| heard.len() + said.len() > ids.len() || ids.len() == full);
    let end = ids.last().copied().unwrap_or(before);
    heard.retain(|one| one.message.id >= end);
    said.retain(|one| one.said.id >= end);
    let around = Around::of(&app, &talk, &heard, &said).await?;
    let mut messages: Vec<Told> = heard.iter().map(|one| around.heard(one)).collect();
    messages.extend(said.iter().map(|one| around.said(one)));
    messages.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
    Ok(Json(Messages { messages, next }))
}

/// What a page of messages needs besides: names, what they answer, how they were reacted to.
struct Around {
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
    async fn of(app: &App, talk: &ListedTalk, heard: &[HeardMessage], said: &[HeardSaid]) -> Result<Self, ApiError> {
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

    fn heard(&self, one: &HeardMessage) -> Told {
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

    fn said(&self, one: &HeardSaid) -> Told {
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

/// A message to the customer: free text, a template or a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxSend")]
pub(crate) struct Send {
    /// Made by the client for each message: the same one again is the same message.
    #[schemars(length(min = 1, max = 100))]
    key: String,
    /// Free text, inside the 24-hour window.
    #[schemars(length(min = 1, max = 4096))]
    text: Option<String>,
    /// An approved template, at any time.
    template: Option<TemplateSent>,
    /// A file that was taken in, inside the 24-hour window.
    file: Option<FileSent>,
    /// The customer's message that this one answers.
    quote: Option<MessageId>,
}

/// A template with its values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxTemplateSent")]
pub(crate) struct TemplateSent {
    name: String,
    /// Left out: the contact's, else the connection's.
    language: Option<String>,
    /// Values of its variables, by name or number.
    #[serde(default)]
    params: BTreeMap<String, String>,
}

/// The message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxSent")]
pub(crate) struct Sent {
    message: Told,
}

/// `POST /conversations/{id}/messages`.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
    Body(sent): Body<Send>,
) -> Answer<Sent> {
    app.expect_accounts()?;
    let talk = sight::talk(&app, &who, id).await?;
    let language = Some(talk.contact.language.clone()).filter(|language| !language.is_empty());
    let words = match (sent.text, sent.template, sent.file) {
        (Some(text), None, None) if !text.trim().is_empty() && text.chars().count() <= 4096 => inbox::Words::Text(text),
        (None, None, Some(file)) => file.words(&app, id)?,
        (None, Some(TemplateSent { name, language: given, params }), None) => {
            inbox::Words::Template { name, language: given.or(language), params }
        }
        _ => {
            return Err(ApiError::bad_request("say one of `text`, 1 to 4096 characters, `template` and `file`"));
        }
    };
    let quote = match sent.quote {
        Some(quote) => Some(quotable(&app, id, quote).await?),
        None => None,
    };
    say(&app, &who, &talk, Say { key: sent.key, words, quote }).await
}

/// The customer's message `quote` with the provider's id of it.
async fn quotable(app: &App, id: ConversationId, quote: MessageId) -> Result<(MessageId, String), ApiError> {
    let found = app.engine.store().heard(quote).await?;
    let found = found.filter(|one| one.message.inbound && one.message.conversation_id == Some(id));
    let message = found.map(|one| told::message_of(one.event.as_ref())).unwrap_or_default();
    let external = message["id"].as_str().map(str::to_owned);
    let why = "quote: only a message that the customer wrote in this conversation can be answered so";
    external.map(|external| (quote, external)).ok_or_else(|| ApiError::bad_request(why))
}

async fn say(app: &App, who: &Who, talk: &ListedTalk, say: Say) -> Answer<Sent> {
    let id = talk.conversation.id;
    let store = app.engine.store();
    let message = match store.said_by_key(id, &say.key).await? {
        Some(earlier) => earlier.said.id,
        None => {
            let act = Act::Say(say.into());
            let order = Order::Talk { conversation: id, actor: sight::actor(who), act };
            let answer = app.engine.order(MailboxId::of_contact(talk.contact.id), who.by(), order).await?;
            let message = answer["message"].as_str().and_then(|id| id.parse().ok());
            message.ok_or_else(|| ApiError::internal("an order to say something answered no message"))?
        }
    };
    if let Some(user) = who.user() {
        app.attending.done(id, user, app.clock.now());
    }
    one_said(app, talk, message).await.map(|message| Json(Sent { message }))
}

/// Something said, as the conversation shows it.
pub(super) async fn one_said(app: &App, talk: &ListedTalk, id: MessageId) -> Result<Told, ApiError> {
    let said = app.engine.store().said(id).await?;
    let said = said.ok_or_else(|| ApiError::not_found(format_args!("message {id}")))?;
    let said = [said];
    Ok(Around::of(app, talk, &[], &said).await?.said(&said[0]))
}

/// `POST /conversations/{id}/messages/{message}/resend`: says it again, as a message of whoever asks. Only what did not arrive.
pub(crate) async fn resend(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Path((id, message)): Path<(ConversationId, MessageId)>,
) -> Answer<Sent> {
    app.expect_accounts()?;
    let talk = sight::talk(&app, &who, id).await?;
    let (words, quote) = failed(&app, id, message).await?;
    // One that is asked for twice is sent again once.
    say(&app, &who, &talk, Say { key: format!("resend/{message}"), words, quote }).await
}

type Again = (inbox::Words, Option<(MessageId, String)>);

/// What a message that failed was made of.
async fn failed(app: &App, talk: ConversationId, id: MessageId) -> Result<Again, ApiError> {
    let store = app.engine.store();
    let not_failed = || ApiError::conflict("only a message that failed is sent again");
    if let Some(said) = store.said(id).await?.filter(|one| one.said.conversation_id == talk) {
        let status = Progress::of_said(said.said.state, said.message.as_ref().map(|row| row.status));
        if !matches!(status, Progress::NotSent | Progress::At(Status::Failed)) {
            return Err(not_failed());
        }
        let body = told::body_of(&said.said);
        return body.words.map(|words| (words, body.quote)).ok_or_else(not_failed);
    }
    let heard = store.heard(id).await?.filter(|one| one.message.conversation_id == Some(talk));
    let row = heard.map(|one| one.message).ok_or_else(|| ApiError::not_found(format_args!("message {id}")))?;
    let text = row.text.filter(|text| row.status == Status::Failed && !row.inbound && !text.is_empty());
    let text = text.ok_or_else(not_failed)?;
    if ShownTemplate::of(&text).is_some() {
        return Err(ApiError::conflict(
            "a flow's template is sent again by running its step again, or chosen anew here",
        ));
    }
    Ok((inbox::Words::Text(text), None))
}

/// A note among people here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxNote")]
pub(crate) struct NewNote {
    #[schemars(length(min = 1, max = 4096))]
    pub(super) text: String,
    /// Who is to see it.
    #[serde(default)]
    pub(super) mentions: Vec<UserId>,
}
