//! Tags besides what rules and flows do: the end of one that was given for a time, and a person's changes.

use serde_json::{Value, json};

use super::Handling;
use crate::clock::At;
use crate::contact::{TagSource, TagSourceKind};
use crate::order::Error;
use crate::run::{Entry, What};
use crate::sentence;
use crate::store::{JournalKind, TagOp, TagRow, WaitKind, WaitRow, WaitState};

/// Longest tag, in characters.
const MAX_TAG_CHARS: usize = 64;

/// What is stored of a tag that ends.
#[derive(serde::Serialize, serde::Deserialize)]
struct Ending {
    tag: String,
    source: String,
}

impl Handling<'_> {
    /// A tag of one rule ends at `until`, or does not end. What was said before does not count any more.
    pub(super) fn set_tag_end(&mut self, tag: &str, source: &str, until: Option<At>) {
        let Some(contact) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else { return };
        // A tag may hold a slash: it comes last, and a source has exactly one.
        let key = format!("{contact}/{source}/{tag}");
        let Some(due_at) = until else {
            let armed =
                self.mail.waits.values().find(|wait| wait.kind == WaitKind::Tag && wait.key.as_ref() == Some(&key));
            if let Some(id) = armed.map(|wait| wait.id) {
                self.disarm(id, WaitState::Cancelled);
            }
            return;
        };
        let ending = Ending { tag: tag.to_owned(), source: source.to_owned() };
        self.arm(WaitRow {
            key: Some(key),
            data: serde_json::to_vec(&ending).unwrap_or_default(),
            ..self.new_wait(WaitKind::Tag, due_at)
        });
    }

    /// When a tag of one rule ends, if it does.
    pub(super) fn tag_end(&self, tag: &str, source: &str) -> Option<At> {
        let contact = self.mail.facts.contact.as_ref()?.id;
        let key = format!("{contact}/{source}/{tag}");
        let is_its = |wait: &&WaitRow| wait.kind == WaitKind::Tag && wait.key.as_ref() == Some(&key);
        self.mail.waits.values().find(is_its).map(|wait| wait.due_at)
    }

    pub(super) fn tag_due(&mut self, wait: &WaitRow) {
        self.disarm(wait.id, WaitState::Fired);
        let Ok(Ending { tag, source }) = serde_json::from_slice::<Ending>(&wait.data) else { return };
        let Some(contact) = &self.mail.facts.contact else { return };
        if !contact.has_source(&tag, TagSourceKind::Rule, &source) {
            return;
        }
        let id = contact.id;
        self.drop_source(&tag, TagSourceKind::Rule, &source);
        let entry = Entry { what: What::TagExpired { source: source.into() }, data: json!({ "tag": tag }) };
        self.journal(id.0, None, JournalKind::Change, &[entry]);
    }

    /// A person gives and takes tags. What is taken stays off as far as rules are concerned, until it is given or allowed.
    pub(super) fn change_tags(&mut self, add: &[String], remove: &[String], allow: &[String]) -> Result<Value, Error> {
        let Some(contact) = &self.mail.facts.contact else { return Err(Error::Gone(sentence!("this person"))) };
        let id = contact.id;
        let fits = |tag: &&String| tag.trim() == **tag && !tag.is_empty() && tag.chars().count() <= MAX_TAG_CHARS;
        if let Some(tag) = add.iter().chain(remove).chain(allow).find(|tag| !fits(tag)) {
            return Err(Error::Refused(sentence!(
                "`{tag}` is no tag: 1 to {most} characters, no space at either end",
                tag,
                most = MAX_TAG_CHARS
            )));
        }
        if let Some(tag) = add.iter().find(|tag| remove.contains(tag)) {
            return Err(Error::Refused(sentence!("`{tag}` is both given and taken: decide for one", tag)));
        }
        let by = self.by.clone();
        for tag in remove {
            let sources = self.mail.facts.contact.iter().flat_map(|contact| contact.tags.get(tag)).flatten();
            for TagSource { kind, id: source, .. } in sources.cloned().collect::<Vec<_>>() {
                self.drop_source(tag, kind, &source);
                self.set_tag_end(tag, &source, None);
            }
            self.work.tags.push(TagOp::Add(self.tag_row(id, tag, TagSourceKind::PersonOff, "")));
            self.mail.facts.change_contact(|contact| {
                contact.tags_off.insert(tag.clone());
            });
        }
        for tag in add.iter().chain(allow) {
            self.work.tags.push(TagOp::Remove(self.tag_row(id, tag, TagSourceKind::PersonOff, "")));
            self.mail.facts.change_contact(|contact| {
                contact.tags_off.remove(tag);
            });
        }
        for tag in add {
            self.work.tags.push(TagOp::Add(self.tag_row(id, tag, TagSourceKind::Person, &by)));
            let source = TagSource { kind: TagSourceKind::Person, id: by.clone(), at: self.now };
            self.mail.facts.change_contact(|contact| contact.give_tag(tag, source));
        }
        let data = json!({ "add": add, "remove": remove, "allow": allow });
        self.journal(id.0, None, JournalKind::Change, &[Entry { what: What::Tagged, data }]);
        let contact = self.mail.facts.contact.as_ref();
        let tags: Vec<_> = contact.iter().flat_map(|contact| contact.tags.keys()).collect();
        let off = contact.map(|contact| &contact.tags_off);
        Ok(json!({ "contact": id, "tags": tags, "off": off }))
    }

    /// Takes one source of a tag, in memory and in the store.
    fn drop_source(&mut self, tag: &str, kind: TagSourceKind, source: &str) {
        let Some(contact) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else { return };
        self.work.tags.push(TagOp::Remove(self.tag_row(contact, tag, kind, source)));
        self.mail.facts.change_contact(|contact| contact.take_tag(tag, kind, source));
    }

    /// A row of `contact_tag`, as of now.
    pub(super) fn tag_row(
        &self,
        contact_id: crate::ids::ContactId,
        tag: &str,
        kind: TagSourceKind,
        source_id: &str,
    ) -> TagRow {
        TagRow {
            contact_id,
            tag: tag.to_owned(),
            source: kind as i64,
            source_id: source_id.to_owned(),
            event_id: None,
            at: self.now,
        }
    }
}
