//! How often tag rules held: counted by the day as they hold, so that a page that shows it reads no journal.

use crate::clock::At;

/// A rule held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHit {
    /// The file's id.
    pub rules: String,
    /// The rule's id.
    pub rule: String,
    /// When.
    pub at: At,
    /// Whether it only watched.
    pub watched: bool,
}

impl RuleHit {
    /// The UTC day of `at`, counted from 1970.
    #[must_use]
    pub fn day(at: At) -> i64 {
        at.0.div_euclid(86_400_000)
    }
}

/// How often a rule held on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHits {
    /// The UTC day, counted from 1970.
    pub day: i64,
    /// The file's id.
    pub rules: String,
    /// The rule's id.
    pub rule: String,
    /// Times it held and did what it says.
    pub held: u64,
    /// Times it held and only watched.
    pub watched: u64,
    /// The last time.
    pub last_at: At,
}
