//! The dictionary of tags: which there are, what they mean, and giving one another name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow::{self, Named};
use engine::ids::RetagId;
use engine::order::Retagging;
use engine::sentence;
use engine::store::{Contacts, ContactsOp, EditOp, Editing, Reads, TagMeaning};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Answer;
use super::extract::{Body, Id};
use super::studio::{drafts, may_edit};
use super::view::Time;
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::edited::Edited;
use crate::retag;

/// Longest tag, in characters.
const MAX_TAG_CHARS: usize = 64;
/// Longest meaning, group and name of a field, in characters.
const MAX_TEXT_CHARS: usize = 500;
/// Colours a tag may have.
const COLOURS: [&str; 9] = ["gray", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];
/// Renamings shown.
const SHOWN: u32 = 100;

/// The tags of the workspace.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TagList")]
pub(crate) struct Tags {
    /// By name.
    tags: Vec<Tag>,
    /// Renamings, newest first.
    renamings: Vec<Renaming>,
}

/// A tag.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "TagMeaning")]
pub(crate) struct Tag {
    tag: String,
    /// Contacts that have it.
    contacts: u64,
    /// Whether it stands in the dictionary.
    written: bool,
    /// The group it belongs to; empty for none.
    group: String,
    /// What it says of a contact.
    meaning: String,
    /// `gray`, `red`, `orange`, `yellow`, `green`, `teal`, `blue`, `purple`, `pink`, or empty.
    colour: String,
    /// The field of the CRM that says the same; empty for none.
    crm_field: String,
}

/// A tag that gets another name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TagRenaming")]
pub(crate) struct Renaming {
    id: RetagId,
    from: String,
    to: String,
    by: String,
    at: Time,
    total: u64,
    done: u64,
    ended_at: Option<Time>,
}

/// `GET /tags`
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Tags> {
    let store = app.engine.store();
    let mut tags: BTreeMap<String, Tag> = BTreeMap::new();
    for (tag, contacts) in store.tag_counts().await? {
        tags.insert(tag.clone(), Tag { tag, contacts, ..Tag::default() });
    }
    for row in store.tag_meanings().await? {
        let tag = tags.entry(row.tag.clone()).or_insert_with(|| Tag { tag: row.tag, ..Tag::default() });
        (tag.written, tag.group, tag.meaning) = (true, row.family, row.meaning);
        (tag.colour, tag.crm_field) = (row.colour, row.crm_field);
    }
    let mut renamings = Vec::new();
    for row in store.retags(SHOWN).await? {
        if let Retagging::Rename { from, to } = row.what {
            renamings.push(Renaming {
                id: row.id,
                from,
                to,
                by: row.by,
                at: Time(row.at),
                total: row.total,
                done: row.done,
                ended_at: row.ended_at.map(Time),
            });
        }
    }
    Ok(Json(Tags { tags: tags.into_values().collect(), renamings }))
}

/// What a tag means.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TagDefinition")]
pub(crate) struct Definition {
    /// The group it belongs to.
    #[serde(default)]
    group: String,
    /// What it says of a contact.
    #[serde(default)]
    meaning: String,
    /// One of the colours the list names, or empty.
    #[serde(default)]
    colour: String,
    /// The field of the CRM that says the same.
    #[serde(default)]
    crm_field: String,
}

/// `PUT /tags/{id}`: writes down what it means.
pub(crate) async fn define(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(tag): Id<String>,
    Body(told): Body<Definition>,
) -> Answer<Tags> {
    expect_tag(&tag)?;
    if !told.colour.is_empty() && !COLOURS.contains(&&*told.colour) {
        return Err(ApiError::bad_request("colour: one of gray, red, orange, yellow, green, teal, blue, purple, pink"));
    }
    if [&told.group, &told.meaning, &told.crm_field].into_iter().any(|text| text.chars().count() > MAX_TEXT_CHARS) {
        return Err(ApiError::bad_request("group, meaning and crm_field: at most 500 characters each"));
    }
    let data = json!({ "group": told.group, "meaning": told.meaning, "crm_field": told.crm_field });
    let row = TagMeaning {
        tag: tag.clone(),
        family: told.group.trim().to_owned(),
        meaning: told.meaning.trim().to_owned(),
        colour: told.colour,
        crm_field: told.crm_field.trim().to_owned(),
        by: who.by().to_owned(),
        at: app.clock.now(),
    };
    write(&app, ContactsOp::Meaning(row), ("tag.defined", &tag, data), who.by()).await?;
    list(State(app)).await
}

/// `DELETE /tags/{id}`: takes it out of the dictionary. Contacts keep it.
pub(crate) async fn forget(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(tag): Id<String>,
) -> Answer<Tags> {
    write(&app, ContactsOp::Forgotten(tag.clone()), ("tag.forgotten", &tag, json!({})), who.by()).await?;
    list(State(app)).await
}

async fn write(
    app: &App,
    op: ContactsOp,
    (what, tag, data): (&str, &str, serde_json::Value),
    by: &str,
) -> Result<(), ApiError> {
    app.engine.edit(vec![EditOp::Contacts(op)], Some((what, tag, data)), by).await?;
    app.checker.put_tags(app.engine.store().tag_meanings().await?);
    Ok(())
}

fn expect_tag(tag: &str) -> Result<(), ApiError> {
    let fits =
        !tag.is_empty() && tag.trim() == tag && tag.chars().count() <= MAX_TAG_CHARS && !tag.contains(char::is_control);
    if fits {
        return Ok(());
    }
    Err(ApiError::bad_request(sentence!(
        "`{tag}` is no tag: 1 to 64 characters, no space at either end",
        tag = tag.chars().take(80).collect::<String>()
    )))
}

/// Another name for a tag.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TagRename")]
pub(crate) struct Rename {
    /// The new name. When it is a tag already, the two become one.
    to: String,
    /// Documents whose text is changed too: each gets a draft, which somebody publishes.
    #[serde(default)]
    documents: BTreeSet<String>,
}

/// What renaming a tag would change.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TagRenamed")]
pub(crate) struct Renamed {
    /// Contacts on which it is rewritten.
    contacts: usize,
    /// Whether the new name is a tag already.
    merges: bool,
    /// Documents that name it.
    documents: Vec<Document>,
    /// The operation over the contacts, if it was begun.
    change: Option<RetagId>,
}

/// A document that names a tag.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TagNamedIn")]
pub(crate) struct Document {
    id: String,
    kind: flow::Kind,
    /// Whether its text can be changed from here: not when it belongs to a file, when the name needs quotes, or when your role may not.
    editable: bool,
    lines: Vec<Line>,
    /// Whether a draft with the new name was written.
    drafted: bool,
}

/// A line that names it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TagLine")]
pub(crate) struct Line {
    line: u32,
    before: String,
    after: String,
}

/// `POST /tags/{id}/rename/preview`: nothing changes.
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(tag): Id<String>,
    Body(asked): Body<Rename>,
) -> Answer<Renamed> {
    Ok(Json(plan(&app, &who, &tag, &asked.to).await?.0))
}

/// `POST /tags/{id}/rename`: rewrites it on every contact, slowly, and tells no flow; documents get drafts, marked messages the name.
pub(crate) async fn rename(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(tag): Id<String>,
    Body(asked): Body<Rename>,
) -> Answer<Renamed> {
    let _one_at_a_time = app.importing.lock().await;
    let (mut renamed, texts) = plan(&app, &who, &tag, &asked.to).await?;
    let mut edits = Vec::new();
    for (edited, text) in texts.into_iter().filter(|(edited, _)| asked.documents.contains(&edited.id)) {
        edits.push(EditOp::Draft(drafts::changed(&app, &edited, &text, who.by())));
        renamed.documents.iter_mut().filter(|one| one.id == edited.id).for_each(|one| one.drafted = true);
    }
    let known = app.engine.store().tag_meanings().await?;
    if let Some(old) = known.iter().find(|row| row.tag == tag) {
        // What was written of the old name holds for the new one, unless something is written there.
        if !known.iter().any(|row| row.tag == asked.to) {
            let row = TagMeaning { tag: asked.to.clone(), by: who.by().to_owned(), at: app.clock.now(), ..old.clone() };
            edits.push(EditOp::Contacts(ContactsOp::Meaning(row)));
        }
        edits.push(EditOp::Contacts(ContactsOp::Forgotten(tag.clone())));
    }
    edits.push(EditOp::Contacts(ContactsOp::Relabel { from: tag.clone(), to: asked.to.clone() }));
    let holders: BTreeSet<_> = app.engine.store().tag_holders(&tag).await?.into_iter().collect();
    let what = Retagging::Rename { from: tag.clone(), to: asked.to };
    renamed.change = Some(retag::begin(&app, ("", &tag), what, holders, edits, who.by()).await?);
    app.checker.put_tags(app.engine.store().tag_meanings().await?);
    Ok(Json(renamed))
}

/// What it would change, and the new texts of documents that can be changed from here.
async fn plan(app: &App, who: &Who, tag: &str, to: &str) -> Result<(Renamed, Vec<(Edited, String)>), ApiError> {
    expect_tag(to)?;
    if to == tag {
        return Err(ApiError::bad_request("to: another name than the one it has"));
    }
    let store = app.engine.store();
    let contacts = store.tag_holders(tag).await?.len();
    let known = store.tag_meanings().await?.iter().any(|row| row.tag == to);
    let merges = known || !store.tag_holders(to).await?.is_empty();
    let (mut documents, mut texts) = (Vec::new(), Vec::new());
    for row in store.flows().await? {
        let edited = Edited::read(app, &row.flow).await?;
        let Some(text) = edited.text().map(str::to_owned) else { continue };
        let places = flow::uses(&text, Named::Tag, tag);
        if places.is_empty() {
            continue;
        }
        let lines: BTreeSet<u32> = places.iter().map(|place| place.line).collect();
        let (changed, lines) = rewritten(&text, &lines, tag, to);
        let may = may_edit(who, edited.kind()).is_ok() && drafts::expect_writable(app, &edited).is_ok();
        let editable = may && is_plain(to) && !lines.is_empty();
        documents.push(Document { id: row.flow, kind: edited.kind(), editable, lines, drafted: false });
        if editable {
            texts.push((edited, changed));
        }
    }
    Ok((Renamed { contacts, merges, documents, change: None }, texts))
}

/// Whether a name can stand in a document without quotes.
fn is_plain(tag: &str) -> bool {
    tag.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') && tag.starts_with(char::is_alphabetic)
}

/// The text with the new name in these lines, and the lines that differ. Every other byte stays as it is.
fn rewritten(text: &str, lines: &BTreeSet<u32>, tag: &str, to: &str) -> (String, Vec<Line>) {
    let (mut out, mut changed) = (String::with_capacity(text.len()), Vec::new());
    for (number, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        let after = if lines.contains(&number) { replaced(line, tag, to) } else { line.to_owned() };
        if after != line {
            changed.push(Line { line: number, before: line.trim().to_owned(), after: after.trim().to_owned() });
        }
        out.push_str(&after);
    }
    (out, changed)
}

/// The line with every whole word `tag` as `to`.
fn replaced(line: &str, tag: &str, to: &str) -> String {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let (mut out, mut from) = (String::with_capacity(line.len()), 0);
    for (at, word) in line.match_indices(tag) {
        let end = at + word.len();
        if at >= from && !part(line[..at].chars().next_back()) && !part(line[end..].chars().next()) {
            out.push_str(&line[from..at]);
            out.push_str(to);
            from = end;
        }
    }
    out.push_str(&line[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_of_the_named_lines_change() {
        let text = "add_tags: [vip, vip-lost] # vip\r\nname: vip\nwhen: contact.tags.contains(\"vip\")\n";
        let (changed, lines) = rewritten(text, &[1, 3].into(), "vip", "gold");
        let wanted = "add_tags: [gold, vip-lost] # gold\r\nname: vip\nwhen: contact.tags.contains(\"gold\")\n";
        assert_eq!(changed, wanted);
        assert_eq!(lines.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn names_that_need_quotes_are_not_written_into_texts() {
        assert!(is_plain("gold") && is_plain("vip_2") && is_plain("клиент"));
        assert!(!is_plain("a: b") && !is_plain("2nd") && !is_plain("two words"));
    }
}
