//! The templates that may be sent, of all accounts: what the editor offers where a flow names one.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::connector::{ApprovedTemplate, Open};
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

use super::Answer;
use crate::app::App;

/// How long an account may take: somebody looks at the form meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same while somebody types.
const TYPING: Duration = Duration::from_secs(2);
/// How long what accounts told is believed when a document names something that they did not tell.
const FRESH: Duration = Duration::from_secs(30);

/// The templates of all accounts.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "AccountTemplates")]
pub(crate) struct Templates {
    templates: Vec<AccountTemplate>,
    /// Connections that did not tell theirs.
    silent: Vec<String>,
}

/// A template that may be sent through an account.
#[derive(Debug, Serialize, JsonSchema)]
struct AccountTemplate {
    connection: String,
    #[serde(flatten)]
    template: ApprovedTemplate,
}

impl Templates {
    /// Whether an account has a template that may be sent, in `language` or, when that is empty, in any.
    pub(crate) fn has(&self, name: &str, language: &str) -> bool {
        let fits = |known: &ApprovedTemplate| known.name == name && (language.is_empty() || known.language == language);
        self.templates.iter().any(|of| fits(&of.template))
    }

    /// Whether every account told its templates.
    pub(crate) fn is_whole(&self) -> bool {
        self.silent.is_empty()
    }
}

/// `GET /templates`: as the accounts tell them now.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Answer<Templates> {
    Ok(Json(all(&app).await))
}

/// The templates of all accounts, as they tell them now. Documents are checked against them from now on.
pub(crate) async fn all(app: &App) -> Templates {
    asked(app, PATIENCE).await
}

/// Asks the accounts anew before somebody who types is told that they lack something; whether it did, which it does not again within
/// half a minute.
pub(crate) async fn renew(app: &App) -> bool {
    let mut last = app.templates_asked.lock().await;
    let now = app.clock.now();
    if last.is_some_and(|last| now.since(last) < FRESH) {
        return false;
    }
    *last = Some(now);
    asked(app, TYPING).await;
    true
}

async fn asked(app: &App, patience: Duration) -> Templates {
    let accounts = app.connections.all();
    let mut found = Templates::default();
    for (connection, told) in join_all(accounts.values().map(|open| told(open, patience))).await {
        match told {
            Some(templates) => found.templates.extend(
                templates.into_iter().map(|template| AccountTemplate { connection: connection.clone(), template }),
            ),
            None => found.silent.push(connection),
        }
    }
    app.checker.put_templates(&app.connections);
    found
}

async fn told(open: &Open, patience: Duration) -> (String, Option<Vec<ApprovedTemplate>>) {
    let templates = timeout(patience, open.connection.templates()).await;
    (open.id.to_string(), templates.ok().and_then(Result::ok))
}
