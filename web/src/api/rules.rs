//! Tag rules: the files in force, in the order in which they judge.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::contact::Priority;
use engine::flow::Kind;
use engine::rules::Rule;
use engine::store::{Reads, VersionRow};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, view};
use crate::app::App;

/// The files of tag rules, in the order in which they judge.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RuleFiles {
    rules: Vec<RuleFileShown>,
}

/// A file of tag rules.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RuleFile")]
pub(crate) struct RuleFileShown {
    #[serde(flatten)]
    version: view::Version,
    name: Option<String>,
    /// Its rules; nothing when they are not in force.
    list: Option<Vec<RuleShown>>,
}

/// A tag rule.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
pub(crate) struct RuleShown {
    rule: String,
    name: Option<String>,
    /// What it judges.
    on: Vec<String>,
    add_tags: Vec<String>,
    remove_tags: Vec<String>,
    /// For how long its tags stay.
    #[serde(rename = "for")]
    keep: Option<String>,
    priority: Option<Priority>,
    /// The team it asks.
    escalate: Option<String>,
    /// Whether rules behind it are not asked.
    stop: bool,
    /// Whether it only watches.
    watch: bool,
}

/// `GET /rules`: every file with its rules.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<RuleFiles> {
    let live = app.engine.live_rules();
    let rows = app.engine.store().flows().await?;
    let show = |row: &VersionRow| {
        let file = live.iter().find(|rules| rules.id == row.id);
        RuleFileShown {
            version: row.into(),
            name: file.map(|file| file.name.to_string()),
            list: file.map(|file| file.rules.iter().map(shown).collect()),
        }
    };
    let rules = rows.iter().filter(|row| row.kind == Kind::Rules).map(show).collect();
    Ok(Json(RuleFiles { rules }))
}

fn shown(rule: &Rule) -> RuleShown {
    let then = &rule.then;
    let texts = |tags: &[Arc<str>]| tags.iter().map(ToString::to_string).collect();
    RuleShown {
        rule: rule.id.to_string(),
        name: rule.name.as_ref().map(ToString::to_string),
        on: rule.on.iter().map(|on| on.kind.to_string()).collect(),
        add_tags: texts(&then.add_tags),
        remove_tags: texts(&then.remove_tags),
        keep: then.keep.map(engine::duration::format),
        priority: then.priority,
        escalate: then.escalate.as_ref().map(|to| to.team.to_string()),
        stop: rule.stop,
        watch: rule.watch,
    }
}
