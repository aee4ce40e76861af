//! `concurrency`, `throttle` and `debounce`: how the runs of one flow start and work together.

use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{self, Fields};
use super::lower::Lower;
use super::names::Source;
use super::time;
use super::yaml::{Node, Val};
use crate::expr::Script;
use crate::sentence;

/// Most runs that a key may have at work, and most starts that it may have in a time.
const MOST: u32 = 1_000;
/// How long a throttle may count.
const EVERY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 60 * 60);
/// How long a debounce may wait for quiet.
const QUIET: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(5 * 60);

/// How the runs of a flow start and work together.
#[derive(Debug, Default)]
pub struct Limits {
    /// Events in a burst start one run.
    pub debounce: Option<Debounce>,
    /// How many runs may start in a time.
    pub throttle: Option<Throttle>,
    /// How many runs may work at once.
    pub concurrency: Option<Concurrency>,
}

/// Events that follow each other closely start one run, once there is quiet.
#[derive(Debug)]
pub struct Debounce {
    /// How long there must be quiet: 1 s to 5 min.
    pub quiet: Duration,
    /// What belongs to one burst, within one mailbox.
    pub key: Key,
}

/// At most so many starts in a time.
#[derive(Debug)]
pub struct Throttle {
    /// What is counted together.
    pub key: Key,
    /// Most starts, 1 to 1000.
    pub limit: u32,
    /// In which time: 1 s to 365 days.
    pub every: Duration,
}

/// At most so many runs that work at once.
#[derive(Debug)]
pub struct Concurrency {
    /// What is counted together.
    pub key: Key,
    /// Most runs, 1 to 1000.
    pub limit: u32,
    /// What becomes of one more.
    pub busy: Busy,
}

/// What becomes of a start when as many runs work as may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    /// It waits for its turn, in the order of arrival.
    #[default]
    Queue,
    /// It does not happen.
    Skip,
    /// The oldest run that works is cancelled, with its clean-up, and then it happens.
    Replace,
}

/// What is counted together.
#[derive(Debug)]
pub struct Key {
    /// What gives the key; `None` = the contact, or what the event is about when it concerns nobody.
    pub script: Option<Script>,
    /// Whether the same key is always met in the same mailbox, which then decides by itself.
    pub own: bool,
}

impl<'a> Lower<'a> {
    /// Reads the limits of a flow.
    pub(super) fn limits(&mut self, keys: &mut Fields<'a>) -> Limits {
        Limits {
            debounce: keys.take("debounce").and_then(|node| {
                self.gathers_nothing(node);
                self.debounce(node)
            }),
            throttle: keys.take("throttle").and_then(|node| self.throttle(node)),
            concurrency: keys.take("concurrency").and_then(|node| self.concurrency(node)),
        }
    }

    fn debounce(&mut self, node: &'a Node) -> Option<Debounce> {
        if node.scalar().is_some() {
            let quiet = self.limit_span(node, "`debounce`", QUIET)?;
            return Some(Debounce { quiet, key: Key { script: None, own: true } });
        }
        let mut keys = Fields::of(node, "`debounce`", &mut self.problems)?;
        let quiet = keys.need("for", "say how long there must be quiet: `for: 5s`", &mut self.problems);
        let quiet = quiet.and_then(|quiet| self.limit_span(quiet, "`for`", QUIET));
        let key = self.key(keys.take("key"));
        keys.finish(&["for", "key"], &mut self.problems);
        Some(Debounce { quiet: quiet?, key: key? })
    }

    /// Says so when events that concern nobody are to be gathered: each has a mailbox of its own.
    fn gathers_nothing(&mut self, node: &'a Node) {
        let alone = |source: &&Source<'_>| !source.in_conversation && !source.kind.starts_with("crm.");
        if let Some(source) = self.names.sources.iter().find(alone) {
            let message =
                sentence!("`debounce` gathers what one contact does, and `{kind}` concerns nobody", kind = source.kind);
            let hint = "each such event starts a run of its own, after the quiet time";
            self.problems.warn(node.place, "no_contact", message, hint);
        }
    }

    fn throttle(&mut self, node: &'a Node) -> Option<Throttle> {
        let mut keys = Fields::of(node, "`throttle`", &mut self.problems)?;
        let key = self.key(keys.take("key"));
        let limit = self.limit(&mut keys);
        let every = keys.need("every", "say in which time: `every: 1d`", &mut self.problems);
        let every = every.and_then(|every| self.limit_span(every, "`every`", EVERY));
        keys.finish(&["key", "limit", "every"], &mut self.problems);
        Some(Throttle { key: key?, limit: limit?, every: every? })
    }

    fn concurrency(&mut self, node: &'a Node) -> Option<Concurrency> {
        let mut keys = Fields::of(node, "`concurrency`", &mut self.problems)?;
        let key = self.key(keys.take("key"));
        let limit = self.limit(&mut keys);
        let busy = keys.take("busy").map_or(Some(Busy::Queue), |node| self.busy(node));
        keys.finish(&["key", "limit", "busy"], &mut self.problems);
        Some(Concurrency { key: key?, limit: limit?, busy: busy? })
    }

    /// What is counted together: the contact when nothing is written.
    fn key(&mut self, node: Option<&'a Node>) -> Option<Key> {
        let Some(node) = node else { return Some(Key { script: None, own: true }) };
        let script = self.expression(node, "`key`")?;
        Some(match script.source().trim() {
            "contact.id" => Key { script: None, own: true },
            // A conversation is one contact's.
            "conversation.id" => Key { script: Some(script), own: true },
            _ => Key { script: Some(script), own: false },
        })
    }

    /// How many; 1 when nothing is written.
    fn limit(&mut self, keys: &mut Fields<'a>) -> Option<u32> {
        let Some(node) = keys.take("limit") else { return Some(1) };
        let text = fields::text(node, "`limit`", &mut self.problems)?;
        let found = text.parse::<u32>().ok().filter(|limit| (1..=MOST).contains(limit));
        if found.is_none() {
            let message = sentence!("`limit` is {text}; it is a whole number from 1 to {most}", text, most = MOST);
            self.problems.error(node.place, "out_of_range", message, "how many runs of one key: `limit: 1`");
        }
        found
    }

    fn busy(&mut self, node: &'a Node) -> Option<Busy> {
        let text = fields::text(node, "`busy`", &mut self.problems)?;
        match text {
            "queue" => Some(Busy::Queue),
            "skip" => Some(Busy::Skip),
            "replace" => Some(Busy::Replace),
            _ => {
                let message = sentence!("`busy` is `queue`, `skip` or `replace`, not `{text}`", text);
                let hint = "queue: waits for its turn; skip: does not start; replace: ends the older run";
                self.problems.error(node.place, "unknown_choice", message, hint);
                None
            }
        }
    }

    fn limit_span(&mut self, node: &'a Node, what: &str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        if matches!(node.value, Val::Null) {
            self.problems.error(
                node.place,
                "missing_value",
                sentence!("{what} is empty", what),
                "write a duration: 5s",
            );
            return None;
        }
        let text = fields::text(node, what, &mut self.problems)?;
        let span = time::duration(text, node.place, &mut self.problems)?;
        if bounds.contains(&span) {
            return Some(span);
        }
        let (low, high) = (crate::duration::format(*bounds.start()), crate::duration::format(*bounds.end()));
        let hint = sentence!("write a duration from {low} to {high}", low, high);
        self.problems.error(
            node.place,
            "out_of_range",
            sentence!("{what} is {text}: too short or too long", what, text),
            hint,
        );
        None
    }
}
