//! All tests that span crates, in one binary: one link step.

mod crash_points;
mod flows;
mod store_sqlite;
mod tidy;
