//! What bringing documents in would change, decided without touching anything.

use std::collections::BTreeSet;

use engine::book::Published;
use engine::clock::At;
use engine::flow::{self, CompiledDocument, FORMAT, Kind, Needs};
use engine::ids::VersionId;
use engine::store::{VersionRow, VersionState};
use schemars::JsonSchema;
use serde::Serialize;

use super::checker::{FileProblem, problems};
use super::waiting::Waits;

/// Whose documents they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Files under `--flows DIR`: all of them, so what is not among them is gone.
    Files,
    /// An import: what is not among them stays.
    Import,
    /// One document from the editor, which lives in the database.
    Editor,
    /// One document from the editor, which lives in a file under `--flows DIR` that the editor may write.
    Edited,
}

impl Owner {
    fn of(row: &VersionRow) -> Self {
        if row.owner.starts_with("file:") { Self::Files } else { Self::Import }
    }

    /// The owner as it is stored, for the file at `path`.
    pub(crate) fn name(self, path: &str) -> String {
        match self {
            Self::Files | Self::Edited => format!("file:{path}"),
            Self::Import | Self::Editor => "db".to_owned(),
        }
    }
}

/// What becomes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ImportWhat")]
pub(crate) enum What {
    /// Never seen before.
    New,
    /// It does something else than before.
    Changed,
    /// The same meaning in other words: comments, names, tests, order.
    Reworded,
    /// A text that is there goes live.
    Published,
    /// Nothing to do.
    Same,
    /// Its file is gone: it starts nothing any more, its runs go on.
    Removed,
}

/// One document of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportChange")]
pub(crate) struct Change {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its id.
    pub(crate) flow: String,
    /// Its file; empty when that is gone.
    pub(crate) file: String,
    /// What becomes of it.
    pub(crate) what: What,
    /// Where it stands afterwards.
    pub(crate) state: VersionState,
    /// The version it is afterwards.
    pub(crate) version: VersionId,
    /// What becomes of runs that wait on other versions; empty when nothing happens to any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) waiting: Vec<Waits>,
}

/// Everything that a set of documents changes.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ImportPlan")]
pub(crate) struct Plan {
    /// One entry a document, by id.
    pub(crate) changes: Vec<Change>,
    /// Warnings.
    pub(crate) problems: Vec<FileProblem>,
    /// What the flows need here.
    pub(crate) needs: Needs,
    /// Rows to write.
    #[serde(skip)]
    pub(crate) rows: Vec<VersionRow>,
    /// Those of `rows` that go live, compiled.
    #[serde(skip)]
    pub(crate) versions: Vec<Published>,
}

/// Who brings documents in, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner<'a> {
    /// Whose documents they are.
    pub(crate) owner: Owner,
    /// Whether they go live; files always do.
    pub(crate) publish: bool,
    /// Who does it.
    pub(crate) by: &'a str,
    /// When.
    pub(crate) at: At,
}

/// Turns what the engine `planned` for `documents` into rows. `stored` are all versions of these flows, and the live ones of all.
pub(crate) fn rows(
    planned: flow::Plan,
    documents: &[flow::Document],
    stored: &[VersionRow],
    manner: Manner<'_>,
    next_id: &mut dyn FnMut() -> VersionId,
) -> Plan {
    let mut plan = Plan { problems: problems(&planned), needs: planned.needs, ..Plan::default() };
    let mut kept = BTreeSet::new();
    for (item, document) in planned.items.into_iter().zip(documents) {
        let Some(compiled) = item.compiled else { continue };
        kept.insert(compiled.id().to_string());
        let before = stored.iter().filter(|row| *row.flow == **compiled.id()).collect::<Vec<_>>();
        plan.add(compiled, item.change, document, &before, manner, next_id);
    }
    for row in stored.iter().filter(|row| row.state == VersionState::Live && !kept.contains(&row.flow)) {
        if manner.owner == Owner::Files && Owner::of(row) == Owner::Files {
            let gone = VersionRow { state: VersionState::Old, by: manner.by.to_owned(), ..row.clone() };
            plan.change(&gone, "", What::Removed);
            plan.rows.push(gone);
        }
    }
    plan.changes.sort_by(|one, other| one.flow.cmp(&other.flow));
    plan
}

impl Plan {
    fn add(
        &mut self,
        compiled: CompiledDocument,
        change: flow::Change,
        document: &flow::Document,
        before: &[&VersionRow],
        manner: Manner<'_>,
        next_id: &mut dyn FnMut() -> VersionId,
    ) {
        let active = before.iter().find(|row| matches!(row.state, VersionState::Live | VersionState::Off));
        let state = match (active.map(|row| row.state), manner.owner, manner.publish) {
            // Whoever switched it off does not want a new text to switch it on.
            (Some(VersionState::Off), Owner::Files | Owner::Editor | Owner::Edited, _) => VersionState::Off,
            (_, Owner::Files, _) | (_, _, true) => VersionState::Live,
            (_, _, false) => VersionState::Draft,
        };
        let draft = before.iter().find(|row| row.state == VersionState::Draft && row.source == document.text);
        let in_force = active.filter(|row| row.source == document.text);
        let stays = in_force.filter(|row| row.state == state || state == VersionState::Draft);
        if let Some(row) = stays.or(draft.filter(|_| state == VersionState::Draft)) {
            self.change(row, &document.path, What::Same);
            return;
        }
        // A text that was in force once is that version again.
        let older = || before.iter().find(|row| row.source == document.text).filter(|_| state != VersionState::Draft);
        let (there, what) = match (in_force.or(draft).or_else(older), change) {
            (Some(row), _) => (Some(*row), What::Published),
            (None, flow::Change::New) => (None, What::New),
            (None, flow::Change::Reworded | flow::Change::Unchanged) => (None, What::Reworded),
            (None, flow::Change::Changed | flow::Change::Refused) => (None, What::Changed),
        };
        let texts = before.iter().filter(|row| row.meaning == compiled.meaning()).map(|row| row.text_no).max();
        let row = VersionRow {
            id: there.map_or_else(next_id, |row| row.id),
            kind: compiled.kind(),
            flow: compiled.id().to_string(),
            meaning: compiled.meaning(),
            text_no: there.map_or(texts.unwrap_or(0) + 1, |row| row.text_no),
            language: FORMAT,
            source: document.text.clone(),
            state,
            owner: document.owner.clone(),
            by: manner.by.to_owned(),
            at: manner.at,
        };
        self.change(&row, &document.path, what);
        if state == VersionState::Live {
            self.versions.push(compiled.into_version(row.id));
        }
        self.rows.push(row);
    }

    fn change(&mut self, row: &VersionRow, file: &str, what: What) {
        let (flow, file) = (row.flow.clone(), file.to_owned());
        let waiting = Vec::new();
        self.changes.push(Change { kind: row.kind, flow, file, what, state: row.state, version: row.id, waiting });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::connector::Registry;

    use super::super::Checker;
    use super::*;

    const FLOW: &str = "format: 1\nflow: greet\non: [manual]\nsteps:\n  - set: { a: 1 }\n";

    fn planned(texts: &[&str], stored: &[VersionRow], owner: Owner, publish: bool) -> Result<Plan, Vec<FileProblem>> {
        let document = |(place, text): (usize, &&str)| {
            let path = format!("{place}.yaml");
            flow::Document { owner: owner.name(&path), path, text: (*text).into() }
        };
        let documents: Vec<_> = texts.iter().enumerate().map(document).collect();
        let planned = Checker::of_build(Arc::new(Registry::default().catalog())).plan(&documents, stored);
        if !planned.possible() {
            return Err(problems(&planned));
        }
        let mut last = 100 + stored.len() as i64;
        Ok(rows(planned, &documents, stored, Manner { owner, publish, by: "me", at: At(5) }, &mut || {
            last += 1;
            VersionId(last)
        }))
    }

    fn first(plan: &Plan) -> (What, VersionState) {
        (plan.changes[0].what, plan.changes[0].state)
    }

    #[test]
    fn a_file_goes_live_and_a_second_look_changes_nothing() {
        let plan = planned(&[FLOW], &[], Owner::Files, true).unwrap();
        assert_eq!(first(&plan), (What::New, VersionState::Live));
        assert_eq!((plan.rows.len(), plan.versions.len()), (1, 1));
        let again = planned(&[FLOW], &plan.rows, Owner::Files, true).unwrap();
        assert_eq!((first(&again).0, again.rows.len()), (What::Same, 0));
    }

    #[test]
    fn a_comment_is_another_text_of_the_same_meaning() {
        let stored = planned(&[FLOW], &[], Owner::Files, true).unwrap().rows;
        let plan = planned(&[&format!("# hello\n{FLOW}")], &stored, Owner::Files, true).unwrap();
        assert_eq!(first(&plan).0, What::Reworded);
        assert_eq!((plan.rows[0].text_no, plan.rows[0].meaning), (2, stored[0].meaning));
        let other = planned(&[&FLOW.replace("a: 1", "a: 2")], &stored, Owner::Files, true).unwrap();
        assert_eq!((first(&other).0, other.rows[0].text_no), (What::Changed, 1));
    }

    #[test]
    fn an_import_is_a_draft_until_it_is_published() {
        let draft = planned(&[FLOW], &[], Owner::Import, false).unwrap();
        assert_eq!(first(&draft), (What::New, VersionState::Draft));
        assert!(draft.versions.is_empty());
        let live = planned(&[FLOW], &draft.rows, Owner::Import, true).unwrap();
        assert_eq!(first(&live), (What::Published, VersionState::Live));
        assert_eq!(live.rows[0].id, draft.rows[0].id);
    }

    #[test]
    fn the_same_id_in_a_file_and_in_the_database_is_a_problem() {
        let file = planned(&[FLOW], &[], Owner::Files, true).unwrap().rows;
        let import = planned(&[FLOW], &[], Owner::Import, true).unwrap().rows;
        assert_eq!(planned(&[FLOW], &file, Owner::Import, true).unwrap_err().len(), 1);
        assert_eq!(planned(&[FLOW], &import, Owner::Files, true).unwrap_err().len(), 1);
    }

    #[test]
    fn a_flow_whose_file_is_gone_goes_and_an_imported_one_stays() {
        let file = planned(&[FLOW], &[], Owner::Files, true).unwrap().rows;
        let gone = planned(&[], &file, Owner::Files, true).unwrap();
        assert_eq!(first(&gone), (What::Removed, VersionState::Old));
        let import = planned(&[FLOW], &[], Owner::Import, true).unwrap().rows;
        assert!(planned(&[], &import, Owner::Files, true).unwrap().changes.is_empty());
    }

    #[test]
    fn a_new_text_does_not_switch_a_flow_on_that_a_person_switched_off() {
        let mut stored = planned(&[FLOW], &[], Owner::Files, true).unwrap().rows;
        stored[0].state = VersionState::Off;
        let plan = planned(&[&FLOW.replace("a: 1", "a: 2")], &stored, Owner::Files, true).unwrap();
        assert_eq!(first(&plan), (What::Changed, VersionState::Off));
        assert!(plan.versions.is_empty());
    }

    #[test]
    fn two_documents_of_one_id_are_a_problem() {
        let problems = planned(&[FLOW, FLOW], &[], Owner::Files, true).unwrap_err();
        assert!(problems[0].to_string().starts_with("0.yaml:2:"), "{problems:?}");
    }
}
