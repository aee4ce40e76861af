//! Recognising a person in what is nobody's: events without a contact, what they started, items that could not be read.
//!
//! Such rows carry no contact by which erasing could find them, so it reads them and looks for the person's addresses.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::event;
use crate::ids::{BadItemId, ContactId, EventId, MailboxId, RunId};
use crate::phone::Phone;
use crate::run::journal;
use crate::store::{ContactRow, ConversationRow, EventRow, JournalRow};

/// A number with fewer digits than this, or another address that is shorter, names no one person.
const LEAST: usize = 7;
/// What people write between the digits of a number.
const BETWEEN_DIGITS: &[u8] = b" -./()";

/// An event of nobody's and the runs it started: what is forgotten together, as each holds the values of the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Whose turns handle it.
    pub mailbox: MailboxId,
    /// The event.
    pub event: EventId,
    /// Every run it started, over or not.
    pub runs: Vec<RunId>,
}

/// What was erased from a database so far: ids, nothing of the people. A backup that is restored is told, so that nobody comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// People.
    #[serde(default)]
    pub contacts: BTreeSet<ContactId>,
    /// Events that were nobody's.
    #[serde(default)]
    pub events: BTreeSet<EventId>,
    /// Items that could not be read.
    #[serde(default)]
    pub items: BTreeSet<BadItemId>,
}

impl Erased {
    /// Adds what `other` knows.
    pub fn add(&mut self, other: Self) {
        self.contacts.extend(other.contacts);
        self.events.extend(other.events);
        self.items.extend(other.items);
    }

    /// Without what `other` knows.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            contacts: &self.contacts - &other.contacts,
            events: &self.events - &other.events,
            items: &self.items - &other.items,
        }
    }

    /// Whether nothing was erased.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.events.is_empty() && self.items.is_empty()
    }

    /// How many rows of it there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contacts.len() + self.events.len() + self.items.len()
    }
}

/// What tells of a person although it is nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Events with what they started.
    pub families: Vec<Family>,
    /// Items that could not be read.
    pub bad_items: Vec<BadItemId>,
}

/// The addresses that name a person, and our id of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Telephone numbers: international digits, each in every spelling.
    digits: Vec<String>,
    /// Other addresses, as they are.
    words: Vec<String>,
}

impl Names {
    /// The phone of a contact, the addresses of its conversations, and its id.
    #[must_use]
    pub fn of(contact: &ContactRow, conversations: &[ConversationRow]) -> Self {
        let mut names = Self::default();
        let addresses = conversations.iter().map(|known| known.address.as_str());
        for address in contact.phone.as_deref().into_iter().chain(addresses) {
            names.add(address);
        }
        // What found the person for others (`contact.find`) says the id with all else.
        names.words.push(contact.id.to_string());
        names
    }

    /// Somebody of whom only the number is known, in international form; `None` for a text that is no such number.
    #[must_use]
    pub fn of_number(text: &str) -> Option<Self> {
        let phone = Phone::parse(text, None).ok().or_else(|| Phone::from_wa_id(text))?;
        let mut names = Self::default();
        names.add(phone.as_e164());
        Some(names)
    }

    fn add(&mut self, address: &str) {
        let digits: String = address.chars().filter(char::is_ascii_digit).collect();
        match Phone::from_wa_id(&digits) {
            Some(phone) => self.digits.extend(phone.spellings()),
            None if digits.len() >= LEAST => self.digits.push(digits),
            None if address.len() >= LEAST => self.words.push(address.to_owned()),
            None => {}
        }
    }

    /// The telephone numbers in E.164, in each spelling.
    pub fn numbers(&self) -> impl Iterator<Item = String> + '_ {
        self.digits.iter().map(|digits| format!("+{digits}"))
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digits.is_empty() && self.words.is_empty()
    }

    /// Whether `text` holds one of them; of a number it is the digits that count, however they are grouped.
    #[must_use]
    pub fn are_in(&self, text: &[u8]) -> bool {
        let holds = |text: &[u8], name: &str| text.windows(name.len()).any(|part| part == name.as_bytes());
        if self.words.iter().any(|word| holds(text, word)) {
            return true;
        }
        let joined: Vec<u8> = text.iter().copied().filter(|byte| !BETWEEN_DIGITS.contains(byte)).collect();
        self.digits.iter().any(|digits| holds(&joined, digits))
    }

    /// Whether the values of a journal row hold one of them. A row that cannot be read holds none.
    #[must_use]
    pub fn are_in_journal(&self, row: &JournalRow) -> bool {
        journal::values(row).is_some_and(|values| self.are_in(&values))
    }
}

/// Whether all that happens in this event's mailbox is about one person: a change of a contact in the CRM.
#[must_use]
pub fn is_of_one_person(event: &EventRow) -> bool {
    let body = event.body.as_deref().filter(|_| event.kind == event::FIELD_CHANGED);
    let body = body.and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok());
    body.is_some_and(|body| body["object"] == "contact")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Names {
        Names::of_number(text).unwrap()
    }

    #[test]
    fn a_number_is_recognised_however_it_is_written() {
        let names = names("+49 151 12345678");
        for text in [
            "+4915112345678",
            "4915112345678",
            "\"+49 (151) 123-456-78\"",
            "tel:+49.151/12345678;x",
            "{\"to\":4915112345678}",
        ] {
            assert!(names.are_in(text.as_bytes()), "{text}");
        }
        for text in ["", "4915112345679", "[491511,2345678]", "151 12345678"] {
            assert!(!names.are_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn both_spellings_of_a_mobile_are_one_person() {
        for (one, other) in [("+5511999998888", "551199998888"), ("525512345678", "+52 1 55 1234 5678")] {
            assert!(names(one).are_in(other.as_bytes()), "{one} {other}");
            assert!(names(other).are_in(one.as_bytes()), "{other} {one}");
        }
    }

    #[test]
    fn what_names_nobody_is_not_looked_for() {
        assert_eq!(Names::of_number("12345"), None);
        assert_eq!(Names::of_number("con_00d3j9abcdefg"), None);
        assert!(Names::default().is_empty());
        assert!(!Names::default().are_in(b"anything"));
    }

    #[test]
    fn an_address_that_is_no_number_is_found_as_it_is() {
        let mut names = Names::default();
        names.add("US.1a-user");
        assert!(names.are_in(b"from US.1a-user") && !names.are_in(b"from US1auser"));
        names.add("US");
        assert!(!names.are_in(b"from the USA"), "too short to name anybody");
    }
}
