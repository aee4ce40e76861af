//! Checks the body of a send (Meta, "Cloud API reference, messages"): fields, types and limits.

use serde_json::{Map, Value};

use super::{error::Error, interactive, template};
use crate::sandbox::{
    books::Message,
    world::{World, digits},
};

/// `text.body`, in characters.
const MAX_TEXT: usize = 4096;
/// Captions of media, in characters.
const MAX_CAPTION: usize = 1024;
/// `biz_opaque_callback_data`, in characters.
const MAX_CALLBACK: usize = 512;
/// Contact cards in one message.
const MAX_CONTACTS: usize = 257;
/// Longest number, in digits (ITU-T E.164), and the shortest taken here.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// What a well-formed body asks for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A message to send, and `to` as it was written.
    Send { message: Box<Message>, input: String },
    /// A received message marked as read.
    MarkRead,
}

/// Reads a body, or says what is wrong with it.
pub(super) fn check(world: &World, body: &[u8]) -> Result<Wanted, Error> {
    let body: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Error::parameter(format!("the body is not a JSON object: {error}")))?;
    if string(&body, "messaging_product")? != "whatsapp" {
        return Err(Error::parameter("messaging_product must be whatsapp"));
    }
    if body.contains_key("status") {
        return check_mark_read(&body);
    }
    let kind = optional_string(&body, "type")?.unwrap_or("text");
    known_fields(&body, kind)?;
    if let Some(receiver) = optional_string(&body, "recipient_type")?
        && receiver != "individual"
    {
        return Err(Error::invalid("recipient_type", "the sandbox has no groups: use individual"));
    }
    if let Some(context) = body.get("context") {
        string(object("context", context)?, "message_id")?;
    }
    let input = string(&body, "to")?;
    let mut message = Message {
        to: check_number(world, input)?,
        kind: kind.to_owned(),
        callback: check_callback(&body)?,
        ..Message::default()
    };
    let content = body.get(kind).ok_or_else(|| Error::missing(kind))?;
    let fields = || object(kind, content);
    match kind {
        "text" => message.text = Some(check_text(fields()?)?),
        "template" => template::check(world, fields()?, &mut message)?,
        "contacts" => check_contacts(content)?,
        "interactive" => interactive::check(fields()?)?,
        "image" | "video" | "audio" | "document" | "sticker" => check_media(kind, fields()?)?,
        "location" => check_location(fields()?)?,
        "reaction" => {
            string(fields()?, "message_id")?;
        }
        other => {
            return Err(Error::new(
                axum::http::StatusCode::BAD_REQUEST,
                131_051,
                "Message type is not currently supported",
                format!("Unsupported message type {other}."),
            ));
        }
    }
    if !matches!(kind, "text" | "template") {
        message.content = Some(content.clone());
    }
    Ok(Wanted::Send { message: Box::new(message), input: input.to_owned() })
}

fn check_mark_read(body: &Map<String, Value>) -> Result<Wanted, Error> {
    if string(body, "status")? != "read" {
        return Err(Error::invalid("status", "must be read"));
    }
    if !string(body, "message_id")?.starts_with("wamid.") {
        return Err(Error::parameter("message_id is not the id of a message"));
    }
    Ok(Wanted::MarkRead)
}

fn known_fields(body: &Map<String, Value>, kind: &str) -> Result<(), Error> {
    const COMMON: &[&str] = &[
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "biz_opaque_callback_data",
        "recipient_identity_key_hash",
    ];
    match body.keys().find(|name| !COMMON.contains(&name.as_str()) && *name != kind) {
        Some(name) => Err(Error::parameter(format!("Unexpected key \"{name}\" on param \"messages\"."))),
        None => Ok(()),
    }
}

fn check_number(world: &World, to: &str) -> Result<String, Error> {
    let number = digits(to);
    let only_number = to.chars().all(|sign| sign.is_ascii_digit() || "+ -()".contains(sign));
    if !only_number || !NUMBER_DIGITS.contains(&number.len()) {
        return Err(Error::invalid("to", "is not a phone number"));
    }
    if number == digits(&world.config.cloud_api.display_phone_number) {
        let details = "The message cannot be sent to the number that sends it.";
        return Err(Error::new(axum::http::StatusCode::BAD_REQUEST, 131_021, "Recipient cannot be sender", details));
    }
    Ok(number)
}

fn check_callback(body: &Map<String, Value>) -> Result<Option<String>, Error> {
    let callback = optional_string(body, "biz_opaque_callback_data")?;
    if callback.is_some_and(|text| text.chars().count() > MAX_CALLBACK) {
        return Err(Error::too_long("biz_opaque_callback_data", MAX_CALLBACK));
    }
    Ok(callback.map(ToOwned::to_owned))
}

fn check_text(text: &Map<String, Value>) -> Result<String, Error> {
    let body = limited(text, "body", 1..=MAX_TEXT)?;
    match text.get("preview_url") {
        None | Some(Value::Bool(_)) => Ok(body.to_owned()),
        Some(_) => Err(Error::invalid("text.preview_url", "must be true or false")),
    }
}

fn check_media(kind: &str, media: &Map<String, Value>) -> Result<(), Error> {
    match (optional_string(media, "id")?, optional_string(media, "link")?) {
        (Some(_), None) => {}
        (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => {}
        (None, Some(_)) => return Err(Error::invalid("link", "is not an http or https URL")),
        (None, None) => return Err(Error::missing("id or link")),
        (Some(_), Some(_)) => return Err(Error::parameter("give either id or link, not both")),
    }
    let takes_caption = matches!(kind, "image" | "video" | "document");
    match optional_string(media, "caption")? {
        Some(_) if !takes_caption => Err(Error::parameter(format!("Unexpected key \"caption\" on param \"{kind}\"."))),
        Some(caption) if caption.chars().count() > MAX_CAPTION => Err(Error::too_long("caption", MAX_CAPTION)),
        _ => Ok(()),
    }
}

fn check_location(location: &Map<String, Value>) -> Result<(), Error> {
    for (name, most) in [("latitude", 90.0), ("longitude", 180.0)] {
        let given = location.get(name).ok_or_else(|| Error::missing(name))?;
        let degrees = given.as_f64().or_else(|| given.as_str()?.parse().ok());
        if !degrees.is_some_and(|degrees: f64| degrees.abs() <= most) {
            return Err(Error::invalid(name, "is not a coordinate"));
        }
    }
    Ok(())
}

fn check_contacts(contacts: &Value) -> Result<(), Error> {
    let cards = contacts.as_array().ok_or_else(|| Error::invalid("contacts", "must be a list"))?;
    if cards.is_empty() || cards.len() > MAX_CONTACTS {
        return Err(Error::parameter(format!("contacts must have 1 to {MAX_CONTACTS} elements")));
    }
    for card in cards {
        let name = card.get("name").ok_or_else(|| Error::missing("contacts[].name"))?;
        string(object("name", name)?, "formatted_name")?;
    }
    Ok(())
}

pub(super) fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| Error::invalid(name, "must be an object"))
}

pub(super) fn optional_string<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Error> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::invalid(name, "must be a string")),
    }
}

/// A string that must be there and not be empty.
pub(super) fn string<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, Error> {
    optional_string(fields, name)?.filter(|text| !text.is_empty()).ok_or_else(|| Error::missing(name))
}

/// A required string whose length, in characters, must lie in a range.
pub(super) fn limited<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    range: std::ops::RangeInclusive<usize>,
) -> Result<&'a str, Error> {
    let text = string(fields, name)?;
    match range.contains(&text.chars().count()) {
        true => Ok(text),
        false => Err(Error::too_long(name, *range.end())),
    }
}
