//! A run as a picture: what became of each step of its flow, folded from the journal. Pure.
//!
//! The state of a run says where it stands; this says how it got there, step by step, for whoever looks at the flow. A step
//! that was done several times shows its last time, and how many there were.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Entry, What};
use crate::clock::At;
use crate::flow::{Op, Program, StepIx};
use crate::ids::WaitId;
use crate::store::RunStatus;

/// What became of each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The steps that were reached, and those that were not once the run is over; in the order of the program.
    pub steps: Vec<Seen>,
    /// What the run waits for.
    pub waits: Vec<Waiting>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its index in the program.
    pub step: StepIx,
    /// Where it stands.
    pub state: StepState,
    /// When it was begun, the last time.
    pub entered_at: Option<At>,
    /// When it was left.
    pub left_at: Option<At>,
    /// How often it was begun.
    pub times: u32,
    /// What it was given; null when it takes nothing or its values were erased.
    pub input: Value,
    /// What it gave.
    pub output: Value,
    /// What its condition saw.
    pub saw: Value,
    /// Why it failed or waits for a person.
    pub error: Option<String>,
    /// The attempts of its call.
    pub attempts: Vec<Tried>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It did what it says.
    Done,
    /// It failed.
    Failed,
    /// It waits: for a time, an event, a person.
    Waiting,
    /// Its call, its branches or the flow it called are under way.
    Running,
    /// The run ended without it.
    Skipped,
}

/// One attempt of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// 1 for the first.
    pub attempt: u16,
    /// When it started.
    pub at: At,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// `done`, `later`, `refused`, `auth`, `unknown`.
    pub verdict: Arc<str>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Stable code of what went wrong.
    pub code: Option<Arc<str>>,
    /// Its words.
    pub message: Option<String>,
}

/// Something that the run waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The step that waits.
    pub step: StepIx,
    /// The wait.
    pub wait: WaitId,
    /// Until when; [`At::NEVER`] = without end.
    pub until: At,
    /// For which event; `None` = only for the time.
    pub event: Option<Arc<str>>,
}

/// The picture of a run of `program` that stands at `status`, from its entries with their times, oldest first.
#[must_use]
pub fn picture<'a>(
    program: &Program,
    entries: impl IntoIterator<Item = (At, &'a Entry)>,
    status: RunStatus,
) -> Picture {
    let mut fold = Fold::of(program);
    for (at, entry) in entries {
        fold.take(at, entry);
    }
    fold.finish(status)
}

struct Fold<'p> {
    program: &'p Program,
    by_path: BTreeMap<&'p str, StepIx>,
    seen: BTreeMap<StepIx, Seen>,
    /// The step of each call.
    calls: BTreeMap<i64, StepIx>,
    waits: Vec<Waiting>,
}

impl<'p> Fold<'p> {
    fn of(program: &'p Program) -> Self {
        let by_path = (0..).zip(&program.steps).map(|(ix, step)| (&*step.path, ix)).collect();
        Self { program, by_path, seen: BTreeMap::new(), calls: BTreeMap::new(), waits: Vec::new() }
    }

    fn take(&mut self, at: At, entry: &Entry) {
        let data = &entry.data;
        match &entry.what {
            What::Decided { step, holds } => self.whole(step, at, |seen| {
                seen.saw = data.clone();
                seen.output = json!(holds);
            }),
            What::Chosen { step, case } => self.whole(step, at, |seen| {
                seen.saw = data.clone();
                seen.output = json!(case);
            }),
            What::Assigned { step } => self.whole(step, at, |seen| seen.output = data.clone()),
            What::Computed { step } => self.whole(step, at, |seen| seen.output = data["value"].clone()),
            What::Acted { step, .. } => self.whole(step, at, |seen| {
                seen.input = data["input"].clone();
                seen.output = data["output"].clone();
            }),
            What::Replied { step, status } => self.whole(step, at, |seen| {
                seen.output = json!({ "status": status, "body": data["body"] });
            }),
            What::Again { step } => self.whole(step, at, |_| {}),
            What::Accepted { step } => self.leave(step, at, Some(data["answer"].clone())),
            What::Opened { step, .. } => self.begin(step, at, |seen| seen.input = data.clone()),
            What::Round { step, .. } => self.begin(step, at, |_| {}),
            What::Closed { step } => self.leave(step, at, None),
            What::Called { step, wait: true, .. } => self.begin(step, at, |seen| seen.input = data.clone()),
            What::Called { step, run, .. } => self.whole(step, at, |seen| {
                seen.input = data.clone();
                seen.output = json!({ "run": run });
            }),
            What::Returned { step, .. } => self.leave(step, at, Some(data.clone())),
            What::Failed { step, code, .. } => self.fail(step, code, at, data),
            _ => self.take_call(at, entry),
        }
    }

    /// Entries about calls and waits.
    fn take_call(&mut self, at: At, entry: &Entry) {
        let data = &entry.data;
        match &entry.what {
            What::Planned { step, n, .. } => {
                if let Some(ix) = self.step(step) {
                    self.calls.insert(*n, ix);
                }
                self.begin(step, at, |seen| seen.input = data.clone());
            }
            What::Attempted { n, attempt, at, took_ms, verdict, status, code } => {
                let message = data["message"].as_str().map(str::to_owned);
                let (verdict, code) = (Arc::clone(verdict), code.clone());
                let tried =
                    Tried { attempt: *attempt, at: *at, took_ms: *took_ms, verdict, status: *status, code, message };
                self.call(*n, |seen| seen.attempts.push(tried));
            }
            What::Finished { step, n } => {
                self.calls.remove(n);
                self.leave(step, at, Some(data.clone()));
            }
            What::Told { n, done } => self.call(*n, |seen| {
                seen.state = if *done { StepState::Done } else { StepState::Failed };
                seen.left_at = Some(at);
            }),
            What::Parked { n, why } => self.call(*n, |seen| {
                seen.state = StepState::Waiting;
                seen.error = Some(words(why, data));
            }),
            What::Resolved { n, .. } => self.call(*n, |seen| {
                seen.state = StepState::Running;
                seen.error = None;
            }),
            What::Waited { step, wait, until, event } => {
                self.begin(step, at, |seen| seen.state = StepState::Waiting);
                if let Some(ix) = self.step(step) {
                    self.waits.push(Waiting { step: ix, wait: *wait, until: *until, event: event.clone() });
                }
            }
            What::Fired { step, wait, .. } => {
                self.waits.retain(|waiting| waiting.wait != *wait);
                self.leave(step, at, None);
            }
            What::Answered { step, wait, .. } | What::Attended { step, wait, .. } => {
                self.waits.retain(|waiting| waiting.wait != *wait);
                self.leave(step, at, Some(data.clone()));
            }
            _ => {}
        }
    }

    /// The step that the author wrote: parts of it that stand for themselves in the program tell of it.
    fn step(&self, path: &str) -> Option<StepIx> {
        let mut ix = *self.by_path.get(path)?;
        while let Some(step) = self.program.step(Some(ix)).filter(|step| step.line == 0) {
            ix = step.parent?;
        }
        Some(ix)
    }

    /// Whether it is a part of a step that the author did not write.
    fn is_part(&self, path: &str) -> bool {
        self.by_path.get(path).is_some_and(|ix| self.step(path) != Some(*ix))
    }

    fn seen(&mut self, path: &str) -> Option<&mut Seen> {
        let ix = self.step(path)?;
        Some(self.seen.entry(ix).or_insert_with(|| Seen::of(ix, StepState::Running)))
    }

    fn begin(&mut self, path: &str, at: At, note: impl FnOnce(&mut Seen)) {
        let part = self.is_part(path);
        let Some(seen) = self.seen(path) else { return };
        if part {
            (seen.state, seen.left_at) = (StepState::Running, None);
            return note(seen);
        }
        *seen = Seen { times: seen.times + 1, entered_at: Some(at), ..Seen::of(seen.step, StepState::Running) };
        note(seen);
    }

    fn leave(&mut self, path: &str, at: At, output: Option<Value>) {
        let Some(seen) = self.seen(path) else { return };
        seen.state = StepState::Done;
        seen.left_at = Some(at);
        if let Some(output) = output {
            seen.output = output;
        }
    }

    /// A step that is done at once; the end of a `repeat`'s round tells of the `repeat`, which is under way.
    fn whole(&mut self, path: &str, at: At, note: impl FnOnce(&mut Seen)) {
        if self.is_part(path) {
            if let Some(seen) = self.seen(path) {
                note(seen);
                let over = seen.output == Value::Bool(true);
                seen.state = if over { StepState::Done } else { StepState::Running };
                seen.left_at = over.then_some(at);
            }
            return;
        }
        self.begin(path, at, note);
        self.leave(path, at, None);
    }

    fn fail(&mut self, path: &str, code: &str, at: At, data: &Value) {
        self.waits.retain(|waiting| self.program.step(Some(waiting.step)).is_none_or(|step| &*step.path != path));
        let Some(seen) = self.seen(path) else { return };
        if seen.times == 0 || seen.left_at.is_some() {
            *seen = Seen { times: seen.times + 1, entered_at: Some(at), ..Seen::of(seen.step, StepState::Failed) };
        }
        seen.state = StepState::Failed;
        seen.left_at = Some(at);
        seen.error = Some(words(code, data));
    }

    fn call(&mut self, n: i64, note: impl FnOnce(&mut Seen)) {
        let ix = self.calls.get(&n);
        if let Some(seen) = ix.and_then(|ix| self.seen.get_mut(ix)) {
            note(seen);
        }
    }

    fn finish(mut self, status: RunStatus) -> Picture {
        if status.ended() {
            self.waits.clear();
            let open = |seen: &&mut Seen| matches!(seen.state, StepState::Running | StepState::Waiting);
            self.seen.values_mut().filter(open).for_each(|seen| seen.state = StepState::Skipped);
            for (ix, step) in (0..).zip(&self.program.steps) {
                // What a `stop` does is to end the run, which the journal tells of the run.
                if step.line > 0 && !matches!(step.op, Op::Stop { .. }) {
                    self.seen.entry(ix).or_insert_with(|| Seen::of(ix, StepState::Skipped));
                }
            }
        }
        Picture { steps: self.seen.into_values().collect(), waits: self.waits }
    }
}

impl Seen {
    fn of(step: StepIx, state: StepState) -> Self {
        Self {
            step,
            state,
            entered_at: None,
            left_at: None,
            times: 0,
            input: Value::Null,
            output: Value::Null,
            saw: Value::Null,
            error: None,
            attempts: Vec::new(),
        }
    }
}

/// A code and, unless they were erased, its words.
fn words(code: &str, data: &Value) -> String {
    match data["message"].as_str() {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
