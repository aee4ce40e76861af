//! Meta's WhatsApp Cloud API: one number of one WhatsApp Business Account.
//!
//! `door` takes webhooks in and `decode` reads them, `send` performs, `errors` judges answers, `media` fetches files and lists
//! templates, `check` looks whether it all works.

mod check;
mod decode;
mod door;
mod errors;
mod media;
mod send;

use std::sync::Arc;

use engine::capability::file::SendMedia;
use engine::capability::whatsapp::{SendChoices, SendTemplate, SendText};
use engine::connector::{
    ApprovedTemplate, Connection, Connector, ConnectorBuilder, Door, Finding, Media, OpenContext, Problem, Upload,
};
use engine::secret::Secret;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;

use super::shelf::Shelf;
use crate::net::{self, Net};
use door::Hook;

/// Messages a second through one number, in and out together. Source: Meta, "Throughput" (raised by Meta on its own
/// later).
const RATE: u32 = 80;
/// Calls at once: at Meta's usual 200 ms a call, 80 a second need 16; twice that covers a slow hour.
const CONCURRENCY: u16 = 32;

/// The settings of a connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Graph id of the number (not the number itself).
    phone_number_id: String,
    /// Id of the WhatsApp Business Account.
    waba_id: String,
    /// Token of a system user with `whatsapp_business_messaging` and `whatsapp_business_management`.
    access_token: Secret,
    /// Secret of the app: Meta signs webhooks with it.
    app_secret: Secret,
    /// Any text you choose; Meta shows it when it checks the webhook's address.
    verify_token: Secret,
    /// Address of the Graph API. Default `https://graph.facebook.com`.
    #[serde(default = "default_base_url")]
    base_url: String,
    /// Version of the Graph API. Default `v24.0`; each lives about two years.
    #[serde(default = "default_version")]
    version: String,
    /// Language of templates when neither the step nor the contact has one. Default `en`.
    #[serde(default = "default_language")]
    default_language: String,
    /// Country of the number, two capital letters (ISO 3166), such as `CN`. Only a note: numbers are sent and
    /// received in international form.
    #[serde(default)]
    country: Option<String>,
}

fn default_base_url() -> String {
    "https://graph.facebook.com".into()
}

fn default_version() -> String {
    "v24.0".into()
}

fn default_language() -> String {
    "en".into()
}

/// One opened number.
pub(crate) struct CloudApi {
    hook: Hook,
    net: Net,
    access_token: Secret,
    /// With the version, without a final slash.
    base: String,
    default_language: String,
    /// What it told of its templates.
    shelf: Shelf,
}

/// The connector `whatsapp.cloud_api`.
pub(crate) fn connector() -> Connector {
    ConnectorBuilder::<CloudApi>::new("whatsapp.cloud_api", "WhatsApp Cloud API")
        .performs::<SendText>()
        .performs::<SendTemplate>()
        .performs::<SendChoices>()
        .performs::<SendMedia>()
        .limits(RATE, CONCURRENCY)
        .opens(open)
}

fn open(settings: Settings, context: &OpenContext) -> Result<CloudApi, String> {
    check_settings(&settings)?;
    let base = format!("{}/{}", net::base_url(&settings.base_url)?, settings.version);
    Ok(CloudApi {
        net: Net::open(context)?,
        hook: Hook {
            app_secret: settings.app_secret,
            verify_token: settings.verify_token,
            phone_number_id: settings.phone_number_id,
            waba_id: settings.waba_id,
        },
        access_token: settings.access_token,
        base,
        default_language: settings.default_language,
        shelf: Shelf::default(),
    })
}

/// An empty secret would let everybody in, and an id with a slash would call another address.
fn check_settings(settings: &Settings) -> Result<(), String> {
    let secrets = [
        ("access_token", &settings.access_token),
        ("app_secret", &settings.app_secret),
        ("verify_token", &settings.verify_token),
    ];
    if let Some((name, _)) = secrets.iter().find(|(_, secret)| secret.expose().is_empty()) {
        return Err(format!("`{name}` is empty"));
    }
    for (name, id) in [("phone_number_id", &settings.phone_number_id), ("waba_id", &settings.waba_id)] {
        if id.is_empty() || !id.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(format!("`{name}` must be the id from Meta's app dashboard: digits only, without `+`"));
        }
    }
    let version = settings.version.strip_prefix('v').and_then(|version| version.split_once('.'));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !version.is_some_and(|(major, minor)| number(major) && number(minor)) {
        return Err(format!("`version` must look like v24.0, not `{}`", settings.version));
    }
    let country = settings.country.as_deref().unwrap_or("CN");
    if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(format!("`country` must be two capital letters such as CN, not `{country}`"));
    }
    Ok(())
}

impl CloudApi {
    /// The address of `path` below the versioned base.
    fn url(&self, path: &[&str]) -> String {
        format!("{}/{}", self.base, path.join("/"))
    }
}

impl Connection for CloudApi {
    fn door(&self) -> Option<&dyn Door> {
        Some(&self.hook)
    }

    fn media<'a>(&'a self, id: &'a str, most: usize) -> BoxFuture<'a, Result<Media, Problem>> {
        Box::pin(media::fetch(self, id, most))
    }

    fn upload(&self, file: Upload) -> BoxFuture<'_, Result<String, Problem>> {
        Box::pin(async move { media::upload(self, &file).await })
    }

    fn templates(&self) -> BoxFuture<'_, Result<Vec<ApprovedTemplate>, Problem>> {
        Box::pin(async move {
            let templates = media::templates(self).await?;
            self.shelf.put(&templates);
            Ok(templates)
        })
    }

    fn known_templates(&self) -> Option<Arc<[ApprovedTemplate]>> {
        self.shelf.all()
    }

    fn check(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(check::check(self))
    }

    fn setup(&self) -> BoxFuture<'_, Vec<Finding>> {
        Box::pin(check::setup(self))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings(change: impl FnOnce(&mut Value)) -> Result<Settings, String> {
        let mut settings = json!({
            "phone_number_id": "700100200300", "waba_id": "9001",
            "access_token": "t", "app_secret": "s", "verify_token": "v",
        });
        change(&mut settings);
        let settings: Settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
        check_settings(&settings).map(|()| settings)
    }

    #[test]
    fn settings_have_metas_defaults() {
        let settings = settings(|_| {}).unwrap();
        assert_eq!(settings.base_url, "https://graph.facebook.com");
        assert_eq!((settings.version.as_str(), settings.default_language.as_str()), ("v24.0", "en"));
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_the_reason() {
        let table = [
            ("app_secret", json!(""), "`app_secret` is empty"),
            ("verify_token", json!(""), "`verify_token` is empty"),
            ("phone_number_id", json!("+551130001000"), "`phone_number_id` must be the id"),
            ("waba_id", json!("9001/x"), "`waba_id` must be the id"),
            ("version", json!("24"), "`version` must look like v24.0"),
            ("country", json!("Brazil"), "`country` must be two capital letters"),
            ("aap_secret", json!("s"), "unknown field `aap_secret`"),
        ];
        for (name, value, why) in table {
            let refused = settings(|settings| settings[name] = value).unwrap_err();
            assert!(refused.starts_with(why), "{name}: {refused}");
        }
    }
}
