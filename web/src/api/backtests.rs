//! What a draft would have done differently from what is in force, on everything stored. Changes nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::book::Published;
use engine::flowtest::backtest::{Around, FlowBacktest, FlowReport};
use engine::ids::VersionId;
use engine::rules::backtest::{Backtest, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::extract::Body;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Document;
use crate::{backtest, flows};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The document to try.
    document: Document,
}

/// What a draft would have done differently.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tried{Report}")]
pub(crate) struct Tried<Report> {
    #[serde(flatten)]
    report: Report,
    /// How long it took.
    seconds: f64,
}

/// `POST /rules/backtest`: the rules of the document against those of the same id that are in force.
pub(crate) async fn rules(State(app): State<Arc<App>>, Body(draft): Body<Draft>) -> Answer<Tried<Report>> {
    let Published::Rules(draft) = compiled(&app, draft.document)? else {
        return Err(ApiError::bad_request("this document is a flow: try it with `flow backtest`"));
    };
    let now = app.engine.live_rules().into_iter().find(|rules| rules.file == draft.file);
    let fresh = || Backtest::new(now.clone(), Arc::clone(&draft));
    let (report, seconds) = backtest::run(app.engine.store(), fresh).await?;
    Ok(Json(Tried { report, seconds }))
}

/// `POST /flows/backtest`: what the flow of the document would have started, and what its runs would have done, against the
/// flow of the same id that is in force.
pub(crate) async fn flows(State(app): State<Arc<App>>, Body(draft): Body<Draft>) -> Answer<Tried<FlowReport>> {
    let Published::Flow(draft) = compiled(&app, draft.document)? else {
        return Err(ApiError::bad_request("this document holds tag rules: try it with `rules backtest`"));
    };
    let now = app.engine.live().into_iter().find(|version| version.flow == draft.flow);
    let around = Arc::new(Around {
        rules: app.engine.live_rules(),
        flows: app.engine.live(),
        calendars: app.engine.calendars(),
        recorded: backtest::recorded(app.engine.store(), &draft.flow).await?,
        samples: app.checker.catalog.actions.iter().map(|(name, spec)| (*name, spec.sample.clone())).collect(),
    });
    let fresh = || FlowBacktest::new(now.clone(), Arc::clone(&draft), &around);
    let (report, seconds) = backtest::run(app.engine.store(), fresh).await?;
    Ok(Json(Tried { report, seconds }))
}

fn compiled(app: &App, document: Document) -> Result<Published, ApiError> {
    let planned = app.checker.plan(&flows::as_import(&[document]), &[]);
    let problems = flows::problems(&planned);
    let compiled = planned.items.into_iter().next().and_then(|item| item.compiled);
    let version = compiled.map(|compiled| compiled.into_version(VersionId::default()));
    version.ok_or_else(|| flows::Error::Problems(problems).into())
}
