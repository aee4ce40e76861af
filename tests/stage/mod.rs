//! A stage for the whole engine: real store, real connectors, the sandbox over real HTTP, and a door that can be left open
//! while the engine dies and comes back.

pub mod mortal;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use connectors::sandbox::{Config, Provider, Sandbox};
use engine::book::Published;
use engine::clock::{At, Clock};
use engine::connector::{HookRequest, Open, OpenContext};
use engine::flow::{ConnectionInfo, Environment, Kind, check_document};
use engine::ids::{Ids, VersionId};
use engine::runner::{Engine, Parts};
use engine::store::{RunFilter, RunRow, Store, VersionRow, VersionState};
use engine_store::{Database, Options};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, watch};

use mortal::{Moment, Mortal};

/// The audit key of every test.
pub const AUDIT_KEY: [u8; 32] = [7; 32];
/// A test that has waited so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// The store of a staged engine.
pub type StageStore = Mortal<Database>;

/// Makes TLS available to every client of this process.
pub fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// The machine's clock, so far ahead.
struct Now(Duration);

impl Clock for Now {
    #[allow(clippy::disallowed_methods, reason = "tests that run the whole engine run it in real time")]
    fn now(&self) -> At {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        At(i64::try_from(since.as_millis()).unwrap_or(0)).plus(self.0)
    }
}

/// One life of the engine, on a runtime of its own: dropping that is as near to a kill as a process comes.
pub struct Life {
    /// The engine.
    pub engine: Engine<StageStore>,
    connections: Arc<Vec<Open>>,
    death: watch::Receiver<bool>,
    runtime: Runtime,
}

type Living = Arc<Mutex<Option<(Engine<StageStore>, Arc<Vec<Open>>, watch::Receiver<bool>)>>>;

/// Everything around the engine.
pub struct Stage {
    /// The providers.
    pub sandbox: Sandbox,
    /// The data folder.
    pub folder: tempfile::TempDir,
    /// How far ahead of the machine's clock the next life is: what fell due meanwhile was missed.
    pub ahead: Duration,
    flows: Vec<String>,
    door: String,
    living: Living,
    delivered: Arc<Notify>,
}

impl Stage {
    /// A stage with these flows and other documents.
    pub async fn new(flows: &[&str]) -> Self {
        prepare();
        let config = Config { retry_ms: vec![20; 500], batch_ms: 1, ..Config::default() };
        let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
        let living = Living::default();
        let delivered = Arc::new(Notify::new());
        let door = open_door(Arc::clone(&living), Arc::clone(&delivered)).await;
        for (provider, id) in [(Provider::CloudApi, "wa"), (Provider::Hubspot, "crm")] {
            sandbox.set_webhook_url(provider, Some(format!("{door}/hooks/{id}")));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let flows = flows.iter().map(|flow| (*flow).to_owned()).collect();
        Self { sandbox, folder, ahead: Duration::ZERO, flows, door, living, delivered }
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("switchboard.db")
    }

    /// Brings the engine to life; it dies at write `at` (0 = never).
    pub fn live(&self, at: u64, moment: Moment) -> Life {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let accounts = self.accounts();
        let flows = self.flows.clone();
        let (database, clock) = (self.database(), Now(self.ahead));
        let life = std::thread::scope(|scope| {
            scope
                .spawn(|| runtime.block_on(start(&database, clock, accounts, flows, (at, moment))))
                .join()
                .expect("it starts")
        });
        let (engine, connections, death) = life;
        let doors = (engine.clone(), Arc::clone(&connections), death.clone());
        *self.living.lock().expect("no panic holds it") = Some(doors);
        Life { engine, connections, death, runtime }
    }

    /// Kills the engine: its tasks stop where they are, its sockets close.
    pub fn kill(&self, life: Life) {
        *self.living.lock().expect("no panic holds it") = None;
        let Life { engine, connections, runtime, .. } = life;
        drop((engine, connections));
        std::thread::scope(|scope| {
            scope.spawn(|| runtime.shutdown_timeout(Duration::from_secs(5)));
        });
    }

    /// Waits until the engine died, or `done` holds; says whether it died.
    pub async fn until(&self, life: &Life, done: impl AsyncFn(&Engine<StageStore>) -> bool) -> bool {
        let mut death = life.death.clone();
        let waiting = async {
            loop {
                let news = self.delivered.notified();
                life.engine.idle().await;
                self.sandbox.idle().await;
                life.engine.idle().await;
                if done(&life.engine).await {
                    return;
                }
                // A delivery, or the engine itself (a retry, a probe), may bring the rest.
                let _ = tokio::time::timeout(Duration::from_millis(50), news).await;
            }
        };
        tokio::select! {
            died = death.wait_for(|dead| *dead) => died.is_ok(),
            () = waiting => false,
            () = tokio::time::sleep(PATIENCE) => panic!(
                "nothing came to an end within {PATIENCE:?}: {:?}, {:?}, {:?}",
                runs(&life.engine).await.iter().map(|run| (run.status, run.turns)).collect::<Vec<_>>(),
                life.engine.health(),
                self.sandbox.totals(),
            ),
        }
    }

    fn accounts(&self) -> Vec<(&'static str, &'static str, Value)> {
        let Config { cloud_api, hubspot, .. } = Config::default();
        let url = self.sandbox.url();
        let wa = json!({
            "base_url": format!("{url}/graph"), "phone_number_id": cloud_api.phone_number_id,
            "waba_id": cloud_api.waba_id, "access_token": cloud_api.access_token,
            "app_secret": cloud_api.app_secret, "verify_token": cloud_api.verify_token,
        });
        let crm = json!({
            "base_url": format!("{url}/hubspot"), "access_token": hubspot.access_token,
            "client_secret": hubspot.client_secret, "public_url": self.door, "calls_per_second": 0,
        });
        vec![("wa", "whatsapp.cloud_api", wa), ("crm", "hubspot", crm)]
    }
}

async fn start(
    database: &std::path::Path,
    clock: Now,
    accounts: Vec<(&'static str, &'static str, Value)>,
    flows: Vec<String>,
    (at, moment): (u64, Moment),
) -> (Engine<StageStore>, Arc<Vec<Open>>, watch::Receiver<bool>) {
    let registry = connectors::registry();
    let open = |(id, connector, settings): (&str, &str, Value)| {
        let context = OpenContext { id: id.into(), public_url: "http://127.0.0.1".into(), allow_private_network: true };
        // Providers pace their callers; the sandbox does not.
        Open { rate_per_second: 0, ..registry.open(connector, settings, &context).expect("it opens") }
    };
    let connections: Vec<Open> = accounts.into_iter().map(open).collect();
    for connection in &connections {
        connection.connection.setup().await;
    }
    let clock = Arc::new(clock);
    let ids = Arc::new(Ids::new(0));
    let catalog = Arc::new(registry.catalog());
    let info: Vec<ConnectionInfo> = connections
        .iter()
        .map(|open| ConnectionInfo { id: open.id.to_string(), connector: open.connector.to_owned() })
        .collect();
    let compile = move |row: &VersionRow| -> Result<Published, String> {
        let env = Environment { connections: Some(info.clone()), ..Environment::new(&catalog) };
        let checked = check_document(&row.source, &env);
        checked.version.map(|compiled| compiled.into_version(row.id)).ok_or_else(|| format!("{:?}", checked.problems))
    };
    let compile = Arc::new(compile);
    let strand = ids.next(clock.now());
    let store = Database::open(database, Options::new(strand)).await.expect("the store opens");
    let fresh = store.versions().await.expect("versions").is_empty();
    let store = Mortal::new(store, if fresh { 0 } else { at }, moment);
    let (death, mortal) = (store.death(), store.clone());
    let engine = Engine::start(Parts {
        store,
        clock: Arc::<Now>::clone(&clock),
        ids: Arc::clone(&ids),
        connections: connections.clone(),
        notify: None,
        crm: engine::crm::Crm::default(),
        first_hour: engine::first_hour::MOST,
        quiet: false,
        compile: Arc::clone(&compile) as engine::runner::Compile,
        audit_key: AUDIT_KEY,
        on_anchor: Arc::new(|_| {}),
    })
    .await
    .expect("the engine starts");
    if fresh {
        publish(&engine, &flows, &compile, &ids, clock.now()).await;
    }
    mortal.begin();
    (engine, Arc::new(connections), death)
}

async fn publish(
    engine: &Engine<StageStore>,
    flows: &[String],
    compile: &Arc<impl Fn(&VersionRow) -> Result<Published, String>>,
    ids: &Ids,
    at: At,
) {
    let mut rows = Vec::new();
    let mut versions = Vec::new();
    for source in flows {
        let mut row = VersionRow {
            id: VersionId(ids.next(at)),
            kind: Kind::Flow,
            flow: String::new(),
            meaning: [0; 32],
            text_no: 1,
            language: 1,
            source: source.clone(),
            state: VersionState::Live,
            owner: "db".into(),
            by: "test".into(),
            at,
        };
        let version = compile(&row).expect("the flow passes its checks");
        row.flow = version.document().to_string();
        match &version {
            Published::Flow(flow) => row.meaning = flow.meaning,
            Published::Rules(rules) => (row.kind, row.meaning) = (Kind::Rules, rules.meaning),
            Published::Calendar(_) => row.kind = Kind::Calendar,
            Published::Segment(_) => row.kind = Kind::Segment,
        }
        rows.push(row);
        versions.push(version);
    }
    engine.publish(rows, versions, "test").await.expect("it is published");
}

/// All runs, oldest first.
pub async fn runs(engine: &Engine<StageStore>) -> Vec<RunRow> {
    use engine::store::Reads;
    let filter = RunFilter { limit: 500, ..RunFilter::default() };
    let mut runs = engine.store().runs(filter).await.expect("runs");
    runs.sort_by_key(|run| run.id);
    runs
}

/// A door that stays open while the engine dies: it answers 503 then, and providers come again.
async fn open_door(living: Living, delivered: Arc<Notify>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let state = (living, delivered, url.clone());
    let router = axum::Router::new().route("/hooks/{id}", axum::routing::any(deliver)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn deliver(
    State((living, delivered, url)): State<(Living, Arc<Notify>, String)>,
    Path(id): Path<String>,
    request: Request,
) -> impl IntoResponse {
    let answer = receive(&living, &url, &id, request).await;
    delivered.notify_waiters();
    answer
}

async fn receive(living: &Living, url: &str, id: &str, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 3 << 20).await.expect("a body");
    let found = living.lock().expect("no panic holds it").clone();
    let Some((engine, connections, mut death)) = found else { return StatusCode::SERVICE_UNAVAILABLE };
    let Some(open) = connections.iter().find(|open| &*open.id == id) else { return StatusCode::NOT_FOUND };
    let door = open.connection.door().expect("it has a door");
    let request = HookRequest {
        method: parts.method,
        url: format!("{url}{}", parts.uri),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let intake = door.receive(&request, Now(Duration::ZERO).now()).expect("it is signed");
    tokio::select! {
        received = engine.receive(id, intake.items, door.sender()) => match received {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        },
        _ = death.wait_for(|dead| *dead) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Runs an async test on a runtime that can start others beside it.
pub fn staged<F: Future<Output = ()>>(test: F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(test);
}
