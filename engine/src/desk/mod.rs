//! The desk: who is asked when a human is wanted, for how long, and whose it is then.

mod letter;

pub use letter::{Ask, AskKind, FromDesk, Missed, MissedWhy, Taken, ToDesk};
