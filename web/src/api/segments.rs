//! Segments: groups of contacts with how many and who are in each, and the slots that go over them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::book::Published;
use engine::flow::{Kind, Named};
use engine::handle::sweep::Sweep;
use engine::handle::{contact_from, schedule_mailbox};
use engine::ids::ContactId;
use engine::order::Order;
use engine::runner::Count;
use engine::segment::Segment;
use engine::store::{Editing, ListedContact, Member, Reads, VersionRow, VersionState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::backtests::compiled;
use super::contacts::Contacts;
use super::extract::{Body, Id, Limit, Params};
use super::{Answer, flows, uses, view};
use crate::accounts::who::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Document;

/// Contacts looked at for each segment of the list; beyond that its count is a least.
const LOOKED_IN_LIST: usize = 20_000;
/// Contacts looked at for one segment.
const LOOKED_AT: usize = 200_000;
/// Contacts looked at for one page of members.
const LOOKED_FOR_PAGE: usize = 5_000;
/// Contacts read at a time.
const PAGE: u32 = 500;

/// Segments, by id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Segments {
    segments: Vec<SegmentListed>,
}

/// A segment. What it asks for and how many it holds is told of one in force.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SegmentListed {
    #[serde(flatten)]
    version: view::Version,
    /// Its name; `null` when it has none.
    name: Option<String>,
    /// Whether there is a draft newer than what is in force.
    has_draft: bool,
    /// By what the store narrows the search.
    narrowed_by: Option<NarrowedBy>,
    /// Tags that all its contacts have.
    tags: Vec<String>,
    /// The language that all its contacts have.
    language: Option<String>,
    /// What else must hold, as rhai.
    when: Option<String>,
    /// How many contacts are in it now.
    count: Option<Count>,
}

/// By what the store narrows the search.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NarrowedBy {
    /// A tag; without one every contact is looked at.
    tag: Option<String>,
}

/// A segment with its text.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SegmentShown {
    #[serde(flatten)]
    segment: SegmentListed,
    /// Its text, verbatim.
    source: String,
    /// Where flows name it.
    uses: Vec<uses::UsedAt>,
}

/// `GET /segments`: by id, with how many contacts are in each.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Segments> {
    let mut segments = Vec::new();
    for row in rows(&app).await? {
        segments.push(shown(&app, &row, LOOKED_IN_LIST).await?);
    }
    Ok(Json(Segments { segments }))
}

/// `GET /segments/{id}`: the text in force, what it asks for, how many contacts are in it, and which flows name it.
pub(crate) async fn show(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<SegmentShown> {
    let row = rows(&app).await?.into_iter().find(|row| row.flow == id);
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("a segment `{id}`")))?;
    let segment = shown(&app, &row, LOOKED_AT).await?;
    let uses = uses::of(&app, Named::Segment, &id).await?;
    Ok(Json(SegmentShown { segment, source: row.source, uses }))
}

/// The texts of all segments, also of those that were never put in force.
async fn rows(app: &App) -> Result<Vec<VersionRow>, ApiError> {
    let mut rows = app.engine.store().flows().await?;
    let drafts = app.engine.store().drafts().await?;
    let new: Vec<VersionRow> =
        drafts.iter().filter(|draft| !rows.iter().any(|row| row.flow == draft.flow)).map(flows::unpublished).collect();
    rows.extend(new);
    rows.retain(|row| row.kind == Kind::Segment);
    rows.sort_by(|one, other| one.flow.cmp(&other.flow));
    Ok(rows)
}

async fn shown(app: &App, row: &VersionRow, looked: usize) -> Result<SegmentListed, ApiError> {
    let draft = app.engine.store().draft(&row.flow).await?.is_some_and(|draft| draft.text.is_some());
    let mut shown = SegmentListed {
        version: row.into(),
        name: flows::name(&row.source),
        has_draft: draft && row.state != VersionState::Draft,
        narrowed_by: None,
        tags: Vec::new(),
        language: None,
        when: None,
        count: None,
    };
    if let Some(segment) = live(app, &row.flow) {
        let Segment { narrow, when, .. } = &*segment;
        shown.narrowed_by = Some(NarrowedBy { tag: narrow.tags.first().cloned() });
        shown.tags.clone_from(&narrow.tags);
        shown.language.clone_from(&narrow.language);
        shown.when = when.as_ref().map(|when| when.source().to_owned());
        shown.count = Some(app.engine.count(&segment, looked).await?);
    }
    Ok(shown)
}

/// The segment in force with this id.
fn live(app: &App, id: &str) -> Option<Arc<Segment>> {
    app.engine.segments().into_iter().find(|segment| *segment.name == *id)
}

/// Which part of the list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MembersPage")]
pub(crate) struct Part {
    /// `next` of the page before.
    after: Option<ContactId>,
    #[serde(default)]
    limit: Limit,
}

/// `GET /segments/{id}/members`: its contacts now, oldest first. A page may be short and still have a `next`.
pub(crate) async fn members(
    State(app): State<Arc<App>>,
    Id(id): Id<String>,
    Params(part): Params<Part>,
) -> Answer<Contacts> {
    let segment = live(&app, &id).ok_or_else(|| ApiError::not_found(format_args!("a segment `{id}` in force")))?;
    let tag = segment.narrow.tags.first().cloned();
    let (now, wanted) = (app.clock.now(), part.limit.get() as usize);
    let (mut contacts, mut looked, mut after) = (Vec::new(), 0, part.after.unwrap_or(ContactId(i64::MIN)));
    while looked < LOOKED_FOR_PAGE {
        let page = app.engine.store().members(tag.clone(), after, PAGE).await?;
        let last = page.len() < PAGE as usize;
        looked += page.len();
        for Member { contact: row, tags, .. } in page {
            after = row.id;
            let contact = contact_from(row.clone(), tags.clone());
            // On whom the condition fails, is in no segment.
            if segment.holds(&contact, now).is_ok_and(|decision| decision.holds) {
                contacts.push(ListedContact { contact: row, tags }.into());
                if contacts.len() == wanted {
                    return Ok(Json(Contacts { contacts, next: Some(after) }));
                }
            }
        }
        if last {
            return Ok(Json(Contacts { contacts, next: None }));
        }
    }
    Ok(Json(Contacts { contacts, next: Some(after) }))
}

/// A text of a segment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SegmentToCount")]
pub(crate) struct Draft {
    document: Document,
}

/// `POST /segment-count`: how many contacts would be in it. Nothing changes.
pub(crate) async fn count(State(app): State<Arc<App>>, Body(draft): Body<Draft>) -> Answer<Count> {
    let Published::Segment(found) = compiled(&app, draft.document)? else {
        return Err(ApiError::bad_request("this document is no segment"));
    };
    Ok(Json(app.engine.count(&found.segment, LOOKED_AT).await?))
}

/// `GET /sweeps`: the slots that go over a segment now.
pub(crate) async fn sweeps(State(app): State<Arc<App>>) -> Answer<Value> {
    let show = |sweep: &Sweep| {
        json!({
            "sweep": sweep.key(), "flow": sweep.flow, "trigger": sweep.trigger, "segment": sweep.segment,
            "slot": view::time(sweep.slot), "found": sweep.found, "failed": sweep.failed,
        })
    };
    let sweeps = app.engine.sweeps().await?;
    Ok(Json(json!({ "sweeps": sweeps.iter().map(show).collect::<Vec<_>>() })))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// Which, as the list calls it.
    sweep: String,
}

/// `POST /sweeps/stop`: starts nobody else. Runs that began go on.
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(Stop { sweep }): Body<Stop>,
) -> Answer<Value> {
    let mut parts = sweep.split('/');
    let (Some(flow), Some(trigger), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(ApiError::bad_request("sweep: name one as the list does: <flow>/<trigger>/<slot>"));
    };
    let mailbox = schedule_mailbox(flow, trigger);
    Ok(Json(app.engine.order(mailbox, who.by(), Order::CancelSweep { sweep }).await?))
}
