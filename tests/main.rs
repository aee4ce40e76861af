//! All tests that span crates, in one binary: one link step.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a panic is how a test fails, and it may say what it saw")]

mod acceptance;
mod chaos;
mod crash_points;
mod flows;
mod process;
mod retention;
mod segments;
mod store_postgres;
mod store_sqlite;
mod tidy;
mod vendor_specs;
mod waits;
