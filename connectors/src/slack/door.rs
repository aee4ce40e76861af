//! Slack's interactivity: who pressed which button, signed with the app's secret.
//!
//! Source: Slack, "Verifying requests from Slack", "Handling user interaction in your Slack apps" (`block_actions`).

use engine::capability::notify::{ButtonPressed, Person, Press};
use engine::clock::At;
use engine::connector::{Door, DoorError, HookRequest, Incoming, Intake, Item, Sender};
use engine::event::{BUTTON_PRESSED, Origin};
use engine::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use url::form_urlencoded;

use super::message_id;

/// How far a signature's time may be from ours, in seconds. Source: Slack, "Verifying requests from Slack".
const TOLERANCE_S: u64 = 300;

/// The door of one app.
pub(super) struct SlackDoor {
    signing_secret: Secret,
}

impl SlackDoor {
    pub(super) fn new(signing_secret: Secret) -> Self {
        Self { signing_secret }
    }

    fn verify(&self, request: &HookRequest, now: At) -> Result<(), DoorError> {
        let time = request.header("x-slack-request-timestamp").ok_or(DoorError::Unsigned("no timestamp"))?;
        let signed_at: i64 = time.parse().map_err(|_| DoorError::Unsigned("the timestamp is not a number"))?;
        if now.0.div_euclid(1_000).abs_diff(signed_at) > TOLERANCE_S {
            return Err(DoorError::Unsigned("the timestamp is more than 5 minutes off"));
        }
        let signature = request.header("x-slack-signature").ok_or(DoorError::Unsigned("no signature"))?;
        let signature = signature.strip_prefix("v0=").ok_or(DoorError::Unsigned("the signature is not of v0"))?;
        let signature = hex::decode(signature).map_err(|_| DoorError::Unsigned("the signature is not hex"))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.signing_secret.expose().as_bytes())
            .expect("HMAC takes keys of any length");
        for part in [b"v0:", time.as_bytes(), b":", &request.body] {
            mac.update(part);
        }
        mac.verify_slice(&signature).map_err(|_| DoorError::Unsigned("the signature does not match"))
    }
}

impl Door for SlackDoor {
    /// A press that is not answered is shown to the person as failed and not sent again. Source: Slack, "Handling user
    /// interaction", "Acknowledgment response".
    fn sender(&self) -> Sender {
        Sender::OneShot
    }

    fn receive(&self, request: &HookRequest, now: At) -> Result<Intake, DoorError> {
        self.verify(request, now)?;
        // The Events API proves the address with JSON. Source: Slack, "url_verification".
        if let Ok(Value::Object(event)) = serde_json::from_slice(&request.body) {
            let challenge = event.get("challenge").and_then(Value::as_str).unwrap_or_default();
            return Ok(Intake { items: Vec::new(), answer: challenge.to_owned(), content_type: "text/plain" });
        }
        let payload = form_urlencoded::parse(&request.body).find(|(name, _)| name == "payload");
        let (_, payload) = payload.ok_or_else(|| DoorError::Unreadable("a form without `payload`".into()))?;
        Ok(Intake { items: items(&payload), answer: String::new(), content_type: "text/plain" })
    }
}

#[derive(Deserialize)]
struct Interaction {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    user: User,
    #[serde(default)]
    channel: Channel,
    #[serde(default)]
    message: Message,
    #[serde(default)]
    actions: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct User {
    #[serde(default)]
    id: String,
    /// The person's handle; workspaces of old have `name` only.
    username: Option<String>,
    name: Option<String>,
}

#[derive(Default, Deserialize)]
struct Channel {
    #[serde(default)]
    id: String,
}

#[derive(Default, Deserialize)]
struct Message {
    #[serde(default)]
    ts: String,
}

#[derive(Deserialize)]
struct Pressed {
    action_id: String,
    #[serde(default)]
    value: String,
    action_ts: String,
}

/// The presses in a payload; links and what is not ours bring none.
fn items(payload: &str) -> Vec<Item> {
    let bad = |raw: &str, why: String| Item::Bad { raw: raw.to_owned(), why };
    let interaction: Interaction = match serde_json::from_str(payload) {
        Ok(interaction) => interaction,
        Err(error) => return vec![bad(payload, error.to_string())],
    };
    if interaction.kind != "block_actions" {
        return Vec::new();
    }
    let item = |action: &Value| match Pressed::deserialize(action) {
        Ok(pressed) => press(&interaction, &pressed),
        Err(error) => Some(bad(&action.to_string(), error.to_string())),
    };
    interaction.actions.iter().filter_map(item).collect()
}

fn press(interaction: &Interaction, pressed: &Pressed) -> Option<Item> {
    let User { id, username, name } = &interaction.user;
    let name = username.as_ref().or(name.as_ref()).cloned().unwrap_or_default();
    let press = Press::named(&pressed.action_id)?;
    let mut event = ButtonPressed::about("slack", press, &pressed.value, Person { id: id.clone(), name })?;
    event.channel.clone_from(&interaction.channel.id);
    event.message = message_id(&interaction.channel.id, &interaction.message.ts);
    let incoming = Incoming {
        external_id: format!("{}/{id}/{}/{}", pressed.action_ts, pressed.action_id, pressed.value),
        kind: BUTTON_PRESSED,
        origin: Origin::Api,
        provider_at: seconds(&pressed.action_ts),
        party: None,
        object: None,
        body: serde_json::to_value(event).ok()?,
    };
    Some(Item::Event(Box::new(incoming)))
}

/// `1700000000.123456` as a time.
fn seconds(ts: &str) -> Option<At> {
    let (whole, part) = ts.split_once('.').unwrap_or((ts, ""));
    let millis: i64 = part.get(..3).unwrap_or("0").parse().ok()?;
    Some(At(whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(millis)?))
}
