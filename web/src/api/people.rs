//! A person's data: all of it to take away, or to delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::erasure::Names;
use engine::ids::ContactId;
use engine::store::{Error, PersonRows, Reads, Store};
use schemars::JsonSchema;
use serde::Serialize;

use super::extract::Id;
use super::{Answer, contacts, view};
use crate::accounts::Who;
use crate::app::App;

/// Everything stored about one person, also what is nobody's and tells of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Person {
    contact: Option<view::Contact>,
    conversations: Vec<view::Conversation>,
    tags: Vec<view::Tag>,
    events: Vec<view::Event>,
    messages: Vec<view::Message>,
    runs: Vec<view::Run>,
    escalations: Vec<view::Escalation>,
    /// What people here said to and about this person.
    said: Vec<view::Said>,
}

/// `GET /people/{who}`.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
) -> Answer<Person> {
    let rows = rows_about(&app, &whose).await?;
    // Of somebody who never was a contact there is no id, and the number does not belong into the log.
    let id = rows.contact.as_ref().map_or_else(|| "no contact".to_owned(), |contact| contact.id.to_string());
    app.sign_in.reads(&app, &who, "person.exported", id).await?;
    if rows == PersonRows::default() {
        return Err(contacts::nobody());
    }
    Ok(Json(Person {
        contact: rows.contact.as_ref().map(Into::into),
        conversations: rows.conversations.iter().map(Into::into).collect(),
        tags: rows.tags.iter().map(Into::into).collect(),
        events: rows.events.iter().map(Into::into).collect(),
        messages: rows.messages.iter().map(Into::into).collect(),
        runs: rows.runs.iter().map(Into::into).collect(),
        escalations: rows.escalations.iter().map(Into::into).collect(),
        said: rows.said.iter().map(Into::into).collect(),
    }))
}

async fn rows_about(app: &App, who: &str) -> Result<PersonRows, Error> {
    let store = app.engine.store();
    let (mut rows, names) = match app.engine.whom(who).await? {
        Some(contact) => {
            let mut rows = store.person(contact.id).await?;
            for id in store.same_person(contact.id).await?.into_iter().filter(|id| *id != contact.id) {
                joined(&mut rows, store.person(id).await?);
            }
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

/// Adds what is stored of a contact that became one with it.
fn joined(rows: &mut PersonRows, part: PersonRows) {
    rows.conversations.extend(part.conversations);
    rows.tags.extend(part.tags);
    rows.events.extend(part.events);
    rows.messages.extend(part.messages);
    rows.runs.extend(part.runs);
    rows.journal.extend(part.journal);
    rows.escalations.extend(part.escalations);
    rows.said.extend(part.said);
}

/// `DELETE /people/{who}`: deletes the person's data; what happened stays, without who. Also by a number that never was a
/// contact's: what is nobody's may tell of it.
pub(crate) async fn erase(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
) -> Answer<Erased> {
    let erased = app.engine.erase(&whose, who.by()).await?;
    if erased.is_empty() {
        return Err(contacts::nobody());
    }
    app.engine.store().vacuum().await?;
    app.erasures.note(&erased)?;
    let (events, bad_items) = (erased.events.len(), erased.items.len());
    Ok(Json(Erased { erased: erased.contacts.into_iter().collect(), events, bad_items }))
}

/// What was erased with a person.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PersonErased")]
pub(crate) struct Erased {
    /// The contacts they were.
    erased: Vec<ContactId>,
    /// Events that were nobody's and told of them, each with the runs it started.
    events: usize,
    /// Unreadable items that did.
    bad_items: usize,
}
