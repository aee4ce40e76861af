//! Calls: an action is done here or planned as an effect, and its outcome is taken up.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::failure;
use super::turn::{Turn, World};
use super::value::{Failure, evaluate};
use super::{Handler, Plan, What};
use crate::capability::contact::Find;
use crate::capability::whatsapp::{DuringHuman, SendTemplate};
use crate::connector::{Action, Verdict};
use crate::flow::{Do, Op, Step, Version};
use crate::ids::EffectId;
use crate::local;
use crate::run::plan::{PERSON_ANSWERS_WITHIN, WINDOW_CLOSED};
use crate::store::{EffectRow, EffectState, Lane};

impl Turn<'_> {
    /// The outcome of call `n`, on which the step at `step` stood blocked.
    pub(super) fn settle(&mut self, n: i64, step: Option<Arc<str>>, verdict: &Verdict) {
        match (step, verdict) {
            (Some(step), Verdict::Done(done)) => self.record(What::Finished { step, n }, done.output.clone()),
            (Some(_), verdict) => {
                if self.reply_by_template(verdict) {
                    return;
                }
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

    pub(super) fn retry(&mut self, n: i64, row: &EffectRow, input: Option<Value>) {
        let Ok(mut plan) = serde_json::from_slice::<Plan>(&row.input) else { return };
        let edited = input.is_some();
        if let Some(input) = input {
            plan.input = input;
        }
        let data = if edited { plan.input.clone() } else { Value::Null };
        self.record(What::Resolved { n, how: "retry".into() }, data);
        let expires = row.deadline.since(row.planned_at).min(PERSON_ANSWERS_WITHIN);
        let call = NewCall {
            window: row.window,
            yields: row.yields,
            ..NewCall::new(&row.action, &row.connection, row.lane, expires)
        };
        self.plan(&call, plan);
    }

    pub(super) fn act(&mut self, version: &Version, step: &Step, call: &Do) -> Result<(), Failure> {
        let input = match self.run.state.edited.clone() {
            Some(edited) => edited,
            None => evaluate(&call.input, &self.scope)?,
        };
        if local::is_local(&call.action) {
            let Some(output) = local::act(self, &step.path, &call.action, &input)? else { return Ok(()) };
            let what = What::Acted { step: step.path.clone(), action: call.action.clone() };
            self.record(what, json!({ "input": input, "output": output }));
            self.forget(&["contact", "conversation"]);
            return Ok(());
        }
        if *call.action == *Find::NAME && self.run.contact.is_some() {
            let words =
                "this run is about one contact: what it holds is that person's, and nobody else's data belong there";
            return Err(Failure::new("others_data", words));
        }
        let handler = self.handler_of(version, step, call);
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
            flow: Arc::clone(&version.flow),
            input,
        };
        let lane = if self.run.state.event["type"] == crate::event::CRON { Lane::Bulk } else { Lane::Interactive };
        // An answer goes out where the question came in: another number would be another conversation, with a window of its own.
        let own = conversation.and_then(|id| self.facts.conversation(id)).map(|found| found.connection.clone());
        let own = own.filter(|own| !call.named && call.action.starts_with("whatsapp.") && !own.is_empty());
        let connection = own.as_deref().or(call.connection.as_deref()).unwrap_or_default();
        let window = conversation.filter(|_| call.needs_window);
        // What a person started goes out although a person talks.
        let by_hand = self.run.state.event["type"] == crate::event::MANUAL;
        let yields = conversation.is_some() && !by_hand && yields(&call.action, &plan.input, lane);
        let call = NewCall { window, yields, ..NewCall::new(&call.action, connection, lane, call.expires) };
        self.plan(&call, plan);
        Ok(())
    }

    /// What becomes of a failure of `call`, so that whoever makes it knows.
    fn handler_of(&self, version: &Version, step: &Step, call: &Do) -> Handler {
        let (program, state) = (&version.program, &self.run.state);
        if failure::is_handled(program, state.cursor().and_then(|cursor| cursor.at)) {
            return Handler::Step;
        }
        if program.on_error.is_some() && !state.in_error_branch && state.finishing.is_none() {
            return Handler::Flow;
        }
        // A reply whose window closes has another way to go: nobody needs to decide.
        if matches!(step.op, Op::Reply { .. }) && call.needs_window { Handler::Reply } else { Handler::None }
    }

    /// Free text while the window is open, else the template.
    pub(super) fn reply(&mut self, version: &Version, step: &Step, text: &Do, template: &Do) -> Result<(), Failure> {
        let conversation = self.run.conversation.and_then(|id| self.facts.conversation(id));
        let open = conversation.is_some_and(|found| found.window_open(self.world.now));
        self.act(version, step, if open { text } else { template })
    }

    /// Whether `verdict` says that the window closed before a reply's free text went out: then its template goes.
    fn reply_by_template(&mut self, verdict: &Verdict) -> bool {
        let closed = verdict.problem().is_some_and(|problem| problem.code == WINDOW_CLOSED);
        let version = Arc::clone(&self.run.version);
        let Some(step) = self.run.state.step(&version.program).filter(|_| closed) else { return false };
        let Op::Reply { template, .. } = &step.op else { return false };
        self.see(&step.op);
        match self.act(&version, step, template) {
            Ok(()) => true,
            Err(failure) => {
                self.fail(&failure);
                true
            }
        }
    }

    /// Plans a call; its cursor is blocked on it when `plan.step` is the cursor's.
    pub(super) fn plan(&mut self, call: &NewCall<'_>, plan: Plan) {
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
            yields: call.yields,
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
}

/// A call about to be planned.
pub(crate) struct NewCall<'a> {
    pub(crate) action: &'a str,
    pub(crate) connection: &'a str,
    pub(crate) lane: Lane,
    pub(crate) window: Option<crate::ids::ConversationId>,
    pub(crate) yields: bool,
    pub(crate) expires: Duration,
}

impl<'a> NewCall<'a> {
    /// A call that needs no window and is held for nobody.
    pub(crate) fn new(action: &'a str, connection: &'a str, lane: Lane, expires: Duration) -> Self {
        Self { action, connection, lane, window: None, yields: false, expires }
    }
}

/// Whether a message to the run's customer is held while a person talks with that customer: everything but templates that tell
/// of something that happened.
fn yields(action: &str, input: &Value, lane: Lane) -> bool {
    let template = action == SendTemplate::NAME;
    let held = lane == Lane::Bulk || input["during_human"] == json!(DuringHuman::Hold);
    crate::stops::sends(action) && (!template || held)
}
