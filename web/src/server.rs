//! The accept loop: serves a router to clients that may be slow, broken or hostile.
//!
//! A place is taken before a connection is accepted, so there are never more than the limit; and whoever holds one must send its
//! first byte, each head, each body ([`crate::body`]) and take each answer within a time. `axum::serve` bounds none of these.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use engine::secret::Secret;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::config::server::Limits;
use crate::error::ApiError;
use crate::front;
use crate::peer::Peer;
use crate::stall::StallGuard;

/// The largest head of a request.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Pause after the system refused a connection (no file descriptors left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections come from.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: Stream;

    /// The next connection and who made it.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;

    /// By which a process that stands by shows that it passes a connection on.
    fn word(&self) -> Option<Arc<Secret>> {
        None
    }
}

/// A connection that can say when there is something to read.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Resolves when there are bytes, or the end.
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Whose connection it is, when a process that knows `word` passes it on: see [`crate::front`].
    fn announced(&mut self, _word: &Secret) -> impl Future<Output = io::Result<Option<SocketAddr>>> + Send {
        std::future::ready(Ok(None))
    }
}

impl Stream for TcpStream {
    async fn readable(&self) -> io::Result<()> {
        Self::readable(self).await
    }

    async fn announced(&mut self, word: &Secret) -> io::Result<Option<SocketAddr>> {
        front::announced(self, word).await
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        Ok((Self::accept(self).await?.0, Peer::Control))
    }
}

impl Stream for UnixStream {
    async fn readable(&self) -> io::Result<()> {
        Self::readable(self).await
    }
}

/// Serves `router` until `stop`, then lets requests under way end, for at most `limits.stop`.
pub async fn serve<L: Listener>(listener: L, router: Router, limits: Limits, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((mut stream, peer)) => {
                let (router, stop, word) = (router.clone(), stop.clone(), listener.word());
                connections.spawn(async move {
                    if let Some(peer) = began(&mut stream, peer, word, limits, &stop).await {
                        connection(stream, peer, router, limits, stop).await;
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if timeout(limits.stop, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "stopped with requests still under way");
    }
}

/// Waits for the first byte; says whose connection it is. `None` when nothing comes of it.
async fn began<S: Stream>(
    stream: &mut S,
    peer: Peer,
    word: Option<Arc<Secret>>,
    limits: Limits,
    stop: &CancellationToken,
) -> Option<Peer> {
    let announced = async {
        stream.readable().await?;
        match word {
            Some(word) => stream.announced(&word).await,
            None => Ok(None),
        }
    };
    let announced = stop.run_until_cancelled(timeout(limits.first_byte, announced)).await?;
    match announced {
        Ok(Ok(announced)) => Some(announced.map_or(peer, Peer::Network)),
        Ok(Err(_)) | Err(_) => None,
    }
}

async fn connection<S: Stream>(stream: S, peer: Peer, router: Router, limits: Limits, stop: CancellationToken) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let router = router.clone();
        // By itself: a caller who hangs up must not stop half way what has begun. What is stored is passed on in any case.
        let answered =
            tokio::spawn(async move { router.oneshot(request).await.unwrap_or_else(|never| match never {}) });
        async move { Ok::<_, Infallible>(answered.await.unwrap_or_else(|broken| cut_off(&broken))) }
    });
    let io = TokioIo::new(StallGuard::new(stream, limits.write_stall));
    let mut http = http1::Builder::new();
    // hyper starts this clock whenever it waits for a head, so it closes idle connections too.
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD_BYTES);
    let mut serving = pin!(http.serve_connection(io, service));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// The answer of a request that did not come to its end: its task panicked outside of every handler, or the process is ending.
fn cut_off(broken: &JoinError) -> Response {
    if broken.is_panic() { ApiError::panicked() } else { StatusCode::SERVICE_UNAVAILABLE.into_response() }
}

#[cfg(test)]
mod tests {
    use axum::extract::Extension;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::{Notify, watch};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::body;
    use crate::front::Front;

    const QUICK: Limits = Limits {
        connections: 4,
        first_byte: Duration::from_millis(100),
        head: Duration::from_millis(100),
        body: Duration::from_millis(100),
        write_stall: Duration::from_millis(100),
        stop: Duration::from_secs(5),
    };

    struct Running {
        address: SocketAddr,
        stop: CancellationToken,
        server: JoinHandle<()>,
    }

    async fn running(limits: Limits) -> Running {
        let bounds = body::Bounds { cap: 1000, within: limits.body, file_within: limits.body };
        let router =
            Router::new()
                .route(
                    "/",
                    get(|Extension(peer): Extension<Peer>| async move {
                        if peer == Peer::Control { "here" } else { "api" }
                    }),
                )
                .route("/big", get(|| async { vec![b'x'; 64 << 20] }))
                .route("/echo", post(|body: String| async { body }))
                .layer(axum::middleware::from_fn_with_state(bounds, body::whole));
        running_with(limits, router).await
    }

    async fn running_with(limits: Limits, router: Router) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(Front::new(listener).unwrap(), router, limits, stop.clone()));
        Running { address, stop, server }
    }

    /// Sends `bytes`, then reads until the server closes; the test hangs (and fails) if it never does.
    async fn sent(address: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("still open").ok();
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn clients_that_do_not_go_on_are_closed() {
        let server = running(QUICK).await;
        assert_eq!(sent(server.address, b"").await, "");
        assert!(!sent(server.address, b"GET / HT").await.contains("200"));
        assert!(!sent(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n").await.contains("200"));
        let stalled = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc";
        assert!(sent(server.address, stalled).await.starts_with("HTTP/1.1 408"));
    }

    #[tokio::test]
    async fn an_idle_connection_is_answered_and_then_closed() {
        let server = running(QUICK).await;
        let answer = sent(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("api"), "{answer}");
    }

    #[tokio::test]
    async fn a_client_that_never_reads_loses_its_place() {
        let server = running(Limits { connections: 1, ..QUICK }).await;
        let mut deaf = TcpStream::connect(server.address).await.unwrap();
        deaf.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let answer = sent(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        drop(deaf);
    }

    #[tokio::test]
    async fn silent_clients_do_not_keep_others_out() {
        let server = running(QUICK).await;
        let mut silent = Vec::new();
        for _ in 0..QUICK.connections * 3 {
            silent.push(TcpStream::connect(server.address).await.unwrap());
        }
        let answer = sent(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn what_was_begun_for_a_client_that_hung_up_is_done() {
        let (go, begun, done) = (Arc::new(Notify::new()), watch::channel(false).0, watch::channel(false).0);
        let (going, beginning, doing) = (Arc::clone(&go), begun.clone(), done.clone());
        let slow = async move || {
            beginning.send_replace(true);
            going.notified().await;
            doing.send_replace(true);
        };
        let router = Router::new().route("/", get(async || "quick")).route("/slow", get(slow));
        let server = running_with(Limits { connections: 1, ..QUICK }, router).await;
        let mut client = TcpStream::connect(server.address).await.unwrap();
        client.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        begun.subscribe().wait_for(|begun| *begun).await.unwrap();
        drop(client);
        // The next one is only let in once the place of the first one is free.
        let answer = sent(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(answer.ends_with("quick"), "{answer}");
        go.notify_one();
        let mut done = done.subscribe();
        timeout(Duration::from_secs(20), done.wait_for(|done| *done)).await.expect("it is done").unwrap();
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections_and_the_loop() {
        let server = running(Limits { head: Duration::from_secs(60), ..QUICK }).await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        idle.read_exact(&mut first).await.unwrap();
        server.stop.cancel();
        timeout(Duration::from_secs(20), server.server).await.expect("the loop ends").unwrap();
        assert!(TcpStream::connect(server.address).await.is_err());
    }
}
