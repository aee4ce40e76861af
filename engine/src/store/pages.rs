//! Lists for people with filters, page by page, newest first.
//!
//! A page is found by an index. Where a filter has none, a page looks at so many rows at most and may be short: its `next`
//! says where to go on, so no page lasts long however much is stored.

use std::future::Future;

use super::{ContactRow, Error, JournalRow, MessageRow, Reads, RunRow, RunStatus, TagRow, WaitRow};
use crate::ids::{ContactId, ConversationId, JournalId, MailboxId, MessageId, RunId, VersionId};

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<Row, Key> {
    /// Its rows; perhaps none, and more behind it.
    pub rows: Vec<Row>,
    /// The `before` of the next page; `None` at the end of the list.
    pub next: Option<Key>,
}

/// Which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Of this flow only.
    pub flow: Option<String>,
    /// On this version only.
    pub version: Option<VersionId>,
    /// In this status only.
    pub status: Option<RunStatus>,
    /// Of this contact only.
    pub contact: Option<ContactId>,
    /// Whose error, or whose contact's name or number, holds this: normalised, not empty.
    pub text: Option<String>,
    /// Newer than this one.
    pub after: Option<RunId>,
    /// Older than this one.
    pub before: Option<RunId>,
    /// At most so many; 1 to 500.
    pub limit: u32,
}

/// A run as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRun {
    /// The run.
    pub run: RunRow,
    /// Its contact's name, if it has a contact that has one.
    pub name: Option<String>,
}

/// Which contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// Whose name or number holds this: normalised, not empty.
    pub text: Option<String>,
    /// With this tag only.
    pub tag: Option<String>,
    /// Older than this one.
    pub before: Option<ContactId>,
    /// At most so many; 1 to 500.
    pub limit: u32,
}

/// A contact as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedContact {
    /// The contact.
    pub contact: ContactRow,
    /// Its tags, each source of each.
    pub tags: Vec<TagRow>,
}

/// Which rows of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// About this only: the id of a run, an event, a change.
    pub subject: Option<i64>,
    /// By this one only.
    pub by: Option<String>,
    /// Only what people did, not the engine.
    pub people: bool,
    /// Newer than this one.
    pub after: Option<JournalId>,
    /// Older than this one.
    pub before: Option<JournalId>,
    /// At most so many; 1 to 500.
    pub limit: u32,
}

/// How the runs of a flow are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFigures {
    /// The flow.
    pub flow: String,
    /// Runs that began lately.
    pub runs: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Runs that wait, whenever they began.
    pub waiting: u64,
    /// Runs that need attention.
    pub attention: u64,
}

/// Reading lists.
pub trait Pages: Reads {
    /// Runs, newest first.
    fn run_page(&self, query: RunQuery) -> impl Future<Output = Result<Page<ListedRun, RunId>, Error>> + Send;

    /// Contacts, newest first. Erased ones are left out.
    fn contact_page(
        &self,
        query: ContactQuery,
    ) -> impl Future<Output = Result<Page<ListedContact, ContactId>, Error>> + Send;

    /// Rows of the log across everything, newest first.
    fn log_page(&self, query: LogQuery) -> impl Future<Output = Result<Page<JournalRow, JournalId>, Error>> + Send;

    /// Rows of the log about one contact, newest first, before `before`.
    fn log_of(
        &self,
        contact: ContactId,
        before: JournalId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<JournalRow>, Error>> + Send;

    /// Messages of one conversation, newest first, before `before`.
    fn messages_in(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<MessageRow>, Error>> + Send;

    /// The times and events that these runs wait for, in the order in which they fall due. For a page of runs: their
    /// mailboxes are read whole.
    fn waits_of(&self, runs: Vec<(MailboxId, RunId)>) -> impl Future<Output = Result<Vec<WaitRow>, Error>> + Send;

    /// How the runs of each flow are doing, counting those after `since`. Reads an index of all open runs: not for every
    /// request.
    fn flow_figures(&self, since: RunId) -> impl Future<Output = Result<Vec<FlowFigures>, Error>> + Send;

    /// Documents that have a draft newer than what is in force.
    fn drafted(&self) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
}
