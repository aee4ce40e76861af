//! Actions that happen inside the turn: they change only what the mailbox owns, and no connection is called.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::capability::{contact, human};
use crate::connector::{Action, ActionSpec, Repeat};
use crate::contact::{Contact, TagSource, TagSourceKind};
use crate::duration;
use crate::ids::{EscalationId, EventId, RunId, WaitId};
use crate::run::{Failure, Handler, NewCall, Plan, Turn, What};
use crate::store::{EscalationRow, Lane, TagOp, TagRow, WaitKind, WaitRow, WaitState};

/// Within which time a human must have taken an escalation when the step does not say (D1).
pub(crate) const ACCEPT_WITHIN: Duration = Duration::from_secs(20);
/// Longest tag.
const MAX_TAG_CHARS: usize = 64;
/// Pauses before a notification is tried again: quick, as a human is waited for.
pub(crate) const NOTIFY_PAUSES_MS: [u64; 4] = [500, 1_000, 2_000, 5_000];
/// A notification that could not go out for so long tells nobody anything new.
pub(crate) const NOTIFY_EXPIRES: Duration = Duration::from_secs(10 * 60);

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
    ]
    .contains(&action)
}

/// Does `action`, which [`is_local`], for the step at `path`; answers its output.
pub(crate) fn act(turn: &mut Turn<'_>, path: &str, action: &str, input: &Value) -> Result<Value, Failure> {
    match action {
        contact::AddTags::NAME => add_tags(turn, typed(input)?),
        contact::RemoveTags::NAME => remove_tags(turn, typed(input)?),
        contact::SetField::NAME => set_field(turn, typed(input)?),
        contact::SetPriority::NAME => set_priority(turn, typed(input)?),
        contact::SetConsent::NAME => set_consent(turn, typed(input)?),
        human::Escalate::NAME => escalate(turn, path, typed(input)?),
        other => Err(Failure::new("unknown_action", format!("no action `{other}` happens inside the turn"))),
    }
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

/// Records the demand, arms its deadline, and tells the team if there is a connection to tell it through.
fn escalate(turn: &mut Turn<'_>, path: &str, input: human::Escalate) -> Result<Value, Failure> {
    let within = match &input.accept_within {
        Some(text) => duration::parse(text).map_err(|error| Failure::new("bad_input", error.to_string()))?,
        None => ACCEPT_WITHIN,
    };
    let (now, ids) = (turn.world.now, turn.world.ids);
    let received_at = turn.run.state.caused_at;
    let row = EscalationRow {
        id: EscalationId(ids.next(now)),
        mailbox: turn.run.mailbox,
        run_id: turn.run.id,
        contact_id: turn.run.contact,
        conversation_id: turn.run.conversation,
        team: input.team,
        reason: input.reason,
        received_at,
        offered_at: now,
        deadline: received_at.plus(within).max(now),
        accepted_at: None,
        accepted_by: None,
        missed: false,
    };
    let escalated = human::Escalated { id: row.id.to_string(), deadline: row.deadline.to_string() };
    let depth = vec![turn.run.state.depth];
    turn.out.waits.push(WaitRow { data: depth, ..deadline_wait(&row, WaitId(ids.next(now))) });
    turn.note(What::Escalated { escalation: row.id, deadline: row.deadline });
    notify(turn, &format!("{path}.notify"), &row, "offered");
    turn.out.escalations.push(row);
    output(&escalated)
}

/// The wait that watches an escalation's deadline.
pub(crate) fn deadline_wait(row: &EscalationRow, id: WaitId) -> WaitRow {
    WaitRow {
        id,
        shard: row.mailbox.shard(),
        mailbox: row.mailbox,
        run_id: None,
        cursor: 0,
        kind: WaitKind::Escalation,
        state: WaitState::Armed,
        on_kind: None,
        key: Some(row.id.to_string()),
        since: EventId(0),
        due_at: row.deadline,
        data: Vec::new(),
    }
}

/// How deep the cause of the escalation lies whose deadline `wait` watches.
pub(crate) fn depth_of(wait: &WaitRow) -> u8 {
    wait.data.first().copied().unwrap_or(0)
}

fn notify(turn: &mut Turn<'_>, path: &str, row: &EscalationRow, state: &str) {
    let Some(connection) = turn.world.notify else { return };
    let plan = notification_plan(row, state, turn.facts.contact.as_ref(), path);
    let action = human::NotifyEscalation::NAME;
    let call = NewCall { action, connection, lane: Lane::Escalation, window: None, expires: NOTIFY_EXPIRES };
    turn.plan(&call, plan);
}

/// The call that tells a team that `row` is now `offered` or `missed`, for the step at `path`.
pub(crate) fn notification_plan(row: &EscalationRow, state: &str, contact: Option<&Contact>, path: &str) -> Plan {
    let input = human::NotifyEscalation {
        escalation: row.id.to_string(),
        state: state.to_owned(),
        team: row.team.clone(),
        reason: row.reason.clone(),
        customer: contact.map(customer).unwrap_or_default(),
        deadline: row.deadline.to_string(),
        run: if row.run_id == RunId::NONE { String::new() } else { row.run_id.to_string() },
        ..human::NotifyEscalation::default()
    };
    Plan {
        input: serde_json::to_value(input).unwrap_or_default(),
        pauses_ms: NOTIFY_PAUSES_MS.to_vec(),
        handler: Handler::Nobody,
        resend_unknown: true,
        address: None,
        phone: None,
        step: path.into(),
        flow: "".into(),
    }
}

/// How a customer is named to the team.
fn customer(contact: &Contact) -> String {
    let phone = contact.phone.as_deref().unwrap_or_default();
    [contact.name.as_str(), phone].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" · ")
}
