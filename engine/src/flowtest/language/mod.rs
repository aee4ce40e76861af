//! Tests of the language: what each kind of step does, seen through tests in virtual time.

mod asking;
mod branching;
mod calling;

use super::run;
use super::tests::{outcome, passes};
use crate::flowtest::tests::{catalog, document};

const HELLO: &str = "at: { 0s: { whatsapp.message_received: { text: hello } } }\n";
const ORDER: &str = "at: { 0s: { whatsapp.order_received: { order: { id: A1, total: 30, currency: EUR, items: [{ sku: one, quantity: 1, price: 10, currency: EUR }, { sku: two, quantity: 2, price: 5, currency: EUR }, { sku: three, quantity: 1, price: 10, currency: EUR }] } } } }\n";

#[test]
fn a_script_gives_a_value_with_its_type() {
    let flow = r##"
on: whatsapp.order_received
steps:
  - id: price
    script: |
      let sum = 0.0;
      for item in event.order.items { sum += item.price * item.quantity; }
      #{ sum: sum, big: sum > 20.0 }
  - if: steps.price.big
    then:
      - set: { sum: "= steps.price.sum" }
"##;
    passes(flow, &format!("{ORDER}vars: {{ sum: 30.0 }}\nend: done"));
}

#[test]
fn a_script_without_end_fails_its_own_run_with_a_clear_error() {
    let flow = r#"
on: whatsapp.message_received
steps:
  - script: "loop { }"
on_error:
  - set: { why: "{{error.code}}" }
"#;
    let outcome = outcome(flow, &format!("{HELLO}end: failed"));
    assert!(outcome.passed, "{outcome:#?}");
    assert!(outcome.log.iter().any(|line| line.contains("operations")), "{outcome:#?}");
}
const START: &str = "0s: { whatsapp.order_received: {} }";

#[test]
fn a_failure_goes_to_the_nearest_handler_around_it() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - if: "true"
    then:
      - for_each: event.order.items
        limit: 3
        steps:
          - wait: 1h
          - do: crm.create_ticket
            with: { subject: "{{item.sku}}" }
    on_error:
      - set: { caught: "{{error.code}}", at: "{{error.action}}" }
  - set: { after: "yes" }
"#;
    let test = "fake: { crm.create_ticket: [{ fail: refused, code: no }] }\nothers: allowed\nvars: { caught: no, at: crm.create_ticket, after: \"yes\" }\nend: done";
    passes(flow, &format!("{ORDER}{test}"));
}

#[test]
fn finally_runs_however_the_run_ends() {
    let flow = r#"
on: whatsapp.order_received
steps:
  - if: event.order.total > 20
    then:
      - do: crm.create_ticket
        with: { subject: x }
        on_error:
          - stop: { as: failed, reason: no ticket }
finally:
  - do: contact.add_tags
    with: { tags: [cleaned] }
"#;
    passes(flow, &format!("{ORDER}others: allowed\ntags: [cleaned]\nend: done"));
    let refused = "fake: { crm.create_ticket: [{ fail: refused }] }\n";
    passes(flow, &format!("{ORDER}{refused}others: allowed\ntags: [cleaned]\nend: failed"));
}

#[test]
fn a_wait_for_business_hours_ends_when_the_calendar_opens() {
    let flow = r#"
format: 1
flow: patient
on: whatsapp.message_received
steps:
  - wait: { business_hours: office }
  - do: contact.add_tags
    with: { tags: [answered] }
tests:
  - name: on Friday evening it waits for Monday, on Monday it does not wait
    given: { at: 2026-11-20T19:00:00+01:00 }
    at: { 0s: { whatsapp.message_received: {} } }
    expect: [{ at: 62h, contact.add_tags: {} }]
    cases:
      - name: evening
      - name: morning
        given: { at: 2026-11-23T09:30:00+01:00 }
        expect: [{ at: 0s, contact.add_tags: {} }]
"#;
    let office = "format: 1\ncalendar: office\nzone: Europe/Rome\nhours: { mon: [\"09:00-13:00\"], tue: [\"09:00-13:00\"] }\nholidays: [2026-12-07]\n";
    let outcomes = run(vec![document(flow), document(office)], &catalog());
    assert!(outcomes.len() == 2 && outcomes.iter().all(|outcome| outcome.passed), "{outcomes:#?}");
}

#[test]
fn names_and_notes_deep_in_a_flow_have_no_meaning_and_the_order_of_variables_has() {
    let flow = |inner: &str| {
        format!(
            "format: 1\nflow: deep\non: whatsapp.message_received\nsteps:\n  - repeat: {{ max: 2, until: \"true\", steps: [ {{ parallel: {{ a: [ {{ for_each: \"[1]\", steps: [ {inner} ] }} ] }} }} ] }}\n"
        )
    };
    let meaning = |inner: &str| document(&flow(inner)).meaning();
    let plain = meaning("{ set: { a: 1, b: 2 } }");
    assert_eq!(plain, meaning("{ set: { a: 1, b: 2 }, note: because }"));
    assert_ne!(plain, meaning("{ set: { b: 2, a: 1 } }"));
}
