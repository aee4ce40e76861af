//! Contacts that are one person: found, made one, parted again.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::clock::At;
use engine::handle::contact_from;
use engine::ids::{ContactId, MailboxId, MergeId};
use engine::merge::{self, Before, PARTED_WITHIN_MS};
use engine::order::Order;
use engine::store::{Contacts, Error, MailboxRows, MergeRow, Reads, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Body, Id};
use super::view::Time;
use super::{Answer, contacts, view};
use crate::accounts::Who;
use crate::app::App;
use crate::duplicates::{self, Why};
use crate::error::ApiError;

/// Merges shown.
const SHOWN: u32 = 100;

/// Contacts that may be one person.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Duplicates {
    groups: Vec<Alike>,
    /// Contacts that were looked at.
    looked: usize,
    /// Whether there are more groups than these 200.
    more: bool,
}

/// Contacts with something in common, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DuplicateGroup")]
pub(crate) struct Alike {
    why: Why,
    contacts: Vec<view::Contact>,
}

/// `GET /duplicates`
pub(crate) async fn duplicates(State(app): State<Arc<App>>) -> Answer<Duplicates> {
    let found = duplicates::find(&app).await?;
    let mut groups = Vec::with_capacity(found.groups.len());
    for group in found.groups {
        let mut contacts = Vec::with_capacity(group.contacts.len());
        for id in group.contacts {
            let row = app.engine.store().find_contact(&id.to_string()).await?;
            contacts.extend(row.filter(|row| row.erased_at.is_none()).as_ref().map(Into::into));
        }
        if contacts.len() > 1 {
            groups.push(Alike { why: group.why, contacts });
        }
    }
    Ok(Json(Duplicates { groups, looked: found.looked, more: found.more }))
}

/// Two contacts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    /// The one that stays.
    stays: ContactId,
    /// The one that becomes a part of it.
    joins: ContactId,
    /// Values of the one that joins which replace those of the one that stays, by name: `name`, `language`, `priority`,
    /// `order_status`, `fields.NAME`. What the one that stays lacks is taken in any case.
    #[serde(default)]
    theirs: BTreeSet<String>,
}

/// What making two contacts one would mean.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MergePreview")]
pub(crate) struct Preview {
    /// Where the two differ.
    differences: Vec<Difference>,
    /// Conversations that go to the one that stays.
    conversations: usize,
    /// Tags the one that stays gets.
    tags: Vec<String>,
    /// Flows that run with the one that joins: they end with the contact they began with, and do not hear what the customer says from
    /// then on.
    runs: Vec<Running>,
}

/// A value in which two contacts differ.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MergeDifference")]
pub(crate) struct Difference {
    name: String,
    stays: Value,
    joins: Value,
}

/// A flow that runs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MergeRun")]
pub(crate) struct Running {
    run: engine::ids::RunId,
    flow: String,
}

/// `POST /merges/preview`: nothing changes.
pub(crate) async fn preview(State(app): State<Arc<App>>, Body(pair): Body<Pair>) -> Answer<Preview> {
    let (stays, joins) = both(&app, &pair).await?;
    let runs = joins.runs.iter().map(|run| Running { run: run.id, flow: run.flow.clone() }).collect();
    let conversations = joins.conversations.len();
    let contact = |rows: MailboxRows| rows.contact.map(|row| contact_from(row, rows.tags));
    let (Some(stays), Some(joins)) = (contact(stays), contact(joins)) else { return Err(contacts::nobody()) };
    let differences = merge::differences(&stays, &joins);
    let new = joins.tags.keys().filter(|tag| !stays.tags.contains_key(*tag));
    Ok(Json(Preview {
        differences: differences.into_iter().map(|(name, stays, joins)| Difference { name, stays, joins }).collect(),
        conversations,
        tags: new.cloned().collect(),
        runs,
    }))
}

/// `POST /merges`: makes two contacts one; for 30 days it can be taken back.
pub(crate) async fn join(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(pair): Body<Pair>,
) -> Answer<Merge> {
    let _one_at_a_time = app.merging.lock().await;
    both(&app, &pair).await?;
    let id = MergeId(app.ids.next(app.clock.now()));
    let order = Order::Join { merge: id, into: pair.stays, theirs: pair.theirs };
    app.engine.order(MailboxId::of_contact(pair.joins), who.by(), order).await?;
    Ok(Json(shown(&app, stored(&app, id).await?).await?))
}

/// Both contacts, each of which must be there and be nobody's part.
async fn both(app: &App, pair: &Pair) -> Result<(MailboxRows, MailboxRows), ApiError> {
    if pair.stays == pair.joins {
        return Err(ApiError::bad_request("a contact cannot become one with itself"));
    }
    for id in [pair.stays, pair.joins] {
        if app.engine.store().same_person(id).await?.first() != Some(&id) {
            return Err(ApiError::conflict("one of the two is a part of another contact already: look at that one"));
        }
    }
    let rows = async |id: ContactId| {
        let rows = app.engine.store().mailbox(MailboxId::of_contact(id)).await?;
        let there = rows.contact.as_ref().is_some_and(|row| row.erased_at.is_none());
        if there { Ok(rows) } else { Err(contacts::nobody()) }
    };
    Ok((rows(pair.stays).await?, rows(pair.joins).await?))
}

async fn stored(app: &App, id: MergeId) -> Result<MergeRow, ApiError> {
    let row = app.engine.store().merge(id).await?;
    row.ok_or_else(|| ApiError::not_found(format_args!("the merge {id}")))
}

/// Two contacts that became one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Merge {
    id: MergeId,
    /// The one that stays.
    kept: ContactId,
    /// Its name; its number when it has none.
    kept_name: String,
    /// The one that became a part of it.
    joined: ContactId,
    joined_name: String,
    by: String,
    at: Time,
    /// Until when it can be taken back.
    until: Time,
    /// When it was taken back.
    parted_at: Option<Time>,
}

async fn shown(app: &App, row: MergeRow) -> Result<Merge, Error> {
    Ok(Merge {
        id: row.id,
        kept: row.kept,
        kept_name: name(app, row.kept).await?,
        joined: row.joined,
        joined_name: name(app, row.joined).await?,
        by: row.by,
        at: Time(row.at),
        until: Time(At(row.at.0 + PARTED_WITHIN_MS)),
        parted_at: row.parted_at.map(Time),
    })
}

async fn name(app: &App, id: ContactId) -> Result<String, Error> {
    let row = app.engine.store().find_contact(&id.to_string()).await?;
    let row = row.filter(|row| row.erased_at.is_none());
    Ok(row.map(|row| if row.name.is_empty() { row.phone.unwrap_or_default() } else { row.name }).unwrap_or_default())
}

/// Merges that were not taken back, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Merges {
    merges: Vec<Merge>,
}

/// `GET /merges`
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Merges> {
    let mut merges = Vec::new();
    for row in app.engine.store().merges(SHOWN).await? {
        merges.push(shown(&app, row).await?);
    }
    Ok(Json(Merges { merges }))
}

/// `POST /merges/{id}/part`: makes two of them again. What changed since then stays with the one that stayed.
pub(crate) async fn part(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<MergeId>,
) -> Answer<Merge> {
    let _one_at_a_time = app.merging.lock().await;
    let row = stored(&app, id).await?;
    if row.parted_at.is_some() {
        return Err(ApiError::conflict("this merge was taken back before"));
    }
    if app.clock.now().0 - row.at.0 > PARTED_WITHIN_MS {
        return Err(ApiError::conflict("this merge is older than 30 days: it stays"));
    }
    if app.engine.store().same_person(row.kept).await?.first() != Some(&row.kept) {
        return Err(ApiError::conflict(
            "the contact that stayed became a part of another one since: take that back first",
        ));
    }
    let before: Option<Before> = row.before.as_deref().and_then(|before| serde_json::from_str(before).ok());
    let before =
        before.ok_or_else(|| ApiError::conflict("one of the two was erased: there is nothing to go back to"))?;
    let order = Order::Part { merge: id, joined: row.joined, before: Box::new(before) };
    app.engine.order(MailboxId::of_contact(row.kept), who.by(), order).await?;
    Ok(Json(shown(&app, stored(&app, id).await?).await?))
}
