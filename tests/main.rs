//! All tests that span crates, in one binary: one link step.

mod acceptance;
mod crash_points;
mod flows;
mod kill;
mod process;
mod store_sqlite;
mod tidy;
mod vendor_specs;
