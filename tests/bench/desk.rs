//! The sandbox in a process of its own, and its control desk as the benchmark uses it.

use std::time::Duration;

use anyhow::{Context, Result};
use connectors::sandbox::{Config, HubSpotAccount, Sandbox};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::orders;
use crate::process::{self, Process};

/// What the sandbox counted. Fields as in `connectors::sandbox::Totals`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) refused: u64,
    pub(crate) templates: u64,
    pub(crate) tickets: u64,
    pub(crate) webhook_items: u64,
}

/// The settings of the benchmark's sandbox: the portal has our properties from the start.
pub(crate) fn config() -> Config {
    let default = Config::default();
    let contacts = |name, unique| ("contacts", name, unique);
    let properties = [
        ("tickets", "switchboard_key", true),
        contacts("switchboard_phone", true),
        contacts("switchboard_tags", false),
    ];
    let properties = properties.map(|(object, name, unique)| (object.to_owned(), name.to_owned(), unique)).to_vec();
    Config { hubspot: HubSpotAccount { properties, ..default.hubspot }, ..default }
}

/// `bench sandbox`: serves until the benchmark is gone.
pub(crate) async fn serve() -> Result<()> {
    let sandbox = Sandbox::start(config()).await?;
    crate::say(format_args!("sandbox on {}", sandbox.url()));
    process::until_left_alone().await;
    sandbox.stop().await;
    Ok(())
}

/// A running sandbox.
pub(crate) struct Desk {
    pub(crate) process: Process,
    pub(crate) url: String,
    http: Client,
}

impl Desk {
    pub(crate) async fn start(http: &Client) -> Result<Self> {
        let mut process = Process::own("sandbox", &[])?;
        let (url, _) = process.says("sandbox on ", Duration::from_secs(10)).await?;
        Ok(Self { process, url, http: http.clone() })
    }

    /// Where the Cloud API's messages and statuses go.
    pub(crate) async fn send_webhooks_to(&self, url: &str) -> Result<()> {
        let body = json!({ "provider": "cloud_api", "url": url });
        self.http.put(self.at("webhooks")).json(&body).send().await?.error_for_status()?;
        Ok(())
    }

    /// Customer `who` writes through the sandbox, which lets free text through to those who wrote to it within 24 hours.
    pub(crate) async fn greeted_by(&self, who: u64) -> Result<()> {
        let body = json!({ "kind": "message", "from": orders::number(who), "name": "Udo Beck", "text": "Hello" });
        self.http.post(self.at("play")).json(&body).send().await?.error_for_status()?;
        Ok(())
    }

    /// Forgets everything that was done.
    pub(crate) async fn forget(&self) -> Result<()> {
        self.http.delete(self.at("books")).send().await?.error_for_status()?;
        Ok(())
    }

    pub(crate) async fn totals(&self) -> Result<Totals> {
        totals(&self.http, &self.url).await
    }

    /// Everything that was done, as `connectors::sandbox::Books`.
    pub(crate) async fn books(&self) -> Result<Value> {
        self.http.get(self.at("books")).send().await?.json().await.context("the sandbox's books cannot be read")
    }

    fn at(&self, place: &str) -> String {
        format!("{}/_sandbox/{place}", self.url)
    }
}

/// The counts of the sandbox at `url`.
pub(crate) async fn totals(http: &Client, url: &str) -> Result<Totals> {
    let answer = http.get(format!("{url}/_sandbox/books?only=totals")).send().await?;
    answer.json().await.context("the sandbox's totals cannot be read")
}
