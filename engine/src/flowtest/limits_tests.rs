//! `concurrency`, `throttle` and `debounce` in virtual time, with the gate in the contact's mailbox and in one of its own.

use super::tests::{failure, outcome, passes};

/// Keys that the contact's mailbox counts itself, and one for which a gate is asked.
const KEYS: [&str; 3] = ["contact.id", "conversation.id", "contact.phone"];

/// Each run works for a minute: its call is tried again every 20 s.
const AT_WORK: &str = r#"
on: whatsapp.message_received
LIMITS
steps:
  - do: contact.add_tags
    with: { tags: ["{{event.text}}"] }
  - do: crm.create_ticket
    with: { subject: "{{event.text}}" }
    retry: [20s, 20s, 20s]
  - do: contact.remove_tags
    with: { tags: ["{{event.text}}"] }
finally:
  - set: { cleaned: "{{event.text}}" }
"#;
const FOR_A_MINUTE: &str = "
fake: { crm.create_ticket: [{ fail: later }, { fail: later }, { fail: later }, { id: T1 }] }
others: allowed";

fn at_work(limits: &str) -> String {
    AT_WORK.replace("LIMITS", limits)
}

#[test]
fn a_run_waits_for_its_turn_in_the_order_of_arrival() {
    for key in KEYS {
        let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  10s: { whatsapp.message_received: { text: b } }
  11s: { whatsapp.message_received: { text: c } }
expect:
  - at: 0s
    contact.add_tags: { tags: [a] }
  - at: 1m
    contact.remove_tags: { tags: [a] }
  - at: 1m
    contact.add_tags: { tags: [b] }
  - contact.remove_tags: { tags: [b] }
  - contact.add_tags: { tags: [c] }
end: done"#;
        passes(&at_work(&format!("concurrency: {{ key: {key}, limit: 1 }}")), &format!("{test}{FOR_A_MINUTE}"));
    }
}

#[test]
fn two_work_at_once_where_the_limit_is_two() {
    for key in KEYS {
        let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  1s: { whatsapp.message_received: { text: b } }
  2s: { whatsapp.message_received: { text: c } }
fake: { crm.create_ticket: [{ fail: later }, { fail: later }, { id: T1 }] }
expect:
  - at: 0s
    contact.add_tags: { tags: [a] }
  - at: 1s
    contact.add_tags: { tags: [b] }
  - at: 40s
    contact.remove_tags: { tags: [a] }
  - at: 40s
    contact.add_tags: { tags: [c] }
others: allowed
end: done"#;
        passes(&at_work(&format!("concurrency: {{ key: {key}, limit: 2 }}")), test);
    }
}

#[test]
fn with_skip_no_second_run_starts_while_one_works() {
    for key in KEYS {
        let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  10s: { whatsapp.message_received: { text: b } }
  2m: { whatsapp.message_received: { text: c } }
never:
  - contact.add_tags: { tags: [b] }
expect:
  - contact.add_tags: { tags: [a] }
  - at: 2m
    contact.add_tags: { tags: [c] }"#;
        let flow = at_work(&format!("concurrency: {{ key: {key}, limit: 1, busy: skip }}"));
        passes(&flow, &format!("{test}{FOR_A_MINUTE}"));
    }
}

#[test]
fn with_replace_the_older_run_is_cancelled_with_its_clean_up() {
    for key in KEYS {
        let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  10s: { whatsapp.message_received: { text: b } }
never:
  - contact.remove_tags: { tags: [a] }
expect:
  - contact.add_tags: { tags: [a] }
  - at: 10s
    contact.add_tags: { tags: [b] }
  - contact.remove_tags: { tags: [b] }
vars: { cleaned: b }"#;
        let flow = at_work(&format!("concurrency: {{ key: {key}, limit: 1, busy: replace }}"));
        let told = outcome(&flow, &format!("{test}{FOR_A_MINUTE}"));
        assert!(told.passed, "{told:#?}");
        let ended = |words: &str| told.log.iter().filter(|line| line.contains(words)).count();
        assert_eq!((ended("run cancelled"), ended("run done")), (1, 1), "{told:#?}");
    }
}

/// The second run begins while the first one waits for its answer; when both are answered, one waits for the other.
#[test]
fn a_run_that_waits_has_no_place_and_takes_one_again_when_it_goes_on() {
    let flow = r#"
on: whatsapp.order_received
concurrency: { key: KEY }
steps:
  - do: contact.add_tags
    with: { tags: ["{{event.order.note}}"] }
  - wait_for: whatsapp.message_received
    match: reply.text == event.order.note
    timeout: 48h
  - do: crm.create_ticket
    with: { subject: "{{event.order.note}}" }
    retry: [20s]
"#;
    for key in KEYS {
        let test = r#"
at:
  0s: { whatsapp.order_received: { order: { note: a } } }
  1m: { whatsapp.order_received: { order: { note: b } } }
  60m: { whatsapp.message_received: { text: a } }
  3601s: { whatsapp.message_received: { text: b } }
fake: { crm.create_ticket: [{ fail: later }, { id: T1 }] }
expect:
  - at: 0s
    contact.add_tags: { tags: [a] }
  - at: 1m
    contact.add_tags: { tags: [b] }
  - at: 1h
    crm.create_ticket: { subject: a }
  - at: 3620s
    crm.create_ticket: { subject: b }
end: done"#;
        passes(&flow.replace("KEY", key), test);
    }
}

const THROTTLED: &str = r#"
on: whatsapp.message_received
throttle: { key: KEY, limit: 2, every: 1h }
steps:
  - do: contact.add_tags
    with: { tags: ["{{event.text}}"] }
"#;

#[test]
fn a_throttle_counts_starts_in_any_such_time() {
    for key in KEYS {
        let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  30m: { whatsapp.message_received: { text: b } }
  59m: { whatsapp.message_received: { text: c } }
  60m: { whatsapp.message_received: { text: d } }
  61m: { whatsapp.message_received: { text: e } }
expect:
  - contact.add_tags: { tags: [a] }
  - contact.add_tags: { tags: [b] }
  - at: 1h
    contact.add_tags: { tags: [d] }"#;
        passes(&THROTTLED.replace("KEY", key), test);
    }
}

#[test]
fn what_a_limit_keeps_from_starting_is_told_with_the_reason() {
    let three = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  1s: { whatsapp.message_received: { text: b } }
  2s: { whatsapp.message_received: { text: c } }
others: allowed"#;
    for (key, words) in
        [("contact.id", "does not start the flow (throttled)"), ("contact.phone", "started in that time as may")]
    {
        let told = outcome(&THROTTLED.replace("KEY", key), three);
        assert!(told.log.iter().any(|line| line.contains(words)), "{told:#?}");
    }
}

#[test]
fn a_key_that_cannot_be_worked_out_starts_nothing_and_says_so() {
    let flow = THROTTLED.replace("KEY", "contact.fields.shop");
    let told = outcome(&flow, "at: { 0s: { whatsapp.message_received: { text: a } } }\nexpect: []");
    assert!(told.passed && told.log.iter().any(|line| line.contains("contact.fields.shop")), "{told:#?}");
}

const GATHERING: &str = r#"
on: whatsapp.message_received
debounce: 5s
steps:
  - do: crm.create_ticket
    with: { subject: "{{len event.texts}}: {{event.text}}" }
"#;

#[test]
fn a_burst_starts_one_run_after_the_quiet_time_with_all_its_texts() {
    let test = r#"
at:
  0s: { whatsapp.message_received: { text: how } }
  3s: { whatsapp.message_received: { text: much } }
  7s: { whatsapp.message_received: { text: is it? } }
  1m: { whatsapp.message_received: { text: hello? } }
expect:
  - at: 12s
    crm.create_ticket: { subject: "3: how\nmuch\nis it?" }
  - at: 65s
    crm.create_ticket: { subject: "1: hello?" }
end: done"#;
    passes(GATHERING, test);
}

#[test]
fn a_burst_without_end_starts_its_run_after_ten_quiet_times() {
    use std::fmt::Write as _;
    let mut test = "at:\n".to_owned();
    for n in 0..14 {
        let _ = writeln!(test, "  {}s: {{ whatsapp.message_received: {{ text: m }} }}", n * 4);
    }
    let thirteen = ["m"; 13].join(r"\n");
    let _ = writeln!(test, "expect:\n  - at: 50s\n    crm.create_ticket: {{ subject: \"13: {thirteen}\" }}");
    passes(GATHERING, &format!("{test}  - at: 57s\n    crm.create_ticket: {{ subject: \"1: m\" }}"));
}

#[test]
fn a_key_divides_the_bursts_of_a_contact() {
    let flow = GATHERING.replace("debounce: 5s", "debounce: { for: 5s, key: event.message.type }");
    let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  1s: { whatsapp.message_received: { text: b, message: { type: image } } }
  2s: { whatsapp.message_received: { text: c } }
expect:
  - at: 6s
    crm.create_ticket: { subject: "1: b" }
  - at: 7s
    crm.create_ticket: { subject: "2: a\nc" }"#;
    passes(&flow, test);
}

/// It is throttled as one, and waits for its turn as one.
#[test]
fn a_burst_counts_as_one_start() {
    let limits = "debounce: 5s\nthrottle: { every: 1h }\nconcurrency: { key: contact.phone }";
    let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
  1s: { whatsapp.message_received: { text: b } }
  1m: { whatsapp.message_received: { text: c } }
expect:
  - at: 6s
    crm.create_ticket: { subject: "2: a\nb" }"#;
    passes(&GATHERING.replace("debounce: 5s", limits), test);
}

#[test]
fn a_test_that_expects_no_quiet_time_is_told_so() {
    let test = r#"
at:
  0s: { whatsapp.message_received: { text: a } }
expect:
  - at: 0s
    crm.create_ticket"#;
    let said = failure(GATHERING, &test.replace("crm.create_ticket", "crm.create_ticket: {}"));
    assert!(said.contains("at: expected 0s, it is 5s"), "{said}");
}
