//! Drafts that a second person is asked about: which there are, whom they wait for, and who is told of them by mail.
//!
//! A review is asked for and answered in `api/studio/review.rs`. What waits is worked out of the stored reviews whenever somebody
//! looks: it ends by itself once the draft is published, changed or thrown away.

mod mail;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use engine::clock::At;
use engine::flow::{self, Kind};
use engine::store::{DraftRow, Editing, Error, ReviewRow, ReviewState};

use crate::accounts::who::is_same_one;
use crate::app::App;
use crate::flows::edited::Edited;

pub(crate) use mail::tell;

/// For how long an answer is listed after it was given.
const LISTED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A document about which somebody was asked.
pub(crate) struct Asked {
    /// What was asked and answered.
    pub(crate) review: ReviewRow,
    /// What the document is.
    pub(crate) kind: Kind,
    /// Its name.
    pub(crate) name: String,
    /// The revision of its draft now.
    pub(crate) revision: i64,
    /// Whether what was asked about is still what would be published.
    pub(crate) current: bool,
    /// Who changed the draft last.
    drafted_by: String,
}

/// What a review is to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// They may answer it.
    Answer,
    /// They asked, or wrote it: somebody else answers.
    Wait,
    /// They asked, and were answered.
    Hear,
}

impl Asked {
    /// All that nobody answered, and those answered within a week; none where no approval is asked for.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn all(app: &App) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        if !app.sign_in.settings().approval {
            return Ok(all);
        }
        let drafts = app.engine.store().drafts().await?;
        let now = app.clock.now();
        for row in app.engine.store().reviews().await? {
            let over = row.answered_at.is_some_and(|at| at.plus(LISTED) < now);
            match drafts.iter().find(|draft| draft.flow == row.flow) {
                _ if over => {}
                Some(draft) => all.push(Self::of_draft(row, draft)),
                None => all.extend(Self::without_draft(app, row).await?),
            }
        }
        all.retain(|asked| asked.current || asked.review.state != ReviewState::Asked);
        Ok(all)
    }

    fn of_draft(review: ReviewRow, draft: &DraftRow) -> Self {
        Self {
            current: draft.revision == review.revision,
            kind: draft.kind,
            name: name(&review.flow, draft.text.as_deref()),
            revision: draft.revision,
            drafted_by: draft.by.clone(),
            review,
        }
    }

    /// Of a document that was published since, or whose text was imported. One that was asked about and published unanswered is over.
    async fn without_draft(app: &App, review: ReviewRow) -> Result<Option<Self>, Error> {
        let revision = app.engine.store().draft(&review.flow).await?.map_or(0, |draft| draft.revision);
        if review.state == ReviewState::Asked && revision != review.revision {
            return Ok(None);
        }
        let edited = Edited::read(app, &review.flow).await?;
        Ok(Some(Self {
            current: revision == review.revision && edited.unpublished().is_some(),
            kind: edited.kind(),
            name: name(&review.flow, edited.text()),
            revision,
            drafted_by: edited.authors().pop().unwrap_or_default(),
            review,
        }))
    }

    /// What it is to `by`, who may edit such documents; nothing when it does not concern them.
    pub(crate) fn part(&self, by: &str) -> Option<Part> {
        let asker = is_same_one(&self.review.asked_by, by);
        match self.review.state {
            ReviewState::Asked if asker || is_same_one(&self.drafted_by, by) => Some(Part::Wait),
            ReviewState::Asked => Some(Part::Answer),
            ReviewState::Approved | ReviewState::Declined => asker.then_some(Part::Hear),
        }
    }
}

/// What the text is called; its id when it does not say.
fn name(id: &str, text: Option<&str>) -> String {
    let name = text.and_then(flow::outline).map(|outline| outline.summary().name);
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_owned())
}

/// Whether `row` was answered.
fn is_answered(row: &ReviewRow) -> bool {
    row.state != ReviewState::Asked
}

/// When something was said of it last.
pub(crate) fn last(row: &ReviewRow) -> At {
    row.answered_at.unwrap_or(row.asked_at)
}
