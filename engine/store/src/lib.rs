//! The engine's `Store` and `Reads` on a real database. All SQL of Switchboard is in this crate.
//!
//! webhook in -> event -> contact and conversation -> tag rules -> waits -> match triggers -> run -> step -> action -> log:
//! every arrow of it ends here, in one transaction that many mailboxes share.

mod database;
mod postgres;
mod sqlite;

pub use database::{Database, Options};
