//! A run and its place at a gate: taken before it works, left when it waits or ends, asked for again when it is woken.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Handling;
use super::gate::{Place, place_of};
use crate::event::Event;
use crate::expr::{self, Scope, Script};
use crate::flow::{Busy, Key, Version};
use crate::ids::{ConversationId, MailboxId, RunId, WaitId};
use crate::letter::{Answer, Ask, Letter, Refusal, Rule};
use crate::mailbox::Missed;
use crate::run::{Gate, Keyed, Run, Sight, Wake};
use crate::store::WaitState;

impl Handling<'_> {
    /// The gate of `key` for what is known of `event`.
    pub(super) fn gate_of(
        &self,
        flow: &str,
        key: &Key,
        event: &Arc<Value>,
        conversation: Option<ConversationId>,
    ) -> Result<Keyed, expr::Error> {
        let value = match &key.script {
            None => json!(self.mail.id),
            Some(script) => self.key_value(script, event, conversation)?,
        };
        let id = MailboxId::of_object("", "gate", &format!("{flow}/{value}"));
        Ok(Keyed { gate: Gate { id, own: key.own }, key: value })
    }

    fn key_value(
        &self,
        script: &Script,
        event: &Arc<Value>,
        conversation: Option<ConversationId>,
    ) -> Result<Value, expr::Error> {
        let mut scope = Scope::new();
        scope.set("event", Arc::clone(event));
        let sight = Sight { now: self.now, facts: &self.mail.facts, conversation, run: None };
        sight.show(script.names(), &mut scope);
        script.value(&scope)
    }

    /// Where runs of `version` are counted while they work.
    pub(super) fn counted_at(
        &self,
        version: &Version,
        event: &Arc<Value>,
        conversation: Option<ConversationId>,
    ) -> Result<Option<Keyed>, expr::Error> {
        let Some(limit) = &version.limits.concurrency else { return Ok(None) };
        self.gate_of(&version.flow, &limit.key, event, conversation).map(Some)
    }

    /// Whether `run` may take steps now. Takes a place for it if its gate is here and has room.
    pub(super) fn may_work(&mut self, run: &Run) -> bool {
        if let Some((_, place)) = self.place(run.id) {
            return place.held;
        }
        let Some(gate) = run.state.gate else { return true };
        let Some((limit, _)) = at_once(&run.version).filter(|_| gate.own) else { return false };
        let free = self.has_room(gate.id, limit);
        if free {
            let ask = self.ask(run, gate.id);
            self.put(ask.ticket, Some(run.id), &Place { ask, held: true, here: true, leaving: false });
        }
        free
    }

    /// After a turn: a run that waits or is over leaves its place, one that has none and needs one asks for it.
    pub(super) fn keep_place(&mut self, run: &Run, trigger: &Arc<str>) {
        let works = run.state.works();
        match self.place(run.id) {
            Some((id, place)) if run.state.ended.is_some() || (place.held && !works) => self.leave(id, &place),
            None if run.state.ended.is_none() && (works || run.state.queued) => self.ask_for_place(run, trigger),
            _ => {}
        }
    }

    fn ask_for_place(&mut self, run: &Run, trigger: &Arc<str>) {
        let Some(gate) = run.state.gate else { return };
        let ask = Ask { trigger: Arc::clone(trigger), ..self.ask(run, gate.id) };
        let (id, mut place) = (ask.ticket, Place { ask, held: false, here: gate.own, leaving: false });
        if !gate.own {
            self.put(id, Some(run.id), &place);
            return self.send(gate.id, Letter::Ask(place.ask));
        }
        let refused = match self.admits(&place.ask) {
            Ok(held) => {
                place.held = held;
                held.then_some(Answer::Enter)
            }
            Err(refusal) => Some(Answer::Refused(refusal)),
        };
        self.put(id, Some(run.id), &place);
        if let Some(answer) = refused {
            self.answer(&place.ask, answer);
        }
    }

    fn ask(&self, run: &Run, gate: MailboxId) -> Ask {
        let (limit, busy) = at_once(&run.version).unwrap_or((1, Busy::Queue));
        Ask {
            run: run.id,
            trigger: "".into(),
            ticket: WaitId(self.next_id()),
            from: run.mailbox,
            gate,
            rule: Rule::AtOnce { limit, busy },
            begun: run.state.visits > 0,
        }
    }

    /// Asks a throttle elsewhere for a run that is about to begin.
    pub(super) fn ask_to_start(&mut self, run: RunId, trigger: &Arc<str>, gate: MailboxId, rule: Rule) {
        let (ticket, trigger, from) = (WaitId(self.next_id()), Arc::clone(trigger), self.mail.id);
        let ask = Ask { run, trigger, ticket, from, gate, rule, begun: false };
        let place = Place { ask, held: false, here: false, leaving: false };
        self.put(ticket, Some(run), &place);
        self.send(gate, Letter::Ask(place.ask));
    }

    fn leave(&mut self, id: WaitId, place: &Place) {
        self.disarm(id, WaitState::Answered);
        if place.here {
            self.let_in(place.ask.gate);
        } else if matches!(place.ask.rule, Rule::AtOnce { .. }) {
            self.send(place.ask.gate, Letter::Leave { run: place.ask.run, ticket: place.ask.ticket });
        }
    }

    /// The row of a run's place.
    fn place(&self, run: RunId) -> Option<(WaitId, Place)> {
        self.mail.waits.values().filter(|wait| wait.run_id == Some(run)).find_map(place_of)
    }

    /// What a gate says to a run of this mailbox; to one that has left since, it says nothing.
    pub(super) fn told(&mut self, run: RunId, ticket: WaitId, answer: Answer) {
        let Some((id, place)) = self.place(run).filter(|(id, _)| *id == ticket) else { return };
        match answer {
            Answer::Enter => self.entered(run, id, place),
            Answer::Refused(refusal) => self.refused(run, id, &place, refusal),
            Answer::Yield if place.held => self.wake(run, Wake::Replaced),
            Answer::Yield => {}
        }
    }

    fn entered(&mut self, run: RunId, id: WaitId, place: Place) {
        let trigger = Arc::clone(&place.ask.trigger);
        let Some(queued) = self.mail.runs.get(&run).map(|run| run.state.queued) else { return };
        match place.ask.rule {
            // It may start; whether it may work, its next turn asks.
            Rule::InTime { .. } => self.disarm(id, WaitState::Answered),
            Rule::AtOnce { .. } if place.here => {}
            Rule::AtOnce { .. } => self.put(id, Some(run), &Place { held: true, ..place }),
        }
        if queued {
            self.wake(run, Wake::Admitted { trigger });
        } else if let Some(run) = self.mail.runs.remove(&run) {
            // It came to rest meanwhile.
            self.keep_place(&run, &trigger);
            self.mail.runs.insert(run.id, run);
        }
    }

    fn refused(&mut self, run: RunId, id: WaitId, place: &Place, refusal: Refusal) {
        self.disarm(id, WaitState::Cancelled);
        if place.here {
            // It may have been let in between the gate's word and now.
            self.let_in(place.ask.gate);
        }
        let Some(found) = self.mail.runs.get(&run) else { return };
        if !place.ask.trigger.is_empty() {
            let (flow, trigger) = (Arc::clone(&found.version.flow), Arc::clone(&place.ask.trigger));
            let (event, contact, why) = (found.event, found.contact, refusal.code().into());
            let saw = Value::Null;
            self.mail.missed.push(Missed { flow, trigger, at: self.now, event, contact, why, saw });
        }
        self.wake(run, Wake::Refused { why: refusal.words() });
    }

    /// Why a run that `event` would start does not, by limits that this mailbox counts itself.
    pub(super) fn declined(&mut self, version: &Version, gate: Option<&Keyed>) -> Option<Refusal> {
        let (limit, busy) = at_once(version)?;
        let gate = gate.map(|keyed| keyed.gate).filter(|gate| gate.own)?;
        if self.has_room(gate.id, limit) { None } else { self.turns_away(gate.id, busy) }
    }

    /// The gate of the flow's throttle.
    pub(super) fn throttled_at(&self, version: &Version, event: &Event) -> Result<Option<(Gate, Rule)>, expr::Error> {
        let Some(throttle) = &version.limits.throttle else { return Ok(None) };
        let keyed = self.gate_of(&version.flow, &throttle.key, &event.seen, event.conversation)?;
        Ok(Some((keyed.gate, Rule::in_time(throttle.limit, throttle.every))))
    }
}

fn at_once(version: &Version) -> Option<(u32, Busy)> {
    version.limits.concurrency.as_ref().map(|limit| (limit.limit, limit.busy))
}
