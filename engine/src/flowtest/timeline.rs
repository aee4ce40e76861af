//! What happened in a simulation, told in order: each entry of the journals with its place in the text, words and values.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::phone::{self, Message};
use crate::clock::At;
use crate::duration;
use crate::flow::{Outline, TemplateTexts};
use crate::ids::RunId;
use crate::run::{Entry, What};
use crate::sentence;
use crate::sentence::Sentence;
use crate::store::JournalKind;

/// One thing that happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Moment {
    /// When.
    pub at: String,
    /// The same from the simulation's start: `48h`.
    pub offset: String,
    /// The step, as its place in the text; `None` for what is no step's doing, and for steps of other flows.
    pub path: Option<String>,
    /// The step as journals name it.
    pub step: Option<String>,
    /// The flow, when it is another one than the simulated: one that was called.
    pub flow: Option<String>,
    /// The run, counted from 1 in the order of their beginnings.
    pub run: Option<usize>,
    /// The branch of the run; `None` = its own way.
    pub branch: Option<String>,
    /// What kind of thing, a stable code: `event`, `started`, `passed`, `rule`, `condition`, `choice`, `set`, `call`, `action`,
    /// `tried`, `answer`, `wait`, `woke`, `failed`, `attention`, `ended` …
    pub what: &'static str,
    /// The stable code of what went wrong.
    pub code: Option<String>,
    /// In words.
    pub words: String,
    /// The same for other languages.
    pub said: Sentence,
    /// What a condition saw.
    pub saw: Option<Value>,
    /// What a step was given.
    pub input: Option<Value>,
    /// What it gave; of a condition, whether it held.
    pub output: Option<Value>,
    /// The message it sends, as a phone shows it.
    pub message: Option<Message>,
    /// How often the same happened again right afterwards: attempts over a connection that is down.
    pub times: usize,
}

/// A row of a journal as the simulation recorded it.
pub(super) struct Told {
    pub(super) at: At,
    pub(super) kind: JournalKind,
    pub(super) subject: i64,
    pub(super) entries: Vec<Entry>,
}

impl Told {
    /// Whether this is the handling of an event that began `run`, or that it waited for.
    fn caused(&self, run: RunId) -> bool {
        let of = |entry: &Entry| matches!(&entry.what, What::Matched { run: of, .. } | What::Delivered { run: of, .. } if *of == run);
        self.kind == JournalKind::Handling && self.entries.iter().any(of)
    }
}

/// The rows in the order in which things came about: a commit holds the handling of an event behind the turns it caused.
fn in_order(told: &[Told]) -> Vec<&Told> {
    let mut out: Vec<&Told> = Vec::with_capacity(told.len());
    let mut early = vec![false; told.len()];
    for (at, row) in told.iter().enumerate() {
        if std::mem::take(&mut early[at]) {
            continue;
        }
        if row.kind == JournalKind::Turn {
            let same_time = told.iter().enumerate().skip(at + 1).take_while(|(_, later)| later.at == row.at);
            for (later, cause) in same_time.filter(|(_, later)| later.caused(RunId(row.subject))) {
                if !std::mem::replace(&mut early[later], true) {
                    out.push(cause);
                }
            }
        }
        out.push(row);
    }
    out
}

/// What the teller needs to know besides the entries.
pub(super) struct Teller<'a> {
    pub(super) start: At,
    pub(super) outline: &'a Outline,
    /// The simulated document.
    pub(super) flow: &'a str,
    pub(super) texts: &'a TemplateTexts,
    /// The customer's language.
    pub(super) language: &'a str,
    /// The flow of each run.
    pub(super) flows: HashMap<RunId, Arc<str>>,
}

impl Teller<'_> {
    /// All that happened.
    pub(super) fn tell(&self, told: &[Told]) -> Vec<Moment> {
        let mut out: Vec<(At, Moment)> = Vec::new();
        let mut seen = Seen::default();
        for row in in_order(told) {
            for entry in &row.entries {
                self.entry(row, entry, &mut seen, &mut out);
            }
        }
        // An attempt is told when it was made; its row was written when the call was over.
        out.sort_by_key(|(at, _)| *at);
        out.into_iter().map(|(_, moment)| moment).collect()
    }

    fn entry(&self, row: &Told, entry: &Entry, seen: &mut Seen, out: &mut Vec<(At, Moment)>) {
        let subject = row.subject;
        match &entry.what {
            What::Branch { within } => {
                seen.branches.insert(subject, within.to_string());
                return;
            }
            What::Finished { n, .. } | What::Told { n, .. } | What::Attempted { n, .. } => {
                settle(out, seen.calls.get(&(subject, *n)).copied(), &entry.what);
            }
            _ => {}
        }
        let Some(mut moment) = self.moment(entry) else { return };
        let at = if let What::Attempted { at, .. } = &entry.what { *at } else { row.at };
        moment.at = at.to_string();
        moment.offset = duration::format(at.since(self.start));
        if row.kind == JournalKind::Turn {
            let run = RunId(subject);
            moment.run = Some(seen.number(run));
            moment.branch = seen.branches.get(&subject).filter(|within| !within.is_empty()).cloned();
            moment.flow = self.flows.get(&run).filter(|flow| ***flow != *self.flow).map(ToString::to_string);
        }
        moment.step = step_of(&entry.what).map(str::to_owned);
        let own = moment.flow.is_none();
        let place = moment.step.as_deref().filter(|_| own).and_then(|step| self.outline.step(step));
        moment.path = place.map(|place| place.path.clone());
        match &entry.what {
            What::Planned { n, .. } => drop(seen.calls.insert((subject, *n), out.len())),
            What::Attempted { n, .. } | What::Parked { n, .. } => {
                let call = seen.calls.get(&(subject, *n)).and_then(|call| out.get(*call));
                moment.path = call.and_then(|(_, call)| call.path.clone());
                moment.step = call.and_then(|(_, call)| call.step.clone());
                // A connection that is down for hours is tried again and again.
                if let Some((_, last)) = out.last_mut().filter(|(_, last)| {
                    (&last.step, &last.words, last.run) == (&moment.step, &moment.words, moment.run)
                }) {
                    last.times += 1;
                    return;
                }
            }
            _ => {}
        }
        out.push((at, moment));
    }

    fn moment(&self, entry: &Entry) -> Option<Moment> {
        let data = &entry.data;
        let said = data["message"].as_str().unwrap_or_default();
        let value = |value: &Value| Some(value.clone()).filter(|value| !value.is_null());
        let one = |what, said: Sentence| Moment { what, words: said.to_string(), said, ..Moment::default() };
        Some(match &entry.what {
            What::Received { event } => one("event", sentence!("{event} came in", event)),
            What::Matched { trigger, .. } => {
                Moment { saw: value(data), ..one("started", sentence!("the trigger {trigger} starts a run", trigger)) }
            }
            What::Passed { trigger, why, .. } => Moment {
                saw: value(data),
                ..one("passed", sentence!("the trigger {trigger} starts nothing ({why})", trigger, why))
            },
            What::RuleHeld { rule, .. } => Moment {
                saw: value(&data["saw"]),
                output: value(&data["did"]),
                ..one("rule", sentence!("the rule {rule} holds", rule))
            },
            What::RulePassed { rule, why, .. } => Moment {
                saw: value(data),
                ..one("rule_passed", sentence!("the rule {rule} does not hold ({why})", rule, why))
            },
            What::TagExpired { source } => {
                one("tag_ended", sentence!("the tag {tag} of {source} ends", tag = data["tag"].to_string(), source))
            }
            What::Decided { holds, .. } => {
                let words = if *holds { "the condition holds" } else { "the condition does not hold" };
                Moment { saw: value(data), output: Some(json!(holds)), ..one("condition", words.into()) }
            }
            What::Chosen { case, .. } => {
                let words =
                    case.as_ref().map_or("no case fits: the default".into(), |case| sentence!("the case {case}", case));
                Moment { saw: value(data), output: Some(json!(case)), ..one("choice", words) }
            }
            What::Assigned { .. } => Moment { output: value(data), ..one("set", "variables are set".into()) },
            What::Accepted { .. } => Moment { output: value(data), ..one("accepted", "the answer is taken".into()) },
            What::Computed { .. } => {
                Moment { output: value(&data["value"]), ..one("computed", "a value is worked out".into()) }
            }
            What::Planned { action, .. } => Moment {
                input: value(data),
                message: phone::message(action, data, self.language, self.texts),
                ..one("call", sentence!("{action} is called", action))
            },
            What::Acted { action, .. } => Moment {
                input: value(&data["input"]),
                output: value(&data["output"]),
                ..one("action", sentence!("{action} is done", action))
            },
            What::Attempted { attempt, verdict, code, .. } if &**verdict != "done" => {
                let code = code.as_deref().map(str::to_owned);
                Moment {
                    code,
                    ..one("tried", sentence!("attempt {attempt} failed ({verdict}): {said}", attempt, verdict, said))
                }
            }
            What::Finished { .. } => Moment { output: value(data), ..one("answer", "the call is done".into()) },
            What::Failed { code, .. } => {
                let words = sentence!("the step failed ({code}): {said}", code, said);
                Moment { code: Some(code.to_string()), ..one("failed", words) }
            }
            What::Parked { why, .. } => one("attention", sentence!("a person must decide ({why}): {said}", why, said)),
            What::Replied { status, .. } => Moment {
                output: value(&data["body"]),
                ..one("replied", sentence!("the caller is answered with {status}", status))
            },
            other => return Self::flow_of_time(other, data),
        })
    }

    /// The same for what a run waits for and how it goes on.
    fn flow_of_time(what: &What, data: &Value) -> Option<Moment> {
        let one = |what, said: Sentence| Some(Moment { what, words: said.to_string(), said, ..Moment::default() });
        let value = |value: &Value| Some(value.clone()).filter(|value| !value.is_null());
        let reason = data["reason"].as_str();
        let word = super::expect::word;
        match what {
            What::Waited { until, event, .. } => {
                let until = if *until == At::NEVER {
                    Sentence::from("without end")
                } else {
                    sentence!("until {until}", until = until.to_string())
                };
                match event {
                    Some(event) => one("wait", sentence!("waits for {event}, {until}", event, until)),
                    None => one("wait", sentence!("waits {until}", until)),
                }
            }
            What::Fired { .. } => one("woke", "the time came".into()),
            What::Answered { .. } => {
                one("answered", "the event came".into()).map(|moment| Moment { output: value(data), ..moment })
            }
            What::Attended { .. } => Some(Moment {
                output: value(data),
                what: "attended",
                words: "the wait for a human is over".into(),
                ..Moment::default()
            }),
            What::Taken { .. } => one("taken", "somebody took it".into()),
            What::Opened { count, .. } => one("opened", sentence!("{count} to do", count)),
            What::Entered { index, .. } => one("entered", sentence!("number {number} begins", number = index + 1)),
            What::Closed { .. } => one("closed", "all done".into()),
            What::Round { round, .. } => one("round", sentence!("round {round}", round)),
            What::Again { .. } => one("again", "back to the beginning".into()),
            What::Called { flow, .. } => one("called", sentence!("the flow {flow} is called", flow))
                .map(|moment| Moment { input: value(data), ..moment }),
            What::Returned { status, .. } => {
                one("returned", sentence!("the called flow ended: {status}", status = word(*status)))
                    .map(|moment| Moment { output: value(data), ..moment })
            }
            What::Escalated { deadline, .. } => {
                one("escalated", sentence!("a human is asked for, until {deadline}", deadline = deadline.to_string()))
            }
            What::Missed { .. } => one("missed", "nobody took it in time".into()),
            What::Finishing { status } => {
                let status = word(*status);
                one(
                    "finishing",
                    match reason {
                        Some(reason) => sentence!("the run will end as {status}: {reason}", status, reason),
                        None => sentence!("the run will end as {status}", status),
                    },
                )
            }
            What::Ended { status } => {
                let status = word(*status);
                one(
                    "ended",
                    match reason {
                        Some(reason) => sentence!("the run is {status}: {reason}", status, reason),
                        None => sentence!("the run is {status}", status),
                    },
                )
            }
            _ => None,
        }
    }
}

/// Notes at a call's moment whether its message went out.
fn settle(out: &mut [(At, Moment)], call: Option<usize>, what: &What) {
    let sent = match what {
        What::Finished { .. } => true,
        What::Told { done, .. } => *done,
        What::Attempted { verdict, .. } => &**verdict == "done",
        _ => return,
    };
    let moment = call.and_then(|call| out.get_mut(call)).map(|(_, moment)| moment);
    if let Some(message) = moment.and_then(|moment| moment.message.as_mut()) {
        message.sent = Some(sent);
    }
}

/// What was told so far that later entries go back to.
#[derive(Default)]
struct Seen {
    branches: HashMap<i64, String>,
    runs: Vec<RunId>,
    /// The moments of calls, by run and count.
    calls: HashMap<(i64, i64), usize>,
}

impl Seen {
    /// Counts runs from 1, in the order of their first turns.
    fn number(&mut self, run: RunId) -> usize {
        let known = self.runs.iter().position(|known| *known == run);
        known.unwrap_or_else(|| {
            self.runs.push(run);
            self.runs.len() - 1
        }) + 1
    }
}

fn step_of(what: &What) -> Option<&str> {
    match what {
        What::Decided { step, .. }
        | What::Chosen { step, .. }
        | What::Opened { step, .. }
        | What::Entered { step, .. }
        | What::Closed { step }
        | What::Round { step, .. }
        | What::Again { step }
        | What::Accepted { step }
        | What::Computed { step }
        | What::Called { step, .. }
        | What::Returned { step, .. }
        | What::Replied { step, .. }
        | What::Assigned { step }
        | What::Planned { step, .. }
        | What::Acted { step, .. }
        | What::Finished { step, .. }
        | What::Failed { step, .. }
        | What::Waited { step, .. }
        | What::Fired { step, .. }
        | What::Answered { step, .. }
        | What::Attended { step, .. } => Some(step),
        _ => None,
    }
}
