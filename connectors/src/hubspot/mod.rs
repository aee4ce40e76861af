//! HubSpot: tickets, contacts, fields and tags of a portal; its property-change webhooks.
//!
//! Source: HubSpot's OpenAPI files (v3, v4, 2026-03, 2026-09) and developer documentation, read August 2026.
//!
//! HubSpot knows no idempotency key, but drops doubles of a value that must be unique. So each ticket carries its
//! call's key in a unique property of ours and each contact its number in another; both are written by upsert, which
//! may be repeated for ever. [`setup`](Connection::setup) creates the properties. Without them calls still work, but
//! are not repeated when unclear.
//!
//! A contact that was in the portal before is found only once it has the phone property: fill it by an import, or it is
//! created anew.

mod contacts;
mod door;
mod errors;
mod properties;
#[cfg(test)]
mod tests;
mod tickets;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::capability::crm::{AddTags, CreateTicket, GetContact, SetFields, SetOwner, UpsertContact};
use engine::connector::{Connection, Connector, ConnectorBuilder, Door, Finding, OpenContext, Repeat};
use engine::secret::Secret;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::net::{Class, Net, Outgoing, base_url};
use door::HubSpotDoor;
use errors::Failure;
use tickets::Pipeline;

/// The connector.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<HubSpot>::new("hubspot", "HubSpot")
        .performs::<CreateTicket>()
        .performs::<UpsertContact>()
        .performs::<GetContact>()
        .performs::<SetFields>()
        .performs::<AddTags>()
        .performs::<SetOwner>()
        // HubSpot counts calls and an action makes up to four: `calls_per_second` paces them, not the engine.
        .limits(0, 8)
        .opens(open)
}

/// How to reach one portal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Token of a private app or service key, with the scopes `tickets`, `crm.objects.contacts.read`,
    /// `crm.objects.contacts.write`, and for `connection setup` `crm.schemas.contacts.write`.
    access_token: Secret,
    /// Client secret of the app: checks the signature of its webhooks. Without it all webhooks are refused.
    #[serde(default)]
    client_secret: Option<Secret>,
    /// Address of the API. Default `https://api.hubapi.com`.
    #[serde(default = "default_base")]
    base_url: String,
    /// Version of the API: `v3` (default; HubSpot supports it until September 2027) or dated, such as `2026-03`.
    #[serde(default = "default_version")]
    api_version: String,
    /// Public address that HubSpot calls, when it is not the server's own: the signature covers it.
    #[serde(default)]
    public_url: Option<String>,
    /// Calls of its API a second; the ticket of a customer is three or four. Default 9; 0 = no limit, for simulated
    /// services only.
    #[serde(default = "default_calls")]
    calls_per_second: u32,
    /// Unique ticket property that holds the call's key. Default `switchboard_key`.
    #[serde(default = "default_ticket_key")]
    ticket_key_property: String,
    /// Unique contact property that holds the number in E.164. Default `switchboard_phone`.
    #[serde(default = "default_phone")]
    phone_property: String,
    /// Contact property (text) that holds the tags, sorted and joined by `;`. Default `switchboard_tags`.
    #[serde(default = "default_tags")]
    tags_property: String,
}

fn default_base() -> String {
    "https://api.hubapi.com".into()
}

fn default_version() -> String {
    "v3".into()
}

/// Private app, Free and Starter: 100 calls in 10 s for the whole account; one a second is left to others. Source:
/// HubSpot, "API usage guidelines".
fn default_calls() -> u32 {
    9
}

fn default_ticket_key() -> String {
    "switchboard_key".into()
}

fn default_phone() -> String {
    "switchboard_phone".into()
}

fn default_tags() -> String {
    "switchboard_tags".into()
}

fn open(settings: Settings, context: &OpenContext) -> Result<HubSpot, String> {
    let names = [&settings.ticket_key_property, &settings.phone_property, &settings.tags_property];
    let name_fits = |name: &&String| {
        !name.is_empty()
            && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
    };
    if let Some(bad) = names.into_iter().find(|name| !name_fits(name)) {
        return Err(format!("`{bad}` is not a property name: lower-case letters, digits and `_`"));
    }
    if !settings.api_version.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-') {
        return Err("api_version must be like v3 or 2026-03".into());
    }
    Ok(HubSpot {
        net: Net::open(context)?.paced(settings.calls_per_second),
        base: base_url(&settings.base_url)?,
        version: settings.api_version,
        token: settings.access_token,
        door: HubSpotDoor::new(settings.client_secret, &context.public_url, settings.public_url.as_deref()),
        ticket_key: Unique::new(settings.ticket_key_property),
        phone: Unique::new(settings.phone_property),
        tags: settings.tags_property,
        pipelines: Mutex::new(Vec::new()),
    })
}

/// A unique property of ours, and whether the portal has it.
struct Unique {
    name: String,
    /// True until a check or a refused upsert finds it missing: an upsert by a missing property does nothing.
    there: AtomicBool,
}

impl Unique {
    fn new(name: String) -> Self {
        Self { name, there: AtomicBool::new(true) }
    }

    fn is_there(&self) -> bool {
        self.there.load(Ordering::Relaxed)
    }
}

/// One portal.
pub(crate) struct HubSpot {
    net: Net,
    base: String,
    version: String,
    token: Secret,
    door: HubSpotDoor,
    ticket_key: Unique,
    phone: Unique,
    tags: String,
    /// The ticket pipelines as last read; empty before that.
    pipelines: Mutex<Vec<Pipeline>>,
}

impl Connection for HubSpot {
    fn door(&self) -> Option<&dyn Door> {
        Some(&self.door)
    }

    fn repeat(&self, action: &str) -> Option<Repeat> {
        let keyed = match action {
            "crm.create_ticket" => self.ticket_key.is_there() && self.phone.is_there(),
            "crm.upsert_contact" | "crm.add_tags" | "crm.set_owner" => self.phone.is_there(),
            _ => true,
        };
        (!keyed).then_some(Repeat::OnlyIfRefused)
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(properties::check(self))
    }

    fn setup(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(properties::setup(self))
    }
}

impl HubSpot {
    /// A path of the API: `/crm/v3/objects/…` or, with a dated version, `/crm/objects/2026-03/…`.
    fn path(&self, family: &str, rest: &str) -> String {
        if self.version.starts_with('v') {
            format!("/crm/{}/{family}/{rest}", self.version)
        } else {
            format!("/crm/{family}/{}/{rest}", self.version)
        }
    }

    /// Reads.
    async fn get(&self, path: &str, query: &[(String, String)]) -> Result<Value, Failure> {
        self.call(Method::GET, path, query, None, Class::MayRepeat).await
    }

    /// Makes a call and reads its JSON answer; an empty one is null.
    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(String, String)],
        body: Option<&Value>,
        class: Class,
    ) -> Result<Value, Failure> {
        let call = Outgoing::new(method, format!("{}{path}", self.base), class).bearer(&self.token).query(query);
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        let answer = self.net.send(call).await.map_err(|error| Failure::other(error.into_verdict()))?;
        errors::read(&answer, class)
    }

    /// Creates or updates one object by a unique property, repeatable for ever. Returns the object as HubSpot shows it.
    async fn upsert(&self, object: &str, by: &Unique, value: &str, mut properties: Fields) -> Result<Value, Failure> {
        properties.insert(by.name.clone(), value.into());
        let input = serde_json::json!({
            "idProperty": by.name, "id": value, "objectWriteTraceId": "1", "properties": properties,
        });
        let body = serde_json::json!({ "inputs": [input] });
        let path = self.path("objects", &format!("{object}/batch/upsert"));
        let mut answer = self.call(Method::POST, &path, &[], Some(&body), Class::MayRepeat).await?;
        match answer["results"].get_mut(0) {
            Some(result) if result["id"].is_string() => Ok(result.take()),
            _ => Err(Failure::unreadable("an upsert without a result")),
        }
    }
}

/// Property values: HubSpot takes and gives all of them as text.
type Fields = serde_json::Map<String, Value>;

/// A value as one segment of a path.
fn segment(text: &str) -> String {
    // Form encoding differs from percent encoding in the space only.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The id of an object in an answer.
fn id_of(object: &Value) -> Result<String, Failure> {
    object["id"].as_str().map(str::to_owned).ok_or_else(|| Failure::unreadable("an object without `id`"))
}
