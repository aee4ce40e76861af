//! Why a flow did not start: the last events that each trigger heard and passed over.
//!
//! In memory only, for whoever asks today; the journal keeps all of them. They are personal data: erasing a person drops
//! theirs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::book::Book;
use crate::ids::{ContactId, EventId};
use crate::mailbox::Missed;

/// Most misses kept of one trigger. Source: design section 3, promise 8.
const KEPT: usize = 100;

/// A trigger: its flow and its id there.
type Place = (Arc<str>, Arc<str>);

/// The misses of all triggers.
#[derive(Debug, Default)]
pub(super) struct Misses {
    by_trigger: Mutex<HashMap<Place, VecDeque<Missed>>>,
}

impl Misses {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Place, VecDeque<Missed>>) -> T) -> T {
        act(&mut self.by_trigger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds what a mailbox's turns brought.
    pub(super) fn note(&self, missed: Vec<Missed>) {
        for Missed { flow, trigger, event, .. } in missed.iter().filter(|missed| &*missed.why == "depth") {
            tracing::error!(%flow, %trigger, %event, "flows cause each other's events too deep: the chain was cut here");
            metrics::counter!("switchboard_chains_cut_total").increment(1);
        }
        for Missed { flow, trigger, event, .. } in missed.iter().filter(|missed| &*missed.why == "queue_full") {
            tracing::error!(%flow, %trigger, %event, "as many runs wait for their turn as may: this one did not start");
            metrics::counter!("switchboard_queues_full_total").increment(1);
        }
        if missed.is_empty() {
            return;
        }
        self.with(|all| {
            for missed in missed {
                let place = (Arc::clone(&missed.flow), Arc::clone(&missed.trigger));
                let kept = all.entry(place).or_default();
                if kept.len() == KEPT {
                    kept.pop_front();
                }
                kept.push_back(missed);
            }
        });
    }

    /// Those of a flow, newest first.
    pub(super) fn of(&self, flow: &str) -> Vec<Missed> {
        let mut found: Vec<Missed> = self.with(|all| {
            let own = all.iter().filter(|((of, _), _)| **of == *flow);
            own.flat_map(|(_, kept)| kept.iter().cloned()).collect()
        });
        found.sort_by(|one, other| (other.event, &one.trigger).cmp(&(one.event, &other.trigger)));
        found
    }

    /// Drops those of a person.
    pub(super) fn forget(&self, contact: ContactId) {
        self.with(|all| {
            all.values_mut().for_each(|kept| kept.retain(|missed| missed.contact != Some(contact)));
        });
    }

    /// Drops those that these events met.
    pub(super) fn forget_events(&self, events: &[EventId]) {
        self.with(|all| {
            all.values_mut().for_each(|kept| kept.retain(|missed| !events.contains(&missed.event)));
        });
    }

    /// Drops those of triggers that are no longer live.
    pub(super) fn keep(&self, book: &Book) {
        self.with(|all| all.retain(|(flow, trigger), _| book.trigger(flow, trigger).is_some()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::clock::At;

    fn missed(event: i64, contact: i64) -> Missed {
        let (flow, trigger, why) = ("orders".into(), "order".into(), "when".into());
        let (contact, saw) = (Some(ContactId(contact)), Value::Null);
        Missed { flow, trigger, at: At(event), event: EventId(event), contact, why, saw }
    }

    fn events(misses: &Misses) -> Vec<i64> {
        misses.of("orders").iter().map(|miss| miss.event.0).collect()
    }

    #[test]
    fn the_last_hundred_of_a_trigger_are_kept_newest_first() {
        let misses = Misses::default();
        misses.note((1..=130).map(|event| missed(event, 1)).collect());
        assert_eq!(events(&misses), (31..=130).rev().collect::<Vec<_>>());
        assert_eq!(misses.of("others"), []);
    }

    #[test]
    fn those_of_an_erased_person_and_of_a_flow_that_is_gone_are_dropped() {
        let misses = Misses::default();
        misses.note(vec![missed(1, 7), missed(2, 8)]);
        misses.forget(ContactId(7));
        assert_eq!(events(&misses), [2]);
        misses.keep(&Book::default());
        assert_eq!(events(&misses), [] as [i64; 0]);
    }
}
