//! What calls answered in runs that were: a back-test repeats it where a draft makes the same call.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::connector::{Done, Problem, Verdict};
use crate::ids::EventId;
use crate::run::{What, journal};
use crate::store::JournalRow;

/// Answers of calls, by the event whose run made them.
#[derive(Debug, Default)]
pub struct Recorded {
    answers: HashMap<EventId, Vec<Answer>>,
}

#[derive(Debug)]
struct Answer {
    action: Arc<str>,
    input: Value,
    verdict: Verdict,
}

impl Recorded {
    /// Adds what the calls of one run answered. `journal` are its rows, oldest first; values that were erased are no answers.
    pub fn add(&mut self, event: EventId, journal: &[JournalRow]) {
        let mut open: Vec<(i64, Arc<str>, Arc<str>, Value)> = Vec::new();
        for entry in journal.iter().filter_map(|row| journal::decode(row).ok()).flatten() {
            match entry.what {
                What::Planned { step, n, action, .. } if !entry.data.is_null() => {
                    open.push((n, step, action, entry.data));
                }
                What::Finished { n: of, .. } => {
                    let verdict = Verdict::Done(Done { output: entry.data, sent: None });
                    self.close(event, &mut open, |n, _| n == of, &verdict);
                }
                What::Failed { step: of, code, .. } => {
                    let words = entry.data.as_str().unwrap_or_default().to_owned();
                    let verdict = Verdict::Refused(Problem::new(&*code, words));
                    self.close(event, &mut open, |_, step| *step == *of, &verdict);
                }
                _ => {}
            }
        }
    }

    fn close(
        &mut self,
        event: EventId,
        open: &mut Vec<(i64, Arc<str>, Arc<str>, Value)>,
        is_it: impl Fn(i64, &str) -> bool,
        verdict: &Verdict,
    ) {
        let Some(place) = open.iter().position(|(n, step, ..)| is_it(*n, step)) else { return };
        let (_, _, action, input) = open.remove(place);
        self.answers.entry(event).or_default().push(Answer { action, input, verdict: verdict.clone() });
    }

    /// What the same call answered then: the same action with the same input, for the same event.
    pub(super) fn answer(&self, event: EventId, action: &str, input: &Value) -> Option<&Verdict> {
        let answers = self.answers.get(&event)?;
        let same = answers.iter().find(|answer| *answer.action == *action && answer.input == *input);
        same.map(|answer| &answer.verdict)
    }
}
