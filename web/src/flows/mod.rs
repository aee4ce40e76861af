//! Documents (flows, tag rules) on their way in: read from files or an import, checked all together, planned, applied all or nothing.
//!
//! Files under `--flows DIR` own their flows ([`folder`]); imported ones and those of the editor live in the database. The same id
//! in both is a problem. [`edited`] is a document as the editor sees it, [`publish`] puts its text in force.

mod checker;
pub(crate) mod checklist;
mod documents;
pub(crate) mod edited;
mod files;
pub(crate) mod folder;
pub(crate) mod library;
pub(crate) mod locks;
mod plan;
pub(crate) mod publish;
mod waiting;

pub(crate) use checker::{Checker, FileProblem, problems};
pub(crate) use documents::{Document, read};
pub(crate) use plan::{Manner, Owner, Plan, What};

use std::collections::{BTreeMap, BTreeSet};

use engine::book::Published;
use engine::flow;
use engine::ids::VersionId;
use engine::publication::Choices;
use engine::store::{DraftRow, Editing, Reads, VersionRow, VersionState};

use crate::app::App;

/// What can be wrong besides the documents themselves.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are problems; nothing changed.
    #[error("the flows have problems; nothing was changed\n{}", lines(.0))]
    Problems(Vec<FileProblem>),
    /// A choice about waiting runs that cannot be meant; nothing changed.
    #[error("{0}")]
    Choice(String),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] engine::store::Error),
}

fn lines(problems: &[FileProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Plans `documents` against what is stored, and, unless there is an error or `apply` is false, carries the plan out. `waiting` says,
/// by flow and step, what becomes of runs that wait there, instead of what the step says.
///
/// # Errors
/// When a document has errors or belongs to somebody else, or the store fails. Nothing changed then.
pub(crate) async fn bring_in(
    app: &App,
    documents: &[Document],
    owner: Owner,
    publish: bool,
    by: &str,
    apply: bool,
    waiting: &BTreeMap<String, Choices>,
) -> Result<Plan, Error> {
    let _one_at_a_time = app.importing.lock().await;
    let documents = owned(documents, owner);
    let mut stored = Vec::new();
    let ids: BTreeSet<String> = documents.iter().filter_map(|document| app.checker.id(&document.text)).collect();
    for id in &ids {
        stored.extend(app.engine.store().versions_of(id).await?);
    }
    stored.extend(app.engine.store().flows().await?.into_iter().filter(|row| !ids.contains(&row.flow)));
    let mut known = stored.clone();
    if owner == Owner::Files {
        known.extend(drafts(app, &stored).await?);
    }
    let planned = app.checker.plan(&documents, &known);
    if !planned.possible() {
        return Err(Error::Problems(problems(&planned)));
    }
    let at = app.clock.now();
    let manner = Manner { owner, publish, by, at };
    let mut plan = plan::rows(planned, &documents, &stored, manner, &mut || VersionId(app.ids.next(at)));
    waiting::tell(&app.engine, &mut plan, waiting).await?;
    if apply && !plan.rows.is_empty() {
        let (rows, versions) = (std::mem::take(&mut plan.rows), std::mem::take(&mut plan.versions));
        app.engine.publish_with(rows, versions, by, waiting, Vec::new()).await?;
    }
    Ok(plan)
}

/// Documents that so far exist as drafts of the editor only, as the versions they would become: a file of the same id is a problem.
async fn drafts(app: &App, stored: &[VersionRow]) -> Result<Vec<VersionRow>, engine::store::Error> {
    let drafts = app.engine.store().drafts().await?;
    let known = |id: &str| stored.iter().any(|row| row.flow == id && row.state != VersionState::Old);
    let row = |draft: DraftRow| VersionRow {
        id: VersionId::default(),
        kind: draft.kind,
        flow: draft.flow,
        meaning: [0; 32],
        text_no: 1,
        language: flow::FORMAT,
        source: draft.text.unwrap_or_default(),
        state: VersionState::Draft,
        owner: Owner::Editor.name(""),
        by: draft.by,
        at: draft.at,
    };
    Ok(drafts.into_iter().filter(|draft| !known(&draft.flow)).map(row).collect())
}

/// The documents as the engine plans them, when nobody has a claim on them yet.
pub(crate) fn as_import(documents: &[Document]) -> Vec<flow::Document> {
    owned(documents, Owner::Import)
}

fn owned(documents: &[Document], owner: Owner) -> Vec<flow::Document> {
    let owned = |document: &Document| flow::Document {
        path: document.path.clone(),
        text: document.text.clone(),
        owner: owner.name(&document.path),
    };
    documents.iter().map(owned).collect()
}

/// Puts a document on or off: the same text, another state.
///
/// # Errors
/// When the store fails, or the text no longer passes its checks.
pub(crate) async fn switch(app: &App, row: VersionRow, on: bool, by: &str) -> Result<(), Error> {
    let state = if on { VersionState::Live } else { VersionState::Off };
    let row = VersionRow { state, by: by.to_owned(), at: app.clock.now(), ..row };
    let versions: Vec<Published> = match on {
        true => vec![app.checker.strict(&row).map_err(Error::Problems)?],
        false => Vec::new(),
    };
    Ok(app.engine.publish(vec![row], versions, by).await?)
}
