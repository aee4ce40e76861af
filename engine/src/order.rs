//! Orders: what a person tells a mailbox to do. They are inputs like any other, and are answered after the commit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alarm::Policy;
use crate::capability::notify::Send;
use crate::clock::At;
use crate::desk::Presence;
use crate::erasure::Family;
use crate::event::Event;
use crate::flow::Version;
use crate::ids::{
    AlarmId, ContactId, ConversationId, EffectId, EscalationId, ImportId, MergeId, RunId, UserId, WaitId,
};
use crate::import::{Imported, Manner};
use crate::inbox::Act;
use crate::merge::Before;
use crate::run::Entry;
use crate::sentence;
use crate::sentence::Sentence;
use crate::store::{EffectRow, RunRow};

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
    /// End a run: calls not under way are withdrawn, and the flow's `finally` runs.
    CancelRun {
        /// The run.
        run: RunId,
    },
    /// End a run at once, without its clean-up.
    KillRun {
        /// The run.
        run: RunId,
    },
    /// Begin a failed run again at the step that failed: a new run on the same version, which knows what the old one knew. What
    /// the step does happens again, under a new key.
    RetryRun {
        /// The failed run.
        run: RunId,
        /// What the step is given instead; `None` = it is worked out anew.
        input: Option<Value>,
    },
    /// Start the flow that is live now with the event that started a run: a new run.
    ReplayRun {
        /// The run.
        run: RunId,
    },
    /// A person asks for a human of a team, in a conversation of this contact.
    AskHuman {
        /// The conversation.
        conversation: ConversationId,
        /// The team.
        team: String,
        /// Why.
        reason: String,
    },
    /// Something for the desk, whose mailbox this is.
    Desk(DeskOrder),
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
    /// Give or take the tags of a rule, as part of an operation over many contacts. No flow starts and no human is asked.
    Retag {
        /// The file of rules.
        rules: String,
        /// The rule in it.
        rule: String,
        /// What to do.
        what: Retagging,
    },
    /// Create or change the contact whose mailbox this is, as a row of a file says.
    Import {
        /// Which file.
        import: ImportId,
        /// The salt of somebody new.
        salt: [u8; 16],
        /// The row.
        row: Box<Imported>,
        /// How.
        manner: Manner,
    },
    /// The contact whose mailbox this is becomes one with another: its conversations, tags and refusals go there.
    Join {
        /// The merge's id.
        merge: MergeId,
        /// The contact that stays.
        into: ContactId,
        /// Values of this one that replace the other's, by name: see [`crate::merge::Joining::theirs`].
        theirs: BTreeSet<String>,
    },
    /// A contact that joined the one whose mailbox this is leaves again.
    Part {
        /// The merge.
        merge: MergeId,
        /// Who leaves.
        joined: ContactId,
        /// What it takes.
        before: Box<Before>,
    },
    /// Let a held start happen: comes with the event it is about, see `Engine::release_starts`.
    ReleaseStart {
        /// The held start.
        start: WaitId,
    },
    /// Drop a held start.
    DropStart {
        /// The held start.
        start: WaitId,
    },
    /// End a slot's way over its segment. Whom it started goes on.
    CancelSweep {
        /// Which: [`crate::handle::sweep::Sweep::key`].
        sweep: String,
    },
    /// Do something with a conversation of the person whose mailbox this is.
    Talk {
        /// Which.
        conversation: ConversationId,
        /// Who does it.
        actor: Actor,
        /// What.
        act: Act,
    },
    /// Somebody looks at an alarm.
    Acknowledge {
        /// Which.
        alarm: AlarmId,
    },
    /// Change how alarms are told.
    AlarmPolicy {
        /// The revision it is based on.
        rev: i64,
        /// How, from now on.
        policy: Box<Policy>,
    },
    /// Make failed runs of a flow alarms, or not.
    AlarmFlow {
        /// The flow.
        flow: String,
        /// Whether they are.
        on: bool,
    },
    /// Tell people who work here something, each by word of their own: mails. Tried for a day; nobody waits for it.
    TellPeople {
        /// Through which connection.
        connection: String,
        /// Whom and what.
        notices: Vec<Send>,
    },
    /// Delete the data of the person whose mailbox this is.
    ErasePerson,
    /// Delete what these events of nobody's and their runs tell of a person.
    Forget {
        /// Those of this mailbox.
        families: Vec<Family>,
    },
}

/// Who works in the inbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The user; `None` = whoever runs the machine, or a machine with a token.
    pub agent: Option<UserId>,
    /// Whether another agent's conversation may be worked in.
    #[serde(default)]
    pub everywhere: bool,
}

/// What is done with the tags of a rule. Stored as JSON; fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Retagging {
    /// What the rule in force gives and takes, for as long as it says; what a person took stays off.
    Give,
    /// Tags that the rule gave are taken back, as far as nothing else gave them.
    TakeBack {
        /// Which tags.
        tags: Vec<String>,
        /// Given at this time or later.
        since: At,
    },
    /// A tag gets another name, whoever gave it; together with what has that name already it is one.
    Rename {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
}

/// What people tell the desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "desk", rename_all = "snake_case")]
pub enum DeskOrder {
    /// A human takes an escalation.
    Take {
        /// The escalation.
        escalation: EscalationId,
        /// Who takes it; `None` = a machine, in the name of somebody who is no user.
        user: Option<UserId>,
        /// That one's name.
        name: String,
    },
    /// Whoever it is offered to does not want it.
    Decline {
        /// The escalation.
        escalation: EscalationId,
        /// Who.
        user: UserId,
        /// Why: a short code, or empty.
        why: String,
    },
    /// An agent chose what to be.
    Presence {
        /// Who.
        user: UserId,
        /// What.
        presence: Presence,
    },
    /// An agent's page came or went.
    Page {
        /// Who.
        user: UserId,
        /// Whether it is there.
        here: bool,
    },
    /// Somebody who was erased is forgotten here, too: the letter says so, and this waits for it.
    Forget {
        /// Who, if it was a contact.
        contact: Option<ContactId>,
        /// The runs that told of the person.
        runs: Vec<RunId>,
    },
}

/// What an order is about, as it is stored when the order is given.
#[derive(Clone, Debug)]
pub enum About {
    /// A call.
    Effect(Box<EffectRow>),
    /// A run, over or not.
    Run(Box<Told>),
    /// The event of a held start.
    Event(Box<Event>),
}

/// A run as its journal tells it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its row.
    pub row: RunRow,
    /// The version it is or was on at last.
    pub version: Arc<Version>,
    /// Those that it was moved from, the first one first.
    pub earlier: Vec<Arc<Version>>,
    /// What started it.
    pub event: Event,
    /// All it did.
    pub entries: Vec<Entry>,
}

/// Why an order was not carried out. Nothing changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What it is about is not here (any more).
    #[error("{0} is not there: it was settled, taken or ended before")]
    Gone(Sentence),
    /// Somebody else has it.
    #[error("{by} has taken it")]
    Taken {
        /// Who.
        by: String,
        /// When.
        at: At,
    },
    /// It is not in a state in which this can be done.
    #[error("{0}")]
    Refused(Sentence),
    /// It cannot be done now, for a reason that callers tell apart.
    #[error("{words}")]
    Hindered {
        /// A stable code: `not_yours`, `window_closed`.
        code: &'static str,
        /// Why, and what to do.
        words: Sentence,
        /// What helps the caller to go on.
        details: Value,
    },
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile")]
    Changed,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl Error {
    /// The same for people, whatever their language.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Gone(what) => sentence!("{what} is not there: it was settled, taken or ended before", what),
            Self::Taken { by, .. } => sentence!("{by} has taken it", by),
            Self::Refused(why) => why.clone(),
            Self::Hindered { words, .. } => words.clone(),
            Self::Changed => sentence!("it was changed meanwhile"),
            Self::Store(error) => Sentence::plain(error.to_string()),
        }
    }
}
