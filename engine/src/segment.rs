//! Segments: named groups of contacts, said as a condition over one contact.
//!
//! A segment has two halves. What it *fixes* (tags, a language) the store can find by an index; its `when` is judged contact by
//! contact. What a `when` says plainly (`contact.tags.contains("cold") && …`) counts as fixed, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::capability::contact::Contacts;
use crate::clock::At;
use crate::contact::Contact;
use crate::expr::{self, Decision, Scope, Script};

/// Segments by name.
pub type Segments = BTreeMap<Arc<str>, Arc<Segment>>;

/// How the short form of a segment begins: `contacts with tag cold`.
const SHORT: &str = "contacts with tag ";
/// Longest tag.
const MAX_TAG_CHARS: usize = 64;

/// A group of contacts.
#[derive(Debug)]
pub struct Segment {
    /// Its name, kebab-case; of the short form, its text.
    pub name: Arc<str>,
    /// Its name for people; the same when it has none.
    pub title: String,
    /// What all its contacts have.
    pub narrow: Narrow,
    /// What else must hold.
    pub when: Option<Script>,
}

/// What the store narrows by. Whoever lacks one of it is in no such segment; who has all of it may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// All of these tags.
    pub tags: Vec<String>,
    /// This language, as it is stored: `it`, `zh_CN`.
    pub language: Option<String>,
}

impl Narrow {
    /// Whether `contact` has all of it.
    #[must_use]
    pub fn fits(&self, contact: &Contact) -> bool {
        self.tags.iter().all(|tag| contact.tags.contains_key(tag))
            && self.language.as_ref().is_none_or(|language| *language == contact.language)
    }

    /// Adds what `when` says plainly among the conditions that must all hold. What it says otherwise is not seen, and then the
    /// store narrows less.
    #[must_use]
    pub fn with(mut self, when: &str) -> Self {
        for part in expr::conjuncts(when) {
            match plainly(part) {
                Some(Plain::Tag(tag)) if !self.tags.contains(&tag) => self.tags.push(tag),
                Some(Plain::Language(language)) if self.language.is_none() => self.language = Some(language),
                _ => {}
            }
        }
        self
    }
}

/// A condition that the store can look for.
enum Plain {
    Tag(String),
    Language(String),
}

/// Reads `contact.tags.contains("cold")`, `"cold" in contact.tags` and `contact.language == "it"`.
fn plainly(part: &str) -> Option<Plain> {
    let quoted = |text: &str| {
        let inner = text.trim().strip_prefix('"')?.strip_suffix('"')?;
        (!inner.contains(['"', '\\'])).then(|| inner.to_owned())
    };
    if let Some(tag) = part.strip_prefix("contact.tags.contains(").and_then(|rest| rest.strip_suffix(')')) {
        return quoted(tag).map(Plain::Tag);
    }
    if let Some(tag) = part.strip_suffix("contact.tags").and_then(|rest| rest.trim_end().strip_suffix(" in")) {
        return quoted(tag).map(Plain::Tag);
    }
    let rest = part.strip_prefix("contact.language")?.trim_start().strip_prefix("==")?;
    quoted(rest).map(Plain::Language)
}

impl Segment {
    /// The segment that the short form `contacts with tag cold` means; `None` for any other text.
    #[must_use]
    pub fn short(text: &str) -> Option<Self> {
        let tag = text.strip_prefix(SHORT)?.trim();
        let fits = !tag.is_empty() && tag.chars().count() <= MAX_TAG_CHARS && !tag.contains(char::is_control);
        let narrow = Narrow { tags: vec![tag.to_owned()], language: None };
        fits.then(|| Self { name: text.into(), title: text.to_owned(), narrow, when: None })
    }

    /// Whether `contact` is in it at `now`, and what decided that.
    ///
    /// # Errors
    /// When its condition fails.
    pub fn holds(&self, contact: &Contact, now: At) -> Result<Decision, expr::Error> {
        let mut saw = Map::new();
        if !self.narrow.tags.is_empty() {
            saw.insert("contact.tags".into(), contact.tags.keys().cloned().collect());
        }
        if self.narrow.language.is_some() {
            saw.insert("contact.language".into(), json!(contact.language));
        }
        let Some(when) = self.when.as_ref().filter(|_| self.narrow.fits(contact)) else {
            return Ok(Decision { holds: self.narrow.fits(contact), saw: Value::Object(saw) });
        };
        let mut scope = Scope::new();
        scope.set("contact", contact.scope());
        scope.set("now", Value::from(now.to_string()));
        let Decision { holds, saw: more } = when.condition(&scope)?;
        if let Value::Object(more) = more {
            saw.extend(more);
        }
        Ok(Decision { holds, saw: Value::Object(saw) })
    }
}

/// A search for the contacts of a segment, one contact after the other.
#[derive(Debug)]
pub struct Search {
    segment: Arc<Segment>,
    limit: usize,
    now: At,
    found: Contacts,
}

impl Search {
    /// A search that ends with `limit` contacts.
    #[must_use]
    pub fn new(segment: Arc<Segment>, limit: u32, now: At) -> Self {
        Self { segment, limit: limit as usize, now, found: Contacts::default() }
    }

    /// Looks at one more contact; the next page begins behind it.
    pub fn look(&mut self, contact: &Contact) {
        match self.segment.holds(contact, self.now) {
            Ok(decision) if decision.holds => self.found.contacts.extend(serde_json::from_value(contact.scope()).ok()),
            Ok(_) => {}
            Err(_) => self.found.failed += 1,
        }
        self.found.next = Some(contact.id.to_string());
    }

    /// Whether it has all that was asked for.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.found.contacts.len() >= self.limit
    }

    /// What was found; `last`: there are no more contacts to look at.
    #[must_use]
    pub fn end(mut self, last: bool) -> Contacts {
        self.found.next = self.found.next.filter(|_| !last);
        self.found
    }
}

/// The segment that `text` names: one of `segments`, or the short form.
#[must_use]
pub fn named(segments: &Segments, text: &str) -> Option<Arc<Segment>> {
    segments.get(text).cloned().or_else(|| Segment::short(text).map(Arc::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{TagSource, TagSourceKind};
    use crate::ids::ContactId;

    fn of(when: &str) -> Segment {
        let script = Script::compile(when, expr::Origin::default()).unwrap();
        Segment { name: "some".into(), title: "some".into(), narrow: Narrow::default().with(when), when: Some(script) }
    }

    fn contact(tags: &[&str], language: &str) -> Contact {
        let mut contact = Contact::new(ContactId(1), [0; 16]);
        contact.language = language.into();
        for tag in tags {
            let source = TagSource { kind: TagSourceKind::Import, id: String::new(), at: At(0) };
            contact.give_tag(tag, source);
        }
        contact
    }

    #[test]
    fn what_a_condition_says_plainly_is_found_by_an_index() {
        let narrow = |when: &str| of(when).narrow;
        let both = narrow(r#"contact.tags.contains("cold") && contact.language == "it" && contact.unread_count == 0"#);
        assert_eq!(both, Narrow { tags: vec!["cold".into()], language: Some("it".into()) });
        assert_eq!(narrow(r#""cold" in contact.tags"#).tags, ["cold"]);
        for open in [
            r#"contact.tags.contains("cold") || contact.unread_count > 0"#,
            r#"!contact.tags.contains("cold")"#,
            r#"if contact.unread_count > 0 && contact.tags.contains("cold") { true } else { true }"#,
            r#"contact.unread_count > 0 | true && contact.tags.contains("cold")"#,
            r#"contact.language != "it""#,
            r#"(contact.tags.contains("cold") || true) && true"#,
            r#"let all = true; all && contact.tags.contains("cold")"#,
        ] {
            assert_eq!(narrow(open), Narrow::default(), "{open}");
        }
    }

    #[test]
    fn narrowing_leaves_nobody_out_whom_the_condition_takes() {
        let contacts =
            [contact(&[], ""), contact(&["cold"], "it"), contact(&["cold", "vip"], "en"), contact(&["vip"], "it")];
        for when in [
            r#"contact.tags.contains("cold") && contact.tags.contains("vip")"#,
            r#"contact.language == "it" && ("vip" in contact.tags || contact.unread_count == 0)"#,
            r#"contact.tags.contains("cold") || contact.language == "it""#,
            r#"true ^ false && contact.tags.contains("cold")"#,
        ] {
            let segment = of(when);
            for contact in &contacts {
                let mut scope = Scope::new();
                scope.set("contact", contact.scope());
                let plain = segment.when.as_ref().unwrap().condition(&scope).unwrap().holds;
                assert_eq!(segment.holds(contact, At(0)).unwrap().holds, plain, "{when} {contact:?}");
                assert!(!plain || segment.narrow.fits(contact), "{when} {contact:?}");
            }
        }
    }

    #[test]
    fn the_short_form_names_a_tag() {
        let cold = Segment::short("contacts with tag cold").unwrap();
        assert!(cold.holds(&contact(&["cold"], ""), At(0)).unwrap().holds);
        assert!(!cold.holds(&contact(&["hot"], ""), At(0)).unwrap().holds);
        assert!(Segment::short("contacts with tag ").is_none() && Segment::short("cold-leads").is_none());
        assert!(named(&Segments::new(), "contacts with tag vip").is_some() && named(&Segments::new(), "vip").is_none());
    }
}
