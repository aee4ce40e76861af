//! What a turn did, entry by entry: the state of a run is the fold of these, and the journal is where they are kept.
//!
//! An entry is a structure ([`What`]), which holds nothing personal, and values (`data`), which may. They are stored apart,
//! so that erasing a person takes the values and leaves the structure.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Gate;
use crate::audit::Removed;
use crate::clock::At;
use crate::ids::{EscalationId, EventId, RunId, UserId, VersionId, WaitId};
use crate::store::RunStatus;

/// One thing that happened, in the past tense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The structure.
    pub what: What,
    /// The values; null when there are none.
    pub data: Value,
}

impl Entry {
    /// An entry without values.
    #[must_use]
    pub fn bare(what: What) -> Self {
        Self { what, data: Value::Null }
    }
}

/// The structure of an entry. Names and fields are stored: they are only ever added to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "did", rename_all = "snake_case")]
#[schemars(rename = "EntryWhat")]
pub enum What {
    /// An event was taken up. Data: the customer's facts as the rules saw them ([`crate::rules::Seen`]); the event itself is
    /// kept in its own table.
    Received {
        /// Its type.
        event: Arc<str>,
    },
    /// A trigger matched and a run began. Data: what its conditions saw.
    Matched {
        /// The flow.
        flow: Arc<str>,
        /// The trigger in it.
        trigger: Arc<str>,
        /// The run.
        run: RunId,
    },
    /// A trigger listens to this event but did not start. Data: what its condition saw, or the error's words.
    Passed {
        /// The flow.
        flow: Arc<str>,
        /// The trigger in it.
        trigger: Arc<str>,
        /// `origin`, `params`, `when`, `error`, `taken`, `missed`, `throttled`, `busy`, `queue_full`, `gone`.
        why: Arc<str>,
    },
    /// A trigger matched, and the event waits with others of its burst until there is quiet. Data: what its conditions saw.
    Gathered {
        /// The flow.
        flow: Arc<str>,
        /// The trigger in it.
        trigger: Arc<str>,
        /// When the run starts, if nothing more comes.
        until: At,
    },
    /// A tag rule held for this event. Data: `{ saw, did }`, what its conditions saw and what it changed.
    RuleHeld {
        /// The file of rules.
        rules: Arc<str>,
        /// The rule in it.
        rule: Arc<str>,
        /// The file's version.
        version: VersionId,
        /// Whether it only watches: then nothing was changed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        watch: bool,
    },
    /// A tag rule listens to this event but did not hold. Data: what its condition saw, or the error's words.
    RulePassed {
        /// The file of rules.
        rules: Arc<str>,
        /// The rule in it.
        rule: Arc<str>,
        /// `params`, `when`, `error`.
        why: Arc<str>,
    },
    /// The time of a tag that a rule gave was over. Data: `{ tag }`.
    TagExpired {
        /// The rule, as `<file>/<rule>`.
        source: Arc<str>,
    },
    /// A person had a rule's tags given or taken over many contacts, and this one changed. Data: `{ added, removed, kept_off }`.
    Retagged {
        /// The file of rules.
        rules: Arc<str>,
        /// The rule in it.
        rule: Arc<str>,
    },
    /// A person changed the contact's tags. Data: `{ add, remove, allow }`.
    Tagged,
    /// A trigger matched, and in its first hour that was one too many: the start waits for a person. Data: what its conditions
    /// saw.
    Held {
        /// The flow.
        flow: Arc<str>,
        /// The trigger in it.
        trigger: Arc<str>,
        /// The held start.
        wait: WaitId,
    },
    /// A person released a held start, and a run began.
    Released {
        /// The flow.
        flow: Arc<str>,
        /// The trigger in it.
        trigger: Arc<str>,
        /// The run.
        run: RunId,
    },
    /// A person dropped a held start.
    Dropped {
        /// The flow.
        flow: Arc<str>,
        /// The trigger in it.
        trigger: Arc<str>,
    },
    /// A wait was answered by this event.
    Delivered {
        /// The run that waited.
        run: RunId,
        /// The wait.
        wait: WaitId,
    },
    /// A run began. Data: nothing (the event is kept in its own table), or the event of a run that another flow called or that
    /// a burst of events started; `key`, what it is counted by.
    Started {
        /// The trigger that started it.
        trigger: Arc<str>,
        /// What came in.
        event: EventId,
        /// When it came in: promises to answer count from here.
        at: At,
        /// How deep it lies; 0 for events from outside.
        #[serde(default, skip_serializing_if = "super::state::is_zero")]
        depth: u8,
        /// Where runs with the same key are counted, if the flow limits how many may work at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gate: Option<Gate>,
    },
    /// The run waits for its turn: as many runs of its flow and key work as may, or the gate that counts them is asked.
    Queued,
    /// Its turn has come.
    Admitted,
    /// A condition was decided. Data: the values it saw.
    Decided {
        /// The step.
        step: Arc<str>,
        /// Whether it held.
        holds: bool,
    },
    /// What follows happened on another branch of the run; empty = its own way. `items.2/both.crm` is the branch `crm` of the
    /// step `both` in the third round of the step `items`.
    Branch {
        /// The branch.
        within: Arc<str>,
    },
    /// A way of a `switch` was taken. Data: the values it saw.
    Chosen {
        /// The step.
        step: Arc<str>,
        /// The case; `None` = the default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<Arc<str>>,
    },
    /// A step began to do its own steps several times or side by side. Data: the items of a `for_each`.
    Opened {
        /// The step.
        step: Arc<str>,
        /// How many items or branches there are.
        count: u32,
    },
    /// One item or branch of it began.
    Entered {
        /// The step.
        step: Arc<str>,
        /// Its place, from 0.
        index: u32,
    },
    /// The branch that this is on came to its end.
    Left,
    /// A step that did its own steps is done with them.
    Closed {
        /// The step.
        step: Arc<str>,
    },
    /// A round of a `repeat` began.
    Round {
        /// The step.
        step: Arc<str>,
        /// Which, from 1.
        round: u32,
    },
    /// Back to the beginning of a `repeat`, or to the question of an `ask`, if its bound allows.
    Again {
        /// The step that says so.
        step: Arc<str>,
    },
    /// An answer was accepted. Data: what `steps.<id>` shows, and `set`, the variables it was stored in.
    Accepted {
        /// The step.
        step: Arc<str>,
    },
    /// A script gave a value. Data: `{ value }`.
    Computed {
        /// The step.
        step: Arc<str>,
    },
    /// A run goes on where another one failed. Data: the state that one had.
    Resumed {
        /// The failed run.
        from: RunId,
        /// The step.
        step: Arc<str>,
        /// When.
        at: At,
    },
    /// Another flow was called. Data: what it was given.
    Called {
        /// The step.
        step: Arc<str>,
        /// The flow.
        flow: Arc<str>,
        /// Its run.
        run: RunId,
        /// Whether its end is waited for.
        wait: bool,
    },
    /// A called flow came to its end. Data: its variables.
    Returned {
        /// The step.
        step: Arc<str>,
        /// Its run.
        run: RunId,
        /// How it ended.
        status: RunStatus,
    },
    /// The caller of a webhook got its answer. Data: `{ body }`.
    Replied {
        /// The step.
        step: Arc<str>,
        /// HTTP status.
        status: u16,
    },
    /// The run will end so, once its clean-up is done. Data: the reason given, if one was.
    Finishing {
        /// How.
        status: RunStatus,
    },
    /// Variables were set. Data: their values by name.
    Assigned {
        /// The step.
        step: Arc<str>,
    },
    /// A call was planned. Data: its rendered input.
    Planned {
        /// The step.
        step: Arc<str>,
        /// The run's count of it: the key is `<run>/<n>`.
        n: i64,
        /// The action.
        action: Arc<str>,
        /// The connection.
        connection: Arc<str>,
    },
    /// A local action was done. Data: `{ input, output }`.
    Acted {
        /// The step.
        step: Arc<str>,
        /// The action.
        action: Arc<str>,
    },
    /// A call was tried. Data: the words of what went wrong.
    Attempted {
        /// Which call.
        n: i64,
        /// 1 for the first try.
        attempt: u16,
        /// When it started.
        at: At,
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// `done`, `later`, `refused`, `auth`, `unknown`.
        verdict: Arc<str>,
        /// HTTP status of the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Stable code of what went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<Arc<str>>,
    },
    /// A call is done. Data: its output.
    Finished {
        /// The step.
        step: Arc<str>,
        /// Which call.
        n: i64,
    },
    /// A call whose outcome nobody waits for (a notification) is over.
    Told {
        /// Which call.
        n: i64,
        /// Whether it is done.
        done: bool,
    },
    /// A step failed; its error branch, or the flow's, takes over. Data: the words.
    Failed {
        /// The step.
        step: Arc<str>,
        /// Stable code, `error.code` in the branch.
        code: Arc<str>,
        /// When: what the branch does was caused by this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<At>,
    },
    /// A call waits for a person. Data: the words of what went wrong.
    Parked {
        /// Which call.
        n: i64,
        /// Why, a stable code: `may_have_happened`, `tries_used_up`, `refused`.
        why: Arc<str>,
    },
    /// A person answered a parked call. Data: the new input or the given output.
    Resolved {
        /// Which call.
        n: i64,
        /// `retry`, `fail` or `settle`.
        how: Arc<str>,
    },
    /// The run waits.
    Waited {
        /// The step.
        step: Arc<str>,
        /// The wait.
        wait: WaitId,
        /// Until when.
        until: At,
        /// For which event; `None` = only for the time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Arc<str>>,
    },
    /// A wait's time came.
    Fired {
        /// The step.
        step: Arc<str>,
        /// The wait.
        wait: WaitId,
        /// When: what follows was caused by this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<At>,
    },
    /// A wait's event came. Data: the event as expressions see it.
    Answered {
        /// The step.
        step: Arc<str>,
        /// The wait.
        wait: WaitId,
        /// The event.
        event: EventId,
        /// When it came in.
        at: At,
    },
    /// A deadline began to run.
    Bounded {
        /// The step, with all that is in it; empty = the run.
        step: Arc<str>,
        /// Its wait.
        wait: WaitId,
        /// When it passes.
        until: At,
    },
    /// A deadline passed before what it bounds was over: whoever handles failures of that takes over. Data: the words.
    Overdue {
        /// The step; empty = the run.
        step: Arc<str>,
        /// Its wait.
        wait: WaitId,
        /// When.
        at: At,
    },
    /// The run goes on in another version of its flow. Data: `{ state }`, where it stands in that.
    Moved {
        /// The version it was on.
        from: VersionId,
        /// The version it is on now.
        to: VersionId,
    },
    /// The run was to go on in another version, and stays on its own.
    Stayed {
        /// The version that was published, or removed.
        to: VersionId,
        /// Why, a stable code: see [`crate::flow::Stays`].
        why: Arc<str>,
    },
    /// A human was asked for. Data: team and reason.
    Escalated {
        /// The demand.
        escalation: EscalationId,
        /// Until when it must be taken.
        deadline: At,
    },
    /// An escalation was taken.
    Taken {
        /// The demand.
        escalation: EscalationId,
        /// Milliseconds from our receipt of what caused it.
        after_ms: u64,
    },
    /// An escalation's deadline passed.
    Missed {
        /// The demand.
        escalation: EscalationId,
    },
    /// The desk went on with an escalation. Data: why, and who else was looked at.
    Desk {
        /// The demand.
        escalation: EscalationId,
        /// `asked`, `offered`, `timed_out`, `declined`, `left`, `away`, `nobody`, `team`, `predicted_miss`, `customer_told`, `fallback_told`,
        /// `fallback_failed`, `out_of_hours`, `silent`, `again`, `answered` …
        how: Arc<str>,
        /// Whom it concerns.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        agents: Vec<UserId>,
        /// Until when that holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<At>,
    },
    /// A human came whom a step waited for, or none did. Data: the step's output.
    Attended {
        /// The step.
        step: Arc<str>,
        /// Its wait.
        wait: WaitId,
        /// When: what follows was caused by this.
        at: At,
    },
    /// A schedule armed its next slot.
    Scheduled {
        /// The slot.
        slot: At,
    },
    /// A slot began to go over a segment.
    SweepBegan {
        /// The slot.
        slot: At,
        /// The segment.
        segment: Arc<str>,
    },
    /// A slot is done with its segment.
    SweepEnded {
        /// The slot.
        slot: At,
        /// `done`, `cancelled` (by a person), `withdrawn` (the schedule is gone), `unknown_segment`.
        how: Arc<str>,
        /// Contacts found.
        found: u64,
        /// Contacts on which the segment's condition failed.
        failed: u64,
    },
    /// The run is over. Data: the reason given, if one was.
    Ended {
        /// How.
        status: RunStatus,
    },
    /// A person's data were erased.
    Erased,
    /// What was old enough was removed.
    Removed(Box<Removed>),
    /// Something else was changed. Data: from what to what.
    Changed {
        /// What: `flow.published`, `flow.off`, `connection.down`, `connection.up`, `first_hour.holding` …
        what: Arc<str>,
        /// Which one.
        id: Arc<str>,
    },
}
