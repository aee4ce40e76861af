//! Who is at the other end of a connection, and whom the API trusts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::ApiError;
use crate::keys::Token;

/// The other end of a connection; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody who may open `DIR/control.sock`, or this process itself: trusted.
    Control,
    /// Somebody on the network.
    Network(SocketAddr),
}

impl Peer {
    /// What the journal says of who did it.
    #[must_use]
    pub fn by(self) -> &'static str {
        match self {
            Self::Control => "cli",
            Self::Network(_) => "api",
        }
    }

    fn is_loopback(self) -> bool {
        match self {
            Self::Control => true,
            Self::Network(address) => match address.ip() {
                IpAddr::V4(ip) => ip.is_loopback(),
                IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
            },
        }
    }
}

/// Lets only the trusted through: the control socket, and loopback with the token.
pub(crate) async fn trusted_only(
    State(token): State<Arc<Token>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = request.extensions().get::<Peer>().copied();
    match peer {
        Some(Peer::Control) => {}
        Some(peer) if peer.is_loopback() => {
            if !bearer(request.headers()).is_some_and(|given| token.is(given)) {
                return Err(ApiError::unauthorized());
            }
        }
        _ => return Err(ApiError::forbidden("the API answers on loopback only until sign-in exists")),
    }
    Ok(next.run(request).await)
}

/// Lets only this machine through: figures are nobody else's business.
pub(crate) async fn loopback_only(request: Request, next: Next) -> Result<Response, ApiError> {
    match request.extensions().get::<Peer>() {
        Some(peer) if peer.is_loopback() => Ok(next.run(request).await),
        _ => Err(ApiError::forbidden("this page answers on loopback only")),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised_in_both_families() {
        let network = |text: &str| Peer::Network(text.parse().unwrap());
        assert!(network("127.0.0.9:1").is_loopback());
        assert!(network("[::1]:1").is_loopback());
        assert!(network("[::ffff:127.0.0.1]:1").is_loopback());
        assert!(!network("10.0.0.1:1").is_loopback());
        assert!(!network("[::ffff:10.0.0.1]:1").is_loopback());
    }
}
