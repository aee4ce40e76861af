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
    tags(test, happened, &mut failures);
    for (name, wanted) in test.contact.iter().flatten() {
        if let Some((path, value, wanted)) = uncovered(name, &happened.contact[name], wanted) {
            failures.push(format!("contact.{path}: expected {wanted}, it is {value}"));
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
                let different = difference(wanted, act).unwrap_or_default();
                let (line, wanted) = (wanted.line, asked(wanted));
                failures.push(format!("line {line}: expected {wanted}, what happened is {}{different}", shown(act)));
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
    difference(wanted, act).is_none()
}

/// What differs, in words, if something does.
fn difference(wanted: &Expectation, act: &Act) -> Option<String> {
    if wanted.action != act.action {
        return Some(String::new());
    }
    if let Some(at) = wanted.at.filter(|at| *at != act.after) {
        return Some(format!(": it is at {}, not at {}", duration::format(act.after), duration::format(at)));
    }
    let (path, value, wanted) = uncovered("", &act.input, &wanted.fields)?;
    let value = if value.is_null() { "not there".to_owned() } else { value.to_string() };
    Some(format!(": `{path}` is {value}, not {wanted}"))
}

/// Whether `value` has everything that `wanted` names.
fn covers(value: &Value, wanted: &Value) -> bool {
    uncovered("", value, wanted).is_none()
}

/// The first place at which `value` has not what `wanted` names, with both values there.
fn uncovered<'a>(path: &str, value: &'a Value, wanted: &'a Value) -> Option<(String, &'a Value, &'a Value)> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let same = match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            let mut fields = wanted.iter();
            return fields
                .find_map(|(name, wanted)| uncovered(&below(name), value.get(name).unwrap_or(&Value::Null), wanted));
        }
        (Value::Array(value), Value::Array(wanted)) if value.len() == wanted.len() => {
            let mut items = value.iter().zip(wanted).enumerate();
            return items.find_map(|(index, (value, wanted))| uncovered(&below(&index.to_string()), value, wanted));
        }
        (Value::Number(value), Value::Number(wanted)) => value.as_f64() == wanted.as_f64(),
        (value, wanted) => value == wanted,
    };
    (!same).then(|| (path.to_owned(), value, wanted))
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
