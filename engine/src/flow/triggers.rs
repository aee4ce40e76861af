//! `on`: what starts a flow. Parameters are fixed values, checked against the trigger's schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::fields::{self, Fields};
use super::lower::{Lower, trigger_id};
use super::names::Source;
use super::program::Trigger;
use super::shape::{Form, Shape};
use super::suggest;
use super::time;
use super::values::{Slot, constant};
use super::yaml::{Key, Node, Place, Val};
use crate::event;
use crate::expr::Script;
use crate::schedule::Schedule;
use crate::sentence;
use crate::sentence::Sentence;
use crate::trigger::TriggerSpec;

/// Most triggers of a flow: its `when` is checked against the event of each.
const MAX_TRIGGERS: usize = 100;
/// Keys beside the type of a trigger.
const KEYS: &[&str] = &["id", "when"];

/// One entry of `on` as written.
struct Entry<'a> {
    kind: &'a str,
    place: Place,
    params: Option<&'a Node>,
    when: Option<&'a Node>,
    id: Option<&'a Node>,
}

impl<'a> Lower<'a> {
    /// Reads `on` and the flow's `when`, and puts the events in scope.
    pub(super) fn triggers(&mut self, on: &'a Node, when: Option<&'a Node>) -> Vec<Trigger> {
        let items = match &on.value {
            Val::List(items) => items.as_slice(),
            Val::Null => &[],
            _ => std::slice::from_ref(on),
        };
        if items.is_empty() {
            let hint = "say what starts it: `on: [whatsapp.message_received]`; `manual` is a button";
            self.problems.error(on.place, "missing_value", "`on` is empty: nothing starts this flow", hint);
        }
        if items.len() > MAX_TRIGGERS {
            let message =
                sentence!("`on` lists {n} events; at most {most} are allowed", n = items.len(), most = MAX_TRIGGERS);
            self.problems.error(on.place, "wrong_length", message, "make several flows");
        }
        let mut entries = Vec::new();
        for item in items.iter().take(MAX_TRIGGERS) {
            let Some(entry) = self.entry(item) else { continue };
            let Some(spec) = self.trigger_spec(entry.kind, entry.place) else { continue };
            self.names.sources.push(source(spec, &entry));
            entries.push((entry, spec));
        }
        // One that is wrong may be any: then `event` is not checked.
        if entries.len() < items.len() {
            self.names.sources.clear();
        }
        let common = std::mem::take(&mut self.names.sources);
        let mut used = HashMap::new();
        let mut triggers = Vec::new();
        for (entry, spec) in entries {
            self.names.sources.clone_from(&common);
            let flow_when = when.map(|node| self.condition(node, "`when`"));
            self.names.sources = vec![source(spec, &entry)];
            let own_when = entry.when.map(|node| self.condition(node, "`when`"));
            let params = self.params(&entry, spec);
            let id = entry.id.and_then(|node| self.trigger_name(node, &used));
            triggers.push(Trigger {
                id: trigger_id(id, entry.kind, &mut used),
                kind: entry.kind.into(),
                params: params.unwrap_or_default(),
                when: flow_when.into_iter().chain(own_when).flatten().collect(),
            });
        }
        self.names.sources = common;
        triggers
    }

    /// An expression that is true or false.
    pub(super) fn condition(&mut self, node: &'a Node, what: &str) -> Option<Script> {
        let script = self.expression(node, what)?;
        self.expect_form(node, what, (Form::Boolean, "true or false"));
        Some(script)
    }

    /// A condition: rhai that is true or false.
    pub(super) fn expression(&mut self, node: &'a Node, what: &str) -> Option<Script> {
        match &node.value {
            Val::Scalar(scalar) => {
                if scalar.text.contains("{{") {
                    let hint = "write the name alone: event.order.total > 0";
                    let message = sentence!("{what} is an expression; `{{…}}` belongs into text", what);
                    self.problems.error(node.place, "template_in_condition", message, hint);
                    return None;
                }
                let source = scalar.text.strip_prefix("= ").unwrap_or(&scalar.text);
                let skip = u32::try_from(scalar.text.len() - source.len()).unwrap_or(0);
                self.script(source, node, skip)
            }
            Val::Null => {
                let hint = if node.comment.is_some() {
                    "YAML takes everything from ` #` on for a comment: put the whole expression in quotes"
                } else {
                    "write an expression: event.order.total > 0"
                };
                self.problems.error(node.place, "missing_value", sentence!("{what} has no condition", what), hint);
                None
            }
            _ => {
                fields::wrong(node, sentence!("{what} is an expression", what), &mut self.problems);
                None
            }
        }
    }

    fn entry(&mut self, item: &'a Node) -> Option<Entry<'a>> {
        if let Val::Scalar(scalar) = &item.value {
            return Some(Entry { kind: &scalar.text, place: item.place, params: None, when: None, id: None });
        }
        let mut keys = Fields::of(item, "a trigger", &mut self.problems)?;
        let (when, id) = (keys.take("when"), keys.take("id"));
        let (first, second) = {
            let mut rest = keys.rest();
            (rest.next(), rest.next())
        };
        match (first, second) {
            (Some((key, params)), None) => {
                Some(Entry { kind: &key.text, place: key.place, params: Some(params), when, id })
            }
            (None, _) => {
                let hint = "write the type as a key: `- whatsapp.message_received: { keywords: [price] }`";
                self.problems.error(item.place, "missing_key", "this trigger has no type", hint);
                None
            }
            (Some(_), Some((key, _))) => {
                let message = sentence!("a trigger has one type; `{name}` is a second", name = key.text);
                let hint = "begin each trigger with `- `; parameters go one level deeper, below the type";
                self.problems.error(key.place, "unknown_key", message, hint);
                None
            }
        }
    }

    /// The trigger of this type, or a problem.
    pub(super) fn trigger_spec(&mut self, kind: &str, at: Place) -> Option<&'a TriggerSpec> {
        let catalog = self.env.catalog;
        let found = catalog.triggers.get(kind);
        if found.is_none() {
            let hint = match kind {
                _ if KEYS.contains(&kind) => "this key stands beside the trigger's type".into(),
                _ => suggest::hint(kind, catalog.triggers.keys().copied()),
            };
            self.problems.error(at, "unknown_trigger", sentence!("there is no trigger `{kind}`", kind), hint);
        }
        found
    }

    fn params(&mut self, entry: &Entry<'a>, spec: &'a TriggerSpec) -> Option<Value> {
        self.trigger_params(spec, entry.params, entry.place)
    }

    /// The parameters of a trigger or of a `wait_for`, with the defaults of those not written.
    pub(super) fn trigger_params(&mut self, spec: &'a TriggerSpec, node: Option<&'a Node>, at: Place) -> Option<Value> {
        let shape = Shape::new(spec.params.as_value());
        let entries: &'a [(Key, Node)] = match node.map(|node| (&node.value, node)) {
            None | Some((Val::Null, _)) => &[],
            Some((Val::Map(entries), _)) => entries,
            Some((_, node)) => {
                fields::wrong(node, "the parameters of a trigger are a map", &mut self.problems);
                return None;
            }
        };
        let slot = Slot { shape, name: spec.name, expressions: false };
        let given = self.object(entries, at, slot);
        let mut params = Map::new();
        for (name, field) in shape.members() {
            if let Some(default) = field.attribute("default").filter(|default| !default.is_null()) {
                params.insert(name.to_owned(), default.clone());
            }
        }
        for (name, value) in given {
            params.insert(name.to_string(), constant(value)?);
        }
        self.special_params(spec.name, entries, &mut params);
        Some(Value::Object(params))
    }

    /// What schemas cannot say.
    fn special_params(&mut self, kind: &str, entries: &[(Key, Node)], params: &mut Map<String, Value>) {
        for (key, node) in entries {
            let Some(text) = node.scalar().map(|scalar| scalar.text.as_str()) else { continue };
            match (kind, key.text.as_str()) {
                (event::CRON, "at") => {
                    if let Err(error) = Schedule::parse(text) {
                        let hint = "minute hour day-of-month month day-of-week: \"0 9 * * 1\" is Monday at 9";
                        self.problems.error(node.place, "bad_cron", Sentence::plain(error.to_string()), hint);
                    }
                }
                (event::CRON, "zone") => {
                    time::zone(text, node.place, &mut self.problems);
                }
                (event::CRON, "each") => self.names_segment(text, node.place),
                (event::TAG_ADDED | event::TAG_REMOVED, "tag") => {
                    self.needs.tags_read.insert(text.to_owned());
                }
                (event::NO_REPLY, "after") => self.silence(text, node.place),
                (_, "connection") => {
                    let bound = self.env.bindings.connection(text).to_owned();
                    self.known_connection(&bound, node.place);
                    params.insert("connection".into(), bound.into());
                }
                _ => {}
            }
        }
    }

    fn silence(&mut self, text: &str, at: Place) {
        let Ok(after) = crate::duration::parse(text) else { return };
        if !(60..=365 * 86400).contains(&after.as_secs()) {
            let message = sentence!("`after` is {text}; a silence lasts 1m to 365d", text);
            self.problems.error(at, "out_of_range", message, "write a duration from 1m to 365d");
        }
    }

    fn known_connection(&mut self, name: &str, at: Place) {
        self.needs.connections.insert(name.to_owned());
        let Some(all) = &self.env.connections else { return };
        if !all.iter().any(|info| info.id == name) {
            let hint = suggest::hint(name, all.iter().map(|info| info.id.as_str()));
            self.problems.error(at, "unknown_connection", sentence!("there is no connection `{name}`", name), hint);
        }
    }

    fn trigger_name(&mut self, node: &'a Node, used: &HashMap<String, u32>) -> Option<&'a str> {
        let id = fields::text(node, "`id`", &mut self.problems)?;
        let fits = id.len() <= 64
            && id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
        if !fits {
            let hint = "small letters, digits, `_` and `-`, first a letter: after_two_days";
            self.problems.error(node.place, "bad_id", sentence!("`{id}` is not a trigger id", id), hint);
        } else if used.contains_key(id) {
            let message = sentence!("two triggers have the id `{id}`", id);
            self.problems.error(node.place, "duplicate_id", message, "give each its own");
        } else {
            return Some(id);
        }
        None
    }
}

/// What an event of this trigger brings. A schedule brings a contact when it goes over a segment.
fn source<'a>(spec: &'a TriggerSpec, entry: &Entry<'_>) -> Source<'a> {
    let each = spec.name == event::CRON
        && entry.params.is_some_and(|params| params.get("each").is_some_and(|each| each.scalar().is_some()));
    Source { kind: spec.name, event: Shape::new(spec.event.as_value()), in_conversation: spec.in_conversation || each }
}
