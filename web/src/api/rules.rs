//! Tag rules: the files in force, in the order in which they judge.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::contact::Priority;
use engine::flow::Kind;
use engine::rules::Rule;
use engine::store::{Reads, RuleHit, RuleHits, VersionRow};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::Time;
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
    /// What must be so, as it is written: the rule's own condition and that of its first trigger.
    when: Vec<String>,
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
    /// How often it held in the last 7 days.
    hits: Hits,
}

/// How often a rule held in the last 7 UTC days, today included.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "RuleHits")]
pub(crate) struct Hits {
    /// Times it did what it says, by day, the oldest first.
    held: [u64; DAYS],
    /// Times it only watched, by day, the oldest first.
    watched: [u64; DAYS],
    /// The last time in these days.
    last_at: Option<Time>,
}

/// Days of which hits are shown.
const DAYS: usize = 7;

/// The hits of one rule among those of all.
fn hits_of(all: &[RuleHits], first: i64, rules: &str, rule: &str) -> Hits {
    let mut hits = Hits::default();
    for row in all.iter().filter(|row| row.rules == rules && row.rule == rule) {
        let Some(day) = usize::try_from(row.day - first).ok().filter(|day| *day < DAYS) else { continue };
        hits.held[day] += row.held;
        hits.watched[day] += row.watched;
        hits.last_at = hits.last_at.map(|known| known.0).max(Some(row.last_at)).map(Time);
    }
    hits
}

/// `GET /rules`: every file with its rules.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<RuleFiles> {
    let live = app.engine.live_rules();
    let rows = app.engine.store().flows().await?;
    let first = RuleHit::day(app.clock.now()) + 1 - DAYS as i64;
    let hits = app.engine.store().rule_hits(first).await?;
    let show_rule = |file: &str, rule: &Rule| shown(rule, hits_of(&hits, first, file, &rule.id));
    let show = |row: &VersionRow| {
        let file = live.iter().find(|rules| rules.id == row.id);
        RuleFileShown {
            version: row.into(),
            name: file.map(|file| file.name.to_string()),
            list: file.map(|file| file.rules.iter().map(|rule| show_rule(&file.file, rule)).collect()),
        }
    };
    let rules = rows.iter().filter(|row| row.kind == Kind::Rules).map(show).collect();
    Ok(Json(RuleFiles { rules }))
}

fn shown(rule: &Rule, hits: Hits) -> RuleShown {
    let then = &rule.then;
    let texts = |tags: &[Arc<str>]| tags.iter().map(ToString::to_string).collect();
    RuleShown {
        rule: rule.id.to_string(),
        name: rule.name.as_ref().map(ToString::to_string),
        on: rule.on.iter().map(|on| on.kind.to_string()).collect(),
        when: rule
            .on
            .first()
            .map(|on| on.when.iter().map(|when| when.source().to_owned()).collect())
            .unwrap_or_default(),
        add_tags: texts(&then.add_tags),
        remove_tags: texts(&then.remove_tags),
        keep: then.keep.map(engine::duration::format),
        priority: then.priority,
        escalate: then.escalate.as_ref().map(|to| to.team.to_string()),
        stop: rule.stop,
        watch: rule.watch,
        hits,
    }
}
