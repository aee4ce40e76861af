//! The editor's addresses over the real router, on a real database.

mod drafts;
mod files;
mod life;
mod publish;
mod texts;
mod validate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use engine::flow::Bindings;
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::accounts::settings::Settings;
use crate::config::connections::Connections;
use crate::config::server::Limits;
use crate::flows::folder;
use crate::lock::Lock;
use crate::peer::Peer;
use crate::router::router;
use crate::start::{self, Setup, Started};

/// A flow without accounts.
const FLOW: &str = "\
# Greets.
format: 1
flow: greet
on: [manual]
steps:
  - set: { a: 1 }
";

/// An installation.
struct Desk {
    started: Started,
    router: Router,
}

impl Desk {
    async fn open(data: &Path) -> Self {
        Self::with(data, None, false, false).await
    }

    /// Where drafts need the approval of a second person.
    async fn with_approval(data: &Path) -> Self {
        Self::with(data, None, false, true).await
    }

    /// With a folder of flow files, which are loaded.
    async fn with_flows(data: &Path, flows: Option<PathBuf>, writable: bool) -> Self {
        Self::with(data, flows, writable, false).await
    }

    async fn with(data: &Path, flows: Option<PathBuf>, writable: bool, approval: bool) -> Self {
        let setup = Setup {
            clock: Arc::new(crate::clock::SystemClock::default()),
            first_hour: engine::first_hour::MOST,
            data: data.to_owned(),
            database: None,
            connections: Some(Connections::default()),
            bindings: Bindings::default(),
            flows: flows.clone(),
            flows_writable: writable,
            reach: None,
            anchors: None,
            erasures: None,
            public_url: "http://localhost".to_owned(),
            sandbox_url: None,
            phones: None,
            quiet: false,
            metrics: PrometheusBuilder::new().build_recorder().handle(),
        };
        let started = start::start(Lock::take(data).unwrap(), setup).await.unwrap();
        if approval {
            started.app.sign_in.put_settings(Settings { approval, ..Settings::default() });
        }
        if let Some(dir) = &flows {
            folder::load(&started.app, dir).await.unwrap();
        }
        let router = router(started.app.clone(), Limits::default());
        Self { started, router }
    }

    /// Status and body of an answer. `revision` is sent as `If-Match`.
    async fn ask(&self, method: Method, path: &str, revision: Option<&str>, body: Value) -> (u16, Value) {
        self.ask_as(Peer::Control, method, path, revision, body).await
    }

    async fn ask_as(
        &self,
        peer: Peer,
        method: Method,
        path: &str,
        revision: Option<&str>,
        body: Value,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(revision) = revision {
            request = request.header(header::IF_MATCH, format!("\"{revision}\""));
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let token = format!("Bearer {}", self.started.app.token.expose());
        let mut request = request.header(header::AUTHORIZATION, token).body(Body::from(text)).unwrap();
        request.extensions_mut().insert(peer);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.ask(Method::POST, path, None, body).await;
        assert!(status < 300, "{path}: {status} {body}");
        body
    }

    /// Saves a draft over what is there; gives its revision.
    async fn save(&self, id: &str, text: &str) -> String {
        let path = format!("/flows/{id}/draft");
        let before = self.get(&path).await;
        let (status, saved) = self.ask(Method::PUT, &path, before["revision"].as_str(), json!({ "text": text })).await;
        assert_eq!(status, 200, "{saved}");
        saved["revision"].as_str().unwrap().to_owned()
    }

    /// Saves and publishes; gives the version.
    async fn publish(&self, id: &str, text: &str, comment: &str) -> String {
        let revision = self.save(id, text).await;
        let body = json!({ "revision": revision, "comment": comment });
        let published = self.post(&format!("/flows/{id}/publish"), body).await;
        published["version"].as_str().unwrap().to_owned()
    }

    async fn close(self) {
        self.started.stop().await;
    }
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}
