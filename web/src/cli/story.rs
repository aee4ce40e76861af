//! A run in plain words, with ids and times.

use engine::clock::At;
use serde_json::Value;

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
    for row in items(run, "handling").iter().chain(items(run, "journal")) {
        let by = match text(row, "by") {
            by if by.is_empty() => String::new(),
            by => format!("  [{by}]"),
        };
        for entry in items(row, "entries") {
            let at = text(row, "at");
            print::line(format_args!("  {at}  {}{by}", words(&entry["what"], &entry["data"])));
        }
    }
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
        "delivered" => format!("answers {} of {}", of("wait"), of("run")),
        "started" => format!("run started by trigger {}", of("trigger")),
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
        other => format!("{other}{}", values(what)),
    }
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
    fn long_values_are_cut_between_characters() {
        let line = values(&json!("é".repeat(400)));
        assert!(line.ends_with('…') && line.chars().count() == SHOWN + 3, "{}", line.chars().count());
    }
}
