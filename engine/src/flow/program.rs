//! A checked flow as the turn runs it: a list of steps that know what comes next.
//!
//! Nesting is gone here: the last step inside `then` already points at the step after the `if`. A run is therefore a set of
//! cursors, each the index of one step. Only steps that do their own steps several times or side by side ([`Op::ForEach`],
//! [`Op::Parallel`]) have cursors of their own for them: there the last step points nowhere, and the branch ends.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::bounds::FirstHour;
use super::limits::Limits;
use super::moving::OnPublish;
use crate::expr::{Script, Template};
use crate::ids::VersionId;

/// Index of a step in [`Program::steps`].
pub type StepIx = u32;

/// A flow that passed every check, at one version.
#[derive(Debug)]
pub struct Version {
    /// The stored version.
    pub id: VersionId,
    /// The flow's id, kebab-case.
    pub flow: Arc<str>,
    /// Its name for people; the id when it has none.
    pub name: String,
    /// SHA-256 of its meaning: the checked tree without tests, names, notes, comments and order of keys.
    pub meaning: [u8; 32],
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// How many runs each of its triggers starts in its first hour; `None` = as the installation says.
    pub first_hour: Option<FirstHour>,
    /// How its runs start and work together.
    pub limits: Limits,
    /// The steps.
    pub program: Program,
}

/// One entry of `on`.
#[derive(Debug)]
pub struct Trigger {
    /// Unique in the flow: as written, else `<type>` or `<type>-2`.
    pub id: Arc<str>,
    /// Event type, such as `whatsapp.order_received`.
    pub kind: Arc<str>,
    /// Its parameters as written, checked against their schema, defaults filled in.
    pub params: Value,
    /// The flow's `when` and the trigger's own; all must hold.
    pub when: Vec<Script>,
}

/// All steps of a flow.
#[derive(Debug, Default)]
pub struct Program {
    /// The steps; an index never changes within a version.
    pub steps: Vec<Step>,
    /// Where a run begins; `None` for a flow without steps.
    pub entry: Option<StepIx>,
    /// Where the flow's `on_error` begins.
    pub on_error: Option<StepIx>,
    /// Where the flow's `finally` begins.
    pub finally: Option<StepIx>,
    /// How long a run may take in all.
    pub deadline: Option<Duration>,
    /// Whether any step has a deadline.
    pub bounded: bool,
}

impl Program {
    /// The step at `ix`.
    #[must_use]
    pub fn step(&self, ix: Option<StepIx>) -> Option<&Step> {
        self.steps.get(ix? as usize)
    }
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its place for people and the journal: its id, else its position below its parent's (`2`, `ticket.on_error.0`, `3.then.1`).
    pub path: Arc<str>,
    /// Its id, if it has one: its output is `steps.<id>`.
    pub id: Option<Arc<str>>,
    /// Its line in the file, from 1; 0 for a part of another step that the author did not write (the answer of an `ask`, the
    /// end of a `repeat`).
    pub line: u32,
    /// What it does.
    pub op: Op,
    /// The step after it, already resolved through its parents; `None` = the run (or its error handler) ends.
    pub next: Option<StepIx>,
    /// Where its own `on_error` begins. That block's last step points at this step's `next`.
    pub on_error: Option<StepIx>,
    /// The step among whose steps this one stands: a failure that nothing handles here goes there.
    pub parent: Option<StepIx>,
    /// How long it may take, with all that is in it.
    pub deadline: Option<Duration>,
    /// What becomes of a run that waits here when another version is published.
    pub on_publish: OnPublish,
}

impl Step {
    /// A step that the author did not write, part of the one at `whole`.
    pub(super) fn part(path: Arc<str>, op: Op, next: Option<StepIx>, whole: StepIx) -> Self {
        let (id, on_error, parent) = (None, None, Some(whole));
        Self { path, id, line: 0, op, next, on_error, parent, deadline: None, on_publish: OnPublish::default() }
    }
}

/// What a step does.
#[derive(Debug)]
pub enum Op {
    /// `do`: a local action or a call.
    Do(Box<Do>),
    /// `if`.
    If {
        /// The condition.
        when: Script,
        /// First step of `then`, else `next`.
        then: Option<StepIx>,
        /// First step of `else`, else `next`.
        otherwise: Option<StepIx>,
    },
    /// `set`: variables, in the order written; later ones see earlier ones.
    Set(Vec<(Arc<str>, Expr)>),
    /// `stop`.
    Stop {
        /// Whether the run ends as failed.
        failed: bool,
        /// Why, rendered; empty when nothing was said.
        reason: Option<Expr>,
    },
    /// `wait` for a time.
    Wait {
        /// How long, or until when.
        until: Until,
    },
    /// `wait_for` an event.
    WaitFor(Box<WaitFor>),
    /// `switch`.
    Switch {
        /// What is compared, printed as text.
        on: Script,
        /// First step of each case, else `next`.
        cases: Vec<(Arc<str>, Option<StepIx>)>,
        /// First step of `default`, else `next`.
        default: Option<StepIx>,
    },
    /// `for_each`.
    ForEach(Box<ForEach>),
    /// `parallel`.
    Parallel {
        /// Branches by name with their first step.
        branches: Vec<(Arc<str>, Option<StepIx>)>,
        /// Whether the first branch that ends releases the join and cancels the others.
        first: bool,
    },
    /// `repeat`: begins a round.
    Repeat {
        /// Most rounds.
        max: u32,
        /// First step of a round.
        body: Option<StepIx>,
    },
    /// The end of a round of a `repeat`: another one, or on.
    Until {
        /// The `repeat`.
        repeat: StepIx,
        /// When to stop; without it a round is the last one unless `again` says otherwise.
        until: Option<Script>,
    },
    /// `again`: at once into the next round.
    Again {
        /// The `repeat`.
        repeat: StepIx,
    },
    /// The check of the answer that an `ask` got.
    Check(Box<Check>),
    /// `script`.
    Script(Script),
    /// `run_flow`.
    RunFlow {
        /// The flow's id.
        flow: Arc<str>,
        /// Its input: a map expression, `event.input` there.
        with: Expr,
        /// Whether this run waits for its end.
        wait: bool,
    },
    /// `answer_webhook`.
    Answer {
        /// HTTP status.
        status: u16,
        /// The body: text as it is, anything else as JSON.
        body: Expr,
    },
    /// `do: whatsapp.reply`: free text while the window is open, else its template.
    Reply {
        /// The free text.
        text: Box<Do>,
        /// The template.
        template: Box<Do>,
    },
}

/// A `for_each` step.
#[derive(Debug)]
pub struct ForEach {
    /// What gives the list.
    pub items: Script,
    /// The name of one item in its steps.
    pub name: Arc<str>,
    /// How many items are worked on at once.
    pub limit: u32,
    /// First step of an item.
    pub body: Option<StepIx>,
}

/// Most items of a `for_each`.
pub const MAX_ITEMS: usize = 1_000;

/// What an `ask` makes of an answer.
#[derive(Debug)]
pub struct Check {
    /// The step that asks; the answer is its output.
    pub asked: StepIx,
    /// The `wait_for` that heard it; its output is the message.
    pub heard: StepIx,
    /// The step that asks once more.
    pub again: StepIx,
    /// What may be answered; empty = anything.
    pub choices: Vec<Arc<str>>,
    /// A further condition: sees the event as `reply` and the answer as `answer`.
    pub check: Option<Script>,
    /// How often the question is asked at most.
    pub tries: u32,
    /// Where the answer is kept besides `steps.<id>.answer`.
    pub into: Option<Into>,
    /// First step of `then`, else `next`.
    pub then: Option<StepIx>,
}

/// Where an `ask` stores its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Into {
    /// `vars.<name>`.
    Var(Arc<str>),
    /// `contact.fields.<name>`.
    Field(Arc<str>),
    /// `contact.name`.
    Name,
    /// `contact.language`.
    Language,
}

/// A `do` step.
#[derive(Debug)]
pub struct Do {
    /// The action's full name.
    pub action: Arc<str>,
    /// The connection it goes through; `None` for local actions. Resolved (named or default) when the flow is published.
    pub connection: Option<Arc<str>>,
    /// Whether the author named the connection. If not, an answer to a customer goes through the conversation's own.
    pub named: bool,
    /// Its input: a map expression.
    pub input: Expr,
    /// What is repeated when an attempt fails.
    pub retry: Retry,
    /// Latest time for the call to start, after it was planned. Default 10 min for replies, 24 h for others.
    pub expires: Duration,
    /// Whether the author chose `on_unknown: resend`.
    pub resend_unknown: bool,
    /// Whether it needs an open 24-hour window.
    pub needs_window: bool,
}

/// How a failed call is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Pauses before each further attempt; its length + 1 is the number of attempts. The standard is 1 s, 30 s; `none` is empty.
    pub pauses: Vec<Duration>,
}

impl Retry {
    /// At once, within 1 s, after 30 s.
    #[must_use]
    pub fn standard() -> Self {
        Self { pauses: vec![Duration::from_secs(1), Duration::from_secs(30)] }
    }
}

/// When a `wait` ends.
#[derive(Debug)]
pub enum Until {
    /// After a time.
    For(Duration),
    /// At an instant: text `2026-12-01 09:00` in `zone`, or RFC 3339.
    Instant {
        /// What gives the instant.
        at: Expr,
        /// IANA zone for times without one.
        zone: chrono_tz::Tz,
    },
    /// Until the hours of this calendar are open; at once when they are.
    Open(Arc<str>),
}

/// A `wait_for` step.
#[derive(Debug)]
pub struct WaitFor {
    /// Event type awaited from this contact.
    pub kind: Arc<str>,
    /// Trigger parameters that narrow it (keywords, type), as for a trigger.
    pub params: Value,
    /// `match`: sees the awaited event as `reply`.
    pub matching: Option<Script>,
    /// How long; `None` = never.
    pub timeout: Option<Duration>,
    /// `take`: whether the event then starts no flow.
    pub take: bool,
    /// First step of `then`, else `next`.
    pub then: Option<StepIx>,
    /// First step of `on_timeout`, else `next`.
    pub on_timeout: Option<StepIx>,
}

/// A value in `with` or `set`.
#[derive(Debug)]
pub enum Expr {
    /// A constant, already of the wanted type.
    Literal(Value),
    /// `= …`: a rhai value with its type, converted to `want` where that is exact.
    Script {
        /// The script.
        script: Script,
        /// What the target takes.
        want: Want,
    },
    /// Text with `{{}}`, parsed strictly to `want` when that is not text.
    Template {
        /// The template.
        template: Template,
        /// What the target takes.
        want: Want,
    },
    /// A list of expressions.
    List(Vec<Expr>),
    /// A map of expressions.
    Map(Vec<(Arc<str>, Expr)>),
}

/// What a target takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Any type: values keep theirs.
    Any,
    /// Text; numbers and booleans are printed.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}
