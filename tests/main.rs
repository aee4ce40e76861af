//! All tests that span crates, in one binary: one link step.

#![allow(clippy::unwrap_used, reason = "in a test this is a failure with its place")]

mod acceptance;
mod crash_points;
mod flows;
mod kill;
mod process;
mod store_sqlite;
mod tidy;
mod vendor_specs;
