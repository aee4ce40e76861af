//! Actions: a typed input, a typed output, and who performs it.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Connection, Problem, Repeat, Verdict};
use crate::clock::At;

/// The input of one action. The struct is the contract: its JSON Schema draws the form, completes and checks the YAML.
pub trait Action: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Its full name: `crm.create_ticket` for a capability, `hubspot.create_deal` for a connector's own.
    const NAME: &'static str;
    /// What it does, one sentence for the catalogue.
    const ABOUT: &'static str;
    /// What later steps read as `steps.<id>`.
    type Output: Serialize + JsonSchema + Send;
    /// An output as a test or a preview sees it when nothing else is given.
    fn sample() -> Self::Output;
    /// Whether it is free text that needs an open 24-hour window.
    const NEEDS_WINDOW: bool = false;
    /// Whether it answers a customer who waits: its effects expire after 10 minutes instead of 24 hours.
    const REPLY: bool = false;
}

/// "This account performs `A`."
pub trait Performs<A: Action>: Connection {
    /// What may be done when the outcome is unknown. Justify it beside the value.
    const REPEAT: Repeat;
    /// Makes the call once. The engine repeats; an implementation never does.
    fn perform(&self, input: A, call: &Call) -> impl Future<Output = Verdict<A::Output>> + Send;
}

/// What a performer knows about the call besides its input.
#[derive(Clone, Debug)]
pub struct Call {
    /// Names the call to the provider: kept by repeats, new for a person's retry. At most 40 characters of `[a-z0-9_/]`.
    pub key: Arc<str>,
    /// 1 for the first attempt; a connection that was down uses none up.
    pub attempt: u16,
    /// How often this call was made before, whatever came of it.
    pub tries: u16,
    /// The instant of this attempt.
    pub now: At,
    /// The customer's address in the conversation the run is about (WhatsApp id, no `+`), if it is about one.
    pub address: Option<Arc<str>>,
    /// The contact's number in E.164, if known.
    pub phone: Option<Arc<str>>,
}

/// An action as the catalogue shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActionSpec {
    /// Full name.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// What may be done when its outcome is unknown.
    pub repeat: Repeat,
    /// JSON Schema of `with`.
    pub input: Schema,
    /// JSON Schema of `steps.<id>`.
    pub output: Schema,
    /// Output in tests without `fake`.
    pub sample: Value,
    /// Whether it needs an open 24-hour window.
    pub needs_window: bool,
    /// Whether it expires after 10 minutes instead of 24 hours.
    pub reply: bool,
}

impl ActionSpec {
    /// The description of `A`.
    #[must_use]
    pub fn of<A: Action>(repeat: Repeat) -> Self {
        Self {
            name: A::NAME,
            about: A::ABOUT,
            repeat,
            input: schemars::schema_for!(A),
            output: schemars::schema_for!(A::Output),
            sample: serde_json::to_value(A::sample()).unwrap_or_default(),
            needs_window: A::NEEDS_WINDOW,
            reply: A::REPLY,
        }
    }
}

type PerformFn = dyn Fn(Value, Call) -> BoxFuture<'static, Verdict> + Send + Sync;

/// One action of one opened account, with its types erased.
#[derive(Clone)]
pub struct Performer {
    /// The action's full name.
    pub action: &'static str,
    /// What its connector declares for an unknown outcome.
    pub repeat: Repeat,
    perform: Arc<PerformFn>,
}

impl std::fmt::Debug for Performer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Performer").field("action", &self.action).finish_non_exhaustive()
    }
}

impl Performer {
    /// How `connection` performs `A`.
    #[must_use]
    pub fn of<A: Action, C: Performs<A>>(connection: Arc<C>) -> Self {
        let perform = move |input: Value, call: Call| -> BoxFuture<'static, Verdict> {
            let connection = Arc::clone(&connection);
            Box::pin(async move {
                let input: A = match serde_json::from_value(input) {
                    Ok(input) => input,
                    Err(error) => return Verdict::Refused(Problem::new("bad_input", error.to_string())),
                };
                match connection.perform(input, &call).await {
                    Verdict::Done(done) => match serde_json::to_value(done.output) {
                        Ok(output) => Verdict::Done(super::Done { output, sent: done.sent }),
                        Err(error) => Verdict::Unknown(Problem::new("bad_output", error.to_string())),
                    },
                    other => other.map(|_| Value::Null),
                }
            })
        };
        Self { action: A::NAME, repeat: C::REPEAT, perform: Arc::new(perform) }
    }

    /// Makes the call once.
    pub async fn perform(&self, input: Value, call: Call) -> Verdict {
        (self.perform)(input, call).await
    }
}
