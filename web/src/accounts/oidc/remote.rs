//! What a provider is asked: where its doors are, what a code is worth, and its keys.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use engine::secret::Secret;
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::token::Keys;
use super::{Provider, Refused};

/// A provider that takes longer is down.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than this is no answer of a provider.
const MOST_BYTES: usize = 256 * 1024;

static CLIENT: LazyLock<reqwest::Result<Client>> = LazyLock::new(|| {
    let agent = concat!("switchboard/", env!("CARGO_PKG_VERSION"));
    Client::builder().user_agent(agent).timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()
});

/// Whether secrets may be sent there: HTTPS, or this very machine.
pub(super) fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default();
    let here = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

/// Where a provider's doors are.
#[derive(Debug, Deserialize)]
pub(super) struct Doors {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// What the token endpoint gives; all else it says is not needed.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
}

/// What goes with a code.
pub(super) struct Code<'a> {
    pub(super) code: &'a str,
    pub(super) verifier: &'a str,
    pub(super) redirect: &'a str,
    pub(super) secret: Option<&'a Secret>,
}

impl Doors {
    /// Asks `provider` where its doors are.
    ///
    /// # Errors
    /// When it does not answer, is another one than it should be, or sends us over an open wire.
    pub(super) async fn of(provider: &Provider) -> Result<Self, Refused> {
        let address = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
        let doors: Self = read(client()?.get(address).send().await).await?;
        if doors.issuer != provider.issuer {
            return Err(Refused::Provider("it calls itself by another address".to_owned()));
        }
        let open = |url: &String| !is_safe(url.split('?').next().unwrap_or_default());
        if [&doors.authorization_endpoint, &doors.token_endpoint, &doors.jwks_uri].into_iter().any(open) {
            return Err(Refused::Provider("one of its addresses is not HTTPS".to_owned()));
        }
        Ok(doors)
    }

    /// Where the browser is sent.
    ///
    /// # Errors
    /// When the provider's address is none.
    pub(super) fn entrance(&self, asked: &[(&str, &str)]) -> Result<Url, Refused> {
        Url::parse_with_params(&self.authorization_endpoint, asked)
            .map_err(|error| Refused::Provider(error.to_string()))
    }

    /// What `code` is worth; the provider takes it once.
    ///
    /// # Errors
    /// When it refuses, or does not answer.
    pub(super) async fn redeem(&self, provider: &Provider, code: &Code<'_>) -> Result<Tokens, Refused> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.code),
            ("redirect_uri", code.redirect),
            ("code_verifier", code.verifier),
            ("client_id", &provider.client_id),
        ];
        let methods = &self.token_endpoint_auth_methods_supported;
        let basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        let mut request = client()?.post(&self.token_endpoint);
        match code.secret {
            Some(secret) if basic => {
                request = request.basic_auth(encoded(&provider.client_id), Some(encoded(secret.expose())));
            }
            Some(secret) => form.push(("client_secret", secret.expose())),
            None => {}
        }
        read(request.form(&form).send().await).await
    }

    /// The provider's keys of this moment.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn keys(&self) -> Result<Keys, Refused> {
        read(client()?.get(&self.jwks_uri).send().await).await
    }
}

fn client() -> Result<&'static Client, Refused> {
    CLIENT.as_ref().map_err(failed)
}

fn failed(error: &reqwest::Error) -> Refused {
    let why = if error.is_timeout() { "it does not answer in time" } else { "it cannot be reached" };
    tracing::warn!(error = ?error, "a sign-in provider");
    Refused::Provider(why.to_owned())
}

/// The JSON of a good answer.
async fn read<T: DeserializeOwned>(sent: reqwest::Result<Response>) -> Result<T, Refused> {
    let mut answer = sent.map_err(|error| failed(&error.without_url()))?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error.without_url()))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Refused::Provider("its answer has no end".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        return Err(Refused::Provider(format!("it answers {status}")));
    }
    serde_json::from_slice(&body).map_err(|error| Refused::Provider(format!("its answer: {error}")))
}

/// As RFC 6749 wants names and secrets in a header.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => drop(write!(out, "%{other:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_https_or_nowhere() {
        for good in
            ["https://id.example.com", "https://id.example.com/realms/a/", "http://127.0.0.1:1", "http://[::1]:1"]
        {
            assert!(is_safe(good), "{good}");
        }
        for bad in ["http://id.example.com", "http://127.0.0.1.example.com", "https://a@b.example", "https://a/?x", "a"]
        {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn what_a_header_takes() {
        assert_eq!(encoded("a b:ü~"), "a%20b%3A%C3%BC~");
    }
}
