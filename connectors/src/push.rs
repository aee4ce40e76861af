//! The way out to the push services of browsers: the same door as all outgoing HTTP, so no private address is called.
//!
//! Source: RFC 8030 (Generic Event Delivery Using HTTP Push), sections 5 and 7.

use engine::connector::OpenContext;
use engine::secret::Secret;
use http::{Method, StatusCode};

use crate::net::{Class, Net, Outgoing};

/// The way to push services.
#[derive(Debug)]
pub struct Pusher {
    net: Net,
    private_too: bool,
}

/// A message for one browser.
pub struct Push {
    /// The address that the browser gave.
    pub endpoint: String,
    /// Proof of who we are, the value of `Authorization`.
    pub proof: Secret,
    /// The message, encrypted for the browser (`aes128gcm`).
    pub body: Vec<u8>,
    /// For how many seconds it is worth telling.
    pub ttl_s: u32,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The service took it.
    Taken,
    /// The browser does not want any more, or is not there any more.
    Gone,
    /// It was not taken, with the reason.
    Failed(String),
}

impl Pusher {
    /// `private_too`: whether addresses of the own network may be called, as tests do.
    ///
    /// # Errors
    /// When the TLS roots of the machine cannot be loaded.
    pub fn open(private_too: bool) -> Result<Self, String> {
        let context = OpenContext { id: "push".into(), public_url: "".into(), allow_private_network: private_too };
        Ok(Self { net: Net::open(&context)?, private_too })
    }

    /// Whether `endpoint` may be the address of a push service: whole and encrypted on its way.
    #[must_use]
    pub fn may_call(&self, endpoint: &str) -> bool {
        let known = url::Url::parse(endpoint).ok().filter(|url| url.host().is_some());
        known.is_some_and(|url| url.scheme() == "https" || (self.private_too && url.scheme() == "http"))
    }

    /// Tells one browser, once: what comes late is of no use.
    pub async fn push(&self, push: Push) -> Pushed {
        if !self.may_call(&push.endpoint) {
            return Pushed::Failed("the address is not one of https".to_owned());
        }
        // The path of such an address is all that is needed to know a browser by.
        let outgoing = Outgoing::new(Method::POST, push.endpoint, Class::MayRepeat)
            .hide_path()
            .secret_header("authorization", &push.proof)
            .header("ttl", &push.ttl_s.to_string())
            .header("urgency", "high")
            .header("content-encoding", "aes128gcm")
            .bytes(push.body);
        match self.net.send(outgoing).await {
            Ok(answer) if answer.status.is_success() => Pushed::Taken,
            Ok(answer) if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) => Pushed::Gone,
            Ok(answer) => Pushed::Failed(answer.problem().message),
            Err(error) => Pushed::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_of_our_own_network_is_not_called() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pusher = Pusher::open(false).unwrap();
        for endpoint in ["https://127.0.0.1/push", "https://10.0.0.7/push", "http://push.example.com/x", "https:", "x"]
        {
            let push = Push { endpoint: endpoint.into(), proof: Secret::new("vapid t=a"), body: vec![1], ttl_s: 60 };
            assert!(matches!(pusher.push(push).await, Pushed::Failed(_)), "{endpoint}");
        }
    }
}
