//! Starting calls: the commit that says "in flight" first, then the call.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::{CALL_LIMIT, Landed, Line, STARTS, STORE_PAUSE};
use crate::clock::At;
use crate::connector::{self, Problem, Verdict};
use crate::ids::EffectId;
use crate::run::Plan;
use crate::run::plan::WINDOW_CLOSED;
use crate::runner::sending::is_held;
use crate::store::{DispatchOp, EffectRow, EffectState, Reads, Store};

impl<S: Store + Reads> Line<S> {
    /// Starts what may start: first the commit that says so, then the calls.
    pub(super) async fn start(&mut self) {
        let now = self.now();
        let room = usize::from(self.open.concurrency).saturating_sub(self.queue.flying()).min(STARTS);
        let most = match &self.hold {
            Some(hold) if now < hold.probe_at || self.queue.flying() > 0 => 0,
            Some(_) => 1,
            None => self.pace.allow(now, room),
        };
        let rows = if most == 0 { Vec::new() } else { self.queue.start(now, most) };
        let rows = self.hold_back(rows);
        if rows.is_empty() {
            return;
        }
        self.pace.spend(now, rows.len());
        let ops = rows.iter().map(|row| DispatchOp::Start { id: row.id, at: now }).collect();
        match self.core.watched(self.core.parts.store.dispatch(ops).await) {
            Ok(started) => {
                let started: HashSet<EffectId> = started.into_iter().collect();
                for row in rows {
                    if started.contains(&row.id) {
                        self.call(row, now);
                    } else {
                        self.stopped(row.id).await;
                    }
                }
            }
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "calls could not be put in flight; tried again");
                for row in rows {
                    self.queue.grounded(row.id, now.plus(STORE_PAUSE));
                }
            }
        }
    }

    /// Takes out calls whose sending is stopped: they stand planned, and hold those behind them.
    fn hold_back(&mut self, rows: Vec<EffectRow>) -> Vec<EffectRow> {
        let stops = self.core.stops.borrow().clone();
        let (held, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| is_held(&stops, row));
        for row in held {
            self.queue.hold(row.id);
        }
        rows
    }

    /// The store did not let a call start: it was withdrawn, something hinders it, or its last move was not written.
    async fn stopped(&mut self, id: EffectId) {
        let now = self.now();
        match self.core.parts.store.effect(id).await {
            Ok(Some(row)) if row.state == EffectState::Planned && row.deadline >= now => {
                self.hindered(&row, now).await;
            }
            // Past its deadline: that falls due by itself.
            Ok(Some(row)) if row.state == EffectState::Planned => self.queue.grounded(id, now.plus(STORE_PAUSE)),
            Ok(Some(row)) if row.state != EffectState::Parked => {
                let (attempt, attempts) = (row.attempt, row.attempts);
                self.write(DispatchOp::Again { id, attempt, not_before: now, attempts }).await;
                self.queue.grounded(id, now.plus(STORE_PAUSE));
            }
            Ok(_) => drop(self.queue.remove(id)),
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "a call that did not start could not be read");
                self.queue.grounded(id, now.plus(STORE_PAUSE));
            }
        }
    }

    /// A call that may start by its own state did not: a person talks with its contact, or its window is closed.
    async fn hindered(&mut self, row: &EffectRow, now: At) {
        let talks = match self.core.parts.store.mailbox(row.mailbox).await {
            Ok(rows) => rows.conversations,
            Err(problem) => {
                tracing::error!(connection = %self.open.id, %problem, "what holds a call could not be read");
                return self.queue.grounded(row.id, now.plus(STORE_PAUSE));
            }
        };
        let closed = |id| talks.iter().any(|talk| talk.id == id && talk.window_closes_at.is_none_or(|at| at <= now));
        if row.yields && talks.iter().any(|talk| talk.inbox.is_paused(now)) {
            self.queue.shelve(row.id);
        } else if row.window.is_some_and(closed) {
            let words = "24 hours have passed since the customer's last message: only a template can be sent now";
            self.settle(row.id, Verdict::Refused(Problem::new(WINDOW_CLOSED, words)), None);
        } else {
            // What held it is over since.
            self.queue.grounded(row.id, now);
        }
    }

    fn call(&mut self, row: EffectRow, at: At) {
        let performer = self.open.performers.get(row.action.as_str()).cloned();
        let plan: Result<Plan, _> = serde_json::from_slice(&row.input);
        let tries = self.queue.get(row.id).map_or(0, |call| u16::try_from(call.attempts.len()).unwrap_or(u16::MAX));
        self.calls.spawn(async move {
            let began = tokio::time::Instant::now();
            let verdict = match (performer, plan) {
                (Some(performer), Ok(plan)) => {
                    let call = connector::Call {
                        key: row.key.as_str().into(),
                        attempt: row.attempt + 1,
                        tries,
                        now: at,
                        address: plan.address,
                        phone: plan.phone,
                    };
                    let performing = AssertUnwindSafe(performer.perform(plan.input, call)).catch_unwind();
                    match tokio::time::timeout(CALL_LIMIT, performing).await {
                        Ok(Ok(verdict)) => verdict,
                        Ok(Err(_)) => Verdict::Unknown(Problem::new("connector_panicked", "the connector broke off")),
                        Err(_) => Verdict::Unknown(Problem::new("timeout", "no answer within 40 s")),
                    }
                }
                (None, _) => {
                    let words = format!("this connection does not perform `{}`", row.action);
                    Verdict::Refused(Problem::new("not_performed", words))
                }
                (_, Err(error)) => Verdict::Refused(Problem::new("bad_plan", error.to_string())),
            };
            Landed { id: row.id, at, took: began.elapsed(), verdict }
        });
    }
}
