//! The desk's own mailbox: its rows become a [`Desk`], which decides, and what changed becomes rows again.
//!
//! An agent is a row of `wait` of the kind `Agent`; an open demand is its row of `escalation` and one of `wait` of the kind
//! `Escalation`, which says how far it is and falls due when the desk looks at it next.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Handling;
use crate::alarm::{Customer, Raise, ToAlarms};
use crate::capability::human::{NOT_LINKED, NotifyEscalation};
use crate::capability::notify::ButtonPressed;
use crate::clock::At;
use crate::connector::{Action, Verdict};
use crate::desk::{Agent, Case, Desk, FromDesk, Out, Refused, Taker};
use crate::event::Event;
use crate::ids::{EffectId, EscalationId, MailboxId, RunId, UserId, WaitId};
use crate::letter::Letter;
use crate::local::{self, NOTIFY_EXPIRES};
use crate::mailbox::Mailbox;
use crate::order::{DeskOrder, Error};
use crate::run::{Attempt, Entry, Plan, What};
use crate::sentence;
use crate::store::{EffectOp, EffectRow, EffectState, JournalKind, Lane, WaitKind, WaitRow, WaitState};

/// Reads what is open from the rows of the desk's mailbox.
pub(crate) fn read(desk: &mut Desk<'_>, mail: &Mailbox) {
    let mut progress: HashMap<&str, &[u8]> = HashMap::new();
    for wait in mail.waits.values() {
        let Some(key) = wait.key.as_deref() else { continue };
        if wait.kind == WaitKind::Escalation {
            progress.insert(key, &wait.data);
        } else if let Some((user, agent)) = agent_of(wait) {
            desk.agents.insert(user, agent);
        }
    }
    for row in mail.escalations.values() {
        let data = progress.get(row.id.to_string().as_str()).copied();
        desk.cases.insert(row.id, Case::stored(row.clone(), data));
    }
}

/// The agent whose row this is.
pub(crate) fn agent_of(wait: &WaitRow) -> Option<(UserId, Agent)> {
    let user = wait.key.as_deref().filter(|_| wait.kind == WaitKind::Agent)?.parse().ok()?;
    serde_json::from_slice(&wait.data).ok().map(|agent| (user, agent))
}

impl Handling<'_> {
    /// Lets the desk do something, and keeps what changed.
    pub(super) fn at_desk<T>(&mut self, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let book = self.book;
        let mut desk = Desk::new(&book.staff, &book.calendars, book.notify.is_some(), self.now);
        read(&mut desk, self.mail);
        let answer = act(&mut desk);
        self.keep(desk);
        answer
    }

    pub(super) fn desk_due(&mut self, wait: &WaitRow) {
        let Some(key) = wait.key.as_deref().filter(|_| wait.due_at <= self.now) else { return };
        if let Ok(id) = key.parse::<EscalationId>() {
            // One without a demand has nothing to wake.
            if !self.mail.escalations.contains_key(&id) {
                return self.disarm(wait.id, WaitState::Cancelled);
            }
            self.at_desk(|desk| desk.due(id));
        } else if let Ok(user) = key.parse::<UserId>() {
            self.at_desk(|desk| desk.wrapped_up(user));
        }
    }

    pub(super) fn desk_order(&mut self, order: DeskOrder) -> Result<Value, Error> {
        if self.mail.id != MailboxId::DESK {
            return Err(Error::Refused(sentence!("this is for the desk alone")));
        }
        match order {
            DeskOrder::Take { escalation, user, name } => {
                let taken = self.at_desk(|desk| desk.take(escalation, Taker { user, name }));
                let after_ms = taken.map_err(|refused| told(escalation, refused))?;
                Ok(json!({ "escalation": escalation, "after_ms": after_ms }))
            }
            DeskOrder::Decline { escalation, user, why } => {
                let declined = self.at_desk(|desk| desk.decline(escalation, user, &why));
                declined.map(|()| json!({ "escalation": escalation })).map_err(|refused| told(escalation, refused))
            }
            DeskOrder::Presence { user, presence } => {
                self.at_desk(|desk| desk.choose_presence(user, presence));
                Ok(json!({ "user": user }))
            }
            DeskOrder::Page { user, here } => {
                self.at_desk(|desk| desk.page(user, here));
                Ok(json!({ "user": user }))
            }
            DeskOrder::Forget { contact, runs } => {
                self.at_desk(|desk| desk.forget(contact, &runs));
                Ok(Value::Null)
            }
        }
    }

    /// A button under a message of ours was pressed in another service. Whoever is not known there presses for nobody.
    pub(super) fn pressed(&mut self, event: &Event) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let seen = &event.seen;
        let Ok(id) = text(&seen["escalation"]).parse::<EscalationId>() else { return };
        let book = self.book;
        let user = book.staff.who(seen["service"].as_str(), &text(&seen["person"]["id"]));
        let done = match (&*text(&seen["press"]), user) {
            ("take", Some(user)) => {
                let name = book.staff.name(user).to_owned();
                self.by = format!("user:{user} {name}");
                self.at_desk(|desk| desk.take(id, Taker { user: Some(user), name })).map(|_| ())
            }
            ("decline", Some(user)) => self.at_desk(|desk| desk.decline(id, user, "")),
            _ => Err(Refused::Gone),
        };
        if done.is_err() {
            let how: Arc<str> = if user.is_some() { "press_late".into() } else { "press_not_linked".into() };
            let what = What::Desk { escalation: id, how, agents: user.into_iter().collect(), until: None };
            let data = json!({ "connection": *event.connection });
            self.journal(id.0, None, JournalKind::Change, &[Entry { what, data }]);
        }
        if user.is_none() {
            self.answer_stranger(id, event);
        }
    }

    /// Says to whoever pressed a button, and is nobody's handle, how they are linked: to them alone where the service can.
    fn answer_stranger(&mut self, id: EscalationId, event: &Event) {
        let Ok(pressed) = serde_json::from_value::<ButtonPressed>((*event.seen).clone()) else { return };
        let place = if pressed.service == "slack" { pressed.person.id.clone() } else { pressed.channel };
        let input = NotifyEscalation {
            escalation: id.to_string(),
            state: NOT_LINKED.to_owned(),
            reason: pressed.person.id,
            by: Some(pressed.person.name),
            channel: Some(place).filter(|place| !place.is_empty()),
            url: Some("/settings?tab=teams".into()),
            ..NotifyEscalation::default()
        };
        let key = format!("{id}/{NOT_LINKED}/{}", event.id);
        self.plan_telling(RunId::NONE, key, &event.connection, &local::own_plan("escalation", &input));
    }

    /// What became of telling a fallback channel.
    pub(super) fn fallback_told(&mut self, effect: &EffectRow, attempts: &[Attempt], verdict: &Verdict) {
        self.mail.effects.remove(&effect.id);
        self.work.effects.push(EffectOp::Finish(effect.id));
        let Some(id) = effect.key.split('/').next().and_then(|id| id.parse::<EscalationId>().ok()) else { return };
        let state = effect.key.split('/').nth(1);
        if state == Some(NOT_LINKED) {
            return;
        }
        let how = if matches!(verdict, Verdict::Done(_)) { "fallback_told" } else { "fallback_failed" };
        let what = What::Desk { escalation: id, how: how.into(), agents: Vec::new(), until: None };
        let code = verdict.problem().map(|problem| problem.code.clone());
        let data = json!({
            "connection": effect.connection, "state": state, "code": code, "attempts": attempts.len(),
        });
        self.journal(id.0, None, JournalKind::Change, &[Entry { what, data }]);
        let Verdict::Done(done) = verdict else { return };
        let message = done.output["message"].as_str().map(str::to_owned);
        let connection = effect.connection.clone();
        self.at_desk(|desk| desk.fallback_told(id, connection, message));
    }

    fn keep(&mut self, desk: Desk<'_>) {
        let Desk { mut agents, mut cases, out, moved, touched, .. } = desk;
        for user in moved {
            if let Some(agent) = agents.remove(&user) {
                let due = agent.wrap_up_until.unwrap_or(At::NEVER);
                self.put_at_desk(WaitKind::Agent, user.to_string(), due, serde_json::to_vec(&agent));
            }
        }
        let told: Vec<(EscalationId, &'static str, Case)> = out
            .iter()
            .filter_map(|out| match out {
                Out::Tell(id, state) => cases.get(id).map(|case| (*id, *state, case.clone())),
                _ => None,
            })
            .collect();
        let alarms: Vec<ToAlarms> = out.iter().filter_map(|out| self.alarm_about(out, &cases)).collect();
        for id in touched {
            if let Some(case) = cases.remove(&id) {
                self.keep_case(case);
            }
        }
        self.say_all(out);
        alarms.into_iter().for_each(|letter| self.tell_alarms(letter));
        for (id, state, case) in told {
            for connection in self.channels(&case) {
                let earlier = case.progress.messages.get(&*connection).cloned();
                // A channel that cannot change its message is not told that somebody has it.
                if state != "taken" || earlier.is_some() {
                    self.tell_channel(id, state, &case, &connection, earlier);
                }
            }
        }
    }

    /// What the alarms hear of it: that somebody is about to be missed, or was; and that this is over.
    fn alarm_about(&self, out: &Out, cases: &BTreeMap<EscalationId, Case>) -> Option<ToAlarms> {
        let raise = |raise| ToAlarms::Raise(Box::new(raise));
        match out {
            Out::Predicted(id) => {
                Some(raise(Raise::escalation_late(&id.to_string(), self.customer_of(cases.get(id)?))))
            }
            Out::Tell(id, "missed") => {
                Some(raise(Raise::escalation_missed(&id.to_string(), self.customer_of(cases.get(id)?))))
            }
            Out::Tell(id, "taken") if cases.get(id)?.progress.predicted => Some(over(*id)),
            Out::Letter(_, FromDesk::Over { escalation }) => Some(over(*escalation)),
            Out::Story(id, Entry { what: What::Desk { how, .. }, .. }) if **how == *"erased" => {
                Some(ToAlarms::Forget { key: Raise::escalation_key(&id.to_string()) })
            }
            _ => None,
        }
    }

    /// Who waits, for whom an alarm is about them.
    fn customer_of(&self, Case { row, .. }: &Case) -> Customer {
        let team = self.book.staff.team(&row.team).map_or(&row.team, |team| &team.name);
        let (name, conversation) = (row.customer.clone(), row.conversation_id);
        Customer { name, team: team.clone(), conversation, since: row.received_at }
    }

    fn keep_case(&mut self, case: Case) {
        let Case { row, progress } = case;
        let key = row.id.to_string();
        if row.done {
            self.mail.escalations.remove(&row.id);
            if row.reason.is_empty() {
                self.untell(&key);
            }
            if let Some(wait) = self.desk_row(WaitKind::Escalation, &key) {
                self.disarm(wait, WaitState::Answered);
            }
        } else {
            self.put_at_desk(WaitKind::Escalation, key, progress.wake, serde_json::to_vec(&progress));
            self.mail.escalations.insert(row.id, row.clone());
        }
        self.work.escalations.push(row);
    }

    /// Nobody is told any more of what was erased; a call that is under way is noted without its words.
    pub(super) fn untell(&mut self, key: &str) {
        let of = |effect: &&EffectRow| effect.key.split('/').next() == Some(key);
        let ids: Vec<EffectId> = self.mail.effects.values().filter(of).map(|effect| effect.id).collect();
        for id in ids {
            self.mail.effects.remove(&id);
            self.work.effects.push(EffectOp::Withdraw(id));
        }
    }

    /// Letters, and the stories: lines that follow each other about the same thing are one row.
    fn say_all(&mut self, out: Vec<Out>) {
        let mut lines: Vec<(i64, Vec<Entry>)> = Vec::new();
        for out in out {
            let (subject, entry) = match out {
                Out::Story(id, entry) => (id.0, entry),
                Out::Agent(user, entry) => (user.0, entry),
                Out::Letter(to, letter) => {
                    self.send(to, Letter::FromDesk(letter));
                    continue;
                }
                Out::Predicted(id) => {
                    self.work.predicted.push(id);
                    continue;
                }
                Out::Tell(..) => continue,
            };
            match lines.last_mut() {
                Some((last, entries)) if *last == subject => entries.push(entry),
                _ => lines.push((subject, vec![entry])),
            }
        }
        for (subject, entries) in lines {
            self.journal(subject, None, JournalKind::Change, &entries);
        }
    }

    fn desk_row(&self, kind: WaitKind, key: &str) -> Option<WaitId> {
        let of = |wait: &&WaitRow| wait.kind == kind && wait.key.as_deref() == Some(key);
        self.mail.waits.values().find(of).map(|wait| wait.id)
    }

    fn put_at_desk(&mut self, kind: WaitKind, key: String, due_at: At, data: Result<Vec<u8>, serde_json::Error>) {
        let id = self.desk_row(kind, &key).unwrap_or_else(|| WaitId(self.next_id()));
        self.arm(WaitRow {
            key: Some(key),
            data: data.unwrap_or_default(),
            ..WaitRow::armed(id, MailboxId::DESK, kind, due_at)
        });
    }

    /// The connections that are told about a demand.
    fn channels(&self, case: &Case) -> Vec<Arc<str>> {
        let named = self.book.staff.team(&case.row.team).map(|team| team.fallback.as_slice()).unwrap_or_default();
        if named.is_empty() {
            return self.book.notify.iter().cloned().collect();
        }
        named.iter().map(|name| name.as_str().into()).collect()
    }

    fn tell_channel(&mut self, id: EscalationId, state: &str, case: &Case, connection: &str, earlier: Option<String>) {
        let plan = local::notification_plan(&case.row, state, earlier);
        self.plan_telling(case.row.run_id, format!("{id}/{state}/{connection}"), connection, &plan);
    }

    fn plan_telling(&mut self, run_id: RunId, key: String, connection: &str, plan: &Plan) {
        let effect = self.next_id();
        let effect = EffectRow {
            id: EffectId(effect),
            run_id,
            n: -effect,
            key,
            mailbox: MailboxId::DESK,
            shard: MailboxId::DESK.shard(),
            connection: connection.to_owned(),
            lane: Lane::Escalation,
            action: NotifyEscalation::NAME.to_owned(),
            window: None,
            yields: false,
            state: EffectState::Planned,
            attempt: 0,
            not_before: self.now,
            deadline: self.now.plus(NOTIFY_EXPIRES),
            settle_until: None,
            planned_at: self.now,
            sent_at: None,
            input: serde_json::to_vec(plan).unwrap_or_default(),
            attempts: Vec::new(),
            error: String::new(),
        };
        self.mail.effects.insert(effect.id, effect.clone());
        self.work.effects.push(EffectOp::Plan(Box::new(effect)));
    }
}

fn over(id: EscalationId) -> ToAlarms {
    ToAlarms::End { key: Raise::escalation_key(&id.to_string()) }
}

fn told(escalation: EscalationId, refused: Refused) -> Error {
    match refused {
        Refused::Gone => Error::Gone(escalation.to_string().into()),
        Refused::Taken { by, at } => Error::Taken { by, at },
        Refused::NotOffered => Error::Refused(sentence!("{escalation} is not offered to you (any more)", escalation)),
    }
}
