//! Contacts, found by id, phone number or conversation address.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::contact::TagSourceKind;
use engine::ids::MailboxId;
use engine::order::Order;
use engine::store::{ContactRow, Store};
use serde::Deserialize;

use super::extract::{Body, Id};
use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

/// `GET /contacts/{who}`: the contact with its conversations and tags.
pub(crate) async fn show(State(app): State<Arc<App>>, Extension(who): Extension<Who>, Id(whose): Id<String>) -> Answer {
    let row = find(&app, &whose).await?;
    app.sign_in.reads(&app, &who, "contact.read", row.id.to_string()).await?;
    let rows = app.engine.store().mailbox(MailboxId::of_contact(row.id)).await?;
    let mut contact = view::contact(&row);
    contact["conversations"] = rows.conversations.iter().map(view::conversation).collect();
    let (off, tags): (Vec<_>, Vec<_>) = rows.tags.iter().partition(|tag| tag.source == TagSourceKind::PersonOff as i64);
    contact["tags"] = tags.into_iter().map(view::tag).collect();
    contact["tags_off"] = off.into_iter().map(|tag| tag.tag.as_str()).collect();
    Ok(Json(contact))
}

#[derive(Debug, Deserialize)]
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
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
    Body(tags): Body<Tags>,
) -> Answer {
    let contact = find(&app, &whose).await?;
    let Tags { add, remove, allow } = tags;
    let order = Order::ChangeTags { add, remove, allow };
    Ok(Json(app.engine.order(MailboxId::of_contact(contact.id), who.by(), order).await?))
}

pub(super) async fn find(app: &App, who: &str) -> Result<ContactRow, ApiError> {
    let found = app.engine.whom(who).await?;
    found.ok_or_else(nobody)
}

/// The text may be a phone number: it does not belong into an error that somebody logs.
pub(super) fn nobody() -> ApiError {
    ApiError::not_found("a contact with this id, phone or address")
}
