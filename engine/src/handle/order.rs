//! A person's order: checked against what is there now, then carried out as a turn.

use serde_json::{Value, json};

use super::Handling;
use crate::connector::{Problem, Verdict};
use crate::event;
use crate::ids::{EscalationId, RunId};
use crate::local;
use crate::order::{About, Error, Order};
use crate::run::{Attempt, Entry, Wake, What};
use crate::store::{EffectOp, EffectRow, EffectState, JournalKind, RunStatus, WaitKind, WaitRow, WaitState};

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
            Order::RetryRun { run, input } => self.retry_run(*told.ok_or_else(|| Error::Gone(run.to_string()))?, input),
            Order::ReplayRun { run } => self.replay_run(&*told.ok_or_else(|| Error::Gone(run.to_string()))?),
            Order::TakeEscalation { escalation, agent } => self.take(escalation, agent),
            Order::ChangeTags { add, remove, allow } => self.change_tags(&add, &remove, &allow),
            Order::ReleaseStart { start } => self.release_start(start, event.as_deref()),
            Order::DropStart { start } => self.drop_start(start),
            Order::CancelSweep { sweep } => self.cancel_sweep(&sweep),
            Order::Acknowledge { alarm } => {
                let by = self.by.clone();
                self.acknowledge(alarm, &by)
            }
            Order::AlarmPolicy { rev, policy } => self.set_alarm_policy(rev, *policy),
            Order::AlarmFlow { flow, on } => self.watch_flow(flow, on),
            Order::ErasePerson => self.erase(),
            Order::Forget { families } => Ok(self.forget(families)),
        }
    }

    fn parked_effect(&self, effect: Option<Box<EffectRow>>, id: &str) -> Result<EffectRow, Error> {
        let row = *effect.ok_or_else(|| Error::Gone(id.to_owned()))?;
        if row.state != EffectState::Parked {
            return Err(Error::Refused(format!("{id} does not wait for a person: it is {:?}", row.state)));
        }
        // The row was read before this order's turn came: another order, proof or the deadline may have been quicker.
        let run = self.mail.runs.get(&row.run_id);
        if !run.is_some_and(|run| run.state.parked.contains(&row.n)) {
            return Err(Error::Gone(id.to_owned()));
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
            return Err(Error::Gone(run.to_string()));
        }
        self.wake(run, wake);
        // Its clean-up may still run.
        let status = self.mail.runs.get(&run).map_or(RunStatus::Cancelled, |run| run.state.status());
        Ok(json!({ "run": run, "status": status }))
    }

    fn take(&mut self, id: EscalationId, agent: String) -> Result<Value, Error> {
        let Some(mut row) = self.mail.escalations.remove(&id) else { return Err(Error::Gone(id.to_string())) };
        let after = self.now.since(row.received_at);
        row.accepted_at = Some(self.now);
        row.accepted_by = Some(agent.clone());
        let key = id.to_string();
        let watches = |wait: &&WaitRow| wait.kind == WaitKind::Escalation && wait.key.as_deref() == Some(&key);
        // One that was missed has none left, and a person took it: no chain goes on by itself.
        let watch = self.mail.waits.values().find(watches).map(|wait| (wait.id, local::depth_of(wait)));
        let depth = watch.map_or(0, |(_, depth)| depth);
        if let Some((wait, _)) = watch {
            self.disarm(wait, WaitState::Answered);
        }
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        let answer = json!({ "escalation": id, "after_ms": after_ms, "missed": row.missed });
        let told = json!({ "agent": agent, "after_s": after.as_secs() });
        self.tell_escalation(event::ESCALATION_TAKEN, &row, depth, told);
        self.work.escalations.push(row);
        let entry = Entry::bare(What::Taken { escalation: id, after_ms });
        self.journal(id.0, None, JournalKind::Change, &[entry]);
        Ok(answer)
    }
}
