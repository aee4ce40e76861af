//! A person's data: all of it to take away, or to delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::erasure::Names;
use engine::store::{Error, PersonRows, Reads, Store};
use serde_json::{Value, json};

use super::extract::Id;
use super::{Answer, contacts, view};
use crate::accounts::Who;
use crate::app::App;

/// `GET /people/{who}`: everything stored about one person, also what is nobody's and tells of them.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
) -> Answer {
    let rows = rows_about(&app, &whose).await?;
    if rows == PersonRows::default() {
        return Err(contacts::nobody());
    }
    // Of somebody who never was a contact there is no id, and the number does not belong into the log.
    let id = rows.contact.as_ref().map_or_else(|| "no contact".to_owned(), |contact| contact.id.to_string());
    app.sign_in.reads(&app, &who, "person.exported", id).await?;
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

async fn rows_about(app: &App, who: &str) -> Result<PersonRows, Error> {
    let store = app.engine.store();
    let (mut rows, names) = match app.engine.whom(who).await? {
        Some(contact) => {
            let rows = store.person(contact.id).await?;
            let names = Names::of(&contact, &rows.conversations);
            (rows, names)
        }
        None => (PersonRows::default(), Names::of_number(who).unwrap_or_default()),
    };
    for family in store.traces(names).await?.families {
        rows.events.extend(store.event(family.event).await?);
        for run in family.runs {
            rows.messages.extend(store.messages_of(run).await?);
            rows.runs.extend(store.run(run).await?);
        }
    }
    Ok(rows)
}

/// `DELETE /people/{who}`: deletes the person's data; what happened stays, without who. Also by a number that never was a
/// contact's: what is nobody's may tell of it.
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
) -> Answer {
    let erasure = app.engine.erase(&whose, who.by()).await?;
    if erasure.is_empty() {
        return Err(contacts::nobody());
    }
    app.engine.store().vacuum().await?;
    Ok(Json(json!({ "erased": erasure.contacts, "events": erasure.events, "bad_items": erasure.bad_items })))
}
