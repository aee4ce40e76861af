//! What tag rules decided, carried out: tags with their source, the end of those given for a time, demands for humans.
//!
//! … contact and conversation -> **tag rules** -> waits -> match triggers -> …

use serde_json::json;

use super::Handling;
use super::event::held_back;
use crate::contact::TagSourceKind;
use crate::event::Event;
use crate::ids::EventId;
use crate::rules::{Came, Did, RuleFile, Ruling, judge, source_id};
use crate::run::{Entry, What};
use crate::store::{JournalKind, RuleHit, TagOp, TagRow, UnmatchedRow};

/// Longest text kept of a message that nothing understood, in characters.
const UNMATCHED_CHARS: usize = 200;

impl Handling<'_> {
    /// Lets every file of rules judge `event`. Gives whether a rule held that does more than watch.
    pub(super) fn apply_rules(&mut self, event: &Event, entries: &mut Vec<Entry>) -> bool {
        if held_back(event, false).is_some() {
            return false;
        }
        let book = self.book;
        let mut held = false;
        for live in &book.rules {
            held |= self.judged(&live.rules, event, entries);
        }
        held
    }

    /// Stores an event of the engine's own and lets one file of rules judge it.
    pub(super) fn judged_event(&mut self, file: &RuleFile, event: &Event) {
        self.work.events.push(super::rows::row_from_event(event));
        let mut entries = vec![self.received(event)];
        self.judged(file, event, &mut entries);
        self.journal(event.id.0, None, JournalKind::Handling, &entries);
    }

    fn judged(&mut self, file: &RuleFile, event: &Event, entries: &mut Vec<Entry>) -> bool {
        let mut held = false;
        for Ruling { rule, came } in judge(file, event, &mut self.mail.facts, self.now) {
            let (rules, id) = (file.file.clone(), rule.id.clone());
            match came {
                Came::Passed { why, data } => {
                    entries.push(Entry { what: What::RulePassed { rules, rule: id, why: why.into() }, data });
                }
                Came::Held { saw, did } => {
                    let data = json!({ "saw": saw, "did": did });
                    let what = What::RuleHeld { rules, rule: id, version: file.id, watch: rule.watch };
                    entries.push(Entry { what, data });
                    self.work.hits.push(RuleHit {
                        rules: file.file.to_string(),
                        rule: rule.id.to_string(),
                        at: self.now,
                        watched: rule.watch,
                    });
                    if !rule.watch {
                        held = true;
                        let source = source_id(&file.file, &rule.id);
                        self.write_tags(Some(event.id), &source, &did);
                        let until = rule.then.keep.map(|keep| self.now.plus(keep));
                        for tag in &did.added {
                            self.set_tag_end(tag, &source, until);
                        }
                        self.ask_human(event, &did, entries);
                    }
                }
            }
        }
        held
    }

    /// The rows of tags that [`judge`] changed in memory.
    pub(super) fn write_tags(&mut self, event: Option<EventId>, source: &str, did: &Did) {
        let Some(contact_id) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else { return };
        let row = |tag: &str, source_id: &str, at| TagRow {
            contact_id,
            tag: tag.to_owned(),
            source: TagSourceKind::Rule as i64,
            source_id: source_id.to_owned(),
            event_id: event,
            at,
        };
        self.work.tags.extend(did.added.iter().map(|tag| TagOp::Add(row(tag, source, self.now))));
        for (tag, of) in &did.removed {
            self.work.tags.push(TagOp::Remove(row(tag, of, self.now)));
            self.set_tag_end(tag, of, None);
        }
    }

    fn ask_human(&mut self, event: &Event, did: &Did, entries: &mut Vec<Entry>) {
        let Some(demand) = &did.escalate else { return };
        let Some((escalation, deadline)) = self.demand(event, demand) else { return };
        let data = json!({ "team": demand.team, "reason": demand.reason });
        entries.push(Entry { what: What::Escalated { escalation, deadline }, data });
    }

    /// Keeps a customer's text that no rule, no wait and no flow took up.
    pub(super) fn not_understood(&mut self, event: &Event) {
        let Some(contact_id) = event.contact.filter(|_| event.is_customer_message()) else { return };
        let text: String = event.seen["text"].as_str().unwrap_or_default().chars().take(UNMATCHED_CHARS).collect();
        let norm = crate::expr::text::normalise(&text);
        if !norm.is_empty() && held_back(event, false).is_none() {
            self.work.unmatched.push(UnmatchedRow { event_id: event.id, contact_id, at: event.at, norm, text });
        }
    }
}
