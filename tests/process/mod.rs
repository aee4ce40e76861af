//! The real binary, as its users run it: a server in a child process with its data, flows and accounts at a sandbox of this
//! process, and the command line beside it.
//!
//! Which binary: `SWITCHBOARD_BIN` when set, else the one beside this test, of the same profile. `make test` builds both at once.

mod api;
mod child;
mod delivery;
mod patience;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use connectors::sandbox::{Config, Provider, Sandbox};
use serde_json::Value;
use tempfile::TempDir;
use tests::stage::prepare;
use tokio::sync::oneshot;

pub(crate) use api::{Api, list};
use child::{Process, binary};
pub(crate) use child::{Running, Said, Server, Starting, collect, run};
pub(crate) use delivery::{delivery, order, signature, signature_by, text};
pub(crate) use patience::{PATIENCE, told_within, until, until_told};
/// The least port the system gives to callers by itself (Linux, `ip_local_port_range`): a server that is killed and comes back
/// to one of those might find its port taken by one of its own callers.
const EPHEMERAL: u16 = 32_768;

/// The account at the Cloud API, the default of `whatsapp`.
pub(crate) const WHATSAPP: &str = "wa-main";
/// The account at Twilio.
pub(crate) const TWILIO: &str = "tw-backup";
/// The account at HubSpot.
pub(crate) const CRM: &str = "hubspot-main";

/// What a server is made of, kept while servers on it come and go.
pub(crate) struct Installation {
    /// The providers.
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
    listen: SocketAddr,
    http: reqwest::Client,
}

impl Installation {
    /// One with these flows: names of files in `flows/` or `tests/acceptance/flows/`, without `.yaml`.
    pub(crate) async fn new(flows: &[&str]) -> Self {
        Self::with(Config::default(), flows).await
    }

    /// The same at a sandbox of your choice.
    pub(crate) async fn with(config: Config, flows: &[&str]) -> Self {
        Self::connected(config, flows, &[WHATSAPP, TWILIO, CRM]).await
    }

    /// The same with these accounts only.
    pub(crate) async fn connected(config: Config, flows: &[&str], connections: &[&str]) -> Self {
        prepare();
        let sandbox = Sandbox::start(config.clone()).await.expect("the sandbox starts");
        let listen = free_port();
        for (provider, id) in [(Provider::CloudApi, WHATSAPP), (Provider::Twilio, TWILIO)] {
            sandbox.set_webhook_url(provider, Some(format!("http://{listen}/hooks/{id}")));
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("flows")).unwrap();
        for name in flows {
            std::fs::copy(flow_file(name), folder.path().join(format!("flows/{name}.yaml"))).unwrap();
        }
        let accounts = accounts(&config, sandbox.url(), connections);
        std::fs::write(folder.path().join("connections.yaml"), accounts).unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { sandbox, folder, listen, http }
    }

    /// A path in the installation's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The server's address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The binary with what every command of this installation is given.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command
            .current_dir(self.folder.path())
            .env("SWITCHBOARD_DATA", self.path("data"))
            .env("SWITCHBOARD_CONNECTIONS", self.path("connections.yaml"))
            .env("WA_TOKEN", Config::default().cloud_api.access_token)
            .env("WA_SECRET", Config::default().cloud_api.app_secret)
            .env("HS_TOKEN", Config::default().hubspot.access_token)
            .env("TW_TOKEN", Config::default().twilio.auth_token)
            .env_remove("SWITCHBOARD_AUDIT_KEY")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn cli(&self, args: &[&str]) -> Said {
        let mut command = self.command();
        command.args(args);
        run(command).await
    }

    /// Starts a command that goes on until it is dropped.
    pub(crate) fn begin(&self, args: &[&str]) -> Running {
        let mut command = self.command();
        Running(Process::start(command.args(args), |_| {}))
    }

    /// Starts the server and returns when it says that it listens.
    pub(crate) async fn serve(&self) -> Server {
        self.serve_with(&[]).await
    }

    /// The same with more arguments.
    pub(crate) async fn serve_with(&self, args: &[&str]) -> Server {
        let starting = self.spawn(args);
        starting.ready(self).await
    }

    /// Starts the server and does not wait for it.
    pub(crate) fn spawn(&self, args: &[&str]) -> Starting {
        self.spawn_with(|_| {}, args)
    }

    /// The same with what `give` adds to its command.
    pub(crate) fn spawn_with(&self, give: impl FnOnce(&mut Command), args: &[&str]) -> Starting {
        let mut command = self.command();
        give(&mut command);
        let listen = self.listen.to_string();
        command.args(["serve", "--listen", &listen, "--flows"]).arg(self.path("flows")).args(args);
        let (ready, listening) = oneshot::channel();
        let mut ready = Some(ready);
        let process = Process::start(&mut command, move |line| {
            if line.starts_with("listening on ") {
                // Whoever gave up waiting does not listen any more.
                let _ = ready.take().map(|ready| ready.send(()));
            }
        });
        Starting { process, listening }
    }

    /// Posts a body to a webhook address, as a provider would; the answer's status.
    pub(crate) async fn hook(&self, connection: &str, body: Vec<u8>, signature: Option<&str>) -> reqwest::Result<u16> {
        let mut request = self.http.post(format!("{}/hooks/{connection}", self.url())).body(body);
        request = request.header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        Ok(request.send().await?.status().as_u16())
    }

    /// Posts a well signed Cloud API delivery.
    pub(crate) async fn deliver(&self, delivery: &Value) -> reqwest::Result<u16> {
        let body = delivery.to_string().into_bytes();
        let signature = signature(&body);
        self.hook(WHATSAPP, body, Some(&signature)).await
    }

    /// The client of this test, for requests of its own.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A number read from the database file itself, whatever the API says.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        use sqlx::ConnectOptions;
        let file = self.path("data/switchboard.db");
        let mut conn =
            sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The file of a flow that ships, or of one that only these tests need.
pub(crate) fn flow_file(name: &str) -> PathBuf {
    let shipped = top().join(format!("flows/{name}.yaml"));
    if shipped.exists() { shipped } else { top().join(format!("tests/acceptance/flows/{name}.yaml")) }
}

/// The folder of the flows that ship.
pub(crate) fn shipped_flows() -> PathBuf {
    top().join("flows").canonicalize().unwrap()
}

/// A port that nobody uses now, below those that the system gives to callers.
pub(crate) fn free_port() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 100).unwrap() * 100;
    for _ in 0..1_000 {
        let port = EPHEMERAL - 12_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no free port")
}

/// The connections file: accounts at the sandbox, unpaced, most secrets in the environment. Only those in `wanted`.
fn accounts(config: &Config, url: &str, wanted: &[&str]) -> String {
    let (meta, twilio) = (&config.cloud_api, &config.twilio);
    let declared = [
        (
            WHATSAPP,
            format!(
                "connector: whatsapp.cloud_api, base_url: {url}/graph, phone_number_id: \"{}\", waba_id: \"{}\", \
                 access_token: {{ env: WA_TOKEN }}, app_secret: {{ env: WA_SECRET }}, verify_token: {}",
                meta.phone_number_id, meta.waba_id, meta.verify_token
            ),
        ),
        (
            TWILIO,
            format!(
                "connector: whatsapp.twilio, base_url: {url}/twilio, account_sid: {}, auth_token: {{ env: TW_TOKEN }}, \
                 from: \"{}\"",
                twilio.account_sid, twilio.from
            ),
        ),
        (
            CRM,
            format!(
                "connector: hubspot, base_url: {url}/hubspot, access_token: {{ env: HS_TOKEN }}, \
                 client_secret: {}, calls_per_second: 0",
                config.hubspot.client_secret
            ),
        ),
    ];
    let mut file = "connections:\n".to_owned();
    for (id, settings) in declared.into_iter().filter(|(id, _)| wanted.contains(id)) {
        file += &format!("  - {{ id: {id}, {settings}, allow_private_network: true, limits: {{ per_second: 0 }} }}\n");
    }
    if wanted.contains(&WHATSAPP) {
        file += &format!("defaults: {{ whatsapp: {WHATSAPP} }}\n");
    }
    file
}
