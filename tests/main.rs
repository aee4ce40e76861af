//! One test binary for everything that spans crates: one link step.

mod tidy;
