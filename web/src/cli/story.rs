//! A run in plain words, with ids and times.

use engine::clock::At;
use serde_json::{Value, json};

use super::print::{self, text};
use super::run::remark;

/// The longest value that is shown whole.
const SHOWN: usize = 160;

/// Prints what `GET /runs/{id}` answers.
pub(super) fn tell(run: &Value) {
    print::line(format_args!("{}  flow {}  {}", text(run, "id"), text(run, "flow"), status(run)));
    print::line(format_args!(
        "  {}  {} came in ({})",
        text(run, "trigger.at"),
        text(run, "trigger.type"),
        text(run, "event")
    ));
    items(run, "handling").iter().for_each(|row| drop(tell_row(row, String::new())));
    // A branch goes on until another one is named, in a later turn too.
    items(run, "journal").iter().fold(String::new(), |within, row| tell_row(row, within));
    for call in items(run, "effects") {
        let (action, connection) = (text(call, "action"), text(call, "connection"));
        let (state, why) = (text(call, "state").replace('_', " "), text(call, "why"));
        print::line(format_args!("  open call {}  {action} through {connection}: {state} {why}", text(call, "id")));
    }
    for message in items(run, "messages") {
        let (id, state, words) = (text(message, "id"), text(message, "status"), text(message, "text"));
        print::line(format_args!("  message   {id}  {state}: {words}"));
    }
    print::line(format_args!("  {}  {}", status(run), remark(run)).to_string().trim_end());
}

/// Prints one row of the journal, which begins on the branch `within`; gives the branch it ends on.
fn tell_row(row: &Value, mut within: String) -> String {
    let by = match text(row, "by") {
        by if by.is_empty() => String::new(),
        by => format!("  [{by}]"),
    };
    for entry in items(row, "entries") {
        if entry["what"]["did"] == "branch" {
            within = text(&entry["what"], "within");
            continue;
        }
        let at = text(row, "at");
        let branch = if within.is_empty() { String::new() } else { format!("branch {within}, ") };
        print::line(format_args!("  {at}  {branch}{}{by}", words(&entry["what"], &entry["data"])));
    }
    within
}

fn status(run: &Value) -> String {
    text(run, "status").replace('_', " ")
}

/// One journal entry as a sentence.
fn words(what: &Value, data: &Value) -> String {
    let of = |name: &str| text(what, name);
    let step = format!("step {}", of("step"));
    match what["did"].as_str().unwrap_or_default() {
        "received" => format!("taken up: {}", of("event")),
        "matched" => format!("trigger {} of {} matched{}", of("trigger"), of("flow"), values(data)),
        "passed" => {
            format!("trigger {} of {} did not start ({}){}", of("trigger"), of("flow"), of("why"), values(data))
        }
        "held" => format!(
            "trigger {} of {} matched too often: its start waits for a person{}",
            of("trigger"),
            of("flow"),
            values(data)
        ),
        "released" => format!("the held start of trigger {} of {} was released", of("trigger"), of("flow")),
        "dropped" => format!("the held start of trigger {} of {} was dropped", of("trigger"), of("flow")),
        "delivered" => format!("answers {} of {}", of("wait"), of("run")),
        "started" => {
            let counted = if what["gate"].is_null() { Value::Null } else { json!({ "key": data["key"] }) };
            format!("run started by trigger {}{}", of("trigger"), values(&counted))
        }
        "decided" if what["holds"] == true => format!("{step}: the condition holds{}", values(data)),
        "decided" => format!("{step}: the condition does not hold{}", values(data)),
        "assigned" => format!("{step}: set{}", values(data)),
        "planned" => format!("{step}: call {} planned: {} through {}", of("n"), of("action"), of("connection")),
        "acted" => format!("{step}: {} done{}", of("action"), values(&data["input"])),
        "attempted" => attempted(what, data),
        "finished" => format!("{step}: call {} done{}", of("n"), values(data)),
        "told" => format!("call {} is over", of("n")),
        "failed" => format!("{step}: failed ({}){}", of("code"), values(data)),
        "parked" => format!("call {} waits for a person: {}{}", of("n"), of("why").replace('_', " "), values(data)),
        "resolved" => format!("call {}: a person chose {}{}", of("n"), of("how"), values(data)),
        "waited" => match of("event") {
            event if event.is_empty() => format!("{step}: waits {} ({})", until(what), of("wait")),
            event => format!("{step}: waits for {event} {} ({})", until(what), of("wait")),
        },
        "fired" => format!("{step}: the time of {} came", of("wait")),
        "answered" => format!("{step}: {} answered by {}", of("wait"), of("event")),
        "escalated" => format!("a human was asked for ({}){}", of("escalation"), values(data)),
        "taken" => format!("{} was taken after {} ms", of("escalation"), of("after_ms")),
        "missed" => format!("{} was not taken in time", of("escalation")),
        "ended" => format!("run ended: {}{}", of("status").replace('_', " "), values(data)),
        "erased" => "personal data erased".to_owned(),
        _ => way(what, data),
    }
}

/// The same for what steps do with other steps, with other flows and with whoever called.
fn way(what: &Value, data: &Value) -> String {
    let of = |name: &str| text(what, name);
    let step = format!("step {}", of("step"));
    match what["did"].as_str().unwrap_or_default() {
        "attended" => format!("{step}: {} is over{}", of("wait"), values(data)),
        "desk" => format!("{}: {}{}", of("escalation"), of("how").replace('_', " "), values(data)),
        "chosen" => match of("case") {
            case if case.is_empty() => format!("{step}: no case fits, so its default{}", values(data)),
            case => format!("{step}: case {case}{}", values(data)),
        },
        "opened" => format!("{step}: {} to do", branches(what)),
        "entered" => format!("{step}: number {} began", ordinal(what)),
        "left" => "came to its end".to_owned(),
        "closed" => format!("{step}: all done"),
        "round" => format!("{step}: round {}", of("round")),
        "again" => format!("{step}: back to the beginning"),
        "accepted" => format!("{step}: the answer is taken{}", values(&data["answer"]["answer"])),
        "computed" => format!("{step}: computed{}", values(&data["value"])),
        "called" if what["wait"] == true => {
            format!("{step}: flow {} called ({}), its end is waited for{}", of("flow"), of("run"), values(data))
        }
        "called" => format!("{step}: flow {} called ({}){}", of("flow"), of("run"), values(data)),
        "returned" => {
            format!("{step}: {} came to its end: {}{}", of("run"), of("status").replace('_', " "), values(data))
        }
        "replied" => format!("{step}: the caller was answered with {}{}", of("status"), values(&data["body"])),
        "queued" => {
            "waits for its turn: as many runs of this flow and key work as may, or the gate is asked".to_owned()
        }
        "admitted" => "its turn has come".to_owned(),
        "gathered" => {
            format!(
                "trigger {} of {} matched; waits for quiet {}{}",
                of("trigger"),
                of("flow"),
                until(what),
                values(data)
            )
        }
        "finishing" => format!("run will end as {}, clean-up first{}", of("status").replace('_', " "), values(data)),
        "bounded" if of("step").is_empty() => format!("the run has {}", until(what)),
        "bounded" => format!("{step}: has {}", until(what)),
        "overdue" if of("step").is_empty() => format!("the run is overdue{}", values(data)),
        "overdue" => format!("{step}: overdue{}", values(data)),
        "moved" => format!("goes on in {}, from {}", of("to"), of("from")),
        "stayed" => format!("stays on its version instead of going on in {}: {}", of("to"), stays(&of("why"))),
        other => format!("{other}{}", values(what)),
    }
}

/// Why a run could not go on in another version.
fn stays(why: &str) -> &str {
    match why {
        "removed" => "the flow was removed",
        "busy" => "a part of it does not wait",
        "no_id" => "its step has no id",
        "step_gone" => "there is no step of that id",
        "other_verb" => "the step of that id does something else there",
        "other_place" => "the step of that id is in other loops or branches there",
        other => other,
    }
}

/// `1 item or branch`, `3 items or branches`.
fn branches(what: &Value) -> String {
    match what["count"].as_u64().unwrap_or_default() {
        1 => "1 item or branch".to_owned(),
        count => format!("{count} items or branches"),
    }
}

/// Places are counted from 0 in the journal, and from 1 by people.
fn ordinal(what: &Value) -> u64 {
    what["index"].as_u64().unwrap_or_default() + 1
}

/// `until 2026-11-22T09:00:00.000Z`.
fn until(what: &Value) -> String {
    match what["until"].as_i64().map(At) {
        None | Some(At::NEVER) => "without end".to_owned(),
        Some(at) => format!("until {at}"),
    }
}

fn attempted(what: &Value, data: &Value) -> String {
    let of = |name: &str| text(what, name);
    let mut line = format!("call {}, attempt {}: {} after {} ms", of("n"), of("attempt"), of("verdict"), of("took_ms"));
    for (name, label) in [("status", "HTTP"), ("code", "code")] {
        if !of(name).is_empty() {
            line.push_str(&format!(", {label} {}", of(name)));
        }
    }
    line.push_str(&values(data));
    line
}

/// `: a = 1, b = 2`, shortened; nothing for null.
fn values(data: &Value) -> String {
    let all = match data {
        Value::Null => return String::new(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match all.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!(": {}…", &all[..cut]),
        None => format!(": {all}"),
    }
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use engine::run::{Entry, What};
    use serde_json::json;

    use super::*;

    fn said(what: What, data: Value) -> String {
        let entry = Entry { what, data };
        words(&serde_json::to_value(&entry.what).unwrap(), &entry.data)
    }

    #[test]
    fn a_condition_is_told_with_the_values_it_saw() {
        let line = said(What::Decided { step: "2".into(), holds: false }, json!({ "event.order.total": 12.5 }));
        assert_eq!(line, "step 2: the condition does not hold: event.order.total = 12.5");
    }

    #[test]
    fn an_attempt_is_told_with_its_verdict_and_duration() {
        let what = What::Attempted {
            n: 1,
            attempt: 2,
            at: engine::clock::At(0),
            took_ms: 31,
            verdict: "later".into(),
            status: Some(503),
            code: None,
        };
        assert_eq!(said(what, json!("busy")), "call 1, attempt 2: later after 31 ms, HTTP 503: busy");
    }

    #[test]
    fn every_entry_of_a_run_is_told_in_words() {
        let step = || "size".into();
        let run = engine::ids::RunId(7);
        let done = engine::store::RunStatus::Done;
        let table = [
            (
                What::Chosen { step: step(), case: Some("S".into()) },
                json!({ "size": "S" }),
                "step size: case S: size = \"S\"",
            ),
            (What::Chosen { step: step(), case: None }, Value::Null, "step size: no case fits, so its default"),
            (What::Opened { step: step(), count: 2 }, json!([1, 2]), "step size: 2 items or branches to do"),
            (What::Entered { step: step(), index: 0 }, Value::Null, "step size: number 1 began"),
            (What::Left, Value::Null, "came to its end"),
            (What::Closed { step: step() }, Value::Null, "step size: all done"),
            (What::Round { step: step(), round: 2 }, Value::Null, "step size: round 2"),
            (What::Again { step: step() }, Value::Null, "step size: back to the beginning"),
            (
                What::Accepted { step: step() },
                json!({ "answer": { "answer": "M", "text": "m" }, "set": {} }),
                "step size: the answer is taken: M",
            ),
            (What::Computed { step: step() }, json!({ "value": 5 }), "step size: computed: 5"),
            (
                What::Called { step: step(), flow: "other".into(), run, wait: true },
                Value::Null,
                &format!("step size: flow other called ({run}), its end is waited for"),
            ),
            (
                What::Returned { step: step(), run, status: done },
                json!({ "sum": 1 }),
                &format!("step size: {run} came to its end: done: sum = 1"),
            ),
            (
                What::Replied { step: step(), status: 404 },
                json!({ "body": "none" }),
                "step size: the caller was answered with 404: none",
            ),
            (
                What::Queued,
                Value::Null,
                "waits for its turn: as many runs of this flow and key work as may, or the gate is asked",
            ),
            (What::Admitted, Value::Null, "its turn has come"),
            (What::Finishing { status: done }, Value::Null, "run will end as done, clean-up first"),
        ];
        for (what, data, expected) in table {
            assert_eq!(said(what, data), expected);
        }
    }

    #[test]
    fn what_happens_to_a_run_from_outside_is_told_in_words() {
        let (from, to) = (engine::ids::VersionId(1), engine::ids::VersionId(2));
        let (wait, run) = (engine::ids::WaitId(3), engine::ids::RunId(7));
        let table = [
            (
                What::Bounded { step: "size".into(), wait, until: engine::clock::At(0) },
                Value::Null,
                "step size: has until 1970-01-01T00:00:00.000Z",
            ),
            (
                What::Overdue { step: "".into(), wait, at: engine::clock::At(0) },
                json!({ "message": "the run was not over within 2h" }),
                "the run is overdue: message = \"the run was not over within 2h\"",
            ),
            (What::Moved { from, to }, json!({ "state": {} }), &format!("goes on in {to}, from {from}")),
            (
                What::Stayed { to, why: "no_id".into() },
                Value::Null,
                &format!("stays on its version instead of going on in {to}: its step has no id"),
            ),
            (
                What::Held { flow: "a".into(), trigger: "manual".into(), wait },
                Value::Null,
                "trigger manual of a matched too often: its start waits for a person",
            ),
            (
                What::Released { flow: "a".into(), trigger: "manual".into(), run },
                Value::Null,
                "the held start of trigger manual of a was released",
            ),
            (
                What::Dropped { flow: "a".into(), trigger: "manual".into() },
                Value::Null,
                "the held start of trigger manual of a was dropped",
            ),
        ];
        for (what, data, expected) in table {
            assert_eq!(said(what, data), expected);
        }
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let line = values(&json!("é".repeat(400)));
        assert!(line.ends_with('…') && line.chars().count() == SHOWN + 3, "{}", line.chars().count());
    }
}
