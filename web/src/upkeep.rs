//! What is done now and then while we serve: connections are looked at once, and asked for their templates; figures are tidied.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::api::templates;
use crate::app::App;

/// How often recorded times are folded into their buckets; without it they would pile up between two scrapes.
const FOLD: Duration = Duration::from_secs(30);

/// How often accounts are asked for their templates, the words of which are kept with what is sent: they are seldom changed.
const TEMPLATES: Duration = Duration::from_secs(60 * 60);

/// Runs until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    check(&app).await;
    let (mut fold, mut ask) = (interval(FOLD), interval(TEMPLATES));
    fold.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = fold.tick() => app.metrics.run_upkeep(),
            _ = ask.tick() => drop(templates::all(&app).await),
        }
    }
}

/// Asks every account whether it has what it needs: a connector remembers what it must not promise.
async fn check(app: &App) {
    let connections = app.connections.all();
    let checks = connections.values().map(|open| async {
        for finding in open.connection.check().await.iter().filter(|finding| !finding.good) {
            tracing::warn!(connection = %open.id, about = finding.about, "{}", finding.text);
        }
    });
    futures_util::future::join_all(checks).await;
}
