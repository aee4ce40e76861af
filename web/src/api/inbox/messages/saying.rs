//! Saying something to the customer, and what a message was made of that is said again.

use axum::Json;
use engine::connector::{ShownTemplate, Status};
use engine::ids::{ConversationId, MailboxId, MessageId};
use engine::inbox::{self, Act, Say};
use engine::order::Order;
use engine::store::{ListedTalk, Talks};

use super::super::view::Progress;
use super::super::{sight, told};
use super::around::Around;
use super::{Sent, Told};
use crate::accounts::Who;
use crate::api::Answer;
use crate::app::App;
use crate::error::ApiError;

/// The customer's message `quote` with the provider's id of it.
pub(super) async fn quotable(app: &App, id: ConversationId, quote: MessageId) -> Result<(MessageId, String), ApiError> {
    let found = app.engine.store().heard(quote).await?;
    let found = found.filter(|one| one.message.inbound && one.message.conversation_id == Some(id));
    let message = found.map(|one| told::message_of(one.event.as_ref())).unwrap_or_default();
    let external = message["id"].as_str().map(str::to_owned);
    let why = "quote: only a message that the customer wrote in this conversation can be answered so";
    external.map(|external| (quote, external)).ok_or_else(|| ApiError::bad_request(why))
}

/// Says it as whoever asks; a key that was used is the message of then.
pub(super) async fn say(app: &App, who: &Who, talk: &ListedTalk, say: Say) -> Answer<Sent> {
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

/// What it was made of, and what it answers.
type Again = (inbox::Words, Option<(MessageId, String)>);

/// What a message that failed was made of.
pub(super) async fn failed(app: &App, talk: ConversationId, id: MessageId) -> Result<Again, ApiError> {
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
