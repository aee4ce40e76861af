//! The engine's `Store` and `Reads` on a real database. All SQL of Switchboard is in this crate.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log:
//! every arrow of it ends here, in one transaction that many mailboxes share.

mod database;
mod postgres;
mod sqlite;

use std::path::Path;

pub use database::{Database, Options, Reach};
pub use postgres::lease::machine;

/// Copies what the SQLite file at `from`, which nobody writes meanwhile, holds to the empty PostgreSQL database at `url`: every row as
/// it is, all or nothing. Answers how many rows it copied.
///
/// # Errors
/// When the file's schema is not the one of this build, the database holds something already or is in use, or one of the two fails.
pub async fn copy(from: &Path, url: &str) -> Result<u64, engine::store::Error> {
    Database::read_only(from).await?.close().await;
    postgres::copy::to(from, url).await
}
