//! Checks interactive messages (Meta, "Interactive messages"): the limits of buttons and lists; and what can be tapped on one.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    error::Error,
    message::{limited, object, optional_string, string},
};
use crate::sandbox::books::Message;

/// Body of a list, and of all others, in characters.
const MAX_LIST_BODY: usize = 4096;
const MAX_BODY: usize = 1024;
/// Header text and footer, in characters.
const MAX_EDGE: usize = 60;
/// Reply buttons in one message.
const MAX_BUTTONS: usize = 3;
/// Sections of a list, and rows over all of them.
const MAX_SECTIONS: usize = 10;
const MAX_ROWS: usize = 10;

pub(super) fn check(interactive: &Map<String, Value>) -> Result<(), Error> {
    let kind = string(interactive, "type")?;
    let action = || object("action", interactive.get("action").ok_or_else(|| Error::missing("interactive.action"))?);
    check_edges(interactive)?;
    match kind {
        "button" => {
            check_body(interactive, MAX_BODY)?;
            check_buttons(action()?)
        }
        "list" => {
            check_body(interactive, MAX_LIST_BODY)?;
            check_list(action()?)
        }
        "cta_url" | "location_request_message" | "product_list" | "catalog_message" | "flow" | "address_message" => {
            check_body(interactive, MAX_BODY)?;
            action().map(drop)
        }
        "product" | "carousel" => action().map(drop),
        other => Err(Error::invalid("interactive.type", &format!("{other} is not a known type"))),
    }
}

/// Something that a customer can tap.
pub(in crate::sandbox) struct Choice {
    /// `button_reply` or `list_reply`.
    pub(in crate::sandbox) kind: &'static str,
    /// Its id, its title and, for a row that has one, its description: what the webhook of the tap tells.
    pub(in crate::sandbox) shown: Value,
}

/// What can be tapped on an accepted message, in the order shown; nothing when it is no such message.
pub(in crate::sandbox) fn choices(message: &Message) -> Vec<Choice> {
    let action = message.content.as_ref().map_or(&Value::Null, |content| &content["action"]);
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let buttons = items(&action["buttons"]).into_iter();
    let buttons = buttons.map(|button| Choice { kind: "button_reply", shown: button["reply"].clone() });
    let rows = items(&action["sections"]).into_iter().flat_map(|section| items(&section["rows"]));
    buttons.chain(rows.map(|shown| Choice { kind: "list_reply", shown })).collect()
}

/// What stands above them.
pub(in crate::sandbox) fn words(message: &Message) -> Option<String> {
    message.content.as_ref()?["body"]["text"].as_str().map(str::to_owned)
}

fn check_body(interactive: &Map<String, Value>, most: usize) -> Result<(), Error> {
    let body = interactive.get("body").ok_or_else(|| Error::missing("interactive.body"))?;
    limited(object("body", body)?, "text", 1..=most).map(drop)
}

fn check_edges(interactive: &Map<String, Value>) -> Result<(), Error> {
    if let Some(header) = interactive.get("header") {
        let header = object("header", header)?;
        if string(header, "type")? == "text" {
            limited(header, "text", 1..=MAX_EDGE)?;
        }
    }
    if let Some(footer) = interactive.get("footer") {
        limited(object("footer", footer)?, "text", 1..=MAX_EDGE)?;
    }
    Ok(())
}

fn check_buttons(action: &Map<String, Value>) -> Result<(), Error> {
    let buttons = list(action, "buttons", MAX_BUTTONS)?;
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for button in buttons {
        let button = object("buttons[]", button)?;
        if string(button, "type")? != "reply" {
            return Err(Error::invalid("buttons[].type", "must be reply"));
        }
        let reply = object("reply", button.get("reply").ok_or_else(|| Error::missing("buttons[].reply"))?)?;
        let fresh = ids.insert(limited(reply, "id", 1..=256)?) & titles.insert(limited(reply, "title", 1..=20)?);
        if !fresh {
            return Err(Error::invalid("buttons", "ids and titles must differ from each other"));
        }
    }
    Ok(())
}

fn check_list(action: &Map<String, Value>) -> Result<(), Error> {
    limited(action, "button", 1..=20)?;
    let sections = list(action, "sections", MAX_SECTIONS)?;
    let mut ids = HashSet::new();
    for section in sections {
        let section = object("sections[]", section)?;
        match optional_string(section, "title")? {
            Some(_) => limited(section, "title", 1..=24).map(drop)?,
            None if sections.len() > 1 => return Err(Error::missing("sections[].title")),
            None => {}
        }
        for row in list(section, "rows", MAX_ROWS)? {
            let row = object("rows[]", row)?;
            limited(row, "title", 1..=24)?;
            if row.contains_key("description") {
                limited(row, "description", 1..=72)?;
            }
            if !ids.insert(limited(row, "id", 1..=200)?) {
                return Err(Error::invalid("rows", "ids must differ from each other"));
            }
        }
    }
    match ids.len() > MAX_ROWS {
        true => Err(Error::parameter(format!("Total row count exceeds the maximum allowed count: {MAX_ROWS}"))),
        false => Ok(()),
    }
}

fn list<'a>(fields: &'a Map<String, Value>, name: &str, most: usize) -> Result<&'a [Value], Error> {
    let items = fields.get(name).and_then(Value::as_array).ok_or_else(|| Error::missing(name))?;
    match items.is_empty() || items.len() > most {
        true => Err(Error::parameter(format!("{name} must have 1 to {most} elements"))),
        false => Ok(items),
    }
}
