//! A run in plain words, with ids and times.

use serde_json::Value;

use super::print::{self, text};
use super::run::remark;

/// Prints what `GET /runs/{id}` answers.
pub(super) fn tell(run: &Value) {
    print::line(format_args!("{}  {}  {}", text(run, "id"), text(run, "flow"), text(run, "status")));
    print::line(format_args!(
        "  began    {}  with {} ({})",
        text(run, "started_at"),
        text(run, "trigger.type"),
        text(run, "event")
    ));
    for entry in items(run, "journal") {
        print::line(format_args!("  {}  {}", text(entry, "at"), text(entry, "text")));
    }
    for call in items(run, "effects") {
        print::line(format_args!(
            "  call     {}  {} through {}: {} {}",
            text(call, "id"),
            text(call, "action"),
            text(call, "connection"),
            text(call, "state").replace('_', " "),
            text(call, "why"),
        ));
    }
    for message in items(run, "messages") {
        let shown = text(message, "text");
        print::line(format_args!("  message  {}  {}  {shown}", text(message, "id"), text(message, "status")));
    }
    match run["ended_at"].as_str() {
        Some(at) => print::line(format_args!("  ended    {at}  {}", remark(run))),
        None => print::line(format_args!("  now      {} {}", text(run, "status").replace('_', " "), remark(run))),
    }
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}
