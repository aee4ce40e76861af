//! Why a rule did not hold, in words: which part of its condition decided; and what two rules want of each other's opposite.

use super::side::Verdicts;
use crate::event::Event;
use crate::expr::{Origin, Scope, Script, parts};
use crate::matching;
use crate::rules::judge::scope;
use crate::rules::{RuleFile, Then};

/// Why `rule` of `file` does not hold for `event`, told of the `side` that is `now` or `draft`.
pub(super) fn not_held(side: &str, file: &RuleFile, rule: &str, event: &Event, verdicts: &Verdicts) -> String {
    let Some(rule) = file.rule(rule) else { return format!("{side}: there is no such rule") };
    match verdicts.passed(&rule.id) {
        Some(("params", _)) => format!("{side}: what the rule listens to does not fit (keywords, type, connection)"),
        Some(("error", data)) => format!("{side}: it fails: {}", data["message"].as_str().unwrap_or_default()),
        Some(_) => {
            let scope = scope(file, event, &verdicts.facts, event.at);
            let heard = rule.on.iter().filter(|on| matching::hears(&on.kind, &event.kind));
            let conditions: Vec<&Script> = heard.flat_map(|on| &on.when).collect();
            format!("{side}: false is {}", false_parts(&conditions, &scope).join(" and "))
        }
        None => match &verdicts.stopped {
            Some(stopper) => format!("{side}: the rule {stopper} stopped the list before it"),
            None => format!("{side}: it does not listen to {}", event.kind),
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
        let shown = format!("`{part}`");
        if !found.contains(&shown) {
            found.push(shown);
        }
    }
    if found.is_empty() {
        // A part that only fails after what another rule changed in this very event.
        found.extend(conditions.iter().map(|condition| format!("`{}`", condition.source())));
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
