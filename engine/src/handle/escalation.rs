//! An escalation's deadline: nobody took it in time, so it counts as missed, and the team is told again.

use serde_json::Value;

use super::Handling;
use crate::capability::human::NotifyEscalation;
use crate::connector::Action;
use crate::event;
use crate::ids::{EffectId, EscalationId};
use crate::local;
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
        self.tell_missed(&row);
        self.tell_escalation(event::ESCALATION_MISSED, &row, depth, Value::Null);
        self.work.escalations.push(row);
    }

    /// The run may be over by now, so this call has no place among its calls: it counts as minus the escalation's id.
    fn tell_missed(&mut self, row: &EscalationRow) {
        let Some(connection) = self.book.notify.as_deref() else { return };
        let plan = local::notification_plan(row, "missed", self.mail.facts.contact.as_ref(), "escalation");
        let effect = EffectRow {
            id: EffectId(self.next_id()),
            run_id: row.run_id,
            n: -row.id.0,
            key: format!("{}/missed", row.id),
            mailbox: self.mail.id,
            shard: self.mail.id.shard(),
            connection: connection.to_owned(),
            lane: Lane::Escalation,
            action: NotifyEscalation::NAME.to_owned(),
            window: None,
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
