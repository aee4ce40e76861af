//! Actions that happen inside the turn: they change only what the mailbox owns, and no connection is called.

use std::collections::BTreeMap;

use crate::capability::{contact, human};
use crate::connector::{Action, ActionSpec, Repeat};

/// All of them, by name.
#[must_use]
pub fn actions() -> BTreeMap<&'static str, ActionSpec> {
    let specs = [
        ActionSpec::of::<contact::AddTags>(Repeat::Safe),
        ActionSpec::of::<contact::RemoveTags>(Repeat::Safe),
        ActionSpec::of::<contact::SetField>(Repeat::Safe),
        ActionSpec::of::<contact::SetPriority>(Repeat::Safe),
        ActionSpec::of::<human::Escalate>(Repeat::Safe),
    ];
    specs.into_iter().map(|spec| (spec.name, spec)).collect()
}

/// Whether `action` happens inside the turn.
#[must_use]
pub fn is_local(action: &str) -> bool {
    [
        contact::AddTags::NAME,
        contact::RemoveTags::NAME,
        contact::SetField::NAME,
        contact::SetPriority::NAME,
        human::Escalate::NAME,
    ]
    .contains(&action)
}
