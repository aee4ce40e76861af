//! Escalations: a rule's demand for a human, and a deadline that passed: nobody took it, and the team is told again.

use serde_json::Value;

use super::Handling;
use crate::capability::human::NotifyEscalation;
use crate::connector::Action;
use crate::event::{self, Event};
use crate::ids::{EffectId, EscalationId, RunId, WaitId};
use crate::local;
use crate::rules::Demand;
use crate::run::{Entry, What};
use crate::store::{EffectOp, EffectRow, EffectState, EscalationRow, JournalKind, Lane, WaitRow, WaitState};

impl Handling<'_> {
    pub(super) fn escalation_due(&mut self, wait: &WaitRow) {
        self.disarm(wait.id, WaitState::Fired);
        let depth = local::depth_of(wait);
        let Some(id) = wait.key.as_deref().and_then(|key| key.parse::<EscalationId>().ok()) else { return };
        let Some(row) = self.mail.escalations.get_mut(&id) else { return };
        row.missed = true;
        let row = row.clone();
        let entry = Entry::bare(What::Missed { escalation: id });
        self.journal(id.0, None, JournalKind::Change, &[entry]);
        self.tell_team(&row, "missed");
        self.tell_escalation(event::ESCALATION_MISSED, &row, depth, Value::Null);
        self.work.escalations.push(row);
    }

    /// A rule asks a human of a team to take over, once: while such a demand is open, a further one is none. Gives its id.
    pub(super) fn demand(&mut self, event: &Event, demand: &Demand) -> Option<EscalationId> {
        let same = |open: &EscalationRow| open.team == *demand.team && open.conversation_id == event.conversation;
        if self.mail.escalations.values().any(same) {
            return None;
        }
        let row = EscalationRow {
            id: EscalationId(self.next_id()),
            mailbox: self.mail.id,
            run_id: RunId::NONE,
            contact_id: event.contact,
            conversation_id: event.conversation,
            team: demand.team.to_string(),
            reason: demand.reason.clone(),
            received_at: event.at,
            offered_at: self.now,
            deadline: event.at.plus(demand.within).max(self.now),
            accepted_at: None,
            accepted_by: None,
            missed: false,
        };
        let id = row.id;
        self.arm(local::deadline_wait(&row, WaitId(self.next_id())));
        self.tell_team(&row, "offered");
        self.mail.escalations.insert(id, row.clone());
        self.work.escalations.push(row);
        Some(id)
    }

    /// There may be no run, or it is over by now, so this call has no place among a run's calls: it counts as minus an id, the
    /// escalation's own when it was missed.
    fn tell_team(&mut self, row: &EscalationRow, state: &str) {
        let Some(connection) = self.book.notify.as_deref() else { return };
        let plan = local::notification_plan(row, state, self.mail.facts.contact.as_ref(), "escalation");
        let id = self.next_id();
        let effect = EffectRow {
            id: EffectId(id),
            run_id: row.run_id,
            n: if state == "missed" { -row.id.0 } else { -id },
            key: format!("{}/{state}", row.id),
            mailbox: self.mail.id,
            shard: self.mail.id.shard(),
            connection: connection.to_owned(),
            lane: Lane::Escalation,
            action: NotifyEscalation::NAME.to_owned(),
            window: None,
            yields: false,
            state: EffectState::Planned,
            attempt: 0,
            not_before: self.now,
            deadline: self.now.plus(local::NOTIFY_EXPIRES),
            settle_until: None,
            planned_at: self.now,
            sent_at: None,
            input: serde_json::to_vec(&plan).unwrap_or_default(),
            attempts: Vec::new(),
            error: String::new(),
        };
        self.mail.effects.insert(effect.id, effect.clone());
        self.work.effects.push(EffectOp::Plan(Box::new(effect)));
    }
}
