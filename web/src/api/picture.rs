//! A run drawn over the text of its flow.

use engine::book::Published;
use engine::clock::At;
use engine::flow::{self, Op, Outline, Program, StepIx, StepPlace};
use engine::ids::WaitId;
use engine::run::picture::{self as drawing, Seen, StepState, Tried, Waiting};
use engine::run::{Entry, journal};
use engine::store::{JournalRow, RunStatus, VersionRow};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::view::{Time, time};
use crate::app::App;

/// What became of each step, and what is waited for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RunPicture")]
pub(crate) struct Picture {
    /// The steps that were reached, and those that were not once the run is over.
    steps: Vec<Step>,
    waits: Vec<Wait>,
}

/// What became of a step; the last time, when it was done several times.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StepPicture")]
struct Step {
    /// Where it stands in the text: keys and places joined by `/`, such as `steps/2/then/0`.
    path: String,
    /// Its name in the journal.
    step: String,
    id: Option<String>,
    /// What it does: `do`, `if`, `wait_for` …
    verb: &'static str,
    state: StepState,
    entered_at: Option<Time>,
    left_at: Option<Time>,
    ms: Option<u64>,
    /// How often it was begun.
    times: u32,
    /// What it was given.
    input: Value,
    /// What it gave.
    output: Value,
    /// What its condition saw.
    saw: Value,
    /// Why it failed or waits for a person.
    error: Option<String>,
    attempts: Vec<Attempt>,
}

/// One attempt of a step's call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AttemptPicture")]
struct Attempt {
    /// 1 for the first.
    attempt: u16,
    at: Time,
    took_ms: u64,
    /// `done`, `later`, `refused`, `auth`, `unknown`.
    verdict: String,
    /// HTTP status of the answer.
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
}

/// Something that the run waits for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WaitPicture")]
struct Wait {
    path: String,
    step: String,
    wait: WaitId,
    /// Nothing = without end.
    until: Option<Time>,
    /// For which event; nothing = only for the time.
    event: Option<String>,
}

/// The picture of a run on `version` with this journal; nothing when the text cannot be compiled here any more.
pub(super) fn drawn(app: &App, version: &VersionRow, rows: &[JournalRow], status: RunStatus) -> Option<Picture> {
    let Ok(Published::Flow(compiled)) = app.checker.compile()(version) else { return None };
    let program = &compiled.program;
    let entries: Vec<(At, Entry)> = rows
        .iter()
        .filter_map(|row| Some((row.at, journal::decode(row).ok()?)))
        .flat_map(|(at, entries)| entries.into_iter().map(move |entry| (at, entry)))
        .collect();
    let picture = drawing::picture(program, entries.iter().map(|(at, entry)| (*at, entry)), status);
    let places = Places { program, outline: flow::outline(&version.source) };
    let mut steps = picture.steps;
    // As the text has them: what a branch holds comes right behind the step that has the branch.
    steps.sort_by_cached_key(|seen| places.written(seen.step).map(|(order, _)| order));
    Some(Picture {
        steps: steps.into_iter().map(|seen| places.step(seen)).collect(),
        waits: picture.waits.into_iter().map(|waiting| places.wait(waiting)).collect(),
    })
}

struct Places<'p> {
    program: &'p Program,
    outline: Option<Outline>,
}

impl Places<'_> {
    /// Where the step stands in the text, and in which order; a part that the author did not write stands where its step does.
    fn written(&self, step: StepIx) -> Option<(usize, &StepPlace)> {
        let part = self.program.step(Some(step))?;
        let step = if part.line == 0 { self.program.step(part.parent)? } else { part };
        self.outline.as_ref()?.steps().iter().enumerate().find(|(_, place)| *place.step == *step.path)
    }

    fn path(&self, step: StepIx) -> String {
        self.written(step).map(|(_, place)| place.path.clone()).unwrap_or_default()
    }

    fn step(&self, seen: Seen) -> Step {
        let step = self.program.step(Some(seen.step));
        let span = seen.entered_at.zip(seen.left_at).map(|(entered, left)| left.since(entered).as_millis());
        Step {
            path: self.path(seen.step),
            step: step.map(|step| step.path.to_string()).unwrap_or_default(),
            id: step.and_then(|step| step.id.as_ref()).map(ToString::to_string),
            verb: step.map_or("", |step| verb(self.program, seen.step, &step.op)),
            state: seen.state,
            entered_at: seen.entered_at.map(Time),
            left_at: seen.left_at.map(Time),
            ms: span.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX)),
            times: seen.times,
            input: seen.input,
            output: seen.output,
            saw: seen.saw,
            error: seen.error,
            attempts: seen.attempts.into_iter().map(Attempt::from).collect(),
        }
    }

    fn wait(&self, waiting: Waiting) -> Wait {
        let step = self.program.step(Some(waiting.step));
        Wait {
            path: self.path(waiting.step),
            step: step.map(|step| step.path.to_string()).unwrap_or_default(),
            wait: waiting.wait,
            until: time(waiting.until),
            event: waiting.event.map(|event| event.to_string()),
        }
    }
}

impl From<Tried> for Attempt {
    fn from(tried: Tried) -> Self {
        Self {
            attempt: tried.attempt,
            at: Time(tried.at),
            took_ms: tried.took_ms,
            verdict: tried.verdict.to_string(),
            status: tried.status,
            code: tried.code.map(|code| code.to_string()),
            message: tried.message,
        }
    }
}

/// The key that says what the step does.
fn verb(program: &Program, ix: StepIx, op: &Op) -> &'static str {
    let asks = || program.steps.iter().any(|step| matches!(&step.op, Op::Check(check) if check.asked == ix));
    match op {
        Op::Do(_) if asks() => "ask",
        Op::Do(_) | Op::Reply { .. } => "do",
        Op::If { .. } => "if",
        Op::Set(_) => "set",
        Op::Stop { .. } => "stop",
        Op::Wait { .. } => "wait",
        Op::WaitFor(_) => "wait_for",
        Op::Switch { .. } => "switch",
        Op::ForEach(_) => "for_each",
        Op::Parallel { .. } => "parallel",
        Op::Repeat { .. } | Op::Until { .. } => "repeat",
        Op::Again { .. } => "again",
        Op::Check(_) => "ask",
        Op::Script(_) => "script",
        Op::RunFlow { .. } => "run_flow",
        Op::Answer { .. } => "answer_webhook",
    }
}
