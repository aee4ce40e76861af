//! Why a rule did not hold, in words: which part of its condition decided; and what two rules want of each other's opposite.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::side::Verdicts;
use crate::event::Event;
use crate::expr::{Origin, Scope, Script, parts};
use crate::matching;
use crate::rules::judge::scope;
use crate::rules::{RuleFile, Then};

/// Why a rule does not hold on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "BacktestReason")]
pub enum Reason {
    /// There are no such rules in force.
    NotInForce,
    /// There is no such rule.
    NoRule,
    /// What the rule listens to does not fit: keywords, type, connection.
    Params,
    /// Its condition or one of its values fails.
    Fails {
        /// What went wrong.
        message: String,
    },
    /// These parts of its condition are false, each as it is written.
    False {
        /// The parts.
        parts: Vec<String>,
    },
    /// Another rule stopped the list before it.
    Stopped {
        /// Which.
        by: Arc<str>,
    },
    /// It does not listen to such events.
    Deaf {
        /// The event's type.
        event: Arc<str>,
    },
}

impl Reason {
    pub(crate) fn words(&self) -> String {
        match self {
            Self::NotInForce => "there are no such rules in force".to_owned(),
            Self::NoRule => "there is no such rule".to_owned(),
            Self::Params => "what the rule listens to does not fit (keywords, type, connection)".to_owned(),
            Self::Fails { message } => format!("it fails: {message}"),
            Self::False { parts } => {
                let parts: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
                format!("false is {}", parts.join(" and "))
            }
            Self::Stopped { by } => format!("the rule {by} stopped the list before it"),
            Self::Deaf { event } => format!("it does not listen to {event}"),
        }
    }
}

/// Why `rule` of `file` does not hold for `event`.
pub(super) fn not_held(file: &RuleFile, rule: &str, event: &Event, verdicts: &Verdicts) -> Reason {
    let Some(rule) = file.rule(rule) else { return Reason::NoRule };
    match verdicts.passed(&rule.id) {
        Some(("params", _)) => Reason::Params,
        Some(("error", data)) => Reason::Fails { message: data["message"].as_str().unwrap_or_default().to_owned() },
        Some(_) => {
            let scope = scope(file, event, &verdicts.facts, event.at);
            let heard = rule.on.iter().filter(|on| matching::hears(&on.kind, &event.kind));
            let conditions: Vec<&Script> = heard.flat_map(|on| &on.when).collect();
            Reason::False { parts: false_parts(&conditions, &scope) }
        }
        None => match &verdicts.stopped {
            Some(stopper) => Reason::Stopped { by: Arc::clone(stopper) },
            None => Reason::Deaf { event: Arc::clone(&event.kind) },
        },
    }
}

/// The parts of `conditions` that are false, each alone; the whole conditions when none is false alone.
pub(crate) fn false_parts(conditions: &[&Script], scope: &Scope) -> Vec<String> {
    let is_false = |part: &&str| {
        let script = Script::compile(part, Origin::default());
        script.and_then(|script| script.condition(scope)).is_ok_and(|decision| !decision.holds)
    };
    let mut found: Vec<String> = Vec::new();
    for part in conditions.iter().flat_map(|condition| parts(condition.source())).filter(is_false) {
        if !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    if found.is_empty() {
        // A part that only fails after what another rule changed in this very event.
        found.extend(conditions.iter().map(|condition| condition.source().to_owned()));
    }
    found
}

/// What two rules that both held want of each other's opposite.
pub(super) fn opposites(one: &Then, other: &Then) -> Vec<String> {
    let mut found = Vec::new();
    let crossed = |adds: &Then, removes: &Then| -> Vec<String> {
        let both = adds.add_tags.iter().filter(|tag| removes.remove_tags.contains(tag));
        both.map(|tag| format!("tag {tag}")).collect()
    };
    found.extend(crossed(one, other));
    found.extend(crossed(other, one));
    if one.priority.zip(other.priority).is_some_and(|(one, other)| one != other) {
        found.push("priority".to_owned());
    }
    if one.language.as_ref().zip(other.language.as_ref()).is_some_and(|(one, other)| one != other) {
        found.push("language".to_owned());
    }
    let fields = one.fields.iter().filter(|(name, _)| other.fields.iter().any(|(known, _)| known == name));
    found.extend(fields.map(|(name, _)| format!("field {name}")));
    found
}
