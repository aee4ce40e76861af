//! `POST …/Messages.json`: checks the form, notes the message and queues its status callbacks.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::Value;
use url::form_urlencoded;

use super::{check_account, error::Error, resource, template_by_sid};
use crate::sandbox::{
    Provider,
    books::Message,
    webhooks::{News, Parcel},
    world::{World, digits, now_ms},
};

/// `Body`, in characters.
const MAX_BODY: usize = 1600;
/// Parameters that the resource knows and a WhatsApp send may carry.
const KNOWN: &[&str] = &[
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "MediaUrl",
    "ContentSid",
    "ContentVariables",
    "StatusCallback",
    "ApplicationSid",
    "ValidityPeriod",
    "SmartEncoded",
    "PersistentAction",
    "ScheduleType",
    "SendAt",
    "ShortenUrls",
    "ProvideFeedback",
    "Attempt",
    "RiskCheck",
    "Tags",
];

pub(super) async fn send(
    State(world): State<Arc<World>>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Error> {
    check_account(&world, &sid)?;
    let mut message = read(&world, &headers, &body)?;
    let window_open = world.window_open(Provider::Twilio, &message.to);
    if message.template.is_none() && !window_open {
        let refusal =
            "Failed to send freeform message because you are outside the allowed window. Please use a Template.";
        if !world.config.late_refusals {
            return Err(Error::bad(63_016, refusal));
        }
        message.failed = Some(63_016);
    }
    message.id = world.next_sid();
    message.provider = Provider::Twilio;
    message.at_ms = now_ms();
    let mut answer = resource(&world, &message);
    answer["error_code"] = Value::Null;
    tell_statuses(&world, &message);
    world.ledger.message(message);
    Ok((StatusCode::CREATED, Json(answer)))
}

fn read(world: &World, headers: &HeaderMap, body: &[u8]) -> Result<Message, Error> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(Error::bad(20_422, "the body must be application/x-www-form-urlencoded"));
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    if let Some(unknown) = form.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Error::bad(20_422, &format!("{unknown} is not a parameter of this resource")));
    }
    let get = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let to = check_numbers(world, get("To"), get("From"), get("MessagingServiceSid"))?;
    let callback = get("StatusCallback").map(ToOwned::to_owned);
    if callback.as_deref().is_some_and(|url| url::Url::parse(url).is_err()) {
        return Err(Error::bad(21_609, "the StatusCallback URL is not a valid URL"));
    }
    let mut message = Message { to, callback, ..Message::default() };
    match (get("ContentSid"), get("Body"), get("MediaUrl")) {
        (Some(sid), None, None) => fill_template(world, sid, get("ContentVariables"), &mut message)?,
        (Some(_), _, _) => return Err(Error::bad(20_422, "Body and MediaUrl cannot go with ContentSid")),
        (None, None, None) => return Err(Error::bad(21_602, "Message body is required.")),
        (None, Some(text), _) if text.chars().count() > MAX_BODY => {
            return Err(Error::bad(21_617, "The concatenated message body exceeds the 1600 character limit."));
        }
        (None, _, Some(url)) if !url.starts_with("http://") && !url.starts_with("https://") => {
            return Err(Error::bad(21_620, "Invalid media URL(s)"));
        }
        (None, text, media) => {
            message.kind = if media.is_some() { "media" } else { "text" }.into();
            message.text = text.map(ToOwned::to_owned);
            message.content = media.map(Value::from);
        }
    }
    Ok(message)
}

/// Checks sender and receiver, and returns the receiver's digits.
fn check_numbers(world: &World, to: Option<&str>, from: Option<&str>, service: Option<&str>) -> Result<String, Error> {
    let to = to.ok_or_else(|| Error::bad(21_604, "A 'To' phone number is required."))?;
    let from = match (from, service) {
        (Some(from), _) => from,
        (None, Some(_)) => return Err(Error::bad(21_703, "The Messaging Service has no senders in the sandbox")),
        (None, None) => return Err(Error::bad(21_603, "A 'From' phone number is required.")),
    };
    let to_number = match (to.strip_prefix("whatsapp:"), from.strip_prefix("whatsapp:")) {
        (Some(to), Some(_)) => to,
        _ => return Err(Error::bad(21_910, "Invalid From and To pair. Both must be of the same channel.")),
    };
    if from.strip_prefix("whatsapp:") != Some(world.config.twilio.from.as_str()) {
        return Err(Error::bad(63_007, "Twilio could not find a Channel with the specified From address"));
    }
    let number = digits(to_number);
    if to_number != format!("+{number}") || !(7..=15).contains(&number.len()) {
        return Err(Error::bad(21_211, &format!("The 'To' number {to} is not a valid phone number.")));
    }
    if to == from {
        return Err(Error::bad(63_031, "Channels message cannot have same From and To"));
    }
    Ok(number)
}

/// Checks template and variables. Variables are named by placeholder, or numbered from 1 in order of appearance.
fn fill_template(world: &World, sid: &str, variables: Option<&str>, message: &mut Message) -> Result<(), Error> {
    let template = template_by_sid(world, sid);
    let template = template.ok_or_else(|| Error::bad(21_655, "The ContentSid is Invalid"))?;
    match template.status.as_str() {
        "APPROVED" => {}
        "PAUSED" => return Err(Error::bad(63_041, "Template paused")),
        "REJECTED" | "DISABLED" => return Err(Error::bad(63_040, "Template rejected")),
        _ => return Err(Error::bad(63_027, "Template does not exist for a language and locale")),
    }
    let given: BTreeMap<String, String> = serde_json::from_str(variables.unwrap_or("{}"))
        .map_err(|_| Error::bad(21_656, "The ContentVariables Parameter is invalid"))?;
    let mut params = BTreeMap::new();
    for (name, number) in template.placeholders().into_iter().zip(1..) {
        let value = given.get(name).or_else(|| given.get(&number.to_string()));
        let value = value.ok_or_else(|| {
            Error::bad(63_028, "Number of parameters provided does not match the expected number of parameters")
        })?;
        params.insert(name.to_owned(), value.clone());
    }
    if given.len() > params.len() {
        return Err(Error::bad(
            63_028,
            "Number of parameters provided does not match the expected number of parameters",
        ));
    }
    message.kind = "template".into();
    message.text = Some(template.render(&params));
    message.template = Some(template.name.clone());
    message.language = Some(template.language.clone());
    message.params = params;
    Ok(())
}

/// Queues the callbacks to the `StatusCallback` of this send; without one there are none.
fn tell_statuses(world: &World, message: &Message) {
    if !world.config.statuses || world.webhook_faults(Provider::Twilio).suppress_statuses {
        return;
    }
    let Some(url) = message.callback.clone() else { return };
    let states: &[&str] = match message.failed {
        Some(_) => &["undelivered"],
        None if world.config.auto_read => &["sent", "delivered", "read"],
        None => &["sent", "delivered"],
    };
    let parcel = |state: &&str| Parcel {
        provider: Provider::Twilio,
        kind: "status",
        url: url.clone(),
        news: vec![News::Form(callback_form(world, message, state))],
        token: world.next_number(),
    };
    world.outbox.put(states.iter().map(parcel).collect());
}

/// The form of a status callback (Twilio, "Outbound message status in status callbacks").
fn callback_form(world: &World, message: &Message, state: &str) -> Vec<(String, String)> {
    let account = &world.config.twilio;
    let to = format!("whatsapp:+{}", message.to);
    let mut fields = vec![
        ("MessageSid", message.id.clone()),
        ("SmsSid", message.id.clone()),
        ("MessageStatus", state.to_owned()),
        ("SmsStatus", state.to_owned()),
        ("From", format!("whatsapp:{}", account.from)),
        ("To", to.clone()),
        ("AccountSid", account.account_sid.clone()),
        ("ApiVersion", "2010-04-01".into()),
        ("ChannelPrefix", "whatsapp".into()),
        ("ChannelToAddress", to),
    ];
    if state == "read" {
        fields.push(("EventType", "READ".into()));
    }
    if let Some(code) = message.failed {
        fields.push(("ErrorCode", code.to_string()));
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
