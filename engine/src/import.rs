//! What a row of a file says of a contact, and what that changes. The preview of an import and the turn that carries it out ask the
//! same function.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::At;
use crate::contact::{Contact, Priority, TagSource, TagSourceKind};

/// Longest name, order status, text of a field, in characters.
pub const MAX_TEXT_CHARS: usize = 1_000;

/// One row of a file, read and checked. What is missing changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// E.164. A contact that has a number keeps it.
    #[serde(default)]
    pub phone: Option<String>,
    /// The name shown.
    #[serde(default)]
    pub name: Option<String>,
    /// Such as `it` or `zh_CN`.
    #[serde(default)]
    pub language: Option<String>,
    /// How urgent.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Code of the last order's status.
    #[serde(default)]
    pub order_status: Option<String>,
    /// Fields of our own by name.
    #[serde(default)]
    pub fields: Map<String, Value>,
    /// What the person agreed to or refused. A refusal that is known stays.
    #[serde(default)]
    pub consent: BTreeMap<String, bool>,
    /// Tags. One that is there stays as it is; one that a person took stays off.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// How an import is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// Whether only what is empty is filled. Default: the file's values replace those that are there.
    #[serde(default)]
    pub only_empty: bool,
    /// Whether flows that listen to new tags and consents hear of it. Default: nothing starts.
    #[serde(default)]
    pub starts: bool,
}

/// What a row changes of a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// What it was and what it is, by name: `name`, `fields.city`, `consent.marketing` …
    pub values: BTreeMap<String, (Value, Value)>,
    /// Tags given.
    pub tags: Vec<String>,
    /// Tags not given, because a person took them.
    pub kept_off: Vec<String>,
    /// Purposes that the file says yes to and the person refused: the refusal stays.
    pub kept_refused: Vec<String>,
}

impl Changes {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.tags.is_empty()
    }

    /// Notes a value, if it is another one, and says so.
    fn differs(&mut self, name: &str, before: Value, after: Value) -> bool {
        let differs = before != after;
        if differs {
            self.values.insert(name.to_owned(), (before, after));
        }
        differs
    }
}

impl Imported {
    /// Changes `contact` as the row says. The same row again changes nothing.
    pub fn apply(&self, contact: &mut Contact, manner: Manner, now: At) -> Changes {
        let mut changes = Changes::default();
        if let Some(phone) = self.phone.as_ref().filter(|_| contact.phone.is_none()) {
            changes.differs("phone", Value::Null, json!(phone));
            contact.phone = Some(phone.clone());
        }
        let texts = [
            ("name", &self.name, &mut contact.name),
            ("language", &self.language, &mut contact.language),
            ("order_status", &self.order_status, &mut contact.order_status),
        ];
        for (name, told, known) in texts {
            let told = told.as_ref().filter(|_| known.is_empty() || !manner.only_empty);
            if let Some(told) = told.filter(|told| changes.differs(name, json!(known), json!(told))) {
                known.clone_from(told);
            }
        }
        let ordinary = contact.priority == Priority::default();
        let priority = self.priority.filter(|_| ordinary || !manner.only_empty);
        if let Some(told) = priority.filter(|told| changes.differs("priority", json!(contact.priority), json!(told))) {
            contact.priority = told;
        }
        for (field, told) in &self.fields {
            let known = contact.fields.get(field).cloned().unwrap_or(Value::Null);
            let open = known.is_null() || !manner.only_empty;
            if open && changes.differs(&format!("fields.{field}"), known, told.clone()) {
                contact.fields.insert(field.clone(), told.clone());
            }
        }
        self.agree(contact, &mut changes);
        self.tag(contact, now, &mut changes);
        changes
    }

    /// A refusal is never overruled by a file: the person says so themselves.
    fn agree(&self, contact: &mut Contact, changes: &mut Changes) {
        for (purpose, told) in &self.consent {
            let known = contact.consent.get(purpose).copied();
            if known == Some(false) && *told {
                changes.kept_refused.push(purpose.clone());
            } else if changes.differs(&format!("consent.{purpose}"), json!(known), json!(told)) {
                contact.consent.insert(purpose.clone(), *told);
            }
        }
    }

    fn tag(&self, contact: &mut Contact, now: At, changes: &mut Changes) {
        for tag in &self.tags {
            if contact.tags_off.contains(tag) {
                changes.kept_off.push(tag.clone());
            } else if !contact.tags.contains_key(tag) {
                contact.give_tag(tag, TagSource { kind: TagSourceKind::Import, id: String::new(), at: now });
                changes.tags.push(tag.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ContactId;

    const NOW: At = At(1_800_000_000_000);

    fn row() -> Imported {
        Imported {
            phone: Some("+393331234567".into()),
            name: Some("Ada".into()),
            priority: Some(Priority::High),
            fields: [("city".to_owned(), json!("Turin"))].into_iter().collect(),
            consent: [("marketing".to_owned(), true)].into(),
            tags: vec!["vip".into(), "cold".into()],
            ..Imported::default()
        }
    }

    fn somebody() -> Contact {
        Contact::new(ContactId(7), [1; 16])
    }

    #[test]
    fn the_same_row_again_changes_nothing() {
        let mut contact = somebody();
        let changes = row().apply(&mut contact, Manner::default(), NOW);
        assert_eq!(changes.values["fields.city"], (Value::Null, json!("Turin")));
        assert_eq!(changes.tags, ["vip", "cold"]);
        let again = row().apply(&mut contact, Manner::default(), NOW);
        assert!(again.is_empty(), "{again:?}");
    }

    #[test]
    fn a_refusal_and_a_tag_that_a_person_took_stay() {
        let mut contact = somebody();
        contact.consent.insert("marketing".into(), false);
        contact.tags_off.insert("cold".into());
        let changes = row().apply(&mut contact, Manner::default(), NOW);
        assert_eq!((contact.consent["marketing"], changes.kept_refused), (false, vec!["marketing".to_owned()]));
        assert_eq!((changes.tags, changes.kept_off), (vec!["vip".to_owned()], vec!["cold".to_owned()]));
        let no = Imported { consent: [("news".to_owned(), false)].into(), ..Imported::default() };
        contact.consent.insert("news".into(), true);
        no.apply(&mut contact, Manner { only_empty: true, starts: false }, NOW);
        assert!(!contact.consent["news"], "a refusal in the file counts");
    }

    #[test]
    fn what_is_there_is_kept_when_only_gaps_are_filled() {
        let mut contact = somebody();
        contact.name = "Ada Byron".into();
        contact.phone = Some("+39333999".into());
        let changes = row().apply(&mut contact, Manner { only_empty: true, starts: false }, NOW);
        assert_eq!((&*contact.name, contact.priority), ("Ada Byron", Priority::High));
        assert!(!changes.values.contains_key("name") && !changes.values.contains_key("phone"));
        assert_eq!(row().apply(&mut contact, Manner::default(), NOW).values.keys().collect::<Vec<_>>(), ["name"]);
    }
}
