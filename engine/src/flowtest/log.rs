//! What happened in a test, in lines for reading: what was done, what was not and why, and how it ended.

use serde_json::Value;

use crate::clock::At;
use crate::duration;
use crate::run::{Entry, What};

pub(super) struct Log {
    start: At,
    lines: Vec<String>,
}

impl Log {
    pub(super) fn new(start: At) -> Self {
        Self { start, lines: Vec::new() }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }

    pub(super) fn line(&mut self, at: At, words: &str) {
        let after = duration::format(at.since(self.start));
        self.lines.push(format!("{after:>8}  {words}"));
    }

    /// Tells what an author wants to know; most entries are not told.
    pub(super) fn entry(&mut self, at: At, entry: &Entry) {
        let data = &entry.data;
        let message = data["message"].as_str().unwrap_or_default();
        let words = match &entry.what {
            What::Planned { action, .. } => format!("{action} {data}"),
            What::Acted { action, .. } => format!("{action} {}", data["input"]),
            What::Attempted { attempt, verdict, .. } if &**verdict != "done" => {
                format!("  attempt {attempt} failed ({verdict}): {message}")
            }
            What::Parked { why, .. } => format!("  needs attention ({why}): {message}"),
            What::Failed { step, code, .. } => format!("step {step} failed ({code}): {message}"),
            What::Overdue { step, .. } if step.is_empty() => format!("the run is overdue: {message}"),
            What::Overdue { step, .. } => format!("step {step} is overdue: {message}"),
            What::Passed { why, trigger, .. } => format!("{trigger} does not start the flow ({why}){}", seen(data)),
            What::Held { trigger, .. } => format!("{trigger} matched too often: its start is held"),
            What::RuleHeld { rule, watch, .. } => {
                let watches = if *watch { " (watch only)" } else { "" };
                format!("rule {rule} holds{watches}: {}", data["did"])
            }
            What::RulePassed { rule, why, .. } => format!("rule {rule} does not hold ({why}){}", seen(data)),
            What::TagExpired { source } => format!("the tag {} of {source} ends", data["tag"]),
            What::Ended { status } => {
                let reason = data["reason"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("run {}{reason}", super::expect::word(*status))
            }
            _ => return,
        };
        self.line(at, &words);
    }
}

fn seen(data: &Value) -> String {
    if data.is_null() { String::new() } else { format!(": {data}") }
}
