//! What becomes of a call in a test: the same decisions as in [`crate::runner`], with answers from the test's `fake`.
//!
//! Calls of one mailbox to one connection leave in order, and those of a connection that is down wait until it is back.

use super::given::{NUMBER, overlay};
use super::sim::{Coming, Sim};
use crate::capability::contact::Find;
use crate::clock::At;
use crate::connector::{Action, Done, Party, Problem, Repeat, Scope, Sent, Verdict};
use crate::flow::{Fail, Fake};
use crate::handle::Input;
use crate::run::plan::{self, PERSON_ANSWERS_WITHIN};
use crate::run::{Attempt, Next, Plan};
use crate::runner::hold::Hold;
use crate::store::EffectRow;

/// A call with its attempts so far.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) row: EffectRow,
    attempts: Vec<Attempt>,
}

impl Call {
    pub(super) fn new(row: EffectRow) -> Self {
        Self { row, attempts: Vec::new() }
    }
}

impl Sim<'_> {
    /// Plans the next attempt for `at`, or the end if that is too late.
    pub(super) fn try_at(&mut self, at: At, call: Call) {
        let deadline = call.row.deadline;
        if at > deadline {
            self.expect_at(deadline, Coming::Expired(Box::new(call)));
        } else {
            self.expect_at(at, Coming::Attempt(Box::new(call)));
        }
    }

    pub(super) fn attempt(&mut self, mut call: Call) {
        let Ok(plan) = serde_json::from_slice::<Plan>(&call.row.input) else { return };
        let probe_at = self.down.get(&call.row.connection).map(|hold| hold.probe_at).filter(|at| *at > self.now);
        if let Some(later) = probe_at.or_else(|| self.ahead(&call.row)) {
            return self.try_at(later, call);
        }
        if let Some(until) = self.held_until(&call.row) {
            return self.shelve(call, until);
        }
        let verdict = self.answer(&call.row, &plan);
        let failed = call.row.attempt;
        call.attempts.push(Attempt {
            attempt: failed + 1,
            at: self.now,
            took_ms: 0,
            verdict: verdict.name().into(),
            problem: verdict.problem().cloned(),
        });
        let repeat = self.catalog.actions.get(call.row.action.as_str()).map_or(Repeat::Safe, |spec| spec.repeat);
        let next = plan::next(&plan, repeat, failed, &verdict, self.now);
        if !matches!(next, Next::Hold { .. }) && !matches!(verdict, Verdict::Unknown(_)) {
            self.down.remove(&call.row.connection);
        }
        self.carry_out(call, next, verdict);
    }

    /// Until when a person who talks with the customer holds a call, if one does.
    fn held_until(&self, row: &EffectRow) -> Option<At> {
        let mail = self.mails.get(&row.mailbox).filter(|_| row.yields)?;
        let talks = mail.facts.conversations.iter().filter(|talk| talk.inbox.is_paused(self.now));
        talks.filter_map(|talk| talk.inbox.paused_until).max()
    }

    /// Looks again when the pause is over, or at the call's deadline.
    fn shelve(&mut self, call: Call, until: At) {
        let deadline = call.row.deadline;
        if until > deadline {
            self.expect_at(deadline, Coming::TalkedTooLong(Box::new(call)));
        } else {
            self.expect_at(until, Coming::Attempt(Box::new(call)));
        }
    }

    /// When an earlier call of the same mailbox to the same connection is tried again: this one leaves behind it, unless a
    /// person's talking holds that one.
    fn ahead(&self, row: &EffectRow) -> Option<At> {
        let before = |other: &EffectRow| {
            other.id < row.id && (other.mailbox, &other.connection) == (row.mailbox, &row.connection)
        };
        self.coming
            .iter()
            .find(|(_, coming)| {
                matches!(coming, Coming::Attempt(other) if before(&other.row) && self.held_until(&other.row).is_none())
            })
            .map(|((at, _), _)| *at)
    }

    fn carry_out(&mut self, mut call: Call, next: Next, verdict: Verdict) {
        match next {
            Next::Settle => self.settle(call, verdict),
            Next::Again { attempt, not_before } => {
                call.row.attempt = attempt;
                self.try_at(not_before, call);
            }
            Next::Hold { after } => {
                let reason = verdict.problem().map(|problem| problem.message.clone()).unwrap_or_default();
                let (now, connection) = (self.now, call.row.connection.clone());
                let hold = self.down.entry(connection);
                let hold = hold
                    .and_modify(|hold| hold.again(now, reason.clone(), after))
                    .or_insert_with(|| Hold::new(now, reason.clone(), after));
                let probe_at = hold.probe_at;
                self.try_at(probe_at, call);
            }
            Next::Doubt { until } => self.expect_at(until, Coming::Unclear(Box::new(call))),
            Next::Park { why } => self.park(call, why),
        }
    }

    /// No proof came that a call in doubt happened.
    pub(super) fn unclear(&mut self, call: Call) {
        let Ok(plan) = serde_json::from_slice::<Plan>(&call.row.input) else { return };
        let problem = Problem::new("may_have_happened", "no proof came that this call happened");
        self.carry_out(call, plan::unclear(&plan), Verdict::Unknown(problem));
    }

    /// Nobody is there in a test: a call that needs attention gets none.
    fn park(&mut self, mut call: Call, why: &'static str) {
        let first = call.attempts.first().map_or(self.now, |attempt| attempt.at);
        call.row.deadline = first.plus(PERSON_ANSWERS_WITHIN);
        let (row, attempts) = (call.row.clone(), std::mem::take(&mut call.attempts));
        self.expect_at(row.deadline, Coming::NobodyAnswered(Box::new(call)));
        self.give(row.mailbox, Input::Parked { effect: Box::new(row), attempts, why });
    }

    pub(super) fn settle(&mut self, call: Call, verdict: Verdict) {
        let Call { row, attempts } = call;
        self.give(row.mailbox, Input::Settled { effect: Box::new(row), attempts, verdict, input: None });
    }

    pub(super) fn refuse(&mut self, call: Call, code: &str, words: &str) {
        self.settle(call, Verdict::Refused(Problem::new(code, words)));
    }

    /// What the test's `fake` says, one answer an attempt and the last one for all further, else the catalogue's sample.
    fn answer(&mut self, row: &EffectRow, plan: &Plan) -> Verdict {
        let conversation = row.window.and_then(|id| self.mails.get(&row.mailbox)?.facts.conversation(id));
        if conversation.is_some_and(|conversation| !conversation.window_open(self.now)) {
            let words = "24 hours have passed since the customer's last message: only a template can be sent now";
            return Verdict::Refused(Problem::new(plan::WINDOW_CLOSED, words));
        }
        let fakes = self.test.fake.get(&row.action).map_or(&[][..], Vec::as_slice);
        let answered = self.answered.entry(row.action.clone()).or_default();
        let fake = fakes.get(*answered).or(fakes.last());
        *answered += 1;
        let found = if fake.is_none() && row.action == Find::NAME { self.find(plan) } else { None };
        if let Some(verdict) = found {
            return verdict;
        }
        let mut output =
            self.catalog.actions.get(row.action.as_str()).map(|spec| spec.sample.clone()).unwrap_or_default();
        match fake {
            Some(Fake::Fail { how, code, message }) => return failure(*how, code.as_deref(), message.as_deref()),
            Some(Fake::Reply(fields)) => overlay(&mut output, fields),
            None => {}
        }
        Verdict::Done(Done { output, sent: sent(row, plan) })
    }
}

/// The message that went to the customer, if one did.
pub(super) fn sent(row: &EffectRow, plan: &Plan) -> Option<Sent> {
    let address = plan.address.as_ref().filter(|_| row.action.starts_with("whatsapp.send"))?;
    Some(Sent {
        external_id: row.key.clone(),
        party: Party { number: NUMBER.into(), address: address.to_string(), phone: None, name: None },
        text: plan.input["text"].as_str().unwrap_or_default().to_owned(),
    })
}

fn failure(how: Fail, code: Option<&str>, message: Option<&str>) -> Verdict {
    let problem = |default: &str| Problem::new(code.unwrap_or(default), message.unwrap_or("the test says so"));
    match how {
        Fail::Later => Verdict::Later { after: None, scope: Scope::Item, problem: problem("later") },
        Fail::Refused => Verdict::Refused(problem("refused")),
        Fail::Unknown => Verdict::Unknown(problem("unknown")),
        Fail::Auth => Verdict::Auth(problem("auth")),
        Fail::Down => Verdict::Later { after: None, scope: Scope::Connection, problem: problem("down") },
    }
}
