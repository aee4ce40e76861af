//! Telling runs of a publication: an input to each mailbox that has some, page by page, until all have seen to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;

use super::core::Core;
use crate::book::Book;
use crate::clock::At;
use crate::flow::{OnPublish, Version};
use crate::handle::Input;
use crate::ids::{MailboxId, VersionId};
use crate::publication::{Choices, Publication, PublicationOp};
use crate::store::{self, Reads, Store, VersionRow, VersionState, Work};

/// Mailboxes told at a time; the next ones hear of it when these have seen to it.
const PAGE: u32 = 500;
/// Before the first page: what began under the book before is committed by then.
const PAUSE: Duration = Duration::from_millis(100);
/// Before a page is tried again after the store failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Where the runs of a flow wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// How many of its runs are not over.
    pub runs: u64,
    /// The steps at which they wait, by version and place.
    pub places: Vec<Place>,
}

/// A step at which runs wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The step's id, or its place (`3.then.1`); empty when that is not known.
    pub step: Arc<str>,
    /// Its line in the version's text, from 1; 0 when not known.
    pub line: u32,
    /// The version.
    pub version: VersionId,
    /// What the step says becomes of them when another version is published.
    pub on_publish: OnPublish,
    /// How many wait.
    pub count: u64,
    /// When the first of them falls due; `None` when none does.
    pub next_due: Option<At>,
}

impl<S: Store + Reads> Core<S> {
    /// The publications that `rows` make, of flows that have runs which may have to hear of them.
    pub(super) async fn publications(
        &self,
        before: &Book,
        rows: &[VersionRow],
        choices: &BTreeMap<String, Choices>,
        by: &str,
    ) -> Result<Vec<Publication>, store::Error> {
        let under_way = self.parts.store.publications().await?;
        let mut found = Vec::new();
        for row in rows.iter().filter(|row| matches!(row.state, VersionState::Live | VersionState::Old)) {
            // What an unfinished publication chose still counts, unless it is chosen anew.
            let earlier = under_way.iter().find(|publication| publication.flow == row.flow);
            let mut chosen = earlier.map(|publication| publication.choices.clone()).unwrap_or_default();
            chosen.extend(choices.get(&row.flow).cloned().unwrap_or_default());
            if chosen.is_empty() && !asks(before, &row.flow) {
                continue;
            }
            found.push(Publication {
                flow: row.flow.clone(),
                version: row.id,
                removed: row.state == VersionState::Old,
                choices: chosen,
                by: by.to_owned(),
                at: row.at,
            });
        }
        Ok(found)
    }

    /// Tells the runs of `publications`, each at its own pace.
    pub(super) fn tell_runs(self: &Arc<Self>, publications: Vec<Publication>) {
        for publication in publications {
            let core = Arc::clone(self);
            self.activity.add(1);
            tokio::spawn(async move {
                core.tell_all(Arc::new(publication)).await;
                core.activity.add(-1);
            });
        }
    }

    async fn tell_all(self: &Arc<Self>, publication: Arc<Publication>) {
        tokio::time::sleep(PAUSE).await;
        let mut after = MailboxId(i64::MIN);
        while !*self.closing.borrow() {
            match self.tell_page(&publication, after).await {
                Ok(Some(last)) => after = last,
                Ok(None) => return,
                Err(problem @ store::Error::InDoubt(_)) => {
                    tracing::error!(%problem, "a publication goes on at the next start");
                    return;
                }
                Err(problem) => {
                    tracing::error!(flow = publication.flow, %problem, "runs could not be told of a publication; tried again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Tells the mailboxes after `after`; gives the last of them, or nothing when there are no more.
    async fn tell_page(
        self: &Arc<Self>,
        publication: &Arc<Publication>,
        after: MailboxId,
    ) -> Result<Option<MailboxId>, store::Error> {
        let page = self.parts.store.mailboxes_of(&publication.flow, after, PAGE).await?;
        let Some(last) = page.last().copied() else {
            let (flow, version) = (publication.flow.clone(), publication.version);
            let over = vec![PublicationOp::Done { flow, version }];
            let now = self.parts.clock.now();
            let work = Work { mailbox: MailboxId::SYSTEM, at: now, publications: over, ..Work::default() };
            self.watched(self.parts.store.commit(work).await)?;
            return Ok(None);
        };
        let mut told = Vec::new();
        for mailbox in page {
            let (reply, answer) = oneshot::channel();
            self.post(mailbox, Input::Published(Arc::clone(publication)), Some(reply));
            told.push(answer);
        }
        for answer in told {
            // What could not be seen to was set aside, and said so.
            let _ = answer.await;
        }
        Ok(Some(last))
    }

    /// Where the runs of `flow` wait.
    pub(super) async fn waiting(&self, flow: &str) -> Result<Waiting, store::Error> {
        let book = self.book.load_full();
        let mut waiting = Waiting::default();
        let mut after = MailboxId(i64::MIN);
        let mut places: BTreeMap<(VersionId, i64), (u64, At)> = BTreeMap::new();
        while let Some(last) = self.parts.store.mailboxes_of(flow, after, PAGE).await?.last().copied() {
            let found = self.parts.store.waiting(flow, (after, last)).await?;
            waiting.runs += found.runs;
            for row in found.places {
                let place = places.entry((row.version, row.cursor)).or_insert((0, At::NEVER));
                *place = (place.0 + row.count, place.1.min(row.next_due));
            }
            after = last;
        }
        let place = |((version, cursor), (count, due))| place(&book, version, cursor, count, due);
        waiting.places = places.into_iter().map(place).collect();
        Ok(waiting)
    }
}

fn place(book: &Book, version: VersionId, cursor: i64, count: u64, due: At) -> Place {
    let at = u32::try_from(cursor - 1).ok();
    let step = book.versions.get(&version).and_then(|version| version.program.written(at));
    Place {
        step: step.map_or_else(|| "".into(), |step| Arc::clone(&step.path)),
        line: step.map_or(0, |step| step.line),
        version,
        on_publish: step.map(|step| step.on_publish).unwrap_or_default(),
        count,
        next_due: (due != At::NEVER).then_some(due),
    }
}

/// Whether any version of `flow` that runs may be on says that they do not simply finish.
fn asks(book: &Book, flow: &str) -> bool {
    let says = |version: &Version| version.program.steps.iter().any(|step| step.on_publish != OnPublish::Finish);
    book.versions.values().any(|version| *version.flow == *flow && says(version))
}
