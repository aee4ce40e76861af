//! What tests of several crates share: the stage on which the whole engine plays, and the suite every store must pass.

#![allow(clippy::unwrap_used, reason = "these are tests, though a library holds them")]

pub mod cluster;
pub mod conformance;
pub mod postgres;
pub mod remains;
pub mod stage;
