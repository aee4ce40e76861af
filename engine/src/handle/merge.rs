//! Two contacts become one, and two again: what the mailbox of each does. They tell each other by letter, as no mailbox touches what
//! is another's.
//!
//! The one that joins lets its conversations go in the commit that says so; what it was comes with the letter. Its runs end where
//! they began: what they send still goes out, and what the customer says from then on is heard by the one that stays.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Handling;
use crate::contact::{Conversation, TagSource, TagSourceKind};
use crate::ids::{ContactId, MailboxId, MergeId, RunId, WaitId};
use crate::letter::Letter;
use crate::merge::{self, Before, Carried, Ending, Joining, Moved, ToContact};
use crate::order::Error;
use crate::run::{Entry, What};
use crate::sentence;
use crate::store::{JournalKind, MergeOp, MergeRow, TagOp, TagRow, WaitKind, WaitRow, WaitState};

impl Handling<'_> {
    /// The contact of this mailbox joins `into`.
    pub(super) fn let_go(&mut self, id: MergeId, into: ContactId, theirs: BTreeSet<String>) -> Result<Value, Error> {
        let contact = self.mail.facts.contact.as_ref().ok_or_else(|| Error::Gone(sentence!("this person")))?;
        let (joined, person) = (contact.id, contact.into());
        if joined == into {
            return Err(Error::Refused(sentence!("a contact cannot become one with itself")));
        }
        self.expect_quiet()?;
        let mut moved = self.moved(|_| true);
        let ends: Vec<WaitId> =
            self.mail.waits.values().filter(|wait| wait.kind == WaitKind::Tag).map(|wait| wait.id).collect();
        for wait in ends {
            moved.endings.extend(self.mail.waits.get(&wait).and_then(ending));
            self.disarm(wait, WaitState::Cancelled);
        }
        self.hand_over(into, &moved.conversations);
        let (by, runs) = (self.by.clone(), self.mail.runs.len());
        let row = MergeRow {
            id,
            kept: into,
            joined,
            by: by.clone(),
            at: self.now,
            before: None,
            parted_at: None,
            parted_by: None,
        };
        self.work.merges.push(MergeOp::Join(row));
        self.note_merge(joined, "contact.merged", json!({ "merge": id, "into": into }));
        let joining = Joining { merge: id, joined, by, theirs, person, moved };
        self.send(MailboxId::of_contact(into), Letter::Contact(ToContact::Join(Box::new(joining))));
        Ok(json!({ "merge": id, "runs": runs }))
    }

    /// A human who is being asked for and a message on its way would lose their conversation.
    fn expect_quiet(&self) -> Result<(), Error> {
        let hindered = |words| Err(Error::Hindered { code: "busy", words, details: Value::Null });
        if self.mail.waits.values().any(|wait| wait.kind == WaitKind::Human) {
            return hindered(sentence!(
                "a human is being asked for in a conversation of this contact: wait until somebody took it"
            ));
        }
        if self.mail.effects.values().any(|effect| effect.run_id == RunId::NONE) {
            return hindered(sentence!("a message of an agent is on its way: try again in a moment"));
        }
        Ok(())
    }

    /// Takes conversations out of this mailbox, with what is armed for them.
    fn moved(&mut self, which: impl Fn(&Conversation) -> bool) -> Moved {
        let facts = &mut self.mail.facts;
        let (go, stay) = std::mem::take(&mut facts.conversations).into_iter().partition(which);
        facts.conversations = stay;
        let mut moved = Moved { conversations: go, ..Moved::default() };
        for key in moved.conversations.iter().map(|talk| talk.id.to_string()) {
            let of_it = |wait: &&WaitRow| {
                matches!(wait.kind, WaitKind::Silence | WaitKind::Pause | WaitKind::Rating)
                    && wait.key.as_deref() == Some(&key)
            };
            let waits: Vec<WaitRow> = self.mail.waits.values().filter(of_it).cloned().collect();
            for wait in waits {
                self.disarm(wait.id, WaitState::Cancelled);
                moved.carried.push(Carried { kind: wait.kind, key: key.clone(), due_at: wait.due_at, data: wait.data });
            }
        }
        moved
    }

    /// From this commit on, what comes in these conversations goes to `to`.
    fn hand_over(&mut self, to: ContactId, conversations: &[Conversation]) {
        for talk in conversations {
            let gone = Conversation { contact: to, rev: talk.rev + 1, ..talk.clone() };
            let row = super::rows::conversation_row(&gone);
            self.work.conversations.retain(|written| written.id != row.id);
            self.work.conversations.push(row);
            self.mail.facts.changed.remove(&talk.id);
        }
    }

    /// Another contact says something about a merge.
    pub(super) fn contact_says(&mut self, letter: ToContact) {
        match letter {
            ToContact::Join(joining) => self.join(&joining),
            ToContact::Back(moved) => self.take_in(moved),
        }
    }

    /// Another contact joins this one.
    fn join(&mut self, joining: &Joining) {
        let Some(contact) = &self.mail.facts.contact else { return };
        let (id, was) = (contact.id, contact.into());
        let mut given = Vec::new();
        self.mail.facts.change_contact(|contact| given = merge::join(contact, joining));
        let Some(contact) = &self.mail.facts.contact else { return };
        let off = merge::off(&contact.tags_off, self.now);
        let rows: Vec<TagRow> =
            given.iter().cloned().chain(off).map(|(tag, source)| source_row(id, tag, source)).collect();
        let before = Before {
            was,
            became: contact.into(),
            conversations: joining.moved.conversations.iter().map(|talk| talk.id).collect(),
        };
        self.work.tags.extend(rows.into_iter().map(TagOp::Add));
        self.work.merges.push(MergeOp::Keep(joining.merge, serde_json::to_string(&before).unwrap_or_default()));
        self.take_in(joining.moved.clone());
        self.by.clone_from(&joining.by);
        let told = json!({ "merge": joining.merge, "joined": joining.joined, "theirs": joining.theirs });
        self.note_merge(id, "contact.joined", told);
        // What became known was known before: nobody is told as if it had happened.
        if self.told.is_some() {
            self.told = self.known();
        }
    }

    /// Takes conversations into this mailbox, with what is armed for them.
    fn take_in(&mut self, moved: Moved) {
        let Some(id) = self.mail.facts.contact.as_ref().map(|contact| contact.id) else { return };
        for talk in moved.conversations {
            // It is there when the mailbox was read after it had been handed over, and may have gone on since.
            if self.mail.facts.conversation(talk.id).is_none() {
                self.mail.facts.conversations.push(Conversation { contact: id, ..talk });
            }
        }
        for Carried { kind, key, due_at, data } in moved.carried {
            self.arm(WaitRow { key: Some(key), data, ..self.new_wait(kind, due_at) });
        }
        for Ending { tag, source, at } in moved.endings {
            let has = |contact: &crate::contact::Contact| contact.has_source(&tag, TagSourceKind::Rule, &source);
            if self.mail.facts.contact.as_ref().is_some_and(has) {
                self.set_tag_end(&tag, &source, Some(at));
            }
        }
    }

    /// The one that joined this contact in the merge `id` leaves again.
    pub(super) fn part(&mut self, id: MergeId, joined: ContactId, before: &Before) -> Result<Value, Error> {
        let kept = self.mail.facts.contact.as_ref().ok_or_else(|| Error::Gone(sentence!("this person")))?.id;
        self.expect_quiet()?;
        let mut moved = self.moved(|talk| before.conversations.contains(&talk.id));
        let mut gone = Vec::new();
        let off: Vec<String> = self.mail.facts.contact.iter().flat_map(|contact| contact.tags_off.clone()).collect();
        self.mail.facts.change_contact(|contact| gone = merge::part(contact, before));
        let kept_off = self.mail.facts.contact.iter().flat_map(|contact| contact.tags_off.clone()).collect::<Vec<_>>();
        let off_gone = off.into_iter().filter(|tag| !kept_off.contains(tag));
        let sources = gone.iter().cloned().chain(
            off_gone.map(|tag| (tag, TagSource { kind: TagSourceKind::PersonOff, id: String::new(), at: self.now })),
        );
        let rows: Vec<TagRow> = sources.map(|(tag, source)| source_row(kept, tag, source)).collect();
        self.work.tags.extend(rows.into_iter().map(TagOp::Remove));
        for (tag, source) in gone.iter().filter(|(_, source)| source.kind == TagSourceKind::Rule) {
            let key = format!("{kept}/{}/{tag}", source.id);
            let armed =
                self.mail.waits.values().find(|wait| wait.kind == WaitKind::Tag && wait.key.as_deref() == Some(&key));
            moved.endings.extend(armed.and_then(ending));
            self.set_tag_end(tag, &source.id, None);
        }
        self.hand_over(joined, &moved.conversations);
        let (at, by) = (self.now, self.by.clone());
        self.work.merges.push(MergeOp::Part { id, joined, at, by });
        self.note_merge(kept, "contact.parted", json!({ "merge": id, "joined": joined }));
        self.send(MailboxId::of_contact(joined), Letter::Contact(ToContact::Back(moved)));
        if self.told.is_some() {
            self.told = self.known();
        }
        Ok(json!({ "merge": id }))
    }

    fn note_merge(&mut self, contact: ContactId, what: &'static str, data: Value) {
        let what = What::Changed { what: what.into(), id: contact.to_string().into() };
        self.journal(contact.0, None, JournalKind::Change, &[Entry { what, data }]);
    }
}

/// What a wait at the end of a tag says.
fn ending(wait: &WaitRow) -> Option<Ending> {
    let stored: Value = serde_json::from_slice(&wait.data).ok()?;
    let text = |name: &str| stored[name].as_str().map(str::to_owned);
    Some(Ending { tag: text("tag")?, source: text("source")?, at: wait.due_at })
}

fn source_row(contact_id: ContactId, tag: String, source: TagSource) -> TagRow {
    TagRow { contact_id, tag, source: source.kind as i64, source_id: source.id, event_id: None, at: source.at }
}
