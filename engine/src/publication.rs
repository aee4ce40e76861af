//! A publication: another version of a flow is in force, or none, and the runs that wait on the others must hear of it.
//!
//! What becomes of them is said at each wait (`on_publish`), or by whoever publishes. The publication is stored until every
//! mailbox with such a run has seen to it, so a process that dies in between changes nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::At;
use crate::flow::OnPublish;
use crate::ids::VersionId;

/// What whoever publishes chose for the runs that wait at a step, by the step's id or place (`confirm`, `3.then.1`): it counts
/// instead of what the step says.
pub type Choices = BTreeMap<String, OnPublish>;

/// A publication that runs are still told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The flow.
    pub flow: String,
    /// The version that went live, or that was removed.
    pub version: VersionId,
    /// Whether the flow was removed: then no run can continue.
    pub removed: bool,
    /// What was chosen.
    pub choices: Choices,
    /// Who published.
    pub by: String,
    /// When.
    pub at: At,
}

/// What a work does to publications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicationOp {
    /// One begins; an older one of the same flow is over.
    Begin(Publication),
    /// All runs have heard of it.
    Done {
        /// The flow.
        flow: String,
        /// Its version: a newer publication stays.
        version: VersionId,
    },
}
