//! Puts the parts together: lock, store, connections, engine. `serve` adds the doors; the command line works without them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use connectors::sandbox::Phones;
use engine::account::Accounts;
use engine::clock::Clock;
use engine::flow::{Bindings, FirstHour};
use engine::ids::Ids;
use engine::runner;
use engine::secret::Secret;
use engine::store::Contacts;
use engine_store::{Database, Options, Reach};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::accounts::{Seal, SignIn};
use crate::app::{App, Engine};
use crate::clock::SystemClock;
use crate::config;
use crate::connections::Connections;
use crate::erasures::Erasures;
use crate::figures::Figures;
use crate::flows::{Checker, folder};
use crate::keys::{self, Token};
use crate::lock::{self, Lock};
use crate::private;
use crate::push::{self, Devices};
use crate::reserve::Reserve;
use crate::{anchors, backup};

/// How long calls under way have to come back when we stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long the store has to write what waits and to close its file.
const CLOSE: Duration = Duration::from_secs(15);
/// How many texts are tried out at once, in tests and simulations.
const TRIALS: usize = 2;
/// This process among those that write one database: there is only one at a time.
const PROCESS: u16 = 0;

/// Why the parts do not come together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else works there.
    #[error(transparent)]
    Lock(#[from] lock::Error),
    /// A copy was put there, and what goes with it was not done.
    #[error("a restore did not come to its end in {}: repeat `switchboard restore FILE --replace`", dir.display())]
    Restoring {
        /// The folder.
        dir: PathBuf,
    },
    /// A key is missing.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The connections file is wrong.
    #[error(transparent)]
    Connections(#[from] config::connections::Error),
    /// Flow files cannot be used.
    #[error(transparent)]
    Flows(#[from] folder::Error),
    /// The database file cannot be made, or be kept from others.
    #[error("{}: {why}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] engine::store::Error),
    /// Notifications of browsers cannot be sent.
    #[error(transparent)]
    Push(#[from] push::Error),
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] runner::Error),
}

/// What an application is started with.
pub struct Setup {
    /// The time: the machine's, but in tests.
    pub clock: Arc<dyn Clock>,
    /// The data folder; the caller holds its lock.
    pub data: PathBuf,
    /// The address of a PostgreSQL database; `None` for the file in the data folder.
    pub database: Option<Secret>,
    /// The accounts; `None` when they are not known.
    pub connections: Option<config::connections::Connections>,
    /// Names that differ here from those in flow files.
    pub bindings: Bindings,
    /// A folder of flow files: with an error in it, nothing starts.
    pub flows: Option<PathBuf>,
    /// Whether the editor may write these files.
    pub flows_writable: bool,
    /// How processes that stand by reach us; `None` when they cannot.
    pub reach: Option<Reach>,
    /// A file to which anchors are appended, besides the log.
    pub anchors: Option<PathBuf>,
    /// A file outside the data folder in which it is noted, too, whom we erased.
    pub erasures: Option<PathBuf>,
    /// Our address as the outside sees it, without a final slash.
    pub public_url: String,
    /// The sandbox's address, when there is one.
    pub sandbox_url: Option<String>,
    /// How many runs a trigger starts in the hour after it went live, where its flow does not say.
    pub first_hour: FirstHour,
    /// The phones of its customers, when it runs in this process.
    pub phones: Option<Phones>,
    /// Whether nothing but orders and publications is carried out: nothing stored is resumed, no timer runs, no call goes out.
    pub quiet: bool,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
}

/// The application at work, with the lock that it works under.
pub struct Started {
    /// The application.
    pub app: Arc<App>,
    lock: Lock,
}

/// The database file of a data folder.
#[must_use]
pub fn database(data: &Path) -> PathBuf {
    data.join("switchboard.db")
}

/// Opens the database: of a server when there is an address, else the file in the data folder.
async fn open(data: &Path, address: Option<&Secret>, options: Options) -> Result<Database, Error> {
    if let Some(address) = address {
        return Ok(Database::connect(address.expose(), options).await?);
    }
    let file = database(data);
    private::database(&file).map_err(|why| Error::File { file: file.clone(), why })?;
    Ok(Database::open(&file, options).await?)
}

/// Opens store and connections and starts the engine.
///
/// # Errors
/// When a key, a connection, the store or the engine does not come up.
pub async fn start(lock: Lock, setup: Setup) -> Result<Started, Error> {
    let clock = setup.clock;
    let started_at = clock.now();
    let audit_key = keys::audit_key(&setup.data, config::audit_key().as_ref())?;
    let seal = Seal::new(keys::seal_key(&setup.data, config::seal_key().as_ref())?);
    let token = Arc::new(Token::issue(&setup.data)?);
    let registry = connectors::registry();
    let known = setup.connections.is_some();
    let declared = setup.connections.unwrap_or_default();
    let of_file = declared.open(&registry, &setup.public_url)?;
    let ids = Arc::new(Ids::new(PROCESS));
    let strand = ids.next(started_at);
    let store =
        open(&setup.data, setup.database.as_ref(), Options { reach: setup.reach, ..Options::new(strand) }).await?;
    // What was made in the editor counts where the file's accounts are known: both may name the same id.
    let made = if known { Accounts::connections(&store).await? } else { Vec::new() };
    let connections = Connections::new(registry, &of_file, &made, &seal, &setup.public_url);
    let checker = checker(&connections, known, declared.defaults, setup.bindings);
    if let Some(dir) = &setup.flows {
        folder::check(&checker, dir)?;
    }
    let devices = Devices::open(&store, &seal, setup.phones.is_some()).await?;
    let sign_in = SignIn::new(seal, &store).await?;
    let crm = checker.crm();
    let engine = Engine::start(runner::Parts {
        store,
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
        first_hour: setup.first_hour,
        quiet: setup.quiet,
        connections: connections.all().values().filter(|_| !setup.quiet).cloned().collect(),
        notify: declared.notify.map(Into::into),
        crm,
        compile: checker.compile(),
        audit_key,
        on_anchor: anchors::sink(setup.anchors),
    })
    .await?;
    checker.put_teams(&engine.staff());
    checker.put_tags(engine.store().tag_meanings().await?);
    let app = App {
        engine,
        clock,
        ids,
        checker,
        importing: tokio::sync::Mutex::default(),
        locks: crate::flows::locks::Locks::default(),
        attending: crate::api::inbox::Attending::default(),
        imports: crate::imports::Imports::default(),
        merging: tokio::sync::Mutex::default(),
        retagging: tokio::sync::Notify::new(),
        retaining: tokio::sync::Notify::new(),
        trials: Arc::new(tokio::sync::Semaphore::new(TRIALS)),
        flows_writable: setup.flows.filter(|_| setup.flows_writable),
        connections,
        templates_asked: tokio::sync::Mutex::default(),
        devices,
        public_url: setup.public_url,
        sandbox_url: setup.sandbox_url,
        sign_in,
        token,
        audit_key,
        erasures: Erasures::new(&setup.data, setup.erasures),
        figures: Figures::default(),
        reserve: if setup.database.is_none() { Reserve::on(&setup.data) } else { Reserve::default() },
        phones: setup.phones,
        metrics: setup.metrics,
        started_at,
    };
    Ok(Started { app: Arc::new(app), lock })
}

/// What documents are checked against; that of accounts only where they are known.
fn checker(
    connections: &Connections,
    known: bool,
    defaults: BTreeMap<String, String>,
    bindings: Bindings,
) -> Arc<Checker> {
    Arc::new(Checker {
        catalog: Arc::new(connections.registry.catalog()),
        connections: RwLock::new(known.then(|| connections.infos())),
        defaults,
        bindings,
        teams: RwLock::default(),
        tags: RwLock::default(),
        templates: RwLock::default(),
    })
}

/// The application for one command of the command line: it carries out what is asked and nothing else. What is stored waits for a
/// server, which knows the accounts and is there when answers come.
///
/// # Errors
/// As [`start`]; [`lock::Error::Held`] when somebody works in the folder.
pub async fn without_doors(
    data: &Path,
    database: Option<Secret>,
    connections: Option<&Path>,
    bindings: Bindings,
) -> Result<Started, Error> {
    let lock = Lock::take(data)?;
    backup::expect_whole(data)?;
    in_folder(lock, data, database, connections, bindings).await
}

/// The same under a lock that the caller has.
///
/// # Errors
/// As [`start`].
pub(crate) async fn in_folder(
    lock: Lock,
    data: &Path,
    database: Option<Secret>,
    connections: Option<&Path>,
    bindings: Bindings,
) -> Result<Started, Error> {
    let setup = Setup {
        clock: Arc::new(SystemClock::default()),
        data: data.to_owned(),
        database,
        connections: connections.map(config::connections::load).transpose()?,
        bindings,
        flows: None,
        flows_writable: false,
        reach: None,
        anchors: None,
        erasures: None,
        public_url: "http://localhost".to_owned(),
        sandbox_url: None,
        first_hour: engine::first_hour::MOST,
        phones: None,
        quiet: true,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
    };
    start(lock, setup).await
}

impl Started {
    /// Ends the work: calls under way get 10 s, the store 15 s to close, then the folder is let go.
    pub async fn stop(self) {
        self.app.engine.drain(DRAIN).await;
        if tokio::time::timeout(CLOSE, self.app.engine.store().close()).await.is_err() {
            tracing::error!("the store does not close; what is committed is safe, and read again at the next start");
        }
        drop(self.lock);
    }
}
