//! Saying something to the customer, and saying again what did not arrive.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use engine::connector::{ShownTemplate, Status};
use engine::ids::{ConversationId, MailboxId, MessageId};
use engine::inbox::{self, Act, Say};
use engine::order::Order;
use engine::store::{ListedTalk, Talks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::files::FileSent;
use super::super::view::Progress;
use super::super::{sight, told};
use super::Told;
use super::around::Around;
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Body, Id};
use crate::app::App;
use crate::error::ApiError;

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
async fn one_said(app: &App, talk: &ListedTalk, id: MessageId) -> Result<Told, ApiError> {
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
