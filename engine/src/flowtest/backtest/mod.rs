//! What a draft of a flow would have started on stored events, and what its runs would have done. Pure, like the back-test of
//! tag rules ([`crate::rules::backtest`]), whose reading of history it shares.
//!
//! Each event meets the flow in force and the draft, in the code of production, with the contact's facts as they were and
//! after the tag rules in force. Runs live on in the time of the events: their waits fall due, later events of the contact
//! answer them. Calls are made to nobody: where the same call was made then, it answers the same ([`Recorded`]), else as the
//! catalogue says such calls do; how many answers were assumed is told.

mod recorded;
mod side;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::calendar::Calendars;
use crate::clock::At;
use crate::event::Event;
use crate::expr::Script;
use crate::flow::Version;
use crate::handle::{event_from_row, held_back};
use crate::ids::ContactId;
use crate::mailbox::Facts;
use crate::matching::{self, Met};
use crate::rules::backtest::{Count, Example, OverPast, Reason, Silences, TagNames, Way, facts_of, false_parts};
use crate::rules::{RuleFile, judge};
use crate::store::HistoryRow;

pub use recorded::Recorded;
use side::{Did, Side};

/// What stands around the flow in a back-test.
#[derive(Debug, Default)]
pub struct Around {
    /// Tag rules in force.
    pub rules: Vec<Arc<RuleFile>>,
    /// Live flows: those that others may call are called.
    pub flows: Vec<Arc<Version>>,
    /// Business hours.
    pub calendars: Calendars,
    /// What tags are called now: facts were recorded by the names of then.
    pub names: Arc<TagNames>,
    /// What calls answered.
    pub recorded: Recorded,
    /// What calls answer that nobody made then, by action.
    pub samples: BTreeMap<&'static str, Value>,
}

/// A back-test of one flow.
#[derive(Debug)]
pub struct FlowBacktest {
    around: Arc<Around>,
    now: Option<Side>,
    draft: Side,
    /// Events that are not over on both sides, by contact.
    open: HashMap<ContactId, Vec<Pair>>,
    known: HashSet<ContactId>,
    silences: Silences,
    last: At,
    events: u64,
    erased: u64,
    assumed: u64,
    starts: Count,
    actions: BTreeMap<Arc<str>, Count>,
}

/// What a back-test of a flow found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowBacktest")]
pub struct FlowReport {
    /// The flow.
    pub flow: Arc<str>,
    /// Events of contacts.
    pub events: u64,
    /// Events whose content was erased, which were left out.
    pub erased: u64,
    /// Events whose facts were not recorded when they were handled: the contact's facts of today were put in, without tags.
    pub assumed: u64,
    /// Runs of the draft that still wait after the last event.
    pub waiting: u64,
    /// Calls of the draft that answered as the same calls did then.
    pub calls_recorded: u64,
    /// Calls of the draft whose answers are the catalogue's samples.
    pub calls_assumed: u64,
    /// Runs started.
    pub starts: Counted,
    /// Actions of runs, by name.
    pub actions: Vec<Counted>,
}

/// How often something happens as the flow is in force, and in the draft; counted in events.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "BacktestCount")]
pub struct Counted {
    /// What: `start`, or an action's full name.
    pub what: Arc<str>,
    /// As it is in force.
    pub now: u64,
    /// In the draft.
    pub draft: u64,
    /// In the draft only.
    pub gained: u64,
    /// As it is in force only.
    pub lost: u64,
    /// Some of those gained and lost, the earliest.
    pub examples: Vec<Example>,
}

/// An event that a trigger of one side matched.
#[derive(Debug)]
struct Pair {
    event: Arc<Event>,
    /// Why the side on which none matched had none.
    why: String,
}

impl FlowBacktest {
    /// Of `draft` against the flow of the same id that is in force, if there is one.
    #[must_use]
    pub fn new(now: Option<Arc<Version>>, draft: Arc<Version>, around: &Arc<Around>) -> Self {
        Self {
            around: Arc::clone(around),
            now: now.map(|version| Side::new(version, around)),
            draft: Side::new(draft, around),
            open: HashMap::new(),
            known: HashSet::new(),
            silences: Silences::default(),
            last: At(0),
            events: 0,
            erased: 0,
            assumed: 0,
            starts: Count::default(),
            actions: BTreeMap::new(),
        }
    }

    /// Why the side whose triggers did not match had none that did.
    fn why_not(&self, event: &Event, facts: &Facts, (before, after): (bool, bool)) -> String {
        match (before, after, &self.now) {
            (true, true, _) => String::new(),
            (false, true, None) => "now: there is no such flow in force".to_owned(),
            (false, _, Some(now)) => why_not("now", &now.version, event, facts),
            (..) => why_not("draft", &self.draft.version, event, facts),
        }
    }

    /// Counts what came of the contact's events that are over on both sides; at the end, of all.
    fn close(&mut self, contact: ContactId, all: bool) {
        let Some(events) = self.open.remove(&contact) else { return };
        let mut left = Vec::new();
        for pair in events {
            let event = &pair.event;
            let lives = |side: &Side| side.is_open(contact, event.id);
            if !all && (self.now.as_ref().is_some_and(lives) || lives(&self.draft)) {
                left.push(pair);
                continue;
            }
            let now = self.now.as_mut().map(|side| side.did(event.id)).unwrap_or_default();
            let draft = self.draft.did(event.id);
            note_start(&mut self.starts, &pair, &now, &draft);
            for action in now.actions.union(&draft.actions) {
                note(self.actions.entry(Arc::clone(action)).or_default(), event, action, &now, &draft);
            }
        }
        if !left.is_empty() {
            self.open.insert(contact, left);
        }
    }
}

/// Counts a start.
fn note_start(count: &mut Count, pair: &Pair, now: &Did, draft: &Did) {
    count.now += u64::from(now.started);
    count.draft += u64::from(draft.started);
    if now.started == draft.started {
        return;
    }
    if !count.wants(draft.started) {
        return count.count(draft.started);
    }
    let (way, other, side) = if draft.started { (Way::Gained, now, "now") } else { (Way::Lost, draft, "draft") };
    let why = match &other.declined {
        Some(why) => format!("{side}: it is kept from starting: {why}"),
        None => pair.why.clone(),
    };
    count.add(way, &pair.event, why, draft.saw.clone());
}

/// Counts one action of one event.
fn note(count: &mut Count, event: &Event, action: &Arc<str>, now: &Did, draft: &Did) {
    let (before, after) = (now.actions.contains(action), draft.actions.contains(action));
    count.now += u64::from(before);
    count.draft += u64::from(after);
    if before == after {
        return;
    }
    if !count.wants(after) {
        return count.count(after);
    }
    let (way, other, side) = if after { (Way::Gained, now, "now") } else { (Way::Lost, draft, "draft") };
    let why = if other.started { "its run goes another way" } else { "it does not start" };
    count.add(way, event, format!("{side}: {why}"), draft.saw.clone());
}

/// Why no trigger of `version` starts on `event`.
fn why_not(side: &str, version: &Version, event: &Event, facts: &Facts) -> String {
    let mut why = format!("{side}: no trigger listens to {}", event.kind);
    let scope = matching::sees(event, facts, event.at);
    for trigger in version.triggers.iter().filter(|trigger| matching::hears(&trigger.kind, &event.kind)) {
        why = match matching::meets(trigger, event, &scope) {
            Ok(Met::Yes(_)) => format!("{side}: it is kept from starting"),
            Ok(Met::Params) => format!("{side}: the parameters of {} do not fit", trigger.id),
            Ok(Met::When(_)) => {
                let conditions: Vec<&Script> = trigger.when.iter().collect();
                let reason = Reason::False { parts: false_parts(&conditions, &scope) };
                format!("{side}: {}", reason.words())
            }
            Err(error) => format!("{side}: it fails: {}", error.message),
        };
    }
    why
}

impl OverPast for FlowBacktest {
    type Report = FlowReport;

    fn reads_facts(&self) -> bool {
        true
    }

    fn take(&mut self, row: HistoryRow) {
        let HistoryRow { event, past } = row;
        if event.body.is_none() {
            self.erased += 1;
            return;
        }
        let event = Arc::new(event_from_row(event));
        let Some(contact) = event.contact.filter(|_| self.silences.is_new(&event)) else { return };
        let Some((mut facts, recorded)) = facts_of(&event, past) else { return };
        if let Some(contact) = &mut facts.contact {
            self.around.names.spread(contact);
        }
        self.events += 1;
        self.assumed += u64::from(!recorded);
        self.last = self.last.max(event.at);
        let first = self.known.insert(contact) && event.is_customer_message();
        let judged = held_back(&event, false).is_none();
        for file in self.around.rules.iter().filter(|_| judged) {
            judge(file, &event, &mut facts, event.at);
        }
        let mut meets = |side: &mut Side| {
            side.advance(contact, event.at);
            side.meet(&event, &facts, first)
        };
        let before = self.now.as_mut().is_some_and(&mut meets);
        let after = meets(&mut self.draft);
        if before || after {
            let why = self.why_not(&event, &facts, (before, after));
            self.open.entry(contact).or_default().push(Pair { event, why });
        }
        self.close(contact, false);
    }

    fn join(&mut self, other: Self) {
        self.events += other.events;
        self.erased += other.erased;
        self.assumed += other.assumed;
        self.last = self.last.max(other.last);
        if let (Some(now), Some(other)) = (&mut self.now, other.now) {
            now.join(other);
        }
        self.draft.join(other.draft);
        self.open.extend(other.open);
        self.starts.join(other.starts);
        for (action, count) in other.actions {
            self.actions.entry(action).or_default().join(count);
        }
    }

    fn report(mut self) -> FlowReport {
        if let Some(now) = &mut self.now {
            now.finish(self.last);
        }
        let waiting = self.draft.finish(self.last) as u64;
        let contacts: Vec<ContactId> = self.open.keys().copied().collect();
        contacts.into_iter().for_each(|contact| self.close(contact, true));
        let counted = |what: &str, count: Count| {
            let (now, draft) = (count.now, count.draft);
            let (gained, lost, examples) = count.report();
            Counted { what: what.into(), now, draft, gained, lost, examples }
        };
        FlowReport {
            flow: Arc::clone(&self.draft.version.flow),
            events: self.events,
            erased: self.erased,
            assumed: self.assumed,
            waiting,
            calls_recorded: self.draft.calls.recorded,
            calls_assumed: self.draft.calls.assumed,
            starts: counted("start", self.starts),
            actions: self.actions.into_iter().map(|(action, count)| counted(&action, count)).collect(),
        }
    }
}
