//! What happened with a contact: messages, runs and tags, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::contact::MARKETING;
use engine::event;
use engine::handle::event_from_row;
use engine::ids::{EventId, Ids, JournalId, MailboxId, MessageId, RunId};
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
    /// A value of the contact changed.
    Field {
        at: view::Time,
        /// `name`, `priority`, `order_status`, `fields.NAME` …
        name: String,
        /// What it was, as far as that was noted.
        before: Value,
        /// What it is since.
        after: Value,
        /// Which run or user.
        by: String,
    },
    /// The person agreed to something, or refused it.
    Consent {
        at: view::Time,
        /// To what, such as `marketing`.
        purpose: String,
        given: bool,
        /// Which run or user; the id of the event when they said so themselves.
        by: String,
    },
    /// Another contact became a part of this one, or left it again.
    Joined {
        at: view::Time,
        /// The other.
        other: String,
        /// Whether it left.
        parted: bool,
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
    for id in store.same_person(contact.id).await? {
        let filter = RunFilter { contact: Some(id), before: Some(RunId(before)), limit, ..RunFilter::default() };
        let runs = store.runs(filter).await?;
        note(&runs.iter().map(|row| row.id.0).collect::<Vec<_>>());
        found.extend(
            runs.iter().map(|row| (row.id.0, Happened::Run { at: view::Time(row.started_at), run: row.into() })),
        );
        let log = store.log_of(id, JournalId(before), limit).await?;
        note(&log.iter().map(|row| row.id.0).collect::<Vec<_>>());
        for row in &log {
            let entries = journal::decode(row).map_err(ApiError::internal)?;
            let told = entries.iter().flat_map(|entry| tags(row, entry).into_iter().chain(values(row, entry)));
            found.extend(told.map(|change| (row.id.0, change)));
            if entries.iter().any(said_in_the_app) {
                found.extend(preference(&app, row).await?.map(|change| (row.id.0, change)));
            }
        }
    }
    found.retain(|(id, _)| *id >= cut);
    found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    // What one row tells of stays on one page.
    let end = found.get(limit as usize - 1).map_or(cut, |(id, _)| (*id).max(cut));
    found.retain(|(id, _)| *id >= end);
    let next = (end > i64::MIN).then_some(JournalId(end));
    Ok(Json(Timeline { timeline: found.into_iter().map(|(_, happened)| happened).collect(), next }))
}

fn said_in_the_app(entry: &Entry) -> bool {
    matches!(&entry.what, What::Received { event } if **event == *event::PREFERENCE_CHANGED)
}

/// What the person chose in the app, as the event of this row says.
async fn preference(app: &App, row: &JournalRow) -> Result<Option<Happened>, ApiError> {
    let Some(event) = app.engine.store().event(EventId(row.subject)).await? else { return Ok(None) };
    let fields = event_from_row(event).fields();
    let given = match fields["preference"]["value"].as_str() {
        Some("stop") => false,
        Some("resume") => true,
        _ => return Ok(None),
    };
    let by = EventId(row.subject).to_string();
    Ok(Some(Happened::Consent { at: view::Time(row.at), purpose: MARKETING.to_owned(), given, by }))
}

/// Changes of fields and consent, and of who is whose part.
fn values(row: &JournalRow, entry: &Entry) -> Vec<Happened> {
    let (at, data) = (view::Time(row.at), &entry.data);
    let by = if row.by.is_empty() { RunId(row.subject).to_string() } else { row.by.clone() };
    let one = |name: &str, before: Value, after: Value| {
        let (name, by) = (name.to_owned(), by.clone());
        vec![match name.strip_prefix("consent.") {
            Some(purpose) => Happened::Consent { at, purpose: purpose.to_owned(), given: after == true, by },
            None => Happened::Field { at, name, before, after, by },
        }]
    };
    match &entry.what {
        What::Acted { action, .. } => {
            let input = &data["input"];
            match &**action {
                "contact.set_field" => {
                    one(&format!("fields.{}", text(&input["field"])), Value::Null, input["value"].clone())
                }
                "contact.set_priority" => one("priority", Value::Null, input["priority"].clone()),
                "contact.set_consent" => {
                    one(&format!("consent.{}", text(&input["purpose"])), Value::Null, input["given"].clone())
                }
                _ => Vec::new(),
            }
        }
        What::Changed { what, .. } => match &**what {
            "contact.imported" => {
                let values = data["changes"]["values"].as_object().into_iter().flatten();
                values.flat_map(|(name, pair)| one(name, pair[0].clone(), pair[1].clone())).collect()
            }
            "contact.priority" => one("priority", Value::Null, data["priority"].clone()),
            "contact.order_status" => one("order_status", Value::Null, data["status"].clone()),
            "contact.joined" => vec![Happened::Joined { at, other: text(&data["joined"]), parted: false, by }],
            "contact.parted" => vec![Happened::Joined { at, other: text(&data["joined"]), parted: true, by }],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Changes of tags.
fn tags(row: &JournalRow, entry: &Entry) -> Vec<Happened> {
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
        What::Changed { what, .. } if &**what == "contact.imported" => {
            (names(&data["changes"]["tags"]), Vec::new(), row.by.clone())
        }
        What::Changed { what, .. } if &**what == "contact.tag_renamed" => {
            (names(&data["to"]), names(&data["from"]), row.by.clone())
        }
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
