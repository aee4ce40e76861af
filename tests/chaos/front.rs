//! What stands before several servers: hands each delivery to one that takes it, as a load balancer does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;

/// How long a server has for its answer. One that is frozen gives none.
const LIMIT: Duration = Duration::from_secs(2);

struct Servers {
    places: Vec<SocketAddr>,
    /// Who answered last.
    good: AtomicUsize,
    http: reqwest::Client,
}

/// Opens it before these servers; answers its address.
pub(super) async fn open(places: Vec<SocketAddr>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
    let servers = Arc::new(Servers { places, good: AtomicUsize::new(0), http });
    let router = axum::Router::new().fallback(pass).with_state(servers);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn pass(State(servers): State<Arc<Servers>>, request: Request) -> (StatusCode, Bytes) {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 3 << 20).await else { return refused() };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let first = servers.good.load(Ordering::Relaxed);
    for turn in 0..servers.places.len() {
        let place = (first + turn) % servers.places.len();
        let address = format!("http://{}{path}", servers.places[place]);
        let call = servers.http.request(head.method.clone(), address).headers(head.headers.clone()).body(body.clone());
        let Ok(answer) = call.send().await else { continue };
        let status = answer.status();
        if let Ok(said) = answer.bytes().await {
            servers.good.store(place, Ordering::Relaxed);
            return (status, said);
        }
    }
    refused()
}

fn refused() -> (StatusCode, Bytes) {
    (StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(b"no server answers"))
}
