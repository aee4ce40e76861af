//! What bounds runs from outside their steps: deadlines, and how many runs a new trigger starts.

use std::str::FromStr;
use std::time::Duration;

use super::fields::{self, Fields};
use super::lower::Lower;
use super::program::{Program, StepIx};
use super::yaml::Node;
use crate::sentence;

/// Longest deadline.
const MOST_TIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Most runs that `first_hour` can allow; who wants more wants no bound.
const MOST_STARTS: i64 = 1_000_000;
/// Verbs of steps that hold others, or call a flow: those that can take long without saying how long themselves.
const BOUNDED: [&str; 6] = ["if", "switch", "for_each", "parallel", "repeat", "run_flow"];

/// How many runs a trigger starts in the hour after it went live; what comes beyond waits for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstHour {
    /// As many as come.
    #[default]
    Off,
    /// At most so many, at least 1.
    Most(u32),
}

/// The text is neither `off` nor a number in range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not how many runs a trigger may start: write `off` or a number from 1 to {MOST_STARTS}")]
pub struct NoFirstHour(String);

impl FromStr for FirstHour {
    type Err = NoFirstHour;

    fn from_str(text: &str) -> Result<Self, NoFirstHour> {
        match text.parse::<u32>() {
            _ if text == "off" => Ok(Self::Off),
            Ok(most) if (1..=MOST_STARTS).contains(&i64::from(most)) => Ok(Self::Most(most)),
            _ => Err(NoFirstHour(text.to_owned())),
        }
    }
}

impl Program {
    /// Whether `at` is the step at `path`, or one among its steps.
    #[must_use]
    pub fn stands_in(&self, mut at: Option<StepIx>, path: &str) -> bool {
        while let Some(step) = self.step(at) {
            if *step.path == *path {
                return true;
            }
            at = step.parent;
        }
        false
    }
}

impl<'a> Lower<'a> {
    /// A `deadline`: 1 s to a year.
    pub(super) fn deadline(&mut self, node: &'a Node) -> Option<Duration> {
        let text = fields::text(node, "`deadline`", &mut self.problems)?;
        self.span(text, node.place, Duration::from_secs(1)..=MOST_TIME)
    }

    /// The deadline of a step with this verb.
    pub(super) fn step_deadline(&mut self, keys: &mut Fields<'a>, verb: &str) -> Option<Duration> {
        let place = keys.peek("deadline")?.0.place;
        let node = keys.take("deadline")?;
        if BOUNDED.contains(&verb) {
            return self.deadline(node);
        }
        let hint = match verb {
            "do" => "for a call write `expires`: the latest time it starts, with all that is repeated and waited for",
            "wait_for" | "ask" => "how long it waits says `timeout`",
            _ => "a deadline belongs to a step that holds others, or calls a flow",
        };
        self.problems.error(place, "unknown_key", sentence!("`{verb}` has no key `deadline`", verb), hint);
        None
    }

    /// `first_hour`: a number or `off`.
    pub(super) fn first_hour(&mut self, node: &'a Node) -> Option<FirstHour> {
        if node.scalar().is_some_and(|word| word.text == "off") {
            return Some(FirstHour::Off);
        }
        let most = self.whole(node, "`first_hour`", 1, MOST_STARTS)?;
        Some(FirstHour::Most(most))
    }
}
