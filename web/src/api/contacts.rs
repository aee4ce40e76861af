//! Contacts, found by id, phone number or conversation address.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::store::{ContactRow, Store};

use super::extract::Id;
use super::{Answer, view};
use crate::app::App;
use crate::error::ApiError;

/// `GET /contacts/{who}`: the contact with its conversations and tags.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(who): Id<String>) -> Answer {
    let row = find(&app, &who).await?;
    let rows = app.engine.store().mailbox(engine::ids::MailboxId::of_contact(row.id)).await?;
    let mut contact = view::contact(&row);
    contact["conversations"] = rows.conversations.iter().map(view::conversation).collect();
    contact["tags"] = rows.tags.iter().map(view::tag).collect();
    Ok(Json(contact))
}

pub(super) async fn find(app: &App, who: &str) -> Result<ContactRow, ApiError> {
    let found = app.engine.whom(who).await?;
    found.ok_or_else(nobody)
}

/// The text may be a phone number: it does not belong into an error that somebody logs.
pub(super) fn nobody() -> ApiError {
    ApiError::not_found("a contact with this id, phone or address")
}
