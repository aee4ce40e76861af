//! What spans crates: suites that more than one crate is run through.

pub mod conformance;
