//! Which triggers and waits an event meets. Plain functions of their arguments.
//!
//! … contact and conversation -> tag rules -> waits -> **match triggers** -> run -> step -> action -> log

use std::sync::Arc;

use serde_json::Value;

use crate::clock::At;
use crate::contact::Contact;
use crate::event::{self, Event, Origin};
use crate::expr::{self, Decision, Scope, text};
use crate::flow::{Trigger, WaitFor};
use crate::mailbox::Facts;

/// How a trigger meets an event of its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Met {
    /// It starts a run; the values its conditions saw.
    Yes(Value),
    /// Its parameters exclude the event.
    Params,
    /// A condition does not hold; the values it saw.
    When(Value),
}

/// Whether a listener for `kind` hears events of type `event`. An order and a form are also messages, and so is what a
/// person writes from the phone app, for those who ask for it.
#[must_use]
pub fn hears(kind: &str, event: &str) -> bool {
    let of_messages = kind == event::MESSAGE_RECEIVED;
    kind == event || (of_messages && (event::is_message(event) || event == event::MESSAGE_ECHOED))
}

/// Whether a listener with these parameters hears of what `event`'s origin does. Without `origins`: of messages the
/// customer's alone, of the rest all but history, imports and first synchronisations.
#[must_use]
pub fn origin_fits(kind: &str, params: &Value, event: &Event) -> bool {
    match params["origins"].as_array().filter(|origins| !origins.is_empty()) {
        Some(origins) => serde_json::to_value(event.origin).is_ok_and(|origin| origins.contains(&origin)),
        None if event::is_message(kind) => event.origin == Origin::Customer,
        None => event.origin.starts_flows(),
    }
}

/// What the conditions of triggers see.
#[must_use]
pub fn sees(event: &Event, facts: &Facts, now: At) -> Scope {
    let conversation = event.conversation.and_then(|id| facts.conversation(id));
    let mut scope = Scope::new();
    scope.set("event", Arc::clone(&event.seen));
    scope.set("contact", facts.contact.as_ref().map_or(Value::Null, Contact::scope));
    scope.set("conversation", conversation.map_or(Value::Null, |found| found.scope(now)));
    scope.set("now", Value::from(now.to_string()));
    scope
}

/// How `trigger` meets `event`, whose kind it hears.
///
/// # Errors
/// When a condition fails.
pub fn meets(trigger: &Trigger, event: &Event, scope: &Scope) -> Result<Met, expr::Error> {
    if !params_match(&trigger.kind, &trigger.params, event) {
        return Ok(Met::Params);
    }
    let mut saw = serde_json::Map::new();
    for condition in &trigger.when {
        let Decision { holds, saw: values } = condition.condition(scope)?;
        if let Value::Object(values) = values {
            saw.extend(values);
        }
        if !holds {
            return Ok(Met::When(Value::Object(saw)));
        }
    }
    Ok(Met::Yes(if saw.is_empty() { Value::Null } else { Value::Object(saw) }))
}

/// Whether `event` answers `wait`; its `match` sees the event as `reply` beside what the run sees.
///
/// # Errors
/// When the condition fails.
pub fn answers(wait: &WaitFor, event: &Event, scope: &Scope) -> Result<bool, expr::Error> {
    if !hears(&wait.kind, &event.kind) || !params_match(&wait.kind, &wait.params, event) {
        return Ok(false);
    }
    if !origin_fits(&wait.kind, &wait.params, event) {
        return Ok(false);
    }
    let Some(condition) = &wait.matching else { return Ok(true) };
    let mut scope = scope.clone();
    scope.set("reply", Arc::clone(&event.seen));
    Ok(condition.condition(&scope)?.holds)
}

/// Whether `event` fits the parameters of a listener of `kind`. Parameters are checked against their schema before.
#[must_use]
pub fn params_match(kind: &str, params: &Value, event: &Event) -> bool {
    let is = |name: &str, value: &Value| match &params[name] {
        Value::Null => true,
        wanted => wanted == value,
    };
    if !is("connection", &Value::from(&*event.connection)) {
        return false;
    }
    match kind {
        event::MESSAGE_RECEIVED => {
            let referral_fits = params["referral"] != true || event.seen["message"]["referral"].is_object();
            is("type", &event.seen["message"]["type"]) && referral_fits && keyword_found(params, event)
        }
        // A slot of a contact is for schedules over its segment, any other for those over none.
        event::CRON => params["each"] == event.seen["segment"],
        event::MESSAGE_STATUS => is("status", &event.seen["status"]),
        event::FORM_SUBMITTED => is("form", &event.seen["form"]),
        event::RECORD_CREATED => is("object", &event.seen["object"]),
        event::TAG_ADDED | event::TAG_REMOVED => is("tag", &event.seen["tag"]),
        event::CONSENT_CHANGED => is("purpose", &event.seen["purpose"]) && is("given", &event.seen["given"]),
        // Told with the first message beyond each threshold.
        event::SESSION_LONG => params["messages"].as_i64().map(|most| most + 1) == event.seen["messages"].as_i64(),
        event::FLOW_FAILED => is("flow", &event.seen["flow"]),
        event::ESCALATION_MISSED | event::ESCALATION_TAKEN => is("team", &event.seen["team"]),
        event::FIELD_CHANGED => {
            let to_fits = match &params["to"] {
                Value::Null => true,
                wanted => printed(wanted) == printed(&event.seen["new"]),
            };
            is("object", &event.seen["object"]) && is("field", &event.seen["field"]) && to_fits
        }
        event::WEBHOOK_RECEIVED => is("path", &event.seen["path"]),
        event::NO_REPLY => is("after", &event.seen["after"]) && is("silent", &event.seen["silent"]),
        _ => true,
    }
}

fn keyword_found(params: &Value, event: &Event) -> bool {
    let Some(words) = params["keywords"].as_array().filter(|words| !words.is_empty()) else { return true };
    let Some(said) = event.seen["text"].as_str() else { return false };
    words.iter().filter_map(Value::as_str).any(|word| text::mentions(said, word))
}

/// CRMs tell every value as text; parameters may be written as numbers or booleans.
fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
