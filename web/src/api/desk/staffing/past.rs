//! What came in over the last weeks, how long somebody had it, and who was there.

use std::collections::HashMap;
use std::time::Duration;

use engine::clock::At;
use engine::ids::{ConversationId, UserId};
use engine::run::{What, journal};
use engine::store::{ClosingRow, EscalationRow, JournalRow, PeopleFigures};

use super::super::{figures, people};
use crate::error::ApiError;

/// A conversation that somebody had for longer was forgotten, or waited for the customer over night: a shift has no more.
const LONGEST: Duration = Duration::from_secs(8 * 60 * 60);

/// What was.
#[derive(Debug)]
pub(super) struct Past {
    /// Since when there is something to count.
    pub(super) since: At,
    /// When each conversation came for people: an escalation, or one that somebody took up unasked.
    pub(super) arrivals: Vec<At>,
    /// How long somebody had each that was closed.
    pub(super) handled: Vec<Duration>,
    /// When somebody could be offered something, from and to.
    pub(super) present: Vec<(At, At)>,
}

impl Past {
    /// Reads what was of `team`, or of all, in a time.
    pub(super) async fn read(
        store: &impl PeopleFigures,
        team: Option<&str>,
        members: &[UserId],
        (from, now): (At, At),
    ) -> Result<Self, ApiError> {
        let mut escalations = figures::since(store, from).await?;
        // More than are read at once: then the time is shorter.
        let cut = escalations.last().filter(|_| escalations.len() >= figures::MOST);
        let from = cut.map_or(from, |oldest| oldest.received_at);
        escalations.retain(|row| team.is_none_or(|team| row.team == team));
        let mut closings = store.closings(from, now).await?;
        closings.retain(|row| team.is_none_or(|team| row.team.as_deref() == Some(team)));
        let (by_hand, _) = people::read::by_hand(store, from, now).await?;
        let mut wrote: HashMap<ConversationId, Vec<At>> = HashMap::new();
        for (conversation, _, at) in by_hand {
            wrote.entry(conversation).or_default().push(at);
        }
        let mut past = Self { since: now, arrivals: Vec::new(), handled: Vec::new(), present: Vec::new() };
        past.add_work(&escalations, &closings, &wrote);
        for user in members {
            past.present.extend(presence(&store.journal_since(user.0, from).await?, now));
        }
        let first = past.present.iter().map(|(from, _)| *from).chain(past.arrivals.iter().copied()).min();
        past.since = first.unwrap_or(now);
        Ok(past)
    }

    /// Whether nothing came in.
    pub(super) fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// How long somebody has a conversation.
    pub(super) fn mean_handling(&self) -> Duration {
        let sum: Duration = self.handled.iter().sum();
        sum / u32::try_from(self.handled.len().max(1)).unwrap_or(u32::MAX)
    }

    fn add_work(&mut self, asked: &[EscalationRow], closed: &[ClosingRow], wrote: &HashMap<ConversationId, Vec<At>>) {
        let mut taken: HashMap<ConversationId, Vec<At>> = HashMap::new();
        for row in asked {
            self.arrivals.push(row.received_at);
            if let Some((conversation, at)) = row.conversation_id.zip(row.accepted_at) {
                taken.entry(conversation).or_default().push(at);
            }
        }
        for row in closed {
            let within = |times: Option<&Vec<At>>| {
                times.into_iter().flatten().filter(|at| (row.opened_at..=row.at).contains(at)).min().copied()
            };
            let asked_for = within(taken.get(&row.conversation_id));
            let unasked = within(wrote.get(&row.conversation_id)).filter(|_| asked_for.is_none());
            self.arrivals.extend(unasked);
            self.handled.extend(asked_for.or(unasked).map(|since| row.at.since(since).min(LONGEST)));
        }
    }
}

/// When somebody could be offered something, by the journal of their coming and going.
fn presence(rows: &[JournalRow], now: At) -> Vec<(At, At)> {
    let (mut spans, mut since) = (Vec::new(), None);
    for row in rows {
        for entry in journal::decode(row).unwrap_or_default() {
            let What::Changed { what, .. } = &entry.what else { continue };
            if **what != *"agent.presence" {
                continue;
            }
            let here = entry.data["online"] == true && entry.data["presence"] == "available";
            match since {
                None if here => since = Some(row.at),
                Some(from) if !here => {
                    spans.push((from, row.at));
                    since = None;
                }
                _ => {}
            }
        }
    }
    spans.extend(since.map(|from| (from, now)));
    spans
}

#[cfg(test)]
mod tests {
    use engine::desk::{AskKind, Stage};
    use engine::ids::{EscalationId, MailboxId, RunId};

    use super::*;

    const NOW: At = At(1_795_305_600_000);
    const ONE: ConversationId = ConversationId(1);
    const TWO: ConversationId = ConversationId(2);

    fn later(minutes: i64) -> At {
        At(NOW.0 + minutes * 60_000)
    }

    fn closed(conversation_id: ConversationId, opened: i64, at: i64) -> ClosingRow {
        ClosingRow { id: at, conversation_id, opened_at: later(opened), at: later(at), agent: None, team: None }
    }

    fn asked(conversation: ConversationId, at: i64, taken: i64) -> EscalationRow {
        EscalationRow {
            id: EscalationId(at),
            mailbox: MailboxId::DESK,
            run_id: RunId::NONE,
            contact_id: None,
            conversation_id: Some(conversation),
            team: "care".into(),
            reason: String::new(),
            received_at: later(at),
            offered_at: later(at),
            deadline: later(at),
            accepted_at: Some(later(taken)),
            accepted_by: None,
            missed: false,
            kind: AskKind::Escalation,
            stage: Stage::Taken,
            customer: String::new(),
            provider_at: None,
            accepted_user: None,
            answered_at: None,
            fallback_at: None,
            told_at: None,
            out_of_hours: false,
            done: true,
        }
    }

    #[test]
    fn work_is_what_was_asked_for_and_what_somebody_took_up_unasked() {
        let mut past = Past { since: NOW, arrivals: Vec::new(), handled: Vec::new(), present: Vec::new() };
        let wrote = HashMap::from([(ONE, vec![later(3)]), (TWO, vec![later(25), later(21)])]);
        // The third was closed without anybody having written: no work.
        let closings = [closed(ONE, 0, 10), closed(TWO, 20, 40), closed(TWO, 50, 51)];
        past.add_work(&[asked(ONE, 1, 2)], &closings, &wrote);
        assert_eq!(past.arrivals, [later(1), later(21)]);
        assert_eq!(past.handled, [8, 19].map(|minutes| Duration::from_secs(minutes * 60)));
    }

    #[test]
    fn a_conversation_that_was_forgotten_counts_as_a_shift() {
        let mut past = Past { since: NOW, arrivals: Vec::new(), handled: Vec::new(), present: Vec::new() };
        past.add_work(&[asked(ONE, 0, 0)], &[closed(ONE, 0, 3_000)], &HashMap::new());
        assert_eq!(past.mean_handling(), LONGEST);
    }
}
