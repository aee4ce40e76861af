//! One box for everything: flows, rules, segments, runs, contacts and connections by id, name or number.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::Permission::{ContactsRead, FiguresRead, FlowsRead, PersonalRead, RunsRead};
use engine::expr::text::normalise;
use engine::flow::Kind;
use engine::ids::RunId;
use engine::store::{ContactQuery, ContactRow, Pages, Reads, Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::Params;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;

/// Most hits of a kind.
const MOST: usize = 8;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// What is looked for.
    q: String,
}

/// What was found, the nearest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Hits {
    hits: Vec<Hit>,
}

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SearchHit")]
struct Hit {
    kind: HitKind,
    id: String,
    title: String,
    detail: Option<String>,
}

/// What it is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum HitKind {
    Flow,
    Run,
    Contact,
    Rule,
    Connection,
    Segment,
}

/// `GET /search`: among what the caller may see.
pub(crate) async fn find(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(asked): Params<Asked>,
) -> Answer<Hits> {
    let exact = asked.q.trim();
    let wanted = normalise(exact);
    if wanted.is_empty() {
        return Ok(Json(Hits { hits: Vec::new() }));
    }
    let mut hits = Vec::new();
    let personal = who.may(PersonalRead);
    if who.may(RunsRead) {
        let found = run(&app, exact).await?;
        // An error may repeat what a customer said.
        hits.extend(found.map(|hit| Hit { detail: hit.detail.filter(|_| personal), ..hit }));
    }
    if who.may(FlowsRead) {
        hits.extend(documents(&app, &wanted).await?);
    }
    if who.may(FiguresRead) {
        hits.extend(connections(&app, &wanted));
    }
    if personal && who.may(ContactsRead) {
        hits.extend(people(&app, exact, wanted).await?);
    }
    Ok(Json(Hits { hits }))
}

async fn run(app: &App, exact: &str) -> Result<Option<Hit>, ApiError> {
    let Ok(id) = exact.parse::<RunId>() else { return Ok(None) };
    let row = app.engine.store().run(id).await?;
    Ok(row.map(|row| Hit { kind: HitKind::Run, id: row.id.to_string(), title: row.flow, detail: row.error }))
}

/// Flows and segments, and rules one by one.
async fn documents(app: &App, wanted: &str) -> Result<Vec<Hit>, ApiError> {
    let fits = |texts: [&str; 2]| texts.iter().any(|text| normalise(text).contains(wanted));
    let (live, segments) = (app.engine.live(), app.engine.segments());
    let mut hits = Vec::new();
    for row in app.engine.store().flows().await? {
        let kind = match row.kind {
            Kind::Flow => HitKind::Flow,
            Kind::Rules => HitKind::Rule,
            Kind::Segment => HitKind::Segment,
            Kind::Calendar => continue,
        };
        let name = match row.kind {
            Kind::Segment => segments.iter().find(|segment| *segment.name == *row.flow).map(|one| one.title.clone()),
            _ => live.iter().find(|version| *version.flow == *row.flow).map(|version| version.name.clone()),
        };
        let title = name.unwrap_or_else(|| row.flow.clone());
        if fits([&row.flow, &title]) {
            hits.push(Hit { kind, id: row.flow, title, detail: None });
        }
    }
    for file in app.engine.live_rules() {
        for rule in file.rules.iter().filter(|rule| fits([&rule.id, rule.name.as_deref().unwrap_or_default()])) {
            let title = rule.name.as_ref().map_or_else(|| rule.id.to_string(), ToString::to_string);
            hits.push(Hit { kind: HitKind::Rule, id: file.file.to_string(), title, detail: Some(rule.id.to_string()) });
        }
    }
    hits.truncate(MOST);
    Ok(hits)
}

fn connections(app: &App, wanted: &str) -> Vec<Hit> {
    let all = app.connections.all();
    let open =
        all.values().filter(|open| [&*open.id, open.connector].iter().any(|text| normalise(text).contains(wanted)));
    let hit = |open: &engine::connector::Open| Hit {
        kind: HitKind::Connection,
        id: open.id.to_string(),
        title: open.id.to_string(),
        detail: Some(open.connector.to_owned()),
    };
    open.take(MOST).map(hit).collect()
}

async fn people(app: &App, exact: &str, wanted: String) -> Result<Vec<Hit>, ApiError> {
    let hit = |contact: &ContactRow| Hit {
        kind: HitKind::Contact,
        id: contact.id.to_string(),
        title: if contact.name.is_empty() { contact.phone.clone().unwrap_or_default() } else { contact.name.clone() },
        detail: contact.phone.clone(),
    };
    let named = app.engine.whom(exact).await?;
    let limit = u32::try_from(MOST).unwrap_or(u32::MAX);
    let query = ContactQuery { text: Some(wanted), limit, ..ContactQuery::default() };
    let page = app.engine.store().contact_page(query).await?;
    let others = page.rows.iter().filter(|row| named.as_ref().is_none_or(|named| named.id != row.contact.id));
    Ok(named.iter().map(hit).chain(others.map(|row| hit(&row.contact))).collect())
}
