//! The application for tests: the real parts on a real database, over the real router.

mod described;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use connectors::sandbox::{self, Act, Play, Provider, Sandbox};
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::app::App;
use crate::config::connections::Connections;
use crate::config::server::Limits;
use crate::front::Front;
use crate::lock::Lock;
use crate::peer::Peer;
use crate::start::{self, Setup, Started};
use crate::{demo, router, server};

/// An application at work in a folder of its own.
pub(crate) struct Place {
    pub(crate) app: Arc<App>,
    router: Router,
    started: Started,
    /// Operations that answered well, as the description names them.
    answered: Mutex<BTreeSet<String>>,
    _folder: TempDir,
}

/// Sandbox and applications make clients for calls, whichever test comes first.
fn may_encrypt() {
    static TLS: Once = Once::new();
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

impl Place {
    /// One without accounts.
    pub(crate) async fn open() -> Self {
        Self::with(Connections::default(), None).await
    }

    /// One with these accounts; `sandbox` plays the providers they are at.
    pub(crate) async fn with(connections: Connections, sandbox: Option<&Sandbox>) -> Self {
        may_encrypt();
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            clock: Arc::new(crate::clock::SystemClock::default()),
            first_hour: engine::first_hour::MOST,
            flows_writable: false,
            data: folder.path().to_owned(),
            database: None,
            connections: Some(connections),
            bindings: engine::flow::Bindings::default(),
            flows: None,
            reach: None,
            anchors: None,
            erasures: None,
            public_url: "http://localhost".to_owned(),
            sandbox_url: sandbox.map(|sandbox| sandbox.url().to_owned()),
            phones: sandbox.map(Sandbox::phones),
            quiet: false,
            metrics: PrometheusBuilder::new().build_recorder().handle(),
        };
        let started = start::start(Lock::take(folder.path()).unwrap(), setup).await.unwrap();
        let app = Arc::clone(&started.app);
        let router = router::router(Arc::clone(&app), Limits::default());
        Self { app, router, started, answered: Mutex::default(), _folder: folder }
    }

    /// Publishes documents.
    pub(crate) async fn publish(&self, texts: &[&str]) {
        let named = |(n, text): (usize, &&str)| json!({ "path": format!("{n}.yaml"), "text": text });
        let documents: Vec<Value> = texts.iter().enumerate().map(named).collect();
        let body = json!({ "documents": documents, "publish": true });
        let (status, answer) = self.ask(Method::POST, "/workspace/import", Some(&body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// Asks the API as the command line does. Every answer must be as the description says.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let response = self.send(method.clone(), &format!("/api/v1{path}"), body).await;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let answer = serde_json::from_slice(&bytes).unwrap_or_default();
        if let Some(operation) = described::check(&method, path, head.status, &answer) {
            self.answered.lock().unwrap().insert(operation);
        }
        (head.status, answer)
    }

    /// The router, for requests of another shape.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Operations that answered well so far.
    pub(crate) fn answered(&self) -> BTreeSet<String> {
        self.answered.lock().unwrap().clone()
    }

    /// The answer of an address that must answer well.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// The same for a request that changes something.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// Sends a request from this process.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        let mut request = request.body(Body::from(text)).unwrap();
        request.extensions_mut().insert(Peer::Control);
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Opens a door on the network.
    pub(crate) async fn serve(&self) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served = server::serve(Front::new(listener).unwrap(), self.router.clone(), Limits::default(), stop.clone());
        Served { address, stop, server: tokio::spawn(served) }
    }

    /// Ends the work.
    pub(crate) async fn close(self) {
        drop(self.app);
        self.started.stop().await;
    }
}

/// An application with the sandbox's accounts, and the sandbox.
pub(crate) struct Staged {
    pub(crate) place: Place,
    pub(crate) sandbox: Sandbox,
    door: Served,
}

impl Staged {
    /// With these flows of the library.
    pub(crate) async fn open(flows: &[&str]) -> Self {
        may_encrypt();
        let config = sandbox::Config { batch_ms: 1, ..sandbox::Config::default() };
        let sandbox = Sandbox::start(config.clone()).await.unwrap();
        let place = Place::with(demo::connections(sandbox.url(), &config), Some(&sandbox)).await;
        let door = place.serve().await;
        let hooks =
            [(Provider::CloudApi, "wa-main"), (Provider::Hubspot, "hubspot-main"), (Provider::Slack, "team-slack")];
        for (provider, id) in hooks {
            sandbox.set_webhook_url(provider, Some(format!("http://{}/hooks/{id}", door.address)));
        }
        for open in place.app.connections.all().values() {
            open.connection.setup().await;
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows");
        let read = |name: &&str| std::fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        let texts: Vec<String> = flows.iter().map(read).collect();
        place.publish(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        Self { place, sandbox, door }
    }

    /// A customer does something; gives back when all that comes of it is done.
    pub(crate) async fn play(&self, act: Act) {
        let play = Play { from: "8613800138000".into(), name: "Li Wei".into(), act, ..Play::default() };
        assert_eq!(self.sandbox.play(play).await.unwrap().webhook_status, Some(200));
        self.rest().await;
    }

    /// Waits until nobody has anything to do.
    pub(crate) async fn rest(&self) {
        for _ in 0..3 {
            self.place.app.engine.idle().await;
            self.sandbox.idle().await;
        }
    }

    /// Ends the work.
    pub(crate) async fn close(self) {
        self.door.stop.cancel();
        self.place.app.engine.let_callers_go();
        self.door.server.await.unwrap();
        self.place.close().await;
        self.sandbox.stop().await;
    }
}

/// A door on the network.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) server: JoinHandle<()>,
}
