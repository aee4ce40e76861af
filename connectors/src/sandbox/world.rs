//! What all parts of one sandbox share: settings, books, faults, the CRM's state, ids and the clock.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use tokio::sync::watch;

use super::{
    ChatwootBooks, Provider,
    books::{Books, Ledger},
    config::{Config, Template},
    faults::{Faults, WebhookFaults},
    hubspot::Portal,
    webhooks::Outbox,
};

/// The customer service window (Meta, "Send messages": 24 hours from the customer's last message), in milliseconds.
const WINDOW_MS: u64 = 24 * 60 * 60 * 1000;

/// Files kept at once.
const MAX_FILES: usize = 20;

/// The shared state. Each lock guards one small thing and is never held over an await.
pub(super) struct World {
    pub(super) config: Config,
    pub(super) url: String,
    pub(super) ledger: Ledger,
    pub(super) outbox: Outbox,
    /// Turns true when the sandbox stops.
    pub(super) stopped: watch::Receiver<bool>,
    faults: Mutex<Faults>,
    portal: Mutex<Portal>,
    chatwoot: Mutex<ChatwootBooks>,
    webhook_urls: Mutex<HashMap<Provider, String>>,
    /// What goes out with Telegram's updates.
    telegram_secret: Mutex<Option<String>>,
    /// When each customer (digits) last wrote, UTC milliseconds.
    last_inbound: Mutex<HashMap<(Provider, String), u64>>,
    /// Files that were uploaded, newest last: id, type and bytes.
    files: Mutex<VecDeque<(String, String, Bytes)>>,
    born_ms: u64,
    next_id: AtomicU64,
}

impl World {
    pub(super) fn new(config: Config, url: String, outbox: Outbox, stopped: watch::Receiver<bool>) -> Arc<Self> {
        let configured = [
            (Provider::CloudApi, config.cloud_api.webhook_url.clone()),
            (Provider::Twilio, config.twilio.webhook_url.clone()),
            (Provider::Hubspot, config.hubspot.webhook_url.clone()),
            (Provider::Slack, config.slack.webhook_url.clone()),
            (Provider::Chatwoot, config.chatwoot.webhook_url.clone()),
            (Provider::Telegram, config.telegram.webhook_url.clone()),
        ];
        let urls = configured.into_iter().filter_map(|(provider, url)| Some((provider, url?))).collect();
        Arc::new(Self {
            url,
            ledger: Ledger::new(config.keep),
            outbox,
            stopped,
            faults: Mutex::default(),
            portal: Mutex::new(Portal::new(&config.hubspot.properties, config.keep)),
            chatwoot: Mutex::default(),
            webhook_urls: Mutex::new(urls),
            telegram_secret: Mutex::new(Some(config.telegram.secret_token.clone())),
            last_inbound: Mutex::default(),
            files: Mutex::default(),
            born_ms: now_ms(),
            next_id: AtomicU64::new(1),
            config,
        })
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn webhook_faults(&self, provider: Provider) -> WebhookFaults {
        self.faults().of(provider).webhooks.clone()
    }

    pub(super) fn portal(&self) -> MutexGuard<'_, Portal> {
        lock(&self.portal)
    }

    pub(super) fn chatwoot(&self) -> MutexGuard<'_, ChatwootBooks> {
        lock(&self.chatwoot)
    }

    pub(super) fn webhook_url(&self, provider: Provider) -> Option<String> {
        lock(&self.webhook_urls).get(&provider).cloned()
    }

    pub(super) fn set_webhook_url(&self, provider: Provider, url: Option<String>) {
        let mut urls = lock(&self.webhook_urls);
        match url {
            Some(url) => urls.insert(provider, url),
            None => urls.remove(&provider),
        };
    }

    pub(super) fn telegram_secret(&self) -> Option<String> {
        lock(&self.telegram_secret).clone()
    }

    pub(super) fn set_telegram_secret(&self, secret: Option<String>) {
        *lock(&self.telegram_secret) = secret;
    }

    /// Notes that a customer wrote just now, which opens the window.
    pub(super) fn customer_wrote(&self, provider: Provider, digits: &str) {
        lock(&self.last_inbound).insert((provider, digits.to_owned()), now_ms());
    }

    /// Whether free text may be sent to this customer now.
    pub(super) fn window_open(&self, provider: Provider, digits: &str) -> bool {
        if !self.config.enforce_window {
            return true;
        }
        let last = lock(&self.last_inbound).get(&(provider, digits.to_owned())).copied();
        last.is_some_and(|at| now_ms().saturating_sub(at) < WINDOW_MS)
    }

    /// Keeps a file that was uploaded; its id. The oldest goes when there are too many.
    pub(super) fn keep_file(&self, content_type: String, bytes: Bytes) -> String {
        let id = format!("{:011}{:06}", self.born_ms % 100_000_000_000, self.next_number());
        let mut files = lock(&self.files);
        if files.len() == MAX_FILES {
            files.pop_front();
        }
        files.push_back((id.clone(), content_type, bytes));
        id
    }

    /// A file that was uploaded: its type and bytes.
    pub(super) fn file(&self, id: &str) -> Option<(String, Bytes)> {
        let files = lock(&self.files);
        let found = files.iter().find(|(known, ..)| known == id)?;
        Some((found.1.clone(), found.2.clone()))
    }

    pub(super) fn template(&self, name: &str, language: &str) -> Option<&Template> {
        self.config.templates.iter().find(|t| t.name == name && t.language == language)
    }

    pub(super) fn books(&self) -> Books {
        let chatwoot = self.chatwoot().clone();
        self.ledger.snapshot(&self.portal(), chatwoot)
    }

    /// Forgets what was done: calls, messages, webhooks, CRM objects and associations.
    pub(super) fn forget(&self) {
        self.portal().forget_objects();
        *self.chatwoot() = ChatwootBooks::default();
        self.ledger.clear();
    }

    /// A number never given before in this sandbox.
    pub(super) fn next_number(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed)
    }

    /// A WhatsApp message id, unique also across restarts.
    pub(super) fn next_wamid(&self) -> String {
        format!("wamid.SBX{:011X}{:08X}", self.born_ms, self.next_number())
    }

    /// A Twilio message id: `SM` and 32 hex digits, unique also across restarts.
    pub(super) fn next_sid(&self) -> String {
        format!("SM{:016x}{:016x}", self.born_ms, self.next_number())
    }

    /// Resolves when the sandbox stops.
    pub(super) async fn stopping(&self) {
        let mut stopped = self.stopped.clone();
        // An error means that the handle is gone, which is a stop as well.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

/// UTC milliseconds.
#[allow(clippy::disallowed_methods, reason = "the sandbox plays the outside world, which has clocks of its own")]
pub(super) fn now_ms() -> u64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

/// A number as providers print ids: digits only.
pub(super) fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
