//! Everything that spans crates, in one binary.

mod store_sqlite;
