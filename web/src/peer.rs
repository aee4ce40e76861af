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

/// Lets only the trusted through: the control socket, and loopback with the token. Loopback alone says nothing: behind a proxy on
/// this machine, everybody comes from there.
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
        _ => return Err(ApiError::forbidden("this answers on loopback only until sign-in exists")),
    }
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn answered(peer: Option<Peer>, authorization: Option<&str>) -> StatusCode {
        let dir = tempfile::tempdir().unwrap();
        let token = Arc::new(Token::issue(dir.path()).unwrap());
        let authorization = authorization.map(|text| text.replace("TOKEN", token.expose()));
        let router = Router::new().route("/", get(async || "ok")).layer(from_fn_with_state(token, trusted_only));
        let mut request = Request::get("/").body(Body::empty()).unwrap();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        if let Some(text) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, text.parse().unwrap());
        }
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn the_api_wants_the_token_on_loopback_and_nobody_else_gets_in() {
        let loopback = Some(Peer::Network("127.0.0.1:9".parse().unwrap()));
        let elsewhere = Some(Peer::Network("192.0.2.1:9".parse().unwrap()));
        assert_eq!(answered(Some(Peer::Control), None).await, StatusCode::OK);
        assert_eq!(answered(loopback, Some("Bearer TOKEN")).await, StatusCode::OK);
        assert_eq!(answered(loopback, Some("bearer TOKEN")).await, StatusCode::OK);
        assert_eq!(answered(loopback, None).await, StatusCode::UNAUTHORIZED);
        assert_eq!(answered(loopback, Some("Bearer wrong")).await, StatusCode::UNAUTHORIZED);
        assert_eq!(answered(loopback, Some("Basic TOKEN")).await, StatusCode::UNAUTHORIZED);
        assert_eq!(answered(elsewhere, Some("Bearer TOKEN")).await, StatusCode::FORBIDDEN);
        assert_eq!(answered(None, Some("Bearer TOKEN")).await, StatusCode::FORBIDDEN);
    }

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
