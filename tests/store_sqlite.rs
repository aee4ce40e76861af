//! The SQLite driver in the conformance suite.
#![allow(clippy::unwrap_used, reason = "these are tests, though not all functions are marked so")]

use engine::ids::JournalId;
use engine_store::{Database, Options};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use tests::conformance::Driver;

/// A folder with one database file.
struct InFolder(TempDir);

impl InFolder {
    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("switchboard.db")
    }
}

impl Driver for InFolder {
    type Store = Database;

    async fn fresh() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self, strand: i64) -> Database {
        Database::open(&self.path(), Options::new(strand)).await.unwrap()
    }

    async fn close(&self, store: Database) {
        store.close().await;
    }

    async fn bytes(&self, store: &Database) -> Vec<u8> {
        store.vacuum().await.unwrap();
        tests::remains::all(self.0.path(), "switchboard.db").await
    }

    async fn tamper(&self, journal: JournalId) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path());
        let mut conn = options.connect().await.unwrap();
        let text = "update journal set body = x'7b7d' where id = ?";
        let done = sqlx::query(text).bind(journal.0).execute(&mut conn).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        conn.close().await.unwrap();
    }

    async fn lose(&self, journal: JournalId) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path());
        let mut conn = options.connect().await.unwrap();
        let done = sqlx::query("delete from journal where id = ?").bind(journal.0).execute(&mut conn).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        conn.close().await.unwrap();
    }
}

tests::store_conformance!(InFolder);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures and asserts nothing; run it by name"]
async fn how_many_order_runs_are_stored_a_second() {
    for (at_once, rounds) in [(1, 200), (64, 40), (2_000, 2)] {
        let took = tests::conformance::measure::order_runs::<InFolder>(at_once, rounds).await;
        let rate = (at_once * rounds) as f64 / took.as_secs_f64();
        eprintln!("{at_once} at once: {rate:.0} order runs/s");
    }
}
