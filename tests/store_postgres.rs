//! The PostgreSQL driver in the conformance suite.
#![allow(clippy::unwrap_used, reason = "these are tests, though not all functions are marked so")]

use engine::ids::JournalId;
use engine_store::{Database, Options};
use sqlx::Connection;
use tests::conformance::Driver;
use tests::postgres::{self, TestDatabase};

/// A database of a private server.
struct OnServer(TestDatabase);

impl Driver for OnServer {
    type Store = Database;

    fn missing() -> bool {
        postgres::server_or_skip().is_none()
    }

    async fn fresh() -> Self {
        Self(postgres::server().unwrap().database().await)
    }

    async fn open(&self, strand: i64) -> Database {
        Database::connect(&self.0.url(), Options::new(strand)).await.unwrap()
    }

    async fn close(&self, store: Database) {
        store.close().await;
    }

    async fn bytes(&self, store: &Database) -> Vec<u8> {
        store.vacuum().await.unwrap();
        let mut found = self.0.bytes().await;
        found.extend(tests::remains::unpacked(&found));
        let mut conn = self.0.connect().await;
        found.extend(tests::remains::of_server(&mut conn).await);
        conn.close().await.unwrap();
        found
    }

    async fn tamper(&self, journal: JournalId) {
        let mut conn = self.0.connect().await;
        let text = "update journal set body = '\\x7b7d' where id = $1";
        let done = sqlx::query(text).bind(journal.0).execute(&mut conn).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        conn.close().await.unwrap();
    }

    async fn lose(&self, journal: JournalId) {
        let mut conn = self.0.connect().await;
        let done = sqlx::query("delete from journal where id = $1").bind(journal.0).execute(&mut conn).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        conn.close().await.unwrap();
    }
}

tests::store_conformance!(OnServer);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures and asserts nothing; run it by name"]
async fn how_many_order_runs_are_stored_a_second() {
    if OnServer::missing() {
        return;
    }
    for (at_once, rounds) in [(1, 200), (64, 40), (2_000, 2)] {
        let took = tests::conformance::measure::order_runs::<OnServer>(at_once, rounds).await;
        let rate = (at_once * rounds) as f64 / took.as_secs_f64();
        eprintln!("{at_once} at once: {rate:.0} order runs/s");
    }
}
