//! Contacts, found by id, phone number or conversation address.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::contact::TagSourceKind;
use engine::ids::{ContactId, MailboxId};
use engine::order::Order;
use engine::store::{ContactRow, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Body, Id};
use super::{Answer, told, view};
use crate::app::App;
use crate::error::ApiError;
use crate::peer::Peer;

/// A contact with its conversations and tags.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ContactShown {
    #[serde(flatten)]
    contact: view::Contact,
    conversations: Vec<view::Conversation>,
    /// Each source of each tag.
    tags: Vec<view::Tag>,
    /// Tags that a person took: rules do not give them.
    tags_off: Vec<String>,
}

/// `GET /contacts/{who}`: by id, phone number or conversation address.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(who): Id<String>) -> Answer<ContactShown> {
    let row = find(&app, &who).await?;
    let rows = app.engine.store().mailbox(MailboxId::of_contact(row.id)).await?;
    let (off, tags): (Vec<_>, Vec<_>) = rows.tags.iter().partition(|tag| tag.source == TagSourceKind::PersonOff as i64);
    Ok(Json(ContactShown {
        contact: (&row).into(),
        conversations: rows.conversations.iter().map(Into::into).collect(),
        tags: tags.into_iter().map(Into::into).collect(),
        tags_off: off.into_iter().map(|tag| tag.tag.clone()).collect(),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tags {
    /// Given.
    #[serde(default)]
    add: Vec<String>,
    /// Taken: rules do not give them any more.
    #[serde(default)]
    remove: Vec<String>,
    /// Rules may give them again.
    #[serde(default)]
    allow: Vec<String>,
}

/// `POST /contacts/{who}/tags`: a person gives and takes tags.
pub(crate) async fn change_tags(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Id(who): Id<String>,
    Body(tags): Body<Tags>,
) -> Answer<Tagged> {
    let contact = find(&app, &who).await?;
    let Tags { add, remove, allow } = tags;
    let order = Order::ChangeTags { add, remove, allow };
    told(app.engine.order(MailboxId::of_contact(contact.id), peer.by(), order).await?)
}

/// The tags of a contact as they are now.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Tagged {
    contact: ContactId,
    tags: Vec<String>,
    /// Those that rules do not give any more.
    off: Option<Vec<String>>,
}

pub(super) async fn find(app: &App, who: &str) -> Result<ContactRow, ApiError> {
    let found = app.engine.whom(who).await?;
    found.ok_or_else(nobody)
}

/// The text may be a phone number: it does not belong into an error that somebody logs.
pub(super) fn nobody() -> ApiError {
    ApiError::not_found("a contact with this id, phone or address")
}
