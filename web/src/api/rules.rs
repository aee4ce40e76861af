//! Tag rules: the files in force, in the order in which they judge.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::flow::Kind;
use engine::rules::{Rule, RuleFile};
use engine::store::{Reads, VersionRow};
use serde_json::{Value, json};

use super::Answer;
use super::flows::head;
use crate::app::App;

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
