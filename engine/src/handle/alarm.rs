//! The alarms' mailbox: what is raised, told, told again, acknowledged and over.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Handling;
use super::own::OwnCall;
use crate::alarm::{Alarm, LISTED_MS, MOST_LISTED, POLICY_KEY, Policy, Raise, Route, Stage, Telling, ToAlarms};
use crate::capability::notify::{AlarmState, ButtonPressed, TellAlarm, Told};
use crate::clock::At;
use crate::connector::{Action, Verdict};
use crate::event::Event;
use crate::ids::{AlarmId, EffectId, MailboxId, WaitId};
use crate::letter::Letter;
use crate::local;
use crate::mailbox::Mailbox;
use crate::order::Error;
use crate::run::{Attempt, Entry, Handler, Plan, What};
use crate::store::{EffectRow, JournalKind, Lane, WaitKind, WaitRow, WaitState};

/// The policy as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPolicy {
    /// Counts the changes; 0 before the first.
    pub rev: i64,
    /// The policy.
    pub policy: Policy,
}

/// The policy of the alarms' mailbox.
#[must_use]
pub fn alarm_policy(mail: &Mailbox) -> StoredPolicy {
    let rows = mail.waits.values().filter(|wait| wait.kind == WaitKind::Alarm);
    let row = rows.into_iter().find(|wait| wait.key.as_deref() == Some(POLICY_KEY));
    row.and_then(|row| serde_json::from_slice(&row.data).ok()).unwrap_or_default()
}

/// The alarms of their mailbox, newest first.
#[must_use]
pub fn alarms(mail: &Mailbox) -> Vec<Alarm> {
    let mut all: Vec<Alarm> = mail.waits.values().filter_map(alarm_of).map(|(_, alarm)| alarm).collect();
    all.sort_by_key(|alarm| std::cmp::Reverse(alarm.id));
    all
}

/// How somebody is named to colleagues: without the id that the log keeps (`user:usr_… Ana`).
#[must_use]
pub fn named(by: &str) -> &str {
    let known = ["user:", "token:"].iter().any(|kind| by.starts_with(kind));
    by.split_once(' ').filter(|_| known).map_or(by, |(_, name)| name)
}

/// The alarm that a row is.
pub(crate) fn alarm_of(wait: &WaitRow) -> Option<(WaitId, Alarm)> {
    let is_alarm = wait.kind == WaitKind::Alarm && wait.key.as_deref() != Some(POLICY_KEY);
    Some((wait.id, is_alarm.then(|| serde_json::from_slice(&wait.data).ok())??))
}

impl Handling<'_> {
    /// Something needs a person who works here. Ends in the alarms' mailbox, which knows whether anybody wants to hear of it.
    pub(super) fn raise(&mut self, raise: Raise) {
        self.tell_alarms(ToAlarms::Raise(Box::new(raise)));
    }

    pub(super) fn tell_alarms(&mut self, letter: ToAlarms) {
        if self.book.alarms {
            self.send(MailboxId::ALARMS, Letter::Alarm(letter));
        }
    }

    pub(super) fn alarm_letter(&mut self, letter: ToAlarms) {
        match letter {
            ToAlarms::Raise(raise) => self.raised(*raise),
            ToAlarms::End { key } => self.cause_gone(&key),
            ToAlarms::Forget { key } => {
                if let Some((_, alarm)) = self.find_alarm(&key) {
                    self.untell(&alarm.id.to_string());
                }
                self.cause_gone(&key);
            }
        }
    }

    fn raised(&mut self, raise: Raise) {
        let policy = alarm_policy(self.mail).policy;
        if !policy.wants(&raise) {
            return;
        }
        if let Some((wait, mut alarm)) = self.find_alarm(&raise.key) {
            if matches!(alarm.stage, Stage::Pending | Stage::Open) {
                let urgent = alarm.stage == Stage::Pending && !raise.patient;
                alarm.count += 1;
                alarm.last = self.now;
                alarm.raise = raise;
                let due = if urgent { self.now } else { self.due_of(wait) };
                self.put_alarm(&alarm, due);
                if urgent {
                    self.open(alarm, &policy);
                }
                return;
            }
            // Somebody looked at the last one: this is news.
            self.end_alarm(alarm);
        }
        let alarm = Alarm::new(AlarmId(self.next_id()), raise, self.now);
        let kind = alarm.raise.kind;
        self.note_alarm(alarm.id, "alarm.raised", json!({ "kind": kind, "title": alarm.raise.title }));
        match alarm.stage {
            Stage::Pending => self.put_alarm(&alarm, self.now.plus(policy.patience())),
            _ => self.open(alarm, &policy),
        }
    }

    /// It counts from now on: it is told, now or when the quiet hours are over.
    fn open(&mut self, mut alarm: Alarm, policy: &Policy) {
        alarm.stage = Stage::Open;
        let at = policy.telling_at(alarm.raise.level, &self.book.calendars, self.now);
        if at > self.now {
            return self.put_alarm(&alarm, at);
        }
        let routes: Vec<Route> =
            policy.routes.iter().filter(|route| route.level <= alarm.raise.level).cloned().collect();
        for route in &routes {
            self.tell_alarm(&alarm, &route.connection, route.to.clone(), None);
        }
        alarm.told += 1;
        alarm.told_at = Some(self.now);
        let again = alarm.told < policy.most && !routes.is_empty();
        self.put_alarm(&alarm, if again { self.now.plus(policy.repeat()) } else { At::NEVER });
    }

    pub(super) fn alarm_due(&mut self, wait: &WaitRow) {
        let Some((id, alarm)) = alarm_of(wait).filter(|_| wait.due_at <= self.now) else { return };
        match alarm.stage {
            Stage::Pending | Stage::Open => {
                let policy = alarm_policy(self.mail).policy;
                if policy.wants(&alarm.raise) {
                    self.open(alarm, &policy);
                } else {
                    self.disarm(id, WaitState::Cancelled);
                }
            }
            Stage::Acknowledged => self.put_alarm(&alarm, At::NEVER),
            Stage::Ended => self.disarm(id, WaitState::Fired),
        }
    }

    fn cause_gone(&mut self, key: &str) {
        let Some((wait, alarm)) = self.find_alarm(key) else { return };
        match alarm.stage {
            // Nobody heard of it.
            Stage::Pending => {
                self.note_alarm(alarm.id, "alarm.ended", Value::Null);
                self.disarm(wait, WaitState::Cancelled);
            }
            _ => self.end_alarm(alarm),
        }
    }

    /// It is over: whoever was told sees that, and it is listed for a while.
    fn end_alarm(&mut self, mut alarm: Alarm) {
        alarm.stage = Stage::Ended;
        alarm.ended_at = Some(self.now);
        if let Some(customer) = &mut alarm.raise.customer {
            customer.name.clear();
        }
        self.note_alarm(alarm.id, "alarm.ended", Value::Null);
        self.change_told(&alarm);
        let until = self.now.plus(std::time::Duration::from_millis(LISTED_MS));
        self.put_alarm(&alarm, until);
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        let mut ended: Vec<_> = self.mail.waits.values().filter_map(alarm_of).collect();
        ended.retain(|(_, alarm)| alarm.stage == Stage::Ended);
        ended.sort_by_key(|(_, alarm)| alarm.id);
        let surplus = ended.len().saturating_sub(MOST_LISTED);
        for (wait, _) in ended.into_iter().take(surplus) {
            self.disarm(wait, WaitState::Cancelled);
        }
    }

    /// A person says that they look at it; again says the same.
    pub(super) fn acknowledge(&mut self, id: AlarmId, by: &str) -> Result<Value, Error> {
        let found = self.mail.waits.values().filter_map(alarm_of).find(|(_, alarm)| alarm.id == id);
        let Some((_, mut alarm)) = found else { return Err(Error::Gone(id.to_string().into())) };
        if alarm.stage == Stage::Open {
            alarm.stage = Stage::Acknowledged;
            alarm.by = Some(named(by).to_owned());
            alarm.acknowledged_at = Some(self.now);
            self.note_alarm(id, "alarm.acknowledged", json!({ "by": by }));
            self.change_told(&alarm);
            self.put_alarm(&alarm, At::NEVER);
        }
        Ok(serde_json::to_value(&alarm).unwrap_or_default())
    }

    /// Somebody pressed a button under an alarm, in a service where we told it.
    pub(super) fn alarm_pressed(&mut self, event: &Event) {
        let pressed: Option<ButtonPressed> = serde_json::from_value((*event.seen).clone()).ok();
        let alarm = pressed.as_ref().and_then(|pressed| pressed.alarm.as_deref()?.parse::<AlarmId>().ok());
        let entry = Entry::bare(What::Received { event: std::sync::Arc::clone(&event.kind) });
        self.journal(event.id.0, None, JournalKind::Handling, &[entry]);
        let Some((pressed, alarm)) = pressed.zip(alarm) else { return };
        let by = format!("{} ({})", pressed.person.name, event.connection);
        // One that is over meanwhile needs nobody.
        let _ = self.acknowledge(alarm, by.trim());
    }

    /// A person changes who is told.
    pub(super) fn set_alarm_policy(&mut self, rev: i64, policy: Policy) -> Result<Value, Error> {
        let stored = alarm_policy(self.mail);
        if stored.rev != rev {
            return Err(Error::Changed);
        }
        if let Some(mistake) = policy.mistake() {
            return Err(Error::Refused(mistake));
        }
        let next = StoredPolicy { rev: rev + 1, policy };
        let what = What::Changed { what: "alarms.policy".into(), id: "policy".into() };
        let data = serde_json::to_value(&next).unwrap_or_default();
        let subject = MailboxId::of_object("", "change", "alarms.policy").0;
        self.journal(subject, None, JournalKind::Change, &[Entry { what, data: data.clone() }]);
        self.put_row(POLICY_KEY.to_owned(), At::NEVER, serde_json::to_vec(&next).unwrap_or_default());
        Ok(data)
    }

    /// Whether failed runs of a flow are alarms.
    pub(super) fn watch_flow(&mut self, flow: String, on: bool) -> Result<Value, Error> {
        let StoredPolicy { rev, mut policy } = alarm_policy(self.mail);
        let changed = if on { policy.flows.insert(flow) } else { policy.flows.remove(&flow) };
        if changed { self.set_alarm_policy(rev, policy) } else { Ok(Value::Null) }
    }

    /// Whoever was told sees how it stands now.
    fn change_told(&mut self, alarm: &Alarm) {
        for telling in alarm.told_by.iter().filter(|telling| telling.message.is_some()) {
            self.tell_alarm(alarm, &telling.connection, telling.to.clone(), telling.message.clone());
        }
    }

    fn tell_alarm(&mut self, alarm: &Alarm, connection: &str, to: Option<String>, earlier: Option<String>) {
        let state = match alarm.stage {
            Stage::Pending | Stage::Open => AlarmState::Open,
            Stage::Acknowledged => AlarmState::Acknowledged,
            Stage::Ended => AlarmState::Ended,
        };
        let waits = alarm.raise.customer.as_ref().filter(|_| state == AlarmState::Open);
        let input = TellAlarm {
            alarm: alarm.id.to_string(),
            key: alarm.raise.key.clone(),
            kind: alarm.raise.kind.name(),
            title: alarm.raise.title.clone(),
            text: alarm.raise.text.clone(),
            level: alarm.raise.level,
            url: alarm.raise.path.clone(),
            repeat: alarm.told,
            state,
            channel: to,
            earlier,
            by: alarm.by.clone(),
            team: alarm.raise.customer.as_ref().map(|customer| customer.team.clone()),
            customer: waits.map(|customer| customer.name.clone()).filter(|name| !name.is_empty()),
            waits_s: waits.map(|customer| self.now.since(customer.since).as_secs()),
        };
        let id = self.next_id();
        let plan = Plan {
            input: serde_json::to_value(input).unwrap_or_default(),
            pauses_ms: local::NOTIFY_PAUSES_MS.to_vec(),
            handler: Handler::Nobody,
            resend_unknown: true,
            address: None,
            phone: None,
            step: "alarm".into(),
            flow: "".into(),
        };
        self.call_own(OwnCall {
            id: EffectId(id),
            n: -id,
            key: format!("{}/{}", alarm.id, id & 0xffff_ffff),
            connection,
            lane: Lane::Escalation,
            action: TellAlarm::NAME,
            window: None,
            lives: local::NOTIFY_EXPIRES,
            plan: &plan,
        });
    }

    /// What became of telling it: the message is remembered, so that it can be changed.
    pub(super) fn alarm_told(&mut self, effect: &EffectRow, attempts: &[Attempt], verdict: &Verdict) {
        let id = effect.key.split('/').next().and_then(|id| id.parse::<AlarmId>().ok());
        let Some(id) = id else { return };
        let plan: Option<Plan> = serde_json::from_slice(&effect.input).ok();
        let input: Option<TellAlarm> = plan.and_then(|plan| serde_json::from_value(plan.input).ok());
        let (to, state) = input.map(|input| (input.channel, input.state)).unwrap_or_default();
        let mut entries: Vec<Entry> = attempts.iter().map(|attempt| attempt.entry(effect.n)).collect();
        let what = What::Told { n: effect.n, done: matches!(verdict, Verdict::Done(_)) };
        let code = verdict.problem().map(|problem| &problem.code);
        let data = json!({ "connection": effect.connection, "to": to, "state": state, "problem": code });
        entries.push(Entry { what, data });
        self.journal(id.0, None, JournalKind::Change, &entries);
        let found = self.mail.waits.values().filter_map(alarm_of).find(|(_, alarm)| alarm.id == id);
        let Some((wait, mut alarm)) = found else { return };
        let told = match verdict {
            Verdict::Done(done) => serde_json::from_value::<Told>(done.output.clone()).unwrap_or_default(),
            _ => Told::default(),
        };
        let failed = verdict.problem().map(|problem| problem.code.clone());
        let connection: std::sync::Arc<str> = effect.connection.as_str().into();
        let known = alarm.told_by.iter().position(|known| known.connection == connection && known.to == to);
        let message = told.message.or_else(|| alarm.told_by.get(known?)?.message.clone());
        let telling = Telling { connection, to, message, failed };
        match known {
            Some(place) => alarm.told_by[place] = telling,
            None => alarm.told_by.push(telling),
        }
        let due = self.due_of(wait);
        self.put_alarm(&alarm, due);
    }

    fn find_alarm(&self, key: &str) -> Option<(WaitId, Alarm)> {
        let all = self.mail.waits.values().filter_map(alarm_of);
        all.into_iter().find(|(_, alarm)| alarm.raise.key == key && alarm.stage != Stage::Ended)
    }

    fn due_of(&self, wait: WaitId) -> At {
        self.mail.waits.get(&wait).map_or(At::NEVER, |wait| wait.due_at)
    }

    fn put_alarm(&mut self, alarm: &Alarm, due_at: At) {
        self.put_row(alarm.id.to_string(), due_at, serde_json::to_vec(alarm).unwrap_or_default());
    }

    fn put_row(&mut self, key: String, due_at: At, data: Vec<u8>) {
        self.arm(WaitRow { key: Some(key), data, ..self.new_wait(WaitKind::Alarm, due_at) });
    }

    fn note_alarm(&mut self, id: AlarmId, what: &str, data: Value) {
        let what = What::Changed { what: what.into(), id: id.to_string().into() };
        self.journal(id.0, None, JournalKind::Change, &[Entry { what, data }]);
    }
}
