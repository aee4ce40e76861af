//! For whom one rule held in the past: who gets its tags when a person has it applied to those who are there already.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::ConflictExample;
use super::side::Side;
use super::{OverPast, Silences, TagNames, facts_of};
use crate::handle::{event_from_row, held_back};
use crate::ids::ContactId;
use crate::rules::RuleFile;
use crate::store::HistoryRow;

/// One rule of a file over stored events.
#[derive(Debug)]
pub struct Holders {
    file: Arc<RuleFile>,
    rule: Arc<str>,
    side: Side,
    silences: Silences,
    reads_facts: bool,
    found: BTreeMap<ContactId, ConflictExample>,
}

impl Holders {
    /// Of `rule` in `file`; what tags are called now is in `names`.
    #[must_use]
    pub fn new(file: Arc<RuleFile>, rule: Arc<str>, names: Arc<TagNames>) -> Self {
        let reads_facts = file.rules.iter().any(|rule| rule.reads_contact || rule.reads_conversation);
        let (side, silences) = (Side::new(names), Silences::default());
        Self { file, rule, side, silences, reads_facts, found: BTreeMap::new() }
    }
}

impl OverPast for Holders {
    /// Each contact with the last event for which the rule held.
    type Report = BTreeMap<ContactId, ConflictExample>;

    fn reads_facts(&self) -> bool {
        self.reads_facts
    }

    fn take(&mut self, row: HistoryRow) {
        let HistoryRow { event, past } = row;
        if event.body.is_none() {
            return;
        }
        let event = event_from_row(event);
        if held_back(&event, false).is_some() || !self.silences.is_new(&event) {
            return;
        }
        let Some((facts, _)) = facts_of(&event, past) else { return };
        let verdicts = self.side.verdicts(&self.file, &event, &facts, self.reads_facts);
        if let Some(contact) = event.contact.filter(|_| verdicts.held(&self.rule)) {
            self.found.insert(contact, ConflictExample::of(&event));
        }
    }

    fn join(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    fn report(self) -> Self::Report {
        self.found
    }
}
