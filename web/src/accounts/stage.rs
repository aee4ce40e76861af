//! The stage of this module's tests: the real router over a real database, with a clock that stands still.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use engine::account::{Accounts, Op, Role, UserRow};
use engine::audit;
use engine::clock::{At, Clock, ManualClock};
use engine::ids::UserId;
use engine::run::journal;
use engine::store::Reads;
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::app::App;
use crate::config::connections::Connections;
use crate::config::server::Limits;
use crate::lock::Lock;
use crate::peer::Peer;
use crate::router::router;
use crate::start::{Setup, Started, start};

/// 2026-03-02, 09:00 UTC.
const START: At = At(1_772_442_000_000);
/// The password of everybody here.
pub(crate) const PASSWORD: &str = "four words or so";

/// A server without sockets.
pub(crate) struct Stage {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) dir: TempDir,
    started: Option<Started>,
}

/// A browser: it keeps its cookie and sends the token with every write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: Option<String>,
    pub(crate) address: Option<&'static str>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answered {
    /// The body of a good answer.
    #[track_caller]
    pub(crate) fn good(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    /// Status and code of a bad one.
    #[track_caller]
    pub(crate) fn bad(&self) -> (u16, &str) {
        assert!(!self.status.is_success(), "{}", self.body);
        (self.status.as_u16(), self.body["error"]["code"].as_str().unwrap_or_default())
    }
}

impl Stage {
    /// A new one, with nobody in it.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(START));
        Self::on(dir, clock, "https://flows.example.com", Connections::default()).await
    }

    async fn on(dir: TempDir, clock: Arc<ManualClock>, public_url: &str, connections: Connections) -> Self {
        let started = begin(dir.path(), &clock, public_url, connections).await;
        let (app, router) = (Arc::clone(&started.app), router(Arc::clone(&started.app), Limits::default()));
        Self { app, router, clock, dir, started: Some(started) }
    }

    /// The same data after a restart.
    pub(crate) async fn again(self) -> Self {
        self.again_with(Connections::default()).await
    }

    /// The same with these accounts in the connections file.
    pub(crate) async fn again_with(mut self, connections: Connections) -> Self {
        if let Some(started) = self.started.take() {
            started.stop().await;
        }
        Self::on(self.dir, self.clock, "https://flows.example.com", connections).await
    }

    /// What a caller of a webhook hears.
    pub(crate) async fn hook(&self, path: &str) -> StatusCode {
        let request = Request::post(path).body(Body::from("{}")).unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    /// Time passes.
    pub(crate) fn later(&self, seconds: i64) {
        self.clock.set(At(self.app.clock.now().0 + seconds * 1000));
    }

    /// Somebody with this role and [`PASSWORD`], straight into the database.
    pub(crate) async fn somebody(&self, role: Role, publisher: bool) -> UserRow {
        let now = self.app.clock.now();
        let id = UserId(self.app.ids.next(now));
        let email = format!("{}-{id}@example.com", role.name());
        let password = argon2::password_hash::PasswordHasher::hash_password(&cheap(), PASSWORD.as_bytes()).unwrap();
        let user = UserRow {
            publisher,
            password: Some(engine::secret::Secret::new(password.to_string())),
            ..UserRow::new(id, email, format!("A {}", role.name()), role, now)
        };
        self.app.engine.account("test", Vec::new(), vec![Op::PutUser(Box::new(user.clone()))]).await.unwrap().unwrap();
        user
    }

    /// A browser in which `user` is signed in, without the password's work.
    pub(crate) async fn signed_in(&self, user: &UserRow) -> Browser {
        let from = "192.0.2.10".parse().unwrap();
        let begun = self.app.sign_in.open(&self.app, user, from, "test", Vec::new(), Vec::new()).await;
        let begun = begun.unwrap().unwrap();
        let csrf = begun.who.expect_person().unwrap().csrf.clone();
        Browser { cookie: Some(begun.token), csrf: Some(csrf), address: None }
    }

    /// Signs in as people do.
    pub(crate) async fn sign_in(
        &self,
        email: &str,
        password: &str,
        code: Option<&str>,
        from: &'static str,
    ) -> (Browser, Answered) {
        let mut browser = Browser { address: Some(from), ..Browser::default() };
        let body = json!({ "email": email, "password": password, "code": code });
        let answered = self.ask(&browser, "POST /session", body).await;
        browser.cookie = cookie_of(&answered);
        browser.csrf = answered.body["csrf"].as_str().map(str::to_owned);
        (browser, answered)
    }

    /// Sends `METHOD /path` below `/api/v1`.
    pub(crate) async fn ask(&self, browser: &Browser, what: &str, body: Value) -> Answered {
        self.send(browser, what, body, &[]).await
    }

    /// The same with more headers.
    pub(crate) async fn send(
        &self,
        browser: &Browser,
        what: &str,
        body: Value,
        more: &[(&'static str, &str)],
    ) -> Answered {
        let (method, path) = what.split_once(' ').unwrap();
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(format!("/api/v1{path}"));
        if let Some(cookie) = &browser.cookie {
            request = request.header(header::COOKIE, format!("theme=dark; session={cookie}"));
        }
        if let Some(csrf) = &browser.csrf {
            request = request.header("x-csrf-token", csrf);
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
        let peer: SocketAddr = format!("{}:4000", browser.address.unwrap_or("192.0.2.10")).parse().unwrap();
        request.extensions_mut().insert(Peer::Network(peer));
        answer_of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// The same as whoever runs the machine.
    pub(crate) async fn trusted(&self, what: &str, body: Value) -> Answered {
        let (method, path) = what.split_once(' ').unwrap();
        let request = Request::builder().method(method.parse::<Method>().unwrap()).uri(format!("/api/v1{path}"));
        let mut request = request.body(Body::from(body.to_string())).unwrap();
        request.extensions_mut().insert(Peer::Control);
        answer_of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// What the log holds of changes: (what, id, by, values), oldest first; and that its chain is whole.
    pub(crate) async fn log(&self) -> Vec<(String, String, String, Value)> {
        let store = self.app.engine.store();
        let report = audit::verify(store, Some(self.app.audit_key), &[]).await.unwrap();
        assert!(report.clean(), "{report:?}");
        let mut found = BTreeMap::new();
        for block in store.blocks((0, i64::MAX), 500).await.unwrap() {
            for salted in store.block_rows(block.strand, block.n).await.unwrap() {
                for entry in journal::decode(&salted.row).unwrap() {
                    if let engine::run::What::Changed { what, id } = entry.what {
                        found.insert(
                            salted.row.id,
                            (what.to_string(), id.to_string(), salted.row.by.clone(), entry.data),
                        );
                    }
                }
            }
        }
        found.into_values().collect()
    }

    /// Everybody, as the database has them.
    pub(crate) async fn user(&self, id: UserId) -> UserRow {
        self.app.engine.store().user(id).await.unwrap().unwrap()
    }
}

async fn begin(dir: &Path, clock: &Arc<ManualClock>, public_url: &str, connections: Connections) -> Started {
    // An error means that a provider is there already, which is what we want.
    drop(rustls::crypto::ring::default_provider().install_default());
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    let setup = Setup {
        clock,
        data: dir.to_owned(),
        database: None,
        connections: Some(connections),
        bindings: engine::flow::Bindings::default(),
        flows: None,
        flows_writable: false,
        reach: None,
        anchors: None,
        erasures: None,
        public_url: public_url.to_owned(),
        sandbox_url: None,
        phones: None,
        quiet: true,
        first_hour: engine::first_hour::MOST,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
    };
    start(Lock::take(dir).unwrap(), setup).await.unwrap()
}

/// Argon2id that costs nothing: what is stored says with which cost it was made.
fn cheap() -> argon2::Argon2<'static> {
    argon2::Params::new(8, 1, 1, None).unwrap().into()
}

/// What an answer puts into the cookie.
pub(crate) fn cookie_of(answered: &Answered) -> Option<String> {
    let set = answered.headers.get(header::SET_COOKIE)?.to_str().unwrap();
    let value = set.strip_prefix("session=")?.split(';').next()?;
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

async fn answer_of(response: axum::response::Response) -> Answered {
    let (head, body) = response.into_parts();
    // Live updates have no end.
    let live = head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let bytes = if live { bytes::Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into()));
    Answered { status: head.status, headers: head.headers, body }
}
