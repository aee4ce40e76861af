//! How fast one client may ask the API: a bucket of requests for each, filled again steadily. In memory, and generous: it stops
//! what runs wild, not people.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::error::ApiError;
use crate::peer::Peer;

/// Most clients remembered; beyond, those whose bucket is full again are forgotten.
const MOST: usize = 10_000;

/// Requests a second and at once, of one address. Behind a proxy everybody has the same one.
const OF_PEER: Pace = Pace { per_second: 400.0, at_once: 2_000.0 };
/// The same of one token or session.
const OF_CREDENTIAL: Pace = Pace { per_second: 50.0, at_once: 500.0 };

/// How fast.
#[derive(Clone, Copy, Debug)]
struct Pace {
    per_second: f64,
    at_once: f64,
}

/// What is left for one client.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// The buckets of all clients.
struct Buckets<K> {
    pace: Pace,
    of: Mutex<HashMap<K, Bucket>>,
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(pace: Pace) -> Self {
        Self { pace, of: Mutex::default() }
    }

    /// Takes one request out of the bucket of `key`.
    ///
    /// # Errors
    /// When it is empty: how long until there is one again.
    fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let Pace { per_second, at_once } = self.pace;
        let filled = |bucket: &Bucket| {
            let since = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.left + since * per_second).min(at_once)
        };
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if of.len() >= MOST && !of.contains_key(&key) {
            of.retain(|_, bucket| filled(bucket) < at_once);
        }
        let bucket = of.entry(key).or_insert(Bucket { left: at_once, at: now });
        *bucket = Bucket { left: filled(bucket), at: now };
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / per_second));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

/// Who asks how fast.
pub(crate) struct Paces {
    peers: Buckets<IpAddr>,
    /// By SHA-256 of what was given: no credential is kept.
    credentials: Buckets<[u8; 32]>,
}

impl Default for Paces {
    fn default() -> Self {
        Self { peers: Buckets::new(OF_PEER), credentials: Buckets::new(OF_CREDENTIAL) }
    }
}

/// Middleware, before anybody is let in: one address asks so fast and no faster. This machine's own commands are not counted.
pub(crate) async fn of_peer(
    State(paces): State<Arc<Paces>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if let Some(Peer::Network(address)) = request.extensions().get::<Peer>() {
        paces.peers.take(address.ip().to_canonical(), Instant::now()).map_err(too_fast)?;
    }
    Ok(next.run(request).await)
}

/// Middleware, behind the door: one token or session asks so fast and no faster. Only those that are good get here, so nobody
/// fills the memory with made-up ones.
pub(crate) async fn of_credential(
    State(paces): State<Arc<Paces>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let given = [header::AUTHORIZATION, header::COOKIE].into_iter().find_map(|name| request.headers().get(name));
    if let Some(given) = given {
        let key = Sha256::digest(given.as_bytes()).into();
        paces.credentials.take(key, Instant::now()).map_err(too_fast)?;
    }
    Ok(next.run(request).await)
}

fn too_fast(wait: Duration) -> ApiError {
    ApiError::too_many("too many requests at once; come again", wait)
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

    const SLOW: Pace = Pace { per_second: 2.0, at_once: 3.0 };

    #[test]
    fn a_bucket_lets_so_many_go_at_once_and_then_so_many_a_second() {
        let buckets = Buckets::new(SLOW);
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.take("one", began), Ok(()));
        }
        assert_eq!(buckets.take("one", began), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take("other", began), Ok(()), "everybody has their own");
        assert_eq!(buckets.take("one", began + Duration::from_millis(500)), Ok(()));
        assert!(buckets.take("one", began + Duration::from_millis(500)).is_err());
        let later = began + Duration::from_secs(60);
        assert_eq!(
            (0..9).filter(|_| buckets.take("one", later).is_ok()).count(),
            3,
            "a pause earns no more than a full one"
        );
    }

    #[test]
    fn who_asks_no_more_is_forgotten() {
        let buckets = Buckets::new(SLOW);
        let began = Instant::now();
        for key in 0..MOST {
            assert!(buckets.take(key, began).is_ok());
        }
        assert!(buckets.take(MOST, began + Duration::from_secs(60)).is_ok());
        assert_eq!(buckets.of.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn who_asks_too_fast_is_told_when_to_come_again() {
        let paces = Arc::new(Paces { peers: Buckets::new(SLOW), credentials: Buckets::new(SLOW) });
        let router = Router::new()
            .route("/", get(async || "ok"))
            .layer(from_fn_with_state(Arc::clone(&paces), of_credential))
            .layer(from_fn_with_state(paces, of_peer));
        let ask = async |peer: Peer, credential: Option<&str>| {
            let mut request = Request::get("/").body(Body::empty()).unwrap();
            request.extensions_mut().insert(peer);
            if let Some(credential) = credential {
                request.headers_mut().insert(header::AUTHORIZATION, credential.parse().unwrap());
            }
            router.clone().oneshot(request).await.unwrap()
        };
        let peer = |port| Peer::Network(([127, 0, 0, 1], port).into());
        for port in 0..3 {
            assert_eq!(ask(peer(port), None).await.status(), StatusCode::OK);
        }
        let refused = ask(peer(9), None).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
        for _ in 0..9 {
            assert_eq!(ask(Peer::Control, None).await.status(), StatusCode::OK, "this machine's own commands");
        }
        let far = |last| Peer::Network(([10, 0, 0, last], 1).into());
        for last in 0..3 {
            assert_eq!(ask(far(last), Some("Bearer one")).await.status(), StatusCode::OK);
        }
        assert_eq!(ask(far(9), Some("Bearer one")).await.status(), StatusCode::TOO_MANY_REQUESTS, "from anywhere");
        assert_eq!(ask(far(9), Some("Bearer other")).await.status(), StatusCode::OK);
    }
}
