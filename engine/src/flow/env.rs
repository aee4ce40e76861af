//! What a flow is checked against: what this build can do, which connections there are, and how names are bound.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::fields::{self, Fields};
use super::problem::{Problem, Problems};
use super::suggest;
use super::yaml::{self, Place, Val};
use crate::connector::{ApprovedTemplate, Catalog};
use crate::sentence;
use crate::sentence::Sentence;

/// A connection as the check needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Its id, as flows name it.
    pub id: String,
    /// Its connector's name.
    pub connector: String,
}

/// What a flow is checked against.
#[derive(Clone, Debug)]
pub struct Environment<'a> {
    /// Actions and triggers.
    pub catalog: &'a Catalog,
    /// The connections of this installation. `None` when they are not known (`switchboard check` on files): then nothing is
    /// said about connections, and a `do` without one gets its capability's name (`crm`) so that tests run.
    pub connections: Option<Vec<ConnectionInfo>>,
    /// Those that can be had although `connections` is `None`: a text that passed once must run on when an account that it names
    /// is gone. What it names stays as written; a `do` without one gets the default, else the only one of these that performs it.
    pub at_hand: Vec<ConnectionInfo>,
    /// Default connection by capability (`crm` -> `hubspot-main`).
    pub defaults: BTreeMap<String, String>,
    /// Names that differ here from those in the files.
    pub bindings: Bindings,
    /// The teams there are; `None` when they are not known.
    pub teams: Option<Vec<String>>,
    /// The tags that the dictionary knows: whoever asks for one of them has not misspelled it. Empty where none is kept.
    pub tags: Vec<String>,
    /// The templates that may be sent, by connection; one that did not tell its own is not here.
    pub templates: BTreeMap<Arc<str>, Arc<[ApprovedTemplate]>>,
}

impl<'a> Environment<'a> {
    /// A check against `catalog` alone.
    #[must_use]
    pub fn new(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            connections: None,
            at_hand: Vec::new(),
            defaults: BTreeMap::new(),
            bindings: Bindings::default(),
            teams: None,
            tags: Vec::new(),
            templates: BTreeMap::new(),
        }
    }

    /// What is to be said of a team that is not there: a message and a hint.
    pub(super) fn unknown_team(&self, team: &str) -> Option<(Sentence, Sentence)> {
        let known = self.teams.as_deref()?;
        if known.iter().any(|known| known == team) {
            return None;
        }
        let message = sentence!(
            "there is no team `{team}`: nobody is asked by name, and only the notify connection is told",
            team
        );
        let hint = match known {
            [] => "make it on the page of teams".into(),
            _ => suggest::hint(team, known.iter().map(String::as_str)),
        };
        Some((message, hint))
    }

    /// What is to be said of a tag that is given and that the dictionary does not know. Nothing where none is kept.
    pub(super) fn unknown_tag(&self, tag: &str) -> Option<(Sentence, Sentence)> {
        if self.tags.is_empty() || self.tags.iter().any(|known| known == tag) {
            return None;
        }
        let hint = match suggest::nearest(tag, self.tags.iter().map(String::as_str)) {
            Some(near) => sentence!("did you mean `{name}`?", name = near),
            None => "write there what it means, or use one that is there".into(),
        };
        Some((sentence!("the dictionary of tags does not know `{tag}`", tag), hint))
    }
}

/// Names in files -> names in this installation (`bindings.yaml`). Applied when a flow is compiled: its text stays untouched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Bindings {
    /// Connection ids.
    pub connections: BTreeMap<String, String>,
    /// Teams of `human.escalate` and `human.assign`.
    pub teams: BTreeMap<String, String>,
    /// Templates of `whatsapp.send_template` and `whatsapp.reply`.
    pub templates: BTreeMap<String, String>,
}

impl Bindings {
    /// Reads a `bindings.yaml`.
    ///
    /// # Errors
    /// All problems of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut out = Self::default();
        if let Some(root) = yaml::read(text, &mut problems)
            && let Some(mut keys) = Fields::of(&root, "the bindings file", &mut problems)
        {
            for (name, target) in
                [("connections", &mut out.connections), ("teams", &mut out.teams), ("templates", &mut out.templates)]
            {
                let Some(node) = keys.take(name) else { continue };
                let Val::Map(entries) = &node.value else {
                    fields::wrong(
                        node,
                        sentence!("`{name}` is a map from the name in the files to the name here", name),
                        &mut problems,
                    );
                    continue;
                };
                for (key, value) in entries {
                    if let Some(text) = fields::text(value, "a name", &mut problems) {
                        target.insert(key.text.clone(), text.to_owned());
                    }
                }
            }
            keys.finish(&["connections", "teams", "templates"], &mut problems);
        }
        if problems.errors() == 0 { Ok(out) } else { Err(problems.sorted()) }
    }

    /// The connection's name here.
    pub(crate) fn connection<'n>(&'n self, name: &'n str) -> &'n str {
        self.connections.get(name).map_or(name, String::as_str)
    }

    /// The name here of what the literal field `field` of `action` names.
    pub(crate) fn literal<'n>(&'n self, action: &str, field: &str, value: &'n str) -> &'n str {
        let names = match (action, field) {
            ("human.escalate" | "human.assign", "team") => &self.teams,
            ("whatsapp.send_template" | "whatsapp.reply", "template") => &self.templates,
            _ => return value,
        };
        names.get(value).map_or(value, String::as_str)
    }
}

/// What an installation must have for a flow to work.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Needs {
    /// Connections named, after binding.
    pub connections: std::collections::BTreeSet<String>,
    /// Capabilities used without naming a connection: a default or a lone connection must serve them.
    pub capabilities: std::collections::BTreeSet<String>,
    /// Templates named literally, each with its language if that is literal too, else empty.
    pub templates: std::collections::BTreeSet<(String, String)>,
    /// Tags given or taken, as far as named literally.
    pub tags: std::collections::BTreeSet<String>,
    /// Teams named literally.
    pub teams: std::collections::BTreeSet<String>,
    /// Flows that are called.
    pub flows: std::collections::BTreeSet<String>,
    /// Calendars waited for.
    pub calendars: std::collections::BTreeSet<String>,
    /// Tags that conditions, triggers and segments ask for, as far as named literally.
    pub tags_read: std::collections::BTreeSet<String>,
    /// Segments named.
    pub segments: std::collections::BTreeSet<String>,
}

impl Needs {
    /// Adds what another flow needs.
    pub fn add(&mut self, other: &Self) {
        self.connections.extend(other.connections.iter().cloned());
        self.capabilities.extend(other.capabilities.iter().cloned());
        self.templates.extend(other.templates.iter().cloned());
        self.tags.extend(other.tags.iter().cloned());
        self.teams.extend(other.teams.iter().cloned());
        self.flows.extend(other.flows.iter().cloned());
        self.calendars.extend(other.calendars.iter().cloned());
        self.tags_read.extend(other.tags_read.iter().cloned());
        self.segments.extend(other.segments.iter().cloned());
    }
}

/// Which connection a `do` of `action` goes through: the one named, else the default of its capability, else the only one
/// that performs it.
pub(crate) fn resolve<'a>(
    env: &'a Environment<'_>,
    action: &str,
    named: Option<(&str, Place)>,
    at: Place,
    problems: &mut Problems,
) -> String {
    let capability = action.split('.').next().unwrap_or(action);
    let bound = named.map(|(name, place)| (env.bindings.connection(name), place));
    let named = bound.or_else(|| env.defaults.get(capability).map(|name| (name.as_str(), at)));
    let serves = |info: &ConnectionInfo| {
        env.catalog.serves.get(info.connector.as_str()).is_some_and(|actions| actions.contains(&action))
    };
    let able = |connections: &'a [ConnectionInfo]| {
        let mut able = connections.iter().filter(|info| serves(info));
        (able.next(), able.next())
    };
    let Some(connections) = &env.connections else {
        return match (named, able(&env.at_hand)) {
            (Some((name, _)), _) => name.to_owned(),
            (None, (Some(only), None)) => only.id.clone(),
            (None, _) => capability.to_owned(),
        };
    };
    if let Some((name, place)) = named {
        match connections.iter().find(|info| info.id == name) {
            None => {
                let hint = suggest::hint(name, connections.iter().map(|info| info.id.as_str()));
                problems.error(place, "unknown_connection", sentence!("there is no connection `{name}`", name), hint);
            }
            Some(info) if !serves(info) => {
                let message = sentence!(
                    "the connection `{name}` ({connector}) does not perform `{action}`",
                    name,
                    connector = info.connector,
                    action
                );
                problems.error(place, "connection_cannot", message, who_serves(connections, &serves));
            }
            Some(_) => {}
        }
        return name.to_owned();
    }
    match able(connections) {
        (Some(only), None) => return only.id.clone(),
        (None, _) => {
            let message = sentence!("no connection performs `{action}`", action);
            problems.error(at, "connection_needed", message, "connect an account of a service that does");
        }
        (Some(_), Some(_)) => {
            let message = sentence!("several connections perform `{action}`", action);
            problems.error(at, "connection_needed", message, who_serves(connections, &serves));
        }
    }
    capability.to_owned()
}

fn who_serves(connections: &[ConnectionInfo], serves: &dyn Fn(&ConnectionInfo) -> bool) -> Sentence {
    let able: Vec<&str> = connections.iter().filter(|info| serves(info)).map(|info| info.id.as_str()).collect();
    if able.is_empty() {
        return "connect an account of a service that does".into();
    }
    sentence!("name one with `connection:`, or choose a default in the settings: {names}", names = able.join(", "))
}
