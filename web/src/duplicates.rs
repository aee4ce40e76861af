//! Contacts that may be one person: the same telephone number in any spelling, the same mail address, the same id in the CRM; an alike
//! name is a hint only.

use std::collections::{BTreeMap, BTreeSet};

use engine::expr::text::normalise;
use engine::ids::ContactId;
use engine::phone::Phone;
use engine::store::{self, ContactKeys, Contacts};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::App;

/// Contacts read at a time.
const PAGE: u32 = 5_000;
/// Contacts looked at.
const MOST: usize = 1_000_000;
/// Groups shown.
const SHOWN: usize = 200;
/// A group with more of one value is no person: an office's number, a placeholder.
const MOST_ALIKE: usize = 10;

/// What two contacts have in common. In order of how much it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DuplicateWhy")]
pub(crate) enum Why {
    /// The telephone number.
    Phone,
    /// The id in the CRM.
    Crm,
    /// The mail address.
    Mail,
    /// The name: a hint only.
    Name,
}

/// Contacts with something in common, the oldest first.
pub(crate) struct Group {
    pub(crate) why: Why,
    pub(crate) contacts: Vec<ContactId>,
}

/// What was found.
pub(crate) struct Found {
    pub(crate) groups: Vec<Group>,
    /// Contacts looked at.
    pub(crate) looked: usize,
    /// Whether there is more than is shown.
    pub(crate) more: bool,
}

/// Looks through all contacts.
///
/// # Errors
/// When the store fails.
pub(crate) async fn find(app: &App) -> Result<Found, store::Error> {
    let mut alike = Alike::default();
    let mut after = ContactId(i64::MIN);
    loop {
        let page = app.engine.store().contact_keys(after, PAGE).await?;
        let last = page.len() < PAGE as usize;
        after = page.last().map_or(after, |keys| keys.id);
        page.iter().for_each(|keys| alike.note(keys));
        if last || alike.looked >= MOST {
            return Ok(alike.found(!last));
        }
    }
}

/// Contacts by what they may have in common.
#[derive(Default)]
struct Alike {
    by: BTreeMap<(Why, String), Vec<ContactId>>,
    looked: usize,
}

impl Alike {
    fn note(&mut self, keys: &ContactKeys) {
        self.looked += 1;
        for key in keys_of(keys) {
            self.by.entry(key).or_default().push(keys.id);
        }
    }

    /// Those with something in common, what says most first; contacts that a better reason joins are not named again for a name.
    fn found(self, unread: bool) -> Found {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: BTreeSet<Vec<ContactId>> = BTreeSet::new();
        let mut more = unread;
        for ((why, _), contacts) in self.by {
            let fits = (2..=MOST_ALIKE).contains(&contacts.len());
            if !fits || !known.insert(contacts.clone()) {
                continue;
            }
            if groups.len() == SHOWN {
                more = true;
                break;
            }
            groups.push(Group { why, contacts });
        }
        Found { groups, looked: self.looked, more }
    }
}

fn keys_of(keys: &ContactKeys) -> BTreeSet<(Why, String)> {
    let fields: Map<String, Value> = serde_json::from_str(&keys.fields).unwrap_or_default();
    let phone = keys.phone.clone().and_then(|phone| Phone::try_from(phone).ok());
    let mut found: BTreeSet<(Why, String)> = phone.map(|phone| (Why::Phone, phone.match_key())).into_iter().collect();
    for (field, value) in &fields {
        let text = value.as_str().map(|text| text.trim().to_lowercase()).unwrap_or_default();
        let field = field.to_lowercase();
        if text.contains('@') && field.contains("mail") {
            found.insert((Why::Mail, text));
        } else if (field == "crm_id" || field.ends_with("_id")) && (value.is_number() || !text.is_empty()) {
            let id = if text.is_empty() { value.to_string() } else { text };
            found.insert((Why::Crm, format!("{field} {id}")));
        }
    }
    let name = normalise(&keys.name);
    let mut words: Vec<&str> = name.split(' ').collect();
    words.sort_unstable();
    // One word is a first name, and shared by many.
    if words.len() > 1 {
        found.insert((Why::Name, words.join(" ")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[(&str, &str, &str)]) -> Vec<(Why, Vec<i64>)> {
        let mut alike = Alike::default();
        for (place, (name, phone, fields)) in rows.iter().enumerate() {
            alike.note(&ContactKeys {
                id: ContactId(i64::try_from(place).unwrap()),
                name: (*name).into(),
                phone: Some((*phone).to_owned()).filter(|phone| !phone.is_empty()),
                fields: (*fields).into(),
            });
        }
        let groups = alike.found(false).groups;
        groups.into_iter().map(|group| (group.why, group.contacts.iter().map(|id| id.0).collect())).collect()
    }

    #[test]
    fn both_spellings_of_a_number_a_mail_address_and_a_crm_id_are_one_person() {
        let rows = [
            ("", "+5511999999999", "{}"),
            ("", "+551199999999", "{}"),
            ("", "", r#"{"email":"Ada@b.c"}"#),
            ("", "", r#"{"E-Mail":"ada@B.c "}"#),
            ("", "", r#"{"hubspot_id":"77"}"#),
            ("", "", r#"{"hubspot_id":"77"}"#),
        ];
        assert_eq!(found(&rows), [(Why::Phone, vec![0, 1]), (Why::Crm, vec![4, 5]), (Why::Mail, vec![2, 3])]);
    }

    #[test]
    fn a_name_is_a_hint_and_only_when_it_is_whole() {
        let rows = [
            ("Ada Byron", "+391111111", "{}"),
            ("byron  ada", "+392222222", "{}"),
            ("Ada", "", "{}"),
            ("ada", "", "{}"),
        ];
        assert_eq!(found(&rows), [(Why::Name, vec![0, 1])]);
        let rows = [("Ada Byron", "+391111111", "{}"), ("Ada Byron", "+391111111", "{}")];
        assert_eq!(found(&rows), [(Why::Phone, vec![0, 1])], "named once, for what says most");
    }

    #[test]
    fn what_many_share_is_no_person() {
        let rows = [("", "+391111111", "{}"); MOST_ALIKE + 1];
        assert_eq!(found(&rows), []);
    }
}
