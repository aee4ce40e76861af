//! The counts of one rule while a back-test runs: events, contacts, and examples of both.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::report::{Changes, RuleExample, RuleReport, Way};
use super::why::Reason;
use crate::event::Event;
use crate::ids::ContactId;

/// Examples kept of each rule, in each direction, each of another contact.
const MOST: usize = 20;
/// Examples that there are in each direction at least, if need be several of one contact.
const LEAST: usize = 5;

/// On which sides a rule held for a contact at least once.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    now: bool,
    draft: bool,
}

impl Sides {
    /// In which direction the contact changes sides.
    fn way(self) -> Option<Way> {
        match (self.now, self.draft) {
            (false, true) => Some(Way::Gained),
            (true, false) => Some(Way::Lost),
            _ => None,
        }
    }
}

/// One rule.
#[derive(Debug, Default)]
pub(super) struct Tally {
    now: u64,
    draft: u64,
    failed: u64,
    gained: u64,
    lost: u64,
    contacts: HashMap<ContactId, Sides>,
    /// The earliest of contacts that have changed sides so far, one of each.
    examples: Vec<RuleExample>,
    /// The earliest of the others.
    spare: Vec<RuleExample>,
}

impl Tally {
    /// Counts an event. `why` is asked only when an example of it is kept.
    pub(super) fn count(&mut self, event: &Event, (now, draft): (bool, bool), why: impl FnOnce() -> (Reason, Value)) {
        self.now += u64::from(now);
        self.draft += u64::from(draft);
        if !(now || draft) {
            return;
        }
        let way = Sides { now, draft }.way();
        self.gained += u64::from(way == Some(Way::Gained));
        self.lost += u64::from(way == Some(Way::Lost));
        let Some(contact) = event.contact else { return };
        let sides = self.contacts.entry(contact).or_default();
        let before = sides.way();
        sides.now |= now;
        sides.draft |= draft;
        let after = sides.way();
        if before.is_some() && after.is_none() {
            self.pass_over(contact);
        }
        let Some(way) = way else { return };
        let known = self.examples.iter().any(|example| example.of(way, Some(contact)));
        let of_way = |list: &[RuleExample]| list.iter().filter(|example| example.example.way == way).count();
        let first = after.is_some() && !known && of_way(&self.examples) < MOST;
        if first || of_way(&self.spare) < LEAST {
            let (reason, saw) = why();
            let example = RuleExample::new(way, event, reason, saw);
            if first { self.examples.push(example) } else { self.spare.push(example) }
        }
    }

    /// Counts an event at which the draft's rule failed.
    pub(super) fn count_failure(&mut self) {
        self.failed += 1;
    }

    /// A contact is on both sides now: its example makes room for one who is not.
    fn pass_over(&mut self, contact: ContactId) {
        let (gone, kept) = std::mem::take(&mut self.examples)
            .into_iter()
            .partition::<Vec<_>, _>(|example| example.example.contact == Some(contact));
        self.examples = kept;
        self.spare.extend(gone);
    }

    pub(super) fn join(&mut self, other: Self) {
        self.now += other.now;
        self.draft += other.draft;
        self.failed += other.failed;
        self.gained += other.gained;
        self.lost += other.lost;
        for (contact, sides) in other.contacts {
            let known = self.contacts.entry(contact).or_default();
            known.now |= sides.now;
            known.draft |= sides.draft;
        }
        self.examples.extend(other.examples);
        self.spare.extend(other.spare);
    }

    pub(super) fn report(mut self, rule: &Arc<str>) -> RuleReport {
        let mut contacts = Changes::default();
        for sides in self.contacts.values() {
            contacts.now += u64::from(sides.now);
            contacts.draft += u64::from(sides.draft);
            contacts.gained += u64::from(sides.way() == Some(Way::Gained));
            contacts.lost += u64::from(sides.way() == Some(Way::Lost));
        }
        let examples = [Way::Gained, Way::Lost].into_iter().flat_map(|way| self.examples_of(way)).collect();
        let Self { now, draft, failed, gained, lost, .. } = self;
        RuleReport { rule: Arc::clone(rule), now, draft, gained, lost, failed, contacts, examples }
    }

    /// The earliest examples of one direction: those of contacts that change sides, filled up with others when they are few.
    fn examples_of(&mut self, way: Way) -> Vec<RuleExample> {
        let of_way = |list: &[RuleExample]| {
            let mut found: Vec<_> = list.iter().filter(|example| example.example.way == way).cloned().collect();
            found.sort_by_key(|example| example.example.event);
            found
        };
        let mut found = of_way(&self.examples);
        found.truncate(MOST);
        let room = LEAST.saturating_sub(found.len());
        found.extend(of_way(&self.spare).into_iter().take(room));
        for example in &mut found {
            let sides = example.example.contact.and_then(|contact| self.contacts.get(&contact));
            example.changes = sides.is_some_and(|sides| sides.way() == Some(way));
        }
        found.sort_by_key(|example| (!example.changes, example.example.event));
        found
    }
}
