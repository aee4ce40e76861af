//! An event: the facts it changes, the rules that judge it, the waits it answers, the triggers it meets.
//!
//! webhook in -> event -> **contact and conversation** -> **tag rules** -> **waits** -> **match triggers** -> run -> step -> action -> log

use std::sync::Arc;

use serde_json::Value;

use super::Handling;
use crate::contact::{MARKETING, SESSION_IDLE, WINDOW};
use crate::event::{self, Event, MAX_DEPTH, Origin};
use crate::expr::{Scope, Script};
use crate::flow::{Op, Trigger, WaitFor};
use crate::ids::{RunId, WaitId};
use crate::matching::{self, Met};
use crate::rules;
use crate::run::{Block, Entry, Sight, Turn, Wake, What};
use crate::store::{JournalKind, WaitKind};

impl Handling<'_> {
    pub(super) fn event(&mut self, event: Arc<Event>) {
        if self.rated(&event) {
            return;
        }
        let first = self.is_first(&event);
        self.note_facts(&event);
        self.called_back(&event);
        let mut entries = vec![self.received(&event)];
        let ruled = self.apply_rules(&event, &mut entries);
        // What is too deep starts nothing, and moves nothing on.
        let too_deep = event.depth > MAX_DEPTH;
        let (answered, taken) = if too_deep { (false, false) } else { self.answer_waits(&event, &mut entries) };
        self.mail.remember(Arc::clone(&event));
        let started = self.meet_triggers(&event, Moment { taken, first }, &mut entries);
        if event.is_customer_message() {
            self.tell_session(&event);
        }
        self.note_misses(&event, &entries);
        if !(ruled || answered || started) {
            self.not_understood(&event);
        }
        self.journal(event.id.0, None, JournalKind::Handling, &entries);
        if let Some(conversation) = event.conversation {
            self.watch(conversation);
        }
    }

    /// The part of [`Self::event`] that is behind the facts and the rules.
    pub(super) fn relive(&mut self, event: &Arc<Event>, first: bool) -> Vec<Entry> {
        let mut entries = Vec::new();
        let too_deep = event.depth > MAX_DEPTH;
        let (_, taken) = if too_deep { (false, false) } else { self.answer_waits(event, &mut entries) };
        self.mail.remember(Arc::clone(event));
        self.meet_triggers(event, Moment { taken, first }, &mut entries);
        entries
    }

    /// Whether it is the contact's first message ever.
    fn is_first(&self, event: &Event) -> bool {
        let contact = self.mail.facts.contact.as_ref();
        event.is_customer_message() && contact.is_some_and(|contact| contact.last_interaction_at.is_none())
    }

    /// What the event tells about the customer. Reactions, edits and statuses are no answer and open no window.
    fn note_facts(&mut self, event: &Event) {
        let Some(conversation) = event.conversation else { return };
        let at = event.at;
        let happened_at = event.provider_at.map_or(at, |provider_at| provider_at.min(at));
        let connection = event.connection.to_string();
        if let Some(name) = event.seen["profile"]["name"].as_str().filter(|name| !name.is_empty())
            && self.mail.facts.contact.as_ref().is_some_and(|contact| contact.name != name)
        {
            self.mail.facts.change_contact(|contact| contact.name = name.to_owned());
        }
        if event.is_customer_message() {
            self.mail.facts.change_contact(|contact| {
                contact.last_interaction_at = Some(at);
                contact.unread_count += 1;
            });
            self.mail.facts.change_conversation(conversation, |conversation| {
                let idle = conversation.last_inbound_at.max(conversation.last_outbound_at);
                if idle.is_none_or(|idle| at.since(idle) > SESSION_IDLE) || conversation.session_opened_at.is_none() {
                    conversation.session_opened_at = Some(at);
                    conversation.session_messages = 0;
                }
                conversation.session_messages += 1;
                conversation.inbox.customer_wrote(at);
                conversation.last_inbound_at = Some(at);
                conversation.window_closes_at = conversation.window_closes_at.max(Some(happened_at.plus(WINDOW)));
                conversation.connection = connection;
            });
        } else if event.origin == Origin::History && event::is_message(&event.kind) {
            self.mail.facts.change_contact(|contact| {
                contact.last_interaction_at = contact.last_interaction_at.max(Some(happened_at));
            });
        } else if *event.kind == *event::PREFERENCE_CHANGED {
            self.note_preference(event);
        } else if event.origin == Origin::AppEcho && *event.kind != *event::MESSAGE_CHANGED {
            self.mail.facts.change_contact(|contact| contact.unread_count = 0);
            self.mail.facts.change_conversation(conversation, |conversation| conversation.last_outbound_at = Some(at));
            self.human_spoke(conversation, None, happened_at);
        }
    }

    /// The customer stopped or resumed marketing messages in the app.
    fn note_preference(&mut self, event: &Event) {
        let preference = &event.seen["preference"];
        let of_marketing = preference["category"].as_str().is_none_or(|category| category.starts_with("marketing"));
        let given = match preference["value"].as_str() {
            Some("stop") => false,
            Some("resume") => true,
            _ => return,
        };
        if of_marketing {
            self.mail.facts.change_contact(|contact| {
                contact.consent.insert(MARKETING.to_owned(), given);
            });
        }
    }

    /// The first entry about an event, with the facts that are there when rules look at them.
    pub(super) fn received(&self, event: &Event) -> Entry {
        let seen = rules::Seen::of(event, &self.mail.facts).and_then(|seen| serde_json::to_value(seen).ok());
        Entry { what: What::Received { event: Arc::clone(&event.kind) }, data: seen.unwrap_or_default() }
    }

    /// Every matching wait is answered; of several that take the event, all are, and no trigger sees it. Gives whether one was
    /// answered, and whether one took the event.
    fn answer_waits(&mut self, event: &Event, entries: &mut Vec<Entry>) -> (bool, bool) {
        let waiting: Vec<(WaitId, RunId)> = self
            .mail
            .waits
            .values()
            .filter(|wait| wait.kind == WaitKind::Event && event.id > wait.since)
            .filter_map(|wait| Some((wait.id, wait.run_id?)))
            .collect();
        let (mut any, mut taken) = (false, false);
        for (wait, run) in waiting {
            let Some((takes, answered)) = self.wait_answered(wait, run, event, entries) else { continue };
            if answered {
                any = true;
                taken |= takes;
                entries.push(Entry::bare(What::Delivered { run, wait }));
                self.wake(run, Wake::Answered(wait, event));
            }
        }
        (any, taken)
    }

    /// Whether `event` answers `wait` of `run`, and whether it would then be taken.
    fn wait_answered(&self, wait: WaitId, run: RunId, event: &Event, entries: &mut Vec<Entry>) -> Option<(bool, bool)> {
        let run = self.mail.runs.get(&run)?;
        let (step, within) = standing_at(run, wait)?;
        let scope = Turn::scope_of(run, within, self.mail, self.now, step);
        match matching::answers(step, event, &scope) {
            Ok(answered) => Some((step.take, answered)),
            Err(error) => {
                entries.push(passed(&run.version.flow, "match", "error", error.message.into()));
                None
            }
        }
    }

    /// Starts a run for every trigger met; gives whether there was one.
    fn meet_triggers(&mut self, event: &Event, Moment { taken, first }: Moment, entries: &mut Vec<Entry>) -> bool {
        let book = self.book;
        let mut started = false;
        let cut_off = cut_off(event, taken);
        let mut scope = Scope::new();
        if cut_off.is_none() {
            // Before any run starts and changes the customer: every trigger sees the same.
            self.show(book.hearing(&event.kind).map(|(_, trigger)| trigger), event, &mut scope);
        }
        for (live, trigger) in book.hearing(&event.kind) {
            let flow = &live.version.flow;
            if is_not_meant(flow, trigger, event) {
                continue;
            }
            let of_others = !matching::origin_fits(&trigger.kind, &trigger.params, event);
            let too_late = trigger.params["first"] == true && !first;
            let why = cut_off.or(of_others.then_some("origin")).or(too_late.then_some("params"));
            if let Some(why) = why {
                entries.push(passed(flow, &trigger.id, why, Value::Null));
                continue;
            }
            let met = matching::meets(trigger, event, &scope).and_then(|met| self.in_segment(trigger, met));
            match met {
                Ok(Met::Yes(saw)) => {
                    started |= self.meet(live, trigger, event, saw, entries);
                }
                Ok(Met::Params) => entries.push(passed(flow, &trigger.id, "params", Value::Null)),
                Ok(Met::When(saw)) => entries.push(passed(flow, &trigger.id, "when", saw)),
                Err(error) => entries.push(passed(flow, &trigger.id, "error", error.message.into())),
            }
        }
        started
    }

    /// Puts into `scope` what the conditions of `triggers` read.
    pub(super) fn show<'t>(&self, triggers: impl Iterator<Item = &'t Trigger>, event: &Event, scope: &mut Scope) {
        scope.set("event", Arc::clone(&event.seen));
        let sight = Sight { now: self.now, facts: &self.mail.facts, conversation: event.conversation, run: None };
        sight.show(triggers.flat_map(|trigger| &trigger.when).flat_map(Script::names), scope);
    }
}

/// What triggers are told beside the event.
#[derive(Clone, Copy)]
struct Moment {
    /// A wait took the event.
    taken: bool,
    /// It is the contact's first message ever.
    first: bool,
}

/// Why an event is not judged and starts nothing by itself; a trigger may ask for other origins.
pub(crate) fn held_back(event: &Event, taken: bool) -> Option<&'static str> {
    let of_others = !matching::origin_fits(&event.kind, &Value::Null, event);
    cut_off(event, taken).or(of_others.then_some("origin"))
}

/// Why an event starts nothing, whatever the triggers say.
fn cut_off(event: &Event, taken: bool) -> Option<&'static str> {
    let too_deep = event.depth > MAX_DEPTH;
    if taken { Some("taken") } else { too_deep.then_some("depth") }
}

/// Whether `trigger` has nothing to do with `event`, although it hears events of this type: then nothing is told either.
fn is_not_meant(flow: &Arc<str>, trigger: &Trigger, event: &Event) -> bool {
    match &*event.kind {
        event::MANUAL => event.seen["flow"] != **flow,
        // What a flow does about failures may fail, too.
        event::FLOW_FAILED => event.seen["flow"] == **flow,
        event::CRON => super::sweep::is_of_another(flow, trigger, event),
        event::MESSAGE_ECHOED => !matching::origin_fits(&trigger.kind, &trigger.params, event),
        _ => false,
    }
}

/// The `wait_for` step on whose wait `run` is blocked, and the branch that stands there.
fn standing_at(run: &crate::run::Run, wait: WaitId) -> Option<(&WaitFor, &str)> {
    let cursor = run.state.cursors.iter().find(|cursor| cursor.block == Block::Wait(wait))?;
    match &run.version.program.step(cursor.at)?.op {
        Op::WaitFor(step) => Some((step, &cursor.within)),
        _ => None,
    }
}

pub(super) fn passed(flow: &Arc<str>, trigger: &str, why: &str, data: Value) -> Entry {
    let data = match data {
        Value::String(words) => serde_json::json!({ "message": words }),
        other => other,
    };
    Entry { what: What::Passed { flow: Arc::clone(flow), trigger: trigger.into(), why: why.into() }, data }
}
