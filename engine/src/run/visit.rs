//! What each kind of step does when a cursor comes to it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::turn::Turn;
use super::value::{Failure, evaluate};
use super::{FlowCall, Reply, What};
use crate::event;
use crate::expr::{Scope, Script};
use crate::flow::{Expr, Op, Step, StepIx, Version};
use crate::ids::RunId;
use crate::store::RunStatus;

/// Most flows that call each other in a row.
const MAX_DEPTH: usize = 8;

impl Turn<'_> {
    pub(super) fn visit(&mut self, version: &Version, step: &Step) -> Result<(), Failure> {
        match &step.op {
            Op::Do(call) => self.act(version, step, call),
            Op::Reply { text, template } => self.reply(version, step, text, template),
            Op::If { when, .. } => self.decide(step, when),
            Op::Switch { on, cases, .. } => self.choose(step, on, cases),
            Op::Set(assignments) => self.assign(step, assignments),
            Op::Script(script) => {
                let value = script.value(&self.scope)?;
                self.record(What::Computed { step: Arc::clone(&step.path) }, json!({ "value": value }));
                Ok(())
            }
            Op::Stop { failed, reason } => {
                let reason = reason.as_ref().map(|reason| evaluate(reason, &self.scope)).transpose()?;
                let status = if *failed { RunStatus::Failed } else { RunStatus::Done };
                self.finish(status, reason.map_or(Value::Null, |reason| json!({ "reason": reason })));
                Ok(())
            }
            Op::Wait { until } => self.wait(step, until),
            Op::WaitFor(wait) => {
                self.wait_for(step, wait);
                Ok(())
            }
            Op::Check(check) => self.check(version, step, check),
            Op::ForEach(each) => self.open_items(step, each),
            Op::Parallel { branches, .. } => {
                self.open_ways(step, branches.len());
                Ok(())
            }
            Op::Repeat { .. } => {
                let begun = self.run.state.cursor().and_then(|cursor| cursor.rounds.get(&step.path)).copied();
                self.note(What::Round { step: Arc::clone(&step.path), round: begun.unwrap_or_default() + 1 });
                Ok(())
            }
            Op::Until { until, .. } => match until {
                Some(until) => self.decide(step, until),
                None => {
                    self.note(What::Decided { step: Arc::clone(&step.path), holds: true });
                    Ok(())
                }
            },
            Op::Again { .. } => {
                self.note(What::Again { step: Arc::clone(&step.path) });
                Ok(())
            }
            Op::RunFlow { flow, with, wait } => self.call_flow(step, flow, with, *wait),
            Op::Answer { status, body } => self.answer_webhook(step, *status, body),
        }
    }

    fn decide(&mut self, step: &Step, when: &Script) -> Result<(), Failure> {
        let decision = when.condition(&self.scope)?;
        self.record(What::Decided { step: Arc::clone(&step.path), holds: decision.holds }, decision.saw);
        Ok(())
    }

    fn choose(&mut self, step: &Step, on: &Script, cases: &[(Arc<str>, Option<StepIx>)]) -> Result<(), Failure> {
        let value = match on.value(&self.scope)? {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let case = cases.iter().find(|(case, _)| **case == *value).map(|(case, _)| Arc::clone(case));
        let saw = json!({ on.source(): value });
        self.record(What::Chosen { step: Arc::clone(&step.path), case }, saw);
        Ok(())
    }

    fn assign(&mut self, step: &Step, assignments: &[(Arc<str>, Expr)]) -> Result<(), Failure> {
        let mut values = Map::new();
        let mut scope: Scope = self.scope.clone();
        let mut vars = self.run.state.vars.clone();
        for (name, expr) in assignments {
            let value = evaluate(expr, &scope)?;
            vars.insert(name.to_string(), value.clone());
            values.insert(name.to_string(), value);
            scope.set("vars", Value::Object(vars.clone()));
        }
        self.record(What::Assigned { step: Arc::clone(&step.path) }, Value::Object(values));
        Ok(())
    }

    fn call_flow(&mut self, step: &Step, flow: &Arc<str>, with: &Expr, wait: bool) -> Result<(), Failure> {
        let callers = &self.run.state.callers;
        if callers.len() >= MAX_DEPTH {
            let message = format!("flows call each other at most {MAX_DEPTH} deep: `{flow}` was not called");
            return Err(Failure::new("too_deep", message));
        }
        if *flow == self.run.version.flow || callers.contains(flow) {
            let message =
                format!("`{flow}` called this flow, directly or through others: it cannot be called from here");
            return Err(Failure::new("calls_itself", message));
        }
        if !self.world.callable.contains_key(flow) {
            let message = format!("there is no live flow `{flow}` with the trigger `flow.called`");
            return Err(Failure::new("unknown_flow", message));
        }
        let with = evaluate(with, &self.scope)?;
        let run = RunId(self.world.ids.next(self.world.now));
        let call = FlowCall { run, flow: Arc::clone(flow), with: with.clone(), wait };
        self.out.calls.push(call);
        self.record(What::Called { step: Arc::clone(&step.path), flow: Arc::clone(flow), run, wait }, with);
        Ok(())
    }

    fn answer_webhook(&mut self, step: &Step, status: u16, body: &Expr) -> Result<(), Failure> {
        if self.run.state.event["type"] != event::WEBHOOK_RECEIVED {
            let message = "this run was not started by a webhook: there is no caller to answer";
            return Err(Failure::new("no_caller", message));
        }
        let body = evaluate(body, &self.scope)?;
        // The first answer is the one the caller gets.
        self.out.reply.get_or_insert_with(|| Reply { event: self.run.event, status, body: body.clone() });
        self.record(What::Replied { step: Arc::clone(&step.path), status }, json!({ "body": body }));
        Ok(())
    }
}
