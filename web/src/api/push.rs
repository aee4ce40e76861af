//! Notifications of one's own browsers: which key they need, that they want them, and that they do not any more.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::account::PushRow;
use engine::sentence;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Agent, Body};
use super::{Answer, view};
use crate::accounts::Who;
use crate::app::App;
use crate::error::ApiError;
use crate::push;

/// Longest address of a push service: longer than any that is in use.
const MAX_ENDPOINT: usize = 2_000;
/// How much of a browser's name is kept.
const MAX_AGENT: usize = 200;

/// What a browser needs, and which of one's own are told.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Devices {
    /// Our public key, for `applicationServerKey`.
    key: String,
    devices: Vec<Device>,
}

/// A browser that is told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PushDevice")]
struct Device {
    endpoint: String,
    /// Whether it is told of alarms, too.
    alarms: bool,
    /// What it calls itself.
    agent: String,
    since: view::Time,
}

impl From<PushRow> for Device {
    fn from(row: PushRow) -> Self {
        Self { endpoint: row.endpoint, alarms: row.alarms, agent: row.agent, since: view::Time(row.at) }
    }
}

async fn devices(app: &App, who: &Who) -> Answer<Devices> {
    let user = who.expect_person()?.user.id;
    let devices = push::of(app, user).await?.into_iter().map(Device::from).collect();
    Ok(Json(Devices { key: app.devices.key(), devices }))
}

/// `GET /me/push`.
pub(crate) async fn list(State(app): State<Arc<App>>, Extension(who): Extension<Who>) -> Answer<Devices> {
    devices(&app, &who).await
}

/// What a browser gives: its subscription, and what it is to be told of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscription {
    /// The address that its push service gave it.
    #[schemars(length(min = 1, max = 2000))]
    endpoint: String,
    /// Its public key, base64url.
    p256dh: String,
    /// Its secret, base64url.
    auth: String,
    /// Whether it is told of alarms, too.
    #[serde(default)]
    alarms: bool,
}

/// `POST /me/push`: this browser is told from now on. Again changes what it is told of.
pub(crate) async fn add(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Agent(agent): Agent,
    Body(given): Body<Subscription>,
) -> Answer<Devices> {
    let user = who.expect_person()?.user.id;
    if given.endpoint.len() > MAX_ENDPOINT || !app.devices.may_call(&given.endpoint) {
        return Err(ApiError::bad_request("endpoint: the https address of a push service, at most 2000 characters"));
    }
    let read = |name: &str, text: &str, bytes: usize| {
        let read = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().filter(|read| read.len() == bytes);
        read.ok_or_else(|| {
            ApiError::bad_request(sentence!(
                "{name}: {bytes} bytes in base64url, as the browser gives them",
                name = name,
                bytes = bytes
            ))
        })
    };
    let row = PushRow {
        p256dh: read("p256dh", &given.p256dh, push::PUBLIC_BYTES)?,
        auth: read("auth", &given.auth, push::AUTH_BYTES)?,
        endpoint: given.endpoint,
        user,
        alarms: given.alarms,
        agent: agent.chars().take(MAX_AGENT).collect(),
        at: app.clock.now(),
    };
    push::add(&app, who.by(), row).await?;
    devices(&app, &who).await
}

/// Which browser.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PushEndpoint")]
pub(crate) struct Which {
    endpoint: String,
}

/// `DELETE /me/push`: this browser is told nothing any more.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(Which { endpoint }): Body<Which>,
) -> Answer<Devices> {
    let user = who.expect_person()?.user.id;
    if push::of(&app, user).await?.iter().any(|row| row.endpoint == endpoint) {
        push::remove(&app, who.by(), user, &endpoint).await?;
    }
    devices(&app, &who).await
}

/// Whether it was told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PushTried")]
pub(crate) struct Tried {
    told: bool,
}

/// `POST /me/push/test`: a trial for one browser of one's own.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Body(Which { endpoint }): Body<Which>,
) -> Answer<Tried> {
    let user = who.expect_person()?.user.clone();
    let row = push::of(&app, user.id).await?.into_iter().find(|row| row.endpoint == endpoint);
    let row = row.ok_or_else(|| ApiError::not_found("this browser: switch its notifications on again"))?;
    Ok(Json(Tried { told: push::trial(&app, row, &user.language).await }))
}
