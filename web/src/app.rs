//! What every handler works with: the engine, the opened connections, the flows, and where we are.

use std::path::PathBuf;
use std::sync::Arc;

use connectors::sandbox::Phones;
use engine::clock::{At, Clock};
use engine::ids::Ids;
use engine_store::Database;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::accounts::SignIn;
use crate::api::inbox::Attending;
use crate::connections::Connections;
use crate::erasures::Erasures;
use crate::error::ApiError;
use crate::figures::Figures;
use crate::flows::Checker;
use crate::flows::locks::Locks;
use crate::imports::Imports;
use crate::keys::Token;
use crate::push::Devices;
use crate::reserve::Reserve;

/// The database of this build.
pub type Store = Database;
/// The engine on it.
pub type Engine = engine::runner::Engine<Store>;

/// The wired application.
pub struct App {
    /// The running engine.
    pub engine: Engine,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub(crate) ids: Arc<Ids>,
    /// What flows are checked against.
    pub(crate) checker: Arc<Checker>,
    /// Held while flows are brought in: a plan must still be true when it is carried out.
    pub(crate) importing: tokio::sync::Mutex<()>,
    /// The accounts that are open.
    pub connections: Connections,
    /// When the accounts were asked for their templates last.
    pub(crate) templates_asked: tokio::sync::Mutex<Option<At>>,
    /// Who edits what.
    pub(crate) locks: Locks,
    /// Who has which conversation open.
    pub(crate) attending: Attending,
    /// How many texts are tried out at once: two.
    pub(crate) trials: Arc<tokio::sync::Semaphore>,
    /// Files of contacts that are looked at or brought in.
    pub(crate) imports: Imports,
    /// Held while contacts become one or two: who is whose part must still be true when it is carried out.
    pub(crate) merging: tokio::sync::Mutex<()>,
    /// Told when an operation over tags begins.
    pub(crate) retagging: tokio::sync::Notify,
    /// Told when it changed for how long what happened is kept.
    pub(crate) retaining: tokio::sync::Notify,
    /// The folder of flow files, when the editor may write it.
    pub(crate) flows_writable: Option<PathBuf>,
    /// Our address as the outside sees it, without a final slash.
    pub public_url: String,
    /// The sandbox's address, when there is one.
    pub sandbox_url: Option<String>,
    /// Browsers that are told when no page is open.
    pub(crate) devices: Devices,
    /// Signing in.
    pub(crate) sign_in: SignIn,
    /// What the API asks scripts on this machine for.
    pub token: Arc<Token>,
    /// Seals the anchors.
    pub audit_key: [u8; 32],
    /// What was counted lately.
    pub(crate) figures: Figures,
    /// The phones of the sandbox's customers, when there is one.
    pub(crate) phones: Option<Phones>,
    /// What is kept free of the disk.
    pub(crate) reserve: Reserve,
    /// Where it is noted whom we erased.
    pub(crate) erasures: Erasures,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// When this process started.
    pub started_at: At,
}

impl App {
    /// Refuses what makes a run go on where the accounts are not known: the next call of a flow would be planned for an account
    /// that does not exist.
    ///
    /// # Errors
    /// When there is no server and no connections file was named.
    pub(crate) fn expect_accounts(&self) -> Result<(), ApiError> {
        match self.checker.knows_connections() {
            true => Ok(()),
            false => Err(ApiError::conflict(
                "no server runs on this data, and the accounts are not known here: start it, or name them with --connections",
            )),
        }
    }
}
