//! What a test expects against what happened.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::flow::{End, Expectation, Expected, TestCase};
use crate::sentence::Sentence;
use crate::store::RunStatus;
use crate::{duration, sentence};

/// Something that was not as a test expects. It prints as English, each difference on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "TestFailure")]
pub struct Failure {
    /// What was expected and what happened.
    pub said: Sentence,
    /// Where both differ.
    pub differences: Vec<Sentence>,
}

impl From<Sentence> for Failure {
    fn from(said: Sentence) -> Self {
        Self { said, differences: Vec::new() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)?;
        self.differences.iter().try_for_each(|difference| write!(f, "\n  {difference}"))
    }
}

/// One thing a flow did: a call it planned, or a local action.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Act {
    /// From the test's start.
    pub(super) after: Duration,
    /// The action's full name.
    pub(super) action: String,
    /// Its input after rendering.
    pub(super) input: Value,
}

/// Everything a test can look at.
pub(super) struct Happened {
    pub(super) acts: Vec<Act>,
    pub(super) runs: Vec<(RunStatus, Option<String>)>,
    pub(super) tags: Vec<String>,
    /// Tags at the times that the test names.
    pub(super) tags_at: Vec<Vec<String>>,
    /// The contact as expressions see it.
    pub(super) contact: Value,
    /// Tag rules that held, in order.
    pub(super) ruled: Vec<String>,
    pub(super) vars: Map<String, Value>,
}

/// What was not as expected.
pub(super) fn failures(test: &TestCase, happened: &Happened) -> Vec<Failure> {
    let mut failures = Vec::new();
    acts(test, &happened.acts, &mut failures);
    for never in &test.never {
        for act in happened.acts.iter().filter(|act| fits(never, act)) {
            let line = never.line;
            failures.push(sentence!("line {line}: must never happen, and did: {act}", line, act = shown(act)).into());
        }
    }
    ends(test.end, happened, &mut failures);
    rules(test, &happened.ruled, &mut failures);
    tags(test, happened, &mut failures);
    let mut found = Vec::new();
    for (name, wanted) in test.contact.iter().flatten() {
        uncovered(&format!("contact.{name}"), &happened.contact[name], wanted, &mut found);
    }
    for (name, wanted) in test.vars.iter().flatten() {
        uncovered(&format!("vars.{name}"), happened.vars.get(name).unwrap_or(&Value::Null), wanted, &mut found);
    }
    failures.extend(found.into_iter().map(Failure::from));
    failures
}

/// Texts as a list in JSON.
fn list(texts: &[String]) -> String {
    format!("{texts:?}")
}

fn rules(test: &TestCase, ruled: &[String], failures: &mut Vec<Failure>) {
    if let Some(wanted) = &test.rules
        && *wanted != ruled
    {
        let (wanted, held) = (list(wanted), list(ruled));
        failures.push(sentence!("rules: expected {wanted}, those that held are {held}", wanted, held).into());
    }
    let held = |rule: &&String| ruled.contains(rule);
    let missing = test.held.iter().filter(|rule| !held(rule));
    failures.extend(missing.map(|rule| sentence!("the rule {rule} did not hold", rule).into()));
    let wrong = test.not_held.iter().filter(held);
    failures.extend(wrong.map(|rule| sentence!("the rule {rule} held", rule).into()));
}

fn tags(test: &TestCase, happened: &Happened, failures: &mut Vec<Failure>) {
    let mut compare = |after: Option<Duration>, wanted: &[String], tags: &[String]| {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        if wanted == tags {
            return;
        }
        let (wanted, tags, time) = (list(&wanted), list(tags), after.map(duration::format));
        failures.push(match time {
            None => sentence!("tags: expected {wanted}, they are {tags}", wanted, tags).into(),
            Some(time) => sentence!("tags at {time}: expected {wanted}, they are {tags}", time, wanted, tags).into(),
        });
    };
    if let Some(wanted) = &test.tags {
        compare(None, wanted, &happened.tags);
    }
    for ((after, wanted), tags) in test.tags_at.iter().zip(&happened.tags_at) {
        compare(Some(*after), wanted, tags);
    }
}

fn acts(test: &TestCase, acts: &[Act], failures: &mut Vec<Failure>) {
    let mut left = acts;
    for wanted in &test.expect {
        match taken(wanted, left, test.others_allowed) {
            Ok(rest) => left = rest,
            Err(failure) => return failures.push(failure),
        }
    }
    if !test.others_allowed {
        let more = |act| sentence!("not expected: {act} (write `others: allowed` to allow it)", act = shown(act));
        failures.extend(left.iter().map(|act| more(act).into()));
    }
}

/// What is left of `acts` after `wanted`, or why it is not there.
fn taken<'a>(wanted: &Expected, acts: &'a [Act], others_allowed: bool) -> Result<&'a [Act], Failure> {
    match wanted {
        Expected::One(wanted) if others_allowed => match acts.iter().position(|act| fits(wanted, act)) {
            Some(at) => Ok(&acts[at + 1..]),
            None => Err(missing(wanted, acts)),
        },
        Expected::One(wanted) => match acts.split_first() {
            Some((act, rest)) if fits(wanted, act) => Ok(rest),
            Some((act, _)) => Err(instead(wanted, act)),
            None => {
                let (line, wanted) = (wanted.line, asked(wanted));
                Err(sentence!("line {line}: expected {wanted}, nothing more happened", line, wanted).into())
            }
        },
        Expected::AnyOrder(all) => {
            let most = if others_allowed { acts.len() } else { all.len().min(acts.len()) };
            if let Some(wanted) = unmatched(all, &acts[..most]) {
                return Err(missing(wanted, &acts[..most]));
            }
            let enough = (all.len()..most).find(|count| unmatched(all, &acts[..*count]).is_none());
            Ok(&acts[enough.unwrap_or(most)..])
        }
    }
}

/// The first of `wanted` for which no act is left when each act stands for one expectation only.
fn unmatched<'a>(wanted: &'a [Expectation], acts: &[Act]) -> Option<&'a Expectation> {
    let mut taken: Vec<Option<usize>> = vec![None; acts.len()];
    (0..wanted.len())
        .find(|one| !find_place(*one, wanted, acts, &mut taken, &mut vec![false; acts.len()]))
        .map(|one| &wanted[one])
}

/// Finds an act for expectation `one`, moving others to different acts if they can.
fn find_place(
    one: usize,
    wanted: &[Expectation],
    acts: &[Act],
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for (place, act) in acts.iter().enumerate() {
        if !fits(&wanted[one], act) || std::mem::replace(&mut tried[place], true) {
            continue;
        }
        let free = match taken[place] {
            None => true,
            Some(other) => find_place(other, wanted, acts, taken, tried),
        };
        if free {
            taken[place] = Some(one);
            return true;
        }
    }
    false
}

/// That something else happened.
fn instead(wanted: &Expectation, act: &Act) -> Failure {
    let said = sentence!("line {line}: expected {wanted}", line = wanted.line, wanted = asked(wanted));
    let mut differing = vec![sentence!("what happened is {act}", act = shown(act))];
    differing.extend(differences(wanted, act));
    Failure { said, differences: differing }
}

/// That nothing of what happened is it; with what comes nearest, if the action did happen.
fn missing(wanted: &Expectation, acts: &[Act]) -> Failure {
    let (line, what) = (wanted.line, asked(wanted));
    let said = sentence!("line {line}: expected {wanted}, which did not happen (any more)", line, wanted = what);
    // One that differs in nothing stands for another expectation.
    let same = acts.iter().filter(|act| act.action == wanted.action && !fits(wanted, act));
    let mut differing = Vec::new();
    if let Some(act) = same.min_by_key(|act| differences(wanted, act).len()) {
        differing.push(sentence!("nearest is {act}", act = shown(act)));
        differing.extend(differences(wanted, act));
    }
    Failure { said, differences: differing }
}

fn ends(wanted: Option<End>, happened: &Happened, failures: &mut Vec<Failure>) {
    let Some(end) = wanted else { return };
    let wanted = match end {
        End::Done => "done",
        End::Failed => "failed",
        End::Waiting => "waiting",
    };
    if happened.runs.is_empty() {
        failures.push(sentence!("end: expected {wanted}, no run started", wanted).into());
    }
    for (status, error) in &happened.runs {
        let fits = match end {
            End::Done => *status == RunStatus::Done,
            End::Failed => *status == RunStatus::Failed,
            End::Waiting => !status.ended(),
        };
        let is = word(*status);
        match error {
            _ if fits => {}
            None => failures.push(sentence!("end: expected {wanted}, a run is {is}", wanted, is).into()),
            Some(why) => {
                failures.push(sentence!("end: expected {wanted}, a run is {is} ({why})", wanted, is, why).into());
            }
        }
    }
}

/// A run's status in a word.
pub(super) fn word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Working => "working",
        RunStatus::Waiting => "waiting",
        RunStatus::NeedsAttention => "waiting for a person",
        RunStatus::Done => "done",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    }
}

fn fits(wanted: &Expectation, act: &Act) -> bool {
    wanted.action == act.action && differences(wanted, act).is_empty()
}

/// What differs in the same action: the field by its path, what was expected, what is there.
fn differences(wanted: &Expectation, act: &Act) -> Vec<Sentence> {
    if wanted.action != act.action {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(at) = wanted.at.filter(|at| *at != act.after) {
        let (wanted, time) = (duration::format(at), duration::format(act.after));
        found.push(sentence!("at: expected {wanted}, it is {time}", wanted, time));
    }
    uncovered("", &act.input, &wanted.fields, &mut found);
    found
}

/// Notes every place at which `value` has not what `wanted` names.
fn uncovered(path: &str, value: &Value, wanted: &Value, found: &mut Vec<Sentence>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let same = match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                match value.get(name) {
                    Some(value) => uncovered(&below(name), value, wanted, found),
                    None if wanted.is_null() => {}
                    None => {
                        let (path, wanted) = (below(name), wanted.to_string());
                        found.push(sentence!("{path}: expected {wanted}, it is not there", path, wanted));
                    }
                }
            }
            return;
        }
        (Value::Array(value), Value::Array(wanted)) if value.len() == wanted.len() => {
            for (index, (value, wanted)) in value.iter().zip(wanted).enumerate() {
                uncovered(&below(&index.to_string()), value, wanted, found);
            }
            return;
        }
        (Value::Number(value), Value::Number(wanted)) => value.as_f64() == wanted.as_f64(),
        (value, wanted) => value == wanted,
    };
    if !same {
        let (wanted, value) = (wanted.to_string(), value.to_string());
        found.push(sentence!("{path}: expected {wanted}, it is {value}", path, wanted, value));
    }
}

fn asked(wanted: &Expectation) -> Sentence {
    let action = &wanted.action;
    let fields = match &wanted.fields {
        Value::Object(fields) if fields.is_empty() => None,
        Value::Null => None,
        fields => Some(fields.to_string()),
    };
    match (fields, wanted.at.map(duration::format)) {
        (None, None) => sentence!("{action}", action),
        (None, Some(time)) => sentence!("{action} at {time}", action, time),
        (Some(fields), None) => sentence!("{action} {fields}", action, fields),
        (Some(fields), Some(time)) => sentence!("{action} {fields} at {time}", action, fields, time),
    }
}

fn shown(act: &Act) -> Sentence {
    let (action, fields, time) = (&act.action, act.input.to_string(), duration::format(act.after));
    sentence!("{action} {fields} at {time}", action, fields, time)
}
