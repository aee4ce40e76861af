//! What was said in a conversation, notes between; saying something, and saying it again.

mod around;
mod saying;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use engine::ids::{ConversationId, MessageId, RunId};
use engine::inbox::{self, Say};
use engine::store::Talks;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::colleagues::Colleague;
use super::files::FileSent;
use super::view::{By, Direction, Progress};
use super::{sight, told};
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Body, Id, Limit, Params};
use crate::api::view::{OrderMade, Time};
use crate::app::App;
use crate::error::ApiError;
use around::Around;
use saying::{failed, quotable, say};

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
