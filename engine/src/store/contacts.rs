//! What is kept about contacts as a whole: files that were brought in, contacts that became one, what tags mean, and messages that
//! people marked so that rules can be measured.

use std::collections::BTreeMap;
use std::future::Future;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Error, ListedContact, Store};
use crate::clock::At;
use crate::ids::{ContactId, EventId, ImportId, MergeId};

/// How far an import is. The codes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ImportState {
    /// It goes on.
    Running = 0,
    /// All rows were looked at.
    Done = 1,
    /// A person ended it.
    Stopped = 2,
    /// The process ended meanwhile. The same file again goes on: what is done changes nothing.
    Interrupted = 3,
}

/// A file of contacts that was brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Its id.
    pub id: ImportId,
    /// The file's name.
    pub name: String,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: At,
    /// Its rows.
    pub total: u64,
    /// Contacts made so far.
    pub created: u64,
    /// Contacts changed so far.
    pub changed: u64,
    /// Rows that changed nothing so far.
    pub same: u64,
    /// Rows that could not be taken so far.
    pub refused: u64,
    /// The first of those: number in the file and a stable code, without what stood there.
    pub refusals: Vec<(u64, String)>,
    /// How far it is.
    pub state: ImportState,
    /// When it ended.
    pub ended_at: Option<At>,
}

/// Two contacts that became one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeRow {
    /// Its id.
    pub id: MergeId,
    /// The contact that stays.
    pub kept: ContactId,
    /// The one that became a part of it.
    pub joined: ContactId,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: At,
    /// What it takes to part them: JSON of `handle::merge::Before`. `None` until the contact that stays has taken it in, and once
    /// one of them was erased.
    pub before: Option<String>,
    /// When they were parted again.
    pub parted_at: Option<At>,
    /// Who did that.
    pub parted_by: Option<String>,
}

/// A change of who is one with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeOp {
    /// They become one.
    Join(MergeRow),
    /// What it takes to part them.
    Keep(MergeId, String),
    /// They are two again.
    Part {
        /// Which.
        id: MergeId,
        /// Who.
        joined: ContactId,
        /// When.
        at: At,
        /// Who did it.
        by: String,
    },
}

/// By what two contacts may turn out to be one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactKeys {
    /// The contact.
    pub id: ContactId,
    /// Its name; empty when unknown.
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    /// Fields of our own, JSON.
    pub fields: String,
}

/// What a tag means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagMeaning {
    /// The tag.
    pub tag: String,
    /// The group it belongs to; empty for none.
    pub family: String,
    /// What it says of a contact, in their words.
    pub meaning: String,
    /// Its colour: one of a few names, empty for none.
    pub colour: String,
    /// The field of the CRM that says the same; empty for none.
    pub crm_field: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: At,
}

/// A message with what people say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRow {
    /// The event that brought it.
    pub event: EventId,
    /// Who wrote it.
    pub contact: ContactId,
    /// What was written.
    pub text: String,
    /// The contact's language at that time; empty when unknown.
    pub language: String,
    /// Tags it should give (`true`) and tags it should not (`false`).
    pub tags: BTreeMap<String, bool>,
    /// Who said so last.
    pub by: String,
    /// When.
    pub at: At,
}

/// A change of what is kept about contacts as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactsOp {
    /// An import, new or further.
    Import(ImportRow),
    /// Imports that did not end, before a new start: they are interrupted.
    Interrupt(At),
    /// What a tag means, new or changed.
    Meaning(TagMeaning),
    /// Nobody says any more what a tag means.
    Forgotten(String),
    /// A message with what people say of it, new or changed; without tags it is not kept.
    Label(LabelRow),
    /// A tag has another name: what people say of messages speaks of that one. Where both were marked, the message should give the
    /// tag when it should give either.
    Relabel {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
}

/// Reading what is kept about contacts as a whole.
pub trait Contacts: Store {
    /// Contacts with these numbers (E.164), each with the number it was found by. Who became one with another is that one.
    fn by_phone(&self, phones: Vec<String>)
    -> impl Future<Output = Result<Vec<(String, ListedContact)>, Error>> + Send;

    /// By what contacts may be one person, in order of id after `after`; without those that are a part of another already. At most
    /// 5 000 at a time.
    fn contact_keys(
        &self,
        after: ContactId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<ContactKeys>, Error>> + Send;

    /// Imports, newest first.
    fn imports(&self, limit: u32) -> impl Future<Output = Result<Vec<ImportRow>, Error>> + Send;

    /// Merges that were not taken back, newest first.
    fn merges(&self, limit: u32) -> impl Future<Output = Result<Vec<MergeRow>, Error>> + Send;

    /// One merge.
    fn merge(&self, id: MergeId) -> impl Future<Output = Result<Option<MergeRow>, Error>> + Send;

    /// What is written down of tags, in order of the tag.
    fn tag_meanings(&self) -> impl Future<Output = Result<Vec<TagMeaning>, Error>> + Send;

    /// How many contacts have each tag, in order of the tag.
    fn tag_counts(&self) -> impl Future<Output = Result<Vec<(String, u64)>, Error>> + Send;

    /// Contacts that have a tag, or from whom a person took it, in order of id.
    fn tag_holders(&self, tag: &str) -> impl Future<Output = Result<Vec<ContactId>, Error>> + Send;

    /// All marked messages, newest first.
    fn labels(&self) -> impl Future<Output = Result<Vec<LabelRow>, Error>> + Send;
}
