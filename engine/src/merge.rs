//! Two contacts that turn out to be one person, and what it takes to part them again.
//!
//! One stays, the other *joins* it: its conversations, tags and refusals go to the one that stays, and from then on its numbers lead
//! there. Its row and its mailbox remain, because runs that began with it end there (`DECISIONS/0028`). Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::At;
use crate::contact::{Contact, Conversation, Priority, TagSource, TagSourceKind};
use crate::ids::{ContactId, ConversationId, MergeId};
use crate::store::WaitKind;

/// How long two contacts can be parted again, in milliseconds: 30 days.
pub const PARTED_WITHIN_MS: i64 = 30 * 86_400_000;

/// What is known of a person, without what makes the audit log's digests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    name: String,
    phone: Option<String>,
    language: String,
    priority: Priority,
    order_status: String,
    fields: Map<String, Value>,
    consent: BTreeMap<String, bool>,
    last_interaction_at: Option<At>,
    unread_count: i64,
    tags: BTreeMap<String, Vec<TagSource>>,
    tags_off: BTreeSet<String>,
}

impl From<&Contact> for Person {
    fn from(contact: &Contact) -> Self {
        Self {
            name: contact.name.clone(),
            phone: contact.phone.clone(),
            language: contact.language.clone(),
            priority: contact.priority,
            order_status: contact.order_status.clone(),
            fields: contact.fields.clone(),
            consent: contact.consent.clone(),
            last_interaction_at: contact.last_interaction_at,
            unread_count: contact.unread_count,
            tags: contact.tags.clone(),
            tags_off: contact.tags_off.clone(),
        }
    }
}

/// Something armed that goes with a conversation: the watch over its silence, the end of a pause, a question to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// What kind.
    pub kind: WaitKind,
    /// The conversation, as the wait's key.
    pub key: String,
    /// When it falls due.
    pub due_at: At,
    /// What its kind needs.
    pub data: Vec<u8>,
}

/// The end of a tag that a rule gave for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The tag.
    pub tag: String,
    /// The rule.
    pub source: String,
    /// When it ends.
    pub at: At,
}

/// Conversations on their way from one contact to the other, with what goes with them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// The conversations.
    pub conversations: Vec<Conversation>,
    /// What is armed for them.
    pub carried: Vec<Carried>,
    /// Tags that end.
    pub endings: Vec<Ending>,
}

/// What the one that joins brings to the one that stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joining {
    /// The merge.
    pub merge: MergeId,
    /// Who joins.
    pub joined: ContactId,
    /// Who asked for it.
    pub by: String,
    /// Values of the one that joins which replace those of the one that stays, by name: `name`, `fields.city` … What the one that
    /// stays lacks is taken in any case.
    pub theirs: BTreeSet<String>,
    /// The one that joins.
    pub person: Person,
    /// Its conversations.
    pub moved: Moved,
}

/// What contacts say to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum ToContact {
    /// One joins the other.
    Join(Box<Joining>),
    /// They part: what belongs to the one that goes comes back.
    Back(Moved),
}

/// What it takes to part two contacts. Stored as JSON; fields are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// The one that stays, as it was before.
    pub was: Person,
    /// The same once the other had joined.
    pub became: Person,
    /// The conversations that came with the other.
    pub conversations: BTreeSet<ConversationId>,
}

/// Makes of `contact` what it is once `joining` has joined it. Gives the tags' sources that are new.
pub(crate) fn join(contact: &mut Contact, joining: &Joining) -> Vec<(String, TagSource)> {
    let Joining { person, theirs, .. } = joining;
    let texts = [
        ("name", &mut contact.name, &person.name),
        ("language", &mut contact.language, &person.language),
        ("order_status", &mut contact.order_status, &person.order_status),
    ];
    for (name, known, told) in texts {
        if !told.is_empty() && (known.is_empty() || theirs.contains(name)) {
            known.clone_from(told);
        }
    }
    if contact.phone.is_none() {
        contact.phone.clone_from(&person.phone);
    }
    if theirs.contains("priority") {
        contact.priority = person.priority;
    }
    for (field, told) in &person.fields {
        let open = contact.fields.get(field).is_none_or(Value::is_null);
        if open || theirs.contains(&format!("fields.{field}")) {
            contact.fields.insert(field.clone(), told.clone());
        }
    }
    // What either of them refused, the person refused.
    for (purpose, given) in &person.consent {
        let known = contact.consent.entry(purpose.clone()).or_insert(*given);
        *known &= given;
    }
    contact.last_interaction_at = contact.last_interaction_at.max(person.last_interaction_at);
    contact.unread_count += person.unread_count;
    contact.tags_off.extend(person.tags_off.iter().cloned());
    let mut given = Vec::new();
    for (tag, sources) in &person.tags {
        for source in sources {
            if !contact.has_source(tag, source.kind, &source.id) {
                contact.give_tag(tag, source.clone());
                given.push((tag.clone(), source.clone()));
            }
        }
    }
    given
}

/// Makes of `contact` what it was before, but for what was changed since. Gives the tags' sources that go.
pub(crate) fn part(contact: &mut Contact, before: &Before) -> Vec<(String, TagSource)> {
    let Before { was, became, .. } = before;
    let texts = [
        (&mut contact.name, &was.name, &became.name),
        (&mut contact.language, &was.language, &became.language),
        (&mut contact.order_status, &was.order_status, &became.order_status),
    ];
    for (now, was, became) in texts {
        if now == became {
            now.clone_from(was);
        }
    }
    if contact.phone == became.phone {
        contact.phone.clone_from(&was.phone);
    }
    if contact.priority == became.priority {
        contact.priority = was.priority;
    }
    for (name, value) in &became.fields {
        if contact.fields.get(name) == Some(value) {
            match was.fields.get(name) {
                Some(was) => contact.fields.insert(name.clone(), was.clone()),
                None => contact.fields.remove(name),
            };
        }
    }
    for (purpose, given) in &became.consent {
        // A refusal that came with the other leaves with it; one that was said since stays.
        if contact.consent.get(purpose) == Some(given) {
            match was.consent.get(purpose) {
                Some(was) => contact.consent.insert(purpose.clone(), *was),
                None => contact.consent.remove(purpose),
            };
        }
    }
    contact.unread_count = (contact.unread_count - (became.unread_count - was.unread_count)).max(0);
    contact.tags_off.retain(|tag| was.tags_off.contains(tag) || !became.tags_off.contains(tag));
    take_back_tags(contact, was, became)
}

/// Takes the sources of tags that came with the other, and gives them.
fn take_back_tags(contact: &mut Contact, was: &Person, became: &Person) -> Vec<(String, TagSource)> {
    let mut gone = Vec::new();
    for (tag, sources) in &became.tags {
        let had = was.tags.get(tag).map(Vec::as_slice).unwrap_or_default();
        for source in sources.iter().filter(|source| !had.contains(source)) {
            if contact.has_source(tag, source.kind, &source.id) {
                contact.take_tag(tag, source.kind, &source.id);
                gone.push((tag.clone(), source.clone()));
            }
        }
    }
    gone
}

/// How the two differ, for whoever decides which values stay: name, the one that stays, the one that joins.
#[must_use]
pub fn differences(stays: &Contact, joins: &Contact) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    let mut note = |name: String, one: Value, other: Value| {
        if one != other && other != json!("") && !other.is_null() {
            found.push((name, one, other));
        }
    };
    note("name".into(), json!(stays.name), json!(joins.name));
    note("phone".into(), json!(stays.phone), json!(joins.phone));
    note("language".into(), json!(stays.language), json!(joins.language));
    note("priority".into(), json!(stays.priority), json!(joins.priority));
    note("order_status".into(), json!(stays.order_status), json!(joins.order_status));
    for (field, told) in &joins.fields {
        note(format!("fields.{field}"), stays.fields.get(field).cloned().unwrap_or(Value::Null), told.clone());
    }
    for (purpose, given) in &joins.consent {
        note(format!("consent.{purpose}"), json!(stays.consent.get(purpose)), json!(given));
    }
    found
}

/// Tags that a person took, as sources of `contact_tag`.
pub(crate) fn off(tags: &BTreeSet<String>, at: At) -> impl Iterator<Item = (String, TagSource)> + '_ {
    tags.iter().map(move |tag| (tag.clone(), TagSource { kind: TagSourceKind::PersonOff, id: String::new(), at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: At = At(1_800_000_000_000);

    fn source(kind: TagSourceKind, id: &str) -> TagSource {
        TagSource { kind, id: id.into(), at: NOW }
    }

    fn pair() -> (Contact, Contact) {
        let mut stays = Contact::new(ContactId(1), [1; 16]);
        (stays.name, stays.phone) = ("Ada".into(), Some("+391".into()));
        stays.fields.insert("city".into(), json!("Turin"));
        stays.consent = [("marketing".to_owned(), true)].into();
        stays.give_tag("vip", source(TagSourceKind::Flow, "f"));
        let mut joins = Contact::new(ContactId(2), [2; 16]);
        (joins.name, joins.phone, joins.language) = ("Ada B.".into(), Some("+392".into()), "it".into());
        joins.fields.insert("city".into(), json!("Rome"));
        joins.fields.insert("mail".into(), json!("a@b.c"));
        joins.consent = [("marketing".to_owned(), false), ("news".to_owned(), true)].into();
        joins.give_tag("vip", source(TagSourceKind::Rule, "r/x"));
        joins.give_tag("cold", source(TagSourceKind::Crm, ""));
        joins.tags_off.insert("loud".into());
        (stays, joins)
    }

    fn joining(joins: &Contact, theirs: &[&str]) -> Joining {
        Joining {
            merge: MergeId(9),
            joined: joins.id,
            by: "cli".into(),
            theirs: theirs.iter().map(|name| (*name).to_owned()).collect(),
            person: joins.into(),
            moved: Moved::default(),
        }
    }

    #[test]
    fn what_is_chosen_wins_what_is_missing_is_taken_and_refusals_count() {
        let (mut stays, joins) = pair();
        let given = join(&mut stays, &joining(&joins, &["fields.city"]));
        assert_eq!((&*stays.name, stays.phone.as_deref(), &*stays.language), ("Ada", Some("+391"), "it"));
        assert_eq!(Value::Object(stays.fields.clone()), json!({ "city": "Rome", "mail": "a@b.c" }));
        assert_eq!(stays.consent, [("marketing".to_owned(), false), ("news".to_owned(), true)].into());
        assert_eq!(given.len(), 2);
        assert_eq!((stays.tags["vip"].len(), stays.tags_off.contains("loud")), (2, true));
    }

    #[test]
    fn parted_it_is_what_it_was_but_for_what_changed_since() {
        let (mut stays, joins) = pair();
        let was = stays.clone();
        join(&mut stays, &joining(&joins, &["name", "fields.city"]));
        let before = Before { was: (&was).into(), became: (&stays).into(), conversations: BTreeSet::new() };
        let mut undone = stays.clone();
        assert_eq!(part(&mut undone, &before).len(), 2);
        assert_eq!(undone, was);

        stays.fields.insert("city".into(), json!("Milan"));
        stays.give_tag("new", source(TagSourceKind::Person, "Mia"));
        stays.consent.insert("news".into(), false);
        part(&mut stays, &before);
        assert_eq!((&stays.fields["city"], stays.tags.contains_key("new")), (&json!("Milan"), true));
        assert_eq!(stays.consent, [("marketing".to_owned(), true), ("news".to_owned(), false)].into());
    }

    #[test]
    fn a_letter_is_read_as_it_was_written() {
        let (_, joins) = pair();
        let carried = Carried { kind: WaitKind::Pause, key: "cnv".into(), due_at: NOW, data: b"{}".to_vec() };
        let ending = Ending { tag: "vip".into(), source: "r/x".into(), at: NOW };
        let moved = Moved { conversations: Vec::new(), carried: vec![carried], endings: vec![ending] };
        let letters = [
            ToContact::Join(Box::new(Joining { moved: moved.clone(), ..joining(&joins, &["name"]) })),
            ToContact::Back(moved),
        ];
        for letter in letters {
            let text = serde_json::to_string(&Said::Contact(letter.clone())).unwrap();
            let Said::Contact(read) = serde_json::from_str(&text).unwrap();
            assert_eq!(read, letter);
        }
    }

    /// As letters hold it: see [`crate::letter::Letter`].
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "say", rename_all = "snake_case")]
    enum Said {
        Contact(ToContact),
    }

    #[test]
    fn differences_are_what_one_must_decide_about() {
        let (stays, joins) = pair();
        let names: Vec<String> = differences(&stays, &joins).into_iter().map(|(name, ..)| name).collect();
        let wanted = ["name", "phone", "language", "fields.city", "fields.mail", "consent.marketing", "consent.news"];
        assert_eq!(names, wanted);
    }
}
