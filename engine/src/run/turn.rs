//! One turn of one run: a wake comes in, steps are interpreted until every cursor is blocked or the run is over.
//!
//! … match triggers -> run -> **step** -> **action** -> log
//!
//! Pure: a function of the version, the run, the facts, the wake and the time. Production, flow tests in virtual time and
//! crash tests call this one. How it begins is in [`super::waking`], what a step does in [`super::visit`] and the files it
//! names, how it ends in [`super::ending`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::sight::names_of;
use super::{Entry, Run, Sight, Turned, Wake, What};
use crate::calendar::Calendars;
use crate::clock::At;
use crate::desk::Staff;
use crate::event::Event;
use crate::expr::{Scope, Script};
use crate::flow::{Op, Step, Version, WaitFor};
use crate::ids::{Ids, WaitId};
use crate::mailbox::{Facts, Mailbox};
use crate::store::{WaitKind, WaitRow};

/// Most steps of one turn; what is left goes on in the next one, behind what else waits.
const MAX_STEPS: usize = 1_000;
/// Most calls planned by one turn.
const MAX_CALLS: usize = 64;
/// Most steps of a run: more is a loop that nobody meant.
pub(super) const MAX_VISITS: i64 = 100_000;
/// Most turns of a run.
pub(super) const MAX_TURNS: i64 = 10_000;

/// What surrounds a turn: the same for every run of a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The input's time.
    pub now: At,
    /// Where ids come from.
    pub ids: &'a Ids,
    /// Who works here: within which time a team takes what it is asked.
    pub staff: &'a Staff,
    /// Business hours, by name.
    pub calendars: &'a Calendars,
    /// Flows that may be called.
    pub callable: &'a BTreeMap<Arc<str>, Arc<Version>>,
    /// Whether the run has no place at its gate: the wake is noted, and no step taken.
    pub held_back: bool,
}

/// Gives `run` one turn.
pub fn turn(
    run: &mut Run,
    facts: &mut Facts,
    recent: &VecDeque<Arc<Event>>,
    wake: Wake<'_>,
    world: World<'_>,
) -> Turned {
    let mut turn = Turn { run, facts, recent, world, scope: Scope::new(), out: Turned::default() };
    turn.wake(wake);
    turn.go_on();
    turn.run.turns += 1;
    turn.out
}

/// A turn under way.
pub(crate) struct Turn<'a> {
    pub(crate) run: &'a mut Run,
    /// What is known of the contact: actions of ours change it at once.
    pub(crate) facts: &'a mut Facts,
    /// Events of the mailbox that a wait which looks back may be answered by, oldest first.
    pub(super) recent: &'a VecDeque<Arc<Event>>,
    pub(crate) world: World<'a>,
    /// Names that expressions read, as far as steps asked for them.
    pub(super) scope: Scope,
    pub(crate) out: Turned,
}

impl Turn<'_> {
    /// Records what happened; the state follows.
    pub(crate) fn record(&mut self, what: What, data: Value) {
        let entry = Entry { what, data };
        let bounds: Vec<WaitId> = self.run.state.deadlines.iter().map(|deadline| deadline.wait).collect();
        self.run.state.apply(&self.run.version, &entry);
        self.unbind(bounds);
        if changes_values(&entry.what) {
            self.forget(&["steps", "vars", "error"]);
        }
        if let What::Branch { .. } = entry.what {
            // Another branch has other items.
            self.scope = Scope::new();
        }
        self.out.entries.push(entry);
    }

    /// Records something that carries no values.
    pub(crate) fn note(&mut self, what: What) {
        self.record(what, Value::Null);
    }

    /// What follows is about the branch `within`.
    pub(super) fn go_to(&mut self, within: &Arc<str>) {
        if self.run.state.within != *within {
            self.note(What::Branch { within: Arc::clone(within) });
        }
    }

    /// What these names stand for changed: it is made anew when a step reads it.
    pub(super) fn forget(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.scope.unset(name));
    }

    /// Puts what the step reads into scope.
    pub(super) fn see(&mut self, op: &Op) {
        let (conversation, within) = (self.run.conversation, Arc::clone(&self.run.state.within));
        let sight = Sight { now: self.world.now, facts: self.facts, conversation, run: Some((self.run, &within)) };
        sight.show(names_of(op), &mut self.scope);
    }

    /// Takes steps; or, without a place at its gate, waits for its turn if there are steps to take.
    fn go_on(&mut self) {
        let state = &self.run.state;
        if !self.world.held_back {
            if state.queued && state.ended.is_none() {
                self.note(What::Admitted);
            }
            return self.interpret();
        }
        let program = &self.run.version.program;
        let ready = state.ended.is_none() && state.cursors.iter().any(|cursor| cursor.is_ready(program));
        if ready && !state.queued {
            self.note(What::Queued);
        }
    }

    fn interpret(&mut self) {
        let version = Arc::clone(&self.run.version);
        for _ in 0..MAX_STEPS {
            if self.run.state.ended.is_some() {
                return;
            }
            let ready = self.run.state.cursors.iter().find(|cursor| cursor.is_ready(&version.program));
            let Some(within) = ready.map(|cursor| Arc::clone(&cursor.within)) else { return };
            if self.run.state.visits >= MAX_VISITS || self.run.turns >= MAX_TURNS {
                return self.too_long();
            }
            if self.out.effects.len() >= MAX_CALLS {
                break;
            }
            self.go_to(&within);
            self.advance(&version);
        }
        if self.run.state.ended.is_none() {
            self.rest();
        }
    }

    /// The rest of a long turn comes behind what else waits in the mailbox.
    fn rest(&mut self) {
        let id = WaitId(self.world.ids.next(self.world.now));
        self.out.waits.push(self.wait_row(id, WaitKind::Continue, self.world.now));
    }

    /// The step the current cursor stands at.
    pub(super) fn here(&self) -> Option<&Step> {
        self.run.state.step(&self.run.version.program)
    }

    /// One step of the current cursor.
    fn advance(&mut self, version: &Version) {
        let Some(cursor) = self.run.state.cursor() else { return };
        if let Some(next) = cursor.next_branch(&version.program) {
            return self.next_branch(version, next);
        }
        let Some(step) = version.program.step(cursor.at) else { return self.end_of_way() };
        self.bound_steps(version);
        self.see(&step.op);
        if let Err(failure) = self.visit(version, step) {
            self.fail(&failure);
        }
    }

    pub(super) fn wait_row(&self, id: WaitId, kind: WaitKind, due_at: At) -> WaitRow {
        WaitRow { run_id: Some(self.run.id), ..WaitRow::armed(id, self.run.mailbox, kind, due_at) }
    }

    /// The scope of the `match` of `wait`, in which `run` stands on the branch `within`.
    pub(crate) fn scope_of(run: &Run, within: &str, mail: &Mailbox, now: At, wait: &WaitFor) -> Scope {
        let sight = Sight { now, facts: &mail.facts, conversation: run.conversation, run: Some((run, within)) };
        let mut scope = Scope::new();
        sight.show(wait.matching.iter().flat_map(Script::names), &mut scope);
        scope
    }
}

/// Whether `steps`, `vars` or `error` read otherwise once this was recorded.
fn changes_values(what: &What) -> bool {
    matches!(
        what,
        What::Assigned { .. }
            | What::Accepted { .. }
            | What::Acted { .. }
            | What::Again { .. }
            | What::Answered { .. }
            | What::Attended { .. }
            | What::Called { .. }
            | What::Closed { .. }
            | What::Computed { .. }
            | What::Decided { .. }
            | What::Failed { .. }
            | What::Finished { .. }
            | What::Overdue { .. }
            | What::Returned { .. }
    )
}
