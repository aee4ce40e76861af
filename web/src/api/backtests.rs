//! What a draft would have done differently from what is in force, on everything stored. Changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::book::Published;
use engine::clock::At;
use engine::flowtest::backtest::{Around, FlowBacktest, FlowReport};
use engine::ids::{ContactId, EventId, Ids, VersionId};
use engine::rules::backtest::{Backtest, Report};
use engine::store::Reads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Body, Moment};
use super::labels::tag_names;
use super::{Answer, view};
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Document;
use crate::{backtest, flows};

const DAY_MS: i64 = 86_400_000;
/// Most contacts whose names are read for one answer.
const MOST_NAMES: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The document to try.
    document: Document,
    /// Only events of so many days before now. Default: all that are stored.
    #[serde(default)]
    days: Option<u32>,
    /// Only events at or after this time; with `days`, the later of the two. Default: all that are stored.
    #[serde(default)]
    since: Option<Moment>,
}

impl Draft {
    /// The time from which on events are tried.
    fn from(&self, app: &App) -> Option<At> {
        let days = self.days.map(|days| At(app.clock.now().0 - i64::from(days) * DAY_MS));
        days.max(self.since.map(|Moment(at)| at))
    }
}

/// The last event before `from`: ids go by time.
fn before(from: Option<At>) -> EventId {
    EventId(from.map_or(i64::MIN, |at| Ids::floor(at).saturating_sub(1)))
}

/// What a draft would have done differently.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tried{Report}")]
pub(crate) struct Tried<Report> {
    #[serde(flatten)]
    report: Report,
    /// From when on events were tried; `null` = all that are stored.
    since: Option<view::Time>,
    /// How long it took.
    seconds: f64,
}

/// What a draft of tag rules would have done differently, and to whom.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TriedRules {
    #[serde(flatten)]
    tried: Tried<Report>,
    /// The names of the contacts in the examples.
    people: Vec<Named>,
}

/// A contact's name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ContactName")]
pub(crate) struct Named {
    contact: ContactId,
    /// Their name; their number when they have none.
    name: String,
}

/// `POST /rules/backtest`: the rules of the document against those of the same id that are in force.
pub(crate) async fn rules(State(app): State<Arc<App>>, Body(draft): Body<Draft>) -> Answer<TriedRules> {
    let since = draft.from(&app);
    let Published::Rules(draft) = compiled(&app, draft.document)? else {
        return Err(ApiError::bad_request("this document is a flow: try it with `flow backtest`"));
    };
    let now = app.engine.live_rules().into_iter().find(|rules| rules.file == draft.file);
    let names = tag_names(&app).await?;
    let fresh = || Backtest::new(now.clone(), Arc::clone(&draft), &names);
    let (report, seconds) = backtest::run(app.engine.store(), before(since), fresh).await?;
    let people = named(&app, concerned(&report)).await?;
    Ok(Json(TriedRules { tried: Tried { report, since: since.map(view::Time), seconds }, people }))
}

/// The contacts in the examples.
fn concerned(report: &Report) -> BTreeSet<ContactId> {
    let changed = report.rules.iter().flat_map(|rule| &rule.examples).filter_map(|example| example.example.contact);
    let at_odds = report.conflicts.iter().flat_map(|conflict| &conflict.examples).filter_map(|example| example.contact);
    changed.chain(at_odds).collect()
}

/// Their names.
pub(super) async fn named(app: &App, contacts: BTreeSet<ContactId>) -> Result<Vec<Named>, ApiError> {
    let mut named = Vec::new();
    for contact in contacts.into_iter().take(MOST_NAMES) {
        let row = app.engine.store().find_contact(&contact.to_string()).await?;
        let Some(row) = row.filter(|row| row.erased_at.is_none()) else { continue };
        let name = if row.name.is_empty() { row.phone.unwrap_or_default() } else { row.name };
        named.push(Named { contact, name });
    }
    Ok(named)
}

/// `POST /flows/backtest`: what the flow of the document would have started, and what its runs would have done, against the
/// flow of the same id that is in force.
pub(crate) async fn flows(State(app): State<Arc<App>>, Body(draft): Body<Draft>) -> Answer<Tried<FlowReport>> {
    let since = draft.from(&app);
    let Published::Flow(draft) = compiled(&app, draft.document)? else {
        return Err(ApiError::bad_request("this document holds tag rules: try it with `rules backtest`"));
    };
    let now = app.engine.live().into_iter().find(|version| version.flow == draft.flow);
    let around = Arc::new(Around {
        rules: app.engine.live_rules(),
        flows: app.engine.live(),
        calendars: app.engine.calendars(),
        names: tag_names(&app).await?,
        recorded: backtest::recorded(app.engine.store(), &draft.flow, before(since)).await?,
        samples: app.checker.catalog.actions.iter().map(|(name, spec)| (*name, spec.sample.clone())).collect(),
    });
    let fresh = || FlowBacktest::new(now.clone(), Arc::clone(&draft), &around);
    let (report, seconds) = backtest::run(app.engine.store(), before(since), fresh).await?;
    Ok(Json(Tried { report, since: since.map(view::Time), seconds }))
}

pub(super) fn compiled(app: &App, document: Document) -> Result<Published, ApiError> {
    let planned = app.checker.plan(&flows::as_import(&[document]), &[]);
    let problems = flows::problems(&planned);
    let compiled = planned.items.into_iter().next().and_then(|item| item.compiled);
    let version = compiled.map(|compiled| compiled.into_version(VersionId::default()));
    version.ok_or_else(|| flows::Error::Problems(problems).into())
}
