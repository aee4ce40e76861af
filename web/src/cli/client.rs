//! How the command line reaches the API: through the running server's socket, or, when none runs, by opening the same data here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use super::{Context, Failure, print};
use crate::config::bindings;
use crate::config::server::Limits;
use crate::peer::Peer;
use crate::start::{self, Started};
use crate::{lock, socket};

/// How long we wait for a server that is starting, or for another command to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Where requests go.
pub(super) enum Client {
    /// To the server that works in this data folder.
    Server(PathBuf),
    /// To this process.
    Here(Box<Here>),
}

/// The application without doors.
pub(super) struct Here {
    router: Router,
    started: Started,
}

/// Whether there must be something stored already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Yes: a folder without a database is a mistyped folder.
    Data,
    /// No: it is made.
    Nothing,
}

impl Client {
    /// Finds the server, or opens the data here.
    pub(super) async fn open(context: &Context, needs: Needs) -> Result<Self, Failure> {
        let bindings = bindings::load(context.bindings.as_deref(), None)?;
        let until = Instant::now() + PATIENCE;
        loop {
            if socket::connect(&context.data).await.is_some() {
                return Ok(Self::Server(context.data.clone()));
            }
            // After that, as a server on PostgreSQL has no file there.
            if needs == Needs::Data && context.database.is_none() && !start::database(&context.data).exists() {
                let data = context.data.display();
                return Err(Failure::Usage(format!("{data}: nothing is stored there; name the folder with --data")));
            }
            let database = context.database.clone();
            match start::without_doors(&context.data, database, context.connections.as_deref(), bindings.clone()).await
            {
                Ok(started) => {
                    let router = crate::router::router(started.app.clone(), Limits::default());
                    return Ok(Self::Here(Box::new(Here { router, started })));
                }
                Err(start::Error::Lock(lock::Error::Held { .. })) if Instant::now() < until => sleep(PAUSE).await,
                Err(error) => return Err(Failure::failed(error)),
            }
        }
    }

    /// Whether a server answers, which remembers what is not stored.
    pub(super) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::DELETE, path, None).await
    }

    /// Changes what has this revision.
    pub(super) async fn patch(&self, path: &str, revision: &str, body: &Value) -> Result<Value, Failure> {
        self.change(Method::PATCH, path, revision, body).await
    }

    /// Replaces what has this revision; `0` = it is not there yet.
    pub(super) async fn put_at(&self, path: &str, revision: &str, body: &Value) -> Result<Value, Failure> {
        self.change(Method::PUT, path, revision, body).await
    }

    async fn change(&self, method: Method, path: &str, revision: &str, body: &Value) -> Result<Value, Failure> {
        let based_on = Some(format!("\"{revision}\""));
        let (status, body) = self.send(method, path, based_on, body.to_string()).await?;
        answer(status, &body.collect().await.map_err(Failure::failed)?.to_bytes())
    }

    /// Ends what was opened here.
    pub(super) async fn close(self) {
        if let Self::Here(here) = self {
            here.started.stop().await;
        }
    }

    /// Copies an answer to standard output as it comes.
    pub(super) async fn copy(&self, path: &str) -> Result<(), Failure> {
        let (status, mut body) = self.send(Method::GET, path, None, String::new()).await?;
        if !status.is_success() {
            return answer(status, &body.collect().await.map_err(Failure::failed)?.to_bytes()).map(drop);
        }
        while let Some(frame) = body.frame().await {
            if let Ok(part) = frame.map_err(Failure::failed)?.into_data()
                && !print::bytes(&part)
            {
                break;
            }
        }
        Ok(())
    }

    /// Sends bytes as they are.
    pub(super) async fn send_bytes(&self, path: &str, bytes: Bytes) -> Result<Value, Failure> {
        let (status, body) = self.send(Method::POST, path, None, bytes).await?;
        answer(status, &body.collect().await.map_err(Failure::failed)?.to_bytes())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let (status, body) = self.send(method, path, None, body.map(Value::to_string).unwrap_or_default()).await?;
        answer(status, &body.collect().await.map_err(Failure::failed)?.to_bytes())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        based_on: Option<String>,
        body: impl Into<Body>,
    ) -> Result<(StatusCode, Body), Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::HOST, "switchboard")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(based_on) = based_on {
            request = request.header(header::IF_MATCH, based_on);
        }
        let mut request = request.body(body.into()).map_err(Failure::failed)?;
        let response = match self {
            Self::Server(data) => over_socket(data, request).await?,
            Self::Here(here) => {
                request.extensions_mut().insert(Peer::Control);
                here.router.clone().oneshot(request).await.map_err(Failure::failed)?
            }
        };
        let (head, body) = response.into_parts();
        Ok((head.status, body))
    }
}

async fn over_socket(data: &Path, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let gone = || Failure::failed("the server stopped meanwhile; try again");
    let stream = socket::connect(data).await.ok_or_else(gone)?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(Failure::failed)?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(Failure::failed)?;
    Ok(response.map(Body::new))
}

fn answer(status: StatusCode, bytes: &[u8]) -> Result<Value, Failure> {
    let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if status.is_success() {
        return Ok(value);
    }
    if value.pointer("/error/code").is_some_and(|code| code == "problems") {
        return Err(Failure::Problems(value["error"]["details"].clone()));
    }
    match value.pointer("/error/message").and_then(Value::as_str) {
        Some(message) if status == StatusCode::BAD_REQUEST => Err(Failure::Usage(message.to_owned())),
        Some(message) => Err(Failure::failed(message)),
        None => Err(Failure::failed(format_args!("the server answered {status}"))),
    }
}

/// A part of an address: ids and phone numbers (`+39…`), with what has a meaning in addresses escaped.
pub(super) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().fold(String::new(), |mut out, byte| {
        if plain(byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_survive_as_part_of_an_address() {
        assert_eq!(segment("+39 06/7"), "%2B39%2006%2F7");
        assert_eq!(segment("run_00d3j9"), "run_00d3j9");
    }

    #[test]
    fn an_api_error_becomes_its_message() {
        let body = br#"{"error":{"code":"not_found","message":"run run_1 is not there"}}"#;
        let failure = answer(StatusCode::NOT_FOUND, body).unwrap_err();
        assert_eq!(failure.to_string(), "run run_1 is not there");
        assert!(matches!(answer(StatusCode::BAD_REQUEST, body), Err(Failure::Usage(_))));
    }
}
