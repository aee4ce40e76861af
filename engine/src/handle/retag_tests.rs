//! Tags of rules given and taken because a person asked for it over many contacts.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Input, handle};
use crate::book::{Book, Live, LiveRules, Published};
use crate::clock::At;
use crate::contact::{Contact, TagSource, TagSourceKind};
use crate::flowtest::tests::document;
use crate::ids::{ContactId, Ids, MailboxId, VersionId};
use crate::mailbox::Mailbox;
use crate::order::{Error, Order, Retagging};
use crate::rules::backtest::tests::file;
use crate::run::{What, journal};
use crate::store::{WaitKind, WaitOp, Work};

const NOW: At = At(1_800_000_000_000);
const WHO: ContactId = ContactId(7);
const LISTENS: &str =
    "format: 1\nflow: listens\non: [contact.tag_added, contact.tag_removed]\nsteps:\n  - set: { seen: true }\n";

/// A contact under the rules `tested`, and a flow that listens to every change of tags.
fn stage(list: &str) -> (Book, Mailbox) {
    let Published::Flow(version) = document(LISTENS).into_version(VersionId(2)) else { panic!("a flow") };
    let rules = vec![LiveRules { rules: file(list), since: At(0) }];
    let book = Book::new(vec![Live { version, since: At(0) }], Vec::new(), None).with_rules(rules);
    let mut mail = Mailbox::new(MailboxId::of_contact(WHO));
    mail.facts.contact = Some(Contact::new(WHO, [1; 16]));
    (book, mail)
}

fn given(mail: &mut Mailbox, tag: &str, kind: TagSourceKind, source: &str, at: At) {
    mail.facts.change_contact(|contact| contact.give_tag(tag, TagSource { kind, id: source.into(), at }));
}

fn order(stage: &mut (Book, Mailbox), rule: &str, what: Retagging) -> (Result<Value, Error>, Work) {
    let order = Order::Retag { rules: "tested".into(), rule: rule.into(), what };
    let mut work = Work::default();
    let ids = Ids::new(0);
    let input = Input::Order { by: "user:1 Mia".into(), order, about: None };
    let answer = handle(&stage.0, &mut stage.1, input, NOW, &ids, &mut work);
    (answer, work)
}

fn tags(stage: &(Book, Mailbox)) -> Vec<&str> {
    stage.1.facts.contact.iter().flat_map(|contact| contact.tags.keys()).map(String::as_str).collect()
}

fn told(work: &Work) -> Vec<(What, Value)> {
    let entries = work.journal.iter().flat_map(|row| journal::decode(row).expect("it is ours"));
    entries.map(|entry| (entry.what, entry.data)).collect()
}

const HOT: &str = r#"
  - rule: buys
    on: whatsapp.message_received
    when: text.mentions(event.text, "buy")
    then: { add_tags: [hot, vip], remove_tags: [cold], for: 3d, priority: high, escalate: { team: care } }
  - rule: watches
    on: whatsapp.message_received
    then: { add_tags: [seen] }
    watch: true
"#;

#[test]
fn a_rule_gives_what_it_gives_and_nothing_else_happens() {
    let mut stage = stage(HOT);
    given(&mut stage.1, "cold", TagSourceKind::Rule, "other/silent", NOW);
    stage.1.facts.change_contact(|contact| {
        contact.tags_off.insert("vip".into());
    });
    let (answer, work) = order(&mut stage, "buys", Retagging::Give);
    assert_eq!((answer, tags(&stage)), (Ok(json!({ "changed": true })), vec!["hot"]));
    let what = What::Retagged { rules: "tested".into(), rule: "buys".into() };
    let data = json!({ "added": ["hot"], "removed": [["cold", "other/silent"]], "kept_off": ["vip"] });
    assert_eq!(told(&work), [(what, data)]);
    let ends = work.waits.iter().filter_map(|op| match op {
        WaitOp::Arm(wait) if wait.kind == WaitKind::Tag => Some(wait.due_at),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [NOW.plus(Duration::from_secs(3 * 86_400))]);
    assert!(work.events.is_empty() && work.runs.is_empty() && work.escalations.is_empty(), "no flow and no human");
    // A second time there is nothing to give.
    let (answer, work) = order(&mut stage, "buys", Retagging::Give);
    assert_eq!((answer, told(&work)), (Ok(json!({ "changed": false })), Vec::new()));
}

#[test]
fn only_what_the_rule_gave_since_is_taken_back() {
    let mut stage = stage(HOT);
    let before = At(NOW.0 - 1_000);
    given(&mut stage.1, "hot", TagSourceKind::Rule, "tested/buys", NOW);
    given(&mut stage.1, "hot", TagSourceKind::Person, "Mia", NOW);
    given(&mut stage.1, "new", TagSourceKind::Rule, "tested/buys", NOW);
    given(&mut stage.1, "old", TagSourceKind::Rule, "tested/buys", before);
    given(&mut stage.1, "other", TagSourceKind::Rule, "tested/watches", NOW);
    let all = ["hot", "new", "old", "other"].map(str::to_owned).to_vec();
    let (answer, work) = order(&mut stage, "buys", Retagging::TakeBack { tags: all, since: NOW });
    assert_eq!((answer, tags(&stage)), (Ok(json!({ "changed": true })), vec!["hot", "old", "other"]));
    assert_eq!(told(&work)[0].1["removed"], json!([["hot", "tested/buys"], ["new", "tested/buys"]]));
    assert!(work.events.is_empty() && work.runs.is_empty());
}

#[test]
fn a_rule_that_is_not_in_force_or_watches_gives_nothing() {
    let mut stage = stage(HOT);
    for rule in ["watches", "nothing"] {
        let (answer, work) = order(&mut stage, rule, Retagging::Give);
        assert!(matches!(answer, Err(Error::Gone(_))), "{rule}: {answer:?}");
        assert!(work.tags.is_empty() && work.journal.is_empty());
    }
    stage.1.facts.contact = None;
    assert!(matches!(order(&mut stage, "buys", Retagging::Give).0, Err(Error::Gone(_))));
}
