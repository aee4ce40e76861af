//! What a draft of a flow would have started on stored events, and what its runs would have done first. Pure, like the
//! back-test of tag rules ([`crate::rules::backtest`]), whose reading of history it shares.
//!
//! Each event meets the triggers of the flow in force and of the draft; what starts gets its first turn, by the
//! [`turn`] of production, with the contact's facts as they were and after the tag rules in force. There it ends: what a call
//! would have answered is not known, so a run that waits for one is counted and not followed. Nobody is called.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::event::Event;
use crate::expr::Script;
use crate::flow::Version;
use crate::handle::{event_from_row, held_back};
use crate::ids::{Ids, RunId};
use crate::mailbox::Facts;
use crate::matching::{self, Met};
use crate::rules::backtest::{Count, Example, OverPast, Silences, Way, facts_of, false_parts};
use crate::rules::{RuleFile, judge};
use crate::run::{Run, State, Wake, What, World, turn};
use crate::store::HistoryRow;

/// A back-test of one flow.
#[derive(Debug)]
pub struct FlowBacktest {
    now: Option<Arc<Version>>,
    draft: Arc<Version>,
    rules: Vec<Arc<RuleFile>>,
    ids: Ids,
    silences: Silences,
    events: u64,
    erased: u64,
    assumed: u64,
    waiting: u64,
    starts: Count,
    actions: BTreeMap<String, Count>,
}

/// What a back-test of a flow found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowBacktest")]
pub struct FlowReport {
    /// The flow.
    pub flow: Arc<str>,
    /// Events of contacts that flows may start from.
    pub events: u64,
    /// Events whose content was erased, which were left out.
    pub erased: u64,
    /// Events whose facts were not recorded when they were handled: the contact's facts of today were put in, without tags.
    pub assumed: u64,
    /// Runs of the draft that wait for the answer of a call: what they would do afterwards is not tried.
    pub waiting: u64,
    /// Runs started.
    pub starts: Counted,
    /// Actions of first turns, by name.
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

/// What one version does with one event.
#[derive(Default)]
struct First {
    started: bool,
    actions: BTreeSet<String>,
    /// Whether the run waits for a call.
    calls: bool,
    saw: Value,
    /// Why nothing started.
    why: String,
}

impl FlowBacktest {
    /// Of `draft` against the flow of the same id that is in force, if there is one, with the tag rules in force.
    #[must_use]
    pub fn new(now: Option<Arc<Version>>, draft: Arc<Version>, rules: Vec<Arc<RuleFile>>) -> Self {
        Self {
            now,
            draft,
            rules,
            ids: Ids::new(0),
            silences: Silences::default(),
            events: 0,
            erased: 0,
            assumed: 0,
            waiting: 0,
            starts: Count::default(),
            actions: BTreeMap::new(),
        }
    }

    fn first(&self, side: &str, version: &Arc<Version>, event: &Event, facts: &Facts) -> First {
        let mut first = First { why: format!("{side}: no trigger listens to {}", event.kind), ..First::default() };
        let scope = matching::sees(event, facts, event.at);
        for trigger in version.triggers.iter().filter(|trigger| matching::hears(&trigger.kind, &event.kind)) {
            first.why = match matching::meets(trigger, event, &scope) {
                Ok(Met::Yes(saw)) => {
                    first.saw = saw;
                    self.turn(&mut first, version, &trigger.id, event, facts);
                    return first;
                }
                Ok(Met::Params) => format!("{side}: the parameters of {} do not fit", trigger.id),
                Ok(Met::When(_)) => {
                    let conditions: Vec<&Script> = trigger.when.iter().collect();
                    format!("{side}: false is {}", false_parts(&conditions, &scope).join(" and "))
                }
                Err(error) => format!("{side}: it fails: {}", error.message),
            };
        }
        first
    }

    /// The first turn of a run, on copies of everything.
    fn turn(&self, first: &mut First, version: &Arc<Version>, trigger: &Arc<str>, event: &Event, facts: &Facts) {
        let mut run = Run {
            id: RunId(self.ids.next(event.at)),
            version: Arc::clone(version),
            mailbox: event.mailbox,
            contact: event.contact,
            conversation: event.conversation,
            event: event.id,
            state: State::new(Arc::clone(&event.seen)),
            turns: 0,
            started_at: event.at,
        };
        let (calendars, callable) = Default::default();
        let world = World { now: event.at, ids: &self.ids, notify: None, calendars: &calendars, callable: &callable };
        let wake = Wake::Start { trigger: Arc::clone(trigger), event, replays: None };
        let turned = turn(&mut run, &mut facts.clone(), &VecDeque::new(), wake, world);
        first.started = true;
        for entry in turned.entries {
            match entry.what {
                What::Planned { action, .. } => {
                    first.calls = true;
                    first.actions.insert(action.to_string());
                }
                What::Acted { action, .. } => drop(first.actions.insert(action.to_string())),
                _ => {}
            }
        }
    }

    fn compare(&mut self, event: &Event, now: &First, draft: &First) {
        note(&mut self.starts, event, (now, now.started), (draft, draft.started));
        for name in now.actions.union(&draft.actions) {
            let count = self.actions.entry(name.clone()).or_default();
            note(count, event, (now, now.actions.contains(name)), (draft, draft.actions.contains(name)));
        }
    }
}

/// Counts one event: whether it happens with each of two versions.
fn note(count: &mut Count, event: &Event, (now, before): (&First, bool), (draft, after): (&First, bool)) {
    count.now += u64::from(before);
    count.draft += u64::from(after);
    if before == after {
        return;
    }
    if !count.wants(after) {
        return count.count(after);
    }
    let (way, other, side) = if after { (Way::Gained, now, "now") } else { (Way::Lost, draft, "draft") };
    let why = if other.started { format!("{side}: its run goes another way") } else { other.why.clone() };
    count.add(way, event, why, draft.saw.clone());
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
        let event = event_from_row(event);
        if held_back(&event, false).is_some() || !self.silences.is_new(&event) {
            return;
        }
        let Some((mut facts, recorded)) = facts_of(&event, past) else { return };
        self.events += 1;
        self.assumed += u64::from(!recorded);
        for file in &self.rules {
            judge(file, &event, &mut facts, event.at);
        }
        let now = match &self.now {
            Some(version) => self.first("now", version, &event, &facts),
            None => First { why: "now: there is no such flow in force".to_owned(), ..First::default() },
        };
        let draft = self.first("draft", &self.draft, &event, &facts);
        self.waiting += u64::from(draft.calls);
        self.compare(&event, &now, &draft);
    }

    fn join(&mut self, other: Self) {
        self.events += other.events;
        self.erased += other.erased;
        self.assumed += other.assumed;
        self.waiting += other.waiting;
        self.starts.join(other.starts);
        for (action, count) in other.actions {
            self.actions.entry(action).or_default().join(count);
        }
    }

    fn report(self) -> FlowReport {
        let counted = |what: &str, count: Count| {
            let found = count.report(&what.into());
            let (what, examples) = (found.rule, found.examples);
            Counted { what, now: found.now, draft: found.draft, gained: found.gained, lost: found.lost, examples }
        };
        FlowReport {
            flow: Arc::clone(&self.draft.flow),
            events: self.events,
            erased: self.erased,
            assumed: self.assumed,
            waiting: self.waiting,
            starts: counted("start", self.starts),
            actions: self.actions.into_iter().map(|(action, count)| counted(&action, count)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Published;
    use crate::flowtest::tests::document;
    use crate::ids::VersionId;
    use crate::rules::backtest::tests::{History, file, hours};

    fn flow(when: &str, steps: &str) -> Arc<Version> {
        let text = format!(
            "format: 1\nflow: tried\non: [whatsapp.message_received]\nwhen: {when}\nsteps:\n{}\n",
            steps.trim_end()
        );
        match document(&text).into_version(VersionId(1)) {
            Published::Flow(version) => version,
            Published::Rules(_) | Published::Calendar(_) => panic!("a flow"),
        }
    }

    #[test]
    fn starts_and_first_actions_are_compared_after_the_rules_and_calls_are_not_followed() {
        let rules = file(
            "\n  - rule: vip\n    on: whatsapp.message_received\n    when: text.mentions(event.text, \"gold\")\n    \
             then: { add_tags: [vip] }\n",
        );
        let answer = "  - do: whatsapp.send_text\n    with: { text: hello }\n  - do: contact.set_priority\n    \
                      with: { priority: low }\n";
        let now = flow("text.mentions(event.text, \"hi\") && !contact.tags.contains(\"vip\")", answer);
        let marked = format!("  - do: contact.add_tags\n    with: {{ tags: [greeted] }}\n{answer}");
        let draft = flow("text.mentions(event.text, [\"hi\", \"hello\"])", &marked);
        let mut past = History::under(&rules);
        past.says(hours(0), "hi").says(hours(1), "hello").says(hours(2), "hi, I am gold").says(hours(3), "bye");
        let mut tried = FlowBacktest::new(Some(now), draft, vec![Arc::clone(&rules)]);
        past.history.into_iter().for_each(|row| tried.take(row));
        let report = tried.report();
        assert_eq!((report.events, report.assumed, report.waiting), (4, 0, 3));
        let starts = &report.starts;
        assert_eq!((starts.now, starts.draft, starts.gained, starts.lost), (1, 3, 2, 0));
        let why: Vec<&str> = starts.examples.iter().map(|example| &*example.why).collect();
        let expected =
            ["now: false is `text.mentions(event.text, \"hi\")`", "now: false is `!contact.tags.contains(\"vip\")`"];
        assert_eq!(why, expected);
        let actions: Vec<_> = report.actions.iter().map(|action| (&*action.what, action.now, action.draft)).collect();
        // What follows the call (the priority) is not tried.
        assert_eq!(actions, [("contact.add_tags", 0, 3), ("whatsapp.send_text", 1, 3)]);
        let tags = &report.actions[0].examples[0];
        assert_eq!((tags.way, &*tags.why), (Way::Gained, "now: its run goes another way"));
    }
}
