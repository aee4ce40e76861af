//! Tags that a rule gives to contacts who are there already, and takes back, because a person asked for it over many contacts.
//!
//! Nothing else happens: no flow starts, no wait is answered, no human is asked.

use serde_json::{Value, json};

use super::Handling;
use crate::contact::{TagSource, TagSourceKind};
use crate::order::{Error, Retagging};
use crate::rules::{Did, source_id};
use crate::run::{Entry, What};
use crate::sentence;
use crate::store::{JournalKind, TagOp, TagRow};

impl Handling<'_> {
    /// Carries out one contact's part.
    pub(super) fn retag(&mut self, rules: &str, rule: &str, what: &Retagging) -> Result<Value, Error> {
        let Some(contact) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else {
            return Err(Error::Gone(sentence!("this person")));
        };
        let did = match what {
            Retagging::Rename { from, to } => {
                let changed = self.rename_tag(from, to);
                return Ok(json!({ "changed": changed }));
            }
            Retagging::Give => self.give_as_ruled(rules, rule)?,
            Retagging::TakeBack { tags, since } => {
                let given = |source: &TagSource| {
                    source.kind == TagSourceKind::Rule && source.id == source_id(rules, rule) && source.at >= *since
                };
                let known = self.mail.facts.contact.iter().flat_map(|contact| &contact.tags);
                let own = known.filter(|(tag, sources)| tags.contains(tag) && sources.iter().any(given));
                Did {
                    removed: own.map(|(tag, _)| (tag.as_str().into(), source_id(rules, rule))).collect(),
                    ..Did::default()
                }
            }
        };
        self.write_tags(None, &source_id(rules, rule), &did);
        for (tag, source) in &did.removed {
            self.mail.facts.change_contact(|contact| contact.take_tag(tag, TagSourceKind::Rule, source));
        }
        let changed = !(did.added.is_empty() && did.removed.is_empty());
        let told = json!({ "added": did.added, "removed": did.removed, "kept_off": did.kept_off });
        if changed {
            let what = What::Retagged { rules: rules.into(), rule: rule.into() };
            self.journal(contact.0, None, JournalKind::Change, &[Entry { what, data: told }]);
        }
        // Listeners are not told: what is put right afterwards starts nothing.
        if self.told.is_some() {
            self.told = self.known();
        }
        Ok(json!({ "changed": changed }))
    }

    /// Every source of `from` becomes one of `to`, with its time and its end; whether there was one. Nobody is told: a name says
    /// nothing new of the contact.
    fn rename_tag(&mut self, from: &str, to: &str) -> bool {
        let Some(contact) = self.mail.facts.contact.as_ref() else { return false };
        let (id, off) = (contact.id, contact.tags_off.contains(from));
        let sources = contact.tags.get(from).cloned().unwrap_or_default();
        if from == to || (sources.is_empty() && !off) {
            return false;
        }
        for source in &sources {
            let end = self.tag_end(from, &source.id).filter(|_| source.kind == TagSourceKind::Rule);
            self.work.tags.push(TagOp::Remove(self.tag_row(id, from, source.kind, &source.id)));
            self.set_tag_end(from, &source.id, None);
            let row = self.tag_row(id, to, source.kind, &source.id);
            self.work.tags.push(TagOp::Add(TagRow { at: source.at, ..row }));
            if end.is_some() {
                self.set_tag_end(to, &source.id, end);
            }
        }
        if off {
            self.work.tags.push(TagOp::Remove(self.tag_row(id, from, TagSourceKind::PersonOff, "")));
            self.work.tags.push(TagOp::Add(self.tag_row(id, to, TagSourceKind::PersonOff, "")));
        }
        self.mail.facts.change_contact(|contact| {
            contact.tags.remove(from);
            for source in sources {
                contact.give_tag(to, source);
            }
            if contact.tags_off.remove(from) {
                contact.tags_off.insert(to.to_owned());
            }
        });
        let what = What::Changed { what: "contact.tag_renamed".into(), id: id.to_string().into() };
        self.journal(id.0, None, JournalKind::Change, &[Entry { what, data: json!({ "from": from, "to": to }) }]);
        if self.told.is_some() {
            self.told = self.known();
        }
        true
    }

    /// Gives and takes what the rule in force says.
    fn give_as_ruled(&mut self, rules: &str, rule: &str) -> Result<Did, Error> {
        let live = self.book.rules.iter().find(|live| *live.rules.file == *rules).map(|live| &live.rules);
        let Some(found) = live.and_then(|file| file.rule(rule)).filter(|found| !found.watch) else {
            return Err(Error::Gone(sentence!("the rule `{rule}`", rule = source_id(rules, rule))));
        };
        let mut did = Did::default();
        let Some(contact) = &self.mail.facts.contact else { return Ok(did) };
        let source = TagSource { kind: TagSourceKind::Rule, id: source_id(rules, rule), at: self.now };
        for tag in &found.then.add_tags {
            if contact.tags_off.contains(&**tag) {
                did.kept_off.push(tag.clone());
            } else if !contact.has_source(tag, TagSourceKind::Rule, &source.id) {
                did.added.push(tag.clone());
            }
        }
        for tag in &found.then.remove_tags {
            let of_rules =
                contact.tags.get(&**tag).into_iter().flatten().filter(|source| source.kind == TagSourceKind::Rule);
            did.removed.extend(of_rules.map(|source| (tag.clone(), source.id.clone())));
        }
        self.mail.facts.change_contact(|contact| {
            for tag in &did.added {
                contact.give_tag(tag, source.clone());
            }
        });
        let until = found.then.keep.map(|keep| self.now.plus(keep));
        for tag in &did.added {
            self.set_tag_end(tag, &source.id, until);
        }
        Ok(did)
    }
}
