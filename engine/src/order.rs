//! Orders: what a person tells a mailbox to do. They are inputs like any other, and are answered after the commit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{EffectId, EscalationId, RunId};

/// One order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Try a parked call again, with its input edited if given. The provider sees a new key.
    RetryEffect {
        /// The parked effect.
        effect: EffectId,
        /// Its new input; `None` = as it was.
        input: Option<Value>,
    },
    /// Give a parked call up: its step fails, and the flow's error branch takes over.
    FailEffect {
        /// The parked effect.
        effect: EffectId,
    },
    /// It did happen, the person looked: the step is done with this output.
    SettleEffect {
        /// The parked effect.
        effect: EffectId,
        /// What later steps read as `steps.<id>`.
        output: Value,
    },
    /// End a run. Calls not under way are withdrawn.
    CancelRun {
        /// The run.
        run: RunId,
    },
    /// A human takes an escalation.
    TakeEscalation {
        /// The escalation.
        escalation: EscalationId,
        /// Who takes it.
        agent: String,
    },
    /// Change the tags of the person whose mailbox this is.
    ChangeTags {
        /// Tags given; rules may give them too from now on.
        #[serde(default)]
        add: Vec<String>,
        /// Tags taken, whoever gave them; rules do not give them any more.
        #[serde(default)]
        remove: Vec<String>,
        /// Tags that rules may give again.
        #[serde(default)]
        allow: Vec<String>,
    },
    /// Delete the data of the person whose mailbox this is.
    ErasePerson,
}

/// Why an order was not carried out. Nothing changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What it is about is not here (any more).
    #[error("{0} is not there: it was settled, taken or ended before")]
    Gone(String),
    /// It is not in a state in which this can be done.
    #[error("{0}")]
    Refused(String),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}
