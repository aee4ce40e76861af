//! How often a file of rules is right, on messages of which people said which tags they should give and which not.
//!
//! Each message stands alone, with the facts as they were recorded: tags that this file gave then are taken out. Tags are known by the
//! name that they have now, whichever the text, the facts or the mark says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::side::{Side, Verdicts};
use super::{TagNames, facts_of};
use crate::handle::event_from_row;
use crate::rules::{Rule, RuleFile};
use crate::store::{HistoryRow, LabelRow};

/// What rules said against what people said, tag by tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Accuracy")]
pub struct Hits {
    /// Given, and it should be.
    pub right: u64,
    /// Given, and it should not be.
    pub wrong: u64,
    /// Not given, and it should be.
    pub missed: u64,
    /// Not given, and it should not be.
    pub left: u64,
}

impl Hits {
    fn count(&mut self, given: bool, wanted: bool) {
        match (given, wanted) {
            (true, true) => self.right += 1,
            (true, false) => self.wrong += 1,
            (false, true) => self.missed += 1,
            (false, false) => self.left += 1,
        }
    }

    /// Of what was given, which part should be: 0 to 1. `None` when nothing was given.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.right, self.wrong)
    }

    /// Of what should be given, which part was: 0 to 1. `None` when nothing should be.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.right, self.missed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred messages")]
fn share(part: u64, rest: u64) -> Option<f64> {
    (part + rest > 0).then(|| part as f64 / (part + rest) as f64)
}

/// One file of rules on marked messages.
#[derive(Debug)]
pub struct Measure {
    file: Arc<RuleFile>,
    names: Arc<TagNames>,
    /// The tags that it gives.
    tags: BTreeSet<Arc<str>>,
    /// Those that only watching rules would give.
    watched: BTreeSet<Arc<str>>,
    /// By language; empty for those of whom none is known.
    pub languages: BTreeMap<String, Hits>,
    /// By rule: what it gives itself, so nothing is missed or left.
    pub rules: BTreeMap<Arc<str>, Hits>,
    /// Messages that say something of a tag of this file.
    pub messages: u64,
}

impl Measure {
    /// Of `file`, whose tags are called now as `names` says.
    #[must_use]
    pub fn new(file: Arc<RuleFile>, names: Arc<TagNames>) -> Self {
        let of = |watch: bool| {
            let rules = file.rules.iter().filter(move |rule| rule.watch == watch);
            rules.flat_map(|rule| &rule.then.add_tags).map(|tag| names.now(tag).into()).collect::<BTreeSet<Arc<str>>>()
        };
        let (tags, mut watched) = (of(false), of(true));
        watched.retain(|tag| !tags.contains(tag));
        Self { file, names, tags, watched, languages: BTreeMap::new(), rules: BTreeMap::new(), messages: 0 }
    }

    /// The tags that the file gives, in their order, by the names they have now.
    #[must_use]
    pub fn tags(&self) -> &BTreeSet<Arc<str>> {
        &self.tags
    }

    /// The tags that only rules which watch would give.
    #[must_use]
    pub fn watched(&self) -> &BTreeSet<Arc<str>> {
        &self.watched
    }

    /// Names that the text of the file says, of tags that have another now, with that one.
    #[must_use]
    pub fn renamed(&self) -> BTreeMap<Arc<str>, Arc<str>> {
        let said = self.file.rules.iter().flat_map(|rule| &rule.then.add_tags);
        said.filter(|tag| self.names.now(tag) != &***tag)
            .map(|tag| (Arc::clone(tag), self.names.now(tag).into()))
            .collect()
    }

    /// The tags that the file gives for a message; none for one that was erased.
    #[must_use]
    pub fn gives(&self, row: &HistoryRow) -> Vec<Arc<str>> {
        let Some(verdicts) = self.verdicts(row) else { return Vec::new() };
        let held = self.file.rules.iter().filter(|rule| !rule.watch && verdicts.held(&rule.id));
        let given: BTreeSet<Arc<str>> = held.flat_map(|rule| self.own(rule)).map(Into::into).collect();
        given.into_iter().collect()
    }

    /// What the rules come to for a message; nothing for one that was erased.
    fn verdicts(&self, row: &HistoryRow) -> Option<Verdicts> {
        row.event.body.as_ref()?;
        let event = event_from_row(row.event.clone());
        let (facts, _) = facts_of(&event, row.past.clone())?;
        Some(Side::new(Arc::clone(&self.names)).verdicts(&self.file, &event, &facts, true))
    }

    /// The tags of a rule, by the names they have now.
    fn own<'a>(&'a self, rule: &'a Rule) -> impl Iterator<Item = &'a str> {
        rule.then.add_tags.iter().map(|tag| self.names.now(tag))
    }

    /// All languages together.
    #[must_use]
    pub fn all(&self) -> Hits {
        let mut all = Hits::default();
        for hits in self.languages.values() {
            all.right += hits.right;
            all.wrong += hits.wrong;
            all.missed += hits.missed;
            all.left += hits.left;
        }
        all
    }

    /// Takes a marked message; one that was erased says nothing.
    pub fn take(&mut self, row: &HistoryRow, label: &LabelRow) {
        let said = label.tags.iter().map(|(tag, wanted)| (self.names.now(tag), *wanted));
        let marked: Vec<(Arc<str>, bool)> =
            said.filter(|(tag, _)| self.tags.contains(*tag)).map(|(tag, wanted)| (tag.into(), wanted)).collect();
        let Some(verdicts) = self.verdicts(row).filter(|_| !marked.is_empty()) else { return };
        let mut given: BTreeSet<Arc<str>> = BTreeSet::new();
        let file = Arc::clone(&self.file);
        for rule in file.rules.iter().filter(|rule| !rule.watch && verdicts.held(&rule.id)) {
            let own: BTreeSet<Arc<str>> = self.own(rule).map(Into::into).collect();
            for (_, wanted) in marked.iter().filter(|(tag, _)| own.contains(tag)) {
                self.rules.entry(Arc::clone(&rule.id)).or_default().count(true, *wanted);
            }
            given.extend(own);
        }
        self.messages += 1;
        let hits = self.languages.entry(label.language.clone()).or_default();
        for (tag, wanted) in marked {
            hits.count(given.contains(&tag), wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::file;
    use super::*;
    use crate::clock::At;
    use crate::event::{EventKey, MESSAGE_RECEIVED, Origin};
    use crate::ids::{ContactId, EventId, MailboxId};
    use crate::store::EventRow;

    const RULES: &str = r#"
  - rule: price
    on: whatsapp.message_received
    when: text.mentions(event.text, "price")
    then: { add_tags: [asks] }
  - rule: silent
    on: whatsapp.message_received
    then: { add_tags: [seen] }
    watch: true
"#;

    fn message(id: i64, text: &str, language: &str, tags: &[(&str, bool)]) -> (HistoryRow, LabelRow) {
        let event = EventRow {
            id: EventId(id),
            key: EventKey::new("", MESSAGE_RECEIVED, &id.to_string()),
            mailbox: MailboxId(7),
            contact_id: Some(ContactId(7)),
            conversation_id: None,
            connection: "wa".into(),
            kind: MESSAGE_RECEIVED.into(),
            origin: Origin::Customer,
            at: At(1_800_000_000_000),
            provider_at: None,
            depth: 0,
            format: 1,
            body: Some(serde_json::to_vec(&json!({ "id": "m", "kind": "text", "text": text })).unwrap()),
        };
        let label = LabelRow {
            event: EventId(id),
            contact: ContactId(7),
            text: text.into(),
            language: language.into(),
            tags: tags.iter().map(|(tag, wanted)| ((*tag).to_owned(), *wanted)).collect(),
            by: "cli".into(),
            at: At(0),
        };
        (HistoryRow { event, past: None }, label)
    }

    #[test]
    fn rules_are_right_wrong_and_late_by_language() {
        let mut measure = Measure::new(file(RULES), Arc::default());
        let messages = [
            message(1, "the price?", "en", &[("asks", true)]),
            message(2, "price is no object", "en", &[("asks", false)]),
            message(3, "how much", "en", &[("asks", true)]),
            message(4, "quanto costa", "it", &[("asks", true)]),
            message(5, "ciao", "it", &[("asks", false)]),
            message(6, "ciao", "it", &[("seen", true), ("other", true)]),
        ];
        for (row, label) in &messages {
            measure.take(row, label);
        }
        assert_eq!(
            measure.messages, 5,
            "a watching rule gives nothing, and the last message says nothing of this file"
        );
        assert_eq!(measure.languages["en"], Hits { right: 1, wrong: 1, missed: 1, left: 0 });
        assert_eq!(measure.languages["it"], Hits { right: 0, wrong: 0, missed: 1, left: 1 });
        assert_eq!(measure.languages["en"].precision(), Some(0.5));
        assert_eq!((measure.languages["it"].precision(), measure.languages["it"].recall()), (None, Some(0.0)));
        assert_eq!(measure.rules["price"], Hits { right: 1, wrong: 1, missed: 0, left: 0 });
    }
    #[test]
    fn marks_and_texts_may_say_an_old_name() {
        let names = Arc::new(TagNames::new([("asks".to_owned(), "price".to_owned())], []));
        for list in [RULES.to_owned(), RULES.replace("asks", "price")] {
            let mut measure = Measure::new(file(&list), Arc::clone(&names));
            assert_eq!(measure.gives(&message(1, "the price?", "en", &[]).0), ["price".into()]);
            for tag in ["asks", "price"] {
                let (row, label) = message(1, "the price?", "en", &[(tag, true)]);
                measure.take(&row, &label);
            }
            assert_eq!(measure.all(), Hits { right: 2, ..Hits::default() });
        }
    }
}
