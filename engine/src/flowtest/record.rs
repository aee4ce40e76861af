//! What a simulated world keeps of what happened, for whoever asks afterwards.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::expect::Act;
use super::log::Log;
use super::timeline::Told;
use crate::capability::human;
use crate::clock::At;
use crate::connector::Action;
use crate::ids::{RunId, VersionId};
use crate::run::{Entry, What, journal};
use crate::store::{JournalKind, JournalRow, RunRow, RunStatus};

pub(super) struct Record {
    /// When the world began.
    pub(super) start: At,
    pub(super) acts: Vec<Act>,
    /// Tag rules that held.
    pub(super) ruled: Vec<String>,
    pub(super) runs: BTreeMap<RunId, RunRow>,
    /// What was told of each run.
    pub(super) entries: BTreeMap<RunId, Vec<Entry>>,
    log: Log,
    /// Every journal entry in order, when somebody wants to be told.
    tape: Option<Vec<Told>>,
}

impl Record {
    pub(super) fn new(start: At) -> Self {
        Self {
            start,
            acts: Vec::new(),
            ruled: Vec::new(),
            runs: BTreeMap::new(),
            entries: BTreeMap::new(),
            log: Log::new(start),
            tape: None,
        }
    }

    /// From now on every entry is kept in order.
    pub(super) fn keep_tape(&mut self) {
        self.tape = Some(Vec::new());
    }

    /// Takes down what a journal says.
    pub(super) fn read(&mut self, now: At, row: &JournalRow) {
        let entries = journal::decode(row).unwrap_or_default();
        if let Some(tape) = &mut self.tape {
            tape.push(Told { at: now, kind: row.kind, subject: row.subject, entries: entries.clone() });
        }
        for entry in &entries {
            self.log.entry(now, entry);
            let (action, input) = match &entry.what {
                What::Planned { action, .. } => (&**action, &entry.data),
                What::Acted { action, .. } => (&**action, &entry.data["input"]),
                // Without values, a demand of a run is told by the step that acted.
                What::Escalated { .. } if !entry.data.is_null() => (human::Escalate::NAME, &entry.data),
                What::RuleHeld { rule, .. } => {
                    self.ruled.push(rule.to_string());
                    continue;
                }
                _ => continue,
            };
            let (after, action) = (now.since(self.start), action.to_owned());
            self.acts.push(Act { after, action, input: input.clone() });
        }
        if row.kind == JournalKind::Turn {
            self.entries.entry(RunId(row.subject)).or_default().extend(entries);
        }
    }

    /// Every journal entry in order.
    pub(super) fn tape(&self) -> &[Told] {
        self.tape.as_deref().unwrap_or_default()
    }

    /// The variables that runs set, by name; of the last run that set it.
    pub(super) fn vars(&self) -> Map<String, Value> {
        let mut vars = Map::new();
        for entry in self.entries.values().flatten() {
            let values = match entry.what {
                What::Assigned { .. } => &entry.data,
                What::Accepted { .. } => &entry.data["set"],
                _ => continue,
            };
            vars.extend(values.as_object().cloned().unwrap_or_default());
        }
        vars
    }

    /// The flow of each run.
    pub(super) fn flows(&self) -> HashMap<RunId, Arc<str>> {
        self.runs.values().map(|run| (run.id, run.flow.as_str().into())).collect()
    }

    /// How the first run on this version ended, or stands.
    pub(super) fn first_run(&self, version: VersionId) -> Option<RunStatus> {
        self.runs.values().find(|run| run.version_id == version).map(|run| run.status)
    }

    /// Adds a line to the log.
    pub(super) fn line(&mut self, now: At, words: &str) {
        self.log.line(now, words);
    }

    /// What happened, for reading.
    pub(super) fn lines(&self) -> Vec<String> {
        self.log.lines()
    }
}
