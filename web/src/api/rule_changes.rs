//! What a change of tag rules did and shall do to contacts that are there already: tags given since a version is in force, taken
//! back with it; a rule applied to those for whom it held in the past.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::book::Published;
use engine::clock::At;
use engine::contact::TagSourceKind;
use engine::ids::{ContactId, EventId, Ids, RetagId, VersionId};
use engine::order::Retagging;
use engine::publication::Choices;
use engine::rules::backtest::Holders;
use engine::rules::{Rule, RuleFile, source_id};
use engine::store::{Editing, Member, Reads, RetagRow, VersionRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Answer;
use super::backtests::Named;
use super::extract::{Body, Id, Params};
use super::labels::tag_names;
use super::view::Time;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Document;
use crate::flows::edited::Edited;
use crate::flows::publish::{self, Publication};
use crate::{backtest, retag};

/// Contacts of one page, when tags are looked through.
const PAGE: u32 = 500;
/// Operations shown.
const SHOWN: u32 = 20;
/// Contacts shown of those that would change.
const EXAMPLES: usize = 20;
const DAY_MS: i64 = 86_400_000;

/// Contacts by rule and tag.
type ByTag = BTreeMap<(Arc<str>, Arc<str>), BTreeSet<ContactId>>;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    /// The version since whose publication.
    version: VersionId,
}

/// Tags that rules gave since a version is in force, and that are there still.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "GivenTags")]
pub(crate) struct Given {
    rules: Vec<GivenTag>,
    /// How many contacts that concerns.
    contacts: usize,
    /// The version that undoing puts in force again.
    before: Option<VersionId>,
}

/// One tag of one rule.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GivenTag {
    rule: Arc<str>,
    tag: Arc<str>,
    contacts: usize,
}

/// `GET /rules/{id}/given`
pub(crate) async fn given(
    State(app): State<Arc<App>>,
    Id(id): Id<String>,
    Params(asked): Params<Since>,
) -> Answer<Given> {
    let edited = edited(&app, &id).await?;
    let found = given_since(&app, &edited, asked.version).await?;
    let contacts: BTreeSet<&ContactId> = found.values().flatten().collect();
    let count = |((rule, tag), contacts): (&(Arc<str>, Arc<str>), &BTreeSet<ContactId>)| GivenTag {
        rule: Arc::clone(rule),
        tag: Arc::clone(tag),
        contacts: contacts.len(),
    };
    let before = version_before(&app, &edited, asked.version).await?.map(|row| row.id);
    Ok(Json(Given { contacts: contacts.len(), rules: found.iter().map(count).collect(), before }))
}

/// Going back behind a version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Undo {
    /// The version in force: when another one is in force by now, nothing happens.
    version: VersionId,
    /// Whether the tags that its rules gave since are taken back too. Default: they stay.
    #[serde(default)]
    tags: bool,
    /// Why, in their words. Default: nothing.
    #[serde(default)]
    comment: String,
}

/// What is in force again.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Undone {
    /// The version.
    version: VersionId,
    /// The operations that take tags back, one for each rule that gave some.
    changes: Vec<RetagId>,
}

/// `POST /rules/{id}/undo`: puts the version before in force again.
pub(crate) async fn undo(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(asked): Body<Undo>,
) -> Answer<Undone> {
    let _one_at_a_time = app.importing.lock().await;
    let edited = edited(&app, &id).await?;
    let now = edited.in_force().map(|row| row.id);
    if now != Some(asked.version) {
        let message = format!("another version of `{id}` is in force now: look at it first");
        return Err(ApiError::conflict_of("changed", message, &json!({ "current": now })));
    }
    let before = version_before(&app, &edited, asked.version).await?;
    let before = before.ok_or_else(|| ApiError::conflict(format!("`{id}` has no version before this one")))?;
    let given = if asked.tags { given_since(&app, &edited, asked.version).await? } else { ByTag::new() };
    let since = published_at(&app, &edited, asked.version).await?;
    let what = Publication {
        text: &before.source,
        by: who.by(),
        comment: &asked.comment,
        rollback: true,
        choices: Choices::new(),
    };
    let version = publish::publish(&app, &edited, what).await?;
    let changes = take_back(&app, &id, given, since, who.by()).await?;
    Ok(Json(Undone { version, changes }))
}

/// Begins an operation for each rule that gave tags.
async fn take_back(app: &App, rules: &str, given: ByTag, since: At, by: &str) -> Result<Vec<RetagId>, ApiError> {
    let mut by_rule: BTreeMap<Arc<str>, (Vec<String>, BTreeSet<ContactId>)> = BTreeMap::new();
    for ((rule, tag), contacts) in given {
        let (tags, all) = by_rule.entry(rule).or_default();
        tags.push(tag.to_string());
        all.extend(contacts);
    }
    let mut begun = Vec::new();
    for (rule, (tags, contacts)) in by_rule.into_iter().filter(|(_, (_, contacts))| !contacts.is_empty()) {
        begun.push(
            retag::begin(app, (rules, &rule), Retagging::TakeBack { tags, since }, contacts, Vec::new(), by).await?,
        );
    }
    Ok(begun)
}

/// What was in force before `version` was put in force last; where that is not known, the version stored before it.
async fn version_before<'e>(
    app: &App,
    edited: &'e Edited,
    version: VersionId,
) -> Result<Option<&'e VersionRow>, ApiError> {
    let all = app.engine.store().published(&edited.id).await?;
    let earlier = all.iter().skip_while(|publication| publication.version != version);
    let other = earlier.map(|publication| publication.version).find(|other| *other != version);
    let told = other.and_then(|other| publish::version(edited, other));
    Ok(told.or_else(|| edited.versions.iter().find(|row| row.id < version)))
}

/// When the version was put in force last.
async fn published_at(app: &App, edited: &Edited, version: VersionId) -> Result<At, ApiError> {
    let row = publish::version(edited, version);
    let row = row.ok_or_else(|| ApiError::not_found(format_args!("version {version} of `{}`", edited.id)))?;
    let all = app.engine.store().published(&edited.id).await?;
    Ok(all.iter().find(|publication| publication.version == version).map_or(row.at, |publication| publication.at))
}

/// Whom the rules of a version gave which tags since it is in force.
async fn given_since(app: &App, edited: &Edited, version: VersionId) -> Result<ByTag, ApiError> {
    let since = published_at(app, edited, version).await?;
    let source = publish::version(edited, version).map(|row| row.source.clone()).unwrap_or_default();
    let file = compiled(app, &edited.id, source)?;
    let mut found = ByTag::new();
    for rule in file.rules.iter().filter(|rule| !rule.watch) {
        for tag in &rule.then.add_tags {
            let contacts = with_source(app, tag, &source_id(&file.file, &rule.id), since).await?;
            if !contacts.is_empty() {
                found.insert((Arc::clone(&rule.id), Arc::clone(tag)), contacts);
            }
        }
    }
    Ok(found)
}

/// Contacts that have `tag` from the rule `source` since then.
async fn with_source(app: &App, tag: &str, source: &str, since: At) -> Result<BTreeSet<ContactId>, ApiError> {
    let mut found = BTreeSet::new();
    let mut after = ContactId(i64::MIN);
    loop {
        let page = app.engine.store().members(Some(tag.to_owned()), after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        let has = |member: &&Member| {
            member.tags.iter().any(|row| {
                row.tag == tag && row.source == TagSourceKind::Rule as i64 && row.source_id == source && row.at >= since
            })
        };
        found.extend(page.iter().filter(has).map(|member| member.contact.id));
        match page.last() {
            Some(last) if full => after = last.contact.id,
            _ => return Ok(found),
        }
    }
}

fn compiled(app: &App, id: &str, text: String) -> Result<Arc<RuleFile>, ApiError> {
    let document = Document { path: format!("{id}.yaml"), text };
    match super::backtests::compiled(app, document)? {
        Published::Rules(file) => Ok(file),
        _ => Err(ApiError::bad_request(format!("`{id}` holds no tag rules"))),
    }
}

async fn edited(app: &App, id: &str) -> Result<Edited, ApiError> {
    let edited = Edited::read(app, id).await?;
    if edited.exists() { Ok(edited) } else { Err(ApiError::not_found(format_args!("`{id}`"))) }
}

/// A rule to apply to those who are there already.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Apply {
    /// The rule, as it is in force.
    rule: String,
    /// Those for whom it held in so many days before now. Default: in all that is stored.
    #[serde(default)]
    days: Option<u32>,
}

/// Whom it would change.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RuleApplied")]
pub(crate) struct Applied {
    /// Contacts that would get its tags, or lose those it takes.
    contacts: usize,
    /// Contacts for whom it held and who have its tags already.
    have: usize,
    /// Some of those who would change, with the last message for which it held.
    examples: Vec<AppliedTo>,
    people: Vec<Named>,
    /// The operation, if it was begun.
    change: Option<RetagId>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AppliedTo {
    contact: ContactId,
    event: EventId,
    at: Time,
    text: String,
}

/// `POST /rules/{id}/apply/preview`: nothing happens.
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Id(id): Id<String>,
    Body(asked): Body<Apply>,
) -> Answer<Applied> {
    Ok(Json(whom(&app, &id, &asked).await?.0))
}

/// `POST /rules/{id}/apply`: begins the operation. It starts no flows and asks no humans.
pub(crate) async fn apply(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<String>,
    Body(asked): Body<Apply>,
) -> Answer<Applied> {
    let (mut applied, contacts) = whom(&app, &id, &asked).await?;
    if !contacts.is_empty() {
        let of = (&*id, &*asked.rule);
        applied.change = Some(retag::begin(&app, of, Retagging::Give, contacts, Vec::new(), who.by()).await?);
    }
    Ok(Json(applied))
}

async fn whom(app: &App, id: &str, asked: &Apply) -> Result<(Applied, BTreeSet<ContactId>), ApiError> {
    let (file, rule) = in_force(app, id, &asked.rule)?;
    let rule_id = Arc::clone(&rule_of(&file, &rule)?.id);
    let floor = |days: u32| EventId(Ids::floor(At(app.clock.now().0 - i64::from(days) * DAY_MS)));
    let since = asked.days.map_or(EventId(i64::MIN), floor);
    let names = tag_names(app).await?;
    let fresh = || Holders::new(Arc::clone(&file), Arc::clone(&rule_id), Arc::clone(&names));
    let (mut held, _) = backtest::run(app.engine.store(), since, fresh).await?;
    let holders = held.len();
    let then = &rule_of(&file, &rule)?.then;
    let source = source_id(&file.file, &rule_id);
    // Who has all its tags from this rule has nothing to gain.
    let mut have: Option<BTreeSet<ContactId>> = None;
    for tag in &then.add_tags {
        let with = with_source(app, tag, &source, At(i64::MIN)).await?;
        have = Some(have.map_or(with.clone(), |have| have.intersection(&with).copied().collect()));
    }
    held.retain(|contact, _| have.as_ref().is_none_or(|have| !have.contains(contact)));
    let examples: Vec<AppliedTo> = held
        .iter()
        .take(EXAMPLES)
        .map(|(contact, last)| AppliedTo {
            contact: *contact,
            event: last.event,
            at: Time(last.at),
            text: last.text.clone(),
        })
        .collect();
    let people = super::backtests::named(app, examples.iter().map(|example| example.contact).collect()).await?;
    let contacts: BTreeSet<ContactId> = held.into_keys().collect();
    let have = holders - contacts.len();
    Ok((Applied { contacts: contacts.len(), have, examples, people, change: None }, contacts))
}

/// The rule in force, which must do something to tags.
fn in_force(app: &App, id: &str, rule: &str) -> Result<(Arc<RuleFile>, String), ApiError> {
    let file = app.engine.live_rules().into_iter().find(|file| *file.file == *id);
    let file = file.ok_or_else(|| ApiError::not_found(format_args!("rules `{id}` in force")))?;
    let found = rule_of(&file, rule)?;
    if found.watch || (found.then.add_tags.is_empty() && found.then.remove_tags.is_empty()) {
        return Err(ApiError::conflict(format!("the rule `{rule}` gives and takes no tags")));
    }
    Ok((file, rule.to_owned()))
}

fn rule_of<'f>(file: &'f RuleFile, rule: &str) -> Result<&'f Rule, ApiError> {
    file.rule(rule).ok_or_else(|| ApiError::not_found(format_args!("the rule `{rule}`")))
}

/// Operations over the tags of contacts.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changes {
    /// Newest first.
    changes: Vec<Change>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TagChange")]
pub(crate) struct Change {
    id: RetagId,
    rule: String,
    /// `give`, `take_back` or `rename`.
    what: &'static str,
    by: String,
    at: Time,
    /// Contacts it is for.
    total: u64,
    /// Contacts looked at so far.
    done: u64,
    /// Contacts that changed.
    changed: u64,
    ended_at: Option<Time>,
}

/// `GET /rules/{id}/changes`
pub(crate) async fn changes(State(app): State<Arc<App>>, Id(id): Id<String>) -> Answer<Changes> {
    let rows = app.engine.store().retags(SHOWN).await?;
    let show = |row: RetagRow| Change {
        id: row.id,
        rule: row.rule,
        what: match row.what {
            Retagging::Give => "give",
            Retagging::TakeBack { .. } => "take_back",
            Retagging::Rename { .. } => "rename",
        },
        by: row.by,
        at: Time(row.at),
        total: row.total,
        done: row.done,
        changed: row.changed,
        ended_at: row.ended_at.map(Time),
    };
    Ok(Json(Changes { changes: rows.into_iter().filter(|row| row.rules == id).map(show).collect() }))
}
