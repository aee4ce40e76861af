//! Whose a contact is, told to the CRM: a call without a run. Nothing waits for it, and a failure is told in the demand's story.

use serde_json::json;

use super::Handling;
use super::own::OwnCall;
use crate::capability::crm::SetOwner;
use crate::connector::{Action, Verdict};
use crate::crm::OwnerToCrm;
use crate::desk::AskKind;
use crate::ids::{EffectId, EscalationId, UserId};
use crate::local;
use crate::run::{Attempt, Entry, What};
use crate::store::{EffectRow, JournalKind, Lane};

/// For how long it is tried: a CRM that is down comes back.
const EXPIRES: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// The demand whose taker the call with this key tells, and the taker.
pub(super) fn of_key(key: &str) -> Option<(EscalationId, UserId)> {
    let (escalation, user) = key.strip_prefix("owner/")?.split_once('/')?;
    Some((escalation.parse().ok()?, user.parse().ok()?))
}

impl Handling<'_> {
    /// `user` took `escalation`: the contact is theirs in the CRM as well, if the team says so, the CRM can, and knows them.
    pub(super) fn tell_owner(&mut self, escalation: EscalationId, kind: AskKind, team: &str, user: UserId) {
        let book = self.book;
        let wanted = book.staff.team(team).map(|team| team.owner_to_crm).unwrap_or_default();
        let wants = wanted == OwnerToCrm::Always || (wanted == OwnerToCrm::Leads && kind == AskKind::Lead);
        let phone = self.mail.facts.contact.as_ref().and_then(|contact| contact.phone.as_deref());
        let (Some(crm), Some(phone)) = (book.crm.owners.as_ref().filter(|_| wants), phone) else { return };
        let handles = book.staff.profile(user).map(|profile| &profile.handles);
        let handle = handles.and_then(|known| known.get(&*crm.connection).or_else(|| known.get(&*crm.connector)));
        let Some(owner) = handle.cloned() else { return };
        let mut plan = local::own_plan("owner", &SetOwner { owner, id: None });
        plan.phone = Some(phone.into());
        let id = self.next_id();
        self.call_own(OwnCall {
            id: EffectId(id),
            n: -id,
            key: format!("owner/{escalation}/{user}"),
            connection: &crm.connection,
            lane: Lane::Interactive,
            action: SetOwner::NAME,
            window: None,
            lives: EXPIRES,
            plan: &plan,
        });
    }

    /// What became of it: a line of the demand's story.
    pub(super) fn owner_told(
        &mut self,
        (escalation, user): (EscalationId, UserId),
        effect: &EffectRow,
        attempts: &[Attempt],
        verdict: &Verdict,
    ) {
        let how = if matches!(verdict, Verdict::Done(_)) { "owner_told" } else { "owner_failed" };
        let what = What::Desk { escalation, how: how.into(), agents: vec![user], until: None };
        let code = verdict.problem().map(|problem| problem.code.clone());
        let data = json!({ "connection": effect.connection, "code": code, "attempts": attempts.len() });
        self.journal(escalation.0, None, JournalKind::Change, &[Entry { what, data }]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_the_demand_and_its_taker() {
        let (escalation, user) = (EscalationId(7), UserId(9));
        assert_eq!(of_key(&format!("owner/{escalation}/{user}")), Some((escalation, user)));
        assert_eq!(of_key("ticket/cnv_0000000000001/msg_0000000000001/-"), None);
    }
}
