//! Turns of runs: what one changes becomes rows of the commit.

use super::caused::Cause;
use super::{Handling, calls};
use crate::alarm::Raise;
use crate::capability::human::NotifyEscalation;
use crate::connector::Action;
use crate::ids::RunId;
use crate::run::{Run, Turned, Wake, World, turn};
use crate::store::{EffectOp, JournalKind, RunRow, RunStatus, WaitState};

impl Handling<'_> {
    /// Gives an unfinished run a turn; one that is over gets none.
    pub(super) fn wake(&mut self, run: RunId, wake: Wake<'_>) {
        if let Some(run) = self.mail.runs.remove(&run) {
            self.give_turn(run, wake);
        }
    }

    pub(super) fn give_turn(&mut self, mut run: Run, wake: Wake<'_>) {
        let book = self.book;
        let held_back = !self.may_work(&run);
        let trigger = wake.trigger();
        let world = World {
            now: self.now,
            ids: self.ids,
            staff: &book.staff,
            calendars: &book.calendars,
            callable: &book.callable,
            held_back,
        };
        let turned = turn(&mut run, &mut self.mail.facts, &self.mail.recent, wake, world);
        self.absorb(&run, turned);
        self.tell_changes(Cause::run(&run));
        self.keep_place(&run, &trigger);
        let row = run.to_row(self.now);
        if row.status.ended() {
            self.close(run.id);
            if row.status == RunStatus::Failed {
                self.tell_failed(&run);
                self.raise(Raise::flow_failed(&row.flow));
            }
            self.tell_caller(&run, row.status);
        } else {
            self.mail.runs.insert(run.id, run);
        }
        self.write_run(row);
    }

    fn absorb(&mut self, run: &Run, turned: Turned) {
        self.journal(run.id.0, Some(run.turns - 1), JournalKind::Turn, &turned.entries);
        for effect in turned.effects {
            self.mail.effects.insert(effect.id, effect.clone());
            self.work.effects.push(EffectOp::Plan(Box::new(effect)));
        }
        for wait in turned.waits {
            self.arm(wait);
        }
        for (wait, to) in turned.closed {
            self.disarm(wait, to);
        }
        for ask in turned.asks {
            self.ask_desk(ask);
        }
        self.work.tags.extend(turned.tags);
        self.work.replies.extend(turned.reply);
        for n in turned.withdrawn {
            self.withdraw_call(run.id, n);
        }
        let called: Vec<_> = turned.calls.into_iter().filter_map(|call| self.called(run, call)).collect();
        self.next.extend(called);
        self.next.extend(turned.cancelled.into_iter().map(calls::Next::Cancel));
    }

    /// A run that is over wants no calls and waits for nothing. What is under way settles later and is noted.
    pub(super) fn close(&mut self, run: RunId) {
        let unwanted: Vec<_> = self
            .mail
            .effects
            .values()
            .filter(|effect| effect.run_id == run && effect.action != NotifyEscalation::NAME)
            .map(|effect| effect.id)
            .collect();
        for effect in unwanted {
            self.mail.effects.remove(&effect);
            self.work.effects.push(EffectOp::Withdraw(effect));
        }
        let waits: Vec<_> =
            self.mail.waits.values().filter(|wait| wait.run_id == Some(run)).map(|wait| wait.id).collect();
        for wait in waits {
            self.disarm(wait, WaitState::Cancelled);
        }
    }

    /// Keeps the last state of each run: a work may hold several turns of one.
    pub(super) fn write_run(&mut self, row: RunRow) {
        match self.work.runs.iter_mut().find(|written| written.id == row.id) {
            Some(written) => *written = row,
            None => self.work.runs.push(row),
        }
    }
}
