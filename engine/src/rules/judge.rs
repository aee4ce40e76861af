//! One event before one file of rules: which rules hold, and what each changes. The turn and the back-test both call this.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Rule, RuleFile};
use crate::clock::At;
use crate::contact::{Contact, Priority, TagSource, TagSourceKind};
use crate::event::Event;
use crate::expr::Scope;
use crate::mailbox::Facts;
use crate::matching::{self, Met};
use crate::run::evaluate;

/// What a rule that listens to an event came to.
#[derive(Debug)]
pub struct Ruling<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// What it came to.
    pub came: Came,
}

/// Whether a rule held.
#[derive(Debug)]
pub enum Came {
    /// It held.
    Held {
        /// The values its conditions saw; null when it has none.
        saw: Value,
        /// What it changed; of a watched rule, what it would have changed.
        did: Box<Did>,
    },
    /// It did not.
    Passed {
        /// `params`, `when` or `error`.
        why: &'static str,
        /// What its condition saw, or the error's words.
        data: Value,
    },
}

/// What a rule changes. Only what is different afterwards, except tags, which are given anew each time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Did {
    /// Tags given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Arc<str>>,
    /// Tags not given, because a person took them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept_off: Vec<Arc<str>>,
    /// Tags taken, with the rule each was from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<(Arc<str>, String)>,
    /// The new priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The new language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Arc<str>>,
    /// New values of fields; null takes one away.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// The demand for a human.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate: Option<Demand>,
}

/// A human is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// The team.
    pub team: Arc<str>,
    /// Why.
    pub reason: String,
    /// Within which time.
    #[serde(skip)]
    pub within: Duration,
}

/// Lets the rules of `file` judge `event` in their order, and changes the contact in `facts` as they say. A rule that fails
/// is passed over and the next one goes on. Without a contact there is nothing to judge.
///
/// A rule sees what the rules before it changed.
pub fn judge<'a>(file: &'a RuleFile, event: &Event, facts: &mut Facts, now: At) -> Vec<Ruling<'a>> {
    if facts.contact.is_none() || !file.rules.iter().any(|rule| listens(rule, event)) {
        return Vec::new();
    }
    let reads_contact = file.rules.iter().any(|rule| rule.reads_contact);
    let mut scope = scope(file, event, facts, now);
    let mut rulings = Vec::new();
    for rule in &file.rules {
        let Some(came) = came(file, rule, event, &scope, facts) else { continue };
        let mut stop = false;
        if let Came::Held { did, .. } = &came {
            stop = rule.stop;
            if !rule.watch && changes_contact(did) {
                carry_out(file, rule, did, facts, now);
                if let (true, Some(contact)) = (reads_contact, &facts.contact) {
                    scope.set("contact", contact.scope());
                }
            }
        }
        rulings.push(Ruling { rule, came });
        if stop {
            break;
        }
    }
    rulings
}

/// What a tag that a rule gave names as its source.
#[must_use]
pub fn source_id(file: &str, rule: &str) -> String {
    format!("{file}/{rule}")
}

fn listens(rule: &Rule, event: &Event) -> bool {
    rule.on.iter().any(|trigger| matching::hears(&trigger.kind, &event.kind))
}

/// What the conditions of `file` can see; facts that none of its rules reads are left out.
pub(super) fn scope(file: &RuleFile, event: &Event, facts: &Facts, now: At) -> Scope {
    let mut scope = Scope::new();
    scope.set("event", Arc::clone(&event.seen));
    scope.set("now", Value::from(now.to_string()));
    if file.rules.iter().any(|rule| rule.reads_contact) {
        scope.set("contact", facts.contact.as_ref().map_or(Value::Null, Contact::scope));
    }
    if file.rules.iter().any(|rule| rule.reads_conversation) {
        let conversation = event.conversation.and_then(|id| facts.conversation(id));
        scope.set("conversation", conversation.map_or(Value::Null, |found| found.scope(now)));
    }
    scope
}

/// What `rule` comes to; `None` when it does not listen to such events.
fn came(file: &RuleFile, rule: &Rule, event: &Event, scope: &Scope, facts: &Facts) -> Option<Came> {
    let mut passed = None;
    for trigger in rule.on.iter().filter(|trigger| matching::hears(&trigger.kind, &event.kind)) {
        let met = matching::meets(trigger, event, scope).map_err(|error| error.message);
        let (why, data) = match met {
            Ok(Met::Yes(saw)) => match intended(file, rule, scope, facts) {
                Ok(did) => return Some(Came::Held { saw, did: Box::new(did) }),
                Err(message) => ("error", json!({ "message": message })),
            },
            Ok(Met::Params) => ("params", Value::Null),
            Ok(Met::When(saw)) => ("when", saw),
            Err(message) => ("error", json!({ "message": message })),
        };
        passed = Some(Came::Passed { why, data });
    }
    passed
}

/// What the rule would change, without changing it.
fn intended(file: &RuleFile, rule: &Rule, scope: &Scope, facts: &Facts) -> Result<Did, String> {
    let Some(contact) = &facts.contact else { return Ok(Did::default()) };
    let then = &rule.then;
    let value = |expr| evaluate(expr, scope).map_err(|failure| failure.message);
    let (kept_off, added) = then.add_tags.iter().cloned().partition(|tag| contact.tags_off.contains(&**tag));
    let mut did = Did { added, kept_off, ..Did::default() };
    for tag in &then.remove_tags {
        let sources = contact.tags.get(&**tag).into_iter().flatten();
        let of_rules = sources.filter(|source| source.kind == TagSourceKind::Rule);
        did.removed.extend(of_rules.map(|source| (Arc::clone(tag), source.id.clone())));
    }
    did.priority = then.priority.filter(|priority| *priority != contact.priority);
    did.language = then.language.clone().filter(|language| **language != *contact.language);
    for (name, expr) in &then.fields {
        let value = value(expr)?;
        if value.is_object() || value.is_array() {
            return Err(format!("field `{name}` takes text, a number, a boolean or null"));
        }
        if contact.fields.get(&**name).unwrap_or(&Value::Null) != &value {
            did.fields.insert(name.to_string(), value);
        }
    }
    if let Some(escalate) = &then.escalate {
        let reason = match &escalate.reason {
            Some(reason) => value(reason)?.as_str().unwrap_or_default().to_owned(),
            None => rule.name.clone().unwrap_or_else(|| format!("rule {}", source_id(&file.file, &rule.id))),
        };
        did.escalate = Some(Demand { team: Arc::clone(&escalate.team), reason, within: escalate.accept_within });
    }
    Ok(did)
}

fn changes_contact(did: &Did) -> bool {
    let Did { added, kept_off: _, removed, priority, language, fields, escalate: _ } = did;
    !(added.is_empty() && removed.is_empty() && priority.is_none() && language.is_none() && fields.is_empty())
}

fn carry_out(file: &RuleFile, rule: &Rule, did: &Did, facts: &mut Facts, now: At) {
    let source = TagSource { kind: TagSourceKind::Rule, id: source_id(&file.file, &rule.id), at: now };
    facts.change_contact(|contact| {
        for tag in &did.added {
            contact.give_tag(tag, source.clone());
        }
        for (tag, id) in &did.removed {
            contact.take_tag(tag, TagSourceKind::Rule, id);
        }
        contact.priority = did.priority.unwrap_or(contact.priority);
        if let Some(language) = &did.language {
            contact.language = language.to_string();
        }
        for (name, value) in &did.fields {
            if value.is_null() {
                contact.fields.remove(name);
            } else {
                contact.fields.insert(name.clone(), value.clone());
            }
        }
    });
}
