//! A PostgreSQL server of one test, which may be stopped, killed and started again.

use std::process::{Child, Command};

use sqlx::Connection;

use crate::postgres::{Files, TestDatabase};

/// Runs the server until it is told to stop, or the input ends. `$1` is the folder with the binaries, `$2` the server's.
const RUN: &str = "\"$1/postgres\" -D \"$2/data\" -k \"$2\" -c listen_addresses= -c fsync=off -c max_connections=60 \
    2>&1 & pid=$!; cat > /dev/null; kill -INT $pid; wait $pid";

const CUT: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
                   where datname = current_database() and pid <> pg_backend_pid()";

/// How a server is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Sessions are broken off, what is written is kept in order: `SIGINT`, "fast shutdown".
    Stop,
    /// At once, as in a crash: `SIGQUIT`, "immediate shutdown". The next start recovers.
    Kill,
}

/// The server. Dropping it stops it and removes its files.
pub struct Cluster {
    files: Files,
    /// The shell that runs it, while it runs.
    shell: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it; or says why there is none.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self, String> {
        let mut cluster = Self { files: Files::make()?, shell: None };
        cluster.resume()?;
        Ok(cluster)
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn resume(&mut self) -> Result<(), String> {
        self.shell = Some(self.files.hold(RUN)?);
        Ok(())
    }

    /// Ends it, and waits until it has ended.
    pub fn end(&mut self, how: End) {
        let Some(mut shell) = self.shell.take() else { return };
        let signal = if how == End::Stop { "-INT" } else { "-QUIT" };
        let pid = std::fs::read_to_string(self.files.folder.join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            drop(Command::new("kill").args([signal, pid]).status());
        }
        drop(shell.stdin.take());
        drop(shell.wait());
    }

    /// A new, empty database.
    pub async fn database(&self, name: &str) -> TestDatabase {
        TestDatabase::make(&self.files.folder, name, "").await
    }

    /// The same with its tables in `folder`, which belongs to [`Cluster::user`].
    pub async fn database_in(&self, name: &str, folder: &str) -> TestDatabase {
        let maintenance = TestDatabase::maintenance(&self.files.folder);
        let mut conn = maintenance.connect().await;
        let make = format!("create tablespace {name} location '{folder}'");
        sqlx::query(sqlx::AssertSqlSafe(make)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        TestDatabase::make(&self.files.folder, name, &format!("tablespace {name}")).await
    }

    /// Breaks every session of a database but our own.
    pub async fn cut(database: &TestDatabase) {
        let mut conn = database.connect().await;
        sqlx::query(CUT).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// Where everything of it is.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.files.folder
    }

    /// Whom it is run as, by number of user and group; `None` for ourselves.
    #[must_use]
    pub fn user(&self) -> Option<(u32, u32)> {
        self.files.user
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end(End::Kill);
        drop(std::fs::remove_dir_all(&self.files.folder));
    }
}
