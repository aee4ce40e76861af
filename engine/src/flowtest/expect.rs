//! What a test expects against what happened.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::duration;
use crate::flow::{End, Expectation, Expected, TestCase};
use crate::store::RunStatus;

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
pub(super) fn failures(test: &TestCase, happened: &Happened) -> Vec<String> {
    let mut failures = Vec::new();
    acts(test, &happened.acts, &mut failures);
    for never in &test.never {
        for act in happened.acts.iter().filter(|act| fits(never, act)) {
            failures.push(format!("line {}: must never happen, and did: {}", never.line, shown(act)));
        }
    }
    ends(test.end, happened, &mut failures);
    if let Some(wanted) = &test.rules
        && *wanted != happened.ruled
    {
        failures.push(format!("rules: expected {wanted:?}, those that held are {:?}", happened.ruled));
    }
    let held = |rule: &&String| happened.ruled.contains(rule);
    failures.extend(test.held.iter().filter(|rule| !held(rule)).map(|rule| format!("the rule {rule} did not hold")));
    failures.extend(test.not_held.iter().filter(held).map(|rule| format!("the rule {rule} held")));
    tags(test, happened, &mut failures);
    for (name, wanted) in test.contact.iter().flatten() {
        uncovered(&format!("contact.{name}"), &happened.contact[name], wanted, &mut failures);
    }
    for (name, wanted) in test.vars.iter().flatten() {
        let value = happened.vars.get(name).unwrap_or(&Value::Null);
        uncovered(&format!("vars.{name}"), value, wanted, &mut failures);
    }
    failures
}

fn tags(test: &TestCase, happened: &Happened, failures: &mut Vec<String>) {
    let mut compare = |when: &str, wanted: &[String], tags: &[String]| {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        if wanted != tags {
            failures.push(format!("tags{when}: expected {wanted:?}, they are {tags:?}"));
        }
    };
    if let Some(wanted) = &test.tags {
        compare("", wanted, &happened.tags);
    }
    for ((after, wanted), tags) in test.tags_at.iter().zip(&happened.tags_at) {
        compare(&format!(" at {}", duration::format(*after)), wanted, tags);
    }
}

fn acts(test: &TestCase, acts: &[Act], failures: &mut Vec<String>) {
    let mut left = acts;
    for wanted in &test.expect {
        match taken(wanted, left, test.others_allowed) {
            Ok(rest) => left = rest,
            Err(failure) => return failures.push(failure),
        }
    }
    if !test.others_allowed {
        let others = left.iter();
        failures
            .extend(others.map(|act| format!("not expected: {} (write `others: allowed` to allow it)", shown(act))));
    }
}

/// What is left of `acts` after `wanted`, or why it is not there.
fn taken<'a>(wanted: &Expected, acts: &'a [Act], others_allowed: bool) -> Result<&'a [Act], String> {
    match wanted {
        Expected::One(wanted) if others_allowed => match acts.iter().position(|act| fits(wanted, act)) {
            Some(at) => Ok(&acts[at + 1..]),
            None => Err(missing(wanted, acts)),
        },
        Expected::One(wanted) => match acts.split_first() {
            Some((act, rest)) if fits(wanted, act) => Ok(rest),
            Some((act, _)) => Err(instead(wanted, act)),
            None => Err(format!("line {}: expected {}, nothing more happened", wanted.line, asked(wanted))),
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
fn instead(wanted: &Expectation, act: &Act) -> String {
    let mut lines = format!("line {}: expected {}", wanted.line, asked(wanted));
    let _ = write!(lines, "\n  what happened is {}", shown(act));
    for difference in differences(wanted, act) {
        let _ = write!(lines, "\n  {difference}");
    }
    lines
}

/// That nothing of what happened is it; with what comes nearest, if the action did happen.
fn missing(wanted: &Expectation, acts: &[Act]) -> String {
    let mut lines = format!("line {}: expected {}, which did not happen (any more)", wanted.line, asked(wanted));
    // One that differs in nothing stands for another expectation.
    let same = acts.iter().filter(|act| act.action == wanted.action && !fits(wanted, act));
    if let Some(act) = same.min_by_key(|act| differences(wanted, act).len()) {
        let _ = write!(lines, "\n  nearest is {}", shown(act));
        for difference in differences(wanted, act) {
            let _ = write!(lines, "\n  {difference}");
        }
    }
    lines
}

fn ends(wanted: Option<End>, happened: &Happened, failures: &mut Vec<String>) {
    let Some(wanted) = wanted else { return };
    let expected = match wanted {
        End::Done => "done",
        End::Failed => "failed",
        End::Waiting => "waiting",
    };
    if happened.runs.is_empty() {
        failures.push(format!("end: expected {expected}, no run started"));
    }
    for (status, error) in &happened.runs {
        let fits = match wanted {
            End::Done => *status == RunStatus::Done,
            End::Failed => *status == RunStatus::Failed,
            End::Waiting => !status.ended(),
        };
        if !fits {
            let why = error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
            failures.push(format!("end: expected {expected}, a run is {}{why}", word(*status)));
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

/// What differs in the same action, each in a line: the field by its path, what was expected, what is there.
fn differences(wanted: &Expectation, act: &Act) -> Vec<String> {
    if wanted.action != act.action {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(at) = wanted.at.filter(|at| *at != act.after) {
        found.push(format!("at: expected {}, it is {}", duration::format(at), duration::format(act.after)));
    }
    uncovered("", &act.input, &wanted.fields, &mut found);
    found
}

/// Notes every place at which `value` has not what `wanted` names.
fn uncovered(path: &str, value: &Value, wanted: &Value, found: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let same = match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                match value.get(name) {
                    Some(value) => uncovered(&below(name), value, wanted, found),
                    None if wanted.is_null() => {}
                    None => found.push(format!("{}: expected {wanted}, it is not there", below(name))),
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
        found.push(format!("{path}: expected {wanted}, it is {value}"));
    }
}

fn asked(wanted: &Expectation) -> String {
    let at = wanted.at.map(|at| format!(" at {}", duration::format(at))).unwrap_or_default();
    match &wanted.fields {
        Value::Object(fields) if fields.is_empty() => format!("{}{at}", wanted.action),
        Value::Null => format!("{}{at}", wanted.action),
        fields => format!("{} {fields}{at}", wanted.action),
    }
}

fn shown(act: &Act) -> String {
    format!("{} {} at {}", act.action, act.input, duration::format(act.after))
}
