//! What becomes of a call whose attempt ended: judged, then carried out.

use super::{CULPRIT, INTERRUPTED, Landed, Line, SILENT};
use crate::clock::At;
use crate::connector::{Problem, Repeat, Verdict};
use crate::handle::Input;
use crate::ids::{EffectId, InputId};
use crate::run::plan::{self, PERSON_ANSWERS_WITHIN};
use crate::run::{Attempt, Next, Plan};
use crate::runner::queue::Call;
use crate::store::{DispatchOp, EffectRow, EffectState, Reads, Store};

impl<S: Store + Reads> Line<S> {
    pub(super) async fn joined(&mut self, landed: Result<Landed, tokio::task::JoinError>) {
        match landed {
            Ok(landed) => self.landed(landed).await,
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "a call was lost; it is resolved at the next start")
            }
        }
        // Others that are back already: one round for all of them.
        while let Some(Ok(landed)) = self.calls.try_join_next() {
            self.landed(landed).await;
        }
    }

    pub(super) async fn landed(&mut self, landed: Landed) {
        let Landed { id, at, took, verdict } = landed;
        let Some(failed) = self.queue.get(id).map(|call| call.row.attempt) else { return };
        let attempt = Attempt {
            attempt: failed + 1,
            at,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            verdict: verdict.name().into(),
            problem: verdict.problem().cloned(),
        };
        metrics::histogram!("switchboard_call_seconds", "connection" => self.open.id.to_string()).record(took);
        self.queue.landed(id, attempt);
        if matches!(verdict, Verdict::Done(_)) {
            self.silent = 0;
            self.answered(at).await;
            return self.settle(id, verdict, None);
        }
        let Some(call) = self.queue.get(id).cloned() else { return };
        let Ok(plan) = serde_json::from_slice::<Plan>(&call.row.input) else {
            return self.settle(id, Verdict::Refused(Problem::new("bad_plan", "the stored call is damaged")), None);
        };
        let now = self.now();
        let next = self.judge(&plan, &call, failed, &verdict, now);
        if !matches!(next, Next::Hold { .. }) && !matches!(verdict, Verdict::Unknown(_)) {
            self.answered(at).await;
        }
        self.carry_out(id, call, next, verdict, now).await;
    }

    /// What becomes of a call after an attempt, in view of how the connection's other calls fare.
    fn judge(&mut self, plan: &Plan, call: &Call, failed: u16, verdict: &Verdict, now: At) -> Next {
        let repeat = self.repeat(&call.row);
        self.silent = match verdict {
            Verdict::Unknown(problem) if problem.code == INTERRUPTED => self.silent,
            Verdict::Unknown(_) => self.silent + 1,
            _ => 0,
        };
        let next = plan::next(plan, repeat, failed, verdict, now);
        if call.withdrawn {
            return Next::Settle;
        }
        let repeated = matches!(verdict, Verdict::Unknown(_)) && matches!(repeat, Repeat::Safe | Repeat::Keyed { .. });
        let next = if repeated && self.silent >= SILENT { Next::Hold { after: None } } else { next };
        match next {
            // Others go through, and this one brings the connection down again and again: the trouble is its own.
            Next::Hold { after } if call.downs >= CULPRIT => plan::again(plan, failed, after, now),
            next => next,
        }
    }

    /// The repeat class: what the account can promise now, else what its connector declares.
    fn repeat(&self, row: &EffectRow) -> Repeat {
        let declared = self.open.performers.get(row.action.as_str()).map(|performer| performer.repeat);
        self.open.connection.repeat(&row.action).or(declared).unwrap_or(Repeat::OnlyIfRefused)
    }

    pub(super) async fn carry_out(&mut self, id: EffectId, call: Call, next: Next, verdict: Verdict, now: At) {
        let attempts = serde_json::to_vec(&call.attempts).unwrap_or_default();
        match next {
            Next::Settle => self.settle(id, verdict, None),
            Next::Again { attempt, not_before } => {
                self.write(DispatchOp::Again { id, attempt, not_before, attempts }).await;
                self.queue.again(id, attempt, not_before);
            }
            Next::Hold { after } => {
                let attempt = call.row.attempt;
                if self.hold.is_none() {
                    self.queue.brought_down(id);
                }
                self.down(&verdict, after, now).await;
                self.write(DispatchOp::Again { id, attempt, not_before: now, attempts }).await;
                self.queue.again(id, attempt, now);
            }
            Next::Doubt { until } => {
                self.write(DispatchOp::Doubt { id, until, attempts }).await;
                self.queue.doubt(id, until, now);
                if self.unwritten.is_none() {
                    self.look_for_proof(id, &call.row.key).await;
                }
            }
            Next::Park { why } => self.park(id, &call, why, now),
        }
    }

    /// Written for the next start; this process goes by its memory.
    pub(super) async fn write(&mut self, op: DispatchOp) {
        if let Some(unwritten) = &mut self.unwritten {
            return unwritten.push(op);
        }
        if let Err(problem) = self.core.watched(self.core.parts.store.dispatch(vec![op]).await) {
            tracing::error!(connection = %self.open.id, %problem, "a call's state could not be written");
        }
    }

    pub(super) fn settle(&mut self, id: EffectId, verdict: Verdict, input: Option<InputId>) {
        let Some(Call { row, mut attempts, .. }) = self.queue.remove(id) else { return };
        if row.state == EffectState::Parked {
            // They were journaled when it was parked.
            attempts.clear();
        }
        let mailbox = row.mailbox;
        self.core.post(mailbox, Input::Settled { effect: Box::new(row), attempts, verdict, input }, None);
    }

    fn park(&mut self, id: EffectId, call: &Call, why: &'static str, now: At) {
        let first = call.attempts.first().map_or(now, |attempt| attempt.at);
        let Some(Call { row, attempts, .. }) = self.queue.park(id, first.plus(PERSON_ANSWERS_WITHIN)) else { return };
        let mailbox = row.mailbox;
        self.core.post(mailbox, Input::Parked { effect: Box::new(row), attempts, why }, None);
    }
}
