//! WhatsApp through Twilio: one sender of one account.
//!
//! `door` takes webhooks in, `signature` checks and `decode` reads them, `send` performs, `errors` judges answers, `contents` lists
//! templates.

mod contents;
mod decode;
mod door;
mod errors;
mod send;
mod signature;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use engine::capability::file::SendMedia;
use engine::capability::whatsapp::{SendChoices, SendTemplate, SendText};
use engine::clock::At;
use engine::connector::{
    ApprovedTemplate, Connection, Connector, ConnectorBuilder, Door, Finding, OpenContext, Problem,
};
use engine::secret::Secret;
use engine::sentence;
use futures_util::future::BoxFuture;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::common::phone_of;
use super::shelf::Shelf;
use crate::net::{self, Class, Net, Outgoing};
use door::Hook;

/// Messages a second through one WhatsApp sender. Source: Twilio, "WhatsApp throughput".
const RATE: u32 = 80;
/// Calls at once; above an account's own limit Twilio answers 20429, which only delays.
const CONCURRENCY: u16 = 32;

/// ContentSids by template name and language.
type Templates = BTreeMap<String, BTreeMap<String, String>>;

/// The settings of a connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The account, `AC…`.
    account_sid: String,
    /// The account's primary auth token: it signs webhooks, which an API key cannot.
    auth_token: Secret,
    /// The sender's number, such as `+14155238886`.
    from: String,
    /// Sends through this messaging service (`MG…`) instead of the number alone.
    #[serde(default)]
    messaging_service_sid: Option<String>,
    /// What Twilio calls and signs. Default: the server's own public address.
    #[serde(default)]
    public_url: Option<String>,
    /// Address of Twilio's API. Default `https://api.twilio.com`.
    #[serde(default = "default_base_url")]
    base_url: String,
    /// Address of Twilio's Content API, which tells the templates. Default `https://content.twilio.com`, or `base_url` where that is
    /// another than Twilio's.
    #[serde(default)]
    content_url: Option<String>,
    /// Names of your own for templates: name, then language, then ContentSid (`HX…`). Templates that are not here go by the name
    /// WhatsApp approved them under. Default none.
    #[serde(default)]
    templates: Templates,
    /// Language of templates when neither the step nor the contact has one. Default `en`.
    #[serde(default = "default_language")]
    default_language: String,
}

/// Twilio's own addresses.
const API: &str = "https://api.twilio.com";
const CONTENT_API: &str = "https://content.twilio.com";

fn default_base_url() -> String {
    API.into()
}

fn default_language() -> String {
    "en".into()
}

/// One opened sender.
pub(crate) struct Twilio {
    hook: Hook,
    net: Net,
    /// Without a final slash.
    base: String,
    /// The same of the Content API.
    content_base: String,
    /// Where our webhooks come in.
    hook_url: String,
    /// Those of the settings.
    templates: Templates,
    /// The other ones, as Twilio told them last.
    told: RwLock<Templates>,
    default_language: String,
    /// When a send asked for them last; held while it asks.
    told_at: tokio::sync::Mutex<Option<At>>,
    /// What it told of its templates.
    shelf: Shelf,
}

/// The connector `whatsapp.twilio`.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<Twilio>::new("whatsapp.twilio", "WhatsApp through Twilio")
        .performs::<SendText>()
        .performs::<SendTemplate>()
        .performs::<SendChoices>()
        .performs::<SendMedia>()
        .limits(RATE, CONCURRENCY)
        .opens(open)
}

fn open(settings: Settings, context: &OpenContext) -> Result<Twilio, String> {
    check_settings(&settings)?;
    let from = phone_of(&settings.from).ok_or("`from` must be a number such as +14155238886")?;
    let public_url = match &settings.public_url {
        Some(url) => net::base_url(url).map_err(|why| format!("public_url: {why}"))?,
        None => context.public_url.trim_end_matches('/').to_owned(),
    };
    let base = net::base_url(&settings.base_url)?;
    let content_base = match &settings.content_url {
        Some(url) => net::base_url(url).map_err(|why| format!("content_url: {why}"))?,
        None if base == API => CONTENT_API.to_owned(),
        None => base.clone(),
    };
    Ok(Twilio {
        net: Net::open(context)?,
        base,
        content_base,
        hook_url: format!("{public_url}/hooks/{}", context.id),
        hook: Hook {
            account_sid: settings.account_sid,
            auth_token: settings.auth_token,
            from,
            messaging_service_sid: settings.messaging_service_sid,
            public_url,
        },
        templates: settings.templates,
        told: RwLock::default(),
        told_at: tokio::sync::Mutex::default(),
        default_language: settings.default_language,
        shelf: Shelf::default(),
    })
}

/// Ids are parts of addresses and forms, so they are what they look like, and an empty token would let everybody in.
fn check_settings(settings: &Settings) -> Result<(), String> {
    let is_sid = |sid: &str, prefix: &str| {
        sid.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_alphanumeric()))
    };
    if !is_sid(&settings.account_sid, "AC") {
        return Err("`account_sid` must begin with AC".into());
    }
    if settings.auth_token.expose().is_empty() {
        return Err("`auth_token` is empty".into());
    }
    if settings.messaging_service_sid.as_deref().is_some_and(|sid| !is_sid(sid, "MG")) {
        return Err("`messaging_service_sid` must begin with MG".into());
    }
    for (template, languages) in &settings.templates {
        if let Some((language, sid)) = languages.iter().find(|(_, sid)| !is_sid(sid, "HX")) {
            return Err(format!(
                "`templates.{template}.{language}` must be a ContentSid that begins with HX, not `{sid}`"
            ));
        }
    }
    Ok(())
}

impl Twilio {
    /// An address below the account.
    fn url(&self, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}{path}", self.base, self.hook.account_sid)
    }

    /// Whether the account answers and is active.
    async fn account(&self) -> Finding {
        let outgoing = Outgoing::new(Method::GET, self.url(".json"), Class::MayRepeat)
            .basic(&self.hook.account_sid, &self.hook.auth_token);
        let answer = match self.net.send(outgoing).await {
            Ok(answer) => answer,
            Err(error) => return Finding::new(false, "account", error.to_string()),
        };
        let body = answer.json().unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(|text| answer.words(text));
        if !answer.status.is_success() {
            let problem = errors::verdict_of::<Value>(&answer).problem().cloned();
            return Finding::new(false, "account", problem.unwrap_or_else(|| answer.problem()).message);
        }
        let name = text("friendly_name").unwrap_or_default();
        let status = text("status").unwrap_or_else(|| "unknown".to_owned());
        Finding::new(status == "active", "account", sentence!("{name} is {status}", name, status))
    }

    /// What only a person can set at Twilio: where it sends incoming messages.
    fn webhook(&self) -> Finding {
        let (url, from) = (&self.hook_url, &self.hook.from);
        let text = sentence!("set {url} as the webhook for incoming messages of {from}", url, from);
        // A Twilio that itself answers without TLS is a simulated one on this machine, and reaches us as we are.
        let public = self.hook_url.starts_with("https://") || self.base.starts_with("http://");
        let text = match public {
            true => text,
            false => sentence!("{text}; Twilio needs an https address: set public_url", text),
        };
        Finding::new(public, "webhook", text)
    }
}

impl Connection for Twilio {
    fn door(&self) -> Option<&dyn Door> {
        Some(&self.hook)
    }

    fn templates(&self) -> BoxFuture<'_, Result<Vec<ApprovedTemplate>, Problem>> {
        Box::pin(async { contents::approved::<Value>(self).await.map_err(|verdict| contents::problem_of(&verdict)) })
    }

    fn known_templates(&self) -> Option<Arc<[ApprovedTemplate]>> {
        self.shelf.all()
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(async { vec![self.account().await, self.webhook(), contents::check(self).await] })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(change: impl FnOnce(&mut Value)) -> Settings {
        let mut settings = json!({
            "account_sid": "AC0123", "auth_token": "t", "from": "+14155238886",
            "templates": { "order_ready": { "en": "HX1", "pt_BR": "HX2" } },
        });
        change(&mut settings);
        serde_json::from_value(settings).unwrap()
    }

    fn opened(settings: Settings) -> Result<Twilio, String> {
        // Twice is an error that says it is there already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let context = OpenContext {
            id: Arc::from("wa-backup"),
            public_url: Arc::from("https://flows.example.com"),
            allow_private_network: false,
        };
        open(settings, &context)
    }

    /// A sender with two templates.
    pub(super) fn twilio() -> Twilio {
        opened(settings(|_| {})).unwrap()
    }

    #[test]
    fn the_signed_address_is_our_own_unless_another_is_given() {
        assert_eq!(twilio().hook.public_url, "https://flows.example.com");
        let other = opened(settings(|settings| settings["public_url"] = "https://hooks.example.com/".into())).unwrap();
        assert_eq!(other.hook.public_url, "https://hooks.example.com");
        assert_eq!(other.hook_url, "https://hooks.example.com/hooks/wa-backup");
    }

    #[test]
    fn templates_are_asked_for_at_twilios_own_address_or_where_its_double_answers() {
        assert_eq!(twilio().content_base, "https://content.twilio.com");
        let given =
            |name: &str, url: &str| opened(settings(|settings| settings[name] = url.into())).unwrap().content_base;
        assert_eq!(given("base_url", "http://127.0.0.1:9/twilio/"), "http://127.0.0.1:9/twilio");
        assert_eq!(given("content_url", "https://proxy.example.com"), "https://proxy.example.com");
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_the_reason() {
        let table = [
            ("account_sid", json!("0123"), "`account_sid` must begin with AC"),
            ("account_sid", json!("AC01/../x"), "`account_sid` must begin with AC"),
            ("auth_token", json!(""), "`auth_token` is empty"),
            ("from", json!("whatsapp:+1"), "`from` must be a number"),
            ("messaging_service_sid", json!("XX1"), "`messaging_service_sid` must begin with MG"),
            ("templates", json!({ "a": { "en": "1" } }), "`templates.a.en` must be a ContentSid"),
            ("public_url", json!("flows"), "public_url: "),
            ("content_url", json!("flows"), "content_url: "),
        ];
        for (name, value, why) in table {
            let refused = opened(settings(|settings| settings[name] = value)).err().unwrap();
            assert!(refused.starts_with(why), "{name}: {refused}");
        }
    }

    #[test]
    fn an_address_without_tls_is_told() {
        let plain = opened(settings(|settings| settings["public_url"] = "http://10.0.0.1".into())).unwrap();
        assert!(twilio().webhook().good);
        assert!(!plain.webhook().good);
    }
}
