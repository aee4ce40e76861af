//! What a test expects against what happened.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::duration;
use crate::flow::{End, Expectation, TestCase};
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
    if let Some(wanted) = &test.tags {
        let mut wanted = wanted.clone();
        wanted.sort();
        if wanted != happened.tags {
            failures.push(format!("tags: expected {wanted:?}, they are {:?}", happened.tags));
        }
    }
    for (name, wanted) in test.vars.iter().flatten() {
        let value = happened.vars.get(name).unwrap_or(&Value::Null);
        if !covers(value, wanted) {
            failures.push(format!("vars.{name}: expected {wanted}, it is {value}"));
        }
    }
    failures
}

fn acts(test: &TestCase, acts: &[Act], failures: &mut Vec<String>) {
    let mut left = acts.iter();
    for wanted in &test.expect {
        if test.others_allowed {
            if !left.by_ref().any(|act| fits(wanted, act)) {
                failures.push(format!(
                    "line {}: expected {}, which did not happen (any more)",
                    wanted.line,
                    asked(wanted)
                ));
                return;
            }
            continue;
        }
        match left.next() {
            Some(act) if fits(wanted, act) => {}
            Some(act) => {
                let (line, wanted) = (wanted.line, asked(wanted));
                failures.push(format!("line {line}: expected {wanted}, what happened is {}", shown(act)));
                return;
            }
            None => {
                failures.push(format!("line {}: expected {}, nothing more happened", wanted.line, asked(wanted)));
                return;
            }
        }
    }
    if !test.others_allowed {
        failures.extend(left.map(|act| format!("not expected: {} (write `others: allowed` to allow it)", shown(act))));
    }
}

fn ends(wanted: Option<End>, happened: &Happened, failures: &mut Vec<String>) {
    let Some(wanted) = wanted else { return };
    if happened.runs.is_empty() {
        failures.push(format!("end: expected {wanted:?}, no run started"));
    }
    for (status, error) in &happened.runs {
        let fits = match wanted {
            End::Done => *status == RunStatus::Done,
            End::Failed => *status == RunStatus::Failed,
            End::Waiting => !status.ended(),
        };
        if !fits {
            let why = error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
            failures.push(format!("end: expected {wanted:?}, a run is {status:?}{why}"));
        }
    }
}

fn fits(wanted: &Expectation, act: &Act) -> bool {
    wanted.action == act.action && wanted.at.is_none_or(|at| at == act.after) && covers(&act.input, &wanted.fields)
}

/// Whether `value` has everything that `wanted` names.
fn covers(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| covers(value.get(name).unwrap_or(&Value::Null), wanted))
        }
        (Value::Array(value), Value::Array(wanted)) => {
            value.len() == wanted.len() && value.iter().zip(wanted).all(|(value, wanted)| covers(value, wanted))
        }
        (Value::Number(value), Value::Number(wanted)) => value.as_f64() == wanted.as_f64(),
        (_, Value::Null) => value.is_null(),
        (value, wanted) => value == wanted,
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
