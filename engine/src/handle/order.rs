//! A person's order: checked against what is there now, then carried out as a turn.

use serde_json::{Value, json};

use super::Handling;
use crate::connector::{Problem, Verdict};
use crate::ids::RunId;
use crate::order::{About, Error, Order};
use crate::run::{Attempt, Wake};
use crate::sentence;
use crate::store::{EffectOp, EffectRow, EffectState, RunStatus};

impl Handling<'_> {
    pub(super) fn order(&mut self, order: Order, about: Option<About>) -> Result<Value, Error> {
        let (effect, told, event) = match about {
            Some(About::Effect(row)) => (Some(row), None, None),
            Some(About::Run(told)) => (None, Some(told), None),
            Some(About::Event(event)) => (None, None, Some(event)),
            None => (None, None, None),
        };
        match order {
            Order::RetryEffect { effect: id, input } => {
                let row = self.parked_effect(effect, &id.to_string())?;
                self.withdraw(&row);
                self.wake(row.run_id, Wake::Retry { n: row.n, row: &row, input });
                Ok(json!({ "run": row.run_id, "withdrawn": row.key }))
            }
            Order::FailEffect { effect: id } => {
                let row = self.parked_effect(effect, &id.to_string())?;
                let verdict = Verdict::Refused(Problem::new("given_up", "a person gave this call up"));
                self.settle_by_hand(&row, &verdict)
            }
            Order::SettleEffect { effect: id, output } => {
                let row = self.parked_effect(effect, &id.to_string())?;
                self.settle_by_hand(&row, &Verdict::done(output))
            }
            Order::CancelRun { run } => self.end(run, Wake::Cancel),
            Order::KillRun { run } => self.end(run, Wake::Kill),
            Order::RetryRun { run, input } => {
                self.retry_run(*told.ok_or_else(|| Error::Gone(run.to_string().into()))?, input)
            }
            Order::ReplayRun { run } => self.replay_run(&*told.ok_or_else(|| Error::Gone(run.to_string().into()))?),
            Order::AskHuman { conversation, team, reason } => self.asked_by_hand(conversation, team, reason),
            Order::Desk(order) => self.desk_order(order),
            Order::ChangeTags { add, remove, allow } => self.change_tags(&add, &remove, &allow),
            Order::Retag { rules, rule, what } => self.retag(&rules, &rule, &what),
            Order::Import { import, salt, row, manner } => self.import(import, salt, &row, manner),
            Order::Join { merge, into, theirs } => self.let_go(merge, into, theirs),
            Order::Part { merge, joined, before } => self.part(merge, joined, &before),
            Order::ReleaseStart { start } => self.release_start(start, event.as_deref()),
            Order::DropStart { start } => self.drop_start(start),
            Order::CancelSweep { sweep } => self.cancel_sweep(&sweep),
            Order::Talk { conversation, actor, act } => self.talk(conversation, actor, act),
            Order::Acknowledge { alarm } => {
                let by = self.by.clone();
                self.acknowledge(alarm, &by)
            }
            Order::AlarmPolicy { rev, policy } => self.set_alarm_policy(rev, *policy),
            Order::AlarmFlow { flow, on } => self.watch_flow(flow, on),
            Order::TellPeople { connection, notices } => Ok(self.tell_people(&connection, &notices)),
            Order::ErasePerson => self.erase(),
            Order::Forget { families } => Ok(self.forget(families)),
        }
    }

    fn parked_effect(&self, effect: Option<Box<EffectRow>>, id: &str) -> Result<EffectRow, Error> {
        let row = *effect.ok_or_else(|| Error::Gone(id.to_owned().into()))?;
        if row.state != EffectState::Parked {
            return Err(Error::Refused(sentence!("{id} does not wait for a person", id)));
        }
        // The row was read before this order's turn came: another order, proof or the deadline may have been quicker.
        let run = self.mail.runs.get(&row.run_id);
        if !run.is_some_and(|run| run.state.parked.contains(&row.n)) {
            return Err(Error::Gone(id.to_owned().into()));
        }
        Ok(row)
    }

    fn withdraw(&mut self, row: &EffectRow) {
        self.mail.effects.remove(&row.id);
        self.work.effects.push(EffectOp::Withdraw(row.id));
    }

    fn settle_by_hand(&mut self, row: &EffectRow, verdict: &Verdict) -> Result<Value, Error> {
        self.withdraw(row);
        let none: &[Attempt] = &[];
        self.wake(row.run_id, Wake::Settled { n: row.n, attempts: none, verdict });
        Ok(json!({ "run": row.run_id }))
    }

    fn end(&mut self, run: RunId, wake: Wake<'_>) -> Result<Value, Error> {
        if !self.mail.runs.contains_key(&run) {
            return Err(Error::Gone(run.to_string().into()));
        }
        self.wake(run, wake);
        // Its clean-up may still run.
        let status = self.mail.runs.get(&run).map_or(RunStatus::Cancelled, |run| run.state.status());
        Ok(json!({ "run": run, "status": status }))
    }
}
