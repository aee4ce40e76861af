//! A simulation: a document lived through in virtual time with events that somebody makes up, told step by step. Nothing is sent.

use std::time::Duration;

use chrono::Timelike;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::World;
use super::sim::{GoOn, Sim};
use super::timeline::{Moment, Teller};
use crate::book::Published;
use crate::connector::Catalog;
use crate::duration;
use crate::flow::{CompiledDocument, Outline, TemplateTexts, TestCase};
use crate::ids::VersionId;
use crate::run::plan::WINDOW_CLOSED;
use crate::sentence;
use crate::sentence::Sentence;
use crate::store::RunStatus;

/// From and until when a message is welcome, in hours of the customer's day.
const DAY: std::ops::Range<u32> = 8..21;

/// What is simulated.
pub struct Scene<'a> {
    /// The document.
    pub document: CompiledDocument,
    /// Its outline.
    pub outline: &'a Outline,
    /// What is given, what happens and what actions answer.
    pub case: &'a TestCase,
    /// How long, from the start; `None` = until nothing is coming any more.
    pub until: Option<Duration>,
    /// The customer's time zone.
    pub zone: Tz,
    /// Flows that can be called, and calendars.
    pub others: &'a [Published],
    /// Texts of templates.
    pub texts: &'a TemplateTexts,
    /// Actions and triggers.
    pub catalog: &'a Catalog,
}

/// What a simulation showed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Simulation {
    /// What happened, in order.
    pub timeline: Vec<Moment>,
    /// How the first run ended, or where it stands; `None` when nothing started.
    pub end: Option<RunStatus>,
    /// The variables at the end, of all runs.
    pub vars: Map<String, Value>,
    /// The contact's tags at the end.
    pub tags: Vec<String>,
    /// The contact at the end, as expressions see it.
    pub contact: Value,
    /// What its author should know.
    pub notes: Vec<Note>,
    /// Places in the text of the steps that were come to.
    pub coverage: Vec<String>,
}

/// Something an author should know of a simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    /// A stable code: `window_closed`, `night`, `template_unknown`, `nothing_started`, `stopped`.
    pub code: &'static str,
    /// From the start: `49h`.
    pub offset: String,
    /// The step it is about, as its place in the text.
    pub path: Option<String>,
    /// In words.
    pub words: String,
    /// The same for other languages.
    pub said: Sentence,
}

/// Lives through the scene. `go_on` is asked before every step of the world; when it says no, the simulation ends there and says so.
#[must_use]
pub fn simulate(scene: Scene<'_>, go_on: GoOn<'_>) -> Simulation {
    let id = scene.document.id().to_string();
    let version = scene.document.into_version(VersionId(1));
    let mut versions = vec![version.clone()];
    versions.extend(scene.others.iter().filter(|other| **other.document() != *id).cloned());
    let world = World { versions: &versions, catalog: scene.catalog };
    let mut sim = Sim::new(&version, scene.case, &world).told(scene.until, go_on);
    let stopped = sim.run().err();
    let happened = sim.happened();
    let language = scene.case.given.contact.get("language").and_then(Value::as_str).unwrap_or_default();
    let teller = Teller {
        start: sim.record.start,
        outline: scene.outline,
        flow: &id,
        texts: scene.texts,
        language,
        flows: sim.record.flows(),
    };
    let timeline = teller.tell(sim.record.tape());
    let mut notes: Vec<Note> = timeline.iter().flat_map(|moment| notes(moment, scene.zone)).collect();
    let end = sim.record.first_run(version.id());
    if end.is_none() {
        notes.push(note("nothing_started", timeline.last(), "no event started a run"));
    }
    if let Some(why) = stopped {
        notes.push(note("stopped", timeline.last(), why));
    }
    let steps = sim.came_to(version.id());
    let coverage = scene.outline.steps().iter().filter(|place| steps.iter().any(|step| **step == *place.step));
    Simulation {
        end,
        vars: happened.vars,
        tags: happened.tags,
        contact: happened.contact,
        notes,
        coverage: coverage.map(|place| place.path.clone()).collect(),
        timeline,
    }
}

fn note(code: &'static str, moment: Option<&Moment>, said: impl Into<Sentence>) -> Note {
    let offset = moment.map_or_else(|| duration::format(Duration::ZERO), |moment| moment.offset.clone());
    let said = said.into();
    Note { code, offset, path: moment.and_then(|moment| moment.path.clone()), words: said.to_string(), said }
}

/// What is to be said of one moment.
fn notes(moment: &Moment, zone: Tz) -> Vec<Note> {
    let mut out = Vec::new();
    if moment.what == "tried" && moment.code.as_deref() == Some(WINDOW_CLOSED) {
        let words = "24 hours had passed since the customer's last message: only a template can be sent then";
        out.push(note(WINDOW_CLOSED, Some(moment), words));
    }
    let Some(message) = &moment.message else { return out };
    if message.text.is_none() {
        let name = message.template.as_deref().unwrap_or_default();
        let words =
            sentence!("the text of the template `{name}` is not known here: a comment at the top can carry it", name);
        out.push(note("template_unknown", Some(moment), words));
    }
    let local = chrono::DateTime::parse_from_rfc3339(&moment.at).ok().map(|at| at.with_timezone(&zone));
    if let Some(local) = local.filter(|local| !DAY.contains(&local.hour())) {
        let words = sentence!(
            "this message goes out at {time} of the customer's time ({zone})",
            time = local.format("%H:%M").to_string(),
            zone
        );
        out.push(note("night", Some(moment), words));
    }
    out
}

/// What tests of one document showed, with the documents around it; those are not tested.
#[must_use]
pub fn test(document: CompiledDocument, others: &[Published], catalog: &Catalog, go_on: GoOn<'_>) -> super::Report {
    let tests = document.tests().to_vec();
    let id = document.id().to_string();
    let version = document.into_version(VersionId(1));
    let mut versions = vec![version.clone()];
    versions.extend(others.iter().filter(|other| **other.document() != *id).cloned());
    let world = World { versions: &versions, catalog };
    let mut taken = super::Taken::default();
    let mut outcomes = Vec::new();
    for test in tests {
        let (outcome, took) = super::run_one(&version, &test, &world, go_on);
        outcomes.push(outcome);
        for (of, took) in took {
            if of == version.id() {
                taken.add(took);
            }
        }
    }
    let coverage = match &version {
        Published::Flow(version) => vec![taken.of(version)],
        Published::Rules(_) | Published::Calendar(_) | Published::Segment(_) => Vec::new(),
    };
    super::Report { outcomes, coverage }
}
