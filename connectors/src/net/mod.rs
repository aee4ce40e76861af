//! The one door for outgoing HTTP: time-outs, size caps, no redirects, no proxy, no private addresses, no silent
//! retries.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> **action**
//! -> log
//!
//! A connector builds an [`Outgoing`], sends it through its [`Net`] and reads an [`Answer`]; what did not become an
//! answer is a [`NetError`], and both turn into a [`Verdict`](engine::connector::Verdict). The order and number of calls
//! at once, the pace of actions, and holding a connection that is down or silent belong to the engine's runner, which
//! calls the connector; only where an action makes several calls is it [paced](Net::paced) here. Letters go out by
//! [`mail`], under the same limits.

mod address;
mod answer;
mod error;
pub(crate) mod mail;
mod outgoing;
mod pace;
mod words;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use engine::connector::OpenContext;
use reqwest::{Client, Response};
use url::{Host, Url};

pub(crate) use answer::{Answer, verdict_of_status};
pub(crate) use error::NetError;
pub(crate) use outgoing::{Class, Outgoing};
use pace::Pace;
use words::Secrets;
pub(crate) use words::quoted;

/// Longest time for DNS, TCP and TLS together: a host that needs longer is as good as down, and nothing was sent yet.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Longest body that is read of an answer unless the call asks for more; the rest of a longer one is dropped.
pub(crate) const BODY_CAP: usize = 1 << 20;
/// How long an idle connection is kept. Below the 5 s after which a Node.js server closes its end (Node.js,
/// "server.keepAliveTimeout"): a request written into a closing connection is an unclear outcome that nobody wants.
const IDLE: Duration = Duration::from_secs(4);
/// How many idle connections are kept for one host: more than any connection may use at once, so that a burst does not
/// reconnect.
const IDLE_PER_HOST: usize = 512;
/// How often a live HTTP/2 connection is probed while calls wait on it, and for how long the probe may stay unanswered.
const H2_PROBE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(3));

/// The two clients of the process, so that all connections share their pools.
static PUBLIC_ONLY: Mutex<Option<Client>> = Mutex::new(None);
static PRIVATE_TOO: Mutex<Option<Client>> = Mutex::new(None);

/// The way out of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    client: Client,
    private_too: bool,
    pace: Option<Arc<Pace>>,
}

impl Net {
    /// The way out for a connection opened with `context`.
    ///
    /// # Errors
    /// When the TLS roots of the machine cannot be loaded.
    ///
    /// # Panics
    /// When no rustls crypto provider was installed: the binary does that before anything else.
    pub(crate) fn open(context: &OpenContext) -> Result<Self, String> {
        let private_too = context.allow_private_network;
        let shared = if private_too { &PRIVATE_TOO } else { &PUBLIC_ONLY };
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match &*shared {
            Some(client) => client.clone(),
            None => shared.insert(client(private_too)?).clone(),
        };
        Ok(Self { client, private_too, pace: None })
    }

    /// The same way out, for `per_second` calls a second at most (0 = no limit), in the order they come; one second's
    /// calls go at once after a pause. For services that count calls where an action makes several: the engine's own
    /// limit counts actions.
    pub(crate) fn paced(self, per_second: u32) -> Self {
        Self { pace: Pace::new(per_second).map(Arc::new), ..self }
    }

    /// Makes one call, once, when its turn comes. Any HTTP status is an answer, also 3xx: redirects are not followed.
    /// The call's time limit begins after the wait for its turn, which is 5 s at most.
    ///
    /// Dropping the future closes the connection; whether the call arrived is unknown then.
    ///
    /// # Errors
    /// When there is no whole answer; see [`NetError`] for what that says about the call.
    pub(crate) async fn send(&self, outgoing: Outgoing) -> Result<Answer, NetError> {
        let started = tokio::time::Instant::now();
        let method = outgoing.method().clone();
        let hide_path = outgoing.hides_path();
        let url = outgoing.checked_url()?;
        let place = place(&url, hide_path);
        let result = self.exchange(outgoing, url, format!("{method} {place}")).await;
        let status = match &result {
            Ok(answer) => answer.status.as_u16(),
            Err(NetError::TooLarge(answer)) => answer.status.as_u16(),
            Err(_) => 0,
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(%method, place, status, ms, "call made");
        result
    }

    async fn exchange(&self, outgoing: Outgoing, url: Url, place: String) -> Result<Answer, NetError> {
        if !self.private_too && !literal_is_public(&url) {
            return Err(NetError::Address { place });
        }
        if let Some(pace) = &self.pace
            && let Err(wait) = pace.turn().await
        {
            return Err(NetError::Crowded { place, wait });
        }
        let (secrets, cap) = (outgoing.secrets(&url), outgoing.cap());
        let request = outgoing.into_request(&self.client, url);
        match request.send().await {
            Ok(response) => read(response, place, secrets, cap).await,
            Err(error) => Err(NetError::of(&error, place)),
        }
    }
}

/// Checks a `base_url` setting and takes its final slash off.
///
/// # Errors
/// When it is not an http or https address without credentials, query and fragment.
pub(crate) fn base_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("base_url `{text}` is not an address: {error}"))?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(
            "base_url must look like https://api.example.com, without credentials, query and fragment".to_owned()
        );
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// An answer's body up to `cap` bytes, after decompression, so that a small archive cannot become a large memory.
async fn read(mut response: Response, place: String, secrets: Secrets, cap: usize) -> Result<Answer, NetError> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    let mut whole = true;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = cap - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    whole = false;
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => return Err(NetError::of(&error, place)),
        }
    }
    let answer = Answer::new(status, headers, body.freeze(), place).hiding(secrets);
    if whole { Ok(answer) } else { Err(NetError::TooLarge(Box::new(answer))) }
}

/// Host and path, never the query: tokens travel there. Of the path, no segment that may tell who somebody is.
fn place(url: &Url, hide_path: bool) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = if hide_path { "/…".to_owned() } else { words::anonymous_path(url.path()) };
    format!("{host}{port}{path}")
}

/// Names are checked when they are resolved; the resolver is not asked for a literal address, so that is checked here.
fn literal_is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address::is_public(address.into()),
        Some(Host::Ipv6(address)) => address::is_public(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

fn client(private_too: bool) -> Result<Client, String> {
    let builder = Client::builder()
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(H2_PROBE.0)
        .http2_keep_alive_timeout(H2_PROBE.1);
    let builder = if private_too { builder } else { builder.dns_resolver(address::PublicOnly) };
    builder.build().map_err(|error| format!("the HTTP client cannot be built: {error}"))
}

#[cfg(test)]
mod tests;
