//! `switchboard serve` as an operator starts it: a data folder, a folder of flows, a connections file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use connectors::sandbox::Config;
use reqwest::Client;
use tempfile::TempDir;

use crate::Bench;
use crate::database::Database;
use crate::process::Process;

/// How long a start may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folders of one server, removed when dropped, and its database.
pub(crate) struct Home {
    folder: TempDir,
    database: Database,
}

impl Home {
    /// Folders with these flows, and accounts at the sandbox at `sandbox`.
    pub(crate) async fn new(bench: &Bench, sandbox: &str, flows: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir_in(&bench.dir)?;
        std::fs::create_dir(folder.path().join("flows"))?;
        for (name, text) in flows {
            std::fs::write(folder.path().join("flows").join(name), text)?;
        }
        std::fs::write(folder.path().join("connections.yaml"), connections(sandbox))?;
        let database = bench.database(folder.path()).await;
        Ok(Self { folder, database })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Starts a second server on the database, which stands by; with its address.
    pub(crate) async fn stand_by(&self, binary: &Path) -> Result<(Process, String)> {
        let mut command = self.serve(Command::new(binary), "127.0.0.1:0");
        let mut process = Process::start("standby", command.arg("--standby"))?;
        let (said, _) = process.says("standing by on ", PATIENCE).await?;
        let url = said.split(',').next().context("no address")?.to_owned();
        Ok((process, url))
    }

    /// How a server is started here.
    fn serve(&self, mut command: Command, address: &str) -> Command {
        command.current_dir(self.path()).args(["serve", "--listen", address, "--data", "data", "--flows", "flows"]);
        command.args(["--connections", "connections.yaml", "--log", "warn", "--first-hour", "off"]);
        if let Database::Server(url) = &self.database {
            command.args(["--database", url]);
        }
        command
    }

    /// The database's file, for what is measured on files only.
    pub(crate) fn file(&self) -> Result<&Path> {
        match &self.database {
            Database::File(file) => Ok(file),
            Database::Server(_) => bail!("this is measured on a file"),
        }
    }
}

/// Pacing off: real accounts allow 11 to 80 calls a second, which is not what is measured.
fn connections(sandbox: &str) -> String {
    let Config { cloud_api, hubspot, .. } = Config::default();
    format!(
        "connections:
  - id: wa-main
    connector: whatsapp.cloud_api
    base_url: {sandbox}/graph
    phone_number_id: \"{}\"
    waba_id: \"{}\"
    access_token: {}
    app_secret: {}
    verify_token: {}
    allow_private_network: true
    limits: {{ per_second: 0, at_once: 128 }}
  - id: hubspot-main
    connector: hubspot
    base_url: {sandbox}/hubspot
    access_token: {}
    client_secret: {}
    calls_per_second: 0
    allow_private_network: true
    limits: {{ per_second: 0, at_once: 128 }}
",
        cloud_api.phone_number_id,
        cloud_api.waba_id,
        cloud_api.access_token,
        cloud_api.app_secret,
        cloud_api.verify_token,
        hubspot.access_token,
        hubspot.client_secret,
    )
}

/// A running server.
pub(crate) struct Serve {
    pub(crate) process: Process,
    pub(crate) url: String,
    /// From the start of the process to its line `listening on`.
    pub(crate) ready_after: Duration,
    token: String,
    http: Client,
}

impl Serve {
    /// Starts it at a free port.
    pub(crate) async fn start(binary: &Path, home: &Home, http: &Client) -> Result<Self> {
        Self::start_at(binary, home, http, "127.0.0.1:0").await
    }

    /// Starts it at `address`.
    pub(crate) async fn start_at(binary: &Path, home: &Home, http: &Client, address: &str) -> Result<Self> {
        Self::start_as(Command::new(binary), home, http, address, PATIENCE).await
    }

    /// Starts what `command` begins with; it may take as long as `patience`.
    pub(crate) async fn start_as(
        command: Command,
        home: &Home,
        http: &Client,
        address: &str,
        patience: Duration,
    ) -> Result<Self> {
        let mut process = Process::start("switchboard", &mut home.serve(command, address))?;
        let (url, ready_after) = process.says("listening on ", patience).await?;
        let token = std::fs::read_to_string(home.at("data").join("api-token"))?.trim().to_owned();
        Ok(Self { process, url, token, ready_after, http: http.clone() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// The token of whoever runs the machine.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Where webhooks of WhatsApp go.
    pub(crate) fn hook(&self) -> String {
        format!("{}/hooks/wa-main", self.url)
    }

    /// Makes sure that the accounts have what the flows need; their connector remembers it.
    pub(crate) async fn check_accounts(&self, home: &Home) -> Result<()> {
        let token = std::fs::read_to_string(home.at("data").join("api-token"))?;
        for id in ["wa-main", "hubspot-main"] {
            let url = format!("{}/api/v1/connections/{id}/check", self.url);
            let answer = self.http.post(url).bearer_auth(token.trim()).send().await?;
            ensure!(answer.status().is_success(), "the check of {id} answered {}", answer.status());
        }
        Ok(())
    }

    /// Sum and count of a summary or histogram in `/metrics`, over all labels.
    pub(crate) async fn metric(&self, name: &str) -> Result<(f64, f64)> {
        let text = self.figures().await?;
        Ok((sum_of(&text, &format!("{name}_sum")), sum_of(&text, &format!("{name}_count"))))
    }

    /// A counter in `/metrics`, over all labels.
    pub(crate) async fn counter(&self, name: &str) -> Result<f64> {
        Ok(sum_of(&self.figures().await?, name))
    }

    async fn figures(&self) -> Result<String> {
        let asked = self.http.get(format!("{}/metrics", self.url)).bearer_auth(&self.token).send().await?;
        Ok(asked.error_for_status()?.text().await?)
    }
}

fn sum_of(text: &str, name: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with([' ', '{']) {
            return None;
        }
        rest.rsplit_once(' ')?.1.parse::<f64>().ok()
    };
    text.lines().filter_map(value).sum()
}

/// The binary beside this program, or the one named.
pub(crate) fn binary(named: Option<&Path>) -> Result<PathBuf> {
    let beside = || std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join("switchboard")));
    let binary = named.map(Path::to_owned).or_else(beside).context("no binary is named")?;
    ensure!(binary.is_file(), "{} is not there: cargo build --release -p web", binary.display());
    Ok(std::fs::canonicalize(binary)?)
}
