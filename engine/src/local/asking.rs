//! Asking for a human: the demand as it goes to the desk, what the mailbox that asks remembers of it, and how teams are told.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{needs_contact, output};
use crate::capability::human;
use crate::clock::At;
use crate::contact::Contact;
use crate::desk::{Ask, AskKind};
use crate::duration;
use crate::ids::{ConversationId, EscalationId, MailboxId, RunId, WaitId};
use crate::run::{Failure, Handler, Plan, Turn, What};
use crate::store::{EscalationRow, WaitKind, WaitRow};

/// Within which time a human must have taken an escalation when neither the step nor the team says (D1).
pub(crate) const ACCEPT_WITHIN: Duration = Duration::from_secs(20);
/// Pauses before a notification is tried again: quick, as a human is waited for.
pub(crate) const NOTIFY_PAUSES_MS: [u64; 4] = [500, 1_000, 2_000, 5_000];
/// A notification that could not go out for so long tells nobody anything new.
pub(crate) const NOTIFY_EXPIRES: Duration = Duration::from_secs(10 * 60);

/// Records the demand, and waits for what comes of it if the step says so.
pub(super) fn escalate(turn: &mut Turn<'_>, path: &str, input: human::Escalate) -> Result<Option<Value>, Failure> {
    let within = input.accept_within.as_deref().map(duration::parse).transpose();
    let within = within.map_err(|error| Failure::new("bad_input", error.to_string()))?;
    let Asked { mut ask, deadline, escalated } = asked(turn, AskKind::Escalation, &input.team, within);
    (ask.reason, ask.skills) = (input.reason, input.skills);
    ask.language = input.language.unwrap_or(ask.language);
    let what = What::Escalated { escalation: ask.escalation, deadline };
    if input.wait == human::WaitForHuman::No {
        turn.note(what);
        turn.out.asks.push(ask);
        return output(&escalated).map(Some);
    }
    turn.record(what, json!({ "team": ask.team, "reason": ask.reason }));
    ask.wait = Some(wait_for_human(turn, path, &ask));
    turn.out.asks.push(ask);
    Ok(None)
}

/// Records the demand for somebody who takes care of the contact.
pub(super) fn assign(turn: &mut Turn<'_>, input: human::Assign) -> Result<Value, Failure> {
    needs_contact(turn)?;
    let Asked { mut ask, deadline, escalated } = asked(turn, AskKind::Lead, &input.team, None);
    (ask.reason, ask.skills) = (input.reason, input.skills);
    ask.language = input.language.unwrap_or(ask.language);
    turn.note(What::Escalated { escalation: ask.escalation, deadline });
    turn.out.asks.push(ask);
    output(&escalated)
}

/// A demand for a human, and what the flow hears of it.
struct Asked {
    ask: Ask,
    deadline: At,
    escalated: human::Escalated,
}

fn asked(turn: &mut Turn<'_>, kind: AskKind, team: &str, within: Option<Duration>) -> Asked {
    let (now, ids) = (turn.world.now, turn.world.ids);
    let received_at = turn.run.state.caused_at;
    let by_default = || turn.world.staff.team(team).map_or(ACCEPT_WITHIN, |team| team.within(kind == AskKind::Lead));
    let deadline = received_at.plus(within.unwrap_or_else(by_default)).max(now);
    let contact = turn.facts.contact.as_ref();
    let ask = Ask {
        escalation: EscalationId(ids.next(now)),
        kind,
        from: turn.run.mailbox,
        contact: turn.run.contact,
        conversation: turn.run.conversation,
        customer: contact.map(customer).unwrap_or_default(),
        team: team.to_owned(),
        reason: String::new(),
        skills: Vec::new(),
        language: contact.map(|contact| contact.language.clone()).unwrap_or_default(),
        received_at,
        provider_at: None,
        accept_within_ms: within.map(|within| u64::try_from(within.as_millis()).unwrap_or(u64::MAX)),
        depth: turn.run.state.depth,
        run: turn.run.id,
        wait: None,
        prefer: None,
    };
    let id = ask.escalation.to_string();
    let state = human::HumanState::Asked;
    let escalated = human::Escalated { id, deadline: deadline.to_string(), state, by: String::new() };
    Asked { ask, deadline, escalated }
}

/// Arms the wait of a step that goes on when somebody took what it asks for, or nobody did.
fn wait_for_human(turn: &mut Turn<'_>, path: &str, ask: &Ask) -> WaitId {
    let id = WaitId(turn.world.ids.next(turn.world.now));
    let cursor = turn.run.state.cursor().map_or(0, crate::run::Cursor::stored_at);
    let row = ticket(ask, id);
    turn.out.waits.push(WaitRow { run_id: Some(turn.run.id), cursor, ..row });
    turn.note(What::Waited { step: path.into(), wait: id, until: At::NEVER, event: Some("human".into()) });
    id
}

/// What the mailbox that asks remembers of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) team: String,
    pub(crate) conversation: Option<ConversationId>,
}

/// The row of a [`Ticket`].
pub(crate) fn ticket(ask: &Ask, id: WaitId) -> WaitRow {
    let about = Ticket { team: ask.team.clone(), conversation: ask.conversation };
    let data = serde_json::to_vec(&about).unwrap_or_default();
    WaitRow { data, ..human_row(ask.from, id, ask.escalation.to_string()) }
}

/// A row of a mailbox about humans, which falls due never.
pub(crate) fn human_row(mailbox: MailboxId, id: WaitId, key: String) -> WaitRow {
    WaitRow { key: Some(key), ..WaitRow::armed(id, mailbox, WaitKind::Human, At::NEVER) }
}

/// The call that tells a team that `row` is now `state`, through the message `earlier` if there is one to change.
pub(crate) fn notification_plan(row: &EscalationRow, state: &str, earlier: Option<String>) -> Plan {
    let input = human::NotifyEscalation {
        escalation: row.id.to_string(),
        state: state.to_owned(),
        team: row.team.clone(),
        reason: row.reason.clone(),
        customer: row.customer.clone(),
        deadline: row.deadline.to_string(),
        run: if row.run_id == RunId::NONE { String::new() } else { row.run_id.to_string() },
        by: earlier.as_ref().and(row.accepted_by.clone()),
        earlier,
        ..human::NotifyEscalation::default()
    };
    Plan { resend_unknown: true, ..own_plan("escalation", &input) }
}

/// A call of the engine's own, for which nobody waits.
pub(crate) fn own_plan(step: &str, input: &impl Serialize) -> Plan {
    Plan {
        input: serde_json::to_value(input).unwrap_or_default(),
        pauses_ms: NOTIFY_PAUSES_MS.to_vec(),
        handler: Handler::Nobody,
        resend_unknown: false,
        address: None,
        phone: None,
        step: step.into(),
        flow: "".into(),
    }
}

/// How a customer is named to the team.
pub(crate) fn customer(contact: &Contact) -> String {
    let phone = contact.phone.as_deref().unwrap_or_default();
    [contact.name.as_str(), phone].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" · ")
}
