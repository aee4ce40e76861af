//! Messages that people marked: which tags each should give and which not; and how often rules are right on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::book::Published;
use engine::clock::At;
use engine::event::MESSAGE_RECEIVED;
use engine::handle::event_from_row;
use engine::ids::{ContactId, EventId, Ids};
use engine::rules::RuleFile;
use engine::rules::backtest::{Hits, Measure, TagNames};
use engine::store::{Contacts, ContactsOp, EditOp, Editing, HistoryRow, LabelRow, Reads};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Answer;
use super::backtests::compiled;
use super::extract::{Body, Id, Params};
use super::view::Time;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::Document;

/// Most marked messages.
const MOST: usize = 500;
/// Messages offered at a time: as many that a rule gives a tag for as others.
const OFFERED: usize = 10;
/// Days that are looked through for them.
const DAYS: i64 = 30;
/// Events looked through for them.
const LOOKED: usize = 20_000;
/// Events of one page.
const PAGE: u32 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// Longest part of a message that is kept, in characters.
const MAX_TEXT_CHARS: usize = 500;

/// Marked messages, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Labels {
    labels: Vec<Label>,
    /// Most that may be marked.
    most: usize,
}

/// A marked message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MarkedMessage")]
pub(crate) struct Label {
    event: EventId,
    contact: ContactId,
    text: String,
    /// The contact's language at that time; empty when unknown.
    language: String,
    /// Tags it should give (`true`) and tags it should not (`false`).
    tags: BTreeMap<String, bool>,
    by: String,
    at: Time,
}

impl From<LabelRow> for Label {
    fn from(row: LabelRow) -> Self {
        let (event, contact, at) = (row.event, row.contact, Time(row.at));
        Self { event, contact, text: row.text, language: row.language, tags: row.tags, by: row.by, at }
    }
}

/// `GET /labels`
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Labels> {
    let labels = app.engine.store().labels().await?;
    Ok(Json(Labels { labels: labels.into_iter().map(Into::into).collect(), most: MOST }))
}

/// What people say of a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MessageMark")]
pub(crate) struct Mark {
    /// Tags it should give and tags it should not; none takes the message out of the set.
    tags: BTreeMap<String, bool>,
}

/// `PUT /labels/{id}`: marks a message of a customer.
pub(crate) async fn mark(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(event): Id<EventId>,
    Body(mark): Body<Mark>,
) -> Answer<Labels> {
    let known = app.engine.store().labels().await?;
    let new = known.iter().all(|row| row.event != event);
    if new && known.len() >= MOST && !mark.tags.is_empty() {
        return Err(ApiError::conflict("500 messages are marked: take some out first"));
    }
    let row = one(&app, event).await?.filter(|row| row.event.body.is_some());
    let row = row.ok_or_else(|| ApiError::not_found("a message of a customer with this id"))?;
    let names = tag_names(&app).await?;
    let tags = mark.tags.into_iter().map(|(tag, wanted)| (names.now(&tag).to_owned(), wanted)).collect();
    let label = labelled(&app, row, tags, who.by())?;
    let told = json!({ "tags": label.tags.keys().collect::<Vec<_>>() });
    let edit = EditOp::Contacts(ContactsOp::Label(label));
    app.engine.edit(vec![edit], Some(("message.marked", &event.to_string(), told)), who.by()).await?;
    list(State(app)).await
}

/// What tags are called now.
pub(super) async fn tag_names(app: &App) -> Result<Arc<TagNames>, ApiError> {
    let written = app.engine.store().tag_meanings().await?.into_iter().map(|row| row.tag);
    Ok(Arc::new(TagNames::new(app.engine.store().tag_renamings().await?, written)))
}

/// One stored event, with what was known of the contact.
async fn one(app: &App, event: EventId) -> Result<Option<HistoryRow>, ApiError> {
    let rows = app.engine.store().history((EventId(event.0 - 1), event), true, 1).await?;
    Ok(rows.into_iter().find(|row| row.event.id == event && row.event.kind == MESSAGE_RECEIVED))
}

fn labelled(app: &App, row: HistoryRow, tags: BTreeMap<String, bool>, by: &str) -> Result<LabelRow, ApiError> {
    let contact = row.event.contact_id;
    let contact = contact.ok_or_else(|| ApiError::not_found("a message of a customer with this id"))?;
    let language = row.past.and_then(|past| past.language).unwrap_or_default();
    let event = row.event.id;
    let text = text(row.event);
    Ok(LabelRow { event, contact, text, language, tags, by: by.to_owned(), at: app.clock.now() })
}

fn text(row: engine::store::EventRow) -> String {
    let fields = event_from_row(row).fields();
    fields["text"].as_str().unwrap_or_default().chars().take(MAX_TEXT_CHARS).collect()
}

/// Whose messages are offered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// The file of rules in force that shall be measured.
    rules: String,
}

/// Messages that nobody marked yet.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessagesToMark")]
pub(crate) struct Offered {
    messages: Vec<Message>,
    /// The tags that the rules of this file give.
    tags: Vec<Arc<str>>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MessageToMark")]
pub(crate) struct Message {
    event: EventId,
    at: Time,
    text: String,
    language: String,
    /// The tags that the rules in force give for it.
    gives: Vec<Arc<str>>,
}

/// `GET /labels/offered?rules=`: some of the last 30 days, for which rules give tags and for which not.
pub(crate) async fn offered(State(app): State<Arc<App>>, Params(of): Params<Of>) -> Answer<Offered> {
    let file = app.engine.live_rules().into_iter().find(|file| *file.file == *of.rules);
    let file = file.ok_or_else(|| ApiError::not_found(format_args!("rules `{}` in force", of.rules)))?;
    let marked: BTreeSet<EventId> = app.engine.store().labels().await?.iter().map(|row| row.event).collect();
    let measure = Measure::new(Arc::clone(&file), tag_names(&app).await?);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut after = EventId(Ids::floor(At(app.clock.now().0 - DAYS * DAY_MS)));
    let Some((_, last)) = app.engine.store().event_range().await? else {
        return Ok(Json(Offered { messages: Vec::new(), tags: measure.tags().iter().cloned().collect() }));
    };
    for _ in 0..LOOKED / PAGE as usize {
        let page = app.engine.store().history((after, last), true, PAGE).await?;
        let Some(newest) = page.last().map(|row| row.event.id) else { break };
        after = newest;
        for row in page.into_iter().filter(|row| row.event.kind == MESSAGE_RECEIVED && row.event.body.is_some()) {
            if marked.contains(&row.event.id) {
                continue;
            }
            let gives = measure.gives(&row);
            let language = row.past.as_ref().and_then(|past| past.language.clone()).unwrap_or_default();
            let (event, at, text) = (row.event.id, Time(row.event.at), text(row.event));
            if !text.is_empty() {
                let list = if gives.is_empty() { &mut without } else { &mut with };
                list.push(Message { event, at, text, language, gives });
            }
        }
    }
    // The newest of both kinds: what is never given is found among the others only.
    let newest = |list: Vec<Message>| list.into_iter().rev().take(OFFERED);
    let messages = newest(with).chain(newest(without)).collect();
    Ok(Json(Offered { messages, tags: measure.tags().iter().cloned().collect() }))
}

/// A text of rules to measure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RulesToMeasure")]
pub(crate) struct Draft {
    document: Document,
}

/// How often the text and the rules in force are right on the marked messages.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RulesMeasured")]
pub(crate) struct Measured {
    /// Marked messages that say something of a tag of these rules.
    messages: u64,
    /// By language, all together first with `*`.
    languages: Vec<InLanguage>,
    rules: Vec<OfRule>,
    /// Tags that messages were marked with, but that are not measured here; without those that other files give.
    left_out: Vec<LeftOut>,
    /// Names of tags that the text says, with those they have now in the dictionary: so they are measured.
    renamed: BTreeMap<Arc<str>, Arc<str>>,
}

/// A tag that messages were marked with, which the text is not measured by.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MarksLeftOut")]
pub(crate) struct LeftOut {
    tag: Arc<str>,
    /// Messages that say something of it.
    messages: u64,
    why: WhyLeftOut,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhyLeftOut {
    /// The rules in force give it, the text does not.
    Dropped,
    /// Only a rule that watches would give it.
    Watched,
    /// No rules give it.
    Unknown,
}

/// Of the messages in one language.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccuracyInLanguage")]
pub(crate) struct InLanguage {
    /// The language; empty when unknown, `*` for all.
    language: String,
    draft: Counted,
    now: Option<Counted>,
}

/// Of what one rule gives.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccuracyOfRule")]
pub(crate) struct OfRule {
    rule: Arc<str>,
    draft: Counted,
    now: Option<Counted>,
}

/// Counts, with what they come to.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "AccuracyCounted")]
pub(crate) struct Counted {
    #[serde(flatten)]
    hits: Hits,
    /// Of what was given, which part should be, 0 to 1; nothing when nothing was given.
    precision: Option<f64>,
    /// Of what should be given, which part was, 0 to 1; nothing when nothing should be.
    recall: Option<f64>,
}

impl From<Hits> for Counted {
    fn from(hits: Hits) -> Self {
        Self { hits, precision: hits.precision(), recall: hits.recall() }
    }
}

/// `POST /labels/accuracy`: the rules of the document and those of the same id in force. Nothing changes.
pub(crate) async fn accuracy(State(app): State<Arc<App>>, Body(asked): Body<Draft>) -> Answer<Measured> {
    let Published::Rules(draft) = compiled(&app, asked.document)? else {
        return Err(ApiError::bad_request("this document is a flow: only tag rules are measured"));
    };
    let names = tag_names(&app).await?;
    let (own, others): (Vec<_>, Vec<_>) =
        app.engine.live_rules().into_iter().partition(|rules| rules.file == draft.file);
    let of = |file: Arc<RuleFile>| Measure::new(file, Arc::clone(&names));
    let (mut of_draft, mut of_now) = (of(draft), own.into_iter().next().map(of));
    let labels = app.engine.store().labels().await?;
    for label in &labels {
        let Some(row) = one(&app, label.event).await? else { continue };
        of_draft.take(&row, label);
        if let Some(now) = &mut of_now {
            now.take(&row, label);
        }
    }
    let others: BTreeSet<Arc<str>> = others.into_iter().flat_map(|file| of(file).tags().clone()).collect();
    let left_out = left_out(&labels, &names, &of_draft, of_now.as_ref(), &others);
    let (languages, rules) = (by_language(&of_draft, of_now.as_ref()), by_rule(&of_draft, of_now.as_ref()));
    Ok(Json(Measured { messages: of_draft.messages, languages, rules, left_out, renamed: of_draft.renamed() }))
}

/// All together first.
fn by_language(draft: &Measure, now: Option<&Measure>) -> Vec<InLanguage> {
    let languages: BTreeSet<&String> =
        draft.languages.keys().chain(now.into_iter().flat_map(|now| now.languages.keys())).collect();
    let hits = |of: &Measure, language: &str| Counted::from(of.languages.get(language).copied().unwrap_or_default());
    let all = InLanguage { language: "*".to_owned(), draft: draft.all().into(), now: now.map(|now| now.all().into()) };
    let each = languages.into_iter().map(|language| InLanguage {
        language: language.clone(),
        draft: hits(draft, language),
        now: now.map(|now| hits(now, language)),
    });
    std::iter::once(all).chain(each).collect()
}

fn by_rule(draft: &Measure, now: Option<&Measure>) -> Vec<OfRule> {
    let names: BTreeSet<&Arc<str>> =
        draft.rules.keys().chain(now.into_iter().flat_map(|now| now.rules.keys())).collect();
    let of = |measure: &Measure, rule: &Arc<str>| Counted::from(measure.rules.get(rule).copied().unwrap_or_default());
    let rules = names.into_iter().map(|rule| OfRule {
        rule: Arc::clone(rule),
        draft: of(draft, rule),
        now: now.map(|now| of(now, rule)),
    });
    rules.collect()
}

/// Tags of marks that say nothing of the draft. What only `others` give belongs to their measure.
fn left_out(
    labels: &[LabelRow],
    names: &TagNames,
    draft: &Measure,
    now: Option<&Measure>,
    others: &BTreeSet<Arc<str>>,
) -> Vec<LeftOut> {
    let mut marked: BTreeMap<&str, u64> = BTreeMap::new();
    for tag in labels.iter().flat_map(|label| label.tags.keys()) {
        *marked.entry(names.now(tag)).or_default() += 1;
    }
    let why = |tag: &str| match () {
        () if draft.tags().contains(tag) => None,
        () if draft.watched().contains(tag) => Some(WhyLeftOut::Watched),
        () if now.is_some_and(|now| now.tags().contains(tag)) => Some(WhyLeftOut::Dropped),
        () if others.contains(tag) => None,
        () => Some(WhyLeftOut::Unknown),
    };
    let out =
        marked.into_iter().filter_map(|(tag, messages)| Some(LeftOut { tag: tag.into(), messages, why: why(tag)? }));
    out.collect()
}
