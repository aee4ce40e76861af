//! The settings of the workspace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::{Accounts, Op, Refusal, SettingsRow, Told};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::extract::{Body, IfMatch};
use super::view as show;
use crate::accounts::Who;
use crate::accounts::settings::Settings;
use crate::app::App;
use crate::error::ApiError;

/// The settings, and which revision of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SettingsView {
    #[serde(flatten)]
    settings: Settings,
    /// For `If-Match`; 0 while nobody changed them.
    revision: String,
    changed_by: Option<String>,
    changed_at: Option<String>,
}

/// `GET /settings`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<Json<SettingsView>, ApiError> {
    Ok(Json(current(&app).await?))
}

/// `PUT /settings`: whole, with `If-Match`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Body(settings): Body<Settings>,
) -> Result<Json<SettingsView>, ApiError> {
    settings.check()?;
    let settings = sealed(&app, settings)?;
    let body = serde_json::to_string(&settings).map_err(ApiError::internal)?;
    let row = SettingsRow { body, rev: rev + 1, by: who.by().to_owned(), at: app.clock.now() };
    let mut data = json!(settings.clone().shown());
    data["from"] = json!(who.address());
    let told = Told { what: "settings.changed", id: "settings".to_owned(), data };
    match app.engine.account(who.by(), vec![told], vec![Op::PutSettings(row)]).await? {
        Ok(()) => {
            app.sign_in.put_settings(settings);
            app.retaining.notify_one();
        }
        Err(Refusal::Changed) => return Err(ApiError::changed(json!(current(&app).await?))),
        Err(other) => return Err(other.into()),
    }
    Ok(Json(current(&app).await?))
}

/// With the secrets of providers as they are stored: what is left out stays.
fn sealed(app: &App, mut settings: Settings) -> Result<Settings, ApiError> {
    let before = app.sign_in.settings();
    let of = |id: &str| before.oidc.iter().find(|provider| provider.id == id);
    let stored = settings.oidc.into_iter().map(|provider| {
        let before = of(&provider.id);
        provider.stored(app, before)
    });
    settings.oidc = stored.collect::<Result<_, _>>()?;
    Ok(settings)
}

async fn current(app: &App) -> Result<SettingsView, ApiError> {
    let row = app.engine.store().settings().await?;
    Ok(SettingsView {
        settings: Settings::clone(&app.sign_in.settings()).shown(),
        revision: row.as_ref().map_or(0, |row| row.rev).to_string(),
        changed_at: show::maybe_text(row.as_ref().map(|row| row.at)),
        changed_by: row.map(|row| row.by),
    })
}
