//! The shape of each kind of step.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::Awaited;
use super::scalar::{Condition, Expression, Span, Text};
use super::step_parts::{Join, OnPublish, OnUnknown, Repeat, Retry, Stop, Timeout, Wait, WebhookAnswer};

/// One step.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Step {
    Do(Box<DoStep>),
    If(Box<IfStep>),
    Set(Box<SetStep>),
    Stop(Box<StopStep>),
    Wait(Box<WaitStep>),
    WaitFor(Box<WaitForStep>),
    Switch(Box<SwitchStep>),
    ForEach(Box<ForEachStep>),
    Parallel(Box<ParallelStep>),
    Repeat(Box<RepeatStep>),
    Again(Box<AgainStep>),
    Script(Box<ScriptStep>),
    Ask(Box<AskStep>),
    RunFlow(Box<RunFlowStep>),
    AnswerWebhook(Box<AnswerWebhookStep>),
}

/// A step with the keys that every step may carry.
macro_rules! step {
    ($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$meta])* $field: $type,)*
            /// Unique in the flow; its output is `steps.<id>`.
            #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9_]*$"))]
            id: Option<String>,
            /// Name for people.
            name: Option<Text>,
            /// Remarks for people.
            note: Option<Text>,
            /// What is done when this step fails for good.
            on_error: Option<Vec<Step>>,
        }
    };
}

step!(
    /// Performs an action.
    DoStep {
        /// The action.
        #[schemars(rename = "do")]
        action: String,
        /// The connection it goes through; default: the capability's.
        connection: Option<String>,
        /// Its input.
        with: Option<BTreeMap<String, Value>>,
        /// What is repeated: `standard` (at once, 1 s, 30 s), `none`, or up to 10 pauses.
        retry: Option<Retry>,
        /// Latest time for the call to start. Default 24 h; 10 min for replies.
        expires: Option<Span>,
        /// `resend`: repeat a call that may have happened.
        on_unknown: Option<OnUnknown>,
    }
);
step!(
    /// Goes one of two ways.
    IfStep {
        /// The condition.
        #[schemars(rename = "if")]
        when: Condition,
        /// Steps for when it holds.
        then: Vec<Step>,
        /// Steps for when it does not.
        #[schemars(rename = "else")]
        otherwise: Option<Vec<Step>>,
        /// How long it may take, with all that is in it: then it fails with the code `deadline`.
        deadline: Option<Span>,
    }
);
step!(
    /// Sets variables, read back as `vars.<name>`.
    SetStep {
        /// Variables with their values, in order.
        set: BTreeMap<String, Value>,
    }
);
step!(
    /// Ends the run.
    StopStep {
        /// Why; or how and why.
        stop: Option<Stop>,
    }
);
step!(
    /// Waits for a time.
    WaitStep {
        /// How long, or until when.
        wait: Wait,
        /// What becomes of a run that waits here when another version is published. Default `finish`.
        on_publish: Option<OnPublish>,
    }
);
step!(
    /// Waits for something this contact does.
    WaitForStep {
        /// What is awaited.
        wait_for: Awaited,
        /// Which of them: sees the event as `reply`.
        #[schemars(rename = "match")]
        matching: Option<Condition>,
        /// How long, or `never`.
        timeout: Timeout,
        /// Whether the event then starts no flow. Default false.
        take: Option<bool>,
        /// Steps for when it came.
        then: Option<Vec<Step>>,
        /// Steps for when it did not.
        on_timeout: Option<Vec<Step>>,
        /// What becomes of a run that waits here when another version is published. Default `finish`.
        on_publish: Option<OnPublish>,
    }
);
step!(
    /// Goes the way of a value.
    SwitchStep {
        /// The value, printed as text.
        switch: Expression,
        /// Steps by value.
        cases: BTreeMap<String, Vec<Step>>,
        /// Steps for any other value.
        default: Option<Vec<Step>>,
        /// How long it may take, with all that is in it: then it fails with the code `deadline`.
        deadline: Option<Span>,
    }
);
step!(
    /// Does its steps with every item of a list, at most 1000.
    ForEachStep {
        /// The list.
        for_each: Expression,
        /// The name of one item in the steps. Default `item`; its place is `index`, from 0.
        #[schemars(rename = "as")]
        item: Option<String>,
        /// How many items are worked on at once. Default 1.
        #[schemars(range(min = 1, max = 50))]
        limit: Option<i64>,
        /// What is done with each.
        steps: Vec<Step>,
        /// How long it may take, with all that is in it: then it fails with the code `deadline`.
        deadline: Option<Span>,
    }
);
step!(
    /// Does branches side by side.
    ParallelStep {
        /// Branches by name.
        #[schemars(length(min = 1, max = 16))]
        parallel: BTreeMap<String, Vec<Step>>,
        /// `all` (default): waits for every branch; `first`: the first one that ends cancels the others.
        join: Option<Join>,
        /// How long it may take, with all that is in it: then it fails with the code `deadline`.
        deadline: Option<Span>,
    }
);
step!(
    /// Repeats its steps.
    RepeatStep {
        /// What is repeated, how often, and until when.
        repeat: Repeat,
        /// How long it may take, with all that is in it: then it fails with the code `deadline`.
        deadline: Option<Span>,
    }
);
step!(
    /// Goes back to the beginning of a `repeat` around it.
    AgainStep {
        /// Its id; without one, the nearest.
        again: Option<String>,
    }
);
step!(
    /// Works out a value in rhai: it is `steps.<id>`.
    ScriptStep {
        /// The script.
        #[schemars(length(min = 1))]
        script: String,
    }
);
step!(
    /// Asks the customer, waits for the answer, checks it, and asks again if it does not fit.
    AskStep {
        /// The question.
        ask: Text,
        /// What may be answered: up to three become buttons, more a list. Default: anything.
        #[schemars(length(min = 1, max = 10))]
        choices: Option<Vec<Text>>,
        /// Where the answer is kept: `contact.fields.<name>`, `contact.name`, `contact.language`, `vars.<name>`.
        into: Option<String>,
        /// Whether the answer fits: sees it as `answer`, the message as `reply`.
        check: Option<Condition>,
        /// How often the question is asked at most. Default 3.
        #[schemars(range(min = 1, max = 10))]
        tries: Option<i64>,
        /// What is said instead of the question when an answer did not fit.
        else_ask: Option<Text>,
        /// How long each answer is waited for, or `never`.
        timeout: Timeout,
        /// Steps for when it was answered.
        then: Option<Vec<Step>>,
        /// Steps for when it was not.
        on_timeout: Option<Vec<Step>>,
        /// The connection it goes through; default: the conversation's.
        connection: Option<String>,
        /// What becomes of a run that waits here when another version is published. Default `finish`.
        on_publish: Option<OnPublish>,
    }
);
step!(
    /// Runs another flow, which has the trigger `flow.called`.
    RunFlowStep {
        /// The flow's id.
        run_flow: String,
        /// What it is given: `event.input` there.
        with: Option<BTreeMap<String, Value>>,
        /// Whether its end is waited for. Default true.
        wait: Option<bool>,
        /// How long it may take, with all that is in it: then it fails with the code `deadline`.
        deadline: Option<Span>,
    }
);
step!(
    /// Answers the caller of the webhook that started the run.
    AnswerWebhookStep {
        /// The answer.
        answer_webhook: WebhookAnswer,
    }
);
