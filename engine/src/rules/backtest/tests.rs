//! What a back-test says, on histories made by the same `handle` as production.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Backtest, Changes, OverPast, Reason, Report, TagNames, Way};
use crate::book::{Book, LiveRules, Published};
use crate::clock::At;
use crate::contact::{Contact, Conversation};
use crate::event::{Event, EventKey, MESSAGE_RECEIVED, Origin};
use crate::flowtest::tests::document;
use crate::handle::{Input, encode_event, handle};
use crate::ids::{ContactId, ConversationId, EventId, Ids, MailboxId, VersionId};
use crate::inbox::Inbox;
use crate::mailbox::Mailbox;
use crate::order::Order;
use crate::rules::RuleFile;
use crate::store::{EventRow, HistoryRow, JournalKind, Past, Work};

const START: At = At(1_767_603_600_000);
const CONTACT: ContactId = ContactId(7);
const TALK: ConversationId = ConversationId(8);

pub(crate) fn file(list: &str) -> Arc<RuleFile> {
    let text = format!("format: 1\nrules: tested\nlist:\n{list}");
    match document(&text).into_version(VersionId(1)) {
        Published::Rules(file) => file,
        _ => panic!("a file of rules"),
    }
}

/// A customer whose messages are handled under some rules; what a store would hold of them is the history.
pub(crate) struct History {
    mail: Mailbox,
    book: Book,
    ids: Ids,
    names: Arc<TagNames>,
    pub(crate) history: Vec<HistoryRow>,
}

impl History {
    pub(crate) fn under(rules: &Arc<RuleFile>) -> Self {
        let mut mail = Mailbox::new(MailboxId::of_contact(CONTACT));
        mail.facts.contact = Some(Contact { phone: Some("+39061234".into()), ..Contact::new(CONTACT, [1; 16]) });
        mail.facts.conversations.push(Conversation {
            id: TALK,
            contact: CONTACT,
            number: "n".into(),
            address: "a".into(),
            connection: "wa".into(),
            window_closes_at: None,
            session_messages: 0,
            session_opened_at: None,
            last_inbound_at: None,
            last_outbound_at: None,
            inbox: Inbox::default(),
            rev: 0,
        });
        let book = Book::default().with_rules(vec![LiveRules { rules: Arc::clone(rules), since: At(0) }]);
        Self { mail, book, ids: Ids::new(0), names: Arc::default(), history: Vec::new() }
    }

    pub(crate) fn says(&mut self, after: Duration, text: &str) -> &mut Self {
        let at = START.plus(after);
        let id = EventId(self.ids.next(at));
        let event = Event {
            id,
            key: EventKey::new("t", MESSAGE_RECEIVED, &id.to_string()),
            mailbox: self.mail.id,
            contact: Some(CONTACT),
            conversation: Some(TALK),
            connection: "wa".into(),
            kind: MESSAGE_RECEIVED.into(),
            origin: Origin::Customer,
            at,
            provider_at: Some(at),
            depth: 0,
            seen: Arc::default(),
        };
        let event = event.with_fields(json!({ "text": text, "message": { "id": "m", "type": "text" } }));
        let mut work = Work::default();
        let input = Input::Event { event: Arc::new(event.clone()), input: None };
        handle(&self.book, &mut self.mail, input, at, &self.ids, &mut work).expect("an event");
        let row = work.journal.into_iter().find(|row| row.kind == JournalKind::Handling).expect("it was handled");
        let event = EventRow {
            id: event.id,
            key: event.key,
            mailbox: event.mailbox,
            contact_id: event.contact,
            conversation_id: event.conversation,
            connection: event.connection.to_string(),
            kind: event.kind.to_string(),
            origin: event.origin,
            at,
            provider_at: event.provider_at,
            depth: 0,
            format: 1,
            body: Some(encode_event(&event.fields())),
        };
        let past = Past {
            handled: row.data.map(|data| (row.format, data)),
            phone: Some("+39061234".into()),
            ..Past::default()
        };
        self.history.push(HistoryRow { event, past: Some(past) });
        self
    }

    fn tagged(&mut self, after: Duration, add: &str) -> &mut Self {
        self.tags(after, &[add], &[])
    }

    fn person(&mut self, after: Duration, remove: &str) -> &mut Self {
        self.tags(after, &[], &[remove])
    }

    fn tags(&mut self, after: Duration, add: &[&str], remove: &[&str]) -> &mut Self {
        let [add, remove] = [add, remove].map(|tags| tags.iter().map(|tag| (*tag).into()).collect());
        let order = Order::ChangeTags { add, remove, allow: Vec::new() };
        let input = Input::Order { by: "cli".into(), order, about: None };
        handle(&self.book, &mut self.mail, input, START.plus(after), &self.ids, &mut Work::default()).expect("done");
        self
    }

    fn tried(&self, now: Option<&Arc<RuleFile>>, draft: &Arc<RuleFile>) -> Report {
        let mut backtest = Backtest::new(now.cloned(), Arc::clone(draft), &self.names);
        self.history.iter().cloned().for_each(|row| backtest.take(row));
        backtest.report()
    }
}

pub(crate) fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

fn counts(report: &Report, rule: &str) -> (u64, u64, u64, u64) {
    let rule = report.rules.iter().find(|found| *found.rule == *rule).expect("the rule");
    (rule.now, rule.draft, rule.gained, rule.lost)
}

#[test]
fn gained_and_lost_are_counted_and_explained_by_the_part_that_decided() {
    let now = file(
        r#"
  - rule: price
    on: whatsapp.message_received
    when: text.mentions(event.text, "price") && event.text.len() < 20
    then: { add_tags: [asks] }
"#,
    );
    let draft = file(
        r#"
  - rule: price
    on: whatsapp.message_received
    when: text.mentions(event.text, ["price", "cost"]) && !text.contains(event.text, "please")
    then: { add_tags: [asks] }
"#,
    );
    let mut past = History::under(&now);
    past.says(hours(0), "the price?").says(hours(1), "what does it cost").says(hours(2), "price please");
    past.says(hours(3), "hello");
    let report = past.tried(Some(&now), &draft);
    assert_eq!((report.events, counts(&report, "price")), (4, (2, 2, 1, 1)));
    assert!(!report.reads_facts && report.assumed == 0);
    let [gained, lost] = &report.rules[0].examples[..] else { panic!("{:#?}", report.rules) };
    assert_eq!((gained.example.way, &*gained.example.text), (Way::Gained, "what does it cost"));
    assert_eq!(gained.example.why, "now: false is `text.mentions(event.text, \"price\")`");
    assert_eq!(
        (lost.example.way, &*lost.example.why),
        (Way::Lost, "draft: false is `!text.contains(event.text, \"please\")`")
    );
    assert_eq!(past.tried(None, &draft).rules[0].examples[0].example.why, "now: there are no such rules in force");
    let same = past.tried(Some(&now), &now);
    assert_eq!(counts(&same, "price"), (2, 2, 0, 0));
}

#[test]
fn each_side_keeps_the_tags_that_it_would_have_given() {
    let first_time = |word: &str| {
        file(&format!(
            r#"
  - rule: first
    on: whatsapp.message_received
    when: text.mentions(event.text, "{word}") && !contact.tags.contains("met")
    then: {{ add_tags: [met], for: 10h }}
"#
        ))
    };
    let (now, draft) = (first_time("hello"), first_time("hi"));
    let mut past = History::under(&now);
    past.says(hours(0), "hello").says(hours(1), "hi").says(hours(2), "hi hello").says(hours(12), "hi hello");
    let report = past.tried(Some(&now), &draft);
    assert_eq!((report.reads_facts, report.assumed), (true, 0));
    // Today's tags hold the work of `now`; the draft must not see it, but its own, which ends after 10 h.
    assert_eq!(counts(&report, "first"), (2, 2, 1, 1));
    assert_eq!(counts(&past.tried(Some(&now), &now), "first"), (2, 2, 0, 0), "as it was in production");
}

#[test]
fn what_a_person_took_stays_off_in_the_past_too() {
    let rules = file(
        r#"
  - rule: vip
    on: whatsapp.message_received
    then: { add_tags: [vip] }
  - rule: greets
    on: whatsapp.message_received
    when: contact.tags.contains("vip")
    then: { priority: high }
"#,
    );
    let mut past = History::under(&rules);
    past.says(hours(0), "one").person(hours(1), "vip").says(hours(2), "two");
    let report = past.tried(Some(&rules), &rules);
    assert_eq!(counts(&report, "vip"), (2, 2, 0, 0));
    assert_eq!(counts(&report, "greets"), (1, 1, 0, 0));
}

#[test]
fn rules_see_the_conversation_as_it_was() {
    let rules = file(
        r#"
  - rule: third
    on: whatsapp.message_received
    when: conversation.session.messages == 3 && conversation.window_open && contact.phone.starts_with("+39")
    then: { add_tags: [talkative] }
"#,
    );
    let mut past = History::under(&rules);
    past.says(hours(0), "a").says(hours(1), "b").says(hours(2), "c").says(hours(40), "d");
    assert_eq!(counts(&past.tried(Some(&rules), &rules), "third"), (1, 1, 0, 0));
    // Events from before facts were kept: today's facts are put in, and that is said.
    for row in &mut past.history {
        row.past.as_mut().expect("facts").handled = None;
    }
    let report = past.tried(Some(&rules), &rules);
    assert_eq!((report.events, report.assumed, counts(&report, "third").1), (4, 4, 0));
}

#[test]
fn conflicts_failures_stops_and_silences_nobody_waited_for_are_told() {
    let draft = file(
        r#"
  - rule: hot
    on: whatsapp.message_received
    then: { add_tags: [hot], priority: high }
  - rule: cold
    on: whatsapp.message_received
    when: text.mentions(event.text, "no")
    then: { remove_tags: [hot], priority: low }
    stop: true
  - rule: broken
    on: whatsapp.message_received
    when: event.text > 5
    then: { add_tags: [broken] }
  - rule: silent
    on: { conversation.no_reply: { after: 9h } }
    then: { add_tags: [silent] }
"#,
    );
    let now = file("\n  - rule: broken\n    on: whatsapp.message_received\n    then: { add_tags: [broken] }\n");
    let mut past = History::under(&now);
    past.says(hours(0), "no").says(hours(1), "yes");
    let report = past.tried(Some(&now), &draft);
    let about: Vec<_> = report.conflicts.iter().map(|conflict| (&*conflict.about, conflict.events)).collect();
    assert_eq!(about, [("priority", 1), ("tag hot", 1)]);
    assert_eq!(report.not_tried, ["silent".into()] as [Arc<str>; 1]);
    let broken = report.rules.iter().find(|rule| &*rule.rule == "broken").expect("it is there");
    assert_eq!((broken.now, broken.lost, broken.failed), (2, 2, 1));
    assert_eq!(broken.examples[0].example.why, "draft: the rule cold stopped the list before it");
    assert!(broken.examples[1].example.why.starts_with("draft: it fails: "), "{}", broken.examples[1].example.why);
}

#[test]
fn back_tests_of_different_contacts_join() {
    let rules = file("\n  - rule: all\n    on: whatsapp.message_received\n    then: { add_tags: [seen] }\n");
    let mut past = History::under(&rules);
    for n in 0..10 {
        past.says(hours(n), "x");
    }
    let whole = past.tried(None, &rules);
    let mut one = Backtest::new(None, Arc::clone(&rules), &past.names);
    let mut other = Backtest::new(None, Arc::clone(&rules), &past.names);
    for (place, row) in past.history.iter().cloned().enumerate() {
        if place % 2 == 0 { one.take(row) } else { other.take(row) }
    }
    one.join(other);
    let joined = one.report();
    assert_eq!((joined.events, &joined.rules[0]), (whole.events, &whole.rules[0]));
    assert_eq!(joined.rules[0].examples.len(), 5);
}

#[test]
fn what_was_erased_is_left_out_and_counted() {
    let rules = file("\n  - rule: all\n    on: whatsapp.message_received\n    then: { add_tags: [seen] }\n");
    let mut past = History::under(&rules);
    past.says(hours(0), "x").says(hours(1), "y");
    past.history[0].event.body = None;
    let report = past.tried(None, &rules);
    assert_eq!((report.events, report.erased), (1, 1));
    let shown: Value = serde_json::to_value(&report).expect("JSON");
    assert_eq!(shown["rules"][0]["gained"], 1);
}

#[test]
fn contacts_are_gained_and_lost_once_however_often_they_write() {
    let rule = |word: &str| {
        file(&format!(
            "\n  - rule: asks\n    on: whatsapp.message_received\n    when: text.mentions(event.text, \"{word}\")\n    \
             then: {{ add_tags: [asks] }}\n"
        ))
    };
    let (now, draft) = (rule("price"), rule("cost"));
    let mut past = History::under(&now);
    past.says(hours(0), "price").says(hours(1), "price price").says(hours(2), "cost");
    past.says(hours(3), "price").says(hours(4), "price").says(hours(5), "cost");
    for (place, row) in past.history.iter_mut().enumerate() {
        // The third and fourth message are of two others; the last is of the first contact, who is on both sides then.
        row.event.contact_id = Some(ContactId([7, 7, 8, 9, 9, 7][place]));
    }
    let report = past.tried(Some(&now), &draft);
    let rule = &report.rules[0];
    assert_eq!((rule.now, rule.draft, rule.gained, rule.lost), (4, 2, 2, 4));
    let Changes { now, draft, gained, lost } = rule.contacts;
    assert_eq!((now, draft, gained, lost), (2, 2, 1, 1));
    let shown: Vec<_> = rule.examples.iter().map(|one| (one.example.way, one.example.contact, one.changes)).collect();
    assert_eq!(shown[..2], [(Way::Gained, Some(ContactId(8)), true), (Way::Gained, Some(CONTACT), false)]);
    assert_eq!(shown[2], (Way::Lost, Some(ContactId(9)), true));
    assert!(shown[3..].iter().all(|(way, _, _)| *way == Way::Lost), "{shown:?}");
    assert_eq!(rule.examples[0].reason, Reason::False { parts: vec!["text.mentions(event.text, \"price\")".into()] });
}

#[test]
fn facts_that_were_recorded_before_a_tag_was_renamed_are_read_by_its_new_name() {
    let then = file(
        "\n  - rule: marks\n    on: whatsapp.message_received\n    when: text.mentions(event.text, \"price\")\n    then: { add_tags: [asks] }\n  \
         - rule: greets\n    on: whatsapp.message_received\n    when: '\"vip\" in contact.tags'\n    then: { priority: high }\n",
    );
    let mut past = History::under(&then);
    past.tagged(hours(0), "vip").says(hours(1), "price").says(hours(2), "hello");
    past.names = Arc::new(TagNames::new(
        [("vip", "gold"), ("asks", "wants")].map(|(old, new)| (old.to_owned(), new.to_owned())),
        [],
    ));
    let now = file(
        "\n  - rule: marks\n    on: whatsapp.message_received\n    when: text.mentions(event.text, \"price\")\n    then: { add_tags: [wants] }\n  \
         - rule: greets\n    on: whatsapp.message_received\n    when: '\"gold\" in contact.tags && \"asks\" in contact.tags'\n    \
         then: { priority: high }\n",
    );
    let report = past.tried(Some(&then), &now);
    let counts: Vec<_> = report.rules.iter().map(|rule| (&*rule.rule, rule.now, rule.draft)).collect();
    assert_eq!(counts, [("marks", 1, 1), ("greets", 2, 1)], "the tag of this file is there from the second message on");
}
