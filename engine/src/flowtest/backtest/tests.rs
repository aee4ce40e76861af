//! What a back-test of a flow says, on histories made by the same `handle` as production.

use serde_json::json;

use super::*;
use crate::book::Published;
use crate::flowtest::tests::document;
use crate::ids::{JournalId, VersionId};
use crate::rules::backtest::tests::{History, file, hours};
use crate::run::journal::{self, Head};
use crate::run::{Entry, What};
use crate::store::JournalKind;

fn flow(when: &str, steps: &str) -> Arc<Version> {
    let text = format!(
        "format: 1\nflow: tried\non: [whatsapp.message_received]\nwhen: {when}\nsteps:\n{}\n",
        steps.trim_end()
    );
    match document(&text).into_version(VersionId(1)) {
        Published::Flow(version) => version,
        _ => panic!("a flow"),
    }
}

fn around(rules: &Arc<RuleFile>, recorded: Recorded) -> Arc<Around> {
    let samples = BTreeMap::from([("crm.create_ticket", json!({ "id": "sample", "url": null }))]);
    Arc::new(Around { rules: vec![Arc::clone(rules)], recorded, samples, ..Around::default() })
}

fn tried(past: History, now: Option<Arc<Version>>, draft: Arc<Version>, around: &Arc<Around>) -> FlowReport {
    let mut tried = FlowBacktest::new(now, draft, around);
    past.history.into_iter().for_each(|row| tried.take(row));
    tried.report()
}

fn counts(report: &FlowReport) -> Vec<(&str, u64, u64)> {
    report.actions.iter().map(|action| (&*action.what, action.now, action.draft)).collect()
}

#[test]
fn starts_and_actions_are_compared_after_the_rules_and_calls_answer_with_samples() {
    let rules = file(
        "\n  - rule: vip\n    on: whatsapp.message_received\n    when: text.mentions(event.text, \"gold\")\n    \
         then: { add_tags: [vip] }\n",
    );
    let answer = "  - do: whatsapp.send_text\n    with: { text: hello }\n  - do: contact.set_priority\n    \
                  with: { priority: low }\n";
    let now = flow("text.mentions(event.text, \"hi\") && !contact.tags.contains(\"vip\")", answer);
    let marked = format!("  - do: contact.add_tags\n    with: {{ tags: [greeted] }}\n{answer}");
    let draft = flow("text.mentions(event.text, [\"hi\", \"hello\"])", &marked);
    let mut past = History::under(&rules);
    past.says(hours(0), "hi").says(hours(1), "hello").says(hours(2), "hi, I am gold").says(hours(3), "bye");
    let report = tried(past, Some(now), draft, &around(&rules, Recorded::default()));
    assert_eq!((report.events, report.assumed, report.waiting), (4, 0, 0));
    assert_eq!((report.calls_recorded, report.calls_assumed), (0, 3));
    let starts = &report.starts;
    assert_eq!((starts.now, starts.draft, starts.gained, starts.lost), (1, 3, 2, 0));
    let why: Vec<&str> = starts.examples.iter().map(|example| &*example.why).collect();
    let expected =
        ["now: false is `text.mentions(event.text, \"hi\")`", "now: false is `!contact.tags.contains(\"vip\")`"];
    assert_eq!(why, expected);
    assert_eq!(
        counts(&report),
        [("contact.add_tags", 0, 3), ("contact.set_priority", 1, 3), ("whatsapp.send_text", 1, 3)]
    );
    let tags = &report.actions[0].examples[0];
    assert_eq!((tags.way, &*tags.why), (Way::Gained, "now: its run goes another way"));
}

#[test]
fn runs_live_on_waits_fall_due_and_later_messages_answer_them() {
    let rules = file(" []");
    let wait = "  - wait_for: whatsapp.message_received\n    timeout: 5h\n    take: true\n    then:\n      \
                - do: contact.add_tags\n        with: { tags: [answered] }\n    on_timeout:\n      \
                - do: contact.add_tags\n        with: { tags: [silent] }\n      \
                - do: whatsapp.send_text\n        with: { text: still there? }\n";
    let mut past = History::under(&rules);
    past.says(hours(0), "hi")
        .says(hours(4), "hi again")
        .says(hours(20), "hi")
        .says(hours(40), "bye")
        .says(hours(41), "hi");
    let report =
        tried(past, None, flow("text.mentions(event.text, \"hi\")", wait), &around(&rules, Recorded::default()));
    // The second message answers the first run and starts none; the last run still waits when history ends.
    assert_eq!((report.starts.draft, report.waiting), (3, 1));
    assert_eq!(counts(&report), [("contact.add_tags", 0, 2), ("whatsapp.send_text", 0, 1)]);
}

#[test]
fn the_same_call_answers_as_it_did_then() {
    let rules = file(" []");
    let steps = |subject: &str| {
        format!(
            "  - id: ticket\n    do: crm.create_ticket\n    with: {{ subject: {subject} }}\n  - if: steps.ticket.id == \"T7\"\n    \
             then: [{{ do: contact.add_tags, with: {{ tags: [known] }} }}]\n"
        )
    };
    let mut past = History::under(&rules);
    past.says(hours(0), "hi");
    let event = past.history[0].event.id;
    let entries = [
        Entry {
            what: What::Planned {
                step: "ticket".into(),
                n: 1,
                action: "crm.create_ticket".into(),
                connection: "crm".into(),
            },
            data: json!({ "subject": "Order" }),
        },
        Entry { what: What::Finished { step: "ticket".into(), n: 1 }, data: json!({ "id": "T7", "url": null }) },
    ];
    let head = Head {
        id: JournalId(1),
        subject: 1,
        seq: 0,
        kind: JournalKind::Turn,
        by: "",
        person: None,
        at: past.history[0].event.at,
    };
    let mut recorded = Recorded::default();
    recorded.add(event, &[journal::encode(head, &entries)]);
    let around = around(&rules, recorded);
    let (now, draft) = (flow("true", &steps("Order")), flow("true", &steps("Other")));
    let report = tried(past, Some(now), draft, &around);
    // The draft asks for another ticket: what that would have been called nobody knows.
    assert_eq!(counts(&report), [("contact.add_tags", 1, 0), ("crm.create_ticket", 1, 1)]);
    assert_eq!((report.calls_recorded, report.calls_assumed), (0, 1));
}

/// A burst starts one run, at its last message; the second start of an hour is too much.
#[test]
fn limits_hold_in_the_past_too() {
    let steps = "  - do: contact.set_priority\n    with: { priority: low }\n";
    let limited = |limits: &str| flow(&format!("event.text != \"bye\"\n{limits}"), steps);
    let rules = file(" []");
    let starts = |draft: Arc<Version>| {
        let mut past = History::under(&rules);
        let minute = hours(1) / 60;
        past.says(hours(0), "a").says(minute, "b").says(2 * minute, "bye").says(hours(1), "c").says(hours(2), "bye");
        let report = tried(past, Some(limited("")), draft, &around(&rules, Recorded::default()));
        let why = report.starts.examples.iter().map(|example| example.why.clone()).collect::<Vec<_>>();
        ((report.starts.now, report.starts.draft), why)
    };
    let throttled = starts(limited("throttle: { every: 30m }"));
    assert_eq!(throttled, ((3, 2), vec!["draft: it is kept from starting: throttled".to_owned()]));
    let gathered = starts(limited("debounce: 90s"));
    assert_eq!(gathered, ((3, 2), vec!["draft: it is kept from starting: joined".to_owned()]));
    let elsewhere = starts(limited("throttle: { key: contact.phone, every: 30m }"));
    assert_eq!(
        elsewhere,
        (
            (3, 2),
            vec![
                "draft: it is kept from starting: as many runs of this flow and key started in that time as may"
                    .to_owned()
            ]
        )
    );
    let in_turn = starts(limited("concurrency: { key: contact.phone, limit: 1 }"));
    assert_eq!(in_turn, ((3, 3), Vec::new()));
}
