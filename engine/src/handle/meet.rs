//! A trigger matched: the event joins its burst, starts a run, or does not because the flow's limits are reached.

use std::sync::Arc;

use serde_json::Value;

use super::event::passed;
use super::{Handling, burst};
use crate::book::Live;
use crate::event::Event;
use crate::expr;
use crate::flow::Trigger;
use crate::ids::RunId;
use crate::letter::Refusal;
use crate::run::{Entry, Keyed, Run, State, Wake, What};

/// Why no run starts although its trigger matched.
pub(super) enum Declined {
    /// A limit is reached.
    Limit(Refusal),
    /// A key cannot be worked out.
    Key(expr::Error),
}

impl From<expr::Error> for Declined {
    fn from(error: expr::Error) -> Self {
        Self::Key(error)
    }
}

impl Handling<'_> {
    /// Carries out that `trigger` matched on `event`, and tells it in `entries`; gives whether the event was understood, also
    /// when a limit keeps it from starting anything.
    pub(super) fn meet(
        &mut self,
        live: &Live,
        trigger: &Trigger,
        event: &Event,
        saw: Value,
        entries: &mut Vec<Entry>,
    ) -> bool {
        if let Some(held) = self.held_back(live, trigger, event, &saw) {
            entries.push(held);
            return true;
        }
        let met = match &live.version.limits.debounce {
            Some(debounce) => self.gather(live, debounce, trigger, event),
            None => self.begin_within(live, trigger, event, false).map(|run| {
                let (flow, trigger) = (Arc::clone(&live.version.flow), Arc::clone(&trigger.id));
                What::Matched { flow, trigger, run }
            }),
        };
        let understood = !matches!(met, Err(Declined::Key(_)));
        entries.push(match met {
            Ok(what) => Entry { what, data: saw },
            Err(declined) => not_started(&live.version.flow, &trigger.id, declined, saw),
        });
        understood
    }

    /// Begins a run within the flow's limits; with `burst`, for an event that stands for several.
    pub(super) fn begin_within(
        &mut self,
        live: &Live,
        trigger: &Trigger,
        event: &Event,
        burst: bool,
    ) -> Result<RunId, Declined> {
        let version = &live.version;
        let throttle = self.throttled_at(version, event)?;
        let gate = self.counted_at(version, &event.seen, event.conversation)?;
        if let Some(refusal) = self.declined(version, gate.as_ref()) {
            return Err(Declined::Limit(refusal));
        }
        if let (Some((counted, _)), Some(limit)) = (throttle.filter(|(gate, _)| gate.own), &version.limits.throttle)
            && !self.count_start(counted.id, limit.limit, limit.every)
        {
            return Err(Declined::Limit(Refusal::Throttled));
        }
        let id = RunId(self.next_id());
        if let Some((asked, rule)) = throttle.filter(|(gate, _)| !gate.own) {
            self.ask_to_start(id, &trigger.id, asked.id, rule);
        }
        let run = self.run(id, live, event, gate.as_ref());
        let trigger = Arc::clone(&trigger.id);
        self.give_turn(run, Wake::Start { trigger, event, replays: None, burst, gate });
        Ok(id)
    }

    /// Begins a run that a person let happen; where bursts are gathered, it is a burst of one.
    pub(super) fn begin_held(&mut self, live: &Live, trigger: &Trigger, event: &Event) -> Result<RunId, Declined> {
        if live.version.limits.debounce.is_none() {
            return self.begin_within(live, trigger, event, false);
        }
        let mut seen = (*event.seen).clone();
        burst::alone(&mut seen);
        self.begin_within(live, trigger, &Event { seen: Arc::new(seen), ..event.clone() }, true)
    }

    /// Begins a run of `live` once more with the event of another, at a person's wish.
    pub(super) fn begin_again(
        &mut self,
        live: &Live,
        trigger: &Arc<str>,
        event: &Event,
        replays: RunId,
        burst: bool,
    ) -> Result<RunId, expr::Error> {
        let gate = self.counted_at(&live.version, &event.seen, event.conversation)?;
        let id = RunId(self.next_id());
        let run = self.run(id, live, event, gate.as_ref());
        let (trigger, replays) = (Arc::clone(trigger), Some(replays));
        self.give_turn(run, Wake::Start { trigger, event, replays, burst, gate });
        Ok(id)
    }

    fn run(&self, id: RunId, live: &Live, event: &Event, gate: Option<&Keyed>) -> Run {
        Run {
            id,
            version: Arc::clone(&live.version),
            mailbox: self.mail.id,
            contact: event.contact,
            conversation: event.conversation,
            event: event.id,
            state: State { gate: gate.map(|keyed| keyed.gate), ..State::new(Arc::clone(&event.seen)) },
            turns: 0,
            started_at: self.now,
        }
    }
}

/// That `trigger` matched, and nothing came of it. `saw` is what its conditions saw.
pub(super) fn not_started(flow: &Arc<str>, trigger: &str, declined: Declined, saw: Value) -> Entry {
    match declined {
        Declined::Limit(refusal) => passed(flow, trigger, refusal.code(), saw),
        Declined::Key(error) => passed(flow, trigger, "error", error.message.into()),
    }
}
