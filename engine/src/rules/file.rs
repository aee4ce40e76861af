//! A checked file of tag rules, as a turn runs it.

use std::sync::Arc;
use std::time::Duration;

use crate::contact::Priority;
use crate::flow::{Expr, Trigger};
use crate::ids::VersionId;

/// A file of rules that passed every check, at one version.
#[derive(Debug)]
pub struct RuleFile {
    /// The stored version.
    pub id: VersionId,
    /// The file's id, kebab-case; unique among documents of every kind.
    pub file: Arc<str>,
    /// Its name for people; the id when it has none.
    pub name: String,
    /// SHA-256 of its meaning.
    pub meaning: [u8; 32],
    /// The rules, in the order in which they run.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Unique in the file, kebab-case.
    pub id: Arc<str>,
    /// Its name for people, if it has one.
    pub name: Option<String>,
    /// What it listens to; each with the rule's `when` and its own.
    pub on: Vec<Trigger>,
    /// What it does when it holds.
    pub then: Then,
    /// Whether no later rule of the file sees an event for which this one held.
    pub stop: bool,
    /// Watch only: what it would have done is told, and nothing is done.
    pub watch: bool,
    /// Whether a condition or value of it reads `contact`.
    pub reads_contact: bool,
    /// Whether a condition or value of it reads `conversation`.
    pub reads_conversation: bool,
}

/// What a rule does.
#[derive(Debug, Default)]
pub struct Then {
    /// Tags given.
    pub add_tags: Vec<Arc<str>>,
    /// Tags taken, as far as rules gave them.
    pub remove_tags: Vec<Arc<str>>,
    /// How long the given tags stay after the rule last held; `None` = until something takes them.
    pub keep: Option<Duration>,
    /// The contact's priority.
    pub priority: Option<Priority>,
    /// The contact's language.
    pub language: Option<Arc<str>>,
    /// Fields of the contact, in the order written.
    pub fields: Vec<(Arc<str>, Expr)>,
    /// A human is asked to take over.
    pub escalate: Option<Escalate>,
}

/// A demand that a human takes over.
#[derive(Debug)]
pub struct Escalate {
    /// The team, after binding.
    pub team: Arc<str>,
    /// Within which time a human must have taken it. Default 20 s.
    pub accept_within: Duration,
    /// Why, as the human reads it; the rule's name or id when nothing was said.
    pub reason: Option<Expr>,
}

impl RuleFile {
    /// One rule.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| *rule.id == *id)
    }
}
