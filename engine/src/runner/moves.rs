//! Telling runs of a publication: an input to each mailbox that has some, page by page, until all have seen to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::oneshot;

use super::core::Core;
use crate::book::Book;
use crate::clock::At;
use crate::flow::{OnPublish, Stays, StepIx, Version};
use crate::handle::Input;
use crate::ids::{MailboxId, VersionId};
use crate::publication::{Choices, Publication, PublicationOp};
use crate::store::{self, Reads, Store, VersionRow, VersionState, WaitingRow, WaitingRows, Work};

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

/// What a publication would mean for the runs that wait at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Where they wait.
    #[serde(flatten)]
    pub place: Place,
    /// What becomes of them; of runs that wait at several steps at once, see [`OnPublish`] and `flows/FORMAT.md`.
    pub then: OnPublish,
    /// Why they finish although they were to continue: [`Stays::code`].
    pub why: Option<&'static str>,
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
                Err(problem @ (store::Error::InDoubt(_) | store::Error::Taken(_))) => {
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
        let found = self.waiting_rows(flow).await?;
        Ok(Waiting { runs: found.runs, places: found.places.iter().map(|row| place(&book, row)).collect() })
    }

    /// What it would mean for them that `to` is published, or, with `None`, that the flow is removed.
    pub(super) async fn fates(
        &self,
        flow: &str,
        to: Option<&Version>,
        choices: &Choices,
    ) -> Result<Vec<Fate>, store::Error> {
        let book = self.book.load_full();
        let found = self.waiting_rows(flow).await?;
        Ok(found.places.iter().filter_map(|row| fate(&book, row, to, choices)).collect())
    }

    /// The rows of all mailboxes, each place once.
    async fn waiting_rows(&self, flow: &str) -> Result<WaitingRows, store::Error> {
        let mut after = MailboxId(i64::MIN);
        let (mut runs, mut places) = (0, BTreeMap::new());
        while let Some(last) = self.parts.store.mailboxes_of(flow, after, PAGE).await?.last().copied() {
            let found = self.parts.store.waiting(flow, (after, last)).await?;
            runs += found.runs;
            for row in found.places {
                let none = WaitingRow { count: 0, next_due: At::NEVER, ..row };
                let place = places.entry((row.version, row.cursor)).or_insert(none);
                place.count += row.count;
                place.next_due = place.next_due.min(row.next_due);
            }
            after = last;
        }
        Ok(WaitingRows { runs, places: places.into_values().collect() })
    }
}

/// The step of its version at which `row` waits.
fn step_of(row: &WaitingRow) -> Option<StepIx> {
    StepIx::try_from(row.cursor - 1).ok()
}

fn place(book: &Book, row: &WaitingRow) -> Place {
    let version = book.versions.get(&row.version);
    let step = version.and_then(|version| version.program.written(step_of(row)));
    Place {
        step: step.map_or_else(|| "".into(), |step| Arc::clone(&step.path)),
        line: step.map_or(0, |step| step.line),
        version: row.version,
        on_publish: step.map(|step| step.on_publish).unwrap_or_default(),
        count: row.count,
        next_due: (row.next_due != At::NEVER).then_some(row.next_due),
    }
}

/// `None` for runs on a version that means the same: nothing happens to them.
fn fate(book: &Book, row: &WaitingRow, to: Option<&Version>, choices: &Choices) -> Option<Fate> {
    let place = place(book, row);
    let version = book.versions.get(&row.version);
    if to.zip(version).is_some_and(|(to, version)| to.meaning == version.meaning) {
        return None;
    }
    let mut then = choices.get(&*place.step).copied().unwrap_or(place.on_publish);
    let mut why = None;
    if then == OnPublish::Continue {
        let there = match (to, version.zip(step_of(row))) {
            (None, _) => Err(Stays::Removed),
            (_, None) => Err(Stays::Gone),
            (Some(to), Some((version, at))) => version.program.same_step(at, &to.program),
        };
        why = there.err().map(Stays::code);
    }
    if why.is_some() {
        then = OnPublish::Finish;
    }
    Some(Fate { place, then, why })
}

/// Whether any version of `flow` that runs may be on says that they do not simply finish.
fn asks(book: &Book, flow: &str) -> bool {
    let says = |version: &Version| version.program.steps.iter().any(|step| step.on_publish != OnPublish::Finish);
    book.versions.values().any(|version| *version.flow == *flow && says(version))
}
