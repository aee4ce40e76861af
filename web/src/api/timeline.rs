//! What happened with a contact: messages, runs and tags, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::ids::{Ids, JournalId, MailboxId, MessageId, RunId};
use engine::run::{Entry, What, journal};
use engine::store::{JournalRow, Pages, Reads, RunFilter, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::extract::{Id, Limit, Params};
use super::{Answer, contacts, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// `next` of the page before.
    after: Option<JournalId>,
    #[serde(default)]
    limit: Limit,
}

/// What happened with a contact, newest first. A page may be short and still have a `next`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Timeline {
    timeline: Vec<Happened>,
    next: Option<JournalId>,
}

/// Something that happened with a contact.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Happened {
    /// A message, in or out.
    Message {
        at: view::Time,
        #[serde(flatten)]
        message: view::Message,
    },
    /// A run began.
    Run {
        at: view::Time,
        #[serde(flatten)]
        run: view::Run,
    },
    /// A tag was given or taken.
    Tag {
        at: view::Time,
        tag: String,
        /// Whether it was given.
        added: bool,
        /// Which rule, flow or user.
        by: String,
    },
}

/// `GET /contacts/{who}/timeline`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(whose): Id<String>,
    Params(part): Params<Part>,
) -> Answer<Timeline> {
    let contact = contacts::find(&app, &whose).await?;
    app.sign_in.reads(&app, &who, "contact.read", contact.id.to_string()).await?;
    let store = app.engine.store();
    // All ids are made by one clock, so one of them is a place in every list.
    let before = part.after.unwrap_or(JournalId(i64::MAX)).0;
    let limit = part.limit.get();
    let mut found: Vec<(i64, Happened)> = Vec::new();
    let mut cut = i64::MIN;
    let mut note = |ids: &[i64]| {
        // What lies behind the end of a full list is not known yet.
        if ids.len() == limit as usize {
            cut = cut.max(ids.last().copied().unwrap_or(cut));
        }
    };
    for conversation in store.mailbox(MailboxId::of_contact(contact.id)).await?.conversations {
        let rows = store.messages_in(conversation.id, MessageId(before), limit).await?;
        note(&rows.iter().map(|row| row.id.0).collect::<Vec<_>>());
        found.extend(
            rows.iter().map(|row| {
                (row.id.0, Happened::Message { at: view::Time(Ids::time_of(row.id.0)), message: row.into() })
            }),
        );
    }
    let filter = RunFilter { contact: Some(contact.id), before: Some(RunId(before)), limit, ..RunFilter::default() };
    let runs = store.runs(filter).await?;
    note(&runs.iter().map(|row| row.id.0).collect::<Vec<_>>());
    found.extend(runs.iter().map(|row| (row.id.0, Happened::Run { at: view::Time(row.started_at), run: row.into() })));
    let log = store.log_of(contact.id, JournalId(before), limit).await?;
    note(&log.iter().map(|row| row.id.0).collect::<Vec<_>>());
    for row in &log {
        found.extend(tags(row)?.into_iter().map(|change| (row.id.0, change)));
    }
    found.retain(|(id, _)| *id >= cut);
    found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    // What one row tells of stays on one page.
    let end = found.get(limit as usize - 1).map_or(cut, |(id, _)| (*id).max(cut));
    found.retain(|(id, _)| *id >= end);
    let next = (end > i64::MIN).then_some(JournalId(end));
    Ok(Json(Timeline { timeline: found.into_iter().map(|(_, happened)| happened).collect(), next }))
}

/// The changes of tags that a row of the log tells of.
fn tags(row: &JournalRow) -> Result<Vec<Happened>, ApiError> {
    let entries = journal::decode(row).map_err(ApiError::internal)?;
    Ok(entries.iter().flat_map(|entry| changes(row, entry)).collect())
}

fn changes(row: &JournalRow, entry: &Entry) -> Vec<Happened> {
    let data = &entry.data;
    let (added, removed, by) = match &entry.what {
        What::Tagged => (names(&data["add"]), names(&data["remove"]), row.by.clone()),
        What::RuleHeld { rules, rule, watch: false, .. } => {
            (names(&data["did"]["added"]), names(&data["did"]["removed"]), format!("{rules}/{rule}"))
        }
        What::Acted { action, .. } if &**action == "contact.add_tags" => {
            (names(&data["input"]["tags"]), Vec::new(), RunId(row.subject).to_string())
        }
        What::Acted { action, .. } if &**action == "contact.remove_tags" => {
            (Vec::new(), names(&data["input"]["tags"]), RunId(row.subject).to_string())
        }
        What::Retagged { rules, rule } => (names(&data["added"]), names(&data["removed"]), format!("{rules}/{rule}")),
        What::TagExpired { source } => (Vec::new(), names(&data["tag"]), source.to_string()),
        _ => return Vec::new(),
    };
    let told = |added: bool, tag: String| Happened::Tag { at: view::Time(row.at), tag, added, by: by.clone() };
    let given = added.into_iter().map(|tag| told(true, tag));
    given.chain(removed.into_iter().map(|tag| told(false, tag))).collect()
}

/// A tag, a list of tags, or a list of tags with what each was from.
fn names(value: &Value) -> Vec<String> {
    let name = |value: &Value| value.as_str().or_else(|| value[0].as_str()).map(str::to_owned);
    match value {
        Value::String(tag) => vec![tag.clone()],
        Value::Array(tags) => tags.iter().filter_map(name).collect(),
        _ => Vec::new(),
    }
}
