//! One side of a back-test: the rules in force or the draft, with the tags that they would have given so far.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::TagNames;
use crate::clock::At;
use crate::contact::{Contact, TagSource, TagSourceKind};
use crate::event::Event;
use crate::ids::ContactId;
use crate::mailbox::Facts;
use crate::rules::{Came, Did, RuleFile, judge, source_id};

/// Tags that one side gave a contact: by tag and source, with their end.
type Own = BTreeMap<(String, String), Option<At>>;

/// One side.
#[derive(Debug)]
pub(super) struct Side {
    names: Arc<TagNames>,
    own: HashMap<ContactId, Own>,
}

/// What the rules of one side came to for one event.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// In the order judged; rules behind a `stop` are not among them.
    list: Vec<(Arc<str>, Came)>,
    /// The rule that stopped the list.
    pub(super) stopped: Option<Arc<str>>,
    /// The facts that the first rule saw; empty when no rule reads any.
    pub(super) facts: Facts,
}

impl Side {
    /// A side that gave nothing yet; the facts may say old names of the tags of `names`.
    pub(super) fn new(names: Arc<TagNames>) -> Self {
        Self { names, own: HashMap::new() }
    }

    /// Lets `file` judge; with `keeps` the tags it gives are there for the next event of the contact.
    pub(super) fn verdicts(&mut self, file: &RuleFile, event: &Event, facts: &Facts, keeps: bool) -> Verdicts {
        let mut facts = facts.clone();
        let contact = facts.contact.as_mut().filter(|_| keeps);
        if let Some(contact) = contact {
            self.put_back(file, contact, event.at);
        }
        // Only to explain; where no rule reads facts there is nothing to explain with them.
        let seen = if keeps { facts.clone() } else { Facts::default() };
        let mut verdicts = Verdicts { facts: seen, ..Verdicts::default() };
        for ruling in judge(file, event, &mut facts, event.at) {
            if let (Came::Held { did, .. }, false, true) = (&ruling.came, ruling.rule.watch, keeps) {
                let until = ruling.rule.then.keep.map(|keep| event.at.plus(keep));
                self.note(event, &source_id(&file.file, &ruling.rule.id), did, until);
            }
            let held = matches!(ruling.came, Came::Held { .. });
            verdicts.stopped = (held && ruling.rule.stop).then(|| Arc::clone(&ruling.rule.id));
            verdicts.list.push((Arc::clone(&ruling.rule.id), ruling.came));
        }
        verdicts
    }

    /// Takes out what the rules of this file gave then, and puts in what this side would have given.
    fn put_back(&mut self, file: &RuleFile, contact: &mut Contact, at: At) {
        self.names.spread(contact);
        let prefix = format!("{}/", file.file);
        for sources in contact.tags.values_mut() {
            sources.retain(|source| source.kind != TagSourceKind::Rule || !source.id.starts_with(&prefix));
        }
        contact.tags.retain(|_, sources| !sources.is_empty());
        let Some(own) = self.own.get_mut(&contact.id) else { return };
        own.retain(|(tag, _), until| until.is_none_or(|until| until > at) && !contact.tags_off.contains(tag));
        for (tag, source) in own.keys() {
            contact.give_tag(tag, TagSource { kind: TagSourceKind::Rule, id: source.clone(), at });
        }
        self.names.spread(contact);
    }

    fn note(&mut self, event: &Event, source: &str, did: &Did, until: Option<At>) {
        let Some(contact) = event.contact else { return };
        if did.added.is_empty() && did.removed.is_empty() {
            return;
        }
        let own = self.own.entry(contact).or_default();
        for tag in &did.added {
            own.insert((tag.to_string(), source.to_owned()), until);
        }
        for (tag, of) in &did.removed {
            own.remove(&(tag.to_string(), of.clone()));
        }
    }
}

impl Verdicts {
    fn of(&self, rule: &str) -> Option<&Came> {
        self.list.iter().find(|(id, _)| **id == *rule).map(|(_, came)| came)
    }

    pub(super) fn held(&self, rule: &str) -> bool {
        matches!(self.of(rule), Some(Came::Held { .. }))
    }

    pub(super) fn held_count(&self) -> usize {
        self.list.iter().filter(|(_, came)| matches!(came, Came::Held { .. })).count()
    }

    /// Whether the rule's own expressions failed.
    pub(super) fn failed(&self, rule: &str) -> bool {
        matches!(self.of(rule), Some(Came::Passed { why: "error", .. }))
    }

    /// Why a rule passed the event over, with the words of a failure.
    pub(super) fn passed(&self, rule: &str) -> Option<(&'static str, &Value)> {
        match self.of(rule) {
            Some(Came::Passed { why, data }) => Some((why, data)),
            _ => None,
        }
    }

    /// The values that the rule's condition saw.
    pub(super) fn saw(&self, rule: &str) -> Value {
        match self.of(rule) {
            Some(Came::Held { saw, .. }) => saw.clone(),
            Some(Came::Passed { data, .. }) => data.clone(),
            None => Value::Null,
        }
    }
}
