//! Figures that cost a look over many rows: counted at most every five seconds, whoever asks.

use std::sync::Arc;
use std::time::Duration;

use engine::ids::{Ids, RunId};
use engine::store::{self, FlowFigures, Pages};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::app::App;

/// How old figures may be.
const FRESH: Duration = Duration::from_secs(5);
/// What `lately` means.
const LATELY: Duration = Duration::from_secs(24 * 60 * 60);

/// What was counted last.
#[derive(Default)]
pub(crate) struct Figures(Mutex<Option<(Instant, Arc<Vec<FlowFigures>>)>>);

impl Figures {
    /// How the runs of each flow are doing. Who asks meanwhile waits for the same count.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn of_flows(&self, app: &App) -> Result<Arc<Vec<FlowFigures>>, store::Error> {
        let mut kept = self.0.lock().await;
        if let Some((at, figures)) = &*kept
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(figures));
        }
        let since = RunId(Ids::floor(app.clock.now().minus(LATELY)));
        let figures = Arc::new(app.engine.store().flow_figures(since).await?);
        *kept = Some((Instant::now(), Arc::clone(&figures)));
        Ok(figures)
    }
}
