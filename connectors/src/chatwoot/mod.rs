//! Chatwoot: an outside inbox in which people work. Tickets are conversations there; what agents write and resolve comes
//! back.
//!
//! Source: Chatwoot, "Application APIs" (contacts, conversations, messages, assignments), "Webhooks", and its pull request
//! 13573 for signatures, read November 2026. Where versions nest an answer differently both forms are read.
//!
//! A ticket is a conversation in one inbox (of type API, or the WhatsApp one), with the ticket's text as a private note: no
//! customer sees it. The conversation carries the call's key as a custom attribute, so that a repeat by a person finds it.

mod api;
mod conversations;
mod door;
#[cfg(test)]
mod tests;
mod tickets;

use engine::capability::crm::CreateTicket;
use engine::connector::{Connection, Connector, ConnectorBuilder, Door, Finding, OpenContext};
use engine::secret::Secret;
use engine::sentence;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::net::{Net, base_url};
use api::list;
use conversations::{AddNote, HandOver};
use door::ChatwootDoor;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Chatwoot>::new("chatwoot", "Chatwoot")
        .performs::<CreateTicket>()
        .performs::<HandOver>()
        .performs::<AddNote>()
        // A ticket makes up to six calls: `calls_per_second` paces them, not the engine.
        .limits(0, 4)
        .opens(open)
}

/// How to reach one account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Address of the Chatwoot server, such as `https://app.chatwoot.com`.
    base_url: String,
    /// Number of the account, from the address of its pages.
    account_id: u64,
    /// Access token of an agent, from their profile settings.
    access_token: Secret,
    /// Number of the inbox in which tickets are made.
    inbox_id: u64,
    /// Secret of the webhook in Chatwoot's settings: checks what it sends. Without it all webhooks are refused.
    #[serde(default)]
    webhook_secret: Option<Secret>,
    /// Number of the team that gets tickets. Default: nobody is assigned.
    #[serde(default)]
    team_id: Option<u64>,
    /// Calls of its API a second. Default 20; 0 = no limit, for simulated services only.
    #[serde(default = "default_calls")]
    calls_per_second: u32,
}

/// 3 000 calls a minute from one address, less than half of which we take. Source: Chatwoot, "Rate limiting"
/// (`RACK_ATTACK_LIMIT`).
fn default_calls() -> u32 {
    20
}

fn open(settings: Settings, context: &OpenContext) -> Result<Chatwoot, String> {
    let base = base_url(&settings.base_url)?;
    Ok(Chatwoot {
        net: Net::open(context)?.paced(settings.calls_per_second),
        base: format!("{base}/api/v1/accounts/{}", settings.account_id),
        token: settings.access_token,
        inbox: settings.inbox_id,
        team: settings.team_id,
        door: settings.webhook_secret.map(ChatwootDoor::new),
    })
}

/// One account.
pub(crate) struct Chatwoot {
    net: Net,
    base: String,
    token: Secret,
    inbox: u64,
    team: Option<u64>,
    door: Option<ChatwootDoor>,
}

impl Connection for Chatwoot {
    fn door(&self) -> Option<&dyn Door> {
        self.door.as_ref().map(|door| door as &dyn Door)
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async {
            let inboxes = match self.read("/inboxes").await {
                Ok(inboxes) => inboxes,
                Err(failure) => return vec![Finding::new(false, "access token", failure.message())],
            };
            let found = list(&inboxes).iter().any(|inbox| inbox["id"].as_u64() == Some(self.inbox));
            let inbox = match found {
                true => sentence!("is there"),
                false => sentence!("is not there, or the agent is no member of it"),
            };
            let signed = self.door.is_some();
            let hook = match signed {
                true => sentence!("are signed"),
                false => sentence!("set webhook_secret, or they are refused"),
            };
            vec![
                Finding::new(true, "access token", "works"),
                Finding::new(found, sentence!("inbox {n}", n = self.inbox), inbox),
                Finding::new(signed, "webhooks", hook),
            ]
        })
    }
}
