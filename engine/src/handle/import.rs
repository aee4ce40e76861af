//! A row of a file about one contact: creates or changes it. Unless that was asked for, no listener is told.

use serde_json::{Value, json};

use super::Handling;
use crate::contact::{Contact, TagSourceKind};
use crate::ids::{ContactId, ImportId};
use crate::import::{Changes, Imported, Manner};
use crate::mailbox::Erased;
use crate::order::Error;
use crate::run::{Entry, What};
use crate::sentence;
use crate::store::{JournalKind, TagOp};

impl Handling<'_> {
    /// Carries out one row. `salt` is for somebody new.
    pub(super) fn import(
        &mut self,
        import: ImportId,
        salt: [u8; 16],
        row: &Imported,
        manner: Manner,
    ) -> Result<Value, Error> {
        if self.mail.erased == Erased::Person {
            return Err(Error::Gone(sentence!("this person")));
        }
        let id = ContactId(self.mail.id.0);
        let new = self.mail.facts.contact.is_none();
        if new {
            if row.phone.is_none() {
                return Err(Error::Refused(sentence!("somebody new needs a telephone number")));
            }
            self.mail.facts.contact = Some(Contact::new(id, salt));
            self.told = self.known();
        }
        let (now, mut changes) = (self.now, Changes::default());
        let mut after = self.mail.facts.contact.clone();
        if let Some(contact) = &mut after {
            changes = row.apply(contact, manner, now);
        }
        if !changes.is_empty() {
            self.mail.facts.change_contact(|contact| *contact = after.unwrap_or_else(|| contact.clone()));
            for tag in &changes.tags {
                self.work.tags.push(TagOp::Add(self.tag_row(id, tag, TagSourceKind::Import, "")));
            }
            let what = What::Changed { what: "contact.imported".into(), id: id.to_string().into() };
            let data = json!({ "import": import, "new": new, "changes": changes });
            self.journal(id.0, None, JournalKind::Change, &[Entry { what, data }]);
        }
        if !manner.starts && self.told.is_some() {
            self.told = self.known();
        }
        let outcome = if new {
            "new"
        } else if changes.is_empty() {
            "same"
        } else {
            "changed"
        };
        Ok(json!({ "outcome": outcome }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, handle};
    use super::*;
    use crate::book::{Book, Live, Published};
    use crate::clock::At;
    use crate::flowtest::tests::document;
    use crate::ids::{Ids, MailboxId, VersionId};
    use crate::mailbox::Mailbox;
    use crate::order::Order;
    use crate::store::Work;

    const LISTENS: &str = "format: 1\nflow: listens\non: contact.tag_added\nsteps:\n  - set: { seen: true }\n";

    fn book() -> Book {
        let Published::Flow(version) = document(LISTENS).into_version(VersionId(2)) else { panic!("a flow") };
        Book::new(vec![Live { version, since: At(0) }], Vec::new(), None)
    }

    fn import(mail: &mut Mailbox, row: Imported, starts: bool) -> (Result<Value, Error>, Work) {
        let manner = Manner { only_empty: false, starts };
        let order = Order::Import { import: ImportId(1), salt: [9; 16], row: Box::new(row), manner };
        let mut work = Work::default();
        let input = Input::Order { by: "user:1 Mia".into(), order, about: None };
        let answer = handle(&book(), mail, input, At(1_800_000_000_000), &Ids::new(0), &mut work);
        (answer, work)
    }

    fn row() -> Imported {
        Imported { phone: Some("+393331234567".into()), tags: vec!["vip".into()], ..Imported::default() }
    }

    #[test]
    fn somebody_new_is_made_and_nothing_starts() {
        let mut mail = Mailbox::new(MailboxId::of_contact(ContactId(7)));
        let (answer, work) = import(&mut mail, row(), false);
        assert_eq!(answer.unwrap()["outcome"], "new");
        let made = work.contact.unwrap();
        assert_eq!(
            (made.id, made.phone.as_deref(), made.salt),
            (ContactId(7), Some("+393331234567"), Some(vec![9; 16]))
        );
        assert_eq!((work.tags.len(), work.runs.len(), work.events.len(), work.journal.len()), (1, 0, 0, 1));
        let (answer, work) = import(&mut mail, row(), false);
        assert_eq!((answer.unwrap()["outcome"].as_str(), &work.contact, work.journal.len()), (Some("same"), &None, 0));
    }

    #[test]
    fn flows_hear_of_new_tags_when_that_was_asked_for() {
        let mut mail = Mailbox::new(MailboxId::of_contact(ContactId(7)));
        let (_, work) = import(&mut mail, row(), true);
        assert_eq!((work.events.len(), work.runs.len()), (1, 1));
        assert_eq!(work.runs[0].contact_id, Some(ContactId(7)), "the run is about whom it is about");
    }

    #[test]
    fn nobody_is_made_without_a_number_or_after_an_erasure() {
        let mut mail = Mailbox::new(MailboxId::of_contact(ContactId(7)));
        let (answer, work) = import(&mut mail, Imported { phone: None, ..row() }, false);
        assert!(answer.is_err() && mail.facts.contact.is_none() && work == Work { at: work.at, ..Work::default() });
        mail.erased = Erased::Person;
        assert!(matches!(import(&mut mail, row(), false).0, Err(Error::Gone(_))));
    }
}
