//! What tests of several crates share: the stage on which the whole engine plays, and the suite every store must pass.

pub mod conformance;
pub mod stage;
