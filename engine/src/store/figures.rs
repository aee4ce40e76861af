//! What figures about people are counted from: rows of a time, in pages, so that no reading lasts long.

use std::future::Future;

use super::{Error, JournalRow, Reads};
use crate::clock::At;
use crate::event::Origin;
use crate::ids::{ConversationId, EventId, MessageId, RunId, UserId};

/// Rows of one page; a page that has fewer is the last one.
pub const FIGURES_PAGE: usize = 20_000;

/// A session of a conversation that people closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingRow {
    /// Its id.
    pub id: i64,
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// When the customer's first message opened the session.
    pub opened_at: At,
    /// When it was closed.
    pub at: At,
    /// Who had it, else who closed it.
    pub agent: Option<UserId>,
    /// The team it was with.
    pub team: Option<String>,
}

/// An event, as far as it tells that something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardOf {
    /// Which.
    pub event: EventId,
    /// Where, if anywhere.
    pub conversation: Option<ConversationId>,
    /// Whose doing.
    pub origin: Origin,
}

/// Somebody who works here wrote to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// What was said; its id tells when.
    pub message: MessageId,
    /// Where.
    pub conversation: ConversationId,
    /// Who; `None` = the engine asked how it was, or thanked.
    pub by: Option<UserId>,
}

/// A run, as far as it tells which flow talked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RanIn {
    /// Which.
    pub run: RunId,
    /// Where, if anywhere.
    pub conversation: Option<ConversationId>,
    /// Of which flow.
    pub flow: String,
}

/// Reading for figures about people. Pages are oldest first and hold at most [`FIGURES_PAGE`] rows.
pub trait PeopleFigures: Reads {
    /// Sessions that people closed at or after `from` and before `until`, oldest first, at most 20 000.
    fn closings(&self, from: At, until: At) -> impl Future<Output = Result<Vec<ClosingRow>, Error>> + Send;

    /// Events behind `after` and received before `until`.
    fn heard_page(&self, after: EventId, until: At) -> impl Future<Output = Result<Vec<HeardOf>, Error>> + Send;

    /// What was said to customers by hand behind `after` and before `until`.
    fn spoken_page(&self, after: MessageId, until: At) -> impl Future<Output = Result<Vec<Spoken>, Error>> + Send;

    /// Runs begun behind `after` and before `until`.
    fn run_page(&self, after: RunId, until: At) -> impl Future<Output = Result<Vec<RanIn>, Error>> + Send;

    /// The journal of one subject at or after `from`, oldest first, at most 20 000 rows.
    fn journal_since(&self, subject: i64, from: At) -> impl Future<Output = Result<Vec<JournalRow>, Error>> + Send;
}
