//! Chatwoot's webhooks: what agents write, and conversations that they resolve or open again.
//!
//! Source: Chatwoot, "Webhooks"; the signature is of its pull request 13573 (February 2026), older servers send none.
//!
//! An agent's public message becomes `webhook.received` with the path `agent_message` and the body `{ conversation, text,
//! agent, phone }`; a change of status becomes `crm.field_changed` with the object `conversation` and the field `status`.

use engine::clock::At;
use engine::connector::{Door, DoorError, HookRequest, Incoming, Intake, Item, ObjectRef, Sender};
use engine::event::{FIELD_CHANGED, Origin, WEBHOOK_RECEIVED};
use engine::secret::Secret;
use engine::trigger::{FieldChangedEvent, WebhookEvent};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// How far a signature's time may be from ours, in seconds. Source: Chatwoot, "Webhooks", "Verifying signatures".
const TOLERANCE_S: u64 = 300;

/// The door of one account.
pub(super) struct ChatwootDoor {
    secret: Secret,
}

impl ChatwootDoor {
    pub(super) fn new(secret: Secret) -> Self {
        Self { secret }
    }

    /// The time that was signed.
    fn verify<'a>(&self, request: &'a HookRequest, now: At) -> Result<&'a str, DoorError> {
        let time = request.header("x-chatwoot-timestamp").ok_or(DoorError::Unsigned("no timestamp"))?;
        let signed_at: i64 = time.parse().map_err(|_| DoorError::Unsigned("the timestamp is not a number"))?;
        if now.0.div_euclid(1_000).abs_diff(signed_at) > TOLERANCE_S {
            return Err(DoorError::Unsigned("the timestamp is more than 5 minutes off"));
        }
        let signature = request.header("x-chatwoot-signature").ok_or(DoorError::Unsigned("no signature"))?;
        let signature = signature.strip_prefix("sha256=").and_then(|hex| hex::decode(hex).ok());
        let signature = signature.ok_or(DoorError::Unsigned("the signature is not sha256=<hex>"))?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes()).expect("HMAC takes keys of any length");
        for part in [time.as_bytes(), b".", &request.body] {
            mac.update(part);
        }
        mac.verify_slice(&signature).map_err(|_| DoorError::Unsigned("the signature does not match"))?;
        Ok(time)
    }
}

impl Door for ChatwootDoor {
    /// Sent once, with 5 s to answer. Source: chatwoot/chatwoot, issue 15920.
    fn sender(&self) -> Sender {
        Sender::OneShot
    }

    fn receive(&self, request: &HookRequest, now: At) -> Result<Intake, DoorError> {
        let signed_at = self.verify(request, now)?;
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|error| DoorError::Unreadable(format!("not JSON: {error}")))?;
        let item = match body["event"].as_str() {
            Some("message_created") => message(&body),
            Some("conversation_status_changed") => status(&body, signed_at),
            Some(_) => None,
            None => return Err(DoorError::Unreadable("no `event`".into())),
        };
        Ok(Intake { items: item.into_iter().collect(), answer: String::new(), content_type: "text/plain" })
    }
}

fn bad(body: &Value, why: &str) -> Option<Item> {
    Some(Item::Bad { raw: body.to_string(), why: why.to_owned() })
}

/// What a person wrote for the customer; notes, customers' and programs' messages are not ours to tell.
pub(super) fn message(body: &Value) -> Option<Item> {
    // A word in webhooks, a number in some versions.
    let outgoing = body["message_type"] == "outgoing" || body["message_type"] == 1;
    if !outgoing || body["private"] == true || body["sender"]["type"] != "user" {
        return None;
    }
    let conversation = &body["conversation"];
    let (Some(id), Some(number)) = (body["id"].as_u64(), conversation["id"].as_u64()) else {
        return bad(body, "a message without its number or its conversation's");
    };
    let sender = &body["sender"];
    let told = json!({
        "conversation": number.to_string(), "text": body["content"].as_str().unwrap_or_default(),
        "agent": { "id": sender["id"].to_string(), "name": sender["name"] },
        "phone": conversation["meta"]["sender"]["phone_number"],
    });
    let event = WebhookEvent {
        method: "POST".into(),
        path: "agent_message".into(),
        query: std::collections::BTreeMap::new(),
        body: told,
    };
    let body = serde_json::to_value(event).ok()?;
    // Deliveries of one message may be two. Source: chatwoot/chatwoot, issue 11901.
    Some(item(format!("message/{id}"), WEBHOOK_RECEIVED, number, body))
}

fn status(body: &Value, signed_at: &str) -> Option<Item> {
    let (Some(number), Some(new)) = (body["id"].as_u64(), body["status"].as_str()) else {
        return bad(body, "a change without the conversation's number or status");
    };
    let changed = body["changed_attributes"].as_array().into_iter().flatten();
    let old = changed.filter_map(|attribute| attribute.get("status")).next();
    let event = FieldChangedEvent {
        object: "conversation".into(),
        object_id: number.to_string(),
        field: "status".into(),
        old: old.map_or(Value::Null, |status| status["previous_value"].clone()),
        new: new.into(),
    };
    let body = serde_json::to_value(event).ok()?;
    Some(item(format!("status/{number}/{new}/{signed_at}"), FIELD_CHANGED, number, body))
}

fn item(external_id: String, kind: &'static str, conversation: u64, body: Value) -> Item {
    let object = Some(ObjectRef { kind: "conversation".into(), external_id: conversation.to_string() });
    let (origin, provider_at, party) = (Origin::Crm, None, None);
    Item::Event(Box::new(Incoming { external_id, kind, origin, provider_at, party, object, body }))
}
