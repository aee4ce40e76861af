//! What bringing documents in would change, decided without touching anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::clock::At;
use engine::flow::{FORMAT, Needs, Version};
use engine::ids::VersionId;
use engine::store::{VersionRow, VersionState};
use serde::Serialize;

use super::rules::{CheckedFlow, FileProblem, Report};

/// Whose documents they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Files under `--flows DIR`: all of them, so what is not among them is gone.
    Files,
    /// An import: what is not among them stays.
    Import,
}

impl Owner {
    fn of(row: &VersionRow) -> Self {
        if row.owner.starts_with("file:") { Self::Files } else { Self::Import }
    }

    fn name(self, path: &str) -> String {
        match self {
            Self::Files => format!("file:{path}"),
            Self::Import => "db".to_owned(),
        }
    }
}

/// What becomes of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Never seen before.
    New,
    /// It does something else than before.
    Changed,
    /// The same meaning in other words: comments, names, tests, order.
    Reworded,
    /// A draft goes live as it is.
    Published,
    /// Nothing to do.
    Same,
    /// Its file is gone: it starts nothing any more, its runs go on.
    Removed,
}

/// One flow of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// The flow.
    pub(crate) flow: String,
    /// Its file; empty when that is gone.
    pub(crate) file: String,
    /// What becomes of it.
    pub(crate) what: What,
    /// Where it stands afterwards.
    pub(crate) state: VersionState,
    /// The version it is afterwards.
    pub(crate) version: VersionId,
}

/// Everything that a set of documents changes.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Plan {
    /// One entry a flow, by id.
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
    pub(crate) versions: Vec<Arc<Version>>,
}

/// Decides what `report`'s flows change against `stored` (all versions of these flows, and the live ones of all).
///
/// # Errors
/// When a flow belongs to somebody else.
pub(crate) fn plan(
    report: Report,
    stored: &[VersionRow],
    owner: Owner,
    publish: bool,
    by: &str,
    now: At,
    next_id: &mut dyn FnMut() -> VersionId,
) -> Result<Plan, Vec<FileProblem>> {
    let mut by_flow: BTreeMap<&str, Vec<&VersionRow>> = BTreeMap::new();
    for row in stored {
        by_flow.entry(&row.flow).or_default().push(row);
    }
    let mut plan = Plan { problems: report.problems, ..Plan::default() };
    let mut strangers = Vec::new();
    for flow in report.flows {
        let before = by_flow.remove(&*flow.compiled.flow).unwrap_or_default();
        match stranger(&flow, &before, owner) {
            Some(problem) => strangers.push(problem),
            None => plan.add(flow, &before, owner, publish, by, now, next_id),
        }
    }
    if !strangers.is_empty() {
        return Err(strangers);
    }
    for row in by_flow.into_values().flatten().filter(|row| row.state == VersionState::Live) {
        if owner == Owner::Files && Owner::of(row) == Owner::Files {
            let gone = VersionRow { state: VersionState::Old, by: by.to_owned(), ..row.clone() };
            plan.change(&gone, "", What::Removed);
            plan.rows.push(gone);
        }
    }
    plan.changes.sort_by(|one, other| one.flow.cmp(&other.flow));
    Ok(plan)
}

/// The same id in files and in the database is a problem, never a silent winner.
fn stranger(flow: &CheckedFlow, before: &[&VersionRow], owner: Owner) -> Option<FileProblem> {
    let active = before.iter().find(|row| matches!(row.state, VersionState::Live | VersionState::Off))?;
    if Owner::of(active) == owner {
        return None;
    }
    let (message, hint) = match owner {
        Owner::Files => ("was imported into the database", "give this one another id, or remove the imported one"),
        Owner::Import => ("belongs to a file under --flows", "change that file, or give this one another id"),
    };
    let message = format!("the flow `{}` {message}", flow.compiled.flow);
    Some(FileProblem::whole(&flow.path, "owned_elsewhere", message, hint))
}

impl Plan {
    #[allow(clippy::too_many_arguments, reason = "the parts of one decision, used once")]
    fn add(
        &mut self,
        flow: CheckedFlow,
        before: &[&VersionRow],
        owner: Owner,
        publish: bool,
        by: &str,
        now: At,
        next_id: &mut dyn FnMut() -> VersionId,
    ) {
        self.needs.add(&flow.compiled.needs);
        let active = before.iter().find(|row| matches!(row.state, VersionState::Live | VersionState::Off));
        let state = match (active.map(|row| row.state), owner, publish) {
            // Whoever switched it off does not want a new text to switch it on.
            (Some(VersionState::Off), Owner::Files, _) => VersionState::Off,
            (_, Owner::Files, _) | (_, Owner::Import, true) => VersionState::Live,
            (_, Owner::Import, false) => VersionState::Draft,
        };
        let same = before.iter().find(|row| row.source == flow.text);
        if let Some(row) =
            same.filter(|row| row.state == state || (!publish && active.is_some_and(|it| it.id == row.id)))
        {
            self.change(row, &flow.path, What::Same);
            return;
        }
        let drafted = same.filter(|row| row.state == VersionState::Draft);
        let meant = |row: &&&VersionRow| row.meaning == flow.compiled.meaning;
        let what = match (drafted, active.or(before.first())) {
            (Some(_), _) => What::Published,
            (None, None) => What::New,
            (None, Some(last)) if last.meaning == flow.compiled.meaning => What::Reworded,
            (None, Some(_)) => What::Changed,
        };
        let row = VersionRow {
            id: drafted.map_or_else(&mut *next_id, |draft| draft.id),
            flow: flow.compiled.flow.to_string(),
            meaning: flow.compiled.meaning,
            text_no: drafted.map_or_else(|| before.iter().filter(meant).count() as i64 + 1, |draft| draft.text_no),
            language: FORMAT,
            source: flow.text,
            state,
            owner: owner.name(&flow.path),
            by: by.to_owned(),
            at: now,
        };
        self.change(&row, &flow.path, what);
        if state == VersionState::Live {
            self.versions.push(Arc::new(flow.compiled.into_version(row.id)));
        }
        self.rows.push(row);
    }

    fn change(&mut self, row: &VersionRow, file: &str, what: What) {
        let (flow, file) = (row.flow.clone(), file.to_owned());
        self.changes.push(Change { flow, file, what, state: row.state, version: row.id });
    }
}

#[cfg(test)]
mod tests {
    use engine::connector::Registry;

    use super::super::{Document, Rules};
    use super::*;

    const FLOW: &str = "format: 1\nflow: greet\non: [manual]\nsteps:\n  - set: { a: 1 }\n";

    fn planned(texts: &[&str], stored: &[VersionRow], owner: Owner, publish: bool) -> Result<Plan, Vec<FileProblem>> {
        let document = |(place, text): (usize, &&str)| Document { path: format!("{place}.yaml"), text: (*text).into() };
        let documents: Vec<Document> = texts.iter().enumerate().map(document).collect();
        let report = Rules::of_build(Arc::new(Registry::default().catalog())).check(&documents);
        assert!(!report.has_errors(), "{:?}", report.problems);
        let mut last = 100;
        plan(report, stored, owner, publish, "me", At(5), &mut || {
            last += 1;
            VersionId(last)
        })
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
        assert_eq!(planned(&[FLOW], &file, Owner::Import, true).unwrap_err()[0].problem.code, "owned_elsewhere");
        assert_eq!(planned(&[FLOW], &import, Owner::Files, true).unwrap_err()[0].problem.code, "owned_elsewhere");
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
        let document = |path: &str| Document { path: path.into(), text: FLOW.into() };
        let rules = Rules::of_build(Arc::new(Registry::default().catalog()));
        let report = rules.check(&[document("a.yaml"), document("b.yaml")]);
        assert!(report.has_errors());
        assert!(report.problems[0].to_string().starts_with("b.yaml:1:1: error[flow_twice]"));
    }
}
