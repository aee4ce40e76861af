//! One turn of one run: a wake comes in, steps are interpreted until the cursor is blocked or the run is over.
//!
//! … match triggers -> run -> **step** -> **action** -> log
//!
//! Pure: a function of the version, the run, the facts, the wake and the time. Production, flow tests in virtual time and
//! crash tests call this one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::sight::names_of;
use super::value::{Failure, evaluate};
use super::{Attempt, Block, Entry, Handler, Plan, Run, Sight, What};
use crate::clock::At;
use crate::connector::Verdict;
use crate::event::Event;
use crate::expr::{Scope, Script};
use crate::flow::{Do, Op, Step, Until, Version, WaitFor};
use crate::ids::{EffectId, EventId, Ids, WaitId};
use crate::local;
use crate::mailbox::{Facts, Mailbox};
use crate::matching;
use crate::run::plan::PERSON_ANSWERS_WITHIN;
use crate::store::{EffectRow, EffectState, EscalationRow, Lane, RunStatus, TagOp, WaitKind, WaitRow, WaitState};

/// What surrounds a turn: the same for every run of a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The input's time.
    pub now: At,
    /// Where ids come from.
    pub ids: &'a Ids,
    /// The connection that tells teams about escalations, if any.
    pub notify: Option<&'a str>,
}

/// Why a run gets a turn.
#[derive(Debug)]
pub enum Wake<'a> {
    /// A trigger matched.
    Start {
        /// The trigger's id.
        trigger: Arc<str>,
        /// The event.
        event: &'a Event,
    },
    /// A wait's time came.
    Due(WaitId),
    /// A wait's event came.
    Answered(WaitId, &'a Event),
    /// A call ended.
    Settled {
        /// Which.
        n: i64,
        /// All its attempts.
        attempts: &'a [Attempt],
        /// How.
        verdict: &'a Verdict,
    },
    /// A call waits for a person.
    Parked {
        /// Which.
        n: i64,
        /// Why: a stable code.
        why: &'static str,
        /// All its attempts.
        attempts: &'a [Attempt],
    },
    /// A person wants a parked call tried again, as this plan says.
    Retry {
        /// Which.
        n: i64,
        /// The parked effect.
        row: &'a EffectRow,
        /// Its new input; `None` = as it was.
        input: Option<Value>,
    },
    /// A person ended the run.
    Cancel,
}

/// What a turn changes besides the run and the facts.
#[derive(Debug, Default)]
pub struct Turned {
    /// What it did.
    pub entries: Vec<Entry>,
    /// Calls it plans.
    pub effects: Vec<EffectRow>,
    /// Waits it arms.
    pub waits: Vec<WaitRow>,
    /// Waits that are over, and how.
    pub closed: Vec<(WaitId, WaitState)>,
    /// Humans it asks for.
    pub escalations: Vec<EscalationRow>,
    /// Tags it gives and takes.
    pub tags: Vec<TagOp>,
}

/// Gives `run` one turn.
pub fn turn(
    run: &mut Run,
    facts: &mut Facts,
    recent: &std::collections::VecDeque<Arc<Event>>,
    wake: Wake<'_>,
    world: World<'_>,
) -> Turned {
    let mut turn = Turn { run, facts, recent, world, scope: Scope::new(), out: Turned::default() };
    turn.wake(wake);
    turn.interpret();
    turn.run.turns += 1;
    turn.out
}

pub(crate) struct Turn<'a> {
    pub(crate) run: &'a mut Run,
    pub(crate) facts: &'a mut Facts,
    recent: &'a std::collections::VecDeque<Arc<Event>>,
    pub(crate) world: World<'a>,
    scope: Scope,
    pub(crate) out: Turned,
}

impl Turn<'_> {
    /// Records what happened; the state follows.
    fn record(&mut self, what: What, data: Value) {
        let entry = Entry { what, data };
        self.run.state.apply(&self.run.version, &entry);
        if matches!(
            entry.what,
            What::Assigned { .. }
                | What::Acted { .. }
                | What::Finished { .. }
                | What::Answered { .. }
                | What::Failed { .. }
        ) {
            self.forget(&["steps", "vars", "error"]);
        }
        self.out.entries.push(entry);
    }

    /// Records something that carries no values.
    pub(crate) fn note(&mut self, what: What) {
        self.record(what, Value::Null);
    }

    /// What these names stand for changed: it is made anew when a step reads it.
    fn forget(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.scope.unset(name));
    }

    /// Puts what the step reads into scope.
    fn see(&mut self, op: &Op) {
        let conversation = self.run.conversation;
        let sight = Sight { now: self.world.now, facts: self.facts, conversation, run: Some(self.run) };
        sight.show(names_of(op), &mut self.scope);
    }

    fn wake(&mut self, wake: Wake<'_>) {
        match wake {
            Wake::Start { trigger, event } => {
                self.record(What::Started { trigger, event: event.id, at: event.at }, Value::Null);
            }
            Wake::Due(wait) => {
                if let Some(step) = self.blocked_on(Block::Wait(wait)) {
                    self.out.closed.push((wait, WaitState::Fired));
                    self.record(What::Fired { step, wait }, Value::Null);
                }
            }
            Wake::Answered(wait, event) => self.answer(wait, event),
            Wake::Settled { n, attempts, verdict } => {
                self.attempted(n, attempts);
                self.settle(n, verdict);
            }
            Wake::Parked { n, why, attempts } => {
                self.attempted(n, attempts);
                let words = attempts.last().and_then(|last| last.problem.as_ref()).map(|problem| &problem.message);
                self.record(What::Parked { n, why: why.into() }, json!({ "message": words }));
            }
            Wake::Retry { n, row, input } => self.retry(n, row, input),
            Wake::Cancel => self.record(What::Ended { status: RunStatus::Cancelled }, Value::Null),
        }
    }

    fn answer(&mut self, wait: WaitId, event: &Event) {
        if let Some(step) = self.blocked_on(Block::Wait(wait)) {
            self.out.closed.push((wait, WaitState::Answered));
            self.record(What::Answered { step, wait, event: event.id, at: event.at }, (*event.seen).clone());
        }
    }

    fn attempted(&mut self, n: i64, attempts: &[Attempt]) {
        for attempt in attempts {
            let Entry { what, data } = attempt.entry(n);
            self.record(what, data);
        }
    }

    fn settle(&mut self, n: i64, verdict: &Verdict) {
        match (self.blocked_on(Block::Effect(n)), verdict) {
            (Some(step), Verdict::Done(done)) => self.record(What::Finished { step, n }, done.output.clone()),
            (Some(_), verdict) => {
                let problem = verdict.problem();
                let code = problem.map_or("failed", |problem| &problem.code);
                let message = problem.map_or("", |problem| &problem.message);
                self.fail(&Failure::new(code, message));
            }
            (None, verdict) => {
                let words = verdict.problem().map(|problem| json!({ "message": problem.message }));
                self.record(What::Told { n, done: matches!(verdict, Verdict::Done(_)) }, words.unwrap_or_default());
            }
        }
    }

    fn retry(&mut self, n: i64, row: &EffectRow, input: Option<Value>) {
        let Ok(mut plan) = serde_json::from_slice::<Plan>(&row.input) else { return };
        let edited = input.is_some();
        if let Some(input) = input {
            plan.input = input;
        }
        let data = if edited { plan.input.clone() } else { Value::Null };
        self.record(What::Resolved { n, how: "retry".into() }, data);
        let expires = row.deadline.since(row.planned_at).min(PERSON_ANSWERS_WITHIN);
        let call =
            NewCall { action: &row.action, connection: &row.connection, lane: row.lane, window: row.window, expires };
        self.plan(&call, plan);
    }

    /// The path of the step that stands blocked on `block`.
    fn blocked_on(&self, block: Block) -> Option<Arc<str>> {
        let cursor = self.run.state.cursors.iter().find(|cursor| cursor.block == block)?;
        self.run.version.program.steps.get(cursor.at? as usize).map(|step| Arc::clone(&step.path))
    }

    fn interpret(&mut self) {
        let version = Arc::clone(&self.run.version);
        while self.run.state.ended.is_none() {
            let Some(cursor) = self.run.state.cursors.first() else { return };
            if cursor.block != Block::Free {
                return;
            }
            let Some(step) = cursor.at.and_then(|at| version.program.steps.get(at as usize)) else {
                let status = if self.run.state.in_error_branch { RunStatus::Failed } else { RunStatus::Done };
                return self.record(What::Ended { status }, Value::Null);
            };
            self.see(&step.op);
            if let Err(failure) = self.visit(&version, step) {
                self.fail(&failure);
            }
        }
    }

    fn visit(&mut self, version: &Version, step: &Step) -> Result<(), Failure> {
        match &step.op {
            Op::Do(call) => self.act(version, step, call),
            Op::If { when, .. } => {
                let decision = when.condition(&self.scope)?;
                self.record(What::Decided { step: step.path.clone(), holds: decision.holds }, decision.saw);
                Ok(())
            }
            Op::Set(assignments) => {
                let mut values = serde_json::Map::new();
                let mut scope = self.scope.clone();
                let mut vars = self.run.state.vars.clone();
                for (name, expr) in assignments {
                    let value = evaluate(expr, &scope)?;
                    vars.insert(name.to_string(), value.clone());
                    values.insert(name.to_string(), value);
                    scope.set("vars", Value::Object(vars.clone()));
                }
                self.record(What::Assigned { step: step.path.clone() }, Value::Object(values));
                Ok(())
            }
            Op::Stop { failed, reason } => {
                let reason = reason.as_ref().map(|reason| evaluate(reason, &self.scope)).transpose()?;
                let status = if *failed { RunStatus::Failed } else { RunStatus::Done };
                self.record(What::Ended { status }, reason.map_or(Value::Null, |reason| json!({ "reason": reason })));
                Ok(())
            }
            Op::Wait { until } => self.wait(step, until),
            Op::WaitFor(wait) => {
                self.wait_for(step, wait);
                Ok(())
            }
        }
    }

    fn fail(&mut self, failure: &Failure) {
        let cursor = self.run.state.cursors.first();
        let at = cursor.and_then(|cursor| cursor.at).and_then(|at| self.run.version.program.steps.get(at as usize));
        let step = at.map_or_else(|| "".into(), |step| Arc::clone(&step.path));
        self.record(What::Failed { step, code: failure.code.as_str().into() }, json!({ "message": failure.message }));
    }

    fn act(&mut self, version: &Version, step: &Step, call: &Do) -> Result<(), Failure> {
        let input = evaluate(&call.input, &self.scope)?;
        if local::is_local(&call.action) {
            let output = local::act(self, &step.path, &call.action, &input)?;
            let what = What::Acted { step: step.path.clone(), action: call.action.clone() };
            self.record(what, json!({ "input": input, "output": output }));
            self.forget(&["contact", "conversation"]);
            return Ok(());
        }
        let handler = match (step.on_error, version.program.on_error) {
            (Some(_), _) => Handler::Step,
            (None, Some(_)) if !self.run.state.in_error_branch => Handler::Flow,
            _ => Handler::None,
        };
        let to_other = input.get("to").is_some_and(|to| !to.is_null());
        let conversation = self.run.conversation.filter(|_| !to_other);
        let plan = Plan {
            pauses_ms: call
                .retry
                .pauses
                .iter()
                .map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
                .collect(),
            handler,
            resend_unknown: call.resend_unknown,
            address: conversation.and_then(|id| self.facts.conversation(id)).map(|found| found.address.as_str().into()),
            phone: self.facts.contact.as_ref().and_then(|contact| contact.phone.as_deref()).map(Into::into),
            step: step.path.clone(),
            input,
        };
        let lane = if self.run.state.event["type"] == crate::event::CRON { Lane::Bulk } else { Lane::Interactive };
        // An answer goes out where the question came in: another number would be another conversation, with a window of its own.
        let own = conversation.and_then(|id| self.facts.conversation(id)).map(|found| found.connection.clone());
        let own = own.filter(|own| !call.named && call.action.starts_with("whatsapp.") && !own.is_empty());
        let connection = own.as_deref().or(call.connection.as_deref()).unwrap_or_default();
        let window = conversation.filter(|_| call.needs_window);
        let call = NewCall { action: &call.action, connection, lane, window, expires: call.expires };
        self.plan(&call, plan);
        Ok(())
    }

    /// Plans a call; its cursor is blocked on it when `plan.step` is the cursor's.
    pub(crate) fn plan(&mut self, call: &NewCall<'_>, plan: Plan) {
        let n = self.run.state.effects + 1;
        let World { now, ids, .. } = self.world;
        let what = What::Planned {
            step: plan.step.clone(),
            n,
            action: call.action.into(),
            connection: call.connection.into(),
        };
        self.record(what, plan.input.clone());
        self.out.effects.push(EffectRow {
            id: EffectId(ids.next(now)),
            run_id: self.run.id,
            n,
            key: format!("{}/{n}", self.run.id),
            mailbox: self.run.mailbox,
            shard: self.run.mailbox.shard(),
            connection: call.connection.to_owned(),
            lane: call.lane,
            action: call.action.to_owned(),
            window: call.window,
            state: EffectState::Planned,
            attempt: 0,
            not_before: now,
            deadline: now.plus(call.expires),
            settle_until: None,
            planned_at: now,
            sent_at: None,
            input: serde_json::to_vec(&plan).unwrap_or_default(),
            attempts: Vec::new(),
            error: String::new(),
        });
    }

    fn wait(&mut self, step: &Step, until: &Until) -> Result<(), Failure> {
        let due = match until {
            Until::For(span) => self.world.now.plus(*span),
            Until::Instant { at, zone } => {
                let value = evaluate(at, &self.scope)?;
                let text = value.as_str().unwrap_or_default();
                instant(text, *zone).ok_or_else(|| {
                    let hint = "write `2026-12-01 09:00` or an RFC 3339 time";
                    Failure::new("not_a_time", format!("`{text}` is not a time: {hint}"))
                })?
            }
        };
        self.arm(step, WaitKind::Timer, due, None, EventId(0));
        Ok(())
    }

    fn wait_for(&mut self, step: &Step, wait: &WaitFor) {
        let due = wait.timeout.map_or(At::NEVER, |timeout| self.world.now.plus(timeout));
        // Never back beyond what started the run or answered it before: an event answers a run once.
        let looked = self.run.state.called_at.map_or(EventId(0), |called_at| EventId(Ids::floor(called_at)));
        let since = looked.max(self.run.event).max(self.run.state.heard);
        let id = self.arm(step, WaitKind::Event, due, Some(Arc::clone(&wait.kind)), since);
        // A reply that beat the answer to our call came before this wait was armed, and counts, whoever else it answered;
        // its triggers have started already, so `take` has nothing left to take.
        let mut found = None;
        for event in self.recent {
            if event.id <= since {
                continue;
            }
            // One whose condition fails on it is no answer, as when it comes while the wait is armed.
            if matching::answers(wait, event, &self.scope).unwrap_or(false) {
                found = Some(Arc::clone(event));
                break;
            }
        }
        if let Some(event) = found {
            self.out.waits.retain(|armed| armed.id != id);
            self.answer(id, &event);
            self.out.closed.retain(|(closed, _)| *closed != id);
        }
    }

    fn arm(&mut self, step: &Step, kind: WaitKind, due: At, event: Option<Arc<str>>, since: EventId) -> WaitId {
        let id = WaitId(self.world.ids.next(self.world.now));
        self.out.waits.push(WaitRow {
            id,
            shard: self.run.mailbox.shard(),
            mailbox: self.run.mailbox,
            run_id: Some(self.run.id),
            cursor: 0,
            kind,
            state: WaitState::Armed,
            on_kind: event.as_deref().map(str::to_owned),
            key: None,
            since,
            due_at: due,
            data: Vec::new(),
        });
        self.record(What::Waited { step: step.path.clone(), wait: id, until: due, event }, Value::Null);
        id
    }

    /// The scope of the step's `match`: what it reads of what the run sees.
    pub(crate) fn scope_of(run: &Run, mail: &Mailbox, now: At, wait: &WaitFor) -> Scope {
        let mut scope = Scope::new();
        let sight = Sight { now, facts: &mail.facts, conversation: run.conversation, run: Some(run) };
        sight.show(wait.matching.iter().flat_map(Script::names), &mut scope);
        scope
    }
}

/// A call about to be planned.
pub(crate) struct NewCall<'a> {
    pub(crate) action: &'a str,
    pub(crate) connection: &'a str,
    pub(crate) lane: Lane,
    pub(crate) window: Option<crate::ids::ConversationId>,
    pub(crate) expires: Duration,
}

/// An instant written as RFC 3339, or as a wall-clock time in `zone`. A time that does not exist (spring) moves to the next
/// one that does; of a time that exists twice (autumn) it is the first.
fn instant(text: &str, zone: chrono_tz::Tz) -> Option<At> {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone};
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc().into());
    }
    let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let wall = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    (0..180).find_map(|minutes| {
        let wall = wall + chrono::Duration::minutes(minutes);
        zone.from_local_datetime(&wall).earliest().map(|time| time.to_utc().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_time_is_read_in_its_zone() {
        let rome = chrono_tz::Europe::Rome;
        assert_eq!(instant("2026-12-01 09:00", rome).unwrap().to_string(), "2026-12-01T08:00:00.000Z");
        assert_eq!(instant("2026-12-01T09:00:00+02:00", rome).unwrap().to_string(), "2026-12-01T07:00:00.000Z");
        assert_eq!(instant("tomorrow", rome), None);
    }

    #[test]
    fn a_time_that_the_spring_skips_moves_to_the_next_one_there_is() {
        let skipped = instant("2027-03-28 02:30", chrono_tz::Europe::Rome).unwrap();
        assert_eq!(skipped.to_string(), "2027-03-28T01:00:00.000Z");
    }
}
