//! What tag rules do, shown by tests in their own files: the same `handle` as in production, in virtual time.

use crate::flowtest::tests::{catalog, document};
use crate::flowtest::{Outcome, run};

/// Runs the tests of a file of rules.
fn outcomes(list: &str, tests: &str) -> Vec<Outcome> {
    let text = format!("format: 1\nrules: tested\nlist:\n{}\ntests:\n{}", list.trim_end(), tests.trim_end());
    run(vec![document(&text)], &catalog())
}

#[track_caller]
fn pass(list: &str, tests: &str) {
    for outcome in outcomes(list, tests) {
        assert!(outcome.passed, "{}: {:#?}\n{:#?}", outcome.name, outcome.failures, outcome.log);
    }
}

#[test]
fn rules_run_in_order_see_what_earlier_ones_did_and_stop() {
    let list = r#"
  - rule: price
    on: whatsapp.message_received
    when: text.mentions(event.text, "price")
    then: { add_tags: [asks] }
  - rule: hot
    on: whatsapp.message_received
    when: contact.tags.contains("asks")
    then: { add_tags: [hot], priority: high, language: it, fields: { asked: "{{event.text}}" } }
    stop: true
  - rule: never
    on: whatsapp.message_received
    then: { add_tags: [never] }
"#;
    pass(
        list,
        r#"
  - name: a price
    at: { 0s: { whatsapp.message_received: { text: the price? } } }
    rules: [price, hot]
    tags: [asks, hot]
    contact: { priority: high, language: it, fields: { asked: "the price?" } }
  - name: something else
    at: { 0s: { whatsapp.message_received: { text: hello } } }
    rules: [never]
    tags: [never]
    contact: { priority: medium }
"#,
    );
}

#[test]
fn a_watched_rule_is_told_and_changes_nothing() {
    let list = r#"
  - rule: all
    on: whatsapp.message_received
    then: { add_tags: [seen], priority: low, escalate: { team: care } }
    watch: true
"#;
    pass(
        list,
        r#"
  - name: it holds and nothing happens
    at: { 0s: { whatsapp.message_received: { text: hello } } }
    rules: [all]
    tags: []
    contact: { priority: medium }
"#,
    );
}

#[test]
fn a_test_may_look_at_one_rule_alone() {
    let list = r#"
  - rule: all
    on: whatsapp.message_received
    then: { add_tags: [seen], escalate: { team: care } }
  - rule: buys
    on: whatsapp.message_received
    when: text.mentions(event.text, "buy")
    then: { add_tags: [hot] }
"#;
    pass(
        list,
        r#"
  - name: who says hello does not buy
    at: { 0s: { whatsapp.message_received: { text: hello } } }
    others: allowed
    not_held: [buys]
  - name: who buys does
    at: { 0s: { whatsapp.message_received: { text: I buy } } }
    others: allowed
    held: [buys]
"#,
    );
    let wrong = r#"
  - name: the other way round
    at: { 0s: { whatsapp.message_received: { text: hello } } }
    others: allowed
    held: [buys]
    not_held: [all]
"#;
    assert_eq!(outcomes(list, wrong)[0].failures, ["the rule buys did not hold", "the rule all held"]);
}

#[test]
fn a_tag_for_a_time_ends_after_the_rule_last_held() {
    let list = r#"
  - rule: hot
    on: whatsapp.message_received
    when: text.mentions(event.text, "buy")
    then: { add_tags: [hot], for: 3d }
"#;
    pass(
        list,
        r#"
  - name: it ends
    at: { 0s: { whatsapp.message_received: { text: buy } } }
    tags: { 71h: [hot], 72h: [] }
  - name: it is prolonged
    at:
      0s: { whatsapp.message_received: { text: buy } }
      48h: { whatsapp.message_received: { text: I buy } }
    tags: { 72h: [hot], 119h: [hot], 120h: [] }
  - name: another source keeps it
    given: { contact: { tags: [hot] } }
    at: { 0s: { whatsapp.message_received: { text: buy } } }
    tags: { 80h: [hot] }
"#,
    );
}

#[test]
fn a_rule_takes_only_what_rules_gave() {
    let list = r#"
  - rule: hot
    on: whatsapp.message_received
    when: text.mentions(event.text, "buy")
    then: { add_tags: [hot] }
  - rule: cold
    on: whatsapp.message_received
    when: text.mentions(event.text, "later")
    then: { remove_tags: [hot, vip] }
"#;
    pass(
        list,
        r#"
  - name: its own goes, the CRM's stays
    given: { contact: { tags: [vip] } }
    at:
      0s: { whatsapp.message_received: { text: buy } }
      1h: { whatsapp.message_received: { text: later } }
    tags: { 1m: [hot, vip], 2h: [vip] }
"#,
    );
}

#[test]
fn an_endless_script_stops_its_rule_and_no_other() {
    let list = r#"
  - rule: endless
    on: whatsapp.message_received
    when: "let n = 0; loop { n += 1; } n > 0"
    then: { add_tags: [endless] }
  - rule: fails
    on: whatsapp.message_received
    then: { add_tags: [fails], fields: { n: "= event.text > 5" } }
  - rule: fine
    on: whatsapp.message_received
    then: { add_tags: [fine] }
"#;
    let test = r#"
  - name: the third goes on
    at: { 0s: { whatsapp.message_received: { text: hello } } }
    rules: [fine]
    tags: [fine]
"#;
    pass(list, test);
    let log = outcomes(list, test)[0].log.join("\n");
    assert!(log.contains("rule endless does not hold (error)") && log.contains("200 000 operations"), "{log}");
}

#[test]
fn a_silence_is_judged_once_and_by_the_rules_that_name_it() {
    let list = r#"
  - rule: two-days
    on: { conversation.no_reply: { after: 48h, silent: us } }
    then: { add_tags: [waits], escalate: { team: care, accept_within: 1h, reason: nobody answered } }
  - rule: a-week
    on: { conversation.no_reply: { after: 7d, silent: us } }
    then: { add_tags: [forgotten] }
"#;
    pass(
        list,
        r#"
  - name: two thresholds
    at: { 0s: { whatsapp.message_received: { text: hello } } }
    expect:
      - at: 48h
        human.escalate: { team: care, reason: nobody answered }
    rules: [two-days, a-week]
    tags: { 47h: [], 48h: [waits], 168h: [forgotten, waits] }
"#,
    );
}

#[test]
fn a_human_is_asked_once_while_the_demand_is_open() {
    let list = r#"
  - rule: complaint
    name: Somebody complains
    on: whatsapp.message_received
    then: { escalate: { team: care } }
"#;
    pass(
        list,
        r#"
  - name: two angry messages
    at:
      0s: { whatsapp.message_received: { text: bad } }
      5s: { whatsapp.message_received: { text: very bad } }
    expect:
      - human.escalate: { team: care, reason: Somebody complains }
    rules: [complaint, complaint]
"#,
    );
}

#[test]
fn history_and_echoes_are_judged_by_no_rule() {
    let list = r#"
  - rule: all
    on: whatsapp.message_received
    then: { add_tags: [seen] }
"#;
    pass(
        list,
        r#"
  - name: history
    at: { 0s: [ { whatsapp.message_received: { text: a, origin: history } }, { whatsapp.message_received: { text: a, origin: app_echo } } ] }
    rules: []
    tags: []
"#,
    );
}

#[test]
fn what_was_not_as_expected_is_told() {
    let list = r#"
  - rule: all
    on: whatsapp.message_received
    then: { add_tags: [seen] }
"#;
    let wrong = r#"
  - name: everything is wrong
    at: { 0s: { whatsapp.message_received: { text: a } } }
    rules: []
    tags: { 1s: [other] }
    contact: { priority: high }
"#;
    let failures = outcomes(list, wrong)[0].failures.join("\n");
    for part in
        ["rules: expected [], those that held are [\"all\"]", "tags at 1s: expected [\"other\"]", "contact.priority"]
    {
        assert!(failures.contains(part), "{part} is not in\n{failures}");
    }
}
