//! The sandbox: a simulated WhatsApp Cloud API, Twilio, HubSpot, Slack, Telegram and Chatwoot over real HTTP on loopback,
//! and a mail server over real SMTP.
//!
//! It plays the world outside: `switchboard serve --sandbox` starts one, `switchboard play` drives it, crash tests and
//! the benchmark compare its [`Books`] with the journal. It is written from the providers' documentation with types of
//! its own, so that it catches what the connectors get wrong instead of repeating it: it uses nothing of them and
//! nothing of the engine.
//!
//! ```text
//! {url}/graph/v24.0/{phone_number_id}/messages              Cloud API; base URL for a connection: {url}/graph
//! {url}/twilio/2010-04-01/Accounts/{sid}/Messages.json      Twilio;    base URL: {url}/twilio
//! {url}/hubspot/crm/v3/objects/tickets                      HubSpot;   base URL: {url}/hubspot
//! {url}/slack/chat.postMessage                              Slack;     base URL: {url}/slack
//! {url}/telegram/bot{token}/sendMessage                     Telegram;  base URL: {url}/telegram
//! {url}/chatwoot/api/v1/accounts/{id}/conversations         Chatwoot;  base URL: {url}/chatwoot
//! {url}/_sandbox/…                                          the control desk
//! ```
//!
//! The control desk is for other processes; in process, the methods of [`Sandbox`] do the same:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/books[?only=totals]` | everything it did, as JSON |
//! | `DELETE /_sandbox/books` | forgets calls, messages, webhooks and CRM objects; keeps properties, windows, faults |
//! | `GET`, `PUT /_sandbox/faults` | what goes wrong ([`Faults`]); `{}` is fair weather |
//! | `PUT /_sandbox/webhooks` | `{"provider": "cloud_api", "url": "http://…/hooks/wa-main"}` |
//! | `POST /_sandbox/play` | plays a customer, a CRM user or a colleague who presses a button ([`Play`]), answers [`Played`] |
//! | `POST /_sandbox/verify` | verifies the Cloud API's webhook address by `hub.challenge` |
//!
//! Reading order: [`config`](Config), `world` (shared state), `server` (gate and routes), `cloud_api`, `twilio`, `hubspot`,
//! `chat` (what each answers), `webhooks` (what goes out), `play`, `control`.

mod books;
mod chat;
mod chatwoot;
mod cloud_api;
mod config;
mod control;
mod faults;
mod hubspot;
mod mail;
mod phone;
mod play;
mod server;
mod sign;
#[cfg(test)]
mod tests;
mod twilio;
mod webhooks;
mod wire;
mod world;

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use books::{Association, Books, Message, Object, Request, Totals, Webhook};
pub use chat::{Post, PostButton};
pub use chatwoot::ChatwootBooks;
pub use config::{
    ChatwootAccount, CloudApiAccount, Config, HubSpotAccount, SlackApp, TelegramBot, Template, TwilioAccount,
};
pub use faults::{CallFault, Fail, Faults, ProviderFaults, RateLimit, Times, WebhookFaults};
pub use mail::{MailAnswer, MailFaults, MailServer, TakenMail};
pub use phone::{FileOnPhone, OnPhone, Phones};
pub use play::{Act, Error, Item, Order, Play, Played};

use webhooks::Outbox;
use wire::{Door, Plug};
use world::World;

/// How long a stop waits for calls that are being answered.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// A service that the sandbox simulates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// WhatsApp Cloud API of Meta.
    #[default]
    CloudApi,
    /// Twilio's WhatsApp messaging.
    Twilio,
    /// HubSpot's CRM.
    Hubspot,
    /// Slack.
    Slack,
    /// Telegram.
    Telegram,
    /// Chatwoot.
    Chatwoot,
}

impl Provider {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::CloudApi, Self::Twilio, Self::Hubspot, Self::Slack, Self::Telegram, Self::Chatwoot];
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudApi => "cloud_api",
            Self::Twilio => "twilio",
            Self::Hubspot => "hubspot",
            Self::Slack => "slack",
            Self::Telegram => "telegram",
            Self::Chatwoot => "chatwoot",
        })
    }
}

/// A running sandbox. Dropping it stops it.
pub struct Sandbox {
    world: Arc<World>,
    mail: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Listens and starts the webhook queues on the current tokio runtime. The process must have installed a rustls
    /// provider before, as its main function does.
    ///
    /// # Errors
    /// The address cannot be bound, or no HTTP client can be made.
    pub async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = watch::channel(false);
        let (outbox, trays) = Outbox::new().map_err(io::Error::other)?;
        let world = World::new(config, url, outbox, stopped);
        webhooks::run(&world, trays);
        // Beside the other one, at a free port.
        let mail = mail::start(world.clone(), TcpListener::bind((world.config.listen.ip(), 0)).await?).await?;
        let service = server::router(world.clone()).into_make_service_with_connect_info::<Plug>();
        let stopping = world.clone();
        let server = tokio::spawn(async move {
            let serve = axum::serve(Door(listener), service);
            let served = serve.with_graceful_shutdown(async move { stopping.stopping().await }).await;
            if let Err(error) = served {
                tracing::error!(%error, "sandbox: the server ended");
            }
        });
        Ok(Self { world, mail, stop, server })
    }

    /// The base address, such as `http://127.0.0.1:9100`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.world.url
    }

    /// Where its mail server listens.
    #[must_use]
    pub fn mail_address(&self) -> SocketAddr {
        self.mail
    }

    /// A snapshot of everything it did. Its cost grows with the books; [`Sandbox::totals`] is always quick.
    #[must_use]
    pub fn books(&self) -> Books {
        self.world.books()
    }

    /// Counts of everything it did.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.world.ledger.totals()
    }

    /// What is going wrong now, with what is left of each `times`.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.world.faults().clone()
    }

    /// Replaces what goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        *self.world.faults() = faults;
    }

    /// Sets where a provider's webhooks go; `None` stops them.
    pub fn set_webhook_url(&self, provider: Provider, url: Option<String>) {
        self.world.set_webhook_url(provider, url);
    }

    /// Plays a customer or a CRM user: one signed webhook, delivered at once.
    ///
    /// # Errors
    /// No webhook address is set, or the provider has no such event.
    pub async fn play(&self, play: Play) -> Result<Played, Error> {
        play::play(&self.world, play).await
    }

    /// The phones of its customers, for whoever plays them elsewhere.
    #[must_use]
    pub fn phones(&self) -> Phones {
        Phones(Arc::clone(&self.world))
    }

    /// Resolves when every webhook has been delivered or given up.
    pub async fn idle(&self) {
        self.world.outbox.idle().await;
    }

    /// Resolves when the books fit; they are looked at now and after each entry.
    pub async fn wait_until(&self, fits: impl Fn(&Books) -> bool) -> Books {
        loop {
            let changed = self.world.ledger.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let books = self.books();
            if fits(&books) {
                return books;
            }
            changed.await;
        }
    }

    /// Stops: refuses new connections, closes idle ones, lets go of held ones and gives up undelivered webhooks.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(STOP_PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
