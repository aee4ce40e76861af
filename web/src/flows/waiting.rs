//! What a plan means for runs that wait on versions that are in force no more: how many at which step, and what becomes of them.

use std::collections::BTreeMap;

use engine::book::Published;
use engine::clock::At;
use engine::flow::{Kind, OnPublish, Op, Version};
use engine::ids::VersionId;
use engine::publication::Choices;
use engine::runner::Fate;
use engine::store::VersionState;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Error, Plan, What};
use crate::app::Engine;

/// Runs that wait at a step of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Waits {
    /// The step's id, or its place; empty when it is not known.
    pub(crate) step: String,
    /// The version they are on.
    version: VersionId,
    /// How many.
    pub(crate) count: u64,
    /// When the first of them falls due.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Option<String>")]
    next_due: Option<At>,
    /// What becomes of them.
    pub(crate) then: OnPublish,
    /// Why they finish although they were to continue.
    pub(crate) why: Option<&'static str>,
}

fn as_text<S: Serializer>(due: &Option<At>, serializer: S) -> Result<S::Ok, S::Error> {
    due.map(|due| due.to_string()).serialize(serializer)
}

impl From<Fate> for Waits {
    fn from(Fate { place, then, why }: Fate) -> Self {
        let step = place.step.to_string();
        Self { step, version: place.version, count: place.count, next_due: place.next_due, then, why }
    }
}

/// Adds to `plan` what becomes of waiting runs.
///
/// # Errors
/// When `choices` name a flow that this does not publish, or a step at which no run waits nor could wait; when the store fails.
pub(super) async fn tell(engine: &Engine, plan: &mut Plan, choices: &BTreeMap<String, Choices>) -> Result<(), Error> {
    let none = Choices::new();
    for change in plan.changes.iter_mut().filter(|change| change.kind == Kind::Flow && change.what != What::Same) {
        let removed = change.what == What::Removed;
        if !removed && change.state != VersionState::Live {
            continue;
        }
        let chosen = choices.get(&change.flow).unwrap_or(&none);
        let to = plan.versions.iter().find_map(|version| match version {
            Published::Flow(version) if *version.flow == *change.flow => Some(&**version),
            _ => None,
        });
        let fates = engine.fates(&change.flow, to.filter(|_| !removed), chosen).await?;
        for step in chosen.keys() {
            let known = fates.iter().any(|fate| *fate.place.step == **step) || to.is_some_and(|to| waits_at(to, step));
            if !known {
                let message = format!("no run of `{}` waits at a step `{step}`, nor could one", change.flow);
                return Err(Error::Choice(message));
            }
        }
        change.waiting = fates.into_iter().map(Waits::from).collect();
    }
    let live = |flow: &String| {
        let here = plan.changes.iter().find(|change| change.flow == *flow);
        here.is_some_and(|change| change.what != What::Same && change.state != VersionState::Draft)
    };
    match choices.keys().find(|flow| !live(flow)) {
        Some(flow) => Err(Error::Choice(format!(
            "nothing can be chosen for runs of `{flow}`: this does not publish another version"
        ))),
        None => Ok(()),
    }
}

/// Whether `version` has a step there that waits.
fn waits_at(version: &Version, step: &str) -> bool {
    let program = &version.program;
    let waits = (0..).zip(&program.steps).filter(|(_, step)| matches!(step.op, Op::Wait { .. } | Op::WaitFor(_)));
    waits.filter_map(|(at, _)| program.written(Some(at))).any(|written| *written.path == *step)
}
