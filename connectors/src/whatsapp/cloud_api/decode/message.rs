//! One message, whoever wrote it: what kind of event it is, and the text and fields that flows see.

use engine::connector::{Incoming, ObjectRef, Party};
use engine::event::{self, Origin};
use serde_json::{Map, Value, json};

use super::{GROUP_MESSAGE, order, read};

/// Where the answers of a form are, once [`open_flow_reply`] has read them.
const FORM_ANSWERS: &str = "/interactive/nfm_reply/response";

/// Who wrote a message, to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The customer.
    Customer,
    /// Ourselves, from the WhatsApp Business app.
    Us,
}

/// The event a message is. Every field the provider told stays in `message`; a type we do not know is a message too.
///
/// # Errors
/// When it has no id, or is an order that cannot be summed.
pub(super) fn read(message: Value, writer: Writer, party: Party, origin: Origin) -> Result<Incoming, String> {
    let id = read::text(&message, "id").ok_or("a message without `id`")?;
    let provider_at = read::at(&message, "timestamp");
    let Value::Object(mut message) = message else { return Err("a message that is no object".into()) };
    let name = match message.get("type") {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        _ => "unknown".to_owned(),
    };
    let group = message.get("group_id").and_then(read::plain);
    open_flow_reply(&mut message);
    message.insert("id".into(), id.clone().into());
    message.insert("type".into(), name.clone().into());
    let message = Value::Object(message);

    let kind = if group.is_some() { GROUP_MESSAGE } else { kind_of(&name, &message, writer) };
    let text = text_of(&name, &message);
    let body = match kind {
        event::ORDER_RECEIVED => json!({ "order": order::read(&id, &message)?, "message": message, "text": text }),
        event::FORM_SUBMITTED => {
            let mut answers = message.pointer(FORM_ANSWERS).cloned().unwrap_or_default();
            // Not a field of the form: it is what we named it by when we sent it.
            let form = answers.as_object_mut().and_then(|answers| answers.remove("flow_token"));
            let form = form.as_ref().and_then(Value::as_str).unwrap_or_default();
            json!({ "form": form, "answers": answers, "message": message, "text": text })
        }
        _ => json!({ "message": message, "text": text }),
    };
    Ok(Incoming {
        external_id: id,
        kind,
        // A notice by WhatsApp itself, unless it is an old one.
        origin: if name == "system" && origin == Origin::Customer { Origin::System } else { origin },
        provider_at,
        party: group.is_none().then_some(party),
        object: group.map(|id| ObjectRef { kind: "group".into(), external_id: id }),
        body,
    })
}

/// Reactions, edits, deletions and notices about the customer's number are no messages: they change what is there.
fn kind_of(name: &str, message: &Value, writer: Writer) -> &'static str {
    // `unsupported` may hide one of them; Meta then names it.
    let hidden = message.pointer("/unsupported/type").and_then(Value::as_str);
    match (name, writer) {
        ("reaction" | "edit" | "revoke" | "system", _) => event::MESSAGE_CHANGED,
        ("unsupported", _) if matches!(hidden, Some("reaction" | "edit")) => event::MESSAGE_CHANGED,
        (_, Writer::Us) => event::MESSAGE_ECHOED,
        ("order", Writer::Customer) => event::ORDER_RECEIVED,
        _ if message.pointer(FORM_ANSWERS).is_some() => event::FORM_SUBMITTED,
        _ => event::MESSAGE_RECEIVED,
    }
}

/// The answers of a WhatsApp form come as text that holds JSON; they are put beside it as `response`.
fn open_flow_reply(message: &mut Map<String, Value>) {
    let reply = message.get_mut("interactive").and_then(|interactive| interactive.get_mut("nfm_reply"));
    let Some(Value::Object(reply)) = reply else { return };
    let response = reply.get("response_json").and_then(Value::as_str).and_then(|json| serde_json::from_str(json).ok());
    if let Some(response @ Value::Object(_)) = response {
        reply.insert("response".into(), response);
    }
}

/// Whatever text a message has, for keywords and conditions; empty when it has none.
fn text_of(name: &str, message: &Value) -> String {
    let own = message.get(name).unwrap_or(&Value::Null);
    let at = |path: &str| own.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let text = match name {
        "button" => at("/text"),
        // The body of a form's answer is WhatsApp's own word ("Sent"), so it is not the customer's text.
        "interactive" => at("/button_reply/title").or_else(|| at("/list_reply/title")),
        "order" => at("/text"),
        "reaction" => at("/emoji"),
        "location" => Some([at("/name"), at("/address")].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        "contacts" => Some(names_of(own)),
        "edit" => own.get("message").map(|inner| {
            let name = inner.get("type").and_then(Value::as_str).unwrap_or_default();
            // One level: an edit of an edit does not exist, and must not lead us down a hostile nest.
            if name == "edit" { String::new() } else { text_of(name, inner) }
        }),
        _ => at("/body").or_else(|| at("/caption")),
    };
    text.unwrap_or_default()
}

/// The names on shared contact cards.
fn names_of(cards: &Value) -> String {
    let names = cards.as_array().into_iter().flatten();
    let names = names.filter_map(|card| card.pointer("/name/formatted_name").and_then(Value::as_str));
    names.collect::<Vec<_>>().join(", ")
}
