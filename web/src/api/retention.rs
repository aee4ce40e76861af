//! What a retention would remove now, before it is set.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::audit::Aged;
use engine::clock::At;
use engine::store::{self, Retention as _};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Duration, Instant};

use super::Answer;
use super::extract::Params;
use crate::accounts::retention::Retention;
use crate::app::App;

/// How long is counted.
const PATIENCE: Duration = Duration::from_secs(3);

/// What would be removed now.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "RetentionPreview")]
pub(crate) struct Preview {
    /// Finished runs.
    runs: u64,
    /// Messages, also what people here said and noted.
    messages: u64,
    /// Events; those that began such runs come besides.
    events: u64,
    /// Whether there is more than was counted in three seconds.
    more: bool,
    /// Bytes of the database in use now; on PostgreSQL an estimate.
    used_bytes: u64,
}

/// `GET /settings/retention`: what these ages would remove now. Of a bound of the size it is told what is in use.
pub(crate) async fn preview(State(app): State<Arc<App>>, Params(retention): Params<Retention>) -> Answer<Preview> {
    retention.check()?;
    let (now, until) = (app.clock.now(), Instant::now() + PATIENCE);
    let mut found = Preview { used_bytes: app.engine.store().used().await?, ..Preview::default() };
    for of in Aged::ALL {
        let Some(before) = retention.before(of, now) else { continue };
        let (count, whole) = count(&app, of, before, until).await?;
        found.more |= !whole;
        match of {
            Aged::Runs => found.runs += count,
            Aged::Messages | Aged::Said => found.messages += count,
            Aged::Events | Aged::BadItems => found.events += count,
        }
    }
    Ok(Json(found))
}

/// How many of a kind may go, and whether all were looked at.
async fn count(app: &App, of: Aged, before: At, until: Instant) -> Result<(u64, bool), store::Error> {
    let (mut count, mut after) = (0, i64::MIN);
    while Instant::now() < until {
        let page = app.engine.store().aged(of, before, after).await?;
        count += page.ids.len() as u64;
        match page.next {
            Some(next) => after = next,
            None => return Ok((count, true)),
        }
    }
    Ok((count, false))
}
