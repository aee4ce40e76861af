//! Actions that happen inside the turn: they change only what the mailbox owns, and no connection is called.

mod asking;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::capability::{contact, human};
use crate::connector::{Action, ActionSpec, Repeat};
use crate::contact::{TagSource, TagSourceKind};
use crate::run::{Failure, Turn};
use crate::store::{TagOp, TagRow};

pub(crate) use asking::{
    ACCEPT_WITHIN, NOTIFY_EXPIRES, NOTIFY_PAUSES_MS, Ticket, customer, human_row, notification_plan, own_plan, ticket,
};

/// Longest tag.
const MAX_TAG_CHARS: usize = 64;

/// All of them, and what else the engine performs itself, by name.
#[must_use]
pub fn actions() -> BTreeMap<&'static str, ActionSpec> {
    let specs = [
        ActionSpec::of::<contact::AddTags>(Repeat::Safe),
        ActionSpec::of::<contact::RemoveTags>(Repeat::Safe),
        ActionSpec::of::<contact::SetField>(Repeat::Safe),
        ActionSpec::of::<contact::SetPriority>(Repeat::Safe),
        ActionSpec::of::<contact::SetConsent>(Repeat::Safe),
        ActionSpec::of::<human::Escalate>(Repeat::Safe),
        ActionSpec::of::<human::Assign>(Repeat::Safe),
        ActionSpec::of::<contact::Find>(Repeat::Safe),
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
        contact::SetConsent::NAME,
        human::Escalate::NAME,
        human::Assign::NAME,
    ]
    .contains(&action)
}

/// Does `action`, which [`is_local`], for the step at `path`; answers its output, or `None` when the step waits for it.
pub(crate) fn act(turn: &mut Turn<'_>, path: &str, action: &str, input: &Value) -> Result<Option<Value>, Failure> {
    let output = match action {
        contact::AddTags::NAME => add_tags(turn, typed(input)?),
        contact::RemoveTags::NAME => remove_tags(turn, typed(input)?),
        contact::SetField::NAME => set_field(turn, typed(input)?),
        contact::SetPriority::NAME => set_priority(turn, typed(input)?),
        contact::SetConsent::NAME => set_consent(turn, typed(input)?),
        human::Escalate::NAME => return asking::escalate(turn, path, typed(input)?),
        human::Assign::NAME => asking::assign(turn, typed(input)?),
        other => Err(Failure::new("unknown_action", format!("no action `{other}` happens inside the turn"))),
    };
    output.map(Some)
}

fn typed<T: DeserializeOwned>(input: &Value) -> Result<T, Failure> {
    T::deserialize(input).map_err(|error| Failure::new("bad_input", error.to_string()))
}

fn output<T: Serialize>(output: &T) -> Result<Value, Failure> {
    serde_json::to_value(output).map_err(|error| Failure::new("bad_output", error.to_string()))
}

fn needs_contact(turn: &Turn<'_>) -> Result<(), Failure> {
    if turn.facts.contact.is_some() {
        return Ok(());
    }
    let hint = "this flow was started by an event that is about no contact";
    Err(Failure::new("no_contact", hint))
}

fn tag_row(turn: &Turn<'_>, tag: &str) -> Option<TagRow> {
    Some(TagRow {
        contact_id: turn.facts.contact.as_ref()?.id,
        tag: tag.to_owned(),
        source: TagSourceKind::Flow as i64,
        source_id: turn.run.version.flow.to_string(),
        event_id: Some(turn.run.event),
        at: turn.world.now,
    })
}

fn tags(turn: &Turn<'_>) -> contact::Tags {
    let tags = turn.facts.contact.iter().flat_map(|contact| contact.tags.keys().cloned()).collect();
    contact::Tags { tags }
}

fn add_tags(turn: &mut Turn<'_>, input: contact::AddTags) -> Result<Value, Failure> {
    needs_contact(turn)?;
    for tag in input.tags.iter().map(|tag| tag.trim()) {
        if tag.is_empty() || tag.chars().count() > MAX_TAG_CHARS {
            return Err(Failure::new("bad_tag", format!("a tag has 1 to {MAX_TAG_CHARS} characters")));
        }
        let Some(row) = tag_row(turn, tag) else { continue };
        let source = TagSource { kind: TagSourceKind::Flow, id: row.source_id.clone(), at: row.at };
        turn.facts.change_contact(|contact| {
            let sources = contact.tags.entry(tag.to_owned()).or_default();
            if !sources.iter().any(|known| (known.kind, &known.id) == (source.kind, &source.id)) {
                sources.push(source);
            }
        });
        turn.out.tags.push(TagOp::Add(row));
    }
    output(&tags(turn))
}

fn remove_tags(turn: &mut Turn<'_>, input: contact::RemoveTags) -> Result<Value, Failure> {
    needs_contact(turn)?;
    let given: Vec<(String, TagSource)> = turn
        .facts
        .contact
        .iter()
        .flat_map(|contact| &contact.tags)
        .filter(|(tag, _)| input.tags.contains(tag))
        .flat_map(|(tag, sources)| sources.iter().map(|source| (tag.clone(), source.clone())))
        .filter(|(_, source)| source.kind == TagSourceKind::Flow)
        .collect();
    for (tag, source) in given {
        let Some(row) = tag_row(turn, &tag) else { continue };
        turn.out.tags.push(TagOp::Remove(TagRow { source_id: source.id.clone(), ..row }));
        turn.facts.change_contact(|contact| {
            if let Some(sources) = contact.tags.get_mut(&tag) {
                sources.retain(|known| *known != source);
                if sources.is_empty() {
                    contact.tags.remove(&tag);
                }
            }
        });
    }
    output(&tags(turn))
}

fn set_field(turn: &mut Turn<'_>, input: contact::SetField) -> Result<Value, Failure> {
    needs_contact(turn)?;
    let contact::SetField { field, value } = input;
    if value.is_object() || value.is_array() {
        return Err(Failure::new("bad_value", format!("field `{field}` takes text, a number, a boolean or null")));
    }
    turn.facts.change_contact(|contact| {
        if value.is_null() {
            contact.fields.remove(&field);
        } else {
            contact.fields.insert(field, value);
        }
    });
    output(&contact::Nothing {})
}

fn set_priority(turn: &mut Turn<'_>, input: contact::SetPriority) -> Result<Value, Failure> {
    needs_contact(turn)?;
    turn.facts.change_contact(|contact| contact.priority = input.priority);
    output(&contact::Nothing {})
}

fn set_consent(turn: &mut Turn<'_>, input: contact::SetConsent) -> Result<Value, Failure> {
    needs_contact(turn)?;
    turn.facts.change_contact(|contact| {
        contact.consent.insert(input.purpose, input.given);
    });
    output(&contact::Nothing {})
}
