//! Tag rules: ordered conditions that give and take tags, priority, language and fields, and ask for humans.
//!
//! webhook in -> event -> contact and conversation -> **tag rules** -> waits -> match triggers -> run -> step -> action -> log

pub mod backtest;
mod file;
mod judge;
mod seen;

#[cfg(test)]
mod tests;

pub use file::{Escalate, Rule, RuleFile, Then};
pub use judge::{Came, Demand, Did, Ruling, judge, source_id};
pub use seen::{Seen, Talk};
