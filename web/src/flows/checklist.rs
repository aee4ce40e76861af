//! What documents that are to be brought in need of this installation: connections, templates, teams, tags and other documents, each
//! with whether it is here.

use std::collections::BTreeSet;

use engine::flow::{Kind, Needs};
use engine::store::{Contacts, Reads};
use schemars::JsonSchema;
use serde::Serialize;

use super::Document;
use crate::api::templates::{self, Templates};
use crate::app::App;

/// Something that documents name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportNeed")]
pub(crate) struct Need {
    /// What it is.
    kind: What,
    /// Its name.
    name: String,
    /// The language of a template; empty when none is named.
    language: String,
    /// Whether it is here.
    state: State,
}

/// What documents name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ImportNeedKind")]
pub(crate) enum What {
    /// A connection by its id.
    Connection,
    /// What some connection must offer: `crm`, `whatsapp`.
    Capability,
    /// A template that WhatsApp must have approved.
    Template,
    /// A team that is asked for a human.
    Team,
    /// A flow that is called.
    Flow,
    /// A calendar.
    Calendar,
    /// A segment.
    Segment,
    /// A tag.
    Tag,
}

/// Whether something is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ImportNeedState")]
pub(crate) enum State {
    /// It is, or it comes with the documents.
    Here,
    /// It is not: no such thing, no approved template, no tag of the dictionary.
    Missing,
    /// Several connections offer it, and none is the default.
    Several,
    /// The team is there, and nobody in it.
    Empty,
    /// Nobody here can tell: the accounts are not known, or one did not answer.
    Unknown,
}

/// What `documents` need, what is named first first; those that are wrong in themselves say nothing of it.
///
/// # Errors
/// When the store fails.
pub(crate) async fn of(app: &App, documents: &[Document]) -> Result<Vec<Need>, engine::store::Error> {
    let (mut needs, mut brought) = (Needs::default(), BTreeSet::new());
    for (kind, id, own) in documents.iter().filter_map(|document| app.checker.needs(&document.text)) {
        needs.add(&own);
        brought.insert((kind as u8, id));
    }
    brought.extend(app.engine.store().flows().await?.into_iter().map(|row| (row.kind as u8, row.flow)));
    let of_kind = |kind: Kind, name: &str| here(brought.contains(&(kind as u8, name.to_owned())));
    let written: BTreeSet<String> =
        app.engine.store().tag_meanings().await?.into_iter().map(|meaning| meaning.tag).collect();
    let told = if needs.templates.is_empty() { Templates::default() } else { templates::all(app).await };

    let mut list = List::default();
    list.add(What::Connection, &needs.connections, |id| connection(app, id));
    list.add(What::Capability, &needs.capabilities, |name| capability(app, name));
    for (name, language) in &needs.templates {
        let state = template(app, &told, name, language);
        list.0.push(Need { kind: What::Template, name: name.clone(), language: language.clone(), state });
    }
    list.add(What::Team, &needs.teams, |id| team(app, id));
    list.add(What::Flow, &needs.flows, |id| of_kind(Kind::Flow, id));
    list.add(What::Calendar, &needs.calendars, |id| of_kind(Kind::Calendar, id));
    list.add(What::Segment, &needs.segments, |id| of_kind(Kind::Segment, id));
    list.add(What::Tag, needs.tags.union(&needs.tags_read), |tag| here(written.contains(tag)));
    Ok(list.0)
}

#[derive(Default)]
struct List(Vec<Need>);

impl List {
    fn add<'n>(&mut self, kind: What, names: impl IntoIterator<Item = &'n String>, state: impl Fn(&str) -> State) {
        let need = |name: &String| Need { kind, name: name.clone(), language: String::new(), state: state(name) };
        self.0.extend(names.into_iter().map(need));
    }
}

fn here(is: bool) -> State {
    if is { State::Here } else { State::Missing }
}

fn connection(app: &App, id: &str) -> State {
    if app.checker.knows_connections() { here(app.connections.get(id).is_some()) } else { State::Unknown }
}

/// Whether steps that name no connection find one: the default, else the only one that offers it.
fn capability(app: &App, name: &str) -> State {
    if let Some(default) = app.checker.defaults.get(name) {
        return connection(app, default);
    }
    if !app.checker.knows_connections() {
        return State::Unknown;
    }
    let of_it = |action: &&str| action.split('.').next() == Some(name);
    let offers = |connector: &str| app.checker.catalog.serves.get(connector).is_some_and(|all| all.iter().any(of_it));
    match app.connections.all().values().filter(|open| offers(open.connector)).count() {
        0 => State::Missing,
        1 => State::Here,
        _ => State::Several,
    }
}

fn template(app: &App, told: &Templates, name: &str, language: &str) -> State {
    match told.has(name, language) {
        true => State::Here,
        false if told.is_whole() && app.checker.knows_connections() => State::Missing,
        false => State::Unknown,
    }
}

fn team(app: &App, id: &str) -> State {
    match app.engine.staff().team(id) {
        None => State::Missing,
        Some(team) if team.body.members.is_empty() => State::Empty,
        Some(_) => State::Here,
    }
}
