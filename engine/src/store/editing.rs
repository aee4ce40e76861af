//! What the editor keeps of documents apart from their versions: drafts, who put what in force and with which words, labels,
//! reviews.

use std::future::Future;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContactsOp, Error, RetagOp, RetagRow, Store};
use crate::clock::At;
use crate::flow::Kind;
use crate::ids::{ContactId, RetagId, VersionId};

/// The text of a document that is being edited. It may be no valid document at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRow {
    /// The document's id.
    pub flow: String,
    /// What the document is, as far as its text says so.
    pub kind: Kind,
    /// The text, byte for byte; `None` once it was published or thrown away. The row stays, so that its revision never comes back.
    pub text: Option<String>,
    /// Counts changes, from 1. A change is written only over the revision before it.
    pub revision: i64,
    /// The version that was in force when the draft began.
    pub based_on: Option<VersionId>,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub at: At,
    /// Everybody who wrote at it since it began, in the order of their first change, each once; empty without a text.
    pub authors: Vec<String>,
}

/// A version that was put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationRow {
    /// The document's id.
    pub flow: String,
    /// The version.
    pub version: VersionId,
    /// When.
    pub at: At,
    /// Who did it.
    pub by: String,
    /// Their words; may be empty.
    pub comment: String,
    /// Whether an older version was put back.
    pub rollback: bool,
    /// Who wrote the draft that became the version; empty when it was none.
    pub authors: Vec<String>,
}

/// Where a document stands among others, for people. It changes nothing of what the document does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetaRow {
    /// The document's id.
    pub flow: String,
    /// Its labels, in the order given.
    pub labels: Vec<String>,
    /// Its folder; empty for none.
    pub folder: String,
    /// Counts changes, from 1. A change is written only over the revision before it.
    pub rev: i64,
}

/// What somebody was asked about a draft, and what they said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// The document's id.
    pub flow: String,
    /// The revision of the draft that is asked about: an answer counts for no other.
    pub revision: i64,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: At,
    /// Their words; may be empty.
    pub comment: String,
    /// The answer.
    pub state: ReviewState,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When.
    pub answered_at: Option<At>,
    /// Their words; may be empty.
    pub answer: String,
}

/// How a review stands. The codes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ReviewState {
    /// Nobody answered yet.
    Asked = 0,
    /// It may be published.
    Approved = 1,
    /// It may not.
    Declined = 2,
}

/// A change of what the editor keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditOp {
    /// A draft, new or changed. Refused, with everything it is written with, when the stored one is not at the revision before.
    Draft(DraftRow),
    /// A version was put in force.
    Published(PublicationRow),
    /// Labels and folder. Refused like a draft when the stored ones are not at the revision before.
    Meta(MetaRow),
    /// A review, asked for or answered.
    Review(ReviewRow),
    /// An operation over the tags of many contacts.
    Retag(RetagOp),
    /// What is kept about contacts as a whole.
    Contacts(ContactsOp),
    /// The document is deleted: labels and review go; versions and the counter of its draft stay.
    Deleted(String),
}

/// Reading what the editor keeps.
pub trait Editing: Store {
    /// The draft of a document, also one that was published or thrown away (it has no text then).
    fn draft(&self, flow: &str) -> impl Future<Output = Result<Option<DraftRow>, Error>> + Send;

    /// All drafts that have a text, by document.
    fn drafts(&self) -> impl Future<Output = Result<Vec<DraftRow>, Error>> + Send;

    /// When which version of a document was put in force, newest first.
    fn published(&self, flow: &str) -> impl Future<Output = Result<Vec<PublicationRow>, Error>> + Send;

    /// Labels and folders of all documents that have any.
    fn metas(&self) -> impl Future<Output = Result<Vec<MetaRow>, Error>> + Send;

    /// Operations over the tags of many contacts, newest first.
    fn retags(&self, limit: u32) -> impl Future<Output = Result<Vec<RetagRow>, Error>> + Send;

    /// Tags that got another name, as (old, new), oldest first.
    fn tag_renamings(&self) -> impl Future<Output = Result<Vec<(String, String)>, Error>> + Send;

    /// Contacts of such an operation that are not done, in order of id.
    fn retag_contacts(&self, id: RetagId, limit: u32) -> impl Future<Output = Result<Vec<ContactId>, Error>> + Send;

    /// The last review of a document.
    fn review(&self, flow: &str) -> impl Future<Output = Result<Option<ReviewRow>, Error>> + Send;

    /// The last review of every document that has one, by document.
    fn reviews(&self) -> impl Future<Output = Result<Vec<ReviewRow>, Error>> + Send;
}
