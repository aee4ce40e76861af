//! What a draft of tag rules would have done differently on stored events. Pure: whoever reads the history hands it in.
//!
//! Each event is put before the rules in force and before the draft, by the [`judge`](super::judge()) of production, with the contact's facts
//! as they were recorded when the event was handled ([`Seen`]). Tags that this file gave then are taken out, and each side
//! keeps the tags that it would have given itself; so a rule that reads a tag of the same file sees what that side would
//! have. Tags that were renamed since are there by all their names. Priority, language and fields are as recorded. Nothing is written and nobody is called.

mod holders;
mod measure;
mod names;
mod report;
mod side;
mod tally;
mod why;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

pub use holders::Holders;
pub use measure::{Hits, Measure};
pub use names::TagNames;
pub(crate) use report::Count;
pub use report::{Changes, Conflict, ConflictExample, Example, Report, RuleExample, RuleReport, Way};
pub use why::Reason;
pub(crate) use why::false_parts;

use self::side::{Side, Verdicts};
use self::tally::Tally;
use super::{RuleFile, Seen};
use crate::contact::{Contact, Conversation};
use crate::event::{self, Event};
use crate::handle::{event_from_row, held_back};
use crate::ids::{ContactId, ConversationId};
use crate::inbox::Inbox;
use crate::mailbox::Facts;
use crate::run::journal;
use crate::store::{HistoryRow, Past};

/// Something that is tried on stored events, which come in the order of their ids. Events of different contacts may go to
/// different ones, which are then joined.
pub trait OverPast: Send + Sized + 'static {
    /// What it finds.
    type Report;

    /// Whether it needs the facts of contacts, so that rows must bring them.
    fn reads_facts(&self) -> bool;

    /// Takes the next event.
    fn take(&mut self, row: HistoryRow);

    /// Adds what another one found with other contacts.
    fn join(&mut self, other: Self);

    /// What was found.
    fn report(self) -> Self::Report;
}

/// Silences seen so far: every flow and every file that waited for one made an event of it, and it was one silence.
#[derive(Debug, Default)]
pub(crate) struct Silences(HashSet<(ConversationId, String, String)>);

impl Silences {
    /// Whether `event` is no silence, or one that was not seen yet.
    pub(crate) fn is_new(&mut self, event: &Event) -> bool {
        if *event.kind != *event::NO_REPLY {
            return true;
        }
        let text = |name: &str| event.seen[name].as_str().unwrap_or_default().to_owned();
        let Some(conversation) = event.conversation else { return true };
        self.0.insert((conversation, text("since"), text("after")))
    }
}

/// Contacts named of those at whom two rules are at odds.
const CONFLICT_EXAMPLES: usize = 5;

/// Two rules at odds, with the contacts at whom they were.
#[derive(Debug)]
struct Opposed {
    conflict: Conflict,
    contacts: HashSet<ContactId>,
}

impl Opposed {
    fn new(conflict: Conflict) -> Self {
        Self { conflict, contacts: HashSet::new() }
    }

    fn count(&mut self, event: &Event) {
        self.conflict.events += 1;
        let new = event.contact.is_some_and(|contact| self.contacts.insert(contact));
        if new && self.contacts.len() <= CONFLICT_EXAMPLES {
            self.conflict.examples.push(ConflictExample::of(event));
        }
        self.conflict.contacts = self.contacts.len() as u64;
    }

    fn join(&mut self, other: Self) {
        self.contacts.extend(other.contacts);
        self.conflict.join(other.conflict);
        self.conflict.contacts = self.contacts.len() as u64;
    }

    fn report(mut self) -> Conflict {
        self.conflict.examples.sort_by_key(|example| example.event);
        self.conflict.examples.truncate(CONFLICT_EXAMPLES);
        self.conflict
    }
}

/// A back-test of one file of rules.
#[derive(Debug)]
pub struct Backtest {
    now: Option<Arc<RuleFile>>,
    draft: Arc<RuleFile>,
    of_now: Side,
    of_draft: Side,
    reads_facts: bool,
    events: u64,
    erased: u64,
    assumed: u64,
    rules: BTreeMap<Arc<str>, Tally>,
    conflicts: BTreeMap<(Arc<str>, Arc<str>, String), Opposed>,
    silences: Silences,
}

impl Backtest {
    /// Of `draft` against the rules of the same id that are in force, if there are any. What tags are called now is in `names`: facts
    /// were recorded by the names of then.
    #[must_use]
    pub fn new(now: Option<Arc<RuleFile>>, draft: Arc<RuleFile>, names: &Arc<TagNames>) -> Self {
        let files = [now.as_ref(), Some(&draft)];
        let reads = |file: &&Arc<RuleFile>| file.rules.iter().any(|rule| rule.reads_contact || rule.reads_conversation);
        let reads_facts = files.into_iter().flatten().any(|file| reads(&file));
        let ids = files.into_iter().flatten().flat_map(|file| &file.rules).map(|rule| Arc::clone(&rule.id));
        let rules = ids.map(|id| (id, Tally::default())).collect();
        Self {
            now,
            draft,
            of_now: Side::new(Arc::clone(names)),
            of_draft: Side::new(Arc::clone(names)),
            reads_facts,
            events: 0,
            erased: 0,
            assumed: 0,
            rules,
            conflicts: BTreeMap::new(),
            silences: Silences::default(),
        }
    }

    fn compare(&mut self, event: &Event, now: Option<(&RuleFile, &Verdicts)>, draft: &Verdicts) {
        for (id, tally) in &mut self.rules {
            let (before, after) = (now.is_some_and(|(_, now)| now.held(id)), draft.held(id));
            if draft.failed(id) {
                tally.count_failure();
            }
            tally.count(event, (before, after), || {
                let reason = match (after, now) {
                    (true, Some((file, verdicts))) => why::not_held(file, id, event, verdicts),
                    (true, None) => Reason::NotInForce,
                    (false, _) => why::not_held(&self.draft, id, event, draft),
                };
                (reason, draft.saw(id))
            });
        }
    }

    /// Rules of the draft that held for the same event and want opposite things.
    fn note_conflicts(&mut self, event: &Event, draft: &Verdicts) {
        if draft.held_count() < 2 {
            return;
        }
        let rules: Vec<_> = self.draft.rules.iter().filter(|rule| !rule.watch && draft.held(&rule.id)).collect();
        for (place, one) in rules.iter().enumerate() {
            for other in &rules[place + 1..] {
                for what in why::opposites(&one.then, &other.then) {
                    let key = (Arc::clone(&one.id), Arc::clone(&other.id), what.clone());
                    let first = || Opposed::new(Conflict::first(&one.id, &other.id, what, event.id));
                    self.conflicts.entry(key).or_insert_with(first).count(event);
                }
            }
        }
    }
}

impl OverPast for Backtest {
    type Report = Report;

    fn reads_facts(&self) -> bool {
        self.reads_facts
    }

    fn take(&mut self, row: HistoryRow) {
        let HistoryRow { event, past } = row;
        if event.body.is_none() {
            self.erased += 1;
            return;
        }
        let event = event_from_row(event);
        if held_back(&event, false).is_some() || !self.silences.is_new(&event) {
            return;
        }
        let Some((facts, recorded)) = facts_of(&event, past) else { return };
        self.events += 1;
        self.assumed += u64::from(self.reads_facts && !recorded);
        let now = self.now.clone();
        let now = now.as_deref().map(|file| (file, self.of_now.verdicts(file, &event, &facts, self.reads_facts)));
        let draft = Arc::clone(&self.draft);
        let of_draft = self.of_draft.verdicts(&draft, &event, &facts, self.reads_facts);
        self.compare(&event, now.as_ref().map(|(file, verdicts)| (*file, verdicts)), &of_draft);
        self.note_conflicts(&event, &of_draft);
    }

    fn join(&mut self, other: Self) {
        self.events += other.events;
        self.erased += other.erased;
        self.assumed += other.assumed;
        for (id, count) in other.rules {
            self.rules.entry(id).or_default().join(count);
        }
        for (key, conflict) in other.conflicts {
            match self.conflicts.get_mut(&key) {
                Some(known) => known.join(conflict),
                None => drop(self.conflicts.insert(key, conflict)),
            }
        }
        self.silences.0.extend(other.silences.0);
    }

    fn report(self) -> Report {
        let thresholds: HashSet<String> = self.silences.0.into_iter().map(|(_, _, after)| after).collect();
        let untried = |rule: &&super::Rule| {
            rule.on.iter().all(|on| {
                let after = on.params["after"].as_str().unwrap_or_default();
                *on.kind == *event::NO_REPLY && !thresholds.contains(after)
            })
        };
        let not_tried = self.draft.rules.iter().filter(untried).map(|rule| Arc::clone(&rule.id)).collect();
        let order = self.draft.rules.iter().chain(self.now.iter().flat_map(|now| &now.rules));
        let mut left = self.rules;
        // In the order of the draft; rules that it no longer has come last.
        let rules = order.filter_map(|rule| Some(left.remove(&rule.id)?.report(&rule.id))).collect();
        Report {
            file: Arc::clone(&self.draft.file),
            events: self.events,
            erased: self.erased,
            assumed: self.assumed,
            reads_facts: self.reads_facts,
            rules,
            conflicts: self.conflicts.into_values().map(Opposed::report).collect(),
            not_tried,
        }
    }
}

/// The facts before the rules, and whether they were recorded; else they are what the contact shows today, without tags.
pub(crate) fn facts_of(event: &Event, past: Option<Past>) -> Option<(Facts, bool)> {
    let mut facts = Facts::default();
    let mut contact = Contact::new(event.contact?, [0; 16]);
    let Some(past) = past else {
        facts.contact = Some(contact);
        return Some((facts, false));
    };
    contact.phone = past.phone;
    contact.name = past.name.unwrap_or_default();
    contact.language = past.language.unwrap_or_default();
    facts.contact = Some(contact);
    facts.conversations.extend(event.conversation.map(|id| conversation(id, event)));
    let seen = past.handled.as_ref().and_then(|(format, data)| recorded(*format, data));
    if let Some(seen) = &seen {
        seen.restore(event, &mut facts);
    }
    Some((facts, seen.is_some()))
}

/// The facts in the journal data of a handling: those of its first entry.
fn recorded(format: i64, data: &[u8]) -> Option<Seen> {
    let values = journal::values_of(format, data)?;
    serde_json::from_value(values.into_iter().next().filter(Value::is_object)?).ok()
}

fn conversation(id: ConversationId, event: &Event) -> Conversation {
    let connection = event.connection.to_string();
    Conversation {
        id,
        contact: event.contact.unwrap_or_default(),
        number: String::new(),
        address: String::new(),
        connection,
        window_closes_at: None,
        session_messages: 0,
        session_opened_at: None,
        last_inbound_at: None,
        last_outbound_at: None,
        inbox: Inbox::default(),
        rev: 0,
    }
}
