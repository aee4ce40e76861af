//! What stands in a test of a flow: what is given, what happens, what actions answer, what is expected.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::case::{Expectation, Expected, Fail, Fake, Given, Moment};
use super::fields::{self, Fields, wrong};
use super::literals::untyped;
use super::lower::Lower;
use super::shape::{Form, Member, Shape};
use super::suggest;
use super::time;
use super::yaml::{Node, Place, Val};
use crate::contact::Priority;
use crate::sentence;

const CONTACT: &[&str] =
    &["phone", "name", "language", "priority", "tags", "order_status", "fields", "consent", "unread_count"];
const CONVERSATION: &[&str] = &["window_open", "last_inbound_at", "last_outbound_at", "channel"];
/// Fields every event has and a test may set.
const COMMON: &[&str] = &["id", "connection", "origin"];

static PRIORITY: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Priority).to_value());

pub(super) fn choice<T: Copy>(node: &Node, all: &[(&str, T)], lower: &mut Lower<'_>) -> Option<T> {
    let text = fields::text(node, "this", &mut lower.problems)?;
    let found = all.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let hint = suggest::hint(text, all.iter().map(|(name, _)| *name));
        lower.problems.error(node.place, "unknown_choice", sentence!("`{text}` is not a choice here", text), hint);
    }
    found
}

pub(super) fn texts(node: &Node, what: &str, lower: &mut Lower<'_>) -> Vec<String> {
    let items = fields::list(node, what, &mut lower.problems);
    items.iter().filter_map(|item| fields::text(item, "an item", &mut lower.problems).map(str::to_owned)).collect()
}

pub(super) fn given<'a>(node: &'a Node, lower: &mut Lower<'a>) -> Given {
    let Some(mut keys) = Fields::of(node, "`given`", &mut lower.problems) else { return Given::default() };
    let contact = keys.take("contact").and_then(|node| record(node, "the contact", CONTACT, lower));
    let contacts = keys.take("contacts").map(|node| {
        let items = fields::list(node, "`contacts`", &mut lower.problems);
        items.iter().filter_map(|item| record(item, "a contact", CONTACT, lower)).collect()
    });
    let conversation = keys.take("conversation").and_then(|node| record(node, "the conversation", CONVERSATION, lower));
    let at = keys.take("at").and_then(|node| {
        let text = fields::text(node, "`at`", &mut lower.problems)?;
        time::instant(text, node.place, &mut lower.problems)
    });
    keys.finish(&["contact", "contacts", "conversation", "at"], &mut lower.problems);
    Given { contact: contact.unwrap_or_default(), contacts: contacts.unwrap_or_default(), conversation, at }
}

/// A map of known fields. Those that are text keep their spelling: `phone: +8613800138000`.
pub(super) fn record(
    node: &Node,
    what: &'static str,
    known: &[&str],
    lower: &mut Lower<'_>,
) -> Option<Map<String, Value>> {
    let keys = Fields::of(node, what, &mut lower.problems)?;
    let mut out = Map::new();
    let mut unknown = Vec::new();
    for (key, value) in keys.rest() {
        let shape = match key.text.as_str() {
            "fields" | "consent" | "tags" | "unread_count" | "window_open" => Shape::any(),
            "priority" => Shape::new(&PRIORITY),
            _ => Shape::text(),
        };
        if known.contains(&key.text.as_str()) {
            if let Some(value) = plain(value, shape, &key.text, lower) {
                out.insert(key.text.clone(), value);
            }
        } else {
            unknown.push((key.place, key.text.clone()));
        }
    }
    for (place, name) in unknown {
        let hint = suggest::hint(&name, known.iter().copied());
        lower.problems.error(place, "unknown_key", sentence!("{what} has no `{name}`", what, name), hint);
    }
    Some(out)
}

pub(super) fn moments<'a>(node: &'a Node, lower: &mut Lower<'a>) -> Vec<Moment> {
    let Val::Map(entries) = &node.value else {
        wrong(
            node,
            "`at` is a map from times to events: { 0s: { whatsapp.message_received: { text: hi } } }",
            &mut lower.problems,
        );
        return Vec::new();
    };
    let mut out = Vec::new();
    for (key, value) in entries {
        let after = time::duration(&key.text, key.place, &mut lower.problems);
        let items = match &value.value {
            Val::List(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut events = Vec::new();
        for item in items {
            let Val::Map(entries) = &item.value else {
                wrong(
                    item,
                    "an event is its type with its fields: { whatsapp.message_received: { text: hi } }",
                    &mut lower.problems,
                );
                continue;
            };
            for (kind, fields) in entries {
                let Some(spec) = lower.trigger_spec(&kind.text, kind.place) else { continue };
                let shape = Shape::new(spec.event.as_value());
                let value = event_fields(fields, shape, spec.name, lower);
                events.push((spec.name.to_owned(), Value::Object(value)));
            }
        }
        out.extend(after.map(|after| Moment { after, events, line: key.place.line }));
    }
    out.sort_by_key(|moment| moment.after);
    out
}

fn event_fields(node: &Node, shape: Shape<'_>, what: &str, lower: &mut Lower<'_>) -> Map<String, Value> {
    if matches!(node.value, Val::Null) {
        return Map::new();
    }
    let Val::Map(entries) = &node.value else {
        wrong(node, sentence!("the fields of `{what}` are a map", what), &mut lower.problems);
        return Map::new();
    };
    let mut out = Map::new();
    for (key, value) in entries {
        let member =
            if COMMON.contains(&key.text.as_str()) { Member::Known(Shape::text()) } else { shape.member(&key.text) };
        if let Some(shape) = known(member, &key.text, key.place, what, shape, lower)
            && let Some(value) = plain(value, shape, &key.text, lower)
        {
            out.insert(key.text.clone(), value);
        }
    }
    out
}

pub(super) fn fakes<'a>(node: &'a Node, lower: &mut Lower<'a>) -> BTreeMap<String, Vec<Fake>> {
    let Val::Map(entries) = &node.value else {
        wrong(node, "`fake` is a map from actions to their answers", &mut lower.problems);
        return BTreeMap::new();
    };
    let mut out = BTreeMap::new();
    for (key, value) in entries {
        let Some(spec) = action(&key.text, key.place, lower) else { continue };
        let items = match &value.value {
            Val::List(items) => items.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let shape = Shape::new(spec.output.as_value());
        let answers = items.iter().filter_map(|item| fake(item, shape, spec.name, lower)).collect();
        out.insert(spec.name.to_owned(), answers);
    }
    out
}

fn fake(item: &Node, shape: Shape<'_>, what: &'static str, lower: &mut Lower<'_>) -> Option<Fake> {
    let mut keys = Fields::of(item, "an answer", &mut lower.problems)?;
    let Some(fail) = keys.take("fail") else {
        return object(item, shape, what, lower).map(|fields| Fake::Reply(Value::Object(fields)));
    };
    let ways = [
        ("later", Fail::Later),
        ("refused", Fail::Refused),
        ("unknown", Fail::Unknown),
        ("auth", Fail::Auth),
        ("down", Fail::Down),
    ];
    let how = choice(fail, &ways, lower);
    let code = keys.take("code").and_then(|node| fields::text(node, "`code`", &mut lower.problems)).map(str::to_owned);
    let message = keys.take("message").and_then(|node| fields::text(node, "`message`", &mut lower.problems));
    let message = message.map(str::to_owned);
    keys.finish(&["fail", "code", "message"], &mut lower.problems);
    Some(Fake::Fail { how: how?, code, message })
}

pub(super) fn expectations<'a>(node: &'a Node, lower: &mut Lower<'a>) -> Vec<Expectation> {
    let items = fields::list(node, "this", &mut lower.problems);
    items.iter().filter_map(|item| expectation(item, lower)).collect()
}

/// What is expected in order, of which some may come in any.
pub(super) fn expected<'a>(node: &'a Node, lower: &mut Lower<'a>) -> Vec<Expected> {
    let items = fields::list(node, "this", &mut lower.problems);
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        out.extend(match item.get("any_order") {
            Some(together) => {
                if let Some(mut keys) = Fields::of(item, "an expectation", &mut lower.problems) {
                    keys.take("any_order");
                    keys.finish(&["any_order"], &mut lower.problems);
                }
                Some(Expected::AnyOrder(expectations(together, lower)))
            }
            None => expectation(item, lower).map(Expected::One),
        });
    }
    out
}

fn expectation<'a>(item: &'a Node, lower: &mut Lower<'a>) -> Option<Expectation> {
    let line = item.place.line;
    if let Val::Scalar(name) = &item.value {
        let spec = action(&name.text, item.place, lower)?;
        return Some(Expectation { at: None, action: spec.name.to_owned(), fields: Value::Object(Map::new()), line });
    }
    let mut keys = Fields::of(item, "an expectation", &mut lower.problems)?;
    let at = keys.take("at").and_then(|node| {
        let text = fields::text(node, "`at`", &mut lower.problems)?;
        time::duration(text, node.place, &mut lower.problems)
    });
    let mut rest = keys.rest();
    let Some((key, value)) = rest.next() else {
        let hint = "write the action as a key: `- crm.create_ticket: { subject: … }`";
        lower.problems.error(item.place, "missing_key", "this expects no action", hint);
        return None;
    };
    if let Some((second, _)) = rest.next() {
        let message = sentence!("one action per expectation; `{name}` is a second", name = second.text);
        lower.problems.error(second.place, "unknown_key", message, "begin a new one with `- `");
    }
    let spec = action(&key.text, key.place, lower)?;
    let fields = match &value.value {
        Val::Null => Map::new(),
        _ => object(value, Shape::new(spec.input.as_value()), spec.name, lower)?,
    };
    Some(Expectation { at, action: spec.name.to_owned(), fields: Value::Object(fields), line })
}

fn action<'a>(name: &str, at: Place, lower: &mut Lower<'a>) -> Option<&'a crate::connector::ActionSpec> {
    let found = lower.env.catalog.actions.get(name);
    if found.is_none() {
        let hint = suggest::hint(name, lower.env.catalog.actions.keys().copied());
        lower.problems.error(at, "unknown_action", sentence!("there is no action `{name}`", name), hint);
    }
    found
}

fn known<'s>(
    member: Member<'s>,
    name: &str,
    at: Place,
    what: &str,
    shape: Shape<'s>,
    lower: &mut Lower<'_>,
) -> Option<Shape<'s>> {
    match member {
        Member::Known(shape) => Some(shape),
        Member::Free => Some(Shape::any()),
        Member::Unknown => {
            let hint = suggest::hint(name, shape.names());
            lower.problems.error(at, "unknown_field", sentence!("{what} has no field `{name}`", what, name), hint);
            None
        }
    }
}

/// A map of fixed values, any part of what `shape` describes.
pub(super) fn object(node: &Node, shape: Shape<'_>, what: &str, lower: &mut Lower<'_>) -> Option<Map<String, Value>> {
    let Val::Map(entries) = &node.value else {
        wrong(node, sentence!("{what} takes a map of fields", what), &mut lower.problems);
        return None;
    };
    let mut out = Map::new();
    for (key, value) in entries {
        let Some(shape) = known(shape.member(&key.text), &key.text, key.place, what, shape, lower) else { continue };
        if let Some(value) = plain(value, shape, &key.text, lower) {
            out.insert(key.text.clone(), value);
        }
    }
    Some(out)
}

/// A fixed value of the type `shape` says; what is missing in it does not matter.
fn plain(node: &Node, shape: Shape<'_>, name: &str, lower: &mut Lower<'_>) -> Option<Value> {
    let form = shape.form();
    let typed = |value: Value| {
        let fits = match form {
            Form::Integer => value.is_i64(),
            Form::Number => value.is_number(),
            Form::Boolean => value.is_boolean(),
            Form::List | Form::Map => false,
            Form::Any | Form::Text => true,
        };
        fits.then_some(value)
    };
    if let (Some(choices), Val::Scalar(scalar)) = (shape.choices(), &node.value)
        && !choices.contains(&scalar.text.as_str())
    {
        let message = sentence!("`{name}` cannot be `{text}`", name, text = &scalar.text);
        lower.problems.error(node.place, "unknown_choice", message, suggest::hint(&scalar.text, choices));
        return None;
    }
    let value = match &node.value {
        Val::Broken => return None,
        Val::Null => Some(Value::Null),
        Val::Scalar(scalar) if form == Form::Text => Some(Value::String(scalar.text.clone())),
        Val::Scalar(scalar) => typed(untyped(scalar)),
        Val::List(items) if matches!(form, Form::List | Form::Any) => {
            let inner = shape.items().unwrap_or(Shape::any());
            Some(items.iter().filter_map(|item| plain(item, inner, name, lower)).collect())
        }
        Val::Map(_) if matches!(form, Form::Map | Form::Any) => {
            return object(node, shape, &format!("`{name}`"), lower).map(Value::Object);
        }
        Val::List(_) | Val::Map(_) => None,
    };
    if value.is_none() {
        wrong(node, sentence!("`{name}` has another type", name), &mut lower.problems);
    }
    value
}
