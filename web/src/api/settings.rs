//! The settings of the workspace.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::account::{Accounts, Op, Refusal, SettingsRow, Told};
use serde_json::{Value, json};

use super::extract::{Body, IfMatch};
use super::{Answer, view as show};
use crate::accounts::Who;
use crate::accounts::settings::Settings;
use crate::app::App;
use crate::error::ApiError;

/// `GET /settings`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(current(&app).await?))
}

/// `PUT /settings`: whole, with `If-Match`.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    IfMatch(rev): IfMatch,
    Body(settings): Body<Settings>,
) -> Answer {
    settings.check()?;
    let body = serde_json::to_string(&settings).map_err(ApiError::internal)?;
    let row = SettingsRow { body, rev: rev + 1, by: who.by().to_owned(), at: app.clock.now() };
    let mut data = json!(settings);
    data["from"] = json!(who.address());
    let told = Told { what: "settings.changed", id: "settings".to_owned(), data };
    match app.engine.account(who.by(), vec![told], vec![Op::PutSettings(row)]).await? {
        Ok(()) => app.sign_in.put_settings(settings),
        Err(Refusal::Changed) => return Err(ApiError::changed(current(&app).await?)),
        Err(other) => return Err(other.into()),
    }
    Ok(Json(current(&app).await?))
}

/// As they are stored; revision 0 while nobody changed them.
async fn current(app: &App) -> Result<Value, ApiError> {
    let row = app.engine.store().settings().await?;
    let mut shown = json!(*app.sign_in.settings());
    shown["revision"] = row.as_ref().map_or(0, |row| row.rev).to_string().into();
    shown["changed_by"] = json!(row.as_ref().map(|row| &row.by));
    shown["changed_at"] = show::maybe(row.as_ref().map(|row| row.at));
    Ok(shown)
}
