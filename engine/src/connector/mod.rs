//! What a connector is: the code for one outside service.
//!
//! A connector is one file that ends in one function returning a [`Connector`], and one line in `connectors::registry`.
//! It declares which actions it performs ([`ConnectorBuilder::performs`]), which of them are capabilities others perform too, and
//! whether it has a door for webhooks. An opened account is a [`Connection`]. The engine never sees HTTP, the connector never
//! sees a store: all that passes between them is an input, a [`Verdict`] and [`Item`]s.

mod action;
mod door;
mod extras;
mod registry;
mod shown;
mod verdict;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sentence::Sentence;

pub use action::{Action, ActionSpec, Call, Performer, Performs};
pub use door::{Door, DoorError, HookRequest, Incoming, Intake, Item, ObjectRef, Party, Sender, Status, StatusReport};
pub use extras::{ApprovedTemplate, Media, Upload};
pub use registry::{Catalog, Open, OpenError, Registry};
pub use shown::ShownTemplate;
pub use verdict::{Done, Problem, Repeat, Scope, Sent, Verdict};

/// One finding of a connection's check, for `switchboard doctor` and `connection setup`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Finding {
    /// Whether it is as it should be.
    pub good: bool,
    /// What was looked at, a few words: `unique property wa_case_key`.
    pub about: String,
    /// What was found, and what to do when it is not good.
    pub text: String,
    /// The same two for other languages.
    pub said: FindingSaid,
}

/// What a finding says, with its parts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct FindingSaid {
    /// What was looked at.
    pub about: Sentence,
    /// What was found.
    pub text: Sentence,
}

impl Finding {
    /// What was found of something. A text that a service said is given as `String`: it stays as it is.
    #[must_use]
    pub fn new(good: bool, about: impl Into<Sentence>, text: impl Into<Sentence>) -> Self {
        let (about, text) = (about.into(), text.into());
        Self { good, about: about.to_string(), text: text.to_string(), said: FindingSaid { about, text } }
    }
}

/// An opened account at a service.
pub trait Connection: Send + Sync + 'static {
    /// Its door for webhooks; `None` when the service sends none.
    fn door(&self) -> Option<&dyn Door> {
        None
    }

    /// What this account cannot promise although its connector can: a repeat class lower than declared, if any, for `action`.
    /// Asked before each call, so it must be quick.
    fn repeat(&self, action: &str) -> Option<Repeat> {
        let _ = action;
        None
    }

    /// The file that the provider calls `media`, which hangs on a message that came through this account; at most `most` bytes.
    fn media<'a>(&'a self, media: &'a str, most: usize) -> BoxFuture<'a, Result<Media, Problem>> {
        let _ = (media, most);
        Box::pin(async { Err(Problem::new("no_files", "files cannot be fetched through this connection")) })
    }

    /// Gives the provider a file, so that a message can name it; the provider's id of it.
    fn upload(&self, file: Upload) -> BoxFuture<'_, Result<String, Problem>> {
        let _ = file;
        Box::pin(async { Err(Problem::new("no_files", "files cannot be sent through this connection")) })
    }

    /// The templates that may be sent through this account, as far as the provider tells them.
    fn templates(&self) -> BoxFuture<'_, Result<Vec<ApprovedTemplate>, Problem>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The templates as it told them last, for those who cannot wait for it; nothing before it told them, and of an account that never
    /// does.
    fn known_templates(&self) -> Option<Arc<[ApprovedTemplate]>> {
        None
    }

    /// Looks whether the account works and has what it needs; called at start and by `doctor`. Remembers what `repeat` needs.
    fn check(&self) -> BoxFuture<'_, Vec<Finding>>;

    /// Creates what is missing on the other side (custom fields), as far as the account may.
    fn setup(&self) -> BoxFuture<'_, Vec<Finding>> {
        self.check()
    }
}

/// How one connector is built: from the validated settings of a connection.
type OpenFn = dyn Fn(Value, &OpenContext) -> Result<(Arc<dyn Connection>, Vec<Performer>), String> + Send + Sync;

/// What every connection is opened with.
#[derive(Clone, Debug)]
pub struct OpenContext {
    /// The connection's id, for its webhook address.
    pub id: Arc<str>,
    /// Our own public address without a final slash, such as `https://flows.example.com`.
    pub public_url: Arc<str>,
    /// Whether it may reach loopback and private addresses. Default false.
    pub allow_private_network: bool,
}

/// The code for one outside service: what it offers and how an account is opened.
pub struct Connector {
    /// Its name in files and the catalogue: `whatsapp.cloud_api`.
    pub name: &'static str,
    /// Its name for people: `WhatsApp Cloud API`.
    pub title: &'static str,
    /// JSON Schema of a connection's settings, without the common fields (`id connector allow_private_network limits`).
    pub settings: Schema,
    /// What it performs, in reading order.
    pub actions: Vec<ActionSpec>,
    /// Calls a second it may make when the connection's settings say nothing; 0 = no limit.
    pub rate_per_second: u32,
    /// Calls at once when the connection's settings say nothing.
    pub concurrency: u16,
    open: Box<OpenFn>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Builds a [`Connector`] whose accounts are of type `C`.
pub struct ConnectorBuilder<C> {
    connector: Connector,
    performers: Vec<fn(Arc<C>) -> Performer>,
}

impl<C> std::fmt::Debug for ConnectorBuilder<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.connector.fmt(f)
    }
}

impl<C: Connection> ConnectorBuilder<C> {
    /// A connector called `name`, `title` for people.
    #[must_use]
    pub fn new(name: &'static str, title: &'static str) -> Self {
        let open = Box::new(|_: Value, _: &OpenContext| Err("this connector was not finished with `opens`".to_owned()));
        let settings = Schema::default();
        let connector =
            Connector { name, title, settings, actions: Vec::new(), rate_per_second: 0, concurrency: 16, open };
        Self { connector, performers: Vec::new() }
    }

    /// Its accounts perform action `A`.
    #[must_use]
    pub fn performs<A: Action>(mut self) -> Self
    where
        C: Performs<A>,
    {
        self.connector.actions.push(ActionSpec::of::<A>(<C as Performs<A>>::REPEAT));
        self.performers.push(Performer::of::<A, C>);
        self
    }

    /// Default limits of a connection: calls a second (0 = none) and calls at once. The figures' source belongs beside the call.
    #[must_use]
    pub fn limits(mut self, rate_per_second: u32, concurrency: u16) -> Self {
        self.connector.rate_per_second = rate_per_second;
        self.connector.concurrency = concurrency;
        self
    }

    /// Finishes: settings of type `S` are opened by `open`, whose error says what is wrong with them.
    #[must_use]
    pub fn opens<S: DeserializeOwned + schemars::JsonSchema + 'static>(
        mut self,
        open: fn(S, &OpenContext) -> Result<C, String>,
    ) -> Connector {
        self.connector.settings = schemars::schema_for!(S);
        let performers = self.performers;
        self.connector.open = Box::new(move |settings, context| {
            let settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
            let connection = Arc::new(open(settings, context)?);
            let performers = performers.iter().map(|performer| performer(Arc::clone(&connection))).collect();
            Ok((connection as Arc<dyn Connection>, performers))
        });
        self.connector
    }
}
