//! What every handler works with: the engine, the opened connections, the flows, and where we are.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::clock::{At, Clock};
use engine::connector::{Catalog, Open};
use engine_store::sqlite::Sqlite;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::keys::Token;

/// The database of this build.
pub type Store = Sqlite;
/// The engine on it.
pub type Engine = engine::runner::Engine<Store>;

/// The wired application.
pub struct App {
    /// The running engine.
    pub engine: Engine,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What flows may name.
    pub catalog: Arc<Catalog>,
    /// Opened connections by id.
    pub connections: BTreeMap<Arc<str>, Open>,
    /// The connection of a capability when several serve it and a step names none.
    pub defaults: BTreeMap<String, String>,
    /// Our address as the outside sees it, without a final slash.
    pub public_url: String,
    /// The sandbox's address, when there is one.
    pub sandbox_url: Option<String>,
    /// What the API asks for on the network.
    pub token: Arc<Token>,
    /// Seals the anchors.
    pub audit_key: [u8; 32],
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// When this process started.
    pub started_at: At,
}
