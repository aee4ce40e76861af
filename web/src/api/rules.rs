//! Tag rules: the files in force, in the order in which they judge; and what a draft would have done.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::book::Published;
use engine::flow::Kind;
use engine::ids::VersionId;
use engine::rules::{Rule, RuleFile};
use engine::store::{Reads, VersionRow};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use super::extract::Body;
use super::flows::head;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Document;
use crate::{backtest, flows};

/// `GET /rules`: every file with its rules.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer {
    let live = app.engine.live_rules();
    let rows = app.engine.store().flows().await?;
    let show = |row: &VersionRow| {
        let mut file = head(row);
        let rules = live.iter().find(|rules| rules.id == row.id);
        file["name"] = json!(rules.map(|rules| &rules.name));
        file["list"] = rules.map_or(Value::Null, |rules| shown(rules));
        file
    };
    let files: Vec<Value> = rows.iter().filter(|row| row.kind == Kind::Rules).map(show).collect();
    Ok(Json(json!({ "rules": files })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// A file of tag rules.
    document: Document,
}

/// `POST /rules/backtest`: what the rules of the document would have done differently from those of the same id that are in
/// force, on all stored events. Changes nothing.
pub(crate) async fn backtest(State(app): State<Arc<App>>, Body(draft): Body<Draft>) -> Answer {
    let planned = app.checker.plan(&flows::as_import(&[draft.document]), &[]);
    if !planned.possible() {
        return Err(flows::Error::Problems(flows::problems(&planned)).into());
    }
    let compiled = planned.items.into_iter().next().and_then(|item| item.compiled);
    let Some(Published::Rules(draft)) = compiled.map(|compiled| compiled.into_version(VersionId::default())) else {
        return Err(ApiError::bad_request("this document is a flow: only tag rules can be tried on the past"));
    };
    let now = app.engine.live_rules().into_iter().find(|rules| rules.file == draft.file);
    let (report, seconds) = backtest::rules(app.engine.store(), now, draft).await?;
    let mut answer = json!(report);
    answer["seconds"] = json!(seconds);
    Ok(Json(answer))
}

fn shown(file: &RuleFile) -> Value {
    let rule = |rule: &Rule| {
        let then = &rule.then;
        json!({
            "rule": rule.id, "name": rule.name, "on": rule.on.iter().map(|on| &on.kind).collect::<Vec<_>>(),
            "add_tags": then.add_tags, "remove_tags": then.remove_tags,
            "for": then.keep.map(engine::duration::format), "priority": then.priority,
            "escalate": then.escalate.as_ref().map(|to| &to.team), "stop": rule.stop, "watch": rule.watch,
        })
    };
    file.rules.iter().map(rule).collect()
}
