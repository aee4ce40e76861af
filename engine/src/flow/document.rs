//! The shape of a flow document as Rust types, for its JSON Schema only: reading goes through the tree, which knows places.
//!
//! The parts that depend on the catalogue (`do` with its `with`, triggers with their parameters) are open here and filled in
//! by [`mod@super::schema`].
#![expect(dead_code, reason = "these types are only described, never built")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::case_document::Test;
use super::limits_document::{Concurrency, Debounce, Throttle};

/// Text; what YAML reads as a number or boolean keeps its spelling.
pub(super) struct Text;

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// A rhai expression that is true or false, such as `event.order.total > 0`.
pub(super) struct Condition;

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "boolean"], "minLength": 1, "description": "rhai: true or false" })
    }
}

/// A duration such as `20s`, `5m`, `48h`, `7d`, `1h30m`.
pub(super) struct Span;

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
        json_schema!({ "type": "string", "minLength": 2, "pattern": pattern, "x-type": "duration" })
    }
}

/// A flow: what starts it, and what it does.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Flow {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    flow: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// What starts it: any of these.
    on: Triggers,
    /// Must hold for any trigger.
    when: Option<Condition>,
    /// Events that follow each other closely start one run, once there is quiet.
    debounce: Option<Debounce>,
    /// At most so many starts in a time.
    throttle: Option<Throttle>,
    /// At most so many runs that work at once.
    concurrency: Option<Concurrency>,
    /// What it does, in order.
    steps: Vec<Step>,
    /// What is done when a step fails for good and has no `on_error` of its own.
    on_error: Option<Vec<Step>>,
    /// What is done at the end, however the run ends: done, failed or cancelled.
    finally: Option<Vec<Step>>,
    /// How long a run may take: then it fails with the code `deadline`.
    deadline: Option<Span>,
    /// How many runs a trigger of it starts in the first hour after it went live; what comes beyond waits for a person.
    /// Default: as the installation says, 100.
    first_hour: Option<FirstHour>,
    /// Tests in virtual time; not part of the flow's meaning.
    tests: Option<Vec<Test>>,
}

/// A calendar: when a team works.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Calendar {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    calendar: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// IANA time zone of the hours.
    zone: String,
    /// Open hours by weekday, `mon` to `sun`: `09:00-13:00`, in order. A day that is not named is closed.
    hours: BTreeMap<String, Vec<String>>,
    /// Days off: `2026-12-25`.
    holidays: Option<Vec<String>>,
}

/// A segment: a named group of contacts. Of `tags`, `language` and `when` at least one.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("anyOf" = [{ "required": ["tags"] }, { "required": ["language"] }, { "required": ["when"] }])
)]
pub(super) struct Segment {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    format: i64,
    /// Stable id, kebab-case.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    segment: String,
    /// Name for people.
    name: Option<Text>,
    /// Remarks for people.
    note: Option<Text>,
    /// Tags that its contacts have, all of them.
    #[schemars(length(min = 1, max = 16))]
    tags: Option<Vec<Text>>,
    /// The language of its contacts.
    language: Option<Text>,
    /// What else holds for each: reads `contact` and `now`.
    when: Option<Condition>,
}

/// One trigger or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Triggers {
    One(Trigger),
    Several(#[schemars(length(min = 1))] Vec<Trigger>),
}

/// What starts a flow: a type, or a type with parameters. Filled in from the catalogue.
#[derive(JsonSchema)]
pub(super) struct Trigger {}

/// What is awaited: an event type, alone or with parameters. Filled in from the catalogue.
#[derive(JsonSchema)]
pub(super) struct Awaited {}

/// One step.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Step {
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
        struct $name {
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

/// A rhai expression.
pub(super) struct Expression;

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "description": "rhai" })
    }
}

/// When branches are joined.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Join {
    All,
    First,
}

/// Steps that are repeated.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Repeat {
    /// Its id, which `again` names; `steps.<id>` is `{ rounds, done }`.
    id: Option<String>,
    /// Most rounds.
    #[schemars(range(min = 1, max = 1000))]
    max: i64,
    /// When to stop, asked after each round.
    until: Option<Condition>,
    /// What is repeated.
    steps: Vec<Step>,
}

/// An answer to a webhook.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WebhookAnswer {
    /// HTTP status. Default 200.
    #[schemars(range(min = 200, max = 599))]
    status: Option<i64>,
    /// The body: text as it is, anything else as JSON.
    body: Option<Value>,
}

/// What is repeated.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Retry {
    Named(RetryName),
    Pauses(#[schemars(length(max = 10))] Vec<Span>),
}

/// Named ways to repeat.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum RetryName {
    /// At once, within 1 s, after 30 s.
    Standard,
    /// Not at all.
    None,
}

/// What is done when it is not known whether a call happened.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OnUnknown {
    /// Repeat it: it may then happen twice.
    Resend,
}

/// The end of a run.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Stop {
    Reason(Text),
    How(StopHow),
}

/// How and why a run ends.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct StopHow {
    /// `done` (default) or `failed`.
    #[schemars(rename = "as")]
    how: Option<StopAs>,
    /// Why.
    reason: Option<Text>,
}

/// How a run ends.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum StopAs {
    Done,
    Failed,
}

/// When a wait ends.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Wait {
    For(Span),
    Until(Until),
    Open(OpenHours),
}

/// The next time that a team works.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OpenHours {
    /// The calendar.
    business_hours: String,
}

/// An instant.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Until {
    /// `2026-12-01 09:00`, RFC 3339, or an expression.
    until: String,
    /// IANA zone of a time without one. Default UTC.
    zone: Option<String>,
}

/// What a waiting run does when another version is published.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OnPublish {
    /// It goes on on the version it began with.
    Finish,
    /// It goes on in the new version, at the step of the same id.
    Continue,
    /// It ends, with its clean-up.
    Stop,
}

/// How many runs a trigger starts in its first hour.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum FirstHour {
    Most(#[schemars(range(min = 1, max = 1_000_000))] i64),
    Off(Off),
}

/// Without a bound.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Off {
    Off,
}

/// How long an event is awaited.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Timeout {
    For(Span),
    Never(Never),
}

/// Without an end.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Never {
    Never,
}
