//! A person's data: all of it to take away, or to delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::MailboxId;
use engine::order::Order;
use engine::store::Reads;
use serde_json::{Value, json};

use super::extract::Id;
use super::{Answer, contacts, view};
use crate::app::App;
use crate::peer::Peer;

/// `GET /people/{who}`: everything stored about one person.
pub(crate) async fn export(State(app): State<Arc<App>>, Id(who): Id<String>) -> Answer {
    let contact = contacts::find(&app, &who).await?;
    let rows = app.engine.store().person(contact.id).await?;
    let list = |values: Vec<Value>| Value::Array(values);
    Ok(Json(json!({
        "contact": rows.contact.as_ref().map(view::contact),
        "conversations": list(rows.conversations.iter().map(view::conversation).collect()),
        "tags": list(rows.tags.iter().map(view::tag).collect()),
        "events": list(rows.events.iter().map(view::event).collect()),
        "messages": list(rows.messages.iter().map(view::message).collect()),
        "runs": list(rows.runs.iter().map(view::run).collect()),
        "escalations": list(rows.escalations.iter().map(view::escalation).collect()),
    })))
}

/// `DELETE /people/{who}`: deletes the person's data; what happened stays, without who.
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Id(who): Id<String>,
) -> Answer {
    let contact = contacts::find(&app, &who).await?;
    let mailbox = MailboxId::of_contact(contact.id);
    app.engine.order(mailbox, peer.by(), Order::ErasePerson).await?;
    app.engine.store().vacuum().await?;
    Ok(Json(json!({ "erased": contact.id })))
}
