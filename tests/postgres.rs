//! A real PostgreSQL for tests: a private server made of the installed binaries, in a temporary folder, on a unix socket.
//!
//! One server for each test binary, started by the first test that asks for it; each test has a database of its own. A shell holds
//! the server and waits for its input to end, which it does with the test binary, however that ends: then it stops the server and
//! removes the folder. The server refuses to run as root, so as root it is run as `postgres` or `nobody`.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Runs the server until the input ends. `$1` is the folder with the binaries, `$2` our folder; `FSYNC` says whether it syncs.
const HOLD: &str = "\"$1/postgres\" -D \"$2/data\" -k \"$2\" -c listen_addresses= -c fsync=$FSYNC -c max_connections=200 \
    2>&1 & pid=$!; cat > /dev/null; kill -INT $pid; wait $pid; rm -rf \"$2\"";

/// Whether what is committed is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// As in production, and for measurements.
    On,
    /// For tests: nobody cuts the power.
    Off,
}

/// A private server.
pub struct Server {
    folder: PathBuf,
    databases: AtomicU32,
    /// Ends with this process.
    _hold: ChildStdin,
}

/// The server of this test binary, or why there is none and how to get one.
pub fn server() -> Result<&'static Server, &'static str> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(Sync::Off)).as_ref().map_err(String::as_str)
}

/// The server, or nothing after telling that the test is skipped.
#[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
pub fn server_or_skip() -> Option<&'static Server> {
    server().inspect_err(|why| println!("SKIPPED: {why}")).ok()
}

/// The files of a server that nobody runs yet.
pub(crate) struct Files {
    binaries: PathBuf,
    /// Whom the server is run as; `None` for ourselves.
    pub(crate) user: Option<(u32, u32)>,
    /// Where everything of it is: `data`, and its socket.
    pub(crate) folder: PathBuf,
}

impl Files {
    /// Makes them in a new folder, which whoever asks has to remove.
    pub(crate) fn make() -> Result<Self, String> {
        let binaries = binaries().ok_or(
            "no PostgreSQL is installed here: `apt-get install postgresql`, or put the folder with `initdb` and `postgres` on PATH",
        )?;
        let user = user()?;
        let folder = tempfile::Builder::new().prefix("switchboard-pg").tempdir().map_err(|error| error.to_string())?;
        let files = Self { binaries, user, folder: folder.keep() };
        if let Some((uid, gid)) = user {
            chown(&files.folder, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        let made = files
            .as_user(&files.binaries.join("initdb"))
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D"])
            .arg(files.folder.join("data"))
            .output()
            .map_err(|error| format!("initdb: {error}"))?;
        match made.status.success() {
            true => Ok(files),
            false => Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr))),
        }
    }

    fn as_user(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").env("LC_ALL", "C");
        command
    }

    /// A shell that runs the server as `script` says, with the folders of the binaries and of these files; once it is ready.
    pub(crate) fn hold(&self, script: &str) -> Result<Child, String> {
        let mut shell = self
            .as_user(Path::new("/bin/sh"))
            .args(["-c", script, "hold"])
            .arg(&self.binaries)
            .arg(&self.folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("sh: {error}"))?;
        let mut lines = BufReader::new(shell.stdout.take().ok_or("no pipe")?).lines();
        let mut seen = Vec::new();
        loop {
            match lines.next() {
                Some(Ok(line)) if line.contains("database system is ready to accept connections") => break,
                Some(Ok(line)) => seen.push(line),
                _ => return Err(format!("the server does not start: {}", seen.join("\n"))),
            }
        }
        // What it says is read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(shell)
    }
}

/// The folder with the newest `initdb` and `postgres`. Installs Debian's package where that is wanted and allowed.
fn binaries() -> Option<PathBuf> {
    if let Some(found) = installed() {
        return Some(found);
    }
    let wanted = std::env::var_os("CI").is_some() && Path::new("/usr/bin/apt-get").exists();
    if wanted && std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        let install = ["install", "-y", "--no-install-recommends", "postgresql"];
        Command::new("apt-get").args(install).env("DEBIAN_FRONTEND", "noninteractive").output().ok()?;
    }
    installed()
}

fn installed() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<(u32, PathBuf)> = debian
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    debian.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = debian.into_iter().map(|(_, bin)| bin).chain(std::env::split_paths(&path));
    places.into_iter().find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

/// Whom the server is run as; `None` for ourselves.
fn user() -> Result<Option<(u32, u32)>, String> {
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = ["postgres", "nobody"].into_iter().find_map(ids);
    found
        .map(Some)
        .ok_or_else(|| "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`".to_owned())
}

/// A database of one test.
pub struct TestDatabase {
    folder: PathBuf,
    name: String,
}

impl Server {
    /// Makes and starts one.
    ///
    /// # Errors
    /// When no PostgreSQL is installed, or it does not start; the text says which and what to do.
    pub fn start(sync: Sync) -> Result<Self, String> {
        let files = Files::make()?;
        let mut shell = files.hold(&HOLD.replace("$FSYNC", if sync == Sync::On { "on" } else { "off" }))?;
        let hold = shell.stdin.take().ok_or("no pipe")?;
        Ok(Self { folder: files.folder, databases: AtomicU32::new(0), _hold: hold })
    }

    /// A new, empty database.
    pub async fn database(&self) -> TestDatabase {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        TestDatabase::make(&self.folder, &name, "").await
    }
}

impl TestDatabase {
    /// The one from which others are made.
    pub(crate) fn maintenance(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), name: "postgres".to_owned() }
    }

    /// Makes it on the server of this folder; `with` is what `create database` is told besides.
    pub(crate) async fn make(folder: &Path, name: &str, with: &str) -> Self {
        let mut conn = Self::maintenance(folder).connect().await;
        sqlx::query(AssertSqlSafe(format!("create database {name} {with}"))).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        Self { folder: folder.to_owned(), name: name.to_owned() }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/{}?host={}", self.name, self.folder.display())
    }

    /// A connection to it.
    pub async fn connect(&self) -> PgConnection {
        self.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
    }

    /// Has the server's own tool write a copy of it to a file: all as of one moment, also while it is at work.
    pub async fn dump(&self, to: PathBuf) {
        self.tool("pg_dump", to).await;
    }

    /// Puts such a copy into it, empty as it is.
    pub async fn load(&self, from: PathBuf) {
        self.tool("psql", from).await;
    }

    async fn tool(&self, name: &str, file: PathBuf) {
        let mut command = Command::new(installed().expect("the server runs").join(name));
        command.args(["--dbname", &self.url(), "--file"]).arg(file).stdout(Stdio::null());
        // What a script tells of an error is not where it ends, unless asked to.
        command.env("PSQLRC", "/dev/null").env("PGOPTIONS", "-c client_min_messages=error");
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// The bytes of every file that the server keeps of it.
    pub async fn bytes(&self) -> Vec<u8> {
        let mut conn = self.connect().await;
        // What is only in memory is written, and files of tables that were rewritten go.
        sqlx::query("checkpoint").execute(&mut conn).await.unwrap();
        let oid: i64 = sqlx::query_scalar("select oid::bigint from pg_database where datname = current_database()")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        conn.close().await.unwrap();
        let files = std::fs::read_dir(self.folder.join(format!("data/base/{oid}"))).unwrap();
        files.filter_map(|file| std::fs::read(file.unwrap().path()).ok()).flatten().collect()
    }
}
