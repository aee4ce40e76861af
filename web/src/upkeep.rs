//! What is done now and then while we serve: connections are looked at once, figures are tidied.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;

/// How often recorded times are folded into their buckets; without it they would pile up between two scrapes.
const FOLD: Duration = Duration::from_secs(30);

/// Runs until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    check(&app).await;
    let mut tick = interval(FOLD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        app.metrics.run_upkeep();
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
