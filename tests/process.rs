//! The real binary, as its users run it: a server in a child process with its data, flows and accounts at a sandbox of this
//! process, and the command line beside it.
//!
//! Which binary: `SWITCHBOARD_BIN` when set, else the release build in the target folder this test was built into, else the
//! debug build there. `make test` builds the release one first.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use connectors::sandbox::{Config, Provider, Sandbox};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tests::stage::prepare;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Whoever waits longer than this for something has failed; far more than a slow machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something that gives no signal.
const PAUSE: Duration = Duration::from_millis(20);
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
        let mut child =
            command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        let out = collect(child.stdout.take().unwrap(), Arc::clone(&log), |_| {});
        let err = collect(child.stderr.take().unwrap(), Arc::clone(&log), |_| {});
        Running(Process { child, log, readers: vec![out, err] })
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
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, listening) = oneshot::channel();
        let mut ready = Some(ready);
        let out = collect(child.stdout.take().unwrap(), Arc::clone(&log), move |line| {
            if line.starts_with("listening on ") {
                // Whoever gave up waiting does not listen any more.
                let _ = ready.take().map(|ready| ready.send(()));
            }
        });
        let err = collect(child.stderr.take().unwrap(), Arc::clone(&log), |_| {});
        Starting { process: Process { child, log, readers: vec![out, err] }, listening }
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

/// Ends of a command.
pub(crate) struct Said {
    /// Exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Said {
    /// Standard output of a command that went well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.good()).expect("it prints JSON")
    }
}

/// Runs `command` to its end without holding up the runtime.
pub(crate) async fn run(mut command: Command) -> Said {
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("the binary starts");
    let Output { status, stdout, stderr } = ended;
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// A child process and everything it printed.
struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Waits for its end; its exit code and all it printed.
    async fn end(mut self) -> (Option<i32>, String) {
        tokio::task::spawn_blocking(move || {
            let code = self.child.wait().expect("it was started").code();
            for reader in std::mem::take(&mut self.readers) {
                reader.join().expect("a reader does not panic");
            }
            let log = self.log.lock().unwrap().clone();
            (code, log)
        })
        .await
        .unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ended, or nobody needs it any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A command that goes on.
pub(crate) struct Running(Process);

impl Running {
    /// Waits until it prints this.
    pub(crate) async fn says(&self, words: &str) {
        let log = || self.0.log.lock().unwrap().clone();
        until_told(words, async || if log().contains(words) { Ok(()) } else { Err(log()) }).await;
    }
}

/// A server that does not listen yet.
pub(crate) struct Starting {
    process: Process,
    listening: oneshot::Receiver<()>,
}

impl Starting {
    /// Waits until it listens.
    pub(crate) async fn ready(self, installation: &Installation) -> Server {
        match tokio::time::timeout(PATIENCE, self.listening).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => panic!("the server did not start:\n{}", self.process.end().await.1),
            Err(_) => panic!("the server does not come up:\n{}", self.process.log.lock().unwrap()),
        }
        let token = std::fs::read_to_string(installation.path("data/api-token")).unwrap().trim().to_owned();
        Server { process: self.process, api: Api { url: installation.url(), token, http: installation.http.clone() } }
    }
}

/// A running server.
pub(crate) struct Server {
    process: Process,
    /// Its API, with its token.
    pub(crate) api: Api,
}

impl Server {
    /// What it printed until now.
    pub(crate) fn log(&self) -> String {
        self.process.log.lock().unwrap().clone()
    }

    /// SIGKILL, and its end.
    pub(crate) async fn kill(mut self) -> String {
        drop(self.process.child.kill());
        self.process.end().await.1
    }

    /// SIGTERM; its exit code and all it printed.
    pub(crate) async fn stop(self) -> (Option<i32>, String) {
        let mut command = Command::new("kill");
        command.args(["-TERM", &self.process.child.id().to_string()]);
        assert_eq!(run(command).await.code, Some(0), "there is nothing to stop");
        tokio::time::timeout(PATIENCE, self.process.end()).await.expect("SIGTERM ends it")
    }
}

/// The API as a script of the same user calls it.
pub(crate) struct Api {
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Api {
    /// The good answer of `GET /api/v1{path}`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> impl Future<Output = Value> + use<> {
        good(path.to_owned(), self.http.get(self.address(path)).bearer_auth(&self.token))
    }

    /// The good answer of `POST /api/v1{path}`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> impl Future<Output = Value> + use<> {
        good(path.to_owned(), self.http.post(self.address(path)).bearer_auth(&self.token).json(body))
    }

    /// The good answer of `PUT /api/v1{path}`, based on this revision.
    pub(crate) fn put(&self, path: &str, body: &Value, revision: &str) -> impl Future<Output = Value> + use<> {
        let request = self.http.put(self.address(path)).bearer_auth(&self.token).json(body);
        good(path.to_owned(), request.header("if-match", format!("\"{revision}\"")))
    }

    /// The status and text of `GET /api/v1{path}`, however it ends.
    pub(crate) async fn raw(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(self.address(path)).bearer_auth(&self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// All runs that fit `filter` (`&flow=…`), newest first.
    pub(crate) async fn runs(&self, filter: &str) -> Vec<Value> {
        let mut runs = Vec::new();
        let mut before = String::new();
        loop {
            let page = self.get(&format!("/runs?limit=500{filter}{before}")).await;
            runs.extend(list(&page, "runs").iter().cloned());
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => return runs,
            }
        }
    }

    /// Waits until `count` runs that fit `filter` have this status, and none is left working.
    pub(crate) async fn until_runs(&self, filter: &str, count: usize, status: &str) -> Vec<Value> {
        until_told(&format!("{count} runs {status}"), async || {
            let runs = self.runs(filter).await;
            let others: Vec<&Value> = runs.iter().filter(|run| run["status"] != status).collect();
            if runs.len() >= count && others.is_empty() {
                return Ok(runs);
            }
            let some = others.iter().take(5).map(|run| run.to_string()).collect::<Vec<_>>();
            Err(format!("{} runs, {} of them not {status}:\n{}", runs.len(), others.len(), some.join("\n")))
        })
        .await
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }
}

async fn good(path: String, request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).expect("it answers JSON")
}

/// The list `name` of an answer.
pub(crate) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map(Vec::as_slice).unwrap_or_else(|| panic!("no list `{name}` in {answer}"))
}

/// Looks again and again at something that gives no signal, until it is there.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    until_told(what, async || look().await.ok_or_else(String::new)).await
}

/// The same, where each look says what is still missing.
pub(crate) async fn until_told<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    told_within(PATIENCE, what, look).await
}

/// The same with a patience of your own.
pub(crate) async fn told_within<T>(patience: Duration, what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(missing) if began.elapsed() > patience => panic!("not within {patience:?}: {what}\n{missing}"),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// `X-Hub-Signature-256` of these bytes, as Meta makes it with the sandbox's app secret.
pub(crate) fn signature(body: &[u8]) -> String {
    signature_by(&Config::default().cloud_api.app_secret, body)
}

/// The same with another secret.
pub(crate) fn signature_by(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// One Cloud API delivery with these messages of these people, as (digits, name).
pub(crate) fn delivery(people: &[(&str, &str)], messages: Vec<Value>) -> Value {
    let account = Config::default().cloud_api;
    let contacts: Vec<Value> =
        people.iter().map(|(digits, name)| json!({ "profile": { "name": name }, "wa_id": digits })).collect();
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": account.display_phone_number, "phone_number_id": account.phone_number_id },
        "contacts": contacts, "messages": messages,
    });
    json!({ "object": "whatsapp_business_account",
        "entry": [{ "id": account.waba_id, "changes": [{ "field": "messages", "value": value }] }] })
}

/// A text message of a delivery.
pub(crate) fn text(id: &str, from: &str, text: &str) -> Value {
    json!({ "from": from, "id": id, "timestamp": now_s(), "type": "text", "text": { "body": text } })
}

/// An order of a delivery: one item at this price.
pub(crate) fn order(id: &str, from: &str, price: f64) -> Value {
    let item = json!({ "product_retailer_id": "TEA-1", "quantity": 1, "item_price": price, "currency": "CNY" });
    json!({ "from": from, "id": id, "timestamp": now_s(), "type": "order",
        "order": { "catalog_id": "demo", "text": "", "product_items": [item] } })
}

#[allow(clippy::disallowed_methods, reason = "a message carries the time at which its test plays it")]
fn now_s() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs().to_string()
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

fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("SWITCHBOARD_BIN") {
        return named.into();
    }
    // This test is TARGET/PROFILE/deps/all-….
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().nth(3).unwrap();
    let builds = ["release", "debug"].map(|profile| target.join(profile).join("switchboard"));
    let found = builds.iter().find(|build| build.exists());
    found
        .unwrap_or_else(|| panic!("no binary in {}: `cargo build --release -p web` makes it", target.display()))
        .clone()
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

/// Reads lines to the end, into `log`; hands each one to `told`.
pub(crate) fn collect(
    from: impl Read + Send + 'static,
    log: Arc<Mutex<String>>,
    mut told: impl FnMut(&str) + Send + 'static,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            told(&line);
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    })
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
